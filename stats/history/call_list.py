"""The archive's candidates for a list of calls: where calls, visits or rings stand, a stretch of time at once, and the records of calls.

Rules that hold here:
- A question is about one stretch of time, has an end, and goes along an index by instant: nothing is skipped over, nothing is sorted whole.
- What is found is a candidate: more than fits may be found, and never less; `stats.domain.call_list` decides.
- A candidate stands at its place, by instant, ties whole, so that no engine's order of text matters; asked of any thread.
"""

import contextlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from stats.domain.call_list import Filters, Place
from stats.domain.errors import Malformed
from stats.domain.records import Call
from stats.history.rows import FARTHEST_MS
from stats.history.tables import ArchivedCall, ArchivedOffer, ArchivedVisit
from stats.history.writing import read_call

# A part of a call hardly ever begins further from the call's start than this; one that does is looked for once more.
NEAR_MS = 6 * 3_600_000
_AT_ONCE = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuestion:
    """Whose calls, and which. `queues` and `agents`: keys as they are stored, for every key of today that is asked for; None: any."""

    organisation: str
    asked: Filters
    queues: frozenset[str] | None = None
    agents: frozenset[str] | None = None

    @property
    def is_exact(self) -> bool:
        """Whether every candidate fits, so that candidates may be counted."""
        asked = self.asked
        if asked.by == "call":
            return not (asked.number or asked.id_call or asked.talk_least is not None)
        if asked.by == "visit":
            return not asked.ivr
        return not (asked.direction or asked.outcome or asked.ivr or asked.asks_of_visits or asked.seen is not None)


@dataclass(frozen=True, slots=True)
class Candidates:
    """Places of a stretch of time in the order they were asked for, and how far it was looked: all of [`first`, `end`) is in them."""

    places: list[Place]
    first: int
    end: int


def candidates(question: ListQuestion, first: int, end: int, limit: int, *, oldest: bool = False) -> Candidates:
    """About `limit` of the newest (or oldest) places in [first, end), at least one instant whole. Raises django.db.Error."""
    rows = _rows(question, first, end).filter(at_ms__gte=first, at_ms__lt=end).order_by("at_ms" if oldest else "-at_ms")
    columns = ("at_ms", "id_call", "source") if question.asked.by == "call" else ("at_ms", "id_call", "number", "source")
    found: list[Any] = list(rows.values_list(*columns)[:limit])
    if len(found) < limit:
        return Candidates([_place(each) for each in found], first, end)
    border = found[-1][0]
    found = [each for each in found if each[0] != border]
    found += _rows(question, first, end).filter(at_ms=border).order_by().values_list(*columns)
    return Candidates([_place(each) for each in found], *((first, border + 1) if oldest else (border, end)))


def _place(told: Sequence[Any]) -> Place:
    return (told[0], told[1], told[2], told[3]) if len(told) == 4 else (told[0], told[1], 0, told[2])


def number_of_calls(question: ListQuestion, first: int, end: int, most: int, beside: Collection[tuple[str, str]]) -> int:
    """How many calls in [first, end) there are, of a list by calls: at most so many are counted, and of those `beside` (a few) none.

    An index answers: no call's row, which is as long as its record, is looked at. Raises django.db.Error.
    """
    rows = _rows(question, first, end).filter(at_ms__gte=first, at_ms__lt=end)
    number: int = rows.order_by("-at_ms").values("at_ms")[:most].count()
    found = rows.filter(id_call__in={id_call for _source, id_call in beside}) if beside else rows.none()
    return number - sum(pair in beside for pair in found.order_by().values_list("source", "id_call"))


def calls_counted(question: ListQuestion, first: int, end: int, most: int) -> list[tuple[str, str]]:
    """(source, id) of at most so many candidates in [first, end), for counting. Raises django.db.Error."""
    rows = _rows(question, first, end).filter(at_ms__gte=first, at_ms__lt=end).order_by("-at_ms")
    return list(rows.values_list("source", "id_call")[:most])


