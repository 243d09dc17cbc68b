"""What the tests of delivery share: a real web process, and very many screens before it."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.push.web import ROOT, Server, serving

Order = Callable[[str], Awaitable[dict[str, Any]]]
Gather = Callable[[int], Awaitable[Order]]


@pytest.fixture
async def web(var_dir: Path, free_port: int) -> AsyncIterator[Server]:
    """A real web process, showing the team board."""
    async with serving(var_dir, free_port) as found:
        yield found


@pytest.fixture
async def gather(web: Server) -> AsyncIterator[Gather]:
    """Makes a crowd of so many screens in a process of its own, and gives the way to order it about."""
    crowds: list[asyncio.subprocess.Process] = []

    async def make(count: int) -> Order:
        crowd = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.delivery.crowd", web.address, web.cookie, str(count)),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        crowds.append(crowd)

        async def order(words: str) -> dict[str, Any]:
            assert crowd.stdin is not None
            assert crowd.stdout is not None
            crowd.stdin.write(words.encode() + b"\n")
            told: dict[str, Any] = json.loads(await asyncio.wait_for(crowd.stdout.readline(), 90))
            return told

        return order

    yield make
    for crowd in crowds:
        if crowd.returncode is None:
            crowd.kill()
        await crowd.wait()
