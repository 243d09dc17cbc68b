"""What the store refuses, and what was spoilt in it: one record stands aside, the others are written, and what was lost is shown again."""

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest

from stats.clock import now_ms
from stats.domain.records import Call, Party, Visit
from stats.ingest.health import SourceHealth
from stats.ingest.showing import Showing
from stats.ingest.splitting import apply_apart
from stats.live.board_store import Batch, Row, Store, StoreAway, StoreRefused
from stats.live.codec import unpack_call
from stats.live.keys import key
from stats.live.sweeping import wipe_sums
from tests.engines.harness import a_floor
from tests.laws.road import ORGANISATION, SOURCE, Bench, rules_of
from tests.laws.test_any_order import empty, expect
from tests.oracle.days import Day, day

pytestmark = pytest.mark.asyncio
SPOILT = [
    "day:*:q:*",
    "day:*:s",
    "day:*:a:*",
    "peak:*",
    "min:*",
    "mw:*",
    "living",
    "callers:*",
    "scopes:*",
    "dirty",
    "i:*",
    "r:*",
    "queues",
]


async def a_day_told(url: str, share: float = 1.0) -> tuple[Bench, Day, list[Any]]:
    """A bench whose worker has heard so much of a small day."""
    today = day(31, n_calls=14, n_agents=5, n_queues=3)
    bench = Bench(url, today.timezone, rules_of(today.settings))
    await empty(bench)
    await bench.worker()
    frames = today.frames()
    bench.hear(frames[: round(len(frames) * share)])
    await bench.flush()
    return bench, today, frames


async def rebuild(bench: Bench) -> None:
    """What a session does when it finds the order: see `ingest/session.py`."""
    assert bench.road is not None
    assert await bench.store.take_order(ORGANISATION, SOURCE) == "rebuild"
    await wipe_sums(bench.store, ORGANISATION)
    bench.road.doubt()
    bench.road.who.want_restate()
    bench.report()
    await bench.flush()


def a_queue(bench: Bench) -> Party:
    """One that the day knows."""
    assert bench.road is not None
    return next(visit.queue for held in bench.road.calls.values() if held.call is not None for visit in held.call.visits)


def poisoned(id_call: str, queue: Party) -> Call:
    """A call whose wait no sum can hold."""
    visit = Visit(queue=queue, entered_at=0, active=False, answered=False, ended_at=10**17, asof=1)
    return Call(source=SOURCE, id_call=id_call, visits=(visit,))


@pytest.mark.fault("C11")
async def test_one_record_that_cannot_be_counted_stands_aside_and_the_rest_of_the_day_is_right(redis_server: str) -> None:
    """It is named by a hash in the log, its id is handed on to be counted, and nothing waits for it."""
    bench, today, frames = await a_day_told(redis_server, 0.5)
    assert bench.road is not None
    bench.road.tell(poisoned("bad", a_queue(bench)))
    bench.hear(frames)
    async with asyncio.timeout(20):
        await bench.flush()
    assert bench.road.refused == ["bad"]
    assert "bad" not in await bench.store.load(ORGANISATION, SOURCE, ["bad"])
    await expect(bench, today)
    bench.road.tell(replace(poisoned("bad", a_queue(bench)), tenant="t"))
    async with asyncio.timeout(20):
        await bench.flush()
    assert bench.road.refused == ["bad", "bad"]
    await bench.close()


async def test_a_refused_step_has_written_nothing(redis_server: str) -> None:
    """Not even the version: so it may be sent again in parts."""
    bench, today, _ = await a_day_told(redis_server)
    client = bench.store.connection.client

    async def everything() -> dict[bytes, bytes]:
        return {name: await client.dump(name) async for name in client.scan_iter(match="wb:*") if b":lease:" not in name}

    before = await everything()
    assert bench.road is not None
    good = next(iter(bench.road.calls.values()))
    assert good.call is not None
    assert good.version is not None
    rows = [bench.road._row(good.call, good.version), bench.road._row(poisoned("bad", a_queue(bench)), 0)]
    with pytest.raises(StoreRefused):
        await bench.store.apply(ORGANISATION, SOURCE, bench.lease.holder, Batch(records=rows))
    assert await everything() == before
    await expect(bench, today)
    await bench.close()


