"""Whose turn it is to serve, with real processes and real kills."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stats.turn import VARIABLE
from tests.conftest import ROOT

_SERVE = "from stats.turn import wait_for_turn; print('waits', flush=True); wait_for_turn(); print('serves', flush=True); input()"


class Server:
    """Somebody who says that it waits, and then that it serves."""

    def __init__(self, environment: dict[str, str]) -> None:
        command = [sys.executable, "-c", _SERVE]
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        self.said = b""
        self.out = self.process.stdout.fileno()

    def says(self, word: bytes, within_s: float) -> bool:
        """Whether it says a word in time."""
        until = time.monotonic() + within_s
        while word not in self.said and (left := until - time.monotonic()) > 0:
            if select.select([self.out], [], [], left)[0]:
                self.said += (part := os.read(self.out, 100))
                if not part:
                    break
        return word in self.said

    def end(self) -> None:
        """Whatever it does."""
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def two(tmp_path: Path) -> Iterator[list[Server]]:
    """Of one turn, begun one after the other."""
    environment = {**os.environ, VARIABLE: str(tmp_path / "web.lock")}
    servers = []
    for _ in range(2):
        servers.append(Server(environment))
        assert servers[-1].says(b"waits", 20)
        servers[0].says(b"serves", 20)
    yield servers
    for each in servers:
        each.end()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_one_serves_and_the_next_begins_when_it_ends(two: list[Server], how: signal.Signals) -> None:
    """However it ends: the kernel passes the turn on."""
    first, second = two
    assert first.says(b"serves", 20)
    assert not second.says(b"serves", 0.5)
    first.process.send_signal(how)
    assert second.says(b"serves", 20)


def test_who_waits_ends_at_once_when_told_to(two: list[Server]) -> None:
    """`up` has three seconds for all of its children."""
    _first, second = two
    second.process.terminate()
    assert second.process.wait(timeout=3) == -signal.SIGTERM


def test_without_a_turn_everybody_serves() -> None:
    """Daphnes behind a load balancer know nothing of one another."""
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    servers = [Server(environment) for _ in range(2)]
    try:
        assert all(each.says(b"serves", 20) for each in servers)
    finally:
        for each in servers:
            each.end()
