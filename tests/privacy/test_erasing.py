"""A person who was erased is nowhere any more: archive, live store, files; and does not come back with what is told again."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.db import OperationalError, connection
from django.utils import timezone

from stats.clock import now_ms
from stats.domain.forgetting import agents_of, numbers_of
from stats.domain.merge import FRAME, Told
from stats.domain.periods import business_day
from stats.domain.records import AgentPresence, Call, Party, PresenceSlot, ProfileUse
from stats.history.archive import archived, keep
from stats.history.changes import upsert_changes
from stats.history.erasing import Person, agent_keys, calls_of, erase_agent, erase_number
from stats.history.marks import read_erased
from stats.history.shelf import let_go
from stats.history.slots import upsert_slots
from stats.history.tables import ArchivedCall, ArchivedOffer, PresenceChange
from stats.history.telling import Telling
from stats.live import keys
from stats.live.forgetting import calls_with
from stats.models import ErasedNumber, Organisation, PresenceSlotRow
from stats.vault import number_mark
from tests.history.calls import NOON, SOURCE, plain
from tests.history.keepers import Worker, until
from tests.privacy.people import change

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True), pytest.mark.engines]
CANARY, OTHER = "+46701740688", "+46701740677"


@pytest_asyncio.fixture
async def worker(redis_server: str) -> AsyncIterator[Worker]:
    """A road on a real Redis, and its keeping."""
    await _asked(Organisation.objects.get_or_create)(slug="default", defaults={"name": "Test"})
    worker = Worker(redis_server)
    await worker.begin()
    yield worker
    await worker.die()
    await let_go()


def _asked(question: Any) -> Any:
    return sync_to_async(question, thread_sensitive=True)


def from_(number: str, place: int, at: int | None = None) -> Call:
    """An ended call of this caller, with the number in every part of it."""
    call = plain(place, at or now_ms() - 600_000, answered=False)
    assert call.journey is not None
    return replace(
        call,
        journey=replace(call.journey, number=number),
        visits=tuple(replace(visit, number=number) for visit in call.visits),
        offers=tuple(replace(offer, number=number) for offer in call.offers),
    )


async def redis_bytes(worker: Worker) -> bytes:
    """Everything the server holds, as it would dump it, and in clear."""
    client = worker.store.connection.client
    found = b""
    for name in await client.keys("*"):
        kind = await client.type(name)
        value: Any = b""
        if kind == b"hash":
            value = await client.hgetall(name)
        elif kind == b"zset":
            value = await client.zrange(name, 0, -1, withscores=True)
        elif kind == b"set":
            value = await client.smembers(name)
        elif kind == b"list":
            value = await client.lrange(name, 0, -1)
        elif kind == b"stream":
            value = await client.xrange(name)
        elif kind == b"string":
            value = await client.get(name)
        found += repr((name, value)).encode()
    return found


def database_text() -> str:
    """Every row of every table."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            found.append(repr(cursor.fetchall()))
    return "\n".join(found)


def erase(number: str) -> Any:
    """From a page or a command."""
    return erase_number(Organisation.objects.get(slug="default"), number)


async def follow(worker: Worker) -> None:
    """What the supervisor does when the configuration says that somebody was erased."""
    worker.road.erasure.follow(await _asked(read_erased)("default"))
    if worker.road.erasure.wanted:
        await worker.road.erasure.clean(worker.road)


async def test_an_erased_number_is_nowhere_and_others_stay(worker: Worker) -> None:
    """In the archive, in the store's records, and in what a day says of its callers, even where the record itself has gone."""
    await worker.hear(from_(CANARY, 1), from_(CANARY, 2), from_(OTHER, 3))
    await until(lambda: _asked(ArchivedCall.objects.count)(), 20)
    await until(_is_kept(3))
    client = worker.store.connection.client
    await client.delete(keys.key("default", "r", f"{SOURCE}/call-2"))
    del worker.road.calls["call-2"]
    assert CANARY.encode() in await redis_bytes(worker)
    assert CANARY in await _asked(database_text)()

    assert await _asked(erase)(CANARY) == {"calls": 2}
    await follow(worker)
    assert CANARY.encode() not in await redis_bytes(worker)
    await until(_is_kept(3))
    found = await _asked(database_text)()
    assert CANARY not in found
    assert OTHER in found
    assert OTHER.encode() in await redis_bytes(worker)
    assert await calls_with(worker.store, "default", lambda number: number == CANARY) == []


