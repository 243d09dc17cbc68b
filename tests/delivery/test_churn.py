"""Thousands of screens that come and go: descriptors, tasks and memory stay what they were."""

import asyncio
import re
from typing import Any

import pytest

from tests.delivery.crowd import Crowd
from tests.push.web import Server, behave

AT_A_TIME = 25


def held(web: Server) -> dict[str, float]:
    """What the web process says and shows of itself."""
    text = web.get("/metrics")[1]
    sockets = sum(float(found) for found in re.findall(r"^wallboard_browser_sockets\{[^}]*\} ([0-9.]+)", text, re.MULTILINE))
    return {"rss": web.rss(), "descriptors": web.descriptors(), "sockets": sockets}


async def come_and_go(web: Server, times: int, *, rude: bool) -> None:
    """So many screens, a few at a time, each just long enough for its snapshot; rude ones break their connection."""

    async def one() -> None:
        crowd = Crowd(web.address, web.cookie, 1)
        screen = crowd.screens[0]
        screen.dial()
        while screen.live_at is None:  # noqa: ASYNC110 (a raw socket's first message)
            await asyncio.sleep(0.005)
        if rude:
            screen.drop()
        else:
            assert screen.writer is not None
            screen.writer.close()
            screen.drop()

    for _ in range(times // AT_A_TIME):
        await asyncio.wait_for(asyncio.gather(*(one() for _ in range(AT_A_TIME))), 60)


@pytest.mark.heavy
@pytest.mark.fault("C14")
@pytest.mark.timeout(200)
async def test_five_thousand_comings_and_goings_leave_nothing_behind(web: Server) -> None:
    """The first two thousand fill what is kept on purpose; the next three thousand add nothing."""
    async with web.browser() as staying:
        heard: list[dict[str, Any]] = []
        task = asyncio.create_task(behave(staying, heard))
        await come_and_go(web, 2000, rude=True)
        await asyncio.sleep(5)
        before = held(web)
        for rude in (False, True, False):
            await come_and_go(web, 1000, rude=rude)
            await web.change(1)
        await asyncio.sleep(5)
        after = held(web)
        assert len(heard) >= 3
        assert not task.done(), "the one that stayed was not thrown out"
        task.cancel()
    print(before, after)
    assert after["sockets"] == 1
    assert abs(after["descriptors"] - before["descriptors"]) <= 5
    assert after["rss"] < before["rss"] * 1.04
