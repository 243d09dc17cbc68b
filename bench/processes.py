"""The processes a benchmark starts and what they cost: CPU seconds and resident memory as the kernel counts them.

Every child ends with this process, says what it has to say as lines of JSON, and takes orders as lines of text.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from stats.deathbed import die_with_parent
from stats.live import server

ROOT = Path(__file__).resolve().parent.parent


class Died(RuntimeError):
    """A child ended before it had said what was waited for."""


class Child:
    """A program of ours, running."""

    def __init__(self, *command: str, env: Mapping[str, str] | None = None) -> None:
        self.name = " ".join(command[:2])
        self._process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **(env or {})},
            preexec_fn=die_with_parent(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def order(self, text: str) -> None:
        """One line to its standard input."""
        assert self._process.stdin is not None
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()

    def hear(self, event: str) -> dict[str, Any]:
        """The next line that tells of `event`; lines that are no JSON of ours are passed by. Raises Died."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                told: dict[str, Any] = json.loads(line)
                if told.get("event") == event:
                    return told
        raise Died(f"{self.name} ended with {self._process.wait()} before it said {event!r}")

    def stop(self) -> None:
        """Ends it."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def tell(event: str, **facts: object) -> None:
    """What a child says to its parent."""
    print(json.dumps({"event": event, **facts}), flush=True)


def cpu_s(pid: int) -> float:
    """CPU seconds a process has used so far, all threads, user and system, to the nanosecond."""
    # The kernel's clock of another process (Linux, sched.h's CPUCLOCK_SCHED); /proc counts in hundredths of a second.
    return time.clock_gettime((~pid << 3) | 2)


def resident_mb(pid: int) -> float:
    """Memory a process holds now, MB of 10^6 bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0


@contextmanager
def workplace() -> Iterator[Path]:
    """An empty directory, short enough for a unix socket, gone afterwards."""
    path = Path(tempfile.mkdtemp(prefix="wbb-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def redis(place: Path) -> Iterator[tuple[str, int]]:
    """A Redis as the product starts it, in `place`: its address and process id."""
    process = server.start(place)
    assert process is not None
    try:
        yield server.embedded_url(place), process.pid
    finally:
        process.terminate()
        process.wait()


class Stopwatch:
    """Seconds by the clock, and CPU seconds of some processes, since it was made."""

    def __init__(self, *pids: int) -> None:
        self._pids = pids
        self._began = time.perf_counter()
        self._cpu = [cpu_s(pid) for pid in pids]

    def read(self) -> tuple[float, list[float]]:
        """(seconds, CPU seconds of each)."""
        return time.perf_counter() - self._began, [cpu_s(pid) - before for pid, before in zip(self._pids, self._cpu, strict=True)]