def _is_kept(number: int) -> Any:
    async def kept() -> bool:
        return bool(await _asked(ArchivedCall.objects.count)() == number)

    return kept


async def test_an_erased_number_does_not_come_back_with_what_is_told_again(worker: Worker) -> None:
    """By the vendor's history, by a late frame, or by a worker that had not heard of it yet."""
    call = from_(CANARY, 1)
    await worker.hear(call)
    await until(_is_kept(1))
    await _asked(erase)(CANARY)
    # A worker that does not know it yet keeps what it read before.
    await _asked(keep)("default", SOURCE, [Telling(call, "another life", 99)], now_ms())
    assert CANARY not in await _asked(database_text)()
    await follow(worker)
    worker.road.tell(replace(call, id_call="call-9"), Told("historic", 1_000), now_ms())
    worker.road.tell(call, FRAME, now_ms())
    await worker.hear()
    assert CANARY.encode() not in await redis_bytes(worker)
    await until(_is_kept(2))
    assert CANARY not in await _asked(database_text)()


async def test_a_call_that_was_kept_uncleaned_loses_the_number_when_it_is_told_anew(worker: Worker) -> None:
    """Kept with the number, by whatever way: the next telling that is merged into it brings nothing back."""
    call = from_(CANARY, 1)
    await _asked(keep)("default", SOURCE, [Telling(call)], now_ms())
    mark, until = number_mark("default", CANARY), timezone.now() + timedelta(days=1)
    organisation = await Organisation.objects.aget(slug="default")
    await ErasedNumber.objects.acreate(organisation=organisation, mark=mark, until=until)
    assert CANARY in await _asked(database_text)()
    assert call.journey is not None
    bare = replace(call, journey=replace(call.journey, number=None), visits=(), offers=())
    await _asked(keep)("default", SOURCE, [Telling(bare, "another life", 7)], now_ms())
    assert CANARY not in await _asked(database_text)()


async def test_a_worker_that_was_away_cleans_when_it_begins(worker: Worker, redis_server: str) -> None:
    """The mark waits for it in the configuration."""
    await worker.hear(from_(CANARY, 1))
    await until(_is_kept(1))
    await worker.die()
    await _asked(erase)(CANARY)
    next_one = Worker(redis_server)
    await next_one.begin()
    assert CANARY.encode() in await redis_bytes(next_one)
    await follow(next_one)
    assert CANARY.encode() not in await redis_bytes(next_one)
    await next_one.die()


async def test_a_session_follows_what_was_erased_while_it_runs(worker: Worker, redis_server: str) -> None:
    """The road's wish to clean wakes the flusher; here by the same two calls as the session makes."""
    await worker.hear(from_(CANARY, 1))
    await _asked(erase)(CANARY)
    worker.road.erasure.follow(await _asked(read_erased)("default"))
    assert worker.road.erasure.wanted
    worker.road.erasure.follow(await _asked(read_erased)("default"))
    assert worker.road.erasure.wanted, "asked for twice is still wanted"
    assert await worker.road.erasure.clean(worker.road) == 1
    assert not worker.road.erasure.wanted


