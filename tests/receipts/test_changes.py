"""Receipts while things change: other targets, a store from before its index, a database that is away, much that waits to be kept."""

import asyncio
import random
from dataclasses import replace
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.db import connection

from stats.domain.facts import SourceFacts
from stats.history.tables import ArchivedCall
from stats.live import keys
from stats.live.loose_calls import index_open, loose_calls
from tests.laws.road import ORGANISATION, SOURCE, rules_of
from tests.oracle.days import day
from tests.oracle.journeys import QueueSetting
from tests.receipts.test_days import Floor, floors
from wallboard.api import gathering
from wallboard.push.admission import ArchiveBehind, DatabaseAway

__all__ = ["floors"]
pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True), pytest.mark.engines]
ASKED = ("service_level", "answered_in_target", "abandoned", "sl_budget", "asa", "wait_p90")


async def a_floor(floors: Any, seed: int) -> Floor:
    """A day that is over, everything kept."""
    floor: Floor = await floors(day(seed, n_calls=80))
    await floor.until(floor.day.now_ms, keep=True)
    return floor


async def ids_of(floor: Floor, metric: str, scope: str = "site") -> list[tuple[str, int, bool]]:
    """The list of today."""
    return (await floor.receipt(scope, metric, "today"))[1]


async def test_other_targets_change_the_lists_of_what_is_archived_already(floors: Any) -> None:
    """The archive keeps waits, not verdicts."""
    floor = await a_floor(floors, 11)
    before = await ids_of(floor, "answered_in_target")
    slow = await floor.until(floor.day.now_ms, keep=True)
    settings: dict[int | str, QueueSetting] = {key: QueueSetting(target_s=60, short_s=15) for key in slow.setting}
    assert floor.bench.road is not None
    floor.bench.road.set_rules(floor.day.timezone, rules_of(settings))
    assert await floor.bench.lease.take()
    await floor.bench.flush()
    slow.setting.update({str(key): setting for key, setting in settings.items()})
    # What was read less than a fifth of a second ago is still called the present.
    await asyncio.sleep(0.3)
    for metric in ASKED:
        told, entries = await floor.receipt("site", metric, "today")
        assert entries == slow.list_of("site", metric, "today"), metric
        assert told.agrees, metric
    assert await ids_of(floor, "answered_in_target") != before