def records(organisation: str, places: Iterable[Place], *, anywhere: bool = False) -> dict[tuple[str, str], Call]:
    """The calls at these places by (source, id), or (`anywhere`) whenever they were; one that cannot be read is left out.

    Raises django.db.Error.
    """
    by_source: dict[str, dict[str, int]] = {}
    for at, id_call, _number, source in places:
        by_source.setdefault(source, {})[id_call] = at
    found: dict[tuple[str, str], Call] = {}
    for source, instants in by_source.items():
        for part in _parts(instants):
            first, end = min(part.values()), max(part.values())
            rows = ArchivedCall.objects.filter(organisation=organisation, source=source)
            if anywhere:
                _read(rows.filter(id_call__in=list(part)), found)
                continue
            _read(rows.filter(id_call__in=list(part), at_ms__gte=first - NEAR_MS, at_ms__lte=end + NEAR_MS), found)
            if missing := [id_call for id_call in part if (source, id_call) not in found]:
                far = rows.filter(id_call__in=missing, at_ms__gte=first - FARTHEST_MS, at_ms__lte=end + FARTHEST_MS)
                _read(far, found)
    return found


def _read(rows: Any, into: dict[tuple[str, str], Call]) -> None:
    for source, id_call, record in rows.order_by().values_list("source", "id_call", "record"):
        with contextlib.suppress(Malformed):
            into[(source, id_call)] = read_call(record)


def _parts(instants: Mapping[str, int]) -> Iterable[dict[str, int]]:
    told = sorted(instants.items(), key=lambda each: each[1])
    return (dict(told[at : at + _AT_ONCE]) for at in range(0, len(told), _AT_ONCE))


def _rows(question: ListQuestion, first: int, end: int) -> Any:
    """Candidates of any time; [first, end) is when they will be asked for."""
    asked = question.asked
    if asked.by == "visit":
        return _visits(question)
    if asked.by == "offer":
        rows = ArchivedOffer.objects.filter(organisation=question.organisation, dated=True, agent__in=sorted(question.agents or ()))
        return rows if asked.talk_least is None else rows.filter(talk_ms__gte=asked.talk_least)
    rows = _of_direction(ArchivedCall.objects.filter(organisation=question.organisation), asked.direction)
    if asked.number:
        rows = rows.filter(number=asked.number)
    if asked.outcome:
        rows = rows.filter(outcome=asked.outcome)
    if asked.ivr:
        rows = rows.filter(ivr=True)
    if asked.talk_least is not None and not asked.number:
        parts = [_talked(model, question.organisation, asked.talk_least, first, end) for model in (ArchivedOffer, ArchivedVisit)]
        rows = rows.filter(Q(id_call__in=parts[0]) | Q(id_call__in=parts[1]))
    return rows


def _talked(model: Any, organisation: str, least: int, first: int, end: int) -> Any:
    """The ids of calls of a time that have a part with so much talk: read along the parts' own index, not call by call."""
    near = model.objects.filter(organisation=organisation, at_ms__gte=first - NEAR_MS, at_ms__lt=end + NEAR_MS)
    return near.filter(talk_ms__gte=least).values("id_call")


def _visits(question: ListQuestion) -> Any:
    asked = question.asked
    rows = _of_direction(ArchivedVisit.objects.filter(organisation=question.organisation, dated=True), asked.direction)
    rows = rows.exclude(queue="") if question.queues is None else rows.filter(queue__in=sorted(question.queues))
    if asked.outcome:
        rows = rows.filter(outcome=asked.outcome)
    if asked.wait_least is not None or asked.wait_most is not None:
        rows = rows.filter(wait_ms__gte=asked.wait_least or 0)
    if asked.wait_most is not None:
        rows = rows.filter(wait_ms__lte=asked.wait_most)
    if asked.talk_least is not None:
        rows = rows.filter(talk_ms__gte=asked.talk_least)
    return rows.filter(transferred=True) if asked.transferred else rows


def _of_direction(rows: Any, direction: str) -> Any:
    if direction == "internal":
        return rows.filter(internal=True)
    return rows.filter(direction=direction, internal=False) if direction else rows
