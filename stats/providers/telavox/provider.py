"""Telavox Studio as the road sees it: five feeds to open, frames to read, and a past to page through."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any

from stats import clock
from stats.domain.errors import Malformed
from stats.domain.records import Call, PresenceSlot, Telling
from stats.providers.base import FeedSpec, Frames, Only, Page, SourceConfig
from stats.providers.telavox import listen
from stats.providers.telavox.envelope import RawPage
from stats.providers.telavox.hearing import Hearing
from stats.providers.telavox.historic import Archive
from stats.providers.telavox.selection import KINDS
from stats.providers.telavox.stream import MAX_BATCH_FRAME_BYTES, MAX_FRAME_BYTES, open_feed

# No more than the smallest page anybody has refused: a question about one call never waits for a size that fits.
LOOK_UP_ROWS = 25
LOOK_UP_PAGES = 40
MAX_PASSES = 64

EVERYTHING = Only()
_Pass = tuple[str, int, int, Only]

_LISTENERS: Mapping[str, listen.Listener[Any]] = {
    "calls": listen.CALLS,
    "queues": listen.QUEUES,
    "agents": listen.AGENTS,
    "profile_live": listen.PRESENCE,
}
_ROW_LISTENERS: Mapping[str, listen.Listener[Any]] = {
    "calls": listen.CALL_ROWS,
    "queues": listen.QUEUE_ROWS,
    "agents": listen.AGENT_ROWS,
    "profile_history": listen.SLOT_ROWS,
}


class TelavoxProvider:
    """One Telavox organisation, reached with one Statistics Token. `now_ms` is our clock, for signs of life and Retry-After alone."""

    feeds: Mapping[str, FeedSpec] = {
        "calls": FeedSpec(name="calls", calls=True, tells="journey"),
        "queues": FeedSpec(name="queues", calls=True, tells="visits"),
        "agents": FeedSpec(name="agents", calls=True, tells="offers"),
        "profile_live": FeedSpec(name="profile_live", presence=True),
        "profile_history": FeedSpec(name="profile_history", silent=True),
    }
    historic_kinds: Sequence[str] = KINDS

    def __init__(self, config: SourceConfig, *, now_ms: Callable[[], int] = clock.now_ms) -> None:
        self._config = config
        self._now_ms = now_ms
        self._archive = Archive(config.historic_url, config.token, now_ms)
        self._asked: dict[_Pass, set[str]] = {}

    @property
    def drift(self) -> set[str]:
        """What the historic schema turned out not to know; for the health page."""
        return self._archive.drift

    def open(self, feed: str) -> AbstractAsyncContextManager[Frames]:
        """Open one feed; see LiveProvider."""
        spec = self.feeds[feed]
        return open_feed(
            f"{self._config.live_url.rstrip('/')}/{spec.name}",
            token=self._config.token,
            max_bytes=MAX_BATCH_FRAME_BYTES if feed == "profile_history" else MAX_FRAME_BYTES,
            clock=self._now_ms,
        )

    def read(self, feed: str, frame: bytes, *, received_at: int) -> tuple[list[Telling], list[Malformed]]:
        """What one frame tells. A Malformed beside a telling is a note: one field of the document was left out, the rest stands."""
        if feed == "profile_history":
            return listen.hear_slots(frame, self._config.name, self._config.default_region, received_at)
        listener = _LISTENERS.get(feed)
        if listener is None:
            return [], [Malformed("unknown_feed")]
        return listen.hear_frame(listener, frame, self._config.name, self._config.default_region, received_at)

    async def page(self, kind: str, *, start_ms: int, end_ms: int, first: int, after: str | None, received_at: int) -> Page:
        """One page of `kind` in [start, end); see LiveProvider. A Retry may mean that `first` was too large: halve it."""
        return await self.report(kind, start_ms=start_ms, end_ms=end_ms, first=first, after=after, received_at=received_at, only=EVERYTHING)

    async def report(self, kind: str, *, start_ms: int, end_ms: int, first: int, after: str | None, received_at: int, only: Only) -> Page:
        """The same, of one queue or agent; see LiveProvider."""
        filters = {
            "queueId": only.queue_id,
            "queueAccountId": only.queue_account_id,
            "agentId": only.agent_id,
            "agentAccountId": only.agent_account_id,
        }
        raw, partial = await self._archive.ask(kind, {**_window(start_ms, end_ms, first), "after": after, **filters})
        endless = self._endless(raw, (kind, start_ms, end_ms, only), after=after)
        tellings: list[Telling] = []
        malformed: list[Malformed] = []
        unreadable: list[tuple[str, Malformed]] = []
        keys: list[str] = []
        for row in raw.rows:
            frame = bytes(row)
            told, odd = self._read_row(kind, frame, received_at)
            tellings += told
            malformed += odd
            # A row that cannot be read has been sent all the same, and the completeness check counts it.
            keys.append(_key(told[0]) if told else f"?{hashlib.blake2b(frame, digest_size=8).hexdigest()}")
            if not told and odd:
                unreadable.append((keys[-1], odd[0]))
        return Page(
            tellings=tellings,
            rows=len(keys),
            malformed=malformed,
            unreadable=unreadable,
            total=raw.total,
            cursor=raw.cursor,
            more=raw.more and not endless,
            partial=partial or endless,
            keys=keys,
        )

    def _endless(self, raw: RawPage, pass_: _Pass, *, after: str | None) -> bool:
        """Whether following on would never end: no rows, no cursor, or a cursor that this pass has already followed."""
        if after is None or not raw.more:
            self._asked.pop(pass_, None)
        if not raw.more:
            return False
        followed = self._asked.setdefault(pass_, set())
        if len(self._asked) > MAX_PASSES:  # passes given up half way leave theirs behind
            del self._asked[next(iter(self._asked))]
        if after is not None:
            followed.add(after)
        if not raw.rows or raw.cursor is None or raw.cursor in followed:
            self._asked.pop(pass_, None)
            return True
        return False

    async def look_up(self, id_call: str, *, start_ms: int, end_ms: int, received_at: int) -> Sequence[Telling]:
        """What calls, queues and agents tell of one call in [start, end); see LiveProvider."""
        found: list[Telling] = []
        for kind in ("calls", "queues", "agents"):
            after: str | None = None
            for _ in range(LOOK_UP_PAGES):
                raw, _partial = await self._archive.ask(
                    kind, {**_window(start_ms, end_ms, LOOK_UP_ROWS), "after": after, "callId": id_call}
                )
                for row in raw.rows:
                    told, _odd = self._read_row(kind, bytes(row), received_at)
                    found += [each for each in told if isinstance(each, Call) and each.id_call == id_call]
                if not raw.more or not raw.rows or raw.cursor is None or raw.cursor == after:
                    break
                after = raw.cursor
        return found

    def _read_row(self, kind: str, row: bytes, received_at: int) -> tuple[list[Telling], list[Malformed]]:
        return _ROW_LISTENERS[kind].hear(row, Hearing(self._config.name, self._config.default_region, received_at))

    async def close(self) -> None:
        """Let go of the session; feeds end with their own blocks."""
        await self._archive.close()


def _window(start_ms: int, end_ms: int, first: int) -> dict[str, str | int | None]:
    return {"startDate": iso(start_ms), "endDate": iso(end_ms), "first": first}


def iso(instant_ms: int) -> str:
    """ISO 8601 in UTC with milliseconds: 2026-05-18T10:26:37.234Z."""
    whole, ms = divmod(instant_ms, 1000)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"


def _key(telling: Telling) -> str:
    """One identity per row of one kind: the call, with the queue or agent and when it began."""
    if isinstance(telling, Call):
        for visit in telling.visits:
            return f"{telling.id_call}|{visit.queue.key}|{visit.entered_at}"
        for offer in telling.offers:
            return f"{telling.id_call}|{offer.agent.key}|{offer.began_at}"
        return telling.id_call
    assert isinstance(telling, PresenceSlot)
    return f"{telling.agent.key}|{telling.start}"
