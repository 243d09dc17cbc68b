"""The machine's clock is stepped, or two machines' clocks disagree, under the whole running product."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.product import Product, eventually, free_port
from tests.conftest import ROOT
from tests.upstream import UpstreamThread

pytestmark = [pytest.mark.heavy, pytest.mark.fault("A16", "C12")]
CALLS = 5


def noon() -> str:
    """A zone in which it is about noon, so that no step of an hour meets a midnight."""
    behind = time.gmtime().tm_hour - 12
    return f"Etc/GMT{behind:+d}"


def call(number: int, began: int, **more: Any) -> dict[str, Any]:
    """A call of the `/calls` socket."""
    return {"id_call": f"step-{number}", "call_direction": "incoming", "active": 1, "answered": 0, "time": {"start": began}} | more


def wait_in_queue(product: Product, number: int, entered: int) -> None:
    """A caller enters a queue, and waits."""
    product.upstream.send("calls", call(number, entered))
    product.upstream.send("queues", call(number, entered, queue={"id": 7001, "account_id": 9001, "name": "Kö", "timestart": entered}))


def real_ms() -> int:
    """What every clock should say; the vendor's does."""
    return time.time_ns() // 1_000_000


class Watcher:
    """Asks the running product all the while, and remembers what it said."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.said: list[tuple[float, dict[str, Any]]] = []
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        while not self._end.wait(0.2):
            answer = self.product.live()
            self.said.append((time.monotonic(), answer))

    def stop(self) -> None:
        """Ask no more."""
        self._end.set()
        self._thread.join()

    def longest_without(self, good: Callable[[dict[str, Any]], bool]) -> float:
        """The longest time in which no answer was good, in seconds."""
        longest, last = 0.0, self.said[0][0]
        for at, answer in self.said:
            if good(answer):
                last = at
            longest = max(longest, at - last)
        return longest


def live(answer: dict[str, Any]) -> bool:
    """The source is believed."""
    return bool(answer["sources"][0]["state"] == "live")


@pytest.fixture
def stepping() -> Iterator[tuple[Product, Callable[[float], None]]]:
    """A product, and how to step the clock of the machine it believes to run on."""
    with UpstreamThread() as upstream:
        product = Product(upstream, ORG_TIMEZONE=noon())
        file = product.var_dir / "clock-step"
        file.write_text("0")

        def step(seconds: float) -> None:
            draft = file.with_suffix(".new")
            draft.write_text(f"{seconds}")
            draft.replace(file)

        try:
            product.start(CLOCK_STEPS=str(file))
            product.until("live", 40)
            yield product, step
        finally:
            product.destroy()
            upstream.run(upstream.upstream.stop())


def test_a_stepped_clock_ends_nothing_delays_nothing_and_loses_nothing(stepping: tuple[Product, Callable[[float], None]]) -> None:
    """Ten minutes and an hour, forward and back: believed all the while, the day's numbers untouched, the windows whole again."""
    product, step = stepping
    entered = real_ms()
    for number in range(CALLS):
        wait_in_queue(product, number, entered + number)
    eventually(lambda: product.live()["site"]["60m"]["offered"] == CALLS, 10)
    watcher = Watcher(product)
    try:
        for seconds in (600, 0, 3600, 0, -3600, 0, -600):
            step(seconds)
            shifted = lambda s=seconds: abs(product.live()["as_of"] - real_ms() - 1000 * s) < 1500  # noqa: E731
            eventually(shifted, 5, lambda: product.live()["as_of"] - real_ms())
            time.sleep(3.5)
            answer = product.live()
            assert live(answer), (seconds, answer["sources"][0])
            assert (answer["site"]["now"]["waiting"], answer["site"]["today"]["offered"]) == (CALLS, CALLS)
            # Nothing that begins after now is in a window, and an hour is no longer than an hour.
            assert answer["site"]["60m"]["offered"] == (CALLS if seconds in (0, 600) else 0), seconds
            for name in ("today", "15m", "30m", "60m"):
                assert (answer["site"][name]["longest_wait_window"] or 0) >= 0
    finally:
        watcher.stop()
    assert watcher.longest_without(live) < 10.0
    said = product.said()
    assert said.count("source.taken") == 1
    assert "source.lost" not in said
    # The clock is ten minutes behind now. The vendor's frames prove it, and waits are right again.
    for number in range(CALLS, CALLS + 16):
        wait_in_queue(product, number, real_ms())
        time.sleep(0.02)

    def waits() -> float:
        answer = product.live()
        return float(answer["as_of"] - answer["site"]["now"]["longest_wait_since"])

    eventually(lambda: abs(waits() - (real_ms() - entered)) < 1000, 10, lambda: (waits(), real_ms() - entered))
    assert product.live()["site"]["60m"]["offered"] == CALLS + 16
    # And whoever stops in such an hour is noticed as at any other time.
    worker = product.kill("manage.py ingest", signal.SIGSTOP)
    try:
        assert eventually(lambda: not live(product.live()), 15) <= 15
    finally:
        os.kill(worker, signal.SIGCONT)
    product.until("live", 20)
    assert product.live()["site"]["today"]["offered"] == CALLS + 16


@pytest.mark.parametrize("seconds", [600, -600])
def test_a_worker_whose_clock_is_wrong_is_live_while_it_lives_and_not_after(
    stepping: tuple[Product, Callable[[float], None]], seconds: int, tmp_path: Path
) -> None:
    """The worker of another machine takes over; its clock is ten minutes before or behind that of the web process."""
    product, _ = stepping
    file = tmp_path / "step"
    file.write_text(f"{seconds}")
    other = subprocess.Popen(
        [sys.executable, "manage.py", "ingest"],
        cwd=ROOT,
        env=product.environment | {"CLOCK_STEPS": str(file), "PORT": str(free_port())},
        stdout=(tmp_path / "out").open("wb"),
        stderr=subprocess.STDOUT,
    )
    first = None
    try:
        product.upstream.send("profile_live", presence("before"))
        eventually(lambda: len(product.children("manage.py ingest")) == 2, 10)
        first = min(product.children("manage.py ingest"), key=lambda pid: pid == other.pid)
        time.sleep(3)
        os.kill(first, signal.SIGSTOP)
        eventually(lambda: b"source.taken" in (tmp_path / "out").read_bytes(), 15)
        time.sleep(5)  # for its own sockets
        product.until("live", 15)
        watcher = Watcher(product)
        product.upstream.send("profile_live", presence("after"))
        time.sleep(6)
        watcher.stop()
        assert all(live(answer) for _, answer in watcher.said), [answer["sources"][0]["state"] for _, answer in watcher.said]
        (agent,) = watcher.said[-1][1]["agents"]
        assert (agent["profile"], agent["verified"]) == ("after", True)
        assert 3 <= agent["today"]["time_idle"] < 60
        other.kill()
        other.wait()
        assert eventually(lambda: not live(product.live()), 15) <= 15
    finally:
        other.kill()
        other.wait()
        if first is not None:
            os.kill(first, signal.SIGCONT)
    product.until("live", 20)


def presence(profile: str) -> dict[str, Any]:
    """An agent is available in no queue, by a profile of this name."""
    active = {"id": 1, "name": profile, "status": "available", "is_wrapup": False}
    return {"agent": {"id": 31, "account_id": 41, "name": "Elsa"}, "profile": {"active": active}, "queue_login": {"logged_in": []}}
