"""A wrong environment variable is one line that names it; a secret in it is never repeated."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from wallboard.checks import browsers_can_reach_us
from wallboard.databases import LINK, database_from
from wallboard.env import Environment, WrongSetting, read_env_file

WRONG = [
    ("PORT", "abc"),
    ("PORT", "0"),
    ("PORT", "70000"),
    ("DEBUG", "perhaps"),
    ("ALLOWED_HOSTS", "http://wall.example.org"),
    ("VAR_DIR", "/proc/nowhere"),
    ("DATABASE_URL", "mysql://somebody:hunter2@db/name"),
    ("DATABASE_URL", "postgres://somebody:hunter2@db:port/name"),
    ("DATABASE_URL", "postgres://somebody:hunter2@db"),
    ("DATABASE_URL", "sqlite://"),
    ("REDIS_URL", "http://:hunter2@redis"),
    ("REDIS_URL", "redis://:hunter2@redis:99999999"),
    ("REDIS_SERVER", "/nowhere/redis-server"),
    ("TELAVOX_LIVE_URL", "https://example.org"),
    ("TELAVOX_LIVE_URL", "wss://"),
    ("TELAVOX_HISTORIC_URL", "example.org/graphql"),
    ("ORG_TIMEZONE", "Europe/Atlantis"),
    ("ORG_TIMEZONE", "../../etc/passwd"),
    ("CLOCK_OFFSET_S", "tomorrow"),
    ("CLOCK_OFFSET_S", "nan"),
    ("CLOCK_OFFSET_S", "1e300"),
    ("TELAVOX_TOKEN", "two\nhunter2"),
    ("TELAVOX_TOKEN_FILE", "/nowhere/token"),
    ("SECRET_KEY_FILE", "/nowhere/key"),
    ("TRUSTED_ORIGINS", "wall.example.org"),
    ("LOG_LEVEL", "loud"),
    ("LOG_FORMAT", "xml"),
]


def command(var_dir: Path, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Runs manage.py in a fresh environment."""
    environment = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": "",
        "VAR_DIR": str(var_dir),
        **variables,
    }
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_value_names_its_variable_and_what_was_expected(
    name: str, value: str, var_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The settings are read again, in this process, with one variable wrong."""
    import runpy

    monkeypatch.setenv("VAR_DIR", str(var_dir))
    monkeypatch.setenv("ENV_FILE", "")
    monkeypatch.setenv(name, value)
    with pytest.raises(WrongSetting) as caught:
        runpy.run_path(str(ROOT / "wallboard" / "settings.py"))
    line = str(caught.value)
    assert line.startswith(f"{name}: expected ")
    assert "\n" not in line
    assert "hunter2" not in line


@pytest.mark.parametrize("arguments", [("up",), ("ingest",), ("check",), ("demo",)])
def test_a_command_with_a_wrong_value_ends_with_that_one_line(arguments: tuple[str, ...], var_dir: Path) -> None:
    """No traceback, nothing else, and an exit code that is not zero."""
    done = command(var_dir, *arguments, PORT="eighty")
    assert (done.stdout, done.stderr) == ("", "PORT: expected a whole number from 1 to 65535, not 'eighty'\n")
    assert done.returncode == 2


def test_the_web_server_with_a_wrong_value_says_so_without_a_traceback(var_dir: Path) -> None:
    """Daphne imports the application itself."""
    environment = {"PATH": os.environ["PATH"], "ENV_FILE": "", "VAR_DIR": str(var_dir), "ORG_TIMEZONE": "Mars/Olympus"}
    done = subprocess.run(
        [sys.executable, "-m", "daphne", "wallboard.asgi:application"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert done.stderr.startswith("ORG_TIMEZONE: expected ")
    assert done.stderr.count("\n") == 1


def test_a_combination_that_makes_no_sense_is_a_system_check(var_dir: Path) -> None:
    """HTTPS only, and an origin without."""
    done = command(var_dir, "check", HTTPS_ONLY="1", TRUSTED_ORIGINS="http://wall.example.org")
    assert done.returncode != 0
    assert "wallboard.E001" in done.stderr


def test_a_shifted_clock_is_warned_of(var_dir: Path) -> None:
    """Nobody should run a real wallboard an hour off without being told."""
    assert "wallboard.W006" in command(var_dir, "check", CLOCK_OFFSET_S="3600").stderr
    assert "wallboard" not in command(var_dir, "check").stderr


def test_the_secret_key_is_made_once_and_kept_private(var_dir: Path) -> None:
    """A second process reads what the first wrote."""
    from wallboard.secrets import kept_secret

    first = kept_secret(var_dir / "secret_key")
    assert kept_secret(var_dir / "secret_key") == first
    assert len(first) >= 50
    assert (var_dir / "secret_key").stat().st_mode & 0o077 == 0
    assert [path.name for path in var_dir.iterdir()] == ["secret_key"]


def test_a_secret_may_come_from_a_file_but_not_twice(var_dir: Path) -> None:
    """NAME_FILE is read without its line end; NAME beside it is a contradiction."""
    path = var_dir / "token"
    path.write_text("s3cret\n")
    assert Environment({"TELAVOX_TOKEN_FILE": str(path)}).secret("TELAVOX_TOKEN") == "s3cret"
    with pytest.raises(WrongSetting, match="TELAVOX_TOKEN_FILE"):
        Environment({"TELAVOX_TOKEN_FILE": str(path), "TELAVOX_TOKEN": "other"}).secret("TELAVOX_TOKEN")


def test_the_env_file_fills_in_what_the_environment_leaves_open(var_dir: Path) -> None:
    """Quotes, comments and `export` as shells have them; the environment wins."""
    path = var_dir / ".env"
    path.write_text("# a comment\nexport PORT=9000\nTELAVOX_TOKEN='a # b'\nDEBUG=1 # for now\nORG_TIMEZONE=Asia/Tokyo\n\n")
    variables = {"PORT": "8000"}
    read_env_file(path, variables)
    assert variables == {"PORT": "8000", "TELAVOX_TOKEN": "a # b", "DEBUG": "1", "ORG_TIMEZONE": "Asia/Tokyo"}
    path.write_text("PORT 9000\n")
    with pytest.raises(WrongSetting, match="line 1"):
        read_env_file(path, {})


def test_a_postgres_address_is_taken_apart(var_dir: Path) -> None:
    """Percent signs, a port, options and libpq's unix socket directory."""
    found = database_from(Environment({"DATABASE_URL": "postgresql://wb:p%40ss@db.example.org:5433/wall?sslmode=require"}), var_dir)
    assert (found["USER"], found["PASSWORD"], found["HOST"], found["PORT"], found["NAME"]) == (
        "wb",
        "p@ss",
        "db.example.org",
        "5433",
        "wall",
    )
    assert found["OPTIONS"] == {**LINK, "sslmode": "require"}
    assert database_from(Environment({"DATABASE_URL": "postgres:///wall?host=/run/postgresql"}), var_dir)["HOST"] == "/run/postgresql"


def test_an_admins_password_from_the_environment_has_as_many_letters_as_anybody_elses(settings: Any) -> None:
    settings.ADMIN_PASSWORD = "elvatecken1"
    assert "ADMIN_PASSWORD" in str([each for each in browsers_can_reach_us(None) if each.id == "wallboard.W007"])
    settings.ADMIN_PASSWORD = "tolv-tecken1"
    assert "ADMIN_PASSWORD" not in str(browsers_can_reach_us(None))
