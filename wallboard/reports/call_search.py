"""Pages of the list of calls: what the live store alone knows, laid over the archive, read from where the page before ended.

Rules that hold here:
- Redis is read first, then the database: a call that is kept in between is in both, and the live one is believed.
- A page goes on from a place, never from a number: calls that come meanwhile neither push a line onto the next page nor off it.
- A page looks for as long as a look may take and no longer; where it stopped early it says how far it has looked, and goes on from there.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError

from stats.domain.call_list import Entry, Filters, Pieces, Place, entry_of
from stats.domain.facts import Facts
from stats.domain.metrics import KeyOf, plain_key
from stats.domain.outcomes import settle
from stats.domain.records import Call, Party
from stats.history.call_list import ListQuestion, calls_counted, candidates, number_of_calls, records
from stats.history.party_names import Called, party_names
from stats.live.loose_calls import loose_calls
from wallboard.api.gathering import MOST_LOOSE, agent_keys, aliases, queue_key_of
from wallboard.push import live
from wallboard.push.admission import ArchiveBehind, DatabaseAway
from wallboard.reports.reading import desk

PAGE = 100
MOST_COUNTED = 10_000
# So many calls of the live store are looked for among those that an index has counted.
MOST_BESIDE = 400
# How long a page may look for its lines, and how long for their number, in seconds of the clock on the wall.
LOOK_S, COUNT_S = 0.15, 0.05
_HOUR_MS = 3_600_000
_SPARE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which calls, of which stretches of time (epoch ms, in order, apart), and which page: before or after a place, else the newest."""

    asked: Filters
    pieces: Pieces
    before: Place | None = None
    after: Place | None = None
    limit: int = PAGE
    look_s: float = LOOK_S


@dataclass(slots=True, kw_only=True)
class CallPage:
    """Lines, newest first. `older` and `newer` are where the next pages begin, None where there is none.

    `looked_to`: time was up; the calls from here on (epoch ms) have been looked through. `count`: how many there are in all, None where
    nobody knows; with `at_least` there are more.
    """

    entries: list[Entry] = field(default_factory=list)
    older: Place | None = None
    newer: Place | None = None
    looked_to: int | None = None
    count: int | None = None
    at_least: bool = False


async def find_calls(slug: str, facts: Facts, wish: Wish, now: int) -> CallPage:
    """A page of the list. Raises StoreAway, DatabaseAway, ArchiveBehind."""
    loose = await loose_calls(live.store(), slug, MOST_LOOSE)
    if not loose.whole:
        raise ArchiveBehind
    if not wish.pieces:
        return CallPage(count=0)
    look = _Look(slug, facts, wish, now, loose.calls)
    try:
        return await database_sync_to_async(look.page, thread_sensitive=False, executor=desk)()
    except (DatabaseError, InterfaceError) as why:
        raise DatabaseAway from why


