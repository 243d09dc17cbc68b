"""The database as the road sees it: calls, slots, presence changes and notes are put on the shelf, or it is away, or it refuses one.

Rules that hold here: every question is asked in one thread, on one connection that is thrown away after any fault; a fault of the database
is Away, whatever it is called; Refused is said only where the same words would be refused by a database in the best of health.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from asgiref.sync import sync_to_async
from django.db import DataError, connection
from django.db import Error as DatabaseFault

from stats.clock import now_ms
from stats.domain.notes import Note
from stats.domain.presence_changes import PresenceSeen
from stats.domain.records import PresenceSlot
from stats.domain.unheard import Unheard
from stats.history.archive import keep
from stats.history.changes import upsert_changes
from stats.history.notes import upsert_notes
from stats.history.slots import upsert_slots
from stats.history.telling import Away, Refused, Telling
from stats.history.unheard import upsert_unheard

Answer = TypeVar("Answer")
_UNFIT = (DataError, ValueError, TypeError, OverflowError)


# One thread, and so one connection, for all of this process: a new one for every batch would cost more than the batch.
_desk = ThreadPoolExecutor(1, thread_name_prefix="shelf")


async def ask(question: Callable[[], Answer]) -> Answer:
    """The answer to a question to the database. Raises Away or Refused."""

    def asked() -> Answer:
        try:
            return question()
        except DatabaseFault:
            # Whatever became of this connection, the next question has a new one.
            connection.close()
            raise

    try:
        return await sync_to_async(asked, thread_sensitive=False, executor=_desk)()
    except _UNFIT as why:
        raise Refused(type(why).__name__) from why
    except DatabaseFault as why:  # InterfaceError, a connection that went, is no DatabaseError
        raise Away(type(why).__name__) from why


async def let_go() -> None:
    """Close the connection; the next question opens another."""
    # Of that thread: Django's connections belong to threads.
    await sync_to_async(lambda: connection.close(), thread_sensitive=False, executor=_desk)()


class Shelf:
    """Where one organisation's history is kept. Every method raises Away or Refused, and then nothing of it is surely kept."""

    def __init__(self, organisation: str) -> None:
        self._organisation = organisation

    async def keep_calls(self, source: str, tellings: Sequence[Telling]) -> int:
        """Keep ended calls. Returns how many were new or changed."""
        return await ask(partial(keep, self._organisation, source, tellings, now_ms()))

    async def keep_slots(self, slots: Sequence[PresenceSlot]) -> int:
        """Keep presence slots; of two tellings of one the later stays."""
        return await ask(partial(upsert_slots, self._organisation, slots))

    async def keep_changes(self, changes: Sequence[PresenceSeen]) -> int:
        """Keep presence changes; one that is there already stays as it is."""
        return await ask(partial(upsert_changes, self._organisation, changes))

    async def keep_unheard(self, stretches: Sequence[Unheard]) -> int:
        """Keep when nobody listened; of two tellings of one stretch the longer stays."""
        return await ask(partial(upsert_unheard, self._organisation, stretches))

    async def keep_notes(self, notes: Sequence[Note]) -> int:
        """Keep what was told beside the calls; what is not told again stays as it is."""
        return await ask(partial(upsert_notes, self._organisation, notes))
