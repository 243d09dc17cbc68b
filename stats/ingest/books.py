"""The auditor's books: every record of the day told the slow way, added up, and compared with the sums as they lie in the store.

    versions of every record -> read those that changed -> tally each the slow way -> add up -> compare
Rules that hold here: records move while they are read, so what moved since the first look is left to the next audit; nothing blocks the
worker for more than milliseconds; a tally holds for one version of a record, and some are doubted all the same.
"""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from stats.domain.directory import Directory
from stats.domain.errors import Malformed
from stats.domain.metrics import Amounts, CountingRules
from stats.domain.outcomes import settle
from stats.domain.periods import business_day, day_bounds, minute_of
from stats.domain.records import Call
from stats.domain.tally import tally
from stats.live import codec
from stats.live.board_store import Store
from stats.live.inspection import Inspection, Picture
from stats.live.keys import call_reference
from stats.live.rules import unpack_rules

HOUR_MS = 3_600_000
# Calls that began so long before midnight may still be counted today.
REACH_MS = 12 * HOUR_MS
# How much of the day is compared at once; queues and the site always are.
AGENTS, MINUTES, CALLERS, READ_AGAIN = 40, 20, 40, 20
WINDOW_MINUTES = 60
AT_A_TIME = 50
# Reading a whole day takes this share of one core.
AT_LEISURE = 0.1
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode
_NOTHING = _encode(([], [], [], ("", "")))
Kept = tuple[int, bool, bytes]  # version, loose, packed tally


@dataclass(slots=True)
class Comparison:
    """What was looked at: `different` maps a cell to (shown, recounted)."""

    picture: Picture
    different: dict[str, tuple[int, int]] = field(default_factory=dict)
    compared: set[str] = field(default_factory=set)
    moved: int = 0

    def look(self, cell: str, mark: str, shown: int, recounted: int) -> None:
        """Compare one cell, unless what `mark` names has moved."""
        if mark in self.picture.moved:
            self.moved += 1
            return
        self.compared.add(cell)
        if shown != recounted:
            self.different[cell] = (shown, recounted)


