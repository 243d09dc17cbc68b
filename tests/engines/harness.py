"""A worker's whole session and a reader's mirror on a Redis that is done harm to, and the slow computation to compare with."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import structlog

from stats.clock import now_ms
from stats.domain.board import Values, values
from stats.live.board_store import StoreAway
from tests.laws.road import SOURCE, rules_of
from tests.laws.watched import Watched, set_rows
from tests.oracle.days import Day, day
from tests.upstream.play import play
from tests.upstream.server import ScriptableUpstream

log = structlog.get_logger(__name__)
MINUTE_MS = 60_000
Harm = Callable[["Floor"], Awaitable[None]]


class Floor(Watched):
    """A session that lives through its store's faults."""

    def __init__(self, url: str, upstream: ScriptableUpstream, today: Day) -> None:
        super().__init__(url, upstream, rules_of(today.settings))
        self.today, self.cut = today, today.now_ms - 30 * MINUTE_MS
        self.frames = today.frames(since_ms=self.cut)
        self._played = 0

    async def play(self, share: float) -> None:
        """Frames until so much of the half hour has been told."""
        to = round(len(self.frames) * share)
        await play(self.upstream, self.frames[self._played : to], random.Random(1))
        self._played = to

    async def values(self) -> Values:
        """What a reader sees; raises StoreAway."""
        as_of = now_ms()
        await self.mirror.refresh(as_of)
        return values(self.mirror.facts, as_of)

    async def until_live(self, within_s: float = 30.0) -> None:
        """Until a reader sees the source live, reported after now, and nothing waits to be written. The store may be away meanwhile."""
        began, seen = now_ms(), "nothing"
        try:
            async with asyncio.timeout(within_s):
                while True:
                    await asyncio.sleep(0.1)
                    try:
                        seen = await self.state()
                    except StoreAway as why:
                        seen = f"away ({why})"
                        continue
                    assert self.session is not None
                    assert self.task is not None
                    assert not self.task.done(), self.task
                    facts = self.mirror.facts.sources.get(SOURCE)
                    fresh = facts is not None and facts.written_at > began and facts.known
                    if seen == "live" and fresh and not self.session.road.dirty and not self.session.road.who.restate_wanted:
                        return
        except TimeoutError:
            raise AssertionError(f"{seen} after {within_s} s, not live") from None

    async def expect_right(self) -> None:
        """The reader's numbers equal the slow computation."""
        found = await self.differences(self.today, self.cut, self.cut)
        assert not found, "\n".join(found[:20])


@asynccontextmanager
async def a_floor(url: str, seed: int = 3, calls: int = 60) -> Any:
    """A floor whose worker is live and has heard a third of the last half hour."""
    today = day(seed, n_calls=calls, now_ms=now_ms() - 500)
    upstream = ScriptableUpstream()
    await upstream.start()
    floor = Floor(url, upstream, today)
    try:
        set_rows(upstream, today.rows(until_ms=floor.cut))
        await floor.begin()
        await floor.until_live()
        await floor.play(0.33)
        await floor.settled()
        yield floor
    finally:
        await floor.end()
        await floor.store.close()
        await upstream.kill()


async def live_through(url: str, harm: Harm, *, within_s: float = 30.0) -> None:
    """Harm is done in the middle of a half hour, which then goes on: the numbers are right again by themselves."""
    async with a_floor(url) as floor:
        await harm(floor)
        await floor.play(1.0)
        await floor.until_live(within_s)
        await floor.expect_right()
