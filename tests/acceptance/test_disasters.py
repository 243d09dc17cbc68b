"""Processes die in the middle of the stream: `up` brings them back, and the numbers are right within half a minute."""

import dataclasses
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests.acceptance.product import Product, eventually
from tests.acceptance.telling import Telling, plain
from tests.conftest import ROOT
from tests.oracle.days import day
from tests.upstream import UpstreamThread

RIGHT_WITHIN_S = 30.0
MINUTE_MS = 60_000
STREAM_S = 3.0


class Streamed:
    """A product that has read all of a day but its last minutes, which are then streamed piece by piece."""

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

    def through(self, piece: int, disaster: Callable[[], object]) -> float:
        """One piece, with a disaster in its middle; gives the seconds from there until every number was right."""
        since, until = self.borders[piece : piece + 2]
        frames = self.telling.frames(since, until, presence=False)
        half = len(frames) // 2
        ill = threading.Timer(STREAM_S / 3, disaster)
        ill.start()
        self.telling.history((since + until) // 2)
        self.telling.send(frames[:half], per_s=half / STREAM_S)
        self.telling.history(until)
        self.telling.send(frames[half:], per_s=len(frames[half:]) / STREAM_S)
        ill.join()
        began = time.monotonic()
        # The vendor says again how everybody is: what presence said into a dead ear, no history holds.
        self.product.upstream.run(self.product.upstream.upstream.until_open("profile_live", within_s=25))
        self.telling.present(until)
        self.telling.until_equal(plain(self.day.documents(until_ms=until)), RIGHT_WITHIN_S - (time.monotonic() - began))
        took = time.monotonic() - began
        self.product.until("live", 10)
        return took


@pytest.fixture
def product() -> Iterator[Product]:
    """A product of one's own, not yet started, to be ill-treated."""
    with UpstreamThread() as upstream:
        made = Product(upstream)
        yield made
        made.destroy()


@pytest.mark.fault("C1")
def test_kill_minus_nine_of_each_process_in_the_middle_of_the_stream(product: Product) -> None:
    """Of the worker, of the web server, of the store; and a store that is emptied under everybody's feet."""
    streamed = Streamed(product, 51, 4)
    for piece, words in enumerate(("manage.py ingest", "daphne", "redis.sock")):
        before = product.children(words)
        streamed.through(piece, lambda words=words: product.kill(words))  # type: ignore[misc]
        assert product.children(words) not in ([], before)
    streamed.through(3, lambda: product.redis().flushall())


@pytest.mark.fault("C2")
@pytest.mark.slow
@pytest.mark.acceptance("TX-07")
def test_TX_07_of_two_workers_one_holds_the_source_and_the_other_takes_over(product: Product) -> None:
    """The holder sleeps longer than its lease, wakes up and is fenced; then the new holder is killed. No call counts twice."""
    streamed = Streamed(product, 55, 2)
    (first,) = product.children("manage.py ingest")
    second = subprocess.Popen(
        [sys.executable, "manage.py", "ingest"], cwd=ROOT, env=product.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        sockets = product.upstream.upstream.open_sockets
        time.sleep(4)
        assert set(sockets().values()) == {1}

        def sleep() -> None:
            os.kill(first, signal.SIGSTOP)
            time.sleep(15)
            os.kill(first, signal.SIGCONT)

        streamed.through(0, sleep)
        eventually(lambda: set(sockets().values()) == {1}, 10, sockets)
        streamed.through(1, second.kill)
        eventually(lambda: set(sockets().values()) == {1}, 10, sockets)
        assert product.children("manage.py ingest") == [first]
    finally:
        second.kill()
        second.wait(timeout=10)


@pytest.mark.fault("C3")
@pytest.mark.slow
@pytest.mark.acceptance("TX-08")
def test_TX_08_a_worker_that_slept_for_a_quarter_of_a_minute_is_right_again(product: Product) -> None:
    """SIGSTOP for longer than its lease lives, then SIGCONT, and nobody else was there."""

    def sleep() -> None:
        pid = product.kill("manage.py ingest", signal.SIGSTOP)
        time.sleep(15)
        os.kill(pid, signal.SIGCONT)

    Streamed(product, 54, 1).through(0, sleep)
