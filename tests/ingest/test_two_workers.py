"""Two workers on one source: planned and unplanned changes of hands, with real processes that are asked to go, stopped and killed."""

import os
import re
import signal
import threading
import time
from typing import Any

import pytest

from tests.acceptance.product import eventually
from tests.ingest.pair import Pair, Watching, pair

pytestmark = pytest.mark.heavy
RIGHT_WITHIN_S = 30.0
# Without anybody told anew: neither the past nor a presence document may be needed.
AT_ONCE_S = 8.0


def asked_to_go(two: Pair, pid: int, took: list[float]) -> None:
    """SIGTERM to a worker; notes the seconds until another one holds the source."""
    before, began = two.holder(), time.monotonic()
    os.kill(pid, signal.SIGTERM)
    eventually(lambda: two.holder() not in ("", before), 20, two.product.said)
    took.append(time.monotonic() - began)


@pytest.mark.fault("A11", "C13")
def test_a_worker_that_is_asked_to_go_leaves_no_gap_and_one_socket_per_token_costs_only_the_gap() -> None:
    """Three planned restarts under calls and profile changes: sockets for two, the older closed by the newer, the newer refused."""
    took: list[float] = []
    with pair(61, 3) as two:
        scripted = two.product.upstream.upstream
        (first,) = two.product.children("manage.py ingest")
        second = two.second()
        eventually(lambda: two.unverified() == set(), 10, two.unverified)
        asked = len(scripted.asked)
        with Watching(two) as seen:
            # The past never learns of this piece, so that what a gap had lost would be missing for good.
            two.tell(0, lambda: asked_to_go(two, first, took), history=False)
            two.until_right(0, AT_ONCE_S)
        assert seen.samples > 10
        assert seen.states == {"live"}
        assert seen.unverified == set()
        assert took[0] < 3.0
        assert len(scripted.asked) > asked, "the new worker reads the past all the same"
        two.telling.history(two.borders[1])
        two.until_standby()
        for piece, vendor in ((1, "replace"), (2, "refuse")):
            holder = second.pid
            if piece == 2:
                (holder,) = two.product.children("manage.py ingest")[:1]
                two.second()
            scripted.second_socket = vendor
            two.tell(piece, lambda holder=holder: asked_to_go(two, holder, took), history=True, presence=False)  # type: ignore[misc]
            two.product.upstream.run(scripted.until_open(within_s=25))
            two.telling.present(two.borders[piece + 1])
            two.until_right(piece, RIGHT_WITHIN_S)
            two.product.until("live", 15)
            scripted.second_socket = "both"
        assert max(took) < 5.0, took


class Ledger:
    """Every write into the store that a worker tried, and whether it was let through, as the server itself saw it."""

    def __init__(self, two: Pair, holder: str) -> None:
        self._two, self._holder, self._done = two, holder, threading.Event()
        self.tried = self.accepted = 0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        mine = False
        with self._two.product.redis().monitor() as monitor:
            for told in monitor.listen():
                command: dict[str, Any] = told
                if command["client_type"] != "lua":
                    mine = bool(re.match(r"EVALSHA|EVAL", command["command"], re.IGNORECASE)) and self._applies(command["command"])
                    self.tried += mine
                elif mine and not command["command"].upper().startswith(("GET ", "INFO")):
                    self.accepted += 1
                    mine = False
                if self._done.is_set():
                    return

    def _applies(self, command: str) -> bool:
        return self._holder in command and "meta" in command

    def __enter__(self) -> "Ledger":
        self._thread.start()
        time.sleep(0.3)
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._two.store.ping()
        self._thread.join(timeout=10)


@pytest.mark.fault("C2", "C3")
def test_a_worker_that_sleeps_longer_than_its_lease_wakes_up_as_nobody() -> None:
    """Stopped for fifteen seconds in mid-stream, another takes over; woken, it writes nothing; then the new holder dies too."""
    with pair(63, 2) as two:
        (first,) = two.product.children("manage.py ingest")
        second = two.second()
        zombie, sockets = two.holder(), two.product.upstream.upstream.open_sockets

        def sleep() -> None:
            os.kill(first, signal.SIGSTOP)
            time.sleep(15)

        two.tell(0, sleep, history=True)
        heir = two.holder()
        assert heir not in ("", zombie)
        # What the sleeper has in its sockets and in its hands when it wakes up is a quarter of a minute old.
        with Ledger(two, zombie) as ledger:
            os.kill(first, signal.SIGCONT)
            eventually(lambda: ledger.tried > 0, 15, two.product.said)
            time.sleep(3)
        assert ledger.accepted == 0
        assert two.holder() == heir
        two.telling.present(two.borders[1])
        two.until_right(0, RIGHT_WITHIN_S)
        eventually(lambda: set(sockets().values()) == {1}, 15, sockets)
        two.until_standby()
        two.tell(1, second.kill, history=True, presence=False)
        eventually(lambda: two.holder() not in ("", heir), 15, two.product.said)
        two.product.upstream.run(two.product.upstream.upstream.until_open("profile_live", within_s=25))
        two.telling.present(two.borders[2])
        two.until_right(1, RIGHT_WITHIN_S)
        eventually(lambda: set(sockets().values()) == {1}, 15, sockets)
        assert second.poll() is not None
