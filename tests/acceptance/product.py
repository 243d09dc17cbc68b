"""The whole product as an outsider has it: `manage.py up` on a VAR_DIR of its own, against an upstream that a test scripts."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import redis

from stats.live import server
from tests.conftest import ROOT, environment_of, processes_of
from tests.upstream import UpstreamThread

API_TOKEN = "api-Kastanj-0123456789abcdef"  # made up
VENDOR_TOKEN = "vendor-Syren-4711-secret"  # made up
START_S = 60.0
Answer = dict[str, Any]


class NotInTime(AssertionError):
    """Something that should have come true did not."""


def eventually(true: Callable[[], Any], within_s: float, why: Callable[[], object] = lambda: "") -> float:
    """Asks until the answer is true; gives the seconds it took."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > within_s:
            raise NotInTime(f"not within {within_s} s: {why()}")
        time.sleep(0.05)
    return time.monotonic() - began


def free_port() -> int:
    """A TCP port of the loopback that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Product:
    """One `manage.py up`. `environment` adds to what is given by default; a value of "" takes a variable away."""

    def __init__(self, upstream: UpstreamThread, **environment: str) -> None:
        self.upstream = upstream
        upstream.upstream.tokens = {VENDOR_TOKEN}
        self.var_dir = Path(tempfile.mkdtemp(prefix="wb-"))
        self.port = free_port()
        self.environment = environment_of(
            self.var_dir,
            PORT=str(self.port),
            TELAVOX_TOKEN=VENDOR_TOKEN,
            TELAVOX_LIVE_URL=upstream.upstream.live_url,
            TELAVOX_HISTORIC_URL=upstream.upstream.historic_url,
            BOOTSTRAP_API_TOKEN=API_TOKEN,
            **environment,
        )
        self.output = self.var_dir / "up.output"
        self.process: subprocess.Popen[bytes] | None = None

    # --- its life ---------------------------------------------------------------------------------------------------

    def start(self, **environment: str) -> None:
        """Starts `up`, and waits until it answers."""
        self.environment |= environment
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"], cwd=ROOT, env=self.environment, stdout=output, stderr=output
            )
        eventually(self._answers, START_S, self.said)

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.said()
        with contextlib.suppress(OSError, ValueError):
            return self.get("/api/v1/live")[0] == 200
        return False

    def terminate(self) -> float:
        """SIGTERM to `up`; gives the seconds until nothing of it lived."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=20)
        return time.monotonic() - began

    def destroy(self) -> None:
        """Whatever is left of it."""
        for pid in processes_of(self.var_dir):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self.process is not None:
            self.process.wait(timeout=10)
        shutil.rmtree(self.var_dir, ignore_errors=True)

    def children(self, words: str) -> list[int]:
        """The processes whose command line contains the words."""
        found = []
        for pid in processes_of(self.var_dir):
            with contextlib.suppress(OSError):
                command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                if words in command and (self.process is None or pid != self.process.pid):
                    found.append(pid)
        return sorted(found)

    def kill(self, words: str, order: signal.Signals = signal.SIGKILL) -> int:
        """Signals the oldest child with these words in its command line, and gives its pid; of web servers that one serves."""
        pid = self.children(words)[0]
        os.kill(pid, order)
        return pid

    def manage(self, *words: str, within_s: float = 60.0, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs another command of the product on the same files."""
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            timeout=within_s,
            check=False,
        )

    def said(self) -> str:
        """Everything it wrote."""
        return self.output.read_text(errors="replace")

    # --- what it answers --------------------------------------------------------------------------------------------

    def get(self, path: str, token: str | None = API_TOKEN) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body; no answer at all is an OSError."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}")
        if token is not None:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                return reply.status, dict(reply.headers), reply.read()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, dict(refusal.headers), refusal.read()

    def json(self, path: str) -> Answer:
        """A good answer's document; a token that has asked too often waits as long as it is told, once."""
        status, headers, body = self.get(path)
        if status == 429:
            time.sleep(float(headers["Retry-After"]))
            status, headers, body = self.get(path)
        assert status == 200, (status, body[:500])
        answer: Answer = json.loads(body)
        return answer

    def live(self) -> Answer:
        """`/api/v1/live`"""
        return self.json("/api/v1/live")

    def state(self) -> str:
        """The source's state; "none" without a source, "away" without an answer."""
        try:
            sources = self.live()["sources"]
        except (OSError, AssertionError):
            return "away"
        return str(sources[0]["state"]) if sources else "none"

    def until(self, state: str, within_s: float = 20.0) -> float:
        """Waits for a state of the source; gives the seconds it took."""
        seen: list[str] = []

        def reached() -> bool:
            now = self.state()
            if not seen or seen[-1] != now:
                seen.append(now)
            return now == state

        return eventually(reached, within_s, lambda: f"{state}, but {' > '.join(seen)}\n{self.said()[-2000:]}")

    def quarantined(self) -> dict[str, float]:
        """`wallboard_quarantined_total` by reason."""
        text = self.get("/metrics")[2].decode()
        return {reason: float(n) for reason, n in re.findall(r'wallboard_quarantined_total\{reason="(\w+)",source="telavox"\} (\S+)', text)}

    def redis(self) -> "redis.Redis[bytes]":
        """The embedded store, as its administrator sees it."""
        return redis.Redis.from_url(server.embedded_url(self.var_dir))


@contextlib.contextmanager
def running(**environment: str) -> Iterator[Product]:
    """A product that answers, on an upstream that is up."""
    with UpstreamThread() as upstream:
        product = Product(upstream, **environment)
        try:
            product.start()
            yield product
        finally:
            product.destroy()
            upstream.run(upstream.upstream.stop())


def queue(answer: Answer, key: str) -> Answer:
    """One queue of an answer, by its key."""
    (found,) = (row for row in answer["queues"] if row["key"] == key)
    return dict(found)


def agent(answer: Answer, key: str) -> Answer:
    """One agent of an answer, by its key."""
    (found,) = (row for row in answer["agents"] if row["key"] == key)
    return dict(found)
