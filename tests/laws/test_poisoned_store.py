"""What the store holds may be unreadable: it is unknown then, and nothing else with it."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from stats.clock import now_ms
from stats.domain.errors import Malformed
from stats.domain.periods import business_day
from stats.live import codec, keys
from stats.live.board_store import Store
from tests.laws.road import ORGANISATION, SOURCE, Bench, rules_of
from tests.laws.test_any_order import empty, expect
from tests.oracle.days import day

JUNK = [
    b"",
    b"junk",
    b"\xc1",
    msgspec.msgpack.encode([]),
    msgspec.msgpack.encode([1, 2, 3]),
    msgspec.msgpack.encode(7),
    b"[]",
    b'{"a":1}',
    b"[1,[]]",
]


def on_the_way(redis_server: str, poison: Callable[[Store], Awaitable[None]]) -> None:
    """A worker stops in the middle of a day, the store is spoilt, another worker begins and the day is told from its start."""

    async def law() -> None:
        today = day(31, n_calls=14, n_agents=5, n_queues=3)
        bench = Bench(redis_server, today.timezone, rules_of(today.settings))
        await empty(bench)
        await bench.worker()
        frames = today.frames()
        bench.hear(frames[: len(frames) // 2])
        await bench.flush()
        await poison(bench.store)
        await bench.worker()
        bench.hear(frames)
        async with asyncio.timeout(30):
            await bench.flush()
        await bench.answer(today.now_ms)
        await expect(bench, today)
        await bench.close()

    asyncio.run(law())


@pytest.mark.parametrize("junk", JUNK)
def test_unreadable_calls_are_told_anew_and_counted_once(redis_server: str, junk: bytes) -> None:
    """Every record of a call is spoilt, what it showed is not: the next telling takes its place."""

    async def poison(store: Store) -> None:
        client = store.connection.client
        spoilt = 0
        async for name in client.scan_iter(match=keys.prefix(ORGANISATION) + "r:*"):
            await client.hset(name, "r", junk)
            spoilt += 1
        assert spoilt

    on_the_way(redis_server, poison)


def test_what_the_store_knows_of_a_queue_an_agent_and_a_source_may_be_unreadable(redis_server: str) -> None:
    """One entry of each small hash and one presence are junk: a worker begins, a reader reads, the rest is right."""

    async def law() -> None:
        today = day(31, n_calls=14, n_agents=5, n_queues=3)
        bench = Bench(redis_server, today.timezone, rules_of(today.settings))
        await empty(bench)
        await bench.worker()
        bench.hear(today.frames())
        await bench.flush()
        client = bench.store.connection.client
        for junk in (each for each in JUNK if each.isascii()):
            for name in (
                "queues",
                "agents",
                "presence",
                "risk",
                "sources",
                "living",
                f"callers:{business_day(today.now_ms, bench.timezone)}",
            ):
                await client.hset(keys.key(ORGANISATION, name), "junk", junk)
            bench.mirror.rev = -1
            await expect(bench, today)
            await bench.worker()
            await bench.flush()
            await expect(bench, today)
            assert not await client.hexists(keys.key(ORGANISATION, "presence"), "junk")
        await bench.close()

    asyncio.run(law())


@pytest.mark.parametrize("junk", JUNK)
def test_one_show_that_is_junk_does_not_stop_the_other_calls(redis_server: str, junk: bytes) -> None:
    """The script subtracts what it cannot read as nothing, and writes the rest of the batch."""

    async def law() -> None:
        today = day(31, n_calls=14, n_agents=5, n_queues=3)
        bench = Bench(redis_server, today.timezone, rules_of(today.settings))
        await empty(bench)
        await bench.worker()
        frames = today.frames()
        bench.hear(frames[: len(frames) // 2])
        await bench.flush()
        client = bench.store.connection.client
        names = [n async for n in client.scan_iter(match=keys.prefix(ORGANISATION) + "r:*")]
        await client.hset(names[0], "s", junk)
        bench.hear(frames)
        async with asyncio.timeout(30):
            await bench.flush()
        written = await bench.store.calls_between(ORGANISATION, 0, 1 << 50)
        assert {c.id_call for c in written} == {f.document["id_call"] for f in frames if "id_call" in f.document}
        await bench.close()

    asyncio.run(law())


def test_a_call_whose_record_went_by_itself_waits_no_longer(redis_server: str) -> None:
    """Records live for two days: after a long rest a call may be left in what lives now, and nowhere else."""

    async def law() -> None:
        bench = Bench(redis_server, "Europe/Stockholm", rules_of({}))
        await empty(bench)
        client = bench.store.connection.client
        gone = keys.call_reference(SOURCE, "gone")
        await client.hset(keys.key(ORGANISATION, "living"), gone, '[[["17", 1]],[]]')
        await bench.answer(now_ms())
        assert gone in bench.mirror.facts.living
        await bench.worker()
        await bench.flush()
        await bench.answer(now_ms())
        assert not bench.mirror.facts.living
        await bench.close()

    asyncio.run(law())


def test_junk_is_told_as_malformed_and_never_otherwise() -> None:
    """Every reader of stored bytes has one way out."""
    for junk in JUNK:
        for read in (codec.unpack_call, codec.unpack_presence, codec.unpack_party, codec.unpack_living, codec.unpack_caller):
            with pytest.raises(Malformed):
                read(junk)  # type: ignore[operator]
