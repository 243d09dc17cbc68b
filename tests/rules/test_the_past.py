"""Rules of reading the past: what proves a pass, what a failed one leaves behind, and how far an old row is believed."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from stats.clock import now_ms
from stats.domain.board import values
from stats.domain.merge import FRAME
from stats.domain.metrics import CountingRules
from stats.domain.records import Call, Journey, Telling
from stats.ingest.seeding import Seeding
from stats.live.leases import Lease
from stats.providers.base import Page
from tests.laws.road import ORGANISATION, Bench, rules_of
from tests.laws.watched import Watched, watched
from tests.push.floor import SALES, SOURCE, SUPPORT

HOUR_MS = 3_600_000


class Shelf:
    """A past of calls by their start; `hides`: in a window longer than this, the last one is counted and not sent."""

    def __init__(self, calls: Sequence[Call], hides: int = 1 << 62) -> None:
        self._calls, self._hides = calls, hides

    async def page(self, kind: str, *, start_ms: int, end_ms: int, **_: Any) -> Page:
        """The calls of a window, all on one page."""
        inside = [c for c in self._calls if kind == "calls" and c.journey is not None and start_ms <= (c.journey.started_at or 0) < end_ms]
        sent: list[Telling] = list(inside[:-1] if end_ms - start_ms > self._hides else inside)
        keys = [call.id_call for call in inside][: len(sent)]
        return Page(tellings=sent, rows=len(sent), malformed=[], total=len(inside), cursor=None, more=False, partial=False, keys=keys)


def begun(id_call: str, at: int, **told: Any) -> Call:
    """A call as the past tells it."""
    return Call(source=SOURCE, id_call=id_call, journey=Journey(active=True, started_at=at, asof=now_ms(), **told))


async def read(url: str, shelf: Shelf, *heard: Call) -> tuple[bool, dict[str, Call | None]]:
    """What is known after some frames and a pass over the last hour, and whether the pass proved itself."""
    bench = Bench(url, "Europe/Stockholm", rules_of({}))
    road = await bench.worker()
    for call in heard:
        road.tell(call, FRAME, now_ms())
    await bench.flush()
    proved = await Seeding(shelf, road).read(now_ms() - HOUR_MS, now_ms() + HOUR_MS, ("calls",))  # type: ignore[arg-type]
    await bench.flush()
    known = {id_call: held.call for id_call, held in road.calls.items()}
    await bench.close()
    return proved, known


@pytest.mark.fault("B4")
def test_a_window_that_will_not_prove_itself_is_cut_in_two(redis_server: str) -> None:
    """Fewer rows than were counted: the halves are read, and bring what the whole lacked; what never proves itself is said."""
    now = now_ms()
    calls = [begun(f"c{n}", now - 3_000_000 + n * 600_000) for n in range(5)]
    proved, known = asyncio.run(read(redis_server, Shelf(calls, hides=HOUR_MS)))
    assert (proved, set(known)) == (True, {"c0", "c1", "c2", "c3", "c4"})
    assert asyncio.run(read(redis_server, Shelf(calls, hides=1)))[0] is False


@pytest.mark.fault("B6")
def test_a_row_that_lags_does_not_take_back_what_a_frame_told(redis_server: str) -> None:
    """The row is asked for after the frame, and is older all the same: nobody knows how far the past is behind."""
    since = now_ms() - 60_000
    heard = begun("c1", since, answered=True, last_queue=SUPPORT)
    _, known = asyncio.run(read(redis_server, Shelf([begun("c1", since, answered=False, last_queue=SALES)]), heard))
    call = known["c1"]
    assert call is not None
    assert call.journey is not None
    assert call.journey.last_queue == SUPPORT


@pytest.mark.fault("B5")
async def test_a_pass_that_fails_leaves_the_wish(redis_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first answers of the past are errors: numbers are unknown until a pass has read it, and then nobody need ask."""
    monkeypatch.setattr("stats.ingest.seeding.TRIES", 1)
    monkeypatch.setattr("stats.ingest.seeding.PAGE_TRIES", 1)
    async with watched(redis_server, CountingRules()) as watch:
        watch.upstream.fail_graphql(6, status=503)
        await watch.begin()
        await watch.until("seeding", 10)
        await watch.until("live", 15)


@pytest.mark.fault("B5")
async def test_after_a_gap_nothing_is_called_live_before_the_past_was_read(redis_server: str) -> None:
    """The sockets are back, what was lost meanwhile is not: the source says so for as long as the history does not answer."""
    async with watched(redis_server, CountingRules()) as watch:
        await watch.begin()
        await watch.until("live", 20)
        watch.upstream.fail_graphql(1000, status=503)
        await watch.upstream.drop_sockets()
        await asyncio.sleep(0.1)
        await watch.upstream.until_open(within_s=15)
        await watch.until("seeding", 10)
        await asyncio.sleep(2.0)
        assert await watch.state() == "seeding"


async def test_the_past_is_asked_only_when_the_sockets_that_calls_stand_on_have_been_tried(redis_server: str) -> None:
    """What ended between the answer and the socket would be told by neither."""
    async with watched(redis_server, CountingRules()) as watch:
        await watch.begin()
        await watch.until("live", 20)
        opened = {shake.datasource: shake.at for shake in watch.upstream.handshakes}
        assert min(asked.at for asked in watch.upstream.asked) >= max(opened[feed] for feed in ("calls", "queues", "agents"))


async def test_a_worker_that_is_asked_to_go_lets_its_source_go_at_once(redis_server: str) -> None:
    """Nobody waits for its lease to run out."""
    async with watched(redis_server, CountingRules()) as watch:
        await watch.begin()
        await watch.until("live", 20)
        await watch.end()
        assert await Lease(watch.store, ORGANISATION, SOURCE).take()


async def waiting(watch: Watched) -> object:
    """How many callers a reader sees wait."""
    await watch.mirror.refresh(now_ms())
    return values(watch.mirror.facts, now_ms())["site"]["waiting"]


@pytest.mark.fault("A18")
async def test_a_call_that_nobody_has_known_for_hours_waits_no_longer(redis_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its end was lost on the way, and the history knows nothing of it (four hours are a second here)."""
    monkeypatch.setattr("stats.ingest.past.LOOK_EVERY_S", 0.1)
    monkeypatch.setattr("stats.ingest.past.QUIET_MS", 200)
    monkeypatch.setattr("stats.ingest.past.EXPIRE_MS", 1_500)
    async with watched(redis_server, CountingRules()) as watch:
        await watch.begin()
        await watch.until("live", 20)
        queue = {"id": 5, "name": "Support"}
        await watch.upstream.send("queues", {"id_call": "ghost", "active": True, "queue": queue, "time": {"start": now_ms() / 1000}})
        seen: list[object] = []
        for _ in range(100):
            await asyncio.sleep(0.1)
            seen.append(await waiting(watch))
            if 1 in seen and seen[-1] == 0:
                return
        raise AssertionError(f"{seen[-1]} wait for ever")
