"""A worker that follows another reads what may be missing first, and the day after it."""

from datetime import datetime
from typing import Any

import pytest

from stats.clock import now_ms
from stats.domain.board import values
from stats.domain.facts import SocketFacts, SourceFacts
from stats.domain.metrics import CountingRules
from stats.ingest.handover import since_left
from tests.acceptance.told_calls import FIRST, call, visit
from tests.laws.road import nested
from tests.laws.watched import Watched, comes_true, watched

ZONE = "Europe/Stockholm"
MINUTE_MS = 60_000


def starts(watch: Watched, after: int = 0) -> list[int]:
    """From when on the past was asked for, request by request, epoch ms; the hourly slots apart."""
    asked = [a.variables for a in watch.upstream.asked[after:] if "profileHistory" not in a.query and "profile_history" not in a.query]
    return [round(datetime.fromisoformat(str(v["startDate"])).timestamp() * 1000) for v in asked if v and "startDate" in v]


def abandoned(watch: Watched) -> Any:
    """What a reader is shown of today."""
    return nested(values(watch.mirror.facts, now_ms()))["site"]["today"]["abandoned"]


@pytest.mark.fault("C1")
@pytest.mark.asyncio
async def test_a_successor_of_a_live_worker_asks_for_the_gap_before_it_asks_for_the_day(redis_server: str) -> None:
    """What ended in between is counted before the day is read again, which a busy centre takes a quarter of a minute for."""
    async with watched(redis_server, CountingRules()) as watch:
        await watch.begin()
        await watch.until("live")
        began = now_ms() - 20_000
        await watch.upstream.send("queues", visit("caller", FIRST, began))
        await watch.upstream.send("calls", call("caller", began))
        await watch.settled()
        await comes_true(lambda: len(starts(watch)) >= 6)
        await watch.end()
        died, before = now_ms(), len(watch.upstream.asked)
        ended = {"idCall": "caller", "active": 0, "answered": 0, "callDirection": "incoming", "time": {"start": began, "end": died}}
        queue = {"id": FIRST["id"], "name": FIRST["name"], "timestart": began}
        watch.upstream.history.set("queues", [ended | {"queue": queue}])
        watch.upstream.history.set("calls", [ended])
        await watch.begin()
        await watch.begun()
        first = starts(watch, before)
        assert first
        assert min(first) >= died - 15 * MINUTE_MS, "the day was asked for first"
        await watch.settled()
        await watch.mirror.refresh(now_ms())
        assert abandoned(watch) == 1
        await comes_true(lambda: min(starts(watch, before)) < died - 5 * 60 * MINUTE_MS)


def report(**different: Any) -> SourceFacts:
    """The last word of a worker that was live a moment ago."""
    now = now_ms()
    socket = SocketFacts(calls=True, presence=False, silent=False, state="open", alive_at=now - 900, last_frame=now - 900)
    told: dict[str, Any] = {"state": "live", "known": True, "seeded_to": now, "written_at": now - 500, "sockets": {"calls": socket}}
    return SourceFacts(name="telavox", provider="telavox", **(told | different))


def test_what_is_missing_began_when_the_predecessor_was_last_heard() -> None:
    """By our clock, where its clock was another."""
    left = report()
    assert since_left(left, 0, ZONE) == left.sockets["calls"].alive_at
    assert since_left(left, 60_000, ZONE) == since_left(left, 0, ZONE) + 60_000


@pytest.mark.parametrize(
    "different", [{"state": "seeding"}, {"state": "stale"}, {"known": False}, {"seeded_to": None}, {"sockets": {}}, {"seeded_to": 1}]
)
def test_a_predecessor_that_lacked_something_itself_leaves_the_whole_day_to_be_read(different: dict[str, Any]) -> None:
    """So does none at all."""
    assert since_left(report(**different), 0, ZONE) == 0
    assert since_left(None, 0, ZONE) == 0
