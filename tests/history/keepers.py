"""A road on a real Redis whose keeping can be cut off from the database, and watched."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from stats.domain.merge import FRAME
from stats.domain.metrics import CountingRules
from stats.domain.records import Call
from stats.history.shelf import Shelf
from stats.history.telling import Away
from stats.ingest.keeping import Keeping
from stats.ingest.pipeline import Road
from stats.live.board_store import Store
from stats.live.leases import Lease
from tests.history.calls import SOURCE

ORGANISATION = "default"


class CutShelf(Shelf):
    """The real shelf behind a switch; `asked` counts what came to it, `asked_at` says when."""

    def __init__(self) -> None:
        super().__init__(ORGANISATION)
        self.cut = False
        self.asked_at: list[float] = []

    @property
    def asked(self) -> int:
        """How often."""
        return len(self.asked_at)

    def _pass(self) -> None:
        self.asked_at.append(time.monotonic())
        if self.cut:
            raise Away("cut")

    async def keep_calls(self, source: str, tellings: Sequence[Any]) -> int:
        self._pass()
        return await super().keep_calls(source, tellings)

    async def keep_slots(self, slots: Sequence[Any]) -> int:
        self._pass()
        return await super().keep_slots(slots)

    async def keep_changes(self, changes: Sequence[Any]) -> int:
        self._pass()
        return await super().keep_changes(changes)

    async def keep_notes(self, notes: Sequence[Any]) -> int:
        self._pass()
        return await super().keep_notes(notes)


class Worker:
    """A worker's road and keeping of one source."""

    def __init__(self, url: str, shelf: CutShelf | None = None) -> None:
        self.store = Store(url)
        self.shelf = shelf or CutShelf()
        self.lease = Lease(self.store, ORGANISATION, SOURCE)
        self.road: Road
        self.keeping: Keeping
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Take the source over from whoever had it."""
        await self.store.begin(ORGANISATION)
        await self.store.connection.client.delete(self.lease._name)
        assert await self.lease.take()
        self.road = Road(self.store, ORGANISATION, SOURCE, self.lease.holder, "Europe/Stockholm", CountingRules())
        await self.road.load()
        self.keeping = Keeping(self.store, ORGANISATION, SOURCE, self.road, self.shelf)
        self._task = asyncio.create_task(self.keeping.run())

    async def die(self) -> None:
        """As by kill -9: nothing is said, nothing is written."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.store.close()

    async def hear(self, *calls: Call) -> None:
        """Frames, written at once."""
        for call in calls:
            self.road.tell(call, FRAME, 1)
        while self.road.dirty:
            await self.road.flush()


def open_(call: Call) -> Call:
    """The same call before it ended."""
    assert call.journey is not None
    return replace(call, journey=replace(call.journey, active=True, ended_at=None), visits=(), offers=())


async def until(true: Callable[[], Any], within_s: float = 20.0) -> None:
    """Until it holds, whether it is awaited or not."""
    async with asyncio.timeout(within_s):
        while True:
            answer = true()
            if await answer if asyncio.iscoroutine(answer) else answer:
                return
            await asyncio.sleep(0.05)
