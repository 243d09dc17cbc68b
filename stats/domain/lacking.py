"""What a source's vendor cannot tell: such a number is None, in every window, and never 0.

Rules that hold here: the site lacks what all of its sources lack; `longest_wait` lies in values as the instant it began.
"""

from collections.abc import Iterable, Mapping

from stats.domain.facts import Facts, SourceFacts
from stats.domain.periods import WINDOWS

# Under which scope's key pages find the names.
LACKS = "lacks"
DERIVED = "derived"
_KEYS = {"longest_wait": "longest_wait_since"}


def lacks_of(source: SourceFacts | None, scope: str) -> tuple[str, ...]:
    """Ids of the metrics of a kind of scope ("queue", "agent", "site") that a source cannot tell."""
    return () if source is None else source.lacks.get(scope, ())


def site_lacks(facts: Facts) -> tuple[str, ...]:
    """What none of the sources can tell of the whole site."""
    each = [set(lacks_of(source, "site")) for source in facts.sources.values() if source.known]
    return tuple(sorted(set.intersection(*each))) if each else ()


def take_out(values: dict[str, object], names: Iterable[str]) -> None:
    """Make None what cannot be told, and say what that is."""
    told = tuple(names)
    if not told:
        return
    for name in told:
        key = _KEYS.get(name, name)
        for each in (key, *(f"{window}.{key}" for window in WINDOWS)):
            if each in values:
                values[each] = None
    values[LACKS] = list(told)


def is_lacking(values: Mapping[str, Mapping[str, object]], scope: str, metric: str) -> bool:
    """Whether a metric ("waiting", "30m.asa") of a scope as shown is None because nobody can tell it."""
    lacks = values.get(scope, {}).get(LACKS)
    return isinstance(lacks, list) and metric.rpartition(".")[2] in lacks
