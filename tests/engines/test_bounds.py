"""The store does not grow: a week leaves as many keys as a day, and every list of what happened has an end."""

import asyncio
from dataclasses import replace

import pytest

from stats.live import batches, keys
from stats.live.board_store import Batch, Store
from stats.live.keys import key
from stats.live.mirror import Mirror
from tests.laws.road import ORGANISATION, SOURCE, Bench, rules_of
from tests.laws.test_any_order import empty
from tests.oracle.days import day

pytestmark = pytest.mark.asyncio
DAY_MS = 86_400_000
FOR_EVER = {"meta", "presence", "presence_v", "queues", "agents", "risk", "sources", "rules", "dirty", "living"}


async def a_day_later(store: Store) -> None:
    """Every life in the store is shorter by a day, as it would be tomorrow."""
    client = store.connection.client
    async for name in client.scan_iter(match="wb:*", count=1000):
        left = await client.pttl(name)
        if 0 <= left <= DAY_MS:
            await client.delete(name)
        elif left > DAY_MS:
            await client.pexpire(name, left - DAY_MS)


@pytest.mark.fault("C6", "C14")
async def test_a_week_leaves_no_more_keys_than_three_days(redis_server: str) -> None:
    """Seven days of calls, lives shortened by a day after each; the same people and queues come back."""
    model = day(31, n_calls=30, n_agents=5, n_queues=3)
    bench = Bench(redis_server, model.timezone, rules_of(model.settings))
    await empty(bench)
    numbers, index = [], []
    for number in range(7):
        today = day(31 + number, n_calls=30, n_agents=5, n_queues=3, now_ms=model.now_ms + number * DAY_MS)
        await bench.worker()
        bench.hear(today.frames())
        await bench.flush()
        assert bench.road is not None
        await bench.store.trim(ORGANISATION, SOURCE, today.now_ms - keys.RECORD_TTL_S * 1000)
        held = await bench.store.connection.client.keys("wb:*")
        numbers.append(len([name for name in held if b":lease:" not in name]))
        names = (key(ORGANISATION, name, SOURCE) for name in ("i", "open"))
        index.append(sum([await bench.store.connection.client.zcard(name) for name in names]))
        await a_day_later(bench.store)
    # Three days' worth is kept; days are made by chance and differ in their calls.
    assert max(numbers[4:]) <= 1.15 * max(numbers[:4]), numbers
    assert max(index[4:]) <= 1.15 * max(index[:4]), index
    for _ in range(4):
        await a_day_later(bench.store)
    left = {name.decode().removeprefix(keys.prefix(ORGANISATION)) for name in await bench.store.connection.client.keys("wb:*")}
    # What is trimmed by every worker, by the age of its entries.
    assert {name for name in left if name.split(":")[0] not in {"i", "open", "unkept", "lease"}} <= FOR_EVER
    await bench.close()


@pytest.mark.fault("C6")
async def test_what_changed_is_remembered_for_so_long_and_no_longer(redis_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At most so many names and so many revs; a reader that was away for longer reads everything."""
    monkeypatch.setattr(batches, "_TTL", [*batches._TTL[:3], 300, 400])
    store = Store(redis_server)
    client = store.connection.client
    reader, late = Mirror(store, ORGANISATION, "UTC"), Mirror(store, ORGANISATION, "UTC")
    await late.refresh(1)
    names = 0
    for number in range(600):
        await store.apply(ORGANISATION, SOURCE, "", Batch(entries=[("queues", f"{number}-{each}", "[1,1,null,null]") for each in range(3)]))
        names = max(names, await client.zcard(key(ORGANISATION, "dirty")))
    assert names <= 400 + 3 * 256
    floor = int(await client.hget(key(ORGANISATION, "meta"), "floor"))
    assert floor >= 512 - 300
    await reader.refresh(1)
    await late.refresh(1)
    assert late.rev == reader.rev
    assert late.facts.queues.keys() == reader.facts.queues.keys()
    await store.close()


@pytest.mark.fault("C6")
async def test_a_flood_of_junk_leaves_a_hundred_notes_and_one_number(redis_server: str) -> None:
    """However much of it comes."""
    store = Store(redis_server)
    for _ in range(50):
        await store.quarantine(ORGANISATION, SOURCE, {"junk": 20}, ["{}"] * 20)
    client = store.connection.client
    assert await client.llen(key(ORGANISATION, "quarantine", SOURCE)) == keys.QUARANTINE_ENTRIES
    assert await store.entries(ORGANISATION, f"quarantined:{SOURCE}") == {"junk": "1000"}
    await store.close()


async def test_the_calls_of_two_sources_that_share_their_ids_simply_add(redis_server: str) -> None:
    """One day told twice, by two sources, ids and all: twice the calls that wait and talk, twice the sums."""
    today = day(31, n_calls=40, n_agents=5, n_queues=3)
    bench = Bench(redis_server, today.timezone, rules_of(today.settings))
    await empty(bench)
    await bench.worker()
    bench.hear(today.frames())
    await bench.flush()
    one = await bench.answer(today.now_ms)
    assert bench.road is not None
    calls = [held.call for held in bench.road.calls.values() if held.call is not None]
    rows = [bench.road._row(replace(call, source="second"), 0) for call in calls]
    await bench.store.apply(ORGANISATION, "second", "", Batch(records=rows))
    two = await bench.answer(today.now_ms)
    assert one["site"]["now"]["waiting"] + one["site"]["now"]["talking"] > 0
    assert two["site"]["now"]["waiting"] == 2 * one["site"]["now"]["waiting"]
    for name in ("offered", "answered", "abandoned", "calls_in"):
        assert two["site"]["today"][name] == 2 * one["site"]["today"][name], name
    references = set(bench.mirror.facts.living)
    assert len(references) == 2 * len({reference.partition("/")[2] for reference in references})
    # When the second source's calls end, the first's still live.
    over = [bench.road._row(replace(call, source="second", expired=True), 1) for call in calls]
    await bench.store.apply(ORGANISATION, "second", "", Batch(records=over))
    again = await bench.answer(today.now_ms)
    assert again["site"]["now"]["waiting"] == one["site"]["now"]["waiting"]
    assert again["site"]["now"]["talking"] == one["site"]["now"]["talking"]
    await asyncio.sleep(0)
    await bench.close()
