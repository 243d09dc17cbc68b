"""What was posted lies in Redis once, in order, within bounds, until the road has it."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
import redis as sync_redis

from stats.clock import now_ms
from stats.live import inbox as inboxes
from stats.live import keys
from stats.live.board_store import Store, StoreAway
from stats.live.inbox import Inbox, InboxFrames, Put

ORGANISATION, SOURCE = "default", "vendor"


@pytest_asyncio.fixture
async def inbox(redis_server: str) -> AsyncIterator[Inbox]:
    """An empty one."""
    store = Store(redis_server)
    yield Inbox(store, ORGANISATION, SOURCE)
    await store.close()


async def never_settled() -> None:
    """A store that takes nothing in."""
    await asyncio.Event().wait()


async def at_once() -> None:
    """A store that has everything."""


@pytest.mark.fault("E2")
async def test_the_same_id_is_taken_in_once_however_often_it_comes(inbox: Inbox) -> None:
    """In one step, in several, and by two web processes at once; what has no id is never taken for a repetition."""
    assert await inbox.put([("a", b"1"), ("a", b"1"), ("b", b"2"), (None, b"3"), (None, b"3")]) == [1, 0, 1, 1, 1]
    assert await inbox.put([("a", b"1"), ("c", b"4")]) == [0, 1]
    both = await asyncio.gather(*(inbox.put([("d", b"5")]) for _ in range(8)))
    assert sorted(outcome for [outcome] in both) == [0] * 7 + [1]
    assert [posted for _id, posted in await inbox.some()] == [b"1", b"2", b"3", b"3", b"4", b"5"]


@pytest.mark.fault("E4")
async def test_an_id_is_remembered_for_four_days_and_no_longer(inbox: Inbox) -> None:
    """Whatever day of Redis' clock it was seen on; the set of a day goes by itself."""
    seen = keys.key(ORGANISATION, "seen", SOURCE)
    with sync_redis.Redis.from_url(inbox.store.connection.url) as client:
        await inbox.put([("old", b"1")])
        today = client.time()[0] // 86_400
        [name] = [each.decode() for each in client.keys(f"{seen}:*")]
        assert name == f"{seen}:{today}"
        assert 5 * 86_400 < client.ttl(name) <= 6 * 86_400
        client.rename(name, f"{seen}:{today - 4}")
        assert await inbox.put([("old", b"1")]) == [Put.AGAIN]
        client.rename(f"{seen}:{today - 4}", f"{seen}:{today - 5}")
        assert await inbox.put([("old", b"1")]) == [Put.TAKEN]


async def test_a_full_inbox_takes_nothing_in_and_remembers_nothing_of_it(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """By entries and by bytes; room comes back as soon as something was read."""
    monkeypatch.setattr(keys, "INBOX_ENTRIES", 3)
    assert await inbox.put([(str(n), b"x") for n in range(4)]) == [1, 1, 1, -1]
    entries = await inbox.some()
    await inbox.done([number for number, _ in entries[:1]])
    assert await inbox.put([("3", b"x")]) == [Put.TAKEN], "what was refused may come again"
    await inbox.done([number for number, _ in await inbox.some()])
    monkeypatch.setattr(keys, "INBOX_BYTES", 10)
    assert await inbox.put([("4", b"x" * 6), ("5", b"x" * 5), ("6", b"x" * 4)]) == [1, -1, 1]
    await inbox.done([number for number, _ in await inbox.some()])
    assert await inbox.put([("5", b"x" * 10)]) == [Put.TAKEN]


@pytest.mark.fault("E5")
async def test_what_was_read_and_not_settled_is_read_again_by_the_next_holder(inbox: Inbox) -> None:
    """And what was settled is not."""
    await inbox.put([(str(n), str(n).encode()) for n in range(3)])
    first = aiter(InboxFrames(inbox, never_settled, now_ms))
    assert [await anext(first) for _ in range(3)] == [b"0", b"1", b"2"]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await anext(first)
    second = aiter(InboxFrames(inbox, at_once, now_ms))
    assert [await anext(second) for _ in range(3)] == [b"0", b"1", b"2"]
    waiting = asyncio.ensure_future(anext(second))
    await comes_down_to(inbox, 0)
    await inbox.put([("3", b"3")])
    assert await waiting == b"3"


async def test_a_reader_with_nothing_to_read_gives_signs_of_life_and_one_that_is_behind_gives_none(inbox: Inbox) -> None:
    """Else a board would be called live that shows what was posted a minute ago."""
    clock = iter(range(1_000, 2_000))
    frames = InboxFrames(inbox, at_once, lambda: next(clock))
    reading = asyncio.ensure_future(anext(aiter(frames)))
    born = frames.alive_at
    await until(lambda: frames.alive_at > born)
    await inbox.put([(None, b"x")] * (inboxes.AT_ONCE + 1))
    await reading
    behind = InboxFrames(inbox, at_once, lambda: next(clock))
    born, each = behind.alive_at, aiter(behind)
    for _ in range(inboxes.AT_ONCE):
        await anext(each)
    assert behind.alive_at == born, "more lies there than was read"
    await anext(each)
    last = asyncio.ensure_future(anext(each))
    await until(lambda: behind.alive_at > born)
    last.cancel()


async def test_an_inbox_that_cannot_be_asked_says_so_and_its_reader_goes_on_when_it_can(inbox: Inbox) -> None:
    """Another shape under its name stands for whatever may be wrong with Redis."""
    name = keys.key(ORGANISATION, "inbox", SOURCE)
    with sync_redis.Redis.from_url(inbox.store.connection.url) as client:
        client.set(name, "no stream")
        with pytest.raises(StoreAway):
            await inbox.put([("a", b"1")])
        with pytest.raises(StoreAway):
            await inbox.some()
        reading = asyncio.ensure_future(anext(aiter(InboxFrames(inbox, at_once, now_ms))))
        await asyncio.sleep(0.1)
        client.delete(name)
    assert await inbox.put([("a", b"1")]) == [Put.TAKEN]
    async with asyncio.timeout(5):
        assert await reading == b"1"


async def test_what_nobody_reads_does_not_lie_there_for_ever(inbox: Inbox) -> None:
    """A source that was taken away leaves nothing behind; one that is posted to keeps what it has."""
    with sync_redis.Redis.from_url(inbox.store.connection.url) as client:
        await inbox.put([("a", b"1")])
        names = client.keys("*")
        assert len(names) == 3
        for name in names:
            client.expire(name, 1_000)
        await inbox.put([("b", b"2")])
        assert all(49 * 3600 < client.ttl(name) <= 6 * 86_400 for name in names)


async def comes_down_to(inbox: Inbox, number: int) -> None:
    """Until so many lie there."""
    async with asyncio.timeout(5):
        while await inbox.number() != number:  # noqa: ASYNC110 (Redis tells nobody)
            await asyncio.sleep(0.01)


async def until(holds: Callable[[], bool]) -> None:
    """Until it is so."""
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 (a clock, not an event)
            await asyncio.sleep(0.01)
