"""The product as `manage.py up` runs it, on a directory of its own and an upstream of ours."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.material import afternoon_zone
from bench.processes import ROOT, Died, workplace
from stats.deathbed import die_with_parent

READY_WITHIN_S = 60.0
STOP_WITHIN_S = 10.0
_ISSUE = """
import sys, django
django.setup()
from wallboard.boards.screens import issue
for _ in range(int(sys.argv[2])):
    print(issue(sys.argv[1]))
"""
# Settings of whoever runs the benchmarks have no business in them.
_NOT_OURS = ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "HTTPS_ONLY", "BEHIND_PROXY", "CLOCK_OFFSET_S")


@dataclass(frozen=True, slots=True)
class Product:
    """`address` of the web server; `pid` of `up`."""

    address: str
    pid: int
    environment: dict[str, str]

    def pid_of(self, word: str) -> int:
        """The child of `up` whose command line has `word` in it."""
        found = self.pids_of(word)
        if not found:
            raise Died(f"up has no child {word!r}")
        return found[0]

    def pids_of(self, words: str) -> list[int]:
        """Every such child, the oldest first."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
            except (OSError, ValueError):
                continue
            if parent == self.pid and words.encode() in command:
                found.append(int(entry.name))
        return sorted(found)

    def screen_tokens(self, board: str, number: int) -> list[str]:
        """New screen links' tokens."""
        done = subprocess.run(
            [sys.executable, "-c", _ISSUE, board, str(number)], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=True
        )
        return re.findall(r"^\S{20,}$", done.stdout, re.MULTILINE)


@contextmanager
def product(live: str, historic: str, **more: str) -> Iterator[Product]:
    """Everything started and ready; ended afterwards. `more`: further variables of the environment."""
    with workplace() as place:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        environment = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in _NOT_OURS}
        environment |= {
            "ENV_FILE": "",
            "DJANGO_SETTINGS_MODULE": "wallboard.settings",
            "VAR_DIR": str(place),
            "BIND": "127.0.0.1",
            "PORT": str(port),
            "LOG_LEVEL": "warning",
            "ORG_TIMEZONE": afternoon_zone(),
            "TELAVOX_TOKEN": "bench-token",
            "TELAVOX_LIVE_URL": live,
            "TELAVOX_HISTORIC_URL": historic,
            **more,
        }
        log = place / "up.log"
        with log.open("wb") as said:
            process = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--port", str(port)],
                cwd=ROOT,
                env=environment,
                stdout=said,
                stderr=said,
                preexec_fn=die_with_parent(),
            )
        try:
            address = f"http://127.0.0.1:{port}"
            if not _is_ready(process, f"{address}/readyz"):
                raise Died(f"up did not become ready:\n{log.read_text()[-2000:]}")
            yield Product(address, process.pid, environment)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _is_ready(process: "subprocess.Popen[bytes]", address: str) -> bool:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    return False
