"""Fills the archive from a telephone system's past: day by day, newest first, a part of a day at a time.

Rules that hold here:
- Newest first: a run that ends early leaves an archive without a hole between it and today, and what people ask for first is there first.
- A call is gathered whole before it is kept: with the parts told beyond the border of what was asked, and by its id where it reaches
  further. So it comes out the same wherever days and parts are cut.
- A part is kept, and then it is remembered that it was; whoever is ended in between reads it again, which changes nothing.
- A part that does not prove complete is read again, cut in two, and at last named; its day is not done then.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypeVar

from stats.domain.errors import Refused
from stats.domain.notes import NOTES, Note
from stats.domain.records import Call, PresenceSlot
from stats.history import backfills
from stats.history.backfill_tables import BackfillDay
from stats.history.backfills import Kept
from stats.history.notes import upsert_notes
from stats.history.shelf import ask
from stats.history.telling import Away
from stats.history.telling import Refused as Unfit
from stats.ingest import asking
from stats.ingest.asking import Asking, NoSense, Say, TooMuch, Window, joined
from stats.ingest.backoff import delays
from stats.ingest.gathering import assembled, began, begins, calls_in, instants, reaches_beyond

MINUTE_MS = 60_000
DAY_MS = 86_400_000
# Calls of one part; more make it shorter.
MOST = 3_000
SHORTEST_MS = MINUTE_MS
# The vendor may file a row some minutes off; what a call does later than that is asked for by its id.
OVERLAP_MS = 15 * MINUTE_MS
# What does not prove complete is cut no shorter: a vendor that always miscounts must not be asked without end.
SHORTEST_CUT_MS = 6 * 3_600_000 + 2 * OVERLAP_MS
AT_ONCE = 400
BREATH_S = 0.01
TRIES = 3
DATABASE_TRIES = 8
PARTS = ("queues", "agents")
SLOTS = "profile_history"

Answer = TypeVar("Answer")


class Watches(Protocol):
    """Who hears how it goes."""

    def moved(self, day: BackfillDay, at_ms: int) -> None: ...
    def ended(self, day: BackfillDay) -> None: ...


@dataclass(slots=True)
class Outcome:
    """What a run came to: calls read, rows new or changed, calls that still go on, rows nobody can read, days that are not whole."""

    calls: int = 0
    changed: int = 0
    slots_changed: int = 0
    open: int = 0
    unreadable: int = 0
    notes: list[str] = field(default_factory=list)
    unproved: list[BackfillDay] = field(default_factory=list)


@dataclass(slots=True)
class Part:
    """What was told of a stretch of time: calls whole, slots, and what does not prove complete."""

    calls: list[Call]
    slots: list[PresenceSlot]
    own: int = 0  # calls that began in it; the others were begun before, and are told on the way
    lacking: str = ""
    notes: list[Note] = field(default_factory=list)


class Backfill:
    """One run over some days of one source."""

    def __init__(self, ask_vendor: Asking, organisation: str, source: str, *, now: Callable[[], int], watch: Watches, say: Say) -> None:
        self._asking, self._organisation, self._source = ask_vendor, organisation, source
        self._now, self._watch, self._say = now, watch, say
        self.longest_ms = DAY_MS  # of a part
        self._length: int | None = None  # of the next one, where the last was too long
        self._slots_told = True
        self.outcome = Outcome()

    async def run(self, days: Iterable[tuple[int, int]], *, again: bool = False) -> Outcome:
        """Read days, each [first instant, first instant of the next), in this order. Raises Refused, Silence, Away or history's Refused."""
        for bounds in days:
            day = await self._ask(partial(self._begin, bounds, again=again))
            if day is not None:
                await self._read_day(day)
                if day.state == "incomplete":
                    self.outcome.unproved.append(day)
                self._watch.ended(day)
        return self.outcome

    # --- a day --------------------------------------------------------------------------------------------------------

    async def _read_day(self, day: BackfillDay) -> None:
        asked, at, stays = self._now(), day.reached_ms, False
        if day.state != "reading":
            day.state, day.why = "reading", ""
        faults: list[tuple[int, str, str]] = []
        while at < day.to_ms and at < asked:
            upto = min(day.to_ms, at + min(self.longest_ms, self._length or DAY_MS))
            try:
                part = await self._read_part(at, upto)
            except TooMuch as much:
                self._length = max(SHORTEST_MS, int((upto - at) * much.share))
                continue
            kept = await self._keep(part)
            if part.lacking:
                faults.append((at, "incomplete", part.lacking))
            elif kept.open:
                faults.append((at, "open", f"{kept.open} calls go on"))
            stays = stays or bool(faults)
            at = upto
            if not stays:
                # What is behind this is in the database; what is not whole is where the next run begins.
                day.reached_ms, day.calls = at, day.calls + part.own
            self._length = self._length * 2 if self._length is not None else None
            await self._write(day)
            self._watch.moved(day, at)
        if not faults and day.to_ms + OVERLAP_MS > asked:
            faults.append((day.reached_ms, "open", "the day is not over for long enough"))
            day.reached_ms, day.calls = day.from_ms, 0
        worst = next((fault for fault in faults if fault[1] == "incomplete"), faults[0] if faults else None)
        day.state, day.why = (worst[1], worst[2][:200]) if worst is not None else ("done", "")
        await self._write(day)

    def _begin(self, bounds: tuple[int, int], *, again: bool) -> BackfillDay | None:
        return backfills.begin_day(self._organisation, self._source, bounds, self._now(), again=again)

    async def _write(self, day: BackfillDay) -> None:
        day.at_ms = self._now()
        await self._ask(partial(backfills.write_day, day))

    async def _keep(self, part: Part) -> Kept:
        changed = still_open = 0
        for at in range(0, len(part.calls), AT_ONCE):
            kept = await self._keep_some(part.calls[at : at + AT_ONCE])
            changed, still_open = changed + kept.changed, still_open + kept.open
            await asyncio.sleep(BREATH_S)
        slots = await self._ask(partial(backfills.keep_slots, self._organisation, self._source, part.slots, self._now()))
        if part.notes:
            try:
                await self._ask(partial(upsert_notes, self._organisation, part.notes))
            except Unfit:
                self.outcome.unreadable += 1
        self.outcome.calls += part.own
        self.outcome.changed += changed
        self.outcome.slots_changed += slots
        self.outcome.open += still_open
        return Kept(changed, still_open)

    async def _keep_some(self, calls: Sequence[Call]) -> Kept:
        """Keep these; one that can never be kept stands alone in the end, and the others are kept."""
        try:
            return await self._ask(partial(backfills.keep_told, self._organisation, self._source, calls, self._now()))
        except Unfit:
            if len(calls) == 1:
                self.outcome.unreadable += 1
                return Kept(0, 0)
            half = len(calls) // 2
            one, other = await self._keep_some(calls[:half]), await self._keep_some(calls[half:])
            return Kept(one.changed + other.changed, one.open + other.open)

    async def _ask(self, question: Callable[[], Answer]) -> Answer:
        """An answer of the database, which may be busy or away for a moment. Raises Away when it stays so."""
        waits = delays(longest_s=5.0)
        for tries_left in reversed(range(DATABASE_TRIES)):
            try:
                return await ask(question)
            except Away:
                if not tries_left:
                    raise
                self._say("the database is busy or away; trying again")
                await asyncio.sleep(next(waits))
        raise AssertionError("unreachable: the last try returns or raises")

    # --- a part of it -------------------------------------------------------------------------------------------------

    async def _read_part(self, start: int, end: int) -> Part:
        """Everything of the calls that began in [start, end), and the slots. Raises TooMuch."""
        asked = self._now()
        journeys = await self._proved("calls", start, end, asked)
        told: dict[str, list[Call]] = {}
        for call in calls_in(journeys.tellings):
            told.setdefault(call.id_call, []).append(call)
        windows, faults, notes = [journeys], list[str](), list[Note]()
        aside: dict[str, list[Call]] = {}
        for kind in PARTS:
            window = await self._proved(kind, start - OVERLAP_MS, end + OVERLAP_MS, asked)
            windows.append(window)
            for call in calls_in(window.tellings):
                if call.id_call in told:
                    told[call.id_call].append(call)
                elif any(start <= at < end for at in begins(call)):
                    aside.setdefault(call.id_call, []).append(call)
        whole = {id_call: assembled(parts) for id_call, parts in told.items()}
        for id_call, call in whole.items():
            if reaches_beyond(call, start - OVERLAP_MS, end + OVERLAP_MS):
                whole[id_call] = await self._look_up(call, asked, faults, notes)
        orphans = {id_call: assembled(parts) for id_call, parts in aside.items()}
        for id_call in await self._ask(partial(backfills.unknown_of, self._organisation, self._source, orphans)):
            # Begun before this part, or told without its own document: either way the vendor is asked who it is.
            whole[id_call] = await self._look_up(orphans[id_call], asked, faults, notes)
        slots = await self._read_slots(start, end, asked)
        windows.append(slots)
        self.outcome.unreadable += sum(window.unreadable for window in windows)
        lacking = next((why for why in (*(window.lacking for window in windows), *faults) if why), "")
        told_slots = [each for each in slots.tellings if isinstance(each, PresenceSlot)]
        own = sum(start <= began(call, start) < end for call in whole.values())
        notes += [each for window in windows for each in window.tellings if isinstance(each, NOTES)]
        return Part(list(whole.values()), told_slots, own, lacking, notes)

    async def _read_slots(self, start: int, end: int, asked: int) -> Window:
        if self._slots_told:
            try:
                return await self._proved(SLOTS, start, end, asked)
            except Refused as why:
                if why.kind == "auth":
                    raise
                self._slots_told = False
                self.outcome.notes.append(f"no hours of agents: {why.reason}")
        return Window()

    async def _proved(self, kind: str, start: int, end: int, asked: int) -> Window:
        """All rows of a window; cut in two where it does not prove complete. Raises TooMuch: calls are cut by shortening the part."""
        window, waits = Window(), delays(first_s=asking.FIRST_WAIT_S, longest_s=2.0)
        for _ in range(TRIES):
            try:
                most = MOST if kind == "calls" and end - start > SHORTEST_MS else None
                window = await self._asking.pages(kind, start, end, asked, most=most)
            except NoSense as why:
                window = Window()
                window.fault = str(why)
                break
            except Refused as why:
                # The vendor's word for a question that is too long.
                if "too_long" not in why.reason or end - start <= SHORTEST_CUT_MS:
                    raise
                break
            if not window.lacking:
                return window
            await asyncio.sleep(next(waits))
        if end - start <= SHORTEST_CUT_MS:
            return window
        if kind == "calls":
            raise TooMuch(0.5)
        middle = (start + end) // 2
        return joined(await self._proved(kind, start, middle, asked), await self._proved(kind, middle, end, asked))

    async def _look_up(self, call: Call, asked: int, faults: list[str], notes: list[Note]) -> Call:
        """The whole of a call of which something is known. Its documents may lie a day before and after that; its notes are added."""
        told = list(instants(call)) or [asked]
        try:
            tellings = await self._asking.look_up(call.id_call, min(told) - DAY_MS, max(told) + DAY_MS, asked)
        except NoSense as why:
            faults.append(str(why))
            return call
        notes += [each for each in tellings if isinstance(each, NOTES)]
        return assembled([call, *calls_in(tellings)])
