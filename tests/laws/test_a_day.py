"""The law on whole days: for any order, duplication, restart and re-seed, live equals the slow computation."""

import random

import pytest

from tests.laws.road import Bench, rules_of
from tests.oracle.compare import differences
from tests.oracle.days import day
from tests.oracle.slow import live
from tests.upstream.play import disordered

pytestmark = [pytest.mark.asyncio, pytest.mark.engines]


@pytest.mark.parametrize("seed", range(6))
async def test_a_day_sent_in_disorder_and_twice_gives_the_numbers_of_its_final_documents(redis_server: str, seed: int) -> None:
    """Duplicates and disorder inside a second change nothing."""
    today = day(seed, n_calls=120)
    bench = Bench(redis_server, today.timezone, rules_of(today.settings))
    await bench.worker()
    order = disordered(today.frames(), random.Random(seed), duplicates=0.15)
    for at in range(0, len(order), 50):
        bench.hear(order[at : at + 50])
        await bench.flush()
    expected = live(today.documents(), as_of_ms=today.now_ms, timezone=today.timezone, settings=today.settings)
    found = differences(expected, await bench.answer(today.now_ms))
    await bench.close()
    assert set(bench.faults) <= {"unknown_enum"}
    assert not found, "\n".join(found[:40])
