"""From Redis to the database and into it once, whatever dies or is away meanwhile."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.db import OperationalError, connection

from stats.domain.records import AgentPresence, Party, PresenceSlot, ProfileUse, QueueLogin
from stats.history.archive import archived
from stats.history.shelf import let_go
from stats.history.tables import ArchivedCall, PresenceChange
from stats.ingest import keeping
from stats.live import keys
from stats.models import PresenceSlotRow
from tests.history.calls import NOON, SOURCE, plain
from tests.history.keepers import ORGANISATION, CutShelf, Worker, open_, until

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True), pytest.mark.engines]
Start = Callable[..., "asyncio.Future[Worker]"]


@pytest_asyncio.fixture
async def start(redis_server: str) -> AsyncIterator[Start]:
    """Starts workers; those still alive are ended."""
    alive: list[Worker] = []

    async def begin(shelf: CutShelf | None = None) -> Worker:
        worker = Worker(redis_server, shelf)
        alive.append(worker)
        await worker.begin()
        return worker

    yield begin  # type: ignore[misc]
    for worker in alive:
        await worker.die()
    await let_go()


def slot(agent: int = 1, usage_ms: int = 600_000) -> PresenceSlot:
    """An hour of one agent."""
    use = ProfileUse(profile_id=5, name="Lunch", available=False, usage_ms=usage_ms)
    return PresenceSlot(source=SOURCE, agent=Party(id=agent, name="Bo"), start=NOON, end=NOON + 3_600_000, profiles=(use,))


def presence(told_at: int, *, queues: int = 1, profile: int = 1) -> AgentPresence:
    """One agent's document."""
    logins = tuple(QueueLogin(queue=Party(id=n), since=NOON) for n in range(queues))
    return AgentPresence(
        source=SOURCE, agent=Party(id=7), status="available", profile_id=profile, profile_since=NOON, logged_in=logins, told_at=told_at
    )


def _asked(question: Callable[..., Any]) -> Callable[..., Any]:
    """A question to the database from another thread. SQLite in memory, which tests have, locks tables for readers too: asked again."""

    def ask(*given: Any) -> Any:
        for _ in range(100):
            try:
                return question(*given)
            except OperationalError:
                time.sleep(0.02)
            finally:
                connection.close()
        return question(*given)

    return sync_to_async(ask, thread_sensitive=False)


count = _asked(ArchivedCall.objects.count)
look = _asked(lambda call: archived(ORGANISATION, SOURCE, call.id_call))
slots_kept = _asked(lambda: list(PresenceSlotRow.objects.order_by("agent").values_list("agent", "usage_ms")))
changes_kept = _asked(lambda: list(PresenceChange.objects.order_by("told_ms").values_list("state", "profile", "queues")))


async def test_ended_calls_are_kept_and_open_ones_are_not(start: Start) -> None:
    """And one that changes after its end is kept again."""
    worker = await start()
    await worker.hear(*(plain(n) for n in range(30)), open_(plain(99)))
    await until(lambda: _is(worker.keeping.unkept.number(), 0))
    assert await count() == 30
    assert await look(plain(3)) == plain(3)
    changed = replace(plain(3), journey=replace(plain(3).journey, recorded=True))  # type: ignore[type-var]
    await worker.hear(changed)
    await until(lambda: _is(look(changed), changed))
    assert await count() == 30


@pytest.mark.fault("C10")
async def test_while_the_database_is_away_the_road_goes_on_and_afterwards_everything_is_there(start: Start) -> None:
    """Nothing is struck out, and what ended or changed meanwhile is kept as it is in the end."""
    worker = await start()
    await worker.hear(*(plain(n) for n in range(10)))
    await until(lambda: _is(count(), 10))
    worker.shelf.cut = True
    for n in range(10, 1_000):
        worker.road.tell(plain(n))
    async with asyncio.timeout(20):
        while worker.road.dirty:
            await worker.road.flush()
    changed = replace(plain(500), journey=replace(plain(500).journey, recorded=True))  # type: ignore[type-var]
    await worker.hear(changed)
    assert await worker.keeping.unkept.number() == 990
    worker.shelf.cut = False
    await until(lambda: _is(count(), 1_000))
    assert (await look(plain(501)), await look(changed)) == (plain(501), changed)
    await until(lambda: _is(worker.keeping.unkept.number(), 0))


@pytest.mark.fault("C10", "C2")
async def test_a_worker_that_dies_while_the_database_is_away_takes_nothing_with_it(start: Start) -> None:
    """Calls, slots and presence changes wait in Redis; its successor finds them."""
    cut = CutShelf()
    cut.cut = True
    first = await start(cut)
    await first.hear(plain(1), plain(2))
    first.road.tell(slot())
    first.road.tell(presence(NOON))
    first.road.tell(presence(NOON + 9_000, queues=0))
    await until(lambda: _is(first.keeping.slots.number(), 1))
    await until(lambda: _is(first.keeping.changes.number(), 2))
    await first.die()
    second = await start()
    await until(lambda: _is(second.keeping.unkept.number(), 0))
    await until(lambda: _is(second.keeping.slots.number(), 0))
    await until(lambda: _is(second.keeping.changes.number(), 0))
    assert await count() == 2
    assert await slots_kept() == [("1", 600_000)]
    assert await changes_kept() == [("ready", "1", 1), ("idle", "1", 0)]


