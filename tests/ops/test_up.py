"""`manage.py up` keeps its children alive, ends them in time, and leaves nothing behind however it goes."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command, load_command_class

from stats.live import server
from stats.management.commands.up import floor_command
from tests.conftest import ROOT, environment_of, processes_of

pytestmark = [pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"), pytest.mark.xdist_group("up")]
# Two slow cores start five Django processes here, beside whatever else they do.
START_S = 60.0


class Up:
    """One running `up`."""

    def __init__(self, var_dir: Path, port: int) -> None:
        self.var_dir, self.port = var_dir, port
        environment = environment_of(var_dir, PORT=str(port))
        self.output = var_dir / "up.output"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen([sys.executable, "manage.py", "up"], cwd=ROOT, env=environment, stdout=output, stderr=output)

    def child(self, words: str) -> int | None:
        """The pid of the oldest child whose command line contains the words."""
        for pid in sorted(processes_of(self.var_dir)):
            try:
                command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if words in command and pid != self.process.pid:
                return pid
        return None

    def is_ready(self) -> bool:
        """Whether the greeting with the address is out, which is when the web server listens."""
        assert self.process.poll() is None, self.output.read_text()
        return "http://127.0.0.1" in self.output.read_text()


def eventually(true: Callable[[], object], within_s: float = START_S) -> None:
    """Waits until it holds."""
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, f"it did not come true within {within_s} s: {true}"
        time.sleep(0.05)


@pytest.fixture
def up(var_dir: Path, free_port: int) -> Iterator[Up]:
    """A ready `up`; whatever is left of it is ended with its VAR_DIR."""
    running = Up(var_dir, free_port)
    try:
        eventually(running.is_ready)
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()
        running.process.wait()


@pytest.mark.slow
def test_a_killed_child_comes_back_and_sigterm_ends_everything_within_five_seconds(up: Up) -> None:
    """kill -9 of each in turn, then one SIGTERM."""
    for words in ("daphne", "manage.py ingest", "manage.py housekeeping", "redis.sock"):
        eventually(lambda words=words: up.child(words))  # type: ignore[misc]
        first = up.child(words)
        assert first is not None
        os.kill(first, signal.SIGKILL)
        eventually(lambda words=words, first=first: up.child(words) not in (None, first), within_s=5.0)  # type: ignore[misc]
    began = time.monotonic()
    up.process.send_signal(signal.SIGTERM)
    assert up.process.wait(timeout=10) == 0
    assert time.monotonic() - began < 10.0, "five where nobody else is at work; a loaded machine is no broken promise"
    assert processes_of(up.var_dir) == []


@pytest.mark.slow
@pytest.mark.fault("C13")
def test_a_killed_web_server_is_followed_by_the_one_that_stood_by(up: Up) -> None:
    """Not by one that has to be started first."""
    lock = up.var_dir / "web.lock"
    eventually(lambda: len(_who_has_open(lock)) == 2)
    serving, standing_by = _who_has_open(lock)
    os.kill(serving, signal.SIGKILL)
    eventually(lambda: _answers(up.port))
    assert _who_has_open(lock)[0] == standing_by
    eventually(lambda: len(_who_has_open(lock)) == 2)
    assert serving not in _who_has_open(lock)


def _who_has_open(file: Path) -> list[int]:
    """The processes that have a file open, the oldest first."""
    found = []
    for descriptors in Path("/proc").glob("[0-9]*/fd"):
        with contextlib.suppress(OSError):
            if any(os.path.realpath(each) == str(file) for each in descriptors.iterdir()):
                found.append(int(descriptors.parent.name))
    return sorted(found)


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1) as answer:
        return bool(answer.status == 200)
    return False


@pytest.mark.slow
def test_a_killed_up_leaves_no_process_behind(up: Up) -> None:
    """The kernel tells the children, for nobody else can."""
    assert len(processes_of(up.var_dir)) >= 4
    up.process.kill()
    eventually(lambda: processes_of(up.var_dir) == [], within_s=5.0)


@pytest.mark.slow
def test_a_second_up_on_the_same_files_or_port_says_so_in_one_line(up: Up, tmp_path: Path) -> None:
    """Two would fight over one store."""
    port = next(line for line in up.output.read_text().split() if line.startswith("http://127.0.0.1:")).split(":")[2].strip("/")
    for var_dir, words in ((up.var_dir, "Another `manage.py up` runs on"), (tmp_path, f"PORT: {port} is in use")):
        environment = environment_of(var_dir, PORT=port)
        done = subprocess.run(
            [sys.executable, "manage.py", "up"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode != 0
        assert words in done.stderr
        assert "Traceback" not in done.stderr
    # The refused ones did not touch what runs.
    assert server.answers(server.embedded_url(up.var_dir))


def test_a_database_that_does_not_answer_is_one_line_that_names_the_variable(var_dir: Path, free_port: int) -> None:
    environment = environment_of(var_dir, PORT=str(free_port), DATABASE_URL="postgres://somebody:hunter2@127.0.0.1:1/wall")
    # The parent of the store ends it first, so nothing is left when this returns.
    ended = subprocess.run(
        [sys.executable, "manage.py", "up"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=START_S, check=False
    )
    assert ended.returncode != 0
    assert "Traceback" not in ended.stderr
    assert [line for line in ended.stderr.splitlines() if "DATABASE_URL: the database cannot be used." in line]
    assert "hunter2" not in ended.stdout + ended.stderr
    assert not processes_of(var_dir)


def test_it_starts_from_any_directory(var_dir: Path, free_port: int) -> None:
    environment = environment_of(var_dir, PORT=str(free_port))
    output = var_dir / "up.output"
    with output.open("wb") as into:
        process = subprocess.Popen([sys.executable, str(ROOT / "manage.py"), "up"], cwd="/", env=environment, stdout=into, stderr=into)
    try:
        eventually(lambda: "http://127.0.0.1" in output.read_text())
    finally:
        process.terminate()
        process.wait(10)


def test_a_demo_starts_whatever_its_random_token_begins_with() -> None:
    command = floor_command(8099, "-rf-token")
    parser = load_command_class("stats", "simulate").create_parser("manage.py", "simulate")
    assert parser.parse_args(command[command.index("simulate") + 1 :]).token == "-rf-token"


def test_a_demo_begins_its_day_anew_and_keeps_who_looks_at_it(var_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A television that was paired with the last demo hangs on the wall of the next one."""
    environment = environment_of(var_dir, VAR_DIR=str(var_dir / "demo"))
    # A demo keeps to its own file, whatever engine the rest is tested on.
    environment.pop("DATABASE_URL", None)
    (var_dir / "demo").mkdir()

    def manage(*words: str) -> str:
        done = subprocess.run([sys.executable, "manage.py", *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        return done.stdout

    def told(sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(path)) as database, database:
            return database.execute(sql).fetchall()

    path = var_dir / "demo" / "wallboard.sqlite3"
    manage("migrate", "-v", "0")
    manage("bootstrap")
    manage("screen_url", "team")
    manage("screen_url", "supervisor")
    told("UPDATE accounts_screen SET paired_at = created_at, name = 'Hall' WHERE board = 'team'")
    told("INSERT INTO stats_dirtyquarter (organisation, quarter_ms, marks) VALUES ('default', 0, 1)")
    monkeypatch.setattr(settings, "VAR_DIR", var_dir)
    monkeypatch.setattr(os, "execve", lambda *_words: None)
    monkeypatch.chdir(ROOT)
    call_command("demo", port=8099)
    assert told("SELECT name FROM accounts_screen") == [("Hall",)]
    assert told("SELECT slug FROM stats_organisation") == [("default",)]
    assert told("SELECT COUNT(*) FROM stats_dirtyquarter") == [(0,)]
    path.write_bytes(b"no database at all, but as long as the head of one would have to be" * 20)
    call_command("demo", port=8099)
    assert not path.exists()
