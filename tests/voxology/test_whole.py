"""The whole product with one source of Voxology: asked by turns, posted to by call flows, and shown on the board."""

import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from tests.acceptance.product import eventually, queue
from tests.voxology.whole import HOOK_KEY, QUEUE, TOKEN, WITHIN_S, Asking


@pytest.fixture(scope="module")
def product() -> Iterator[Asking]:
    """Everything runs, and the day is read."""
    running = Asking()
    try:
        running.start()
        running.until("live", 40)
        yield running
    finally:
        running.destroy()


@pytest.mark.acceptance("VY-02", "VY-05", "VY-08", "VY-09")
def test_callers_wait_are_answered_and_give_up_on_the_board(product: Asking) -> None:
    """VY-02, VY-05, VY-08 and VY-09: one is answered by an agent who rings, talks and is idle; one hangs up; nobody is counted twice."""
    product.act("call", "answered")
    product.act("enter", "answered")
    product.act("call", "gone", number="0046701740613")
    product.act("enter", "gone")
    eventually(lambda: product.now("waiting") == 2, WITHIN_S, product.said)
    product.act("ring", "answered")
    eventually(lambda: product.agent_state() == "ringing", WITHIN_S, product.said)
    product.act("answer", "answered")
    eventually(lambda: product.agent_state() == "talking", WITHIN_S, product.said)
    eventually(lambda: (product.now("waiting"), product.now("talking")) == (1, 1), WITHIN_S, product.said)
    product.act("hang_up", "gone")
    product.act("hang_up", "answered")
    eventually(lambda: product.agent_state() == "unknown", WITHIN_S, product.said)
    eventually(lambda: product.now("waiting") == 0, WITHIN_S, product.said)
    eventually(lambda: (product.today("answered"), product.today("offered")) == (1, 2), WITHIN_S, product.said)
    eventually(lambda: (product.today("abandoned") or 0) + (product.today("short_abandoned") or 0) == 1, WITHIN_S, product.said)
    eventually(lambda: product.live()["site"]["today"]["calls_in"] == 2, WITHIN_S, product.said)
    shown = queue(product.live(), QUEUE)
    assert shown["today"]["overflowed"] == 0
    assert shown["today"]["att"] is None  # talk and hold are one connection
    assert shown["today"]["aht"] is not None
    assert product.deed("state")["dequeues"] == 0


@pytest.mark.acceptance("VY-12")
def test_a_vendor_that_refuses_for_a_while_is_waited_for(product: Asking) -> None:
    """VY-12: what is shown is marked while nobody answers, and is live again afterwards."""

    def marked() -> bool:
        return any(each["state"] != "live" for each in product.live()["sources"])

    product.deed("switches", per_minute=1)
    eventually(marked, 60, product.said)
    product.deed("switches", per_minute=0)
    product.until("live", 90)
    product.act("call", "later", number="0046701740614")
    product.act("enter", "later")
    eventually(lambda: product.now("waiting") == 1, WITHIN_S, product.said)
    product.act("hang_up", "later")


@pytest.mark.acceptance("VY-06", "VY-07")
def test_the_door_takes_what_has_the_key_and_says_no_actions(product: Asking) -> None:
    """VY-06 and VY-07: through the product's own door."""
    statuses = []
    for key in (HOOK_KEY, "another"):
        request = urllib.request.Request(
            product.address, data=b'{"type": "live_call"}', headers={"X-Wallboard-Key": key, "Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as reply:
                statuses.append((reply.status, reply.read()))
        except urllib.error.HTTPError as refusal:
            with refusal:
                statuses.append((refusal.code, b""))
    assert statuses == [(200, b'{"actions":[]}'), (401, b"")]
    assert TOKEN not in product.said()
    assert HOOK_KEY not in product.said()
    assert "701740612" not in product.said()
