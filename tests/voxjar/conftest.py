"""A Voxjar look-alike on the loopback, and a sink that speaks to it."""

from collections.abc import AsyncIterator

import pytest_asyncio

from stats.providers.base import SourceConfig
from stats.providers.voxjar.simulator import VoxjarSimulator
from stats.providers.voxjar.sink import VoxjarSink


def config(simulator: VoxjarSimulator, **more: str) -> SourceConfig:
    """How the look-alike is reached."""
    return SourceConfig(**{"name": "voxjar", "live_url": simulator.url, "historic_url": "", "token": simulator.token, **more})


@pytest_asyncio.fixture
async def simulator() -> AsyncIterator[VoxjarSimulator]:
    """With nobody else's calls."""
    async with VoxjarSimulator() as playing:
        yield playing


@pytest_asyncio.fixture
async def sink(simulator: VoxjarSimulator) -> AsyncIterator[VoxjarSink]:
    """Ours."""
    opened = VoxjarSink(config(simulator))
    yield opened
    await opened.close()