async def test_without_the_database_a_small_day_is_listed_from_the_live_store(floors: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is said. A large one is not read whole, and that is said too."""
    floor = await a_floor(floors, 12)
    wanted = {metric: await ids_of(floor, metric) for metric in ("offered", "calls_in")}
    await rename("stats_archivedvisit", "away_visit")
    await rename("stats_archivedcall", "away_call")
    try:
        for metric, entries in wanted.items():
            told = await floor.first("site", metric)
            assert told.without_archive
            assert told.agrees
            assert sorted((line.row.id_call, line.row.at, line.counted) for line in told.lines) == sorted(entries)
        monkeypatch.setattr(gathering, "MOST_WITHOUT_DATABASE", 10)
        with pytest.raises(DatabaseAway):
            await floor.first("site", "offered")
    finally:
        await rename("away_visit", "stats_archivedvisit")
        await rename("away_call", "stats_archivedcall")
    # The database is back, and more is still to be archived than can be read beside it.
    monkeypatch.setattr(gathering, "MOST_LOOSE", 1)
    with pytest.raises(ArchiveBehind):
        await floor.first("site", "offered")


@database_sync_to_async
def rename(table: str, other: str) -> None:
    """The table is not where anybody looks for it."""
    with connection.cursor() as cursor:
        cursor.execute(f'ALTER TABLE "{table}" RENAME TO "{other}"')


async def test_a_store_from_before_the_index_of_open_calls_is_given_one(floors: Any) -> None:
    """Until then the whole day is read; afterwards as few calls as before."""
    floor: Floor = await floors(day(13, n_calls=60))
    await floor.until(floor.day.now_ms - 60_000, keep=True)
    client, store = floor.bench.store.connection.client, floor.bench.store
    named = await client.zrange(keys.key(ORGANISATION, "open", SOURCE), 0, -1)
    assert named
    wanted = await ids_of(floor, "offered")
    await client.delete(keys.key(ORGANISATION, "open", SOURCE))
    await client.hdel(keys.key(ORGANISATION, "meta"), f"open:{SOURCE}")
    assert not (await loose_calls(store, ORGANISATION, 1000)).whole
    told = await floor.first("site", "offered")
    assert told.without_archive
    assert told.total == len(wanted)
    assert await index_open(store, ORGANISATION, SOURCE) == len(named)
    assert await index_open(store, ORGANISATION, SOURCE) == 0
    assert sorted(await client.zrange(keys.key(ORGANISATION, "open", SOURCE), 0, -1)) == sorted(named)
    assert await ids_of(floor, "offered") == wanted


async def test_the_index_names_exactly_the_calls_that_are_not_over(floors: Any) -> None:
    """Whatever the order of their documents."""
    floor: Floor = await floors(day(14, n_calls=60))
    frames = floor.day.frames(until_ms=floor.day.now_ms - 60_000)
    random.Random(3).shuffle(frames)
    for part in (frames[::2], frames[1::2]):
        # What the first half tells of as open, the second may end.
        floor.bench.hear(part)
        await floor.bench.flush()
    store = floor.bench.store
    calls = await store.calls_between(ORGANISATION, 0, 1 << 52)
    named = await store.connection.client.zrange(keys.key(ORGANISATION, "open", SOURCE), 0, -1)
    assert {raw.decode() for raw in named} == {call.id_call for call in calls if not call.over}


async def test_a_vendors_clock_that_is_ahead_moves_the_window_of_a_list_as_that_of_its_number(floors: Any) -> None:
    """Numbers of the newest minutes are dated by the vendor's clock."""
    floor = await a_floor(floors, 15)
    assert floor.bench.road is not None
    ahead = 12 * 60_000
    for window in ("15m", "30m"):
        before, _ = await floor.receipt("site", "offered", window)
        facts: SourceFacts = floor.bench.mirror.facts.sources[SOURCE]
        floor.bench.mirror.facts.sources[SOURCE] = replace(facts, vendor_ahead_ms=ahead)
        # Nothing has changed in the store, so what was computed within the second would do.
        await asyncio.sleep(1.1)
        after = await floor.first("site", "offered", window)
        floor.bench.mirror.facts.sources[SOURCE] = facts
        await asyncio.sleep(1.1)
        assert before.agrees
        assert after.first is not None
        assert before.first is not None
        assert after.first - before.first == ahead
        assert after.agrees


async def test_a_receipt_whose_list_lacks_a_call_says_that_it_differs(floors: Any) -> None:
    """Somebody took it out of the archive by hand: the number is what was counted, the list is what is there."""
    floor = await a_floor(floors, 16)
    assert (await floor.first("site", "calls_in")).agrees
    (gone,) = [kept async for kept in ArchivedCall.objects.filter(direction="in", internal=False, at_ms__gt=0).order_by("-at_ms")[:1]]
    await ArchivedCall.objects.filter(pk=gone.pk).adelete()
    told = await floor.first("site", "calls_in")
    assert (told.agrees, told.value - told.recounted) == (False, 1)


async def test_whoever_waits_by_a_clock_that_is_ahead_has_waited_as_long_in_a_list_as_in_its_number(floors: Any) -> None:
    """Since our own clock's reading of that instant, and in the same windows."""
    floor = await a_floor(floors, 15)
    waits = [line.row for line in (await floor.first("site", "waiting", "now")).lines]
    assert waits
    oldest = min(row.at for row in waits)
    for ahead in (40_000, 12 * 60_000, (floor.now - oldest) + 60_000):
        facts: SourceFacts = floor.bench.mirror.facts.sources[SOURCE]
        floor.bench.mirror.facts.sources[SOURCE] = replace(facts, vendor_ahead_ms=ahead)
        # Nothing has changed in the store, so what was computed within the second would do.
        await asyncio.sleep(1.1)
        for scope in ("site", *{f"queue:{row.key}" for row in waits}):
            for window in ("today", "15m", "60m"):
                told = await floor.first(scope, "longest_wait_window", window)
                assert told.agrees, (ahead, scope, window, told.value, told.recounted)
        listed = {line.row.id_call: line.row.wait for line in (await floor.first("site", "offered")).lines if line.row.klass == "waiting"}
        for line in (await floor.first("site", "waiting", "now")).lines:
            assert listed[line.row.id_call] == line.row.wait
        floor.bench.mirror.facts.sources[SOURCE] = facts
