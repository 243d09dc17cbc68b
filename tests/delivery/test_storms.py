"""Screens that come back all at once, from one address with one key: all live in time, no error, and no memory kept."""

import asyncio

import pytest

from tests.delivery.conftest import Gather
from tests.push.web import Server

LIVE_WITHIN_S = 15.0


async def busy(web: Server, from_: int, seconds: float) -> None:
    """The floor goes on."""
    for number in range(round(seconds / 0.3)):
        await web.change(from_ + number)
        await asyncio.sleep(0.3)


@pytest.mark.fault("D6", "C8")
async def test_two_hundred_screens_of_one_key_come_back_at_once(web: Server, gather: Gather) -> None:
    """Every one is shown the board and hears the next change; nobody is refused."""
    storm = await gather(200)
    for _ in range(2):
        told = await storm("storm")
        assert told["statuses"] == {"101": 200}
        assert told["live"] == 200
        assert told["slowest_s"] < LIVE_WITHIN_S
        assert told["codes"] == told["errors"] == {}
    await busy(web, 0, 1.0)
    await asyncio.sleep(0.5)
    told = await storm("look")
    assert told["heard_within_s"] < 5, "nobody was forgotten"


@pytest.mark.heavy
@pytest.mark.fault("D6", "C8", "C14")
@pytest.mark.timeout(150)
async def test_a_thousand_screens_are_live_within_fifteen_seconds_three_times_over(web: Server, gather: Gather) -> None:
    """While the floor is busy; and the memory they took is given back."""
    storm = await gather(1000)
    memory = []
    for number in range(4):
        floor = asyncio.create_task(busy(web, number * 1000, 60.0))
        told = await storm("storm")
        assert told["statuses"] == {"101": 1000}, "no 5xx, and nothing else either"
        assert told["live"] == 1000
        assert told["slowest_s"] < LIVE_WITHIN_S
        assert told["codes"] == told["errors"] == {}
        await asyncio.sleep(4)
        floor.cancel()
        told = await storm("look")
        assert told["live"] == 1000
        memory.append(web.rss())
    # The first is what a thousand screens cost; three storms later it is the same.
    assert memory[-1] < memory[0] * 1.15, memory
    full = web.descriptors()
    await storm("part")
    await asyncio.sleep(6)
    assert web.descriptors() < full - 990
    assert web.rss() < memory[0], (web.rss(), memory)
