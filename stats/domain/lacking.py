"""What a source's vendor cannot tell: such a number is None, in every window, and never 0.

Rules that hold here: the site lacks what all of its sources lack, and says which sums are without some of them; `longest_wait` lies in
values as the instant it began; what a vendor tells only while it happens is lacking in every window of which a part was not listened to,
if anything happened in that part.
"""

from collections.abc import Iterable, Mapping

from stats.domain.facts import Facts, SourceFacts
from stats.domain.periods import MINUTE_MS, WINDOWS, business_day, day_bounds, window_minutes

# Under which scope's key pages find the names: of what is never told, and of what was told while nobody listened ("offered", "30m.asa").
LACKS = "lacks"
UNHEARD = "unheard"
# Since when everything was listened to, epoch ms; there is such a key where anything is UNHEARD.
HEARD_FROM = "heard_from"
# Of the site: by a number's id, with its window, the sources whose part is not in it, each with since when it is, or None.
WITHOUT = "without"
DERIVED = "derived"
_KEYS = {"longest_wait": "longest_wait_since"}
PAST = "_past"

Starts = Mapping[str, int]


def lacks_of(source: SourceFacts | None, scope: str) -> tuple[str, ...]:
    """Ids of the metrics of a kind of scope ("queue", "agent", "site") that a source cannot tell."""
    return () if source is None else source.lacks.get(scope, ())


def starts(facts: Facts, as_of: int, windows: Iterable[str] = ("today", *WINDOWS)) -> dict[str, int]:
    """By window, its first instant, epoch ms."""
    today = day_bounds(business_day(as_of, facts.timezone), facts.timezone)[0]
    return {window: today if window == "today" else window_minutes(window, as_of)[0] * MINUTE_MS for window in windows}


def unheard_of(source: SourceFacts | None, scope: str, begun: Starts) -> tuple[str, ...]:
    """Ids, with their windows, of the metrics that a source could have told only while nobody listened; `begun`: see `starts`."""
    names = lacks_of(source, scope + PAST)
    if source is None or not names:
        return ()
    last = max((each.last for each in source.unheard if each.last is not None), default=None)
    return () if last is None else tuple(of_window(name, window) for window, first in begun.items() if first <= last for name in names)


def heard_from(source: SourceFacts | None) -> int | None:
    """Since when a source has been listened to without a break in which anything happened, epoch ms; None: there was none."""
    return max((each.end for each in source.unheard if each.last is not None), default=None) if source is not None else None


def of_window(name: str, window: str) -> str:
    """A metric's id as values have it."""
    return name if window == "today" else f"{window}.{name}"


def site_lacks(facts: Facts) -> tuple[str, ...]:
    """What none of the sources can tell of the whole site."""
    each = [set(lacks_of(source, "site")) for source in facts.sources.values() if source.known]
    return tuple(sorted(set.intersection(*each))) if each else ()


def site_unheard(facts: Facts, begun: Starts) -> tuple[tuple[str, ...], int | None]:
    """Ids, with their windows, of what each of the sources either can never tell or could have told while nobody listened; since when."""
    known = [source for source in facts.sources.values() if source.known]
    unheard = [frozenset(unheard_of(source, "site", begun)) for source in known]
    if not any(unheard):
        return (), None
    never = [frozenset(of_window(name, window) for name in lacks_of(source, "site") for window in begun) for source in known]
    now = [one | other for one, other in zip(unheard, never, strict=True)]
    found = frozenset.intersection(*now) - frozenset.intersection(*never)
    since = max((at for source in known if (at := heard_from(source)) is not None), default=None)
    return tuple(sorted(found)), since


def site_without(facts: Facts, begun: Starts) -> dict[str, dict[str, int | None]]:
    """By id, with its window, of what some sources tell and others do not: the names of those others.

    With each since when it has told its part, epoch ms; None where it never can.
    """
    known = {name: source for name, source in sorted(facts.sources.items()) if source.known}
    found: dict[str, dict[str, int | None]] = {}
    for name, source in known.items():
        missed: dict[str, int | None] = dict.fromkeys(unheard_of(source, "site", begun), heard_from(source))
        never = (of_window(each, window) for each in lacks_of(source, "site") for window in begun)
        for each, since in {**missed, **dict.fromkeys(never)}.items():
            found.setdefault(each, {})[name] = since
    return {each: names for each, names in found.items() if len(names) < len(known)}


def take_out(values: dict[str, object], names: Iterable[str], unheard: Iterable[str] = (), since: int | None = None) -> None:
    """Make None what cannot be told (`names` in every window, `unheard` with theirs), and say what that is."""
    if told := list(names):
        for name in told:
            key = _KEYS.get(name, name)
            for each in (key, *(f"{window}.{key}" for window in WINDOWS)):
                if each in values:
                    values[each] = None
        values[LACKS] = told
    if missed := list(unheard):
        values.update(dict.fromkeys(name for name in missed if name in values))
        values[UNHEARD], values[HEARD_FROM] = missed, since


def tell_without(values: dict[str, object], without: Mapping[str, Mapping[str, int | None]]) -> None:
    """Say of which of the site's numbers some sources are no part."""
    if told := {name: dict(names) for name, names in without.items() if _KEYS.get(name, name) in values}:
        values[WITHOUT] = told


def without_of(values: Mapping[str, Mapping[str, object]], metrics: Iterable[str]) -> dict[str, int | None]:
    """The sources that are no part of some of these numbers of the site, each with since when it is; None where it never will be."""
    told = values.get("site", {}).get(WITHOUT)
    found: dict[str, int | None] = {}
    for metric in metrics:
        names = told.get(metric) if isinstance(told, Mapping) else None
        for name, since in names.items() if isinstance(names, Mapping) else ():
            found[name] = since if isinstance(since, int) and found.get(name, since) is not None else None
    return dict(sorted(found.items()))


def is_lacking(values: Mapping[str, Mapping[str, object]], scope: str, metric: str) -> bool:
    """Whether a metric ("waiting", "30m.asa") of a scope as shown is None because nobody can tell it."""
    lacks = values.get(scope, {}).get(LACKS)
    return (isinstance(lacks, list) and metric.rpartition(".")[2] in lacks) or unheard_until(values, scope, metric) is not None


def unheard_until(values: Mapping[str, Mapping[str, object]], scope: str, metric: str) -> int | None:
    """Where a metric is None because nobody listened before: since when somebody has, epoch ms. Otherwise None."""
    told = values.get(scope, {})
    names, since = told.get(UNHEARD), told.get(HEARD_FROM)
    return since if isinstance(names, list) and metric in names and isinstance(since, int) else None


def is_read(told: Mapping[str, object]) -> bool:
    """Whether the day of a queue, as shown, has been read: its number of visits is known, or known to be lacking."""
    unheard = told.get(UNHEARD)
    return told.get("offered") is not None or (isinstance(unheard, list) and "offered" in unheard)
