"""Browsers that do not keep up, at a real Daphne: paused after five seconds, brought up to date by one message, closed after twenty."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import websockets

from tests.push.web import Server, serving


@pytest.fixture
async def web(var_dir: Path, free_port: int) -> AsyncIterator[Server]:
    """A real web process."""
    async with serving(var_dir, free_port) as found:
        yield found


@pytest.mark.fault("D1", "D2")
@pytest.mark.slow
async def test_those_who_do_not_acknowledge_wait_and_those_who_do_go_on(web: Server) -> None:
    started = time.monotonic()
    counts = {"good": 0, "silent": 0, "chatty": 0}
    late: dict[str, list[float]] = {"silent": [], "chatty": []}
    closed: dict[str, tuple[int, float]] = {}
    back: list[dict[str, Any]] = []

    async def good() -> None:
        async with web.browser() as socket:
            async for text in socket:
                message = json.loads(text)
                counts["good"] += 1
                await socket.send(json.dumps({"type": "ack", "version": message.get("to", message.get("version"))}))

    async def bad(name: str) -> None:
        async with web.browser() as socket:
            first: int | None = None
            try:
                async for text in socket:
                    message = json.loads(text)
                    first = message["version"] if first is None else first
                    counts[name] += 1
                    late[name].append(time.monotonic() - started)
                    if name == "chatty":
                        await socket.send(json.dumps({"type": "ack", "version": 0 if counts[name] > 1 else first}))
            except websockets.ConnectionClosed:
                pass
            closed[name] = (socket.close_code or 0, time.monotonic() - started)

    async def absent_minded() -> None:
        """Reads, forgets to acknowledge for eight seconds, then does."""
        async with web.browser() as socket:
            version = json.loads(await socket.recv())["version"]
            until = time.monotonic() + 8
            while time.monotonic() < until:
                try:
                    version = json.loads(await asyncio.wait_for(socket.recv(), 0.5))["to"]
                except TimeoutError:
                    continue
            await socket.send(json.dumps({"type": "ack", "version": version}))
            back.append({**json.loads(await asyncio.wait_for(socket.recv(), 10)), "expected": version})

    async def floor() -> None:
        for number in range(1000):
            await web.change(number)
            await asyncio.sleep(0.3)

    tasks = [asyncio.create_task(each) for each in (good(), bad("silent"), bad("chatty"), absent_minded(), floor())]
    try:
        while len(closed) < 2:
            assert time.monotonic() - started < 40
            await asyncio.sleep(0.2)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert closed["silent"][0] == 4008
    assert 19 <= closed["silent"][1] <= 24
    assert max(late["silent"]) < 7, "nothing more after five seconds without an acknowledgement"
    assert closed["chatty"][0] == 4008
    assert max(late["chatty"]) < 8, "repeating an old acknowledgement feeds nobody"
    assert counts["good"] > 3 * counts["silent"], "the others go on meanwhile"
    assert back[0]["type"] == "patch"
    assert back[0]["from"] == back[0]["expected"], "one message continues where it stopped"
    assert back[0]["values"]["site"]["waiting"] > 10
