"""One run of pytest in a copy of the product, in a process forked from one that has imported everybody else's code already.

Rules that hold here: nothing of the product or of its tests is imported before the fork, so that a trial sees its copy alone; a trial
that does not end is ended, with everything it started.
"""

import importlib
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Others' code that most tests import; to have it before the fork saves a trial half its time.
OTHERS = [
    "aiohttp.web",
    "cryptography.fernet",
    "django.core.management",
    "django.db",
    "django.http",
    "django.test",
    "gql.transport.aiohttp",
    "graphql",
    "hypothesis.strategies",
    "msgspec",
    "phonenumbers",
    "playwright.sync_api",
    "pytest_asyncio.plugin",
    "pytest_django.plugin",
    "pytest_playwright.pytest_playwright",
    "pytest_timeout",
    "redis.asyncio",
    "structlog",
    "websockets.asyncio.client",
    "websockets.asyncio.server",
]
GREEN, RED, NONE_CHOSEN = 0, 1, 5
NO_END = "(no end)"


def warm() -> None:
    """Imports what trials share."""
    for name in OTHERS:
        try:
            importlib.import_module(name)
        except ImportError:
            pass  # the trial that wants it will say so


@dataclass(slots=True)
class Trial:
    """A running pytest."""

    pid: int
    output: Path
    began: float
    ends_at: float

    def has_ended(self) -> bool:
        """Whether it is over; one that takes too long is killed."""
        if time.monotonic() > self.ends_at:
            self.kill()
            return True
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def verdict(self) -> tuple[int, list[str]]:
        """pytest's exit code and the tests that failed; to be asked once, when it has ended."""
        _, status = os.waitpid(self.pid, 0)
        lines = self.output.read_text(encoding="utf-8", errors="replace").splitlines()
        failed = [line.split(" ")[1] for line in lines if line.startswith(("FAILED ", "ERROR "))]
        if os.WIFSIGNALED(status):
            return RED, failed or [NO_END]
        return os.waitstatus_to_exitcode(status), failed or [line for line in lines if line.strip()][-1:]

    def kill(self) -> None:
        """Ends it and what it started."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def begin(copy: Path, tests: Sequence[str], *options: str, within_s: float) -> Trial:
    """Starts pytest over `tests` in `copy`."""
    output = copy.with_suffix(".out")
    sys.stdout.flush()
    sys.stderr.flush()
    began = time.monotonic()
    pid = os.fork()
    if pid:
        return Trial(pid, output, began, began + within_s)
    code = 3
    try:
        code = _run(copy, output, ["-q", "--tb", "no", "-W", "ignore::pytest.PytestAssertRewriteWarning", *options, *tests])
    finally:
        os._exit(code)


def _run(copy: Path, output: Path, arguments: list[str]) -> int:
    os.setsid()
    os.chdir(copy)
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    for name in [each for each in sys.modules if each.partition(".")[0] in ("tests", "stats", "wallboard", "bench")]:
        del sys.modules[name]
    sys.path[:] = [str(copy), *(each for each in sys.path if each not in ("", str(ROOT)))]
    import hypothesis
    import pytest

    # The same examples each time, and no search for a smaller one: that it fails is enough.
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile("rules", phases=phases, derandomize=True, database=None)
    hypothesis.settings.load_profile("rules")
    code = int(pytest.main(arguments))
    sys.stdout.flush()
    return code
