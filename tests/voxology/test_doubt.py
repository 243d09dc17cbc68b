"""VY-02, VY-04, VY-05, VY-08 and VY-09: what one word alone does not prove, and what is told once others have been heard."""

from collections.abc import Iterable
from itertools import permutations
from typing import Any

import msgspec
import pytest
from aiohttp import web

from stats.domain.metrics import CountingRules, contribution
from stats.providers.voxology.values import iso
from tests.voxology.ear import Ear, provider_of
from tests.voxology.floor import NOON_MS

CALLER, AGENT, OURS = "+46701740612", "+46701740699", "+46846500490"
Waiting = tuple[str, int]  # a call, and when it was put in the queue, ms after noon


def live(call: str, at: int, connected: int, far: str = CALLER, **more: Any) -> dict[str, Any]:
    """A live row."""
    row = {"id": call, "no": far, "caller_id_no": OURS, "status": "live-in-progress", "date": iso(NOON_MS + at - connected)}
    return {**row, "connected_time": connected, **more}


def log(call: str, start: int, end: int, connected_s: int, far: str = CALLER, **more: Any) -> dict[str, Any]:
    """A call's log."""
    row = {"call_id": call, "api_no": OURS, "caller_no": far, "start_time": iso(NOON_MS + start), "end_time": iso(NOON_MS + end)}
    return {**row, "direction": "inbound", "hangup_end": "caller", "status": "completed", "connect_time_sec": connected_s, **more}


def calls(ear: Ear, at: int, rows: Iterable[dict[str, Any]], gone: Iterable[dict[str, Any]] = ()) -> None:
    """A round of the feed of calls."""
    lost = [{"id": each["call_id"], "at": NOON_MS + at, "looks": 0, "log": each} for each in gone]
    ear.read("calls", msgspec.json.encode({"at": NOON_MS + at, "calls": list(rows), "whole": True, "gone": lost}), NOON_MS + at)


def queues(ear: Ear, at: int, **waiting: Iterable[Waiting] | None) -> None:
    """A round of the feed of queues; None where the vendor could not say who waits."""
    read = []
    for name, callers in waiting.items():
        rows = [{"call": {"id": call, "no": CALLER}, "queued_on": iso(NOON_MS + since), "position": 1} for call, since in callers or ()]
        read.append({"name": name, "hold_times": {"estimated": 1.2}, "calls": None if callers is None else rows})
    ear.read("queues", msgspec.json.encode({"at": NOON_MS + at, "queues": read, "whole": True}), NOON_MS + at)


def event(ear: Ear, call: str, at: int, start: int, name: str, /, **data: Any) -> None:
    """What a call flow says on a call."""
    request = {"is_webhook": True, "event_name": name, "webhook_data": data}
    post(ear, call, at, start, direction="inbound", caller_no=CALLER, **request)


def post(ear: Ear, call: str, at: int, start: int, **more: Any) -> None:
    """A request of a call flow that came then."""
    told = {"type": "live_call", "status": "live-in-progress", "start_time": iso(NOON_MS + start), "duration": at - start}
    ear.post({"call_id": call, "api_no": OURS, **told, **more}, NOON_MS + at)


def visits(ear: Ear, call: str) -> list[tuple[str, int | None]]:
    """What became of a call's visits, and how long each waited, ms."""
    return [(str(visit.outcome), visit.wait) for visit in ear.settled(call).visits]


def cells(ear: Ear, call: str) -> dict[str, dict[str, int]]:
    """What a call counts, by scope."""
    return {cell[0]: dict(cell[2]) for cell in contribution(ear.settled(call), CountingRules()).cells}


@pytest.mark.acceptance("VY-04", "VY-09")
@pytest.mark.parametrize("log_first", ["a1", "c1"])
def test_an_agents_leg_that_was_first_taken_for_a_call_is_counted_as_none(log_first: str) -> None:
    """VY-04 and VY-09: a live row says neither direction nor whose it is; once the log says that it was dialled for a call, it is none."""
    ear = Ear(provider_of())
    calls(ear, 12_000, [live("c1", 12_000, 11_000), live("a1", 12_000, 0, AGENT, status="live-ringing")])
    assert not ear.settled("a1").ended
    logs = [log("a1", 11_500, 59_500, 45, AGENT, direction="outbound", parent_call_id="c1"), log("c1", 0, 59_500, 58)]
    calls(ear, 62_000, [], sorted(logs, key=lambda each: each["call_id"] != log_first))
    phantom = ear.settled("a1")
    assert (phantom.ended, phantom.direction, phantom.visits, phantom.offers) == (True, None, (), ())
    assert cells(ear, "a1") == {}
    assert cells(ear, "c1") == {"s": {"calls_in": 1}}
    assert ear.odd == []


