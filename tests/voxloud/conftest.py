"""A Voxloud look-alike on the loopback, and a provider that speaks to it."""

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio
from aiohttp import web

from stats.providers.voxloud.provider import VoxloudProvider
from stats.providers.voxloud.simulator import VoxloudSimulator
from stats.providers.voxloud.simulator.documents import Document
from tests.voxloud.telling import provider


def user(ext: int, first: str, last: str) -> Document:
    """A user of the vendor's list."""
    did = {"number": "+46846500498", "label": "Huvudnummer"}
    cli = {"outbound_did": did, "available_dids": [did]}
    return {"id": f"u{ext}", "first_name": first, "last_name": last, "extension_number": ext, "outbound_cli": cli}


@pytest_asyncio.fixture
async def house() -> AsyncIterator[VoxloudSimulator]:
    """With two users, and nobody calling."""
    async with VoxloudSimulator(start=False) as playing:
        playing.others = [user(101, "Anna", "Andersson"), user(102, "Bo", "Berg")]
        yield playing


@pytest_asyncio.fixture
async def vendor(house: VoxloudSimulator) -> AsyncIterator[VoxloudProvider]:
    """Ours."""
    opened = provider(house.api_url)
    yield opened
    await opened.close()


class Ear:
    """Whoever is posted to. `refusals`: statuses to answer first."""

    def __init__(self) -> None:
        self.got: list[Document] = []
        self.refusals: list[int] = []
        self.url = ""
        self._more = asyncio.Condition()

    async def take(self, request: web.Request) -> web.Response:
        """One post."""
        if self.refusals:
            return web.Response(status=self.refusals.pop())
        async with self._more:
            self.got.append(await request.json())
            self._more.notify_all()
        return web.Response()

    async def until(self, kind: str, number: int = 1) -> None:
        """So many of a kind have come."""
        async with asyncio.timeout(15), self._more:
            await self._more.wait_for(lambda: [each.get("type") for each in self.got].count(kind) >= number)


@pytest_asyncio.fixture
async def ear() -> AsyncIterator[Ear]:
    """On the loopback."""
    hearing = Ear()
    app = web.Application()
    app.router.add_post("/hook", hearing.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hearing.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield hearing
    await runner.cleanup()
