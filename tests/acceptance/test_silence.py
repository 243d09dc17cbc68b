"""When the upstream dies the API says so in time, keeps what it knew under that word, and pretends nothing."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from stats.ingest.health import SourceHealth
from stats.providers.base import FeedSpec
from tests.acceptance.product import VENDOR_TOKEN, Product, eventually
from tests.conftest import ROOT
from tests.upstream import UpstreamThread
from tests.upstream.server import ScriptableUpstream

SAID_WITHIN_S = 15.0


class Vendor:
    """The upstream as a process, to be killed, stopped and continued."""

    def __init__(self, port: int = 0) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.upstream", "--port", str(port)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self.process.stdout is not None
        self.port = int(json.loads(self.process.stdout.readline())["port"])
        self.control(tokens=[VENDOR_TOKEN])

    def control(self, **action: Any) -> None:
        """Does one action."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/control", data=json.dumps(action).encode())
        urllib.request.urlopen(request, timeout=5).close()

    def end(self, order: signal.Signals = signal.SIGKILL) -> None:
        """Signals it."""
        os.kill(self.process.pid, order)


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    """An upstream process."""
    made = Vendor()
    yield made
    made.process.kill()
    made.process.wait()


@pytest.fixture
def product(vendor: Vendor) -> Iterator[Product]:
    """A live product on that upstream, with one waiting caller."""
    made = Product(UpstreamThread(ScriptableUpstream(port=vendor.port)))
    try:
        made.start()
        made.until("live")
        now = round(time.time() * 1000)
        queue = {"id": 4401, "account_id": 994401, "name": "Teknik", "timestart": now}
        visit = {"id_call": "3c0f2f06-2f52-47b5-8d1b-6a2ad3f0aa01", "active": 1, "answered": 0, "call_direction": "incoming"}
        vendor.control(send=["queues", visit | {"queue": queue, "time": {"start": now}}])
        agent = {"id": 7401, "account_id": 3997401, "name": "Maj Lind"}
        available = {"id": 1, "name": "Tillgänglig", "status": "available", "start_date": now, "is_wrapup": False}
        vendor.control(send=["profile_live", {"agent": agent, "profile": {"active": available}, "queue_login": {"logged_in": [queue]}}])
        eventually(lambda: [row["now"]["agents_ready"] for row in made.live()["queues"]] == [1], 5, made.live)
        yield made
    finally:
        made.destroy()


def what_is_shown(product: Product) -> tuple[str, int, bool]:
    """State, waiting, whether the agent's state is verified."""
    answer = product.live()
    return answer["sources"][0]["state"], answer["queues"][0]["now"]["waiting"], answer["agents"][0]["verified"]


@pytest.mark.fault("A2", "A11")
@pytest.mark.acceptance("TX-08")
@pytest.mark.acceptance("TX-13")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
def test_TX_08_an_upstream_that_dies_is_told_within_fifteen_seconds(product: Product, vendor: Vendor, how: signal.Signals) -> None:
    """Gone, or there without a sign of life: what was known stays, under the word stale, and the agent's state is not verified."""
    vendor.end(how)
    assert product.until("stale", SAID_WITHIN_S) < SAID_WITHIN_S
    state, waiting, verified = what_is_shown(product)
    assert (state, waiting, verified) == ("stale", 1, False)
    agent = product.live()["agents"][0]
    assert agent["state"] == "ready"
    assert agent["unverified_since"] is not None
    if how is signal.SIGSTOP:
        vendor.end(signal.SIGCONT)
        back = None
    else:
        vendor.process.wait()
        back = Vendor(vendor.port)
    try:
        product.until("live", 30)
        # The vendor does not say again how everybody is: the agent's state stays the last known one.
        assert what_is_shown(product)[1:] == (1, False)
    finally:
        if back is not None:
            back.process.kill()
            back.process.wait()


def test_two_minutes_without_a_socket_are_down_and_one_is_not() -> None:
    """Unreachable is another word than stale, and it takes two minutes; asked of the judge alone, for patience's sake."""
    feeds = {"calls": FeedSpec(name="calls", calls=True), "profile_live": FeedSpec(name="profile_live", presence=True)}
    health = SourceHealth("telavox", "telavox", feeds, 0)
    for feed in feeds:
        health.opened(feed, 1_000)
    health.gap, health.facts.known = False, True
    assert health.state(2_000) == "live"
    for feed in feeds:
        health.lost(feed, "away", 3_000)
    assert [health.state(at) for at in (7_900, 8_100, 119_000, 124_000)] == ["live", "stale", "stale", "down"]
