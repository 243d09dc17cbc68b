"""Knocks at a vendor's door with an address and a token somebody has just typed, and tells step by step what is heard.

Rules that hold here: nothing is stored and nothing is counted; the first question goes alone, so that a wrong token costs one of them;
every step ends in words of ours, and the vendor's own beside them; after LISTEN_S there is an answer, whatever the vendor does; what a
vendor posts to us is not tried here, for nothing is ordered yet.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeGuard

from stats.clock import now_ms
from stats.domain.errors import ProviderError, Refused, Retry
from stats.domain.records import AgentPresence, Call, Telling
from stats.ingest.errands import asks, companies, company, connect, disconnect, hooks, revive, try_out, vias
from stats.ingest.sounding import dial, dials, recordings, sound
from stats.providers.base import (
    Answer,
    Checked,
    Company,
    Connected,
    Delivery,
    Greets,
    Hook,
    HookFact,
    LiveProvider,
    Option,
    Sound,
    SourceConfig,
    pack_delivery,
)
from stats.providers.registry import COMPANIES
from stats.providers.sinks import Sink

# The people looking see this module of the road alone.
__all__ = ["GREETING", "HISTORY", "LISTEN_S", "Company", "Connected", "Glimpse", "Heard", "HookFact", "Option", "SourceConfig", "Step"]
__all__ += ["Verdict", "asks", "companies", "company", "connect", "disconnect", "door_of", "glimpse_of", "hooks", "knock", "providers"]
__all__ += ["Answer", "Checked", "Delivery", "Hook", "hook_of", "pack_delivery"]
__all__ += ["ProviderError", "Refused", "Retry", "revive", "try_out", "vias"]
__all__ += ["Sound", "dial", "dials", "recordings", "sound"]

LISTEN_S = 8.0
PATIENCE_S = 12.0
HISTORY, GREETING = "history", "greeting"
HOUR_MS = 3_600_000
# Of each kind, so that a busy morning's calls leave room for agents.
MOST_GLIMPSES = 4

State = Literal["trying", "ok", "refused", "config", "away", "later"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One door: a feed, the history, or the greeting. `words`: the vendor's, short and without numbers or tokens.

    Of a greeting: `account`, whom the vendor takes us for, and when the token ends (epoch ms). State "later": posted to us once it is kept.
    """

    name: str
    state: State = "trying"
    words: str = ""
    rows: int | None = None
    account: str = ""
    expires_at: int | None = None


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
    return sorted(COMPANIES)


def hook_of(company: str) -> Hook | None:
    """How what a company posts to us is judged; None for one that posts nothing."""
    known = COMPANIES.get(company)
    return known.hook if known is not None else None


async def knock(provider: str, config: SourceConfig, *, listen_s: float = LISTEN_S) -> AsyncIterator[Heard]:
    """Everything that is heard, as it is heard; the last is the Verdict. Raises nothing of the vendor's; KeyError for no such company."""
    asked = COMPANIES[provider]
    open_it = asked.connect or asked.open_sink
    if open_it is None:
        raise KeyError(provider)
    knocking = _Knocking(open_it(config), listen_s)
    try:
        async for heard in knocking.go():
            yield heard
    finally:
        await knocking.close()


def door_of(live_url: str, historic_url: str, token: str, default_region: str = "SE", **more: Any) -> SourceConfig:
    """What `knock` needs, under a name that is nobody's; `more`: second_token, settings."""
    return SourceConfig(name="trial", live_url=live_url, historic_url=historic_url, token=token, default_region=default_region, **more)


@dataclass(slots=True)
class _Knocking:
    provider: LiveProvider | Sink
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
        if isinstance(self.provider, Greets) and not await self._greet(self.provider):
            return
        if not _is_live(self.provider):
            return
        here = [name for name, spec in self.provider.feeds.items() if spec.via != "hook"]
        task = None
        if here:
            task = self._listen(here[0])
            await self._until_told(here[0])
            if self.steps[here[0]].state != "ok":
                return
        for feed in here[1:]:
            self._listen(feed)
        if self.provider.historic_kinds:
            await self._ask_history(self.provider)
        for feed in here[1:]:
            await self._until_told(feed)
        for feed in self.provider.feeds:
            if feed not in here:
                self._say(Step(name=feed, state="later"))
        if task is not None:
            await asyncio.wait({task}, timeout=self.listen_s)

    async def _greet(self, vendor: Greets) -> bool:
        step = Step(name=GREETING)
        self._say(step)
        try:
            async with asyncio.timeout(PATIENCE_S):
                account = await vendor.greet()
            words = "; ".join(account.notes)
            self._say(replace(step, state="ok", words=words, account=account.name, expires_at=account.expires_at))
        except ProviderError as why:
            self._say(_ended(step, why))
        except TimeoutError:
            self._say(replace(step, state="away", words="timeout"))
        return self.steps[GREETING].state == "ok"

    def _listen(self, feed: str) -> asyncio.Task[None]:
        if feed not in self.steps:
            self._say(Step(name=feed))
        task = asyncio.create_task(self._hear(feed))
        self.tasks.append(task)
        return task

    async def _hear(self, feed: str) -> None:
        assert _is_live(self.provider)
        try:
            async with self.provider.open(feed) as frames:
                # Who asks by turns has an answer with the first frame only.
                if self.provider.feeds[feed].via == "socket":
                    self._say(Step(name=feed, state="ok"))
                async for frame in frames:
                    if self.steps[feed].state == "trying":
                        self._say(Step(name=feed, state="ok"))
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

    async def _ask_history(self, provider: LiveProvider) -> None:
        step = Step(name=HISTORY)
        self._say(step)
        now = now_ms()
        try:
            async with asyncio.timeout(PATIENCE_S):
                kind = provider.historic_kinds[0]
                page = await provider.page(kind, start_ms=now - HOUR_MS, end_ms=now, first=5, after=None, received_at=now)
            self._say(replace(step, state="ok", rows=page.total if page.total is not None else page.rows))
        except ProviderError as why:
            self._say(_ended(step, why))
        except TimeoutError:
            self._say(replace(step, state="away", words="timeout"))
        else:
            if not any(spec.via == "socket" for spec in provider.feeds.values()):
                for telling in page.tellings:
                    self._show(HISTORY, telling)

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
        states = [step.state for step in self.steps.values() if step.state != "later"]
        for bad in ("refused", "config"):
            if bad in states:
                return Verdict(result="refused" if bad == "refused" else "config", frames=self.frames)
        asked_all = not _is_live(self.provider) or not self.provider.historic_kinds or HISTORY in self.steps
        if states and asked_all and all(state == "ok" for state in states):
            return Verdict(result="ok", frames=self.frames)
        return Verdict(result="partly" if "ok" in states else "away", frames=self.frames)

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.provider.close()


def _is_live(vendor: LiveProvider | Sink) -> TypeGuard[LiveProvider]:
    return hasattr(vendor, "feeds")


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
