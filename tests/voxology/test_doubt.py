"""VY-02, VY-04, VY-05, VY-08 and VY-09: what one word alone does not prove, and what is told once others have been heard."""

from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

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
