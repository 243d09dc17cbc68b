"""Finds queues, agents, calls and pages by what a person remembers of them: part of a name, the end of a number, half an id.

Rules that hold here:
- Nothing is found that its finder may not open: names come from the viewer's own values, calls are asked for one by one.
- A number is looked for in any spelling. The whole of it is found wherever a call of it is kept; its last digits are found among today's
  callers, because no index knows the ends of numbers.
- What is shown of a number is masked, whoever looks.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote

from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError
from django.urls import reverse
from django.utils.translation import gettext as _

from stats.domain.facts import Facts
from stats.domain.numbers import e164
from stats.domain.outcomes import settle
from stats.domain.periods import business_day
from stats.domain.records import Call
from stats.history import finding as archive
from stats.live import finding as store
from wallboard.accounts.viewer import Viewer
from wallboard.pages.menu import ADMINISTRATION, MAIN, OTHERS, entries
from wallboard.pages.words import DIRECTIONS, OUTCOMES, day_and_time, folded, masked
from wallboard.push import live

LONGEST = 100
MOST_OF_A_KIND = 8
MOST_CALLS = 20
# Of these many candidates the viewer's own are picked.
MOST_CANDIDATES = 120
FEWEST_DIGITS = 4
SHORTEST_ID = 8
_MARKS = str.maketrans("", "", " \u00a0()-./+\u2010\u2011\u2012\u2013\u2014\u2015")
Values = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Something found: kind is queue, agent, call or page; `address` opens it; `place` is 0 for the best match, 2 for the farthest."""

    kind: str
    title: str
    detail: str
    address: str
    place: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What was looked for. `number` is its E.164 form where it has one, `digits` its digits where it can be (part of) a number."""

    words: str
    digits: str
    number: str | None

    @property
    def is_number(self) -> bool:
        """Whether numbers are looked through."""
        return bool(self.digits)

    @property
    def is_id(self) -> bool:
        """Whether calls' ids are looked through."""
        return len(self.words) >= SHORTEST_ID and not any(letter.isspace() for letter in self.words) and not self.words.startswith("+")

    @property
    def shown(self) -> str:
        """The number as it may be written down."""
        return masked(self.number) if self.number else masked(self.digits)


def read(words: str) -> Search:
    """What a person typed."""
    kept = " ".join("".join(letter for letter in words if letter.isprintable()).split())[:LONGEST]
    bare = kept.translate(_MARKS)
    digits = bare if bare.isascii() and bare.isdigit() and len(bare) >= FEWEST_DIGITS else ""
    return Search(words=kept, digits=digits, number=e164(kept) if digits else None)


def pages(search: Search, viewer: Viewer) -> list[Result]:
    """Pages by a word of their name or of what they are for."""
    found = []
    for each in entries(viewer, MAIN, ADMINISTRATION, OTHERS):
        place = min((_place(search.words, str(words)) for words in (each.label, each.also)), default=3)
        if place < 2:
            found.append(Result(kind="page", title=str(each.label), detail=_("Page"), address=each.address, place=place))
    return sorted(found, key=lambda result: result.place)[:MOST_OF_A_KIND]


def parties(search: Search, values: Values, kind: str) -> list[Result]:
    """Queues or agents by any part of their name, the best match first; or by their number at the vendor."""
    found = []
    for scope, told in values.items():
        lead, _colon, key = scope.partition(":")
        if lead != kind:
            continue
        name = told.get("name")
        title = name.strip() if isinstance(name, str) and name.strip() else f"#{key}"
        place = 0 if search.words in (key, f"#{key}", str(told.get("account_id"))) else _place(search.words, title)
        if place < 3:
            found.append((place, title.casefold(), key, title))
    words = _("Queue") if kind == "queue" else _("Agent")
    best = sorted(found)[:MOST_OF_A_KIND]
    return [
        Result(kind=kind, title=title, detail=words, address=f"/{kind}s/{quote(key, safe=':')}/", place=place)
        for place, _folded, key, title in best
    ]


