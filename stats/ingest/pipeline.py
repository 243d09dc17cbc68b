"""The road of one source: a telling is merged with what is known, and everything it shows is written in one step.

    telling -> who is who -> merge -> settle -> contribution -> one step in the store -> announced
Frames, historic rows and what another worker left behind all come this way. `tell` never waits; `flush` does.

Rules that hold here:
- What is held in memory is a cache: versions come from the store, and a conflict means reading again and merging.
- Nothing is forgotten because the store is away: it stays dirty, coalesced per call, until it is written.
"""

import asyncio
from collections import OrderedDict
from dataclasses import replace
from itertools import islice

from stats.clock import now_ms
from stats.domain.merge import FRAME, Identities, Told, merge_call, rejoin
from stats.domain.metrics import CountingRules, contribution
from stats.domain.notes import Note
from stats.domain.outcomes import settle
from stats.domain.periods import business_day
from stats.domain.records import AgentPresence, Call, PresenceSlot, QueueEstimate, Telling
from stats.ingest.deriving import Deriving
from stats.ingest.erasure import Erasure
from stats.ingest.held import Held, evict
from stats.ingest.people import People
from stats.ingest.splitting import apply_apart
from stats.ingest.stepping import Steps
from stats.ingest.unheard import Silence
from stats.ingest.who import Who
from stats.live.board_store import Batch, Row, Shown, Store, show_of
from stats.live.rules import pack_rules

BATCH = 400
KEEP_ENDED = 3_000
# A record without any instant is filed at the beginning of time, and counts nowhere.
NO_START = 0
DAY_MS = 86_400_000


class Fenced(Exception):
    """The store says that this worker does not hold the source's lease."""


