"""Carries what is to be kept for good from the live store to the database: ended calls, presence slots and changes, notes, silences.

Rules that hold here:
- What waits, waits in Redis: a worker that dies while the database is away leaves nothing behind that its successor does not find.
- The road never waits for the database, and memory does not grow with the time it is away.
- Nothing is struck out that was not kept. What is kept twice is kept once; what changed meanwhile stays named and comes again.
- What can never be kept stands in nobody's way: it is set aside, counted, and tried again by the next holder of the source.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Protocol, TypeVar

import structlog

from stats.domain.notes import NOTES, Note
from stats.domain.presence_changes import PresenceSeen
from stats.domain.records import PresenceSlot
from stats.domain.unheard import Unheard
from stats.history.telling import Away, Refused, Telling
from stats.ingest.backoff import delays
from stats.ingest.pipeline import Road
from stats.live.board_store import Store, StoreAway, StoredCall
from stats.live.keys import WAITING_NOTES
from stats.live.loose_calls import index_open
from stats.live.unkept import Unkept
from stats.live.waiting import Waiting, which_wait

log = structlog.get_logger(__name__)

BATCH = 400
LOOK_EVERY_S = 1.0
PASS_ON_EVERY_S = 0.2
# While one batch follows the other, the road has its turn in between.
BREATH_S = 0.01
HOLD_EVERY_S = 3600.0
SAY_EVERY_S = 60.0
# What one process holds while Redis itself is away; the oldest go.
MOST_IN_MEMORY = 20_000
Record = TypeVar("Record")


class Keeps(Protocol):
    """Where things are kept: see `stats.history.shelf.Shelf`."""

    async def keep_calls(self, source: str, tellings: Sequence[Telling]) -> int: ...
    async def keep_slots(self, slots: Sequence[PresenceSlot]) -> int: ...
    async def keep_changes(self, changes: Sequence[PresenceSeen]) -> int: ...
    async def keep_notes(self, notes: Sequence[Note]) -> int: ...
    async def keep_unheard(self, stretches: Sequence[Unheard]) -> int: ...


class Keeping:
    """The keeping of one source, as long as this worker holds it."""

    def __init__(self, store: Store, organisation: str, source: str, road: Road, shelf: Keeps) -> None:
        self._store, self._organisation, self._source, self._road, self._shelf = store, organisation, source, road, shelf
        self.unkept = Unkept(store, organisation, source)
        self.slots = Waiting(store, organisation, source, "slots", PresenceSlot)
        self.changes = Waiting(store, organisation, source, "changes", PresenceSeen)
        self.unheard = Waiting(store, organisation, source, "unheard", Unheard)
        self.notes: dict[type[Note], Waiting[Note]] = {
            kind: Waiting(store, organisation, source, f"notes_{kind.__name__.lower()}", kind, WAITING_NOTES) for kind in NOTES
        }
        # Read while the database was busy with the calls before; nothing else is known of them yet.
        self._ahead: Mapping[str, StoredCall | None] = {}
        self._away_since: float | None = None
        self._held_at = self._said_at = 0.0

    async def run(self) -> None:
        """Until cancelled. Whatever is away is waited for."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._pass_on(), name="pass on")
            tasks.create_task(self._keep(), name="keep")

    async def last_words(self) -> None:
        """On the way out: what this process alone holds goes to Redis. Raises StoreAway."""
        await self._put(self._road.slots, self.slots)
        await self._put(self._road.people.changes, self.changes)
        await self._put(self._road.silence.changes, self.unheard)
        await self._put(self._road.notes, *self.notes.values())
        await self._put(self._road.erasure.calls, *self.notes.values())

    # --- from this process to Redis ---------------------------------------------------------------------------------

    async def _pass_on(self) -> None:
        while True:
            try:
                await self.last_words()
            except StoreAway:
                pass  # the road says so; what could not be passed on is still where it was
            await asyncio.sleep(PASS_ON_EVERY_S)

    async def _put(self, held: list[Record], *waitings: Waiting[Record]) -> None:
        """Each record where those of its kind wait."""
        del held[:-MOST_IN_MEMORY]
        number = len(held)
        for waiting in waitings if number else ():
            # Told twice, should the answer get lost, is kept once.
            if told := [record for record in held[:number] if type(record) is waiting.kind]:
                await waiting.put(told)
        del held[:number]

    # --- from Redis to the database ---------------------------------------------------------------------------------

    async def _keep(self) -> None:
        waits = delays(first_s=0.5, longest_s=30.0)
        anew = True
        while True:
            pause = BREATH_S
            try:
                if anew:
                    await self.unkept.again()
                    await index_open(self._store, self._organisation, self._source)
                    anew = False
                if not await self.keep_some():
                    pause = LOOK_EVERY_S
                waits = delays(first_s=0.5, longest_s=30.0)
                self._is_back()
            except Away as why:
                pause = next(waits)
                await self._is_away(str(why))
            except StoreAway:
                pause = LOOK_EVERY_S
            await asyncio.sleep(pause)

    async def keep_some(self) -> int:
        """One round: some of everything that waits. Returns how much left the waiting. Raises Away or StoreAway."""
        return (
            await self._keep_calls()
            + await self._keep_waiting(self.slots, self._shelf.keep_slots)
            + await self._keep_waiting(self.changes, self._shelf.keep_changes)
            + await self._keep_waiting(self.unheard, self._shelf.keep_unheard)
            + await self._keep_notes()
        )

    async def _keep_notes(self) -> int:
        kinds = await which_wait(list(self.notes.values()))
        return sum([await self._keep_waiting(waiting, self._shelf.keep_notes) for waiting in kinds])

    async def _keep_calls(self) -> int:
        waiting, self._ahead = self._ahead or await self.unkept.some(BATCH), {}
        reading = asyncio.create_task(self._read_ahead(waiting), name="read ahead") if len(waiting) >= BATCH else None
        try:
            await self._keep_read(waiting)
            if reading is not None:
                self._ahead = await reading
        finally:
            if reading is not None:
                reading.cancel()
        return len(waiting)

    async def _read_ahead(self, beside: Collection[str]) -> Mapping[str, StoredCall]:
        """The next calls. One without a record may be told again before its turn, and is looked at then."""
        try:
            found = await self.unkept.some(BATCH, beside=beside)
        except StoreAway:
            return {}  # whoever asks next is told
        return {id_call: held for id_call, held in found.items() if held is not None and held.call is not None}

    async def _keep_read(self, waiting: Mapping[str, StoredCall | None]) -> None:
        if not waiting:
            return
        gone = [id_call for id_call, held in waiting.items() if held is None]
        unreadable = {id_call: held.version for id_call, held in waiting.items() if held is not None and held.call is None}
        lineage = await self._lineage()
        tellings = {
            id_call: Telling(held.call, lineage, held.version)
            for id_call, held in waiting.items()
            if held is not None and held.call is not None
        }
        await self.unkept.drop(gone)
        if gone:
            log.warning("archive.call_gone", source=self._source, calls=len(gone))
        await self._set_aside(unreadable, "unreadable")
        await self._keep_batch(tellings)

    async def _keep_batch(self, tellings: Mapping[str, Telling]) -> None:
        """Keep these; the one that is refused stands alone in the end, and the others are kept."""
        if not tellings:
            return
        versions = {id_call: telling.version for id_call, telling in tellings.items()}
        try:
            await self._shelf.keep_calls(self._source, list(tellings.values()))
        except Refused as why:
            if len(tellings) == 1:
                await self._set_aside(versions, str(why))
                return
            halves = list(tellings.items())
            await self._keep_batch(dict(halves[: len(halves) // 2]))
            await self._keep_batch(dict(halves[len(halves) // 2 :]))
            return
        await self.unkept.strike(versions)

    async def _set_aside(self, versions: Mapping[str, int], reason: str) -> None:
        if versions:
            await self.unkept.set_aside(versions)
            await self._store.quarantine(self._organisation, self._source, {"not_archived": len(versions)}, [])
            log.warning("archive.set_aside", source=self._source, calls=len(versions), reason=reason)

    async def _keep_waiting(self, waiting: Waiting[Record], keep: Callable[[Sequence[Record]], Awaitable[int]]) -> int:
        found = await waiting.some(BATCH)
        readable = {number: record for number, record in found.items() if record is not None}
        await self._keep_records(waiting, readable, keep)
        await waiting.done([number for number in found if number not in readable])
        lost = len(found) - len(readable)
        if lost:
            await self._store.quarantine(self._organisation, self._source, {"not_archived": lost}, [])
        return len(found)

    async def _keep_records(
        self, waiting: Waiting[Record], records: Mapping[str, Record], keep: Callable[[Sequence[Record]], Awaitable[int]]
    ) -> None:
        if not records:
            return
        try:
            await keep(list(records.values()))
        except Refused as why:
            if len(records) > 1:
                halves = list(records.items())
                await self._keep_records(waiting, dict(halves[: len(halves) // 2]), keep)
                await self._keep_records(waiting, dict(halves[len(halves) // 2 :]), keep)
                return
            await self._store.quarantine(self._organisation, self._source, {"not_archived": 1}, [])
            log.warning("archive.refused", source=self._source, what=waiting.what, reason=str(why))
        await waiting.done(list(records))

    async def _lineage(self) -> str:
        """Of which life of the store versions are: they count from the beginning in another, and may repeat after a restart."""
        epoch, facts = await self._store.begin(self._organisation), await self._store.server_facts()
        return f"{epoch}/{facts['run_id']}"[:80]

    # --- while the database is away ---------------------------------------------------------------------------------

    async def _is_away(self, reason: str) -> None:
        now = time.monotonic()
        if self._away_since is None:
            self._away_since = now
            self._held_at, self._said_at = now - HOLD_EVERY_S, now - SAY_EVERY_S
        if now - self._said_at >= SAY_EVERY_S:
            self._said_at = now
            log.warning("archive.waits", source=self._source, reason=reason, for_s=round(now - self._away_since))
        if now - self._held_at >= HOLD_EVERY_S:
            try:
                await self.unkept.hold()
                self._held_at = now
            except StoreAway:
                pass

    def _is_back(self) -> None:
        if self._away_since is not None:
            log.info("archive.goes_on", source=self._source, after_s=round(time.monotonic() - self._away_since))
            self._away_since = None
