"""Whoever is told to stop while asking the store stops: the client library alone would lose some of the orders."""

import asyncio
import random

import pytest

from stats.domain.metrics import CountingRules
from stats.live.board_store import Store
from tests.laws.watched import watched

pytestmark = pytest.mark.asyncio


@pytest.mark.fault("C3")
async def test_a_cancelled_question_is_always_cancelled(redis_server: str) -> None:
    """At every step of a question, many times over."""
    rng, store, lost = random.Random(3), Store(redis_server), 0
    arrived = 0

    async def ask() -> None:
        nonlocal arrived
        await store.connection.ask(store.connection.client.get("x"))
        arrived += 1
        await asyncio.sleep(0.02)

    for _ in range(300):
        asking = asyncio.create_task(ask())
        for _ in range(rng.randrange(0, 25)):
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait([asking])
        lost += not asking.cancelled()
    assert lost == 0
    assert arrived, "nothing was ever asked"
    await store.close()


@pytest.mark.fault("C3")
async def test_a_session_ends_at_whatever_moment_of_its_beginning_it_is_told_to(redis_server: str) -> None:
    """And lets its lease go, so that the next one begins at once."""
    rng = random.Random(3)
    async with watched(redis_server, CountingRules()) as watch:
        for _ in range(25):
            await watch.begin()
            await asyncio.sleep(rng.choice([0, 0.001, 0.003, 0.01, 0.03, 0.1]))
            assert watch.task is not None
            watch.task.cancel()
            _, pending = await asyncio.wait([watch.task], timeout=5)
            assert not pending
            if await watch.store.connection.client.get("wb:{default}:lease:telavox"):  # told before it began: nobody to let it go
                await watch.store.connection.client.delete("wb:{default}:lease:telavox")
            watch.task = None