@pytest.mark.fault("C10")
async def test_slots_and_changes_stay_where_they_are_until_they_are_kept_and_the_shelf_is_not_hurried(start: Start) -> None:
    """Asked again after a pause that only grows."""
    worker = await start()
    worker.shelf.cut = True
    worker.road.tell(slot())
    worker.road.tell(presence(NOON))
    await until(lambda: worker.shelf.asked >= 4)
    asked = worker.shelf.asked_at
    assert min(later - earlier for earlier, later in pairwise(asked)) > 0.09
    assert (await worker.keeping.slots.number(), await worker.keeping.changes.number()) == (1, 1)
    worker.shelf.cut = False
    await until(lambda: _is(slots_kept(), [("1", 600_000)]))
    await until(lambda: _is(changes_kept(), [("ready", "1", 1)]))


async def test_a_slot_told_again_replaces_and_a_presence_told_again_is_no_change(start: Start) -> None:
    """The last telling of an hour counts; a document that says what was known says nothing."""
    worker = await start()
    for told in (slot(1, 5), slot(2, 6), slot(1, 7), presence(NOON), presence(NOON + 9_000), presence(NOON + 18_000, profile=2)):
        worker.road.tell(told)
    await until(lambda: _is(slots_kept(), [("1", 7), ("2", 6)]))
    await until(lambda: _is(changes_kept(), [("ready", "1", 1), ("ready", "2", 1)]))


async def test_one_call_that_can_never_be_kept_stands_in_nobodys_way(start: Start) -> None:
    """It is set aside and counted, its neighbours are kept, and the next holder of the source tries it again."""
    worker = await start()
    bad = replace(plain(0), id_call="x" * 600)
    await worker.hear(*(plain(n) for n in range(1, 40)), bad, *(plain(n) for n in range(40, 60)))
    await until(lambda: _is(worker.keeping.unkept.number(), 0))
    assert (await count(), await worker.keeping.unkept.aside()) == (59, 1)
    assert await worker.store.entries(ORGANISATION, f"quarantined:{SOURCE}") == {"not_archived": "1"}
    await worker.die()
    second = await start()
    await until(lambda: _is(second.store.entries(ORGANISATION, f"quarantined:{SOURCE}"), {"not_archived": "2"}))
    assert await second.keeping.unkept.aside() == 1
    assert second.shelf.asked == 1


async def test_a_record_that_cannot_be_read_is_counted_and_left(start: Start) -> None:
    """A newer version's writing, perhaps: the call waits aside for who can read it, and the others are kept."""
    cut = CutShelf()
    cut.cut = True
    worker = await start(cut)
    await worker.hear(plain(1), plain(2))
    await worker.store.connection.client.hset(keys.key(ORGANISATION, "r", f"{SOURCE}/call-1"), "r", b"\xc1")
    await worker.store.connection.client.delete(keys.key(ORGANISATION, "r", f"{SOURCE}/call-3"))
    await worker.store.connection.client.zadd(keys.key(ORGANISATION, "unkept", SOURCE), {"call-3": 1})
    cut.cut = False
    await until(lambda: _is(worker.keeping.unkept.number(), 0))
    assert (await count(), await worker.keeping.unkept.aside()) == (1, 1)


async def test_what_one_worker_holds_while_redis_is_away_is_bounded(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go."""
    worker = await start()
    monkeypatch.setattr(keeping, "MOST_IN_MEMORY", 5)
    worker.road.slots[:] = [slot(n) for n in range(9)]
    await worker.keeping.last_words()
    await until(lambda: _is(slots_kept(), [(str(n), 600_000) for n in range(4, 9)]))


@pytest.mark.fault("C10")
async def test_records_that_wait_for_the_database_do_not_expire(start: Start) -> None:
    """Held from the first fault on, and every hour; the refused ones too."""
    cut = CutShelf()
    worker = await start(cut)
    await worker.hear(replace(plain(0), id_call="x" * 600))
    await until(lambda: _is(worker.keeping.unkept.aside(), 1))
    cut.cut = True
    await worker.hear(plain(1))
    names = [keys.key(ORGANISATION, "r", f"{SOURCE}/{id_call}") for id_call in ("call-1", "x" * 600)]
    client = worker.store.connection.client
    for name in names:
        await client.expire(name, 60)
    worker.keeping._held_at -= keeping.HOLD_EVERY_S

    async def held() -> bool:
        return min([await client.ttl(name) for name in names]) > 3600

    await until(held)


async def _is(asked: object, expected: object) -> bool:
    return await asked == expected  # type: ignore[misc]
