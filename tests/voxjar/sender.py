"""A worker that sends to a place, cut short at will, and a vendor whose links to sound are good for one use."""

import asyncio
import resource
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from asgiref.sync import sync_to_async

from stats.clock import now_ms
from stats.domain.errors import Retry
from stats.domain.metrics import CountingRules
from stats.domain.notes import Recording
from stats.domain.records import Call
from stats.history import outbox
from stats.history.archive import keep
from stats.history.assignments import Assigned
from stats.history.notes import upsert_notes
from stats.history.outbox_tables import Upload
from stats.history.shelf import ask
from stats.history.telling import Telling
from stats.ingest.sink_standing import Paces
from stats.ingest.sinking import Sinking
from stats.live.board_store import Store
from stats.live.leases import Lease
from stats.providers.base import Sound
from stats.providers.voxjar.simulator import VoxjarSimulator
from tests.voxjar.parcels import SETTINGS, recorded, recording

ORGANISATION = "default"
QUICK = Paces(look=0.05, idle=0.02, read=0.05, refused=0.1, no_call=0.05, unsure=0.1, away=0.1, retries=(0.05,) * 6, reads=(0.05,) * 40)


class SoundHouse:
    """`size`: bytes of every sound. `fails`: how many of the next links are dead by the time they are used."""

    def __init__(self, size: int = 5_000) -> None:
        self.size, self.fails, self.minted = size, 0, 0
        self.tells_length = True
        self.open = False  # to links that another process made
        self._links: set[str] = set()
        self.url = ""

    async def give(self, request: web.Request) -> web.StreamResponse:
        """The sound, in pieces."""
        link = request.match_info["link"]
        if link not in self._links and not self.open:
            return web.Response(status=410)
        self._links.discard(link)
        if self.fails:
            self.fails -= 1
            return web.Response(status=403)
        response = web.StreamResponse(headers={"Content-Length": str(self.size)} if self.tells_length else {})
        await response.prepare(request)
        left = self.size
        while left:
            piece = min(left, 1 << 16)
            await response.write(b"s" * piece)
            left -= piece
        return response

    @asynccontextmanager
    async def sound(self, told: Recording) -> AsyncIterator[Sound]:
        """As a provider gives it: by a link that is made anew each time."""
        self.minted += 1
        link = secrets.token_hex(8)
        self._links.add(link)
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}/{link}") as response:
            if response.status != 200:
                raise Retry(f"http {response.status}")
            yield Sound(status=200, headers=dict(response.headers), chunks=response.content.iter_chunked(1 << 16))


@asynccontextmanager
async def sound_house(size: int = 5_000) -> AsyncIterator[SoundHouse]:
    """One that is open."""
    house = SoundHouse(size)
    app = web.Application()
    app.router.add_get("/{link}", house.give)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    house.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield house
    await runner.cleanup()


class Sender:
    """A worker's sending to the look-alike."""

    def __init__(
        self, redis: str, simulator: VoxjarSimulator, house: SoundHouse, settings: dict[str, Any], token: str, paces: Paces
    ) -> None:
        self.store = Store(redis)
        self.assignment = Assigned(
            organisation=ORGANISATION,
            timezone="Europe/Stockholm",
            provider="voxjar",
            name="voxjar",
            live_url=simulator.url,
            historic_url="",
            token=token or simulator.token,
            default_region="SE",
            rules=CountingRules(),
            settings={**SETTINGS, **settings},
        )
        lease = Lease(self.store, ORGANISATION, "voxjar")
        self._sinking = Sinking(self.assignment, lease, sound_of=house.sound, paces=paces)
        self._lease = lease
        self.task: asyncio.Task[None] | None = None

    async def begin(self) -> "Sender":
        """Take the place over."""
        assert await self._lease.take()
        self.task = asyncio.create_task(self._sinking.run())
        return self

    async def end(self) -> None:
        """As at the end of a process: whatever is under way is cut."""
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
        await self.store.close()


async def tell(*calls: Call, recordings: Sequence[Recording] | None = None) -> None:
    """Calls that are over, and their recordings, kept."""
    for call in calls:
        await ask(partial(keep, ORGANISATION, call.source, [Telling(call)], now_ms()))
    told = [recording(call.id_call, started_at=now_ms(), told_at=now_ms()) for call in calls] if recordings is None else recordings
    await ask(partial(upsert_notes, ORGANISATION, list(told)))


def now_recorded(place: int = 1, **told: Any) -> Call:
    """A call of just now."""
    return recorded(f"call-{place}", now_ms() - 80_000, **told)


async def rows() -> list[Upload]:
    """The outbox."""
    return await sync_to_async(lambda: list(Upload.objects.order_by("id_call", "recording_id")))()


async def until_state(state: str, number: int = 1, within_s: float = 20.0) -> list[Upload]:
    """Until so many are in this state; the whole outbox then."""
    found: list[Upload] = []
    async with asyncio.timeout(within_s):
        while sum(row.state == state for row in found) < number:
            await asyncio.sleep(0.03)
            found = await rows()
    return found


async def until(true: Callable[[], Any], within_s: float = 20.0) -> None:
    """Until it holds."""
    async with asyncio.timeout(within_s):
        while True:
            answer = true()
            if await answer if asyncio.iscoroutine(answer) else answer:
                return
            await asyncio.sleep(0.03)


class Memory:
    """The most memory this process had at once while it was watched, in bytes beyond what it had before."""

    def __init__(self) -> None:
        self.most = self.looks = 0

    async def watch(self) -> None:
        """Until cancelled."""
        before = self._now()
        while True:
            self.most, self.looks = max(self.most, self._now() - before), self.looks + 1
            await asyncio.sleep(0.01)

    def _now(self) -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


async def state() -> tuple[str, str]:
    """How the place is, by the database."""
    found = await ask(partial(outbox.state_of, ORGANISATION, "voxjar"))
    return (found.state, found.words) if found is not None else ("", "")
