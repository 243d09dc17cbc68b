"""Who tells the numbers of a span, and what none of them can tell of it.

Rules that hold here: a line over time of which a part went unheard lacks what only who listens is told; what several sources tell is
lacking where it is lacking at each of them.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from stats.domain.facts import Facts, SourceFacts, Stretch
from stats.domain.lacking import PAST, lacks_of
from stats.domain.periods import QUARTER_MS, business_day, day_bounds, quarter_of
from stats.domain.report import Hours, Kind, Span
from stats.domain.unheard import Unheard

Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Teller:
    """One source: ids of what it can never tell, of what it cannot tell of calls nobody listened to, and when that was, [first, end)."""

    source: str
    never: frozenset[str] = frozenset()
    past: frozenset[str] = frozenset()
    unheard: Spans = ()
    open_in: Callable[[int, int], bool] | None = None  # whether anything of [first, end) is asked for; None: all of it is

    def lacks(self, first: int, end: int) -> frozenset[str]:
        """What cannot be told of [first, end)."""
        return self.never | self.past if self.misses(first, end) else self.never

    def misses(self, first: int, end: int) -> Spans:
        """What of [first, end) went unheard, where that makes a difference."""
        if not self.past:
            return ()
        found = [span for span in self.unheard if span[0] < end and first < span[1]]
        asked = self.open_in
        return tuple(span for span in found if asked is None or asked(max(span[0], first), min(span[1], end)))


NOBODY = Teller("")
Tellers = Mapping[str, Sequence[Teller]]  # by key of today; "": of all keys together


def lacked(tellers: Sequence[Teller], spans: Iterable[tuple[int, int]]) -> frozenset[str]:
    """What none of these can tell of some time, [first, end) each, together."""
    if not tellers:
        return frozenset()
    every = list(spans)
    return frozenset.intersection(*(each.never.union(*(each.lacks(first, end) for first, end in every)) for each in tellers))


def tellers_of(
    facts: Facts,
    span: Span,
    kind: Kind,
    stretches: Iterable[Unheard],
    watched: Mapping[tuple[str, str], int],
    called: Collection[tuple[str, str]],
    key_of: Callable[[str, str], str],
    asked: Collection[str] | None = None,
) -> Tellers:
    """Of whoever the archive or the live store knows; nothing of sources that the live store has not heard of.

    `watched`: by (source, stored key of an agent) since when somebody watched, for a source of which no stretch was written down.
    `asked`: the keys asked for, None for all; those of queues where the site is made of some.
    """
    if not any(source.lacks for source in facts.sources.values()):
        return {}
    kept: dict[str, list[Unheard]] = {}
    for stretch in stretches:
        kept.setdefault(stretch.source, []).append(stretch)
    begun: dict[str, int] = {}
    for (source, _agent), since in watched.items():
        begun[source] = min(since, begun.get(source, since))
    each: dict[str, Teller] = {}
    for name, told_by in facts.sources.items():
        teller = teller_of(told_by, kind, kept.get(name, ()), begun.get(name), facts.timezone)
        each[name] = teller if span.hours is None else replace(teller, open_in=partial(_is_open, span.hours, span.timezone))
    found: dict[str, dict[str, Teller]] = {}
    for source, stored in called:
        found.setdefault(key_of(source, stored), {})[source] = each.get(source, Teller(source))
    for key, party in (facts.agents if kind == "agent" else facts.queues).items():
        found[key] = {party.source: each.get(party.source, Teller(party.source))}
    wanted = {source: teller for key, mine in found.items() if asked is None or key in asked for source, teller in mine.items()}
    if kind == "site" and asked is None:
        # Of a source that is being read again nothing was forgotten; nothing of it is said where another one is read.
        wanted = {name: each[name] for name, source in facts.sources.items() if source.known} or each
    return {"": list(wanted.values())} if kind == "site" else {key: list(mine.values()) for key, mine in (found | {"": wanted}).items()}


def _is_open(hours: Hours, timezone: str, first: int, end: int) -> bool:
    return any(hours.hold(quarter, timezone) for quarter in range(quarter_of(first), end, QUARTER_MS))


def teller_of(source: SourceFacts, kind: Kind, kept: Sequence[Unheard], begun: int | None, timezone: str) -> Teller:
    """One source as the teller of a kind of numbers. `kept`: its stretches in the archive; `begun`: since when its agents were watched."""
    never, past = (frozenset(lacks_of(source, scope)) for scope in (kind, kind + PAST))
    if not past:
        return Teller(source.name, never)

    def today(stretch: Unheard | Stretch) -> int:
        return day_bounds(business_day(stretch.end, timezone), timezone)[0]

    told = {each.number: each for each in kept}
    if begun is not None and all(each.start for each in kept):
        # It was there before such times were written down.
        told[0] = Unheard(source=source.name, number=0, start=0, end=begun, last=begun - 1)
    for each in source.unheard:  # the archive may not have been told of its end yet
        start = told[each.number].start if each.number in told else each.start or today(each)
        told[each.number] = Unheard(source=source.name, number=each.number, start=start, end=each.end, last=each.last)
    hidden = (each.hides(today(each)) for each in told.values())
    return Teller(source.name, never, past, tuple(sorted(span for span in hidden if span is not None)))
