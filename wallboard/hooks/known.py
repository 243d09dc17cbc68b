"""Whose an address is, found out once in a few seconds.

Rules that hold here:
- Who is known is asked for again beside the answering, so that a busy address never waits for the database.
- While the database is away, whoever was known within TRUSTED_S still is; others are told to come again, never that they are nobody.
- What nobody knows is remembered as such, a bounded number of times; an address asks the database seldom for what nobody knows.
- An address that has ended is nobody's from that instant on.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from time import monotonic

import structlog
from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from stats.history.hooks import Posted, by_mark
from stats.vault import Unreadable
from wallboard.hooks.buckets import Buckets, place_of

log = structlog.get_logger(__name__)

FRESH_S = 4.0
# Older than this it is not believed without asking, so that a retired address ends although nobody posted for a while.
STALE_S = 30.0
TRUSTED_S = 3_600.0
# Of whom nobody listens to: as soon as somebody does again nothing that is posted may be let go, and the worker needs longer to begin.
RESTING_S = 0.25
ASK_WITHIN_S = 2.0
MOST_UNKNOWN = 2_000
# Whoever tries addresses that nobody knows: so many questions to the database at once, then so many a second.
UNKNOWN_BURST, UNKNOWN_RATE = 20.0, 1.0


class CannotSay(Exception):
    """The database cannot be asked, or this address has asked too often; nothing is remembered that would answer."""


@dataclass(slots=True)
class _Known:
    found: Posted | None
    asked_at: float
    failed_at: float = float("-inf")


class Known:
    """What one event loop knows of addresses, by the marks of their keys."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}
        self._unknown: OrderedDict[str, float] = OrderedDict()
        self._asking: dict[str, asyncio.Task[Posted | None]] = {}
        self._strangers = Buckets(rate=UNKNOWN_RATE, burst=UNKNOWN_BURST)

    async def whose(self, mark: str, address: str) -> Posted | None:
        """Whose it is, for who comes from this address; None: nobody's. Raises CannotSay."""
        known = self._known.get(mark)
        if known is None:
            found = await self._first(mark, address)
        else:
            found = await self._again(mark, known)
        if found is not None and found.retires_at is not None and found.retires_at <= timezone.now():
            return None
        return found

    async def _first(self, mark: str, address: str) -> Posted | None:
        if monotonic() - self._unknown.get(mark, float("-inf")) < FRESH_S:
            return None
        if mark not in self._asking and not self._strangers.take(place_of(address)):
            raise CannotSay
        try:
            return await self._ask(mark)
        except (DatabaseError, InterfaceError, Unreadable, TimeoutError) as why:
            raise CannotSay from why

    async def _again(self, mark: str, known: _Known) -> Posted | None:
        age, listens = monotonic() - known.asked_at, known.found is not None and known.found.listens
        if age < (FRESH_S if listens else RESTING_S) or monotonic() - known.failed_at < FRESH_S:
            return known.found
        asking = self._asking.get(mark) or self._begin(mark)
        if listens and age < STALE_S:
            return known.found
        try:
            async with asyncio.timeout(ASK_WITHIN_S):
                return await asyncio.shield(asking)
        except (DatabaseError, InterfaceError, Unreadable, TimeoutError) as why:
            if age < TRUSTED_S:
                known.failed_at = monotonic()
                return known.found
            raise CannotSay from why

    async def _ask(self, mark: str) -> Posted | None:
        async with asyncio.timeout(ASK_WITHIN_S):
            return await asyncio.shield(self._asking.get(mark) or self._begin(mark))

    def _begin(self, mark: str) -> "asyncio.Task[Posted | None]":
        task = self._asking[mark] = asyncio.create_task(database_sync_to_async(by_mark)(mark))
        task.add_done_callback(lambda done: self._answered(mark, done))
        return task

    def _answered(self, mark: str, done: "asyncio.Task[Posted | None]") -> None:
        self._asking.pop(mark, None)
        if done.cancelled():
            return
        why = done.exception()
        if why is not None:
            log.warning("hook.database_away", reason=type(why).__name__)
            if mark in self._known:
                self._known[mark].failed_at = monotonic()
            return
        found = done.result()
        if found is not None:
            self._known[mark] = _Known(found, monotonic())
            self._unknown.pop(mark, None)
            return
        self._known.pop(mark, None)
        self._unknown[mark] = monotonic()
        self._unknown.move_to_end(mark)
        if len(self._unknown) > MOST_UNKNOWN:
            self._unknown.popitem(last=False)