class Road:
    """One source's road into the store."""

    def __init__(
        self, store: Store, organisation: str, source: str, holder: str, timezone: str, rules: CountingRules, *, derives: bool = False
    ) -> None:
        self._store, self._organisation, self.source, self._holder = store, organisation, source, holder
        self.timezone, self.rules = timezone, rules
        self.who = Who(source)
        self.people = People(store, organisation, source, timezone)
        self.steps = Steps(self)
        self.erasure, self.silence = Erasure(store, organisation, source), Silence(source)
        self.calls: OrderedDict[str, Held] = OrderedDict()
        self.slots: list[PresenceSlot] = []
        self.notes: list[Note] = []
        self.deriving = Deriving(source, self.who.agents) if derives else None
        self.run_id = self.seen_run_id = self.generation = ""
        self.refused: list[str] = []  # set aside since somebody last asked
        self._flushes, self._flushed = 0, asyncio.Condition()
        self._identities = Identities(queue=self.who.queues.fill, agent=self.who.agents.fill)
        self._dirty: dict[str, Held] = {}
        self._rules_dirty = True

    @property
    def dirty(self) -> bool:
        """Something waits to be written."""
        derived = self.deriving is not None and self.deriving.dirty
        return bool(self._dirty or self.people.dirty or self.who.dirty or self._rules_dirty or derived)

    async def until_written(self) -> None:
        """Until everything told so far is in the store, however much is told meanwhile."""
        if self._dirty:
            enough = self._flushes + len(self._dirty) // BATCH + 2
            async with self._flushed:
                await self._flushed.wait_for(lambda: self._flushes >= enough or not self.dirty)

    def tell(self, telling: Telling, how: Told = FRAME, now: int = 0) -> None:
        """Take in one telling. Never waits; `flush` writes it."""
        telling = self.erasure.admit(telling)
        if isinstance(telling, Call):
            self.who.learn_call(telling, live=how.kind == "frame")
            self._tell_call(telling, how, now)
        elif isinstance(telling, AgentPresence):
            self.who.learn_presence(telling)
            if self.deriving is None:
                self.people.tell(telling, self.who.agents)
            else:
                self.deriving.know(telling.agent)
        elif isinstance(telling, PresenceSlot):
            self.who.learn_agent(telling.agent)
            self.slots.append(telling)
        elif isinstance(telling, QueueEstimate):
            self.who.note_estimate(telling)
        else:
            self.notes.append(telling)

    def _tell_call(self, told: Call, how: Told, now: int) -> None:
        held = self.calls.get(told.id_call) or self.calls.setdefault(told.id_call, Held())
        self.silence.told(told, how, held)
        if how.kind == "frame":
            held.heard_at = now
        if held.version is None:
            held.pending.append((told, how))
            self._dirty[told.id_call] = held
            return
        before = held.call
        held.call = merge_call(before, told, how, self._identities)
        if held.call != before:
            self._dirty[told.id_call] = held

    def report(self, name: str, packed: str) -> None:
        """Put the source's health beside its numbers."""
        self.who.entries[("sources", name)] = packed

    def expire(self, id_call: str) -> None:
        """Nobody has known this open call for hours: it stops being counted as waiting or in talk."""
        held = self.calls.get(id_call)
        if held is not None and held.call is not None:
            held.call = replace(held.call, expired=True)
            self._dirty[id_call] = held

    def restamp(self, id_call: str, call: Call) -> None:
        """The same call, by a clock that was stepped, or without somebody who was erased."""
        self.calls[id_call].call = call
        self._dirty[id_call] = self.calls[id_call]

    def hold(self, id_call: str, call: Call, version: int) -> Held:
        """A call as the store has it, in memory."""
        self.calls[id_call] = held = Held(call=call, version=version, stored=call)
        return held

    def open_calls(self) -> list[tuple[str, Held]]:
        """The calls in memory that are not over."""
        return [(i, h) for i, h in self.calls.items() if h.open]

    async def load(self, by: int = 0) -> None:
        """Read what an earlier worker left, whose clock was `by` behind ours: who is who, presence, calls that live. Raises StoreAway."""
        await self.who.load(self._store, self._organisation)
        await self.people.load(by)
        written = await self._store.rules(self._organisation)
        if written and written != pack_rules(self.timezone, self.rules):
            self.who.want_restate()
        going_on = await self._store.living_ids(self._organisation, self.source)
        if self.deriving is not None:  # nobody will tell of them again: not their agents' presence, nor a seed
            going_on = sorted({*going_on, *await self._store.open_ids(self._organisation, self.source)})
            self.deriving.recall(self.people, going_on)
        for id_call in going_on:
            self._dirty[id_call] = self.calls.setdefault(id_call, Held())

    def doubt(self) -> None:
        """The store may have lost or rolled back: base nothing on it, tell it everything held in memory again."""
        for id_call, held in self.calls.items():
            if held.call is not None:
                held.pending.insert(0, (held.call, FRAME))
            held.call, held.version = None, None
            self._dirty[id_call] = held
        self.people.doubt()
        self.who.doubt()
        self._rules_dirty = True

    def set_rules(self, timezone: str, rules: CountingRules) -> None:
        """Count by other rules from now on; `restate`, which is then wanted, makes today's numbers follow."""
        self.timezone, self.rules, self.people.timezone = timezone, rules, timezone
        self._rules_dirty = True
        self.who.want_restate()

    # --- writing ----------------------------------------------------------------------------------------------------

    async def flush(self) -> int:
        """Write what is dirty, one batch. Returns how many records were written. Raises StoreAway or Fenced, losing nothing."""
        if not self.dirty:
            await self._count_flush()
            return 0
        await self.people.settle_doubt()
        chosen = self._choose()
        await self._read_unread(chosen)
        batch = self._batch(chosen)
        if self.deriving is not None:
            self.deriving.tell(self.people, now_ms())
        moved = self.who.take(self._days())
        for old, new, _ in moved.moves:
            self.people.move(old, new)
        told = self.people.take()
        batch.moves, batch.entries, batch.presence = moved.moves, moved.entries, told
        wrote_rules, self._rules_dirty = self._rules_dirty, False
        try:
            shown = await apply_apart(self._store, self._organisation, self.source, self._holder, batch)
            if shown.fenced:
                raise Fenced(self.source)
        except BaseException:
            self._put_back(chosen, wrote_rules)
            self.who.put_back(moved)
            self.people.put_back(told)
            raise
        await self._settle(chosen, shown)
        await self._count_flush()
        return len(batch.records)

    async def _count_flush(self) -> None:
        self._flushes += 1
        async with self._flushed:
            self._flushed.notify_all()

    def _choose(self) -> dict[str, Held]:
        return {id_call: self._dirty.pop(id_call) for id_call in list(islice(self._dirty, BATCH))}

    def _put_back(self, chosen: dict[str, Held], rules: bool) -> None:
        """The step may or may not have happened: versions are read again before the next."""
        for id_call, held in chosen.items():
            if held.call is not None and held.version is not None:
                held.pending.insert(0, (held.call, FRAME))
                held.version = None
            self._dirty[id_call] = held
        self._rules_dirty = self._rules_dirty or rules

    async def _read_unread(self, chosen: dict[str, Held]) -> None:
        unread = [i for i, h in chosen.items() if h.version is None]
        if not unread:
            return
        try:
            stored = await self._store.load(self._organisation, self.source, unread)
        except BaseException:
            self._dirty.update(chosen)
            raise
        for id_call in unread:
            held, known = chosen[id_call], stored.get(id_call)
            call = held.stored = known.call if known is not None else None
            for told, how in held.pending:
                call = merge_call(call, told, how, self._identities)
            held.pending = []
            if call is None:  # its record has gone or cannot be read: it shows nothing any more, and history may tell it anew
                call = Call(source=self.source, id_call=id_call)
            held.call, held.version = self.erasure.of(call), known.version if known is not None else 0

    def _batch(self, chosen: dict[str, Held]) -> Batch:
        batch = Batch()
        for held in chosen.values():
            if held.call is not None and held.version is not None:
                batch.records.append(self._row(held.call, held.version, again=held.call == held.stored))
                held.stored = held.call
        if self._rules_dirty:
            batch.rules = pack_rules(self.timezone, self.rules)
        return batch

    def _days(self) -> list[str]:
        return sorted({business_day(now_ms() + by, self.timezone) for by in (-DAY_MS, 0, DAY_MS)})

    def _row(self, call: Call, version: int, *, again: bool = False) -> Row:
        settled = settle(call)
        self.silence.written(call)
        if self.deriving is not None:
            self.deriving.follow(settled)
        shown = contribution(settled, self.rules, self.who.queues.key, self.who.agents.key)
        started = settled.started_at if settled.started_at is not None else NO_START
        return Row(call, version, show_of(shown, self.timezone), started, again)

    async def _settle(self, chosen: dict[str, Held], shown: Shown) -> None:
        self.run_id, self.generation = shown.run_id, shown.generation
        self.seen_run_id = self.seen_run_id or shown.run_id
        self.refused += sorted(shown.refused)
        for id_call, held in chosen.items():
            if id_call in shown.refused:
                held.stored = None  # set aside: only another telling of it is tried again
                continue
            if id_call in shown.conflicts:
                if held.call is not None:
                    held.pending.insert(0, (held.call, FRAME))
                held.version = None
                self._dirty[id_call] = held
            elif held.version is not None:
                held.version += 1
                self.calls.move_to_end(id_call)
        await self.people.written(shown.agent_conflicts)
        if (surplus := len(self.calls) - KEEP_ENDED) > BATCH:
            evict(self.calls, self._dirty, surplus)

    async def restate(self, start_ms: int, end_ms: int) -> int:
        """Show every stored call of [start, end) again, by the rules and identities of now. Returns how many."""
        ids = await self._store.ids_between(self._organisation, self.source, start_ms, end_ms)
        for at in range(0, len(ids), BATCH):
            part = ids[at : at + BATCH]
            stored = await self._store.load(self._organisation, self.source, [i for i in part if i not in self.calls])
            for id_call in part:
                held = self.calls.get(id_call)
                if held is None:
                    known = stored.get(id_call)
                    if known is None or known.call is None:
                        continue
                    held = self.hold(id_call, known.call, known.version)
                if held.call is not None:
                    held.call = rejoin(held.call, self._identities)
                self._dirty[id_call] = held
            while self._dirty:
                await self.flush()
        self.who.restated()
        return len(ids)
