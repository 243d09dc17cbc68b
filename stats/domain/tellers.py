"""Who tells the numbers of a span, and what none of them can tell of it.

Rules that hold here: a line over time of which a part went unheard lacks what only who listens is told; what several sources tell is
lacking where it is lacking at each of them.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from stats.domain.facts import Facts, SourceFacts, Stretch
from stats.domain.lacking import PAST, lacks_of
from stats.domain.periods import business_day, day_bounds
from stats.domain.report import Kind
from stats.domain.unheard import Unheard

Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Teller:
    """One source: ids of what it can never tell, of what it cannot tell of calls nobody listened to, and when that was, [first, end)."""

    source: str
    never: frozenset[str] = frozenset()
    past: frozenset[str] = frozenset()
    unheard: Spans = ()

    def lacks(self, first: int, end: int) -> frozenset[str]:
        """What cannot be told of [first, end)."""
        return self.never | self.past if self.misses(first, end) else self.never

    def misses(self, first: int, end: int) -> Spans:
        """What of [first, end) went unheard, where that makes a difference."""
        return tuple(span for span in self.unheard if span[0] < end and first < span[1]) if self.past else ()


NOBODY = Teller("")
Tellers = Mapping[str, Sequence[Teller]]  # by key of today; "": of all keys together


def lacked(tellers: Sequence[Teller], first: int, end: int) -> frozenset[str]:
    """What none of these can tell of [first, end)."""
    return frozenset.intersection(*(each.lacks(first, end) for each in tellers)) if tellers else frozenset()


def tellers_of(
    facts: Facts,
    kind: Kind,
    stretches: Iterable[Unheard],
    watched: Mapping[tuple[str, str], int],
    called: Collection[tuple[str, str]],
    key_of: Callable[[str, str], str],
) -> Tellers:
    """Of whoever the archive or the live store knows; nothing of sources that the live store has not heard of.

    `watched`: by (source, stored key of an agent) since when somebody watched, for a source of which no stretch was written down.
    """
    if not any(source.lacks for source in facts.sources.values()):
        return {}
    kept: dict[str, list[Unheard]] = {}
    for stretch in stretches:
        kept.setdefault(stretch.source, []).append(stretch)
    begun: dict[str, int] = {}
    for (source, _agent), since in watched.items():
        begun[source] = min(since, begun.get(source, since))
    each = {name: teller_of(source, kind, kept.get(name), begun.get(name), facts.timezone) for name, source in facts.sources.items()}
    if kind == "site":
        return {"": [each[name] for name, source in facts.sources.items() if source.known]}
    found: dict[str, dict[str, Teller]] = {}
    for source, stored in called:
        found.setdefault(key_of(source, stored), {})[source] = each.get(source, Teller(source))
    for key, party in (facts.agents if kind == "agent" else facts.queues).items():
        found[key] = {party.source: each.get(party.source, Teller(party.source))}
    everybody = {source: teller for mine in found.values() for source, teller in mine.items()}
    return {key: list(mine.values()) for key, mine in (found | {"": everybody}).items()}


def teller_of(source: SourceFacts, kind: Kind, kept: Sequence[Unheard] | None, begun: int | None, timezone: str) -> Teller:
    """One source as the teller of a kind of numbers. `kept`: its stretches in the archive, None for none; `begun`: see `tellers_of`."""
    never, past = (frozenset(lacks_of(source, scope)) for scope in (kind, kind + PAST))
    if not past:
        return Teller(source.name, never)

    def today(stretch: Unheard | Stretch) -> int:
        return day_bounds(business_day(stretch.end, timezone), timezone)[0]

    if not kept:
        kept = [Unheard(source=source.name, number=0, start=0, end=begun or 0, last=(begun or 0) - 1)]
    told = {each.number: each for each in kept}
    for each in source.unheard:  # the archive may not have been told of its end yet
        start = told[each.number].start if each.number in told else each.start or today(each)
        told[each.number] = Unheard(source=source.name, number=each.number, start=start, end=each.end, last=each.last)
    hidden = (each.hides(today(each)) for each in told.values())
    return Teller(source.name, never, past, tuple(sorted(span for span in hidden if span is not None)))