class _Look:
    """One look at the list, in a thread of the database's."""

    def __init__(self, slug: str, facts: Facts, wish: Wish, now: int, loose: list[Call]) -> None:
        self.facts, self.wish, self.now, self.loose_calls = facts, wish, now, loose
        self.loose = {(call.source, call.id_call) for call in loose}
        self.agents = agent_keys(facts)
        self.older: dict[str, dict[str, str]] = {"queue": {}, "agent": {}}
        self.first, self.end = wish.pieces[0][0], wish.pieces[-1][1]
        self.slug = slug
        self.question = ListQuestion(organisation=slug, asked=wish.asked)

    def _learn(self) -> None:
        """Under which keys those who are asked for may have been kept: the live store's say first, then what the archive was told."""
        asked = self.wish.asked
        if asked.keys is not None:
            self.older["queue"] = _older(party_names(self.slug, "queue"))
        if asked.agents is not None:
            self.older["agent"] = _older(party_names(self.slug, "agent"))
        queues = {**self.older["queue"], **aliases(self.facts.queues.values())}
        agents = {**self.older["agent"], **aliases(self.facts.agents.values())}
        self.question = replace(self.question, queues=_stored(queues, asked.keys), agents=_stored(agents, asked.agents))

    def page(self) -> CallPage:
        """Lines and number."""
        self._learn()
        own = [entry for call in self.loose_calls if (entry := self._entry(call)) is not None]
        if self.wish.asked.id_call:
            return self._one(own)
        if self.wish.after is not None and (page := self._newer(own, self.wish.after)) is not None:
            return page
        page = self._older(own, self.wish.before if self.wish.after is None else None)
        if page.newer is None:
            if page.older is None:
                page.count = len(page.entries)
            elif page.looked_to is None and self.question.is_exact and len(self.wish.pieces) == 1:
                page.count, page.at_least = self._count(own)
        return page

    def _one(self, own: list[Entry]) -> CallPage:
        """The calls with an id, whenever they were."""
        found = {(each.source, each.id_call): each for each in own}
        # A source that was taken away has left its calls behind.
        for source in {*self.facts.sources, *(source for source, _key in party_names(self.slug, "queue"))}:
            place = (0, self.wish.asked.id_call, 0, source)
            for key, call in records(self.question.organisation, [place], anywhere=True).items():
                if key not in self.loose and (entry := self._entry(call)) is not None:
                    found[key] = entry
        entries = sorted(found.values(), key=lambda entry: entry.place, reverse=True)
        return CallPage(entries=entries, count=len(entries))

    def _older(self, own: list[Entry], before: Place | None) -> CallPage:
        fits = (lambda place: place < before) if before is not None else (lambda place: True)
        end = self.end if before is None else min(self.end, before[0] + 1)
        found, border = self._walk(own, fits, self.first, end, oldest=False)
        entries = sorted(found, key=lambda entry: entry.place, reverse=True)
        page = CallPage(entries=entries[: self.wish.limit])
        if before is not None and entries:
            page.newer = entries[0].place
        elif before is not None:
            page.newer = before
        if len(entries) > self.wish.limit:
            page.older = page.entries[-1].place
        elif border > self.first:
            page.older, page.looked_to = (border, "", 0, ""), border
        return page

    def _newer(self, own: list[Entry], after: Place) -> CallPage | None:
        """The page above a place; None when that is the first one."""
        found, border = self._walk(own, lambda place: place > after, max(self.first, after[0]), self.end, oldest=True)
        entries = sorted(found, key=lambda entry: entry.place)
        if len(entries) <= self.wish.limit and border >= self.end:
            return None
        page = CallPage(entries=entries[: self.wish.limit][::-1])
        page.older = page.entries[-1].place if page.entries else after
        page.newer = page.entries[0].place if len(entries) > self.wish.limit else (border, "", 0, "")
        page.looked_to = border if len(entries) <= self.wish.limit else None
        return page

    def _walk(self, own: list[Entry], fits: Callable[[Place], bool], first: int, end: int, *, oldest: bool) -> tuple[list[Entry], int]:
        """More lines than a page holds, or all there are, or those found in time; and how far everything was looked through."""
        found: list[Entry] = []
        border = first if oldest else end

        def within() -> list[Entry]:
            mine = [each for each in own if fits(each.place) and (each.at < border if oldest else each.at >= border)]
            return found + mine

        for low, high in self._stretches(first, end, oldest=oldest):
            told = candidates(self.question, low, high, self.wish.limit + _SPARE, oldest=oldest)
            while True:
                found += self._verified([place for place in told.places if fits(place)])
                border = told.end if oldest else told.first
                if border == (high if oldest else low) or len(within()) > self.wish.limit or self._time_is_up():
                    break
                rest = (border, high) if oldest else (low, border)
                told = candidates(self.question, *rest, self.wish.limit + _SPARE, oldest=oldest)
            if len(within()) > self.wish.limit or self._time_is_up():
                break
        else:
            border = end if oldest else first
        return within(), border

    def _stretches(self, first: int, end: int, *, oldest: bool) -> Iterator[tuple[int, int]]:
        """[first, end) in stretches: an hour, then as much longer as time allows, in the order they are looked at."""
        self.until = time.monotonic() + self.wish.look_s
        step, at = _HOUR_MS, first if oldest else end
        while at < end if oldest else at > first:
            low, high = (at, min(end, at + step)) if oldest else (max(first, at - step), at)
            inside = [(max(low, begin), min(high, over)) for begin, over in self.wish.pieces if begin < high and over > low]
            began = time.monotonic()
            if inside:
                yield inside[0][0], inside[-1][1]
            took = time.monotonic() - began
            at = high if oldest else low
            # As long as a look that costs the same for each hour fits into the time that is left.
            left = max(0.0, self.until - time.monotonic())
            step = max(_HOUR_MS, min(step * 8, int(step * left / took) if took > 0 else step * 8))

    def _time_is_up(self) -> bool:
        return time.monotonic() > self.until

    def _verified(self, places: list[Place]) -> list[Entry]:
        wanted = [
            place
            for place in places
            if (place[3], place[1]) not in self.loose and any(begin <= place[0] < over for begin, over in self.wish.pieces)
        ]
        calls = records(self.question.organisation, wanted)
        found = []
        for place in wanted:
            call = calls.get((place[3], place[1]))
            entry = self._entry(call) if call is not None else None
            # A call stands at one of its candidates: the newest that fits.
            if entry is not None and entry.place == place:
                found.append(entry)
        return found

    def _entry(self, call: Call) -> Entry | None:
        told_by = self.facts.sources.get(call.source)
        now = self.now + (told_by.vendor_ahead_ms if told_by is not None else 0)
        queue_key = _of_today(queue_key_of(self.facts, call.source), self.older["queue"])
        agent_key = _of_today(self.agents.get(call.source, plain_key), self.older["agent"])
        return entry_of(settle(call), self.wish.asked, self.wish.pieces, queue_key, agent_key, now)

    def _count(self, own: list[Entry]) -> tuple[int, bool]:
        """How many there are, as far as it is cheap, and whether there are more."""
        ids = {(each.source, each.id_call) for each in own}
        number, few = len(ids), self.question.asked.by == "call" and len(self.loose) <= MOST_BESIDE
        self.wish = replace(self.wish, look_s=COUNT_S)
        for low, high in self._stretches(self.first, self.end, oldest=False):
            if few:
                number += number_of_calls(self.question, low, high, MOST_COUNTED + 1 + len(self.loose), self.loose)
            else:
                ids.update(pair for pair in calls_counted(self.question, low, high, MOST_COUNTED + 1 + len(ids)) if pair not in self.loose)
                number = len(ids)
            if number > MOST_COUNTED:
                return MOST_COUNTED, True
            if self._time_is_up() and low > self.first:
                return number, True
        return number, False


def _older(called: Mapping[tuple[str, str], Called]) -> dict[str, str]:
    return {each.key: each.today for each in called.values() if each.key != each.today}


def _of_today(key_of: KeyOf, older: Mapping[str, str]) -> KeyOf:
    """The key of today of whom the live store does not know any more."""
    if not older:
        return key_of

    def key(party: Party) -> str | None:
        told = key_of(party)
        return older.get(told, told) if told is not None else None

    return key


def _stored(keys: dict[str, str], wanted: frozenset[str] | None) -> frozenset[str] | None:
    """Every key under which these may be kept."""
    return None if wanted is None else wanted | {kept for kept, key in keys.items() if key in wanted}