class Books:
    """What the auditor keeps of one organisation between audits: each record's tally, a few hundred bytes."""

    def __init__(self, store: Store, organisation: str) -> None:
        self.inspection, self._store, self._organisation = Inspection(store, organisation), store, organisation
        self.kept: dict[str, Kept] = {}  # "<source>/<id_call>" -> what it adds
        self.timezone, self._rules_text, self.rules = "UTC", "", CountingRules()
        self._queues: dict[str, Directory] = {}
        self._agents: dict[str, Directory] = {}
        self._named: tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]] = ((), ())
        self.agents: list[str] = []
        self.sources: dict[str, bool] = {}  # -> whether it is shown as live
        self.spent_s = 0.0

    async def learn(self) -> bool:
        """Who is who and how is counted; False while today's numbers are being made anew, or nothing was ever counted."""
        entries = self._store.entries
        found = await entries(self._organisation, "sources")
        known, self.sources = False, {}
        for name, packed in found.items():
            try:
                facts = codec.unpack_source(packed)
            except Malformed:
                facts = None
            # What a source counts before its first day is whole stands in the sums, too.
            self.sources[name] = facts is not None and facts.known and facts.state == "live"
            known |= facts is not None and facts.known
        restating = any((await entries(self._organisation, "flags")).values())
        rules = await self._store.rules(self._organisation)
        if not known or restating or not rules:
            return False
        if rules != self._rules_text:
            self.timezone, self.rules = unpack_rules(rules)
            self._rules_text = rules
            self.kept = {}
        queues, agents = await entries(self._organisation, "queues"), await entries(self._organisation, "agents")
        named = (tuple(sorted(queues.items())), tuple(sorted(agents.items())))
        if named != self._named:
            self._named = named
            self._queues, self._agents = _directories(queues), _directories(agents)
            self.agents = sorted(agents)
            # Whom only an account number or a name is known of may be somebody else now.
            self.kept = {name: kept for name, kept in self.kept.items() if not kept[1]}
        return True

    async def bring_up_to_date(self, now: int) -> int:
        """Reads every record that changed; returns how many did."""
        first = day_bounds(business_day(now, self.timezone), self.timezone)[0] - REACH_MS
        changed, seen = 0, set[str]()
        for source in self.sources:
            wanted: list[str] = []
            async for part in self.inspection.versions(source, first, now + HOUR_MS):
                began = time.thread_time()
                for id_call, version in part:
                    name = call_reference(source, id_call)
                    seen.add(name)
                    held = self.kept.get(name)
                    if held is None or held[0] != version:
                        wanted.append(id_call)
                self.spent_s += time.thread_time() - began
            changed += len(wanted)
            await self._read(source, wanted)
        living = await self._store.entries(self._organisation, "living")
        for source in self.sources:
            lead = f"{source}/"
            old = [name.removeprefix(lead) for name in living if name.startswith(lead) and name not in seen]
            seen.update(lead + each for each in old)
            await self._read(source, old)
        for name in self.kept.keys() - seen:
            del self.kept[name]
        return changed

    async def doubt_some(self) -> None:
        """Reads some records again although they seem unchanged: a version vouches for nothing that was done by hand."""
        for source in self.sources:
            lead = f"{source}/"
            mine = [name.removeprefix(lead) for name in self.kept if name.startswith(lead)]
            await self._read(source, random.sample(mine, min(READ_AGAIN, len(mine))))

    async def _read(self, source: str, ids: Sequence[str]) -> None:
        for at in range(0, len(ids), AT_A_TIME):
            part = ids[at : at + AT_A_TIME]
            began = time.thread_time()
            stored = await self._store.load(self._organisation, source, part)
            for id_call in part:
                name, found = call_reference(source, id_call), stored.get(id_call)
                if found is None:
                    self.kept.pop(name, None)
                elif found.call is None:
                    # Read once is enough to know that it cannot be read.
                    self.kept[name] = (found.version, False, _NOTHING)
                else:
                    self.kept[name] = (found.version, *self._packed(source, found.call))
            took = time.thread_time() - began
            # A whole day is read at leisure; the few of an ordinary audit at once, for sums must not run away meanwhile.
            at_leisure = len(ids) > 4 * AT_A_TIME
            self.spent_s += 0.0 if at_leisure else took
            await asyncio.sleep(took / AT_LEISURE if at_leisure else 0)

    def _packed(self, source: str, call: Call) -> tuple[bool, bytes]:
        queues, agents = self._queues.setdefault(source, Directory()), self._agents.setdefault(source, Directory())
        told = tally(settle(call), self.rules, queues.key, agents.key)
        cells = [
            (scope, 0 if scope[0] == "a" else minute_of(at), business_day(at, self.timezone), amounts) for scope, at, amounts in told.cells
        ]
        waits = [(queue, business_day(at, self.timezone), ms) for queue, at, ms in told.waits]
        caller = ("", "") if told.caller is None else (business_day(told.caller.started_at, self.timezone), codec.pack_caller(told.caller))
        return told.loose, _encode((cells, waits, told.waiting, caller))

    async def compare(self, since: int, now: int, suspects: Iterable[str]) -> Comparison:
        """The sums of a sample of cells (suspects among them) against the tallies, but for what moved since a rev."""
        day, newest, suspected = business_day(now, self.timezone), minute_of(now), list(suspects)
        queues = [f"q:{key}" for key, _ in self._named[0]]
        again = [scope for cell in suspected if (scope := cell.rpartition(".")[0]).startswith("a:")]
        some = random.sample(self.agents, min(AGENTS, len(self.agents)))
        scopes = list(dict.fromkeys(["s", *queues, *again, *(f"a:{agent}" for agent in some)]))
        first = newest - WINDOW_MINUTES + 1
        asked = [int(word) for cell in suspected if (word := cell.rpartition(" ")[2]).isdigit() and int(word) >= first]
        minutes = sorted({newest, newest - 1, newest - 2, *random.sample(range(first, newest - 2), MINUTES - 3), *asked})
        calls = random.sample(sorted(self.kept), min(CALLERS, len(self.kept)))
        found = Comparison(await self.inspection.picture(since, day, scopes, minutes, calls))
        sums = await self._sums(day, set(scopes), set(minutes))
        began = time.thread_time()
        self._compare_days(found, sums, day, scopes)
        for minute in minutes:
            shown_by, own_by = found.picture.minutes.get(minute, {}), sums.minutes.get(minute, {})
            for scope in shown_by.keys() | own_by.keys():
                shown, own = shown_by.get(scope, {}), own_by.get(scope, {})
                for name in shown.keys() | own.keys():
                    found.look(f"{scope}.{name} {minute}", f"m|{minute}", shown.get(name, 0), own.get(name, 0))
        # One living call that moved may have been any queue's.
        mark = next((name for name in found.picture.moved if name.startswith("l|")), "l|")
        for scope in queues:
            waiting = sum(1 for each in found.picture.living.values() for queue, _ in each.waiting if queue == scope[2:])
            found.look(f"{scope}.waiting", mark, waiting, sums.waiting.get(scope[2:], 0))
        for call in calls:
            same = found.picture.callers.get(call, "") == sums.callers.get(call, "")
            found.look("s.lost_callers today", f"c|{day}|{call}", int(same), 1)
        self.spent_s += time.thread_time() - began
        return found

    def _compare_days(self, found: Comparison, sums: "_Sums", day: str, scopes: Sequence[str]) -> None:
        for scope in scopes:
            shown, own, mark = found.picture.days.get(scope, {}), sums.days.get(scope, {}), f"d|{day}|{scope}"
            for name in shown.keys() | own.keys():
                # Time in state is presence's, not the calls'.
                if not name.startswith("time_"):
                    found.look(f"{scope}.{name} today", mark, shown.get(name, 0), own.get(name, 0))
            if scope.startswith("q:"):
                longest = found.picture.greatest.get(scope[2:], 0)
                found.look(f"{scope}.longest_wait today", mark, longest, sums.greatest.get(scope[2:], 0))

    async def _sums(self, day: str, scopes: set[str], minutes: set[int]) -> "_Sums":
        sums, began = _Sums(), time.thread_time()
        for count, (name, (_, _, packed)) in enumerate(list(self.kept.items()), 1):
            cells, waits, waiting, (caller_day, caller) = _decode(packed)
            for scope, minute, of_day, amounts in cells:
                if of_day == day and scope in scopes:
                    _add(sums.days[scope], amounts)
                if minute in minutes:
                    _add(sums.minutes.setdefault(minute, {}).setdefault(scope, {}), amounts)
            for queue, of_day, ms in waits:
                if of_day == day:
                    sums.greatest[queue] = max(ms, sums.greatest.get(queue, 0))
            for queue in waiting:
                sums.waiting[queue] = sums.waiting.get(queue, 0) + 1
            if caller_day == day:
                sums.callers[name] = caller
            if count % 200 == 0:
                self.spent_s += time.thread_time() - began
                await asyncio.sleep(0)
                began = time.thread_time()
        self.spent_s += time.thread_time() - began
        return sums


class _Sums:
    """Tallies added up."""

    def __init__(self) -> None:
        self.days: defaultdict[str, Amounts] = defaultdict(dict)
        self.minutes: dict[int, dict[str, Amounts]] = {}
        self.greatest: dict[str, int] = {}
        self.waiting: dict[str, int] = {}
        self.callers: dict[str, str] = {}


def _directories(entries: dict[str, str]) -> dict[str, Directory]:
    found: dict[str, Directory] = {}
    for packed in entries.values():
        try:
            party, source = codec.unpack_party(packed)
        except Malformed:
            continue
        found.setdefault(source, Directory()).learn(party)
    return found


def _add(into: Amounts, amounts: Amounts) -> None:
    for name, amount in amounts.items():
        into[name] = into.get(name, 0) + amount
