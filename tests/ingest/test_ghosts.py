"""A call whose end nobody ever tells: looked up after half an hour, expired after four hours, and expired it stays."""

import asyncio
from dataclasses import replace

import pytest

from stats import clock
from stats.clock import now_ms
from stats.domain.board import values
from stats.domain.merge import FRAME, Told, merge_call
from stats.domain.metrics import CountingRules
from stats.domain.records import Call, Journey, Party, Visit
from stats.ingest import past
from stats.ingest.pipeline import Road
from tests.acceptance.told_calls import FIRST, call, visit
from tests.laws.road import Bench, nested
from tests.laws.watched import Watched, comes_true, watched

pytestmark = pytest.mark.fault("A18")
MINUTE_MS, HOUR_MS = 60_000, 3_600_000


class Advanced:
    """The product's clock, moved on by hand as if the time had passed."""

    def __init__(self) -> None:
        self._real = clock.Clock(0)
        self.by, self.stepped_ms = 0, 0

    def now_ms(self) -> int:
        return self._real.now_ms() + self.by

    def steady_ms(self) -> int:
        return self._real.now_ms() + self.by


async def numbers(watch: Watched) -> tuple[object, object, object]:
    """Waiting now, offered and abandoned today."""
    await watch.settled()
    await watch.mirror.refresh(now_ms())
    shown = nested(values(watch.mirror.facts, now_ms()))["site"]
    return shown["now"]["waiting"], shown["today"]["offered"], shown["today"]["abandoned"]


async def looked_up(watch: Watched, times: int) -> None:
    """Until the past was asked for this one call so often."""
    await comes_true(lambda: len([a for a in watch.upstream.asked if a.variables.get("callId") == "ghost"]) >= 3 * times)


@pytest.mark.asyncio
async def test_the_whole_life_of_a_ghost(redis_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting; after half an hour looked up by its id and found by nobody; still waiting; after four hours expired, and never abandoned."""
    time = Advanced()
    monkeypatch.setattr(clock, "_clock", time)
    monkeypatch.setattr(past, "LOOK_EVERY_S", 0.05)
    time.by = -(now_ms() % (24 * HOUR_MS)) + 8 * HOUR_MS  # in the morning, so that the day does not end meanwhile
    async with watched(redis_server, CountingRules()) as watch:
        await watch.begin()
        await watch.until("live", 20)
        began = now_ms()
        await watch.upstream.send("calls", call("ghost", began, first_queue=FIRST))
        await watch.upstream.send("queues", visit("ghost", FIRST, began))

        async def waits() -> bool:
            return await numbers(watch) == (1, 1, 0)

        await comes_true(waits)
        time.by += 29 * MINUTE_MS
        await asyncio.sleep(0.3)
        assert not [a for a in watch.upstream.asked if a.variables.get("callId")]
        time.by += 2 * MINUTE_MS
        await looked_up(watch, 1)
        assert await numbers(watch) == (1, 1, 0), "unknown to the past for half an hour proves nothing yet"
        # A restart in between forgets nothing of it.
        await watch.end()
        await watch.begin()
        await watch.begun()
        time.by += 3 * HOUR_MS + 30 * MINUTE_MS
        await looked_up(watch, 2)

        async def expired() -> bool:
            return (await numbers(watch))[0] == 0

        await comes_true(expired)
        assert await numbers(watch) == (0, 1, 0)
        await watch.end()
        await watch.begin()
        await watch.begun()
        assert await numbers(watch) == (0, 1, 0), "a restart must not bring it back"
        await watch.upstream.send("queues", visit("ghost", FIRST, began))

        async def lives() -> bool:
            """Heard of again."""
            return (await numbers(watch))[0] == 1

        await comes_true(lives)


def open_call(asof: int, **changes: object) -> Call:
    """A call that waits, last heard of at an instant."""
    waiting = Visit(queue=Party(id=1), entered_at=1_000_000, active=True, asof=asof)
    return replace(
        Call(source="telavox", id_call="ghost", journey=Journey(active=True, started_at=1_000_000, asof=asof), visits=(waiting,)), **changes
    )


def test_only_news_brings_an_expired_call_back() -> None:
    """A record that somebody kept from before it expired does not, whichever of the two is held; a frame or a row of later does."""
    expired, kept = open_call(5_000_000, expired=True), open_call(5_000_000)
    older = open_call(4_000_000)
    for other in (kept, older):
        assert merge_call(expired, other, FRAME).expired
        assert merge_call(other, expired, FRAME).expired
    assert not merge_call(expired, open_call(9_000_000), FRAME).expired
    assert not merge_call(expired, open_call(9_000_000), Told("historic", 120_000)).expired
    assert merge_call(expired, open_call(9_000_000, expired=True), FRAME).expired


@pytest.mark.asyncio
async def test_an_expired_call_survives_a_conflict_a_doubt_and_a_store_that_went_back(redis_server: str) -> None:
    """Another worker wrote the same record meanwhile; the store is doubted; the store holds the record of before."""
    bench = Bench(redis_server, "Europe/Stockholm", CountingRules())
    road = await bench.worker()
    road.tell(open_call(5_000_000), FRAME, 5_000_000)
    await bench.flush()

    async def stored() -> bool:
        found = await bench.store.load("default", "telavox", ["ghost"])
        held = found["ghost"].call
        assert held is not None
        return held.expired

    # A second road with the lease of the first, that moves the record on without knowing that it expired.
    other = Road(bench.store, "default", "telavox", bench.lease.holder, "Europe/Stockholm", CountingRules())
    await other.load()
    await other.flush()
    other.calls["ghost"].call = replace(open_call(5_000_000), tenant="4300")
    other._dirty["ghost"] = other.calls["ghost"]
    await other.flush()
    road.expire("ghost")
    await bench.flush()
    assert await stored()
    road.doubt()
    await bench.flush()
    assert await stored()
    held = await bench.store.load("default", "telavox", ["ghost"])
    other.calls["ghost"].call, other.calls["ghost"].version = open_call(5_000_000), held["ghost"].version
    other._dirty["ghost"] = other.calls["ghost"]
    await other.flush()  # the bytes of before, under the newest version: a store restored from an old snapshot
    assert not await stored()
    road.doubt()
    await bench.flush()
    assert await stored()
    await bench.close()