async def test_a_store_that_takes_nothing_at_all_sets_nothing_aside(redis_server: str) -> None:
    """Another shape under the organisation's own name: the whole store is away, and everything waits."""
    bench, _, _ = await a_day_told(redis_server, 0.1)
    client = bench.store.connection.client
    await client.set(key(ORGANISATION, "meta"), "somebody else's")
    with pytest.raises(StoreAway) as why:
        await apply_apart(bench.store, ORGANISATION, SOURCE, bench.lease.holder, Batch(entries=[("queues", "1", "x")]))
    assert not isinstance(why.value, StoreRefused)
    await bench.close()


@pytest.mark.parametrize("pattern", SPOILT)
async def test_another_shape_under_one_of_our_names_is_replaced_and_a_rebuild_ordered(redis_server: str, pattern: str) -> None:
    """The step that meets it goes through; after the rebuild the numbers are the day's."""
    bench, today, frames = await a_day_told(redis_server, 0.5)
    client = bench.store.connection.client
    names = [name async for name in client.scan_iter(match=key(ORGANISATION, pattern))]
    assert names
    for name in names:
        await client.delete(name)
        await (client.zadd(name, {"junk": 1}) if not pattern.startswith(("peak", "i:", "dirty")) else client.set(name, "junk"))
    bench.hear(frames)
    async with asyncio.timeout(20):
        await bench.flush()
    # Whatever the second half has not touched is found by the recount of a sample, or by hand, which order the same.
    await bench.store.order(ORGANISATION, SOURCE, "rebuild")
    await rebuild(bench)
    await expect(bench, today)
    await bench.close()


async def test_a_show_that_cannot_be_read_orders_a_rebuild_by_itself(redis_server: str) -> None:
    """What it had shown cannot be taken back: the sums are made anew, so that it does not stay for ever."""
    bench, today, frames = await a_day_told(redis_server, 0.5)
    client = bench.store.connection.client
    names = [name async for name in client.scan_iter(match=key(ORGANISATION, "r:*"))]
    for name in names:
        await client.hset(name, "s", b"junk")
    bench.hear(frames)
    await bench.flush()
    with pytest.raises(AssertionError):
        await expect(bench, today)
    await rebuild(bench)
    await expect(bench, today)
    await bench.close()


async def test_a_number_that_is_none_in_a_sum_is_replaced_and_a_rebuild_ordered(redis_server: str) -> None:
    """One field of one cell; its neighbours stay."""
    bench, today, frames = await a_day_told(redis_server, 0.5)
    client = bench.store.connection.client
    async for name in client.scan_iter(match=key(ORGANISATION, "day:*:s")):
        for field in await client.hkeys(name):
            await client.hset(name, field, "many")
    bench.hear(frames)
    await bench.flush()
    await rebuild(bench)
    await expect(bench, today)
    await bench.close()


async def test_a_rebuild_happens_whole_beside_a_worker_that_writes(redis_server: str) -> None:
    """Calls go on being told while the sums are forgotten again and again; at the end everything was counted once."""
    bench, today, frames = await a_day_told(redis_server, 0.2)
    assert bench.road is not None

    async def forget() -> None:
        for _ in range(5):
            await wipe_sums(bench.store, ORGANISATION)
            await asyncio.sleep(0.02)

    forgetting = asyncio.create_task(forget())
    for at in range(0, len(frames), 5):
        bench.hear(frames[at : at + 5])
        await bench.road.flush()
    await forgetting
    bench.road.who.want_restate()
    await bench.flush()
    await expect(bench, today)
    await bench.close()


