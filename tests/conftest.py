"""What every test may ask for: a place for files, a free port, a real Redis, a real browser."""

import os
import re
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis

from stats.live import server
from tests.chromium import LAUNCH_ARGUMENTS, find_browser
from tests.midday import at_noon

ROOT = Path(__file__).resolve().parent.parent

# How fast the machine is says nothing about what is true. (Where CI=true, Hypothesis takes its own profile, which agrees.)
hypothesis.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
if os.environ.get("CI", "").lower() not in ("1", "true"):
    hypothesis.load_profile("unhurried")


@pytest.fixture
def free_port() -> int:
    """A TCP port of the loopback that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def var_dir() -> Iterator[Path]:
    """An empty VAR_DIR with a path short enough for a unix socket; whoever still runs in it is ended afterwards."""
    path = Path(tempfile.mkdtemp(prefix="wb-"))
    yield path
    for pid in processes_of(path):
        os.kill(pid, signal.SIGKILL)
    shutil.rmtree(path, ignore_errors=True)


def environment_of(var_dir: Path, **variables: str) -> dict[str, str]:
    """The environment for a real process of the product on `var_dir`: nothing of this test process's own settings in it."""
    ours = ("DJANGO_SETTINGS_MODULE", "SECRET_KEY", "DATABASE_URL", "REDIS_URL")
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return {**kept, "ENV_FILE": "", "BIND": "127.0.0.1", "VAR_DIR": str(var_dir), **_second_engine(var_dir.name), **variables}


def _second_engine(name: str) -> dict[str, str]:
    """Where TEST_DATABASE_URL names a PostgreSQL: a database of its own on it for whatever runs on the VAR_DIR of this name."""
    server = os.environ.get("TEST_DATABASE_URL", "")
    if not server:
        return {}
    import psycopg
    from psycopg import sql

    mine = re.sub(r"[^a-z0-9]", "_", name.lower())
    with psycopg.connect(server, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [mine]).fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(mine)))
    return {"DATABASE_URL": urlunsplit(urlsplit(server)._replace(path=f"/{mine}"))}


def processes_of(path: Path) -> list[int]:
    """The processes whose environment names `path` as their VAR_DIR, or whose command line names a file in it."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            environment = (entry / "environ").read_bytes().split(b"\0")
            command = (entry / "cmdline").read_bytes()
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z" and (f"VAR_DIR={path}".encode() in environment or f"{path}/".encode() in command):
            found.append(int(entry.name))
    return found


@pytest.fixture(scope="session")
def redis_address() -> Iterator[str]:
    """The address of one real Redis for this test process; REDIS_SERVER names another server program than the bundled one."""
    path = Path(tempfile.mkdtemp(prefix="wbredis-"))
    process = server.start(path)
    assert process is not None
    yield server.embedded_url(path)
    process.kill()
    process.wait()
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None, tmp_path_factory: pytest.TempPathFactory) -> None:
    """SQLite in a file, as the product has it: in memory its connections share one cache, where a writer fails at once and never waits."""
    from django.db import connections

    place = connections["default"]
    if place.vendor == "sqlite":
        place.settings_dict["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture
def redis_server(redis_address: str, settings: Any) -> str:
    """The address of a real, empty Redis; `settings.REDIS_URL` says the same."""
    import redis

    with redis.Redis.from_url(redis_address) as client:
        client.flushall()
    settings.REDIS_URL = redis_address
    settings.REDIS_URL_IS_GIVEN = True
    return redis_address


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """How pytest-playwright starts the browser; without one the test is skipped, and fails where CI=true."""
    path = find_browser()
    if path is None:
        reason = "no Chromium; `python -m tests.chromium` installs one"
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(reason)
        pytest.skip(reason)
    return {**browser_type_launch_args, "executable_path": path, "args": LAUNCH_ARGUMENTS}


@pytest.fixture(scope="session", autouse=True)
def _organisations_where_it_is_noon() -> None:
    """Those that tests make without a zone; real processes have their own ORG_TIMEZONE."""
    from django.db.models.signals import pre_init

    from stats.models import Organisation

    pre_init.connect(at_noon, sender=Organisation)


@pytest.fixture(autouse=True)
def _models_beside_a_browser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Playwright's event loop lives in the test's own thread, and Django would take the test for a coroutine."""
    if {"page", "browser", "context"} & set(request.fixturenames):
        monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what drives the browser by pytest-playwright: its loop runs until the process ends, so no coroutine may be tested beside it."""
    for item in items:
        if "playwright" in getattr(item, "fixturenames", ()):
            item.add_marker("page")
