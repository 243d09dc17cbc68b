"""A product with a second ingest worker, a made-up day told to it in pieces, and who holds the source."""

import contextlib
import dataclasses
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import redis

from tests.acceptance.product import Product, eventually
from tests.acceptance.telling import Telling, plain
from tests.conftest import ROOT
from tests.oracle.days import day
from tests.upstream import UpstreamThread

MINUTE_MS = 60_000
STREAM_S = 4.0
PREFIX = "wb:{default}:"


def nobody_vouches_for(answer: dict[str, Any]) -> set[str]:
    """The agents whose state is shown and not verified; of whom nothing was ever told, nothing is shown."""
    return {str(agent["id"]) for agent in answer["agents"] if not agent["verified"] and agent["state"] != "unknown"}


class Pair:
    """Two workers on one source. The day's last minutes are told piece by piece."""

    def __init__(self, product: Product, seed: int, pieces: int) -> None:
        now = round(time.time() * 1000) - 500
        self.product = product
        self.day = dataclasses.replace(day(seed, n_calls=150, now_ms=now, instants="ms"), settings={})
        self.telling = Telling(product, self.day, seed)
        first = now - 4 * MINUTE_MS
        self.borders = [first + (now - first) * n // pieces for n in range(pieces + 1)]
        self.telling.history(first)
        product.start()
        product.until("live", 30)
        self.telling.present(first)
        self.others: list[subprocess.Popen[bytes]] = []
        self.store: redis.Redis[bytes] = product.redis()

    def holder(self) -> str:
        """The lease's holder."""
        return (self.store.get(PREFIX + "lease:telavox") or b"").decode()

    def second(self) -> subprocess.Popen[bytes]:
        """Another worker, which stands by."""
        with self.product.output.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "manage.py", "ingest"], cwd=ROOT, env=self.product.environment, stdout=output, stderr=output
            )
        self.others.append(process)
        self.until_standby()
        return process

    def until_standby(self) -> None:
        """Until somebody else than the holder stands by."""

        def stands_by() -> bool:
            word = (self.store.get(PREFIX + "standby:telavox") or b"").decode().removesuffix(" ready")
            return word not in ("", self.holder())

        eventually(stands_by, 30, self.product.said)

    def tell(self, piece: int, fault: Callable[[], object], *, history: bool, presence: bool = True) -> None:
        """One piece of the day, with a fault in its middle. Without `history` the past never learns of it: only who listened knows."""
        since, until = self.borders[piece : piece + 2]
        frames = self.telling.frames(since, until, presence=presence)
        ill = threading.Timer(STREAM_S / 2, fault)
        ill.start()
        self.telling.send(frames, per_s=max(1.0, len(frames) / STREAM_S))
        ill.join()
        if history:
            self.telling.history(until)

    def until_right(self, piece: int, within_s: float) -> float:
        """Until every number is the slow computation's."""
        return self.telling.until_equal(plain(self.day.documents(until_ms=self.borders[piece + 1])), within_s)

    def unverified(self) -> set[str]:
        """The agents nobody vouches for."""
        return nobody_vouches_for(self.product.live())

    def end(self) -> None:
        """Ends the workers started here."""
        for process in self.others:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait(timeout=10)


class Watching:
    """Samples the API all the while: which states were shown, and who was ever unverified."""

    def __init__(self, pair: Pair) -> None:
        self._pair, self._done = pair, threading.Event()
        self.states: set[str] = set()
        self.unverified: set[str] = set()
        self.samples = 0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        while not self._done.wait(0.1):
            with contextlib.suppress(OSError, AssertionError):
                answer = self._pair.product.live()
                self.states.add(answer["sources"][0]["state"])
                self.unverified |= nobody_vouches_for(answer)
                self.samples += 1

    def __enter__(self) -> "Watching":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join(timeout=15)


@contextlib.contextmanager
def pair(seed: int, pieces: int) -> Iterator[Pair]:
    """A pair on a product and an upstream of its own."""
    with UpstreamThread() as upstream:
        product = Product(upstream)
        made: Pair | None = None
        try:
            made = Pair(product, seed, pieces)
            yield made
        finally:
            if made is not None:
                made.end()
            product.destroy()
