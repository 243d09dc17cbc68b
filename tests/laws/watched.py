"""A session against a scriptable upstream and a real Redis, and what a reader sees of it."""

import asyncio
import contextlib
import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from stats.clock import now_ms
from stats.domain.board import values
from stats.domain.metrics import CountingRules
from stats.ingest.session import Session
from stats.live.board_store import Store
from stats.live.leases import Lease
from stats.live.mirror import Mirror
from stats.providers.base import SourceConfig
from stats.providers.telavox.provider import TelavoxProvider
from tests.laws.road import ORGANISATION, SOURCE, nested
from tests.oracle.compare import differences
from tests.oracle.days import Day
from tests.oracle.documents import Documents
from tests.oracle.slow import live
from tests.upstream.server import ScriptableUpstream

TIMEZONE = "Europe/Stockholm"


async def comes_true(true: Callable[[], Any], within_s: float = 10.0) -> None:
    """Until the answer, awaited where it must be, is true."""
    async with asyncio.timeout(within_s):
        while not (await answer if inspect.isawaitable(answer := true()) else answer):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


class Watched:
    """A session against an upstream, and a reader's mirror."""

    def __init__(self, url: str, upstream: ScriptableUpstream, rules: CountingRules, token: str = "good-token") -> None:
        self.store, self.upstream, self.rules, self.token = Store(url), upstream, rules, token
        self.mirror = Mirror(self.store, ORGANISATION, TIMEZONE)
        self.session: Session | None = None
        self.task: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """A worker takes the source."""
        config = SourceConfig(name=SOURCE, live_url=self.upstream.live_url, historic_url=self.upstream.historic_url, token=self.token)
        lease = Lease(self.store, ORGANISATION, SOURCE)
        while not await lease.take():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        self.session = Session(self.store, ORGANISATION, SOURCE, "telavox", TelavoxProvider(config), lease, TIMEZONE, self.rules)
        self.task = asyncio.create_task(self.session.run())

    async def begun(self, within_s: float = 20.0) -> None:
        """Until this session has all its sockets and has read the past; what a reader sees may still be of the one before."""
        assert self.session is not None
        health = self.session.health
        async with asyncio.timeout(within_s):
            while health.gap or any(s.state != "open" for s in health.facts.sockets.values()):  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def end(self) -> None:
        """It goes."""
        if self.task is not None:
            self.task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.task

    async def state(self) -> str:
        """The source's state as a reader sees it."""
        await self.mirror.refresh(now_ms())
        source = self.mirror.facts.sources.get(SOURCE)
        return source.state if source is not None else "none"

    async def until(self, state: str, within_s: float = 10.0) -> None:
        """Until a reader sees that state."""
        seen = ""
        try:
            async with asyncio.timeout(within_s):
                while (seen := await self.state()) != state:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"{seen} after {within_s} s, not {state}") from None

    async def settled(self) -> None:
        """Until everything told is written."""
        assert self.session is not None
        for _ in range(400):
            await asyncio.sleep(0.025)
            if not self.session.road.dirty:
                await asyncio.sleep(0.05)
                if not self.session.road.dirty:
                    return

    async def differences(self, today: Day, since: int, rows_until: int | None = None, before: Documents | None = None) -> list[str]:
        """What differs from the slow computation of what can be known (`before`: of what was heard before a gap, too)."""
        found: list[str] = []
        for _ in range(40):
            as_of = now_ms()
            await self.mirror.refresh(as_of)
            known = (before or Documents()) + today.known(live_since_ms=since, rows_until_ms=rows_until)
            expected = live(known, as_of_ms=as_of, timezone=TIMEZONE, settings=today.settings)
            found = [d for d in differences(expected, nested(values(self.mirror.facts, as_of))) if not_presence_of_before(d)]
            if not found:
                return []
            await asyncio.sleep(0.25)
        return found


def not_presence_of_before(line: str) -> bool:
    """State since when depends on when documents were heard; everything else must agree."""
    return ".state_since" not in line


@asynccontextmanager
async def watched(url: str, rules: CountingRules, **given: Any) -> AsyncIterator[Watched]:
    """An upstream, not yet asked by anybody."""
    upstream = ScriptableUpstream(**given)
    await upstream.start()
    watch = Watched(url, upstream, rules)
    try:
        yield watch
    finally:
        await watch.end()
        await watch.store.close()
        await upstream.kill()


def set_rows(upstream: ScriptableUpstream, rows: dict[str, Any]) -> None:
    """What the history answers from now on."""
    for root, told in rows.items():
        upstream.history.set(root, told)