async def test_an_erased_agent_is_a_pseudonym_everywhere(worker: Worker) -> None:
    """In calls, rings, changes and hours of presence; in the live directory and the live presence; by id, account and name."""
    anna = Party(id=111834, account_id=998877, name="Anna Canary")
    call = plain(1, now_ms() - 600_000)
    told = replace(call.offers[0], agent=anna)
    bare = replace(call.offers[0], agent=Party(account_id=998877), began_at=(call.offers[0].began_at or 0) + 20_000)
    other = plain(3, now_ms() - 700_000)
    await worker.hear(replace(call, offers=(told, bare)), other)
    # Once more by an equal object, as every frame brings one.
    await worker.hear(replace(other, offers=(replace(other.offers[0], agent=replace(other.offers[0].agent)),)))
    presence = AgentPresence(source=SOURCE, agent=anna, status="available", profile_id=1, status_message="at the dentist", told_at=now_ms())
    worker.road.tell(presence, FRAME, now_ms())
    await worker.hear()
    use = ProfileUse(profile_id=5, name="Lunch", available=False, usage_ms=600_000)
    hour = PresenceSlot(source=SOURCE, agent=anna, start=NOON, end=NOON + 3_600_000, profiles=(use,))
    await _asked(upsert_slots)("default", [hour])
    await _asked(upsert_changes)("default", [change("111834", NOON)])
    await until(_is_kept(2))
    found = await _asked(agent_keys)("default", "111834")
    assert set(found) == {"111834", "a:998877"}

    organisation = await _asked(Organisation.objects.get)(slug="default")
    name, counts = await _asked(erase_agent)(organisation, found)
    assert (counts["calls"], counts["offers"], counts["hours"]) == (1, 2, 1)
    assert counts["presence"] >= 1
    await follow(worker)
    await until(lambda: _asked(lambda: "Anna Canary" not in database_text())())
    text, held = await _asked(database_text)(), await redis_bytes(worker)
    for trace in ("Anna Canary", "111834", "998877", "at the dentist"):
        assert trace not in text, trace
    for trace in ("Anna Canary", "998877", "at the dentist"):
        assert trace.encode() not in held, trace
    # Of the id the day's sums remain, which are nothing now, and go by themselves.
    day = await worker.store.agent_sums("default", business_day(now_ms(), "Europe/Stockholm"), ["111834"])
    assert set(day["111834"].values()) <= {0}
    await _asked(upsert_changes)("default", [change("111834", NOON + 9)])
    await _asked(upsert_slots)("default", [replace(hour, start=NOON + 3_600_000)])
    assert name in text
    kept = await _asked(archived)("default", SOURCE, "call-1")
    assert kept is not None
    assert {party.name for party in agents_of(kept)} == {name}
    key = f"n:{name}"
    assert set(await _asked(lambda: list(ArchivedOffer.objects.values_list("agent", flat=True)))()) == {key, "4"}
    assert set(await _asked(lambda: list(PresenceSlotRow.objects.values_list("agent", "agent_name")))()) == {(key, name)}
    assert set(await _asked(lambda: list(PresenceChange.objects.values_list("agent", flat=True)))()) == {key}

    colleagues = await worker.store.entries("default", "agents")
    assert "4" in colleagues, "nobody else is touched"
    assert worker.road.erasure.of(other) is other

    worker.road.tell(replace(presence, told_at=now_ms() + 5_000), FRAME, now_ms())
    await worker.hear(replace(plain(2, now_ms() - 500_000), offers=(told,)))
    assert b"Anna Canary" not in await redis_bytes(worker)


async def test_only_whose_name_it_is_is_found(worker: Worker) -> None:
    """11183 is no 111834, and a number in a name is no number."""
    await worker.hear(
        replace(plain(1), offers=(replace(plain(1).offers[0], agent=Party(id=1118341)),)),
        from_(CANARY + "9", 2, NOON),
    )
    await until(_is_kept(2))
    assert await _asked(lambda: list(calls_of("default", Person(agents=("111834",)))))() == []
    assert await _asked(lambda: list(calls_of("default", Person(number=CANARY))))() == []
    assert await _asked(erase)(CANARY) == {"calls": 0}
    kept = await _asked(archived)("default", SOURCE, "call-2")
    assert kept is not None
    assert set(numbers_of(kept)) == {CANARY + "9"}


async def test_two_tellings_at_once_leave_no_number(worker: Worker) -> None:
    """Erasing while the archive is being written: whichever comes last, the number is gone."""
    calls = [from_(CANARY, n) for n in range(40)]
    await worker.hear(*calls)
    keeping = [
        sync_to_async(_patient(keep), thread_sensitive=False)("default", SOURCE, [Telling(call, f"life {n}", n)], now_ms())
        for n, call in enumerate(calls[:10])
    ]
    await asyncio.gather(_asked(_patient(erase))(CANARY), *keeping)
    await follow(worker)
    await until(_is_kept(40))
    assert CANARY not in await _asked(database_text)()


def _patient(question: Any) -> Any:
    """The tests' SQLite lies in memory, where nobody waits for a lock: whoever meets one comes again."""

    def asked(*words: Any) -> Any:
        for _ in range(200):
            try:
                return question(*words)
            except OperationalError:
                connection.close()
                time.sleep(0.02)
        return question(*words)

    return asked