def _place(words: str, text: str) -> int:
    """0 when the text begins so, 1 when one of its words does, 2 when it is somewhere in it, 3 when it is not."""
    wanted, has = folded(words), folded(text)
    if not wanted or wanted not in has:
        return 3
    if has.startswith(wanted):
        return 0
    return 1 if any(part.startswith(wanted) for part in has.split()) or f" {wanted}" in has else 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where calls are looked for: whose, with what is known of them now, for whom, at what instant (epoch ms)."""

    organisation: str
    facts: Facts
    viewer: Viewer
    now: int


async def calls(search: Search, place: Place) -> tuple[list[Result], bool]:
    """Calls of a number or with an id, newest first, and whether the archive answered. Raises StoreAway."""
    wanted: dict[tuple[str, str], Call | None] = {}
    if search.is_number:
        wanted.update(dict.fromkeys(_of_callers(search, place)))
        wanted.update({key: call for key, call in (await _alive(place)).items() if _has(search, settle(call).number)})
    if search.is_id:
        wanted.update(dict.fromkeys(await store.ids_beginning(live.store(), place.organisation, search.words, MOST_CANDIDATES)))
    unread = [key for key, call in wanted.items() if call is None]
    read_now = await _load(place.organisation, unread)
    found = {key: call if call is not None else read_now.get(key) for key, call in wanted.items()}
    kept, answered = await _archived(search, place)
    for each in kept:
        found.setdefault((each.source, each.id_call), each.call)
        if found[(each.source, each.id_call)] is None:
            found[(each.source, each.id_call)] = each.call
    told = [result for call in found.values() if call is not None and (result := _result(call, place)) is not None]
    told.sort(key=lambda pair: pair[0], reverse=True)
    return [result for _at, result in told[:MOST_CALLS]], answered


def _of_callers(search: Search, place: Place) -> list[tuple[str, str]]:
    """(source, id_call) of today's calls by their caller, newest first."""
    today = place.facts.callers.get(business_day(place.now, place.facts.timezone), {})
    hits = [(caller.started_at, reference) for reference, caller in today.items() if _has(search, caller.number)]
    return [_parted(reference) for _at, reference in sorted(hits, reverse=True)[:MOST_CANDIDATES]]


def _has(search: Search, number: str | None) -> bool:
    if not number:
        return False
    return number == search.number or number.endswith(search.digits)


async def _alive(place: Place) -> dict[tuple[str, str], Call]:
    """Whoever waits or talks now: their numbers are in no list of callers yet."""
    return await _load(place.organisation, [_parted(reference) for reference in place.facts.living])


def _parted(reference: str) -> tuple[str, str]:
    source, _slash, id_call = reference.partition("/")
    return source, id_call


async def _load(organisation: str, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Call]:
    by_source: dict[str, list[str]] = {}
    for source, id_call in wanted:
        by_source.setdefault(source, []).append(id_call)
    found = {}
    for source, ids in by_source.items():
        loaded = await live.store().load(organisation, source, ids)
        found.update({(source, id_call): each.call for id_call, each in loaded.items() if each.call is not None})
    return found


async def _archived(search: Search, place: Place) -> tuple[list[archive.Found], bool]:
    found: list[archive.Found] = []
    try:
        if search.number is not None:
            found += await _asked(partial(archive.calls_with_number, place.organisation, search.number, MOST_CANDIDATES))
        if search.is_id:
            sources = list(place.facts.sources)
            found += await _asked(partial(archive.calls_beginning, place.organisation, sources, search.words, MOST_CANDIDATES))
    except (DatabaseError, InterfaceError):
        return found, False
    return found, True


async def _asked(question: "partial[list[archive.Found]]") -> list[archive.Found]:
    return await database_sync_to_async(question)()


def _result(call: Call, place: Place) -> tuple[int, Result] | None:
    """A call as a result with its start; None where the viewer may not open it."""
    settled = settle(call)
    keys = [place.facts.queue_key(call.source, visit.visit.queue) for visit in settled.visits]
    if not place.viewer.sees_call(keys):
        return None
    where = [str(key) for key in keys if key is not None]
    last = place.facts.queues.get(where[-1]) if where and place.viewer.sees_queue(where[-1]) else None
    told = [
        day_and_time(settled.started_at, place.facts.timezone),
        str(DIRECTIONS.get("internal" if settled.internal else str(settled.direction or ""), "")),
        (last.party.name or "") if last is not None else "",
        str(OUTCOMES.get(str(settled.visits[-1].outcome), "")) if settled.visits else "",
    ]
    result = Result(
        kind="call",
        title=masked(settled.number),
        detail=" · ".join(part for part in told if part),
        address=reverse("call", args=[call.id_call]),
    )
    return settled.started_at or 0, result
