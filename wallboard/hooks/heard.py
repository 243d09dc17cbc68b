"""Writes down when something last came to an address: never in the way of an answer, and once a minute at most.

Rules that hold here: the first word and the first proof after a silence are written at once; what comes in the minute after them is written
at its end; a database that is away may miss it.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

import structlog
from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from stats.history.hooks import note_heard

log = structlog.get_logger(__name__)

EVERY_S = 60.0


@dataclass(slots=True)
class _Heard:
    last_at: datetime
    verified_at: datetime | None
    written_at: float = float("-inf")
    proved_at: float = float("-inf")  # when a proof was last written
    is_later: bool = False


class Heard:
    """What one event loop has heard, by hook."""

    def __init__(self) -> None:
        self._heard: dict[int, _Heard] = {}
        self._work: set[asyncio.Task[None]] = set()

    def note(self, hook: int, *, proof: bool) -> None:
        """Something came; `proof`: it shows that the address works."""
        now, clock = timezone.now(), monotonic()
        known = self._heard.get(hook)
        if known is None:
            known = self._heard[hook] = _Heard(now, None)
        known.last_at = now
        if proof:
            known.verified_at = now
        if clock - known.written_at >= EVERY_S or (proof and clock - known.proved_at >= EVERY_S):
            self._write(hook, known)
        elif not known.is_later:
            known.is_later = True
            asyncio.get_running_loop().call_later(EVERY_S - (clock - known.written_at), self._write, hook, known)

    def _write(self, hook: int, known: _Heard) -> None:
        known.written_at, known.is_later = monotonic(), False
        if known.verified_at is not None:
            known.proved_at = known.written_at
        told, known.verified_at = (known.last_at, known.verified_at), None
        task = asyncio.create_task(self._tell({hook: told}), name="heard")
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def _tell(self, told: dict[int, tuple[datetime, datetime | None]]) -> None:
        try:
            await database_sync_to_async(note_heard)(told)
        except (DatabaseError, InterfaceError) as why:
            log.debug("hook.not_noted", reason=type(why).__name__)