async def test_a_rebuild_asks_every_source_to_show_its_calls_again(redis_server: str) -> None:
    """The sums of one cannot be forgotten without those of the others: each finds its own order, however late it comes."""
    store = Store(redis_server)
    client = store.connection.client
    await store.apply(ORGANISATION, "one", "", Batch(entries=[("sources", "one", "{}"), ("sources", "two", "{}")]))
    assert await store.generation(ORGANISATION) == "0"
    await wipe_sums(store, ORGANISATION)
    assert await store.generation(ORGANISATION) == "1"
    assert set(await store.entries(ORGANISATION, "flags")) == {"restate:one", "restate:two"}
    assert (await store.apply(ORGANISATION, "two", "", Batch())).generation == "1"
    await client.aclose()
    await store.close()


async def test_a_record_under_another_shape_is_no_record_and_hides_no_other(redis_server: str) -> None:
    """Reading many at once leaves it out alone."""
    bench, _, _ = await a_day_told(redis_server, 0.5)
    assert bench.road is not None
    ids = list(bench.road.calls)
    await bench.store.connection.client.set(key(ORGANISATION, "r", f"{SOURCE}/{ids[0]}"), "junk")
    found = await bench.store.load(ORGANISATION, SOURCE, ids)
    assert set(found) == set(ids[1:])
    await bench.close()


async def test_rows_are_packed_as_they_are_read(redis_server: str) -> None:
    """What is written is what comes back."""
    store = Store(redis_server)
    row = Row(Call(source=SOURCE, id_call="x", tenant="t"), 0, b"\x95\x90\x90\xa0\xa0\xa0", 1)
    await store.apply(ORGANISATION, SOURCE, "", Batch(records=[row]))
    packed = await store.connection.client.hget(key(ORGANISATION, "r", f"{SOURCE}/x"), "r")
    assert unpack_call(packed) == row.call
    await store.close()


async def test_no_number_is_known_while_calls_are_missing_from_new_sums(redis_server: str) -> None:
    """Sums that are forgotten again while calls are shown in them are not whole yet; the next restatement makes them so."""
    today = day(31, n_calls=14, n_agents=5, n_queues=3, now_ms=now_ms() - 500)
    bench = Bench(redis_server, today.timezone, rules_of(today.settings))
    await bench.worker()
    bench.hear(today.frames())
    await bench.flush()
    assert bench.road is not None
    health = SourceHealth(SOURCE, "telavox", {}, 1)
    health.facts.known = True
    showing = Showing(bench.road, health, bench.report)
    showing.generation = await bench.store.generation(ORGANISATION)
    for _ in range(2):
        await wipe_sums(bench.store, ORGANISATION)
        bench.report()
        await bench.road.flush()
        showing.follow()
        assert bench.road.who.restate_wanted
        assert not health.facts.known
    await wipe_sums(bench.store, ORGANISATION)
    await showing.restate()
    assert not health.facts.known
    showing.follow()
    assert not health.facts.known
    await showing.restate()
    assert health.facts.known
    await bench.flush()
    await expect(bench, today)
    await bench.close()


@pytest.mark.heavy
async def test_a_rebuild_shows_no_wrong_number_for_longer_than_three_seconds(redis_server: str) -> None:
    """While calls are missing from the new sums nothing is known; then everything is as it was, in another epoch."""
    async with a_floor(redis_server) as floor:
        await floor.play(1.0)
        await floor.until_live()
        await floor.expect_right()
        right, epoch = (await floor.values())["site"]["offered"], floor.mirror.epoch
        assert right
        await floor.store.order(ORGANISATION, SOURCE, "rebuild")
        wrong_since, longest = 0.0, 0.0
        async with asyncio.timeout(30):
            while True:
                site, now = (await floor.values())["site"], time.monotonic()
                wrong_since = (wrong_since or now) if site["offered"] not in (None, right) else 0.0
                longest = max(longest, now - wrong_since if wrong_since else 0.0)
                if floor.mirror.epoch != epoch and site["offered"] == right:
                    break
                await asyncio.sleep(0.02)
        assert longest < 3.0
        await floor.until_live()
        await floor.expect_right()