@pytest.mark.acceptance("VY-02", "VY-08")
def test_a_caller_whom_one_look_missed_goes_on_waiting() -> None:
    """VY-02 and VY-08: a look may be of a moment before they came; whoever the next one lists has not left, and no wait is cut short."""
    ear = Ear(provider_of())
    event(ear, "c1", 1_000, 0, "onEnterQueue", queue="Support", at=NOON_MS + 1_000)
    for at in (1_050, 5_050, 9_050):
        queues(ear, at, Support=[])
        assert visits(ear, "c1") == [("waiting", None)]
        queues(ear, at + 2_000, Support=[("c1", 1_200)])
        assert visits(ear, "c1") == [("waiting", None)]
    assert ear.settled("c1").visits[0].entered_at == NOON_MS + 1_000
    event(ear, "c1", 90_000, 0, "onLeaveQueue", queue="Support", at=NOON_MS + 90_000)
    assert visits(ear, "c1") == [("leaving", 89_000)]
    queues(ear, 90_500, Support=[("c1", 1_200)])  # what the flow said exactly, no look takes back
    assert visits(ear, "c1") == [("leaving", 89_000)]


@pytest.mark.acceptance("VY-02", "VY-05")
def test_whoever_two_looks_missed_had_left_by_the_first_of_them() -> None:
    """VY-02 and VY-05: the second look is proof; when they left is what the first says, or the end of the call if that was before."""
    ear = Ear(provider_of())
    queues(ear, 10_000, Support=[("c1", 5_000), ("c2", 6_000), ("c3", 7_000)], Sales=[])
    queues(ear, 12_000, Support=[], Sales=[("c3", 11_000)])
    # Who waits in another queue since then has left this one.
    assert visits(ear, "c3") == [("overflowed", 5_000), ("waiting", None)]
    calls(ear, 12_500, [], [log("c1", 0, 11_200, 10)])
    assert visits(ear, "c1") == [("abandoned", 6_200)]
    assert visits(ear, "c2") == [("waiting", None)]
    queues(ear, 14_000, Support=[], Sales=[("c3", 11_000)])
    assert [each.left_at for each in ear.settled("c2").visits] == [NOON_MS + 12_000]
    assert ear.odd == []


@pytest.mark.acceptance("VY-02", "VY-13")
def test_a_queue_whose_callers_the_vendor_cannot_list_has_lost_none() -> None:
    """VY-02 and VY-13: no list is not an empty list, however often."""
    ear = Ear(provider_of())
    queues(ear, 1_000, Support=[("c1", 500)], Sales=[("c2", 600)])
    for at in (3_000, 5_000, 7_000):
        queues(ear, at, Support=None, Sales=[])
    assert visits(ear, "c1") == [("waiting", None)]
    assert visits(ear, "c2") == [("abandoned", 2_400)]
    queues(ear, 9_000, Support=[("c1", 500)], Sales=[])
    assert visits(ear, "c1") == [("waiting", None)]


