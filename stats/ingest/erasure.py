"""Keeps those who were erased out of the live store: nothing told of them is taken in, and what the store still holds is cleaned.

Rules that hold here: the holder of the source cleans, for nobody else may write; a cleaning that the store interrupts stays wanted; a
worker that begins cleans after whoever was erased while a record may still live.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from stats.clock import now_ms
from stats.domain.forgetting import numbers_of, slot_of, under
from stats.domain.notes import CallErased, Contact, Message, Note
from stats.domain.records import AgentPresence, Call, PresenceSlot, QueueEstimate, Telling
from stats.history.erased import Erased, Forgetting
from stats.live.forgetting import drop_callers, forget_file

if TYPE_CHECKING:
    from stats.ingest.pipeline import Road
    from stats.live.board_store import Store

log = structlog.get_logger(__name__)

AT_ONCE = 400
# A record lives 50 hours after its last change, what it said of its caller 72.
LIVE_MS = 76 * 3_600_000
DAY_MS = 86_400_000


class Erasure:
    """Of one source's road."""

    def __init__(self, store: Store, organisation: str, source: str) -> None:
        self._store, self._organisation, self._source = store, organisation, source
        self._forgetting = Forgetting(organisation)
        self.wanted = False
        # Calls whose caller was erased: what is told beside them goes too (`keeping` passes them on).
        self.calls: list[Note] = []

    def follow(self, erased: Erased) -> None:
        """Somebody was erased, or may come back."""
        if erased == self._forgetting.erased:
            return
        if self._forgetting.follow(erased) and now_ms() - erased.newest_ms < LIVE_MS:
            self.wanted = True

    def admit(self, telling: Telling) -> Telling:
        """The telling without those who were erased."""
        if not self._forgetting.erased:
            return telling
        if isinstance(telling, Call):
            return self.of(telling)
        if isinstance(telling, PresenceSlot):
            return slot_of(telling, self._forgetting.rename)
        if isinstance(telling, QueueEstimate):
            return telling
        if not isinstance(telling, AgentPresence):
            return self._note(telling)
        named = self._forgetting.rename(telling.agent)
        return telling if named is telling.agent else under(telling, named)

    def of(self, call: Call) -> Call:
        """The call without those who were erased."""
        if not self._forgetting.erased:
            return call
        if self._forgetting.erased.numbers and any(self._forgetting.is_erased(number) for number in set(numbers_of(call))):
            self.calls.append(CallErased(source=call.source, id_call=call.id_call, told_at=now_ms()))
        return self._forgetting.call(call)

    def _note(self, note: Note) -> Note:
        """A note without a number that was erased. The rest (`stats.history.notes`) is seen to where it is kept."""
        is_erased = self._forgetting.is_erased
        if isinstance(note, Message):
            if note.sender and is_erased(note.sender):
                note = replace(note, sender=None)
            return replace(note, recipient=None) if note.recipient and is_erased(note.recipient) else note
        if isinstance(note, Contact) and note.number and is_erased(note.number):
            # Nobody's: nothing is kept of it.
            return replace(note, number="", name="", told_at=0)
        return note

    async def clean(self, road: Road) -> int:
        """Take them out of every record the store holds of this source. Returns how many changed. Raises StoreAway or Fenced."""
        self.wanted = False
        changed = 0
        try:
            ids = await self._store.ids_between(self._organisation, self._source, 0, now_ms() + DAY_MS)
            for at in range(0, len(ids), AT_ONCE):
                changed += await self._clean_some(road, ids[at : at + AT_ONCE])
            callers = await drop_callers(self._store, self._organisation, self._source, self._forgetting.is_erased)
            agents = await self._forget_agents(road)
        except BaseException:
            self.wanted = True
            raise
        if changed or callers or agents:
            await forget_file(self._store)
        log.info("erased.live", source=self._source, calls=changed, callers=callers, agents=agents)
        return changed

    async def _clean_some(self, road: Road, ids: list[str]) -> int:
        stored = await self._store.load(self._organisation, self._source, [i for i in ids if i not in road.calls])
        changed = 0
        for id_call in ids:
            held, known = road.calls.get(id_call), stored.get(id_call)
            if held is None and known is not None and known.call is not None and self.of(known.call) is not known.call:
                held = road.hold(id_call, known.call, known.version)
            # One whose telling has not been read yet is cleaned when it is.
            if held is not None and held.call is not None and (clean := self.of(held.call)) is not held.call:
                road.restamp(id_call, clean)
                changed += 1
        while road.dirty:
            await road.flush()
        return changed

    async def _forget_agents(self, road: Road) -> int:
        """Out of the directory and the presences, of this process and of the store."""
        if not self._forgetting.erased.agents:
            return 0
        rename = self._forgetting.rename
        gone = {key: named for key, party in road.who.agents.by_key.items() if (named := rename(party)) is not party}
        for key, held in road.people.known.items():
            if (named := rename(held.document.agent)) is not held.document.agent:
                gone[key] = named
        for key, named in gone.items():
            road.people.rename(key, named)
            road.who.forget_agent(key, named)
        while road.dirty:
            await road.flush()
        return len(gone)
