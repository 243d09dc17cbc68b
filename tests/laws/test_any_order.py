"""The law for every order, duplication, restart, race and loss, on a real Redis."""

import asyncio
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from stats.ingest.pipeline import Fenced, Road
from tests.laws.road import Bench, rules_of
from tests.oracle.compare import differences
from tests.oracle.days import Day, day
from tests.oracle.slow import live
from tests.upstream.play import PRESENCE

EXAMPLES = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def shuffled(today: Day, order: int) -> list[Any]:
    """Every frame at least once in any order at all; the presence documents of one agent keep theirs."""
    frames, rng = today.frames(), random.Random(order)
    calls = [f for f in frames if f.datasource != PRESENCE]
    calls += rng.choices(calls, k=len(calls) // 4) if calls else []
    rng.shuffle(calls)
    return calls + [f for f in frames if f.datasource == PRESENCE]


async def expect(bench: Bench, today: Day) -> None:
    """The answer equals the slow computation."""
    expected = live(today.documents(), as_of_ms=today.now_ms, timezone=today.timezone, settings=today.settings)
    found = [d for d in differences(expected, await bench.answer(today.now_ms)) if ".state_since" not in d]
    assert not found, "\n".join(found[:20])


async def empty(bench: Bench) -> None:
    """A new, empty store."""
    await bench.store.connection.client.flushall()


@pytest.mark.fault("A6", "A7")
@EXAMPLES
@given(seed=st.integers(0, 10_000), order=st.integers(0, 10_000))
@example(seed=2849, order=0)  # back in the same queue in the very millisecond of leaving it, and answered there
def test_any_order_and_any_duplication_end_in_the_same_numbers(redis_server: str, seed: int, order: int) -> None:
    """Frames in any order whatever, some of them twice."""

    async def law() -> None:
        today = day(seed, n_calls=14, n_agents=5, n_queues=3)
        bench = Bench(redis_server, today.timezone, rules_of(today.settings))
        await empty(bench)
        await bench.worker()
        frames = shuffled(today, order)
        for at in range(0, len(frames), 17):
            bench.hear(frames[at : at + 17])
            await bench.flush()
        await expect(bench, today)
        await bench.close()

    asyncio.run(law())


@pytest.mark.fault("C1")
@EXAMPLES
@given(seed=st.integers(0, 10_000), cuts=st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_a_restart_before_any_frame_changes_nothing(redis_server: str, seed: int, cuts: list[float]) -> None:
    """A new worker begins with what the store holds; the frames since the last flush come again, as its predecessor lost them."""

    async def law() -> None:
        today = day(seed, n_calls=14, n_agents=5, n_queues=3)
        bench = Bench(redis_server, today.timezone, rules_of(today.settings))
        await empty(bench)
        await bench.worker()
        frames = today.frames()
        done = 0
        for cut in sorted(round(c * len(frames)) for c in cuts):
            bench.hear(frames[done:cut])
            await bench.flush()
            await bench.worker()
            done = max(0, cut - 3)
        bench.hear(frames[done:])
        await bench.flush()
        await expect(bench, today)
        await bench.close()

    asyncio.run(law())


@pytest.mark.fault("C2")
@EXAMPLES
@given(seed=st.integers(0, 10_000), order=st.integers(0, 10_000))
def test_two_racing_workers_count_everything_once_and_one_is_left(redis_server: str, seed: int, order: int) -> None:
    """Both hear every frame and both try to write; the lease passes from one to the other in the middle."""

    async def law() -> None:
        today = day(seed, n_calls=12, n_agents=4, n_queues=3)
        bench = Bench(redis_server, today.timezone, rules_of(today.settings))
        await empty(bench)
        first = await bench.worker()
        second: Road | None = None
        frames, dice = today.frames(), random.Random(order)
        takeover = dice.randrange(len(frames))
        for at, frame in enumerate(frames):
            if at == takeover:
                await first.flush()
                bench.hear(frames[at : at + 1], first)
                second = await bench.worker()
            bench.hear([frame], first)
            if second is not None:
                bench.hear([frame], second)
            for road in [first, second] if dice.random() < 0.5 else [second, first]:
                if road is not None and dice.random() < 0.4:
                    try:
                        await road.flush()
                    except Fenced:
                        assert road is first
        if second is not None:
            bench.road = second
            with pytest.raises(Fenced):
                await first.flush()
        await bench.flush()
        await expect(bench, today)
        await bench.close()

    asyncio.run(law())


@EXAMPLES
@given(seed=st.integers(0, 10_000), cut=st.floats(0, 1), emptied=st.booleans())
def test_a_store_that_lost_everything_is_told_everything_again(redis_server: str, seed: int, cut: float, emptied: bool) -> None:
    """FLUSHALL in the middle: the worker takes its lease again, tells what it holds, and the rest comes from frames and the past."""

    async def law() -> None:
        today = day(seed, n_calls=12, n_agents=4, n_queues=3)
        bench = Bench(redis_server, today.timezone, rules_of(today.settings))
        await empty(bench)
        road = await bench.worker()
        frames = today.frames()
        middle = round(cut * len(frames))
        bench.hear(frames[:middle])
        await bench.flush()
        before = (await bench.answer(today.now_ms))["site"]["today"]["offered"]
        if emptied:
            await empty(bench)
            await bench.lease.take()
            await bench.store.begin("default")
            bench.report()
        road.doubt()
        await bench.flush()
        assert (await bench.answer(today.now_ms))["site"]["today"]["offered"] == before
        bench.hear(frames[middle:])
        await bench.flush()
        await expect(bench, today)
        await bench.close()

    asyncio.run(law())