@pytest.mark.acceptance("VY-02")
@pytest.mark.parametrize("answer", [{"calls": None}, {}, {"total_calls": 0, "calls": "none"}])
async def test_asking_keeps_no_list_apart_from_an_empty_one(answer: dict[str, Any]) -> None:
    """VY-02: the frame of a round says so."""

    async def serve(request: web.Request) -> web.Response:
        listed = {"queues": [{"name": "Support"}, {"name": "Sales"}]}
        return web.json_response(listed if request.path.endswith("Queues") else answer if "Support" in request.path else {"calls": []})

    app = web.Application()
    app.router.add_get("/{asked:.*}", serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    provider = provider_of(f"http://127.0.0.1:{runner.addresses[0][1]}/v1")
    try:
        told = await provider._polls.queues()
    finally:
        await provider.close()
        await runner.cleanup()
    assert {each["name"]: each["calls"] for each in told["queues"]} == {"Support": None, "Sales": []}


def link(ear: Ear, at: int, customer: str, **more: Any) -> None:
    """A request about the leg of an agent who has waited for callers for an hour, and has been bridged to this one."""
    bridged = {"connect_time_sec": at // 1000 + 3_595, "last_queue_poll_connect_call": {"id": customer, "no": CALLER}}
    session = {"agent_id": "anna", "agent_name": "Anna"}
    post(ear, "a1", at, -3_600_000, direction="outbound", caller_no=AGENT, session_data=session, **bridged, **more)


def over(ear: Ear, call: str, at: int, start: int) -> None:
    """The caller hangs up."""
    ending = {"type": "end_call", "status": "completed", "end_time": iso(NOON_MS + at), "hangup_end": "caller"}
    post(ear, call, at, start, direction="inbound", caller_no=CALLER, connect_time_sec=(at - start) // 1000, **ending)


def ring(ear: Ear, call: str) -> tuple[str | None, str | None, int | None, int | None, int | None]:
    """The one ring of a call: whose, for which queue, and its beginning, answer and end, ms after noon."""
    (offer,) = ear.calls[call].offers
    instants = (None if at is None else at - NOON_MS for at in (offer.began_at, offer.answered_at, offer.ended_at))
    return offer.agent.name, offer.queue.name if offer.queue is not None else None, *instants  # type: ignore[return-value]


WORDS_OF_A_LINK = {
    "enter": lambda ear: event(ear, "c1", 10_000, 0, "onEnterQueue", queue="Support"),
    "leave": lambda ear: event(ear, "c1", 30_000, 0, "onLeaveQueue", queue="Support"),
    "link": lambda ear: link(ear, 90_100, "c1"),
    "over": lambda ear: over(ear, "c1", 90_000, 0),
}
# A flow says that a caller enters before it says that they leave, and not after all else: by then it was of no queue.
ORDERS = [
    order
    for order in permutations(WORDS_OF_A_LINK)
    if order.index("enter") < min(order.index("leave"), max(order.index("link"), order.index("over")))
]


@pytest.mark.acceptance("VY-05", "VY-08", "VY-09")
@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_a_leg_that_waited_for_callers_answers_the_stay_it_was_linked_to(order: tuple[str, ...]) -> None:
    """VY-05, VY-08 and VY-09: by the link alone, whenever it is heard of; the hour for which the leg has been connected says nothing."""
    ear = Ear(provider_of())
    for word in (*order, order[0]):
        WORDS_OF_A_LINK[word](ear)
    assert visits(ear, "c1") == [("answered", 20_000)]
    assert ring(ear, "c1") == ("Anna", "Support", 30_000, 30_000, 90_000)
    assert ear.settled("c1").visits[0].talk == 60_000
    assert [cells["answered"] for scope, cells in cells(ear, "c1").items() if scope != "s"] == [1, 1]
    assert ear.calls.keys() == {"c1"}


@pytest.mark.acceptance("VY-05", "VY-09")
def test_a_leg_that_waits_for_callers_takes_one_after_the_other() -> None:
    """VY-05 and VY-09: each for its own queue and time; the end of the leg is the end of none that was over before."""
    ear = Ear(provider_of())
    for call, start in (("c1", 0), ("c2", 100_000)):
        event(ear, call, start + 10_000, start, "onEnterQueue", queue="Support")
        link(ear, start + 29_500, call)  # heard of before the caller is said to have left
        assert ring(ear, call) == ("Anna", "Support", None, start + 29_500, None)
        event(ear, call, start + 30_000, start, "onLeaveQueue", queue="Support")
        link(ear, start + 60_000, call)
        assert ring(ear, call) == ("Anna", "Support", start + 29_500, start + 29_500, None)
        over(ear, call, start + 90_000, start)
    link(ear, 400_000, "c2", **{"type": "end_call", "status": "completed", "end_time": iso(NOON_MS + 400_000)})
    for call, start in (("c1", 0), ("c2", 100_000)):
        assert ring(ear, call) == ("Anna", "Support", start + 29_500, start + 29_500, start + 90_000)
        assert visits(ear, call) == [("answered", 19_500)]


@pytest.mark.acceptance("VY-09")
@pytest.mark.parametrize("late", [False, True])
def test_a_link_to_a_caller_of_no_queue_is_an_answer_within_their_call(late: bool) -> None:
    """VY-09: nobody says when; it is when the link was heard of, and never after the call, in which it counts once it is over."""
    ear = Ear(provider_of())
    event(ear, "c1", 1_000, 0, "onMenu", menu="Main")
    if not late:
        link(ear, 20_000, "c1")
        assert ring(ear, "c1") == ("Anna", None, None, 20_000, None)
    over(ear, "c1", 90_000, 0)
    link(ear, 95_000, "c1")
    at = 90_000 if late else 20_000
    assert ring(ear, "c1") == ("Anna", None, at, at, 90_000)
    assert cells(ear, "c1")["a:s:vox:anna"]["answered"] == 1


@pytest.mark.acceptance("VY-05", "VY-09")
def test_a_link_and_looks_alone_make_an_answered_stay() -> None:
    """VY-05 and VY-09: no flow says when they left; the first look that missed them does. What a flow says exactly wins."""
    ear = Ear(provider_of())
    calls(ear, 10_000, [live("c1", 10_000, 9_000)])
    queues(ear, 10_500, Support=[("c1", 5_000)])
    queues(ear, 12_500, Support=[])
    link(ear, 13_000, "c1")
    assert visits(ear, "c1") == [("answered", 7_500)]
    queues(ear, 14_500, Support=[])
    calls(ear, 62_000, [], [log("c1", 0, 59_500, 58)])
    assert visits(ear, "c1") == [("answered", 7_500)]
    assert ring(ear, "c1") == ("Anna", "Support", 12_500, 12_500, 59_500)
    link(ear, 62_500, "c1", is_webhook=True, event_name="onAgentConnected", webhook_data={"at": NOON_MS + 12_100})
    assert ring(ear, "c1") == ("Anna", "Support", 12_100, 12_100, 59_500)
    assert visits(ear, "c1") == [("answered", 7_100)]
