"""Knocks at a vendor's door with an address and a token somebody has just typed, and tells step by step what is heard.

Rules that hold here: nothing is stored and nothing is counted; the first feed goes alone, so that a wrong token costs one handshake; every
step ends in words of ours, and the vendor's own beside them; after LISTEN_S there is an answer, whatever the vendor does.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Literal

from stats.clock import now_ms
from stats.domain.errors import ProviderError, Refused
from stats.domain.records import AgentPresence, Call, Telling
from stats.providers.base import LiveProvider, SourceConfig
from stats.providers.registry import PROVIDERS

LISTEN_S = 8.0
PATIENCE_S = 12.0
HISTORY = "history"
HOUR_MS = 3_600_000
# Of each kind, so that a busy morning's calls leave room for agents.
MOST_GLIMPSES = 4

State = Literal["trying", "ok", "refused", "config", "away"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One door: a feed's socket, or the history. `words`: the vendor's, short and without numbers or tokens."""

    name: str
    state: State = "trying"
    words: str = ""
    rows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Glimpse:
    """What one frame told, whole: whoever shows it masks it. `what`: call, queue, agent or presence."""

    what: str
    at: int
    queue: str = ""
    agent: str = ""
    number: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How it ended: `ok` (everything opened), `partly`, `refused` (the token), `config` (the address), `away` (nobody answered)."""

    result: Literal["ok", "partly", "refused", "config", "away"]
    frames: int = 0


Heard = Step | Glimpse | Verdict


def providers() -> list[str]:
    """The telephone companies there are."""
    return sorted(PROVIDERS)


async def knock(provider: str, config: SourceConfig, *, listen_s: float = LISTEN_S) -> AsyncIterator[Heard]:
    """Everything that is heard, as it is heard; the last is the Verdict. Raises nothing of the vendor's; KeyError for no such provider."""
    knocking = _Knocking(PROVIDERS[provider](config), listen_s)
    try:
        async for heard in knocking.go():
            yield heard
    finally:
        await knocking.close()


def door_of(live_url: str, historic_url: str, token: str, default_region: str = "SE") -> SourceConfig:
    """What `knock` needs, under a name that is nobody's."""
    return SourceConfig(name="trial", live_url=live_url, historic_url=historic_url, token=token, default_region=default_region)


@dataclass(slots=True)
class _Knocking:
    provider: LiveProvider
    listen_s: float
    heard: asyncio.Queue[Heard] = field(default_factory=asyncio.Queue)
    steps: dict[str, Step] = field(default_factory=dict)
    frames: int = 0
    glimpses: Counter[str] = field(default_factory=Counter)
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def go(self) -> AsyncIterator[Heard]:
        work = asyncio.create_task(self._work())
        self.tasks.append(work)
        while not (work.done() and self.heard.empty()):
            next_one = asyncio.create_task(self.heard.get())
            await asyncio.wait({next_one, work}, return_when=asyncio.FIRST_COMPLETED)
            if next_one.done():
                yield next_one.result()
            else:
                next_one.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await next_one
        yield self._verdict()

    async def _work(self) -> None:
        first, *others = self.provider.feeds
        self._say(Step(name=first))
        task = self._listen(first)
        await self._until_told(first)
        if self.steps[first].state == "ok":
            for feed in others:
                self._listen(feed)
            await self._ask_history()
            for feed in others:
                await self._until_told(feed)
            await asyncio.wait({task}, timeout=self.listen_s)

    def _listen(self, feed: str) -> asyncio.Task[None]:
        if feed not in self.steps:
            self._say(Step(name=feed))
        task = asyncio.create_task(self._hear(feed))
        self.tasks.append(task)
        return task

    async def _hear(self, feed: str) -> None:
        try:
            async with self.provider.open(feed) as frames:
                self._say(Step(name=feed, state="ok"))
                async for frame in frames:
                    self.frames += 1
                    tellings, _odd = self.provider.read(feed, frame, received_at=now_ms())
                    for telling in tellings:
                        self._show(feed, telling)
        except ProviderError as why:
            self._say(_ended(self.steps[feed], why))

    async def _until_told(self, feed: str) -> None:
        """Until the feed's handshake has ended one way or the other."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while self.steps[feed].state == "trying":
                    self.opened.clear()
                    await self.opened.wait()
        if self.steps[feed].state == "trying":
            self._say(replace(self.steps[feed], state="away", words="no answer to the handshake"))

    async def _ask_history(self) -> None:
        step = Step(name=HISTORY)
        self._say(step)
        now = now_ms()
        try:
            async with asyncio.timeout(PATIENCE_S):
                kind = self.provider.historic_kinds[0]
                page = await self.provider.page(kind, start_ms=now - HOUR_MS, end_ms=now, first=5, after=None, received_at=now)
            self._say(replace(step, state="ok", rows=page.total if page.total is not None else page.rows))
        except ProviderError as why:
            self._say(_ended(step, why))
        except TimeoutError:
            self._say(replace(step, state="away", words="timeout"))

    def _say(self, step: Step) -> None:
        self.steps[step.name] = step
        self.heard.put_nowait(step)
        self.opened.set()

    def _show(self, feed: str, telling: Telling) -> None:
        glimpse = glimpse_of(feed, telling)
        if glimpse is not None and self.glimpses[glimpse.what] < MOST_GLIMPSES:
            self.glimpses[glimpse.what] += 1
            self.heard.put_nowait(glimpse)

    def _verdict(self) -> Verdict:
        states = [step.state for step in self.steps.values()]
        for bad in ("refused", "config"):
            if bad in states:
                return Verdict(result="refused" if bad == "refused" else "config", frames=self.frames)
        if all(state == "ok" for state in states) and HISTORY in self.steps:
            return Verdict(result="ok", frames=self.frames)
        return Verdict(result="partly" if "ok" in states else "away", frames=self.frames)

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.provider.close()


def _ended(step: Step, why: ProviderError) -> Step:
    if isinstance(why, Refused):
        return replace(step, state="refused" if why.kind == "auth" else "config", words=why.reason)
    return replace(step, state="away", words=str(why))


def glimpse_of(feed: str, telling: Telling) -> Glimpse | None:
    """What of a telling somebody recognises their contact centre by; None where there is nothing of the kind."""
    if isinstance(telling, AgentPresence):
        return Glimpse(
            what="presence", at=telling.told_at, agent=telling.agent.name or "", state=telling.profile_name or telling.status or ""
        )
    if not isinstance(telling, Call):
        return None
    if telling.visits:
        visit = telling.visits[0]
        state = "ended" if visit.ended else "answered" if visit.answered else "waiting"
        return Glimpse(what="queue", at=visit.asof, queue=visit.queue.name or "", number=visit.number or "", state=state)
    if telling.offers:
        offer = telling.offers[0]
        state = "ended" if offer.ended else "answered" if offer.answered else "ringing"
        queue = offer.queue.name if offer.queue is not None else ""
        return Glimpse(what="agent", at=offer.asof, agent=offer.agent.name or "", queue=queue or "", number=offer.number or "", state=state)
    if telling.journey is not None:
        journey = telling.journey
        state = "ended" if journey.ended else "answered" if journey.answered else "waiting"
        return Glimpse(what="call", at=journey.asof, number=journey.number or "", state=state)
    return None
