"""A web process that is replaced: screens are told, spread out, and back in time; nobody who looks at a page sees an error."""

import asyncio
import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest
import websockets

from tests.delivery.conftest import Gather
from tests.push.web import START_S, Server
from wallboard.push import drain

LATE_AT_MOST_S = 5.0


@contextmanager
def looking(web: Server, seen: list[int]) -> Iterator[None]:
    """Somebody who opens the board's page again and again, each time by a new connection."""
    over = Event()

    def look() -> None:
        while not over.wait(0.05):
            try:
                seen.append(web.get("/boards/team/", 30, Cookie=f"wb_screen_team={web.key}")[0])
            except OSError:
                seen.append(0)

    thread = Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(40)


@pytest.mark.fault("C13", "D6")
@pytest.mark.timeout(90)
async def test_sigterm_is_told_to_every_screen_and_pages_wait_for_the_next_process(web: Server, gather: Gather) -> None:
    """4012 to each, an end in time, and everybody back at the next process without having been refused."""
    screens = await gather(150)
    assert (await screens("storm"))["live"] == 150
    assert web.get("/boards/team/", Cookie=f"wb_screen_team={web.key}")[0] == 200
    seen: list[int] = []
    with looking(web, seen):
        began = time.monotonic()
        await asyncio.to_thread(web.end, signal.SIGTERM)
        took = time.monotonic() - began
        web.begin()
        assert (await asyncio.to_thread(web.get, "/healthz", 30))[0] == 200
        up = time.monotonic()
        told = await screens("meet")
        back = time.monotonic() - up
        await asyncio.sleep(0.5)
    assert took < 3.0, "`up` gives its children three seconds"
    assert told["live"] == 150
    assert back < LATE_AT_MOST_S
    assert set(told["statuses"]) <= {"101"}
    assert seen
    assert set(seen) == {200}, "an answer that was begun is finished, and who comes meanwhile waits"


@pytest.mark.fault("C13")
@pytest.mark.timeout(60)
async def test_the_word_before_the_end_is_come_again(web: Server) -> None:
    """A browser is told 4012, not nothing: a connection that merely breaks is what a fault looks like."""
    async with web.browser() as one, web.browser() as two:
        for socket in (one, two):
            assert json.loads(await socket.recv())["type"] == "snapshot"
        assert web.process is not None
        web.process.send_signal(signal.SIGTERM)
        for socket in (one, two):
            await asyncio.wait_for(socket.wait_closed(), 5)
            assert socket.close_code == 4012
        await asyncio.to_thread(web.process.wait, 5)


@pytest.mark.heavy
@pytest.mark.fault("C13")
@pytest.mark.timeout(90)
async def test_a_drain_lets_screens_go_at_its_pace_and_sends_newcomers_on(web: Server, gather: Gather) -> None:
    """First the balancer is told, then the screens, then the one who ordered it."""
    screens = await gather(100)
    assert (await screens("storm"))["live"] == 100
    assert json.loads(web.get("/readyz")[1])["status"] != "draining"
    drain = web.manage("drain", "--per-second", "50", "--after", "5")
    deadline = time.monotonic() + 20
    while json.loads((await asyncio.to_thread(web.get, "/readyz"))[1])["status"] != "draining":
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    assert (await screens("look"))["live"] == 100, "the balancer is told before the screens are"
    began = time.monotonic()
    output = await asyncio.to_thread(drain.communicate, None, 30)
    took = time.monotonic() - began
    assert drain.returncode == 0, output
    assert "Every screen was told" in output[0]
    assert took > 100 / 50 * 0.8, "spread over its pace"
    told = await screens("look")
    assert set(told["codes"]) == {"4012"}
    assert told["errors"] == {}
    async with websockets.connect(web.address, additional_headers={"Cookie": web.cookie}) as newcomer:
        await newcomer.wait_closed()
        assert newcomer.close_code == 4012
    assert web.get("/readyz")[0] == 503
    assert web.get("/boards/team/", Cookie=f"wb_screen_team={web.key}")[0] == 200, "a page is drawn as long as we live"
    # Another process, or this one after a change of mind.
    assert await asyncio.to_thread(lambda: web.manage("drain", "--cancel").wait(20)) == 0
    told = await screens("meet")
    assert told["live"] == 100


@pytest.mark.fault("C13", "C9")
async def test_an_order_is_not_for_the_processes_that_come_after_it(web: Server) -> None:
    """It is found by looking, so that it needs no Redis; and the next process lets everybody in, though nobody took it back."""
    async with web.browser() as before:
        await before.recv()
        assert web.redis is not None
        web.redis.kill()
        drain.give(web.var_dir, after_s=0)
        await asyncio.wait_for(before.wait_closed(), 5)
        assert before.close_code == 4012
    await asyncio.to_thread(web.end, signal.SIGTERM)
    web.begin()
    async with asyncio.timeout(START_S), web.browser() as after:
        assert json.loads(await after.recv())["type"] == "snapshot"
