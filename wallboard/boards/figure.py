"""One number on a board: its text now, how bad it is, and what the browser needs to keep it true.

Rules that hold here: an element is bound by scope and key; nothing unknown or too old is coloured; `longest_wait` travels as an
instant and is judged by the instants of its limits, so that every screen turns in the same second.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from stats.domain.lacking import is_lacking, unheard_until
from wallboard.boards import figures
from wallboard.boards.freshness import Standing, Values
from wallboard.boards.wording import OTHERS, SEVERITY_WORDS, SHORT_CAUSES, STATE_WORDS, filled

SEVERITIES = ("calm", "attention", "act")
UNITS = {"percent": "%", "percent1": "%"}
FORMATS = {
    **dict.fromkeys(("service_level", "occupancy"), "percent"),
    **dict.fromkeys(("abandon_rate", "answer_rate", "transfer_rate"), "percent1"),
    **dict.fromkeys(("asa", "avg_abandon_wait", "longest_wait_window", "wait_p50", "wait_p90", "att", "avg_hold", "aht"), "duration"),
    **dict.fromkeys(("talk_time", "hold_time", "ring_time", "time_talking", "time_ringing", "time_wrapup", "time_ready"), "duration"),
    **dict.fromkeys(("time_idle", "time_away", "time_logged_in"), "duration"),
    **dict.fromkeys(("longest_wait", "state_since"), "since"),
    "state": "state",
    **dict.fromkeys(("profile", "name"), "text"),
}
# `longest_wait` is the one metric whose name on the page is not the name it travels under.
KEYS = {"longest_wait": "longest_wait_since"}
# What a figure's colour is taken from: its own limits, but for the lost calls, which are judged by their share.
SEVERITY_KEYS = {
    "longest_wait_since": "longest_wait:limits",
    "waiting": "waiting:severity",
    "service_level": "service_level:severity",
    "abandoned": "abandon_rate:severity",
    "abandon_rate": "abandon_rate:severity",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where and when a board is read: the instant (epoch ms), the zone and the language."""

    now: int
    timezone: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A value element: `value` is its public address, `scope`, `key` and `format` are what the browser binds."""

    value: str
    scope: str
    key: str
    format: str
    text: str
    unit: str
    severity: str
    severity_key: str
    is_empty: bool

    @property
    def is_none(self) -> bool:
        """Whether a dash stands in its place."""
        return self.text == figures.DASH


def format_of(metric: str) -> str:
    """How a metric is written, whatever its window ("30m.asa")."""
    return FORMATS.get(metric.rpartition(".")[2], "count")


def figure(values: Values, scope: str, metric: str, standing: Standing, place: Place) -> Figure:
    """The figure `metric` of `scope` as it stands now."""
    key, kind = KEYS.get(metric, metric), format_of(metric)
    value = values.get(scope, {}).get(key)
    return Figure(
        value=f"{scope}.{metric}",
        scope=scope,
        key=key,
        format=kind,
        text=written(value, kind, standing, place),
        unit=UNITS.get(kind, ""),
        severity=severity_of(values, scope, key, standing, place.now),
        severity_key=SEVERITY_KEYS.get(key, ""),
        is_empty=value is None,
    )


def written(value: object, kind: str, standing: Standing, place: Place) -> str:
    """The value as text; a dash where it is unknown, a clock that has stopped where its feed is stale."""
    if standing.level == "unknown" or value is None:
        return figures.DASH
    if kind == "since":
        at = place.now if standing.ticks else standing.alive_at
        return figures.DASH if at is None else figures.since(value, at)
    if kind == "percent":
        return figures.percent(value)
    if kind == "percent1":
        return figures.fine_percent(value, place.language)
    if kind == "duration":
        return figures.duration(value)
    if kind == "state":
        return str(STATE_WORDS.get(str(value), STATE_WORDS["unknown"]))
    return figures.count(value) if kind == "count" else str(value)


def lacking_words(values: Values, scope: str, metric: str, place: Place) -> str:
    """Why a dash stands where nobody can tell the number; "" where it can be told."""
    if (since := unheard_until(values, scope, metric)) is not None:
        return filled(SHORT_CAUSES["unheard"], time=figures.wall_clock(since, place.timezone))
    return str(SHORT_CAUSES["vendor_lacks"]) if is_lacking(values, scope, metric) else ""


def severity_of(values: Values, scope: str, key: str, standing: Standing, now: int) -> str:
    """calm, attention, act, or unknown where the feed is too old to judge by."""
    if not standing.ticks:
        return "unknown"
    told = values.get(scope, {})
    if told.get(key) is None:
        return "calm"
    given = told.get(SEVERITY_KEYS.get(key, ""))
    if key == KEYS["longest_wait"]:
        return _by_limits(given, now)
    return given if isinstance(given, str) and given in SEVERITIES else "calm"


def _by_limits(limits: object, now: int) -> str:
    instants = limits_of(limits)
    if instants is None:
        return "calm"
    attention, act = instants
    if act is not None and now >= act:
        return "act"
    return "attention" if attention is not None and now >= attention else "calm"


def limits_of(limits: object) -> tuple[int | None, int | None] | None:
    """The two instants (epoch ms) of `longest_wait:limits`, or None when there are no limits."""
    if not isinstance(limits, Sequence) or isinstance(limits, str) or len(limits) != 2:
        return None
    attention, act = (None if (known := figures.number(limit)) is None else int(known) for limit in limits)
    return attention, act


def worst_severity(severities: Sequence[str]) -> str:
    """The worst of several; unknown only when every one is."""
    known = [severity for severity in severities if severity in SEVERITIES]
    return max(known, key=SEVERITIES.index) if known else "unknown"


def word_of(severity: str) -> str:
    """The word that goes with a severity's shape and colour; calm needs none."""
    return str(SEVERITY_WORDS.get(severity, ""))


def reason_of(standing: Standing, place: Place, *, empty: str = "") -> str:
    """Why a number is missing or may not be believed, short enough for a tile; empty when all is well."""
    heard = None if standing.alive_at is None else figures.wall_clock(standing.alive_at, place.timezone)
    if standing.level == "live":
        return empty
    if standing.level == "unknown" or standing.alive_at is None:
        return filled(SHORT_CAUSES.get(standing.reason, SHORT_CAUSES["ok"]), time=heard)
    if standing.level == "late":
        return filled(OTHERS["late"], age=max(place.now - standing.alive_at, 0) // figures.MS_PER_S)
    return filled(OTHERS["stale"], time=heard)
