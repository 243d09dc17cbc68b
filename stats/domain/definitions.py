"""The one registry of numbers: what each is made of, in which windows it exists, and which records stand behind it.

Rules that hold here: an id means one thing in one place (queue, agent, site); the site has every number of the queues over all of them;
a formula is written in ids of other numbers and of amounts, so that it can be filled in; words for people are kept with the pages.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from stats.domain import receipts as r
from stats.domain.metrics import VARIANTS
from stats.domain.periods import WINDOWS

Place = Literal["queue", "agent", "site"]
Unit = Literal["calls", "visits", "offers", "agents", "numbers", "s", "ratio", "instant", "text", "list", "as sent", "true/false"]
Kind = Literal["visit", "offer", "call", "presence", "living", "agents", "caller", "vendor", "none"]
# Which duration of its records a number is about.
Measure = Literal["", "wait", "talk", "hold", "handling", "ring"]

NOW = ("now",)
TODAY = ("today",)
ALL_WINDOWS = ("today", *WINDOWS)
_ID = re.compile(r"[a-z][a-z0-9_]*")
# Words of formulas that are no ids.
WORDS = frozenset({"max", "min", "sum", "of", "floor", "ceil", "bucket", "rank", "wait", "hist", "share"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One number. `over`: the classes of records its receipt lists; `counted`: those of them that make its numerator (all, of a count).

    `formula` is "" where the number is the length of its list or a fact; `excluded` names classes left out that somebody may miss.
    """

    id: str
    place: Place
    unit: Unit
    kind: Kind
    windows: tuple[str, ...]
    formula: str = ""
    over: frozenset[str] = frozenset()
    counted: frozenset[str] = frozenset()
    measure: Measure = ""
    excluded: tuple[str, ...] = ()

    @property
    def anchor(self) -> str:
        """Its name on the page of definitions."""
        return f"{self.place}.{self.id}"

    @property
    def parts(self) -> tuple[str, ...]:
        """The ids and amounts its formula speaks of, in order, each once."""
        return tuple(dict.fromkeys(word for word in _ID.findall(self.formula) if word not in WORDS))

    @property
    def numerator(self) -> str:
        """What is above the line; "" where there is no line."""
        return self.formula.split(" / ")[0] if " / " in self.formula else ""

    @property
    def has_receipt(self) -> bool:
        """Whether records stand behind it that can be listed."""
        return self.kind not in ("none",)


_SL = {
    "short_excluded": "answered_in_target / (answered + abandoned)",
    "all_abandons_miss": "answered_in_target / (answered + abandoned + short_abandoned)",
    "early_abandons_met": "(answered_in_target + abandoned_in_target + short_in_target) / (answered + abandoned + short_abandoned)",
    "early_abandons_excluded": ("answered_in_target / (answered + abandoned + short_abandoned - abandoned_in_target - short_in_target)"),
    "answered_only": "answered_in_target / answered",
    "short_met": "(answered_in_target + short_abandoned) / (answered + abandoned + short_abandoned)",
}
_GONE = r.ABANDONED | r.SHORT
_SL_LISTS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "short_excluded": (r.ANSWERED | r.ABANDONED, frozenset({r.MET})),
    "all_abandons_miss": (r.ANSWERED | _GONE, frozenset({r.MET})),
    "early_abandons_met": (r.ANSWERED | _GONE, frozenset({r.MET, r.ABANDONED_MET, r.SHORT_MET})),
    "early_abandons_excluded": (r.ANSWERED | {r.ABANDONED_LATE, r.SHORT_LATE}, frozenset({r.MET})),
    "answered_only": (r.ANSWERED, frozenset({r.MET})),
    "short_met": (r.ANSWERED | _GONE, frozenset({r.MET}) | r.SHORT),
}
_ALWAYS_OUT = (r.INTERNAL, r.OUTGOING)


def _count(
    name: str, classes: frozenset[str], *out: str, place: Place = "queue", unit: Unit = "visits", kind: Kind = "visit"
) -> Definition:
    windows = TODAY if place == "agent" else ALL_WINDOWS
    excluded = (*_ALWAYS_OUT, *out) if kind == "visit" else out
    return Definition(id=name, place=place, unit=unit, kind=kind, windows=windows, over=classes, counted=classes, excluded=excluded)


def _share(name: str, formula: str, over: frozenset[str], counted: frozenset[str], *out: str) -> Definition:
    return Definition(
        id=name,
        place="queue",
        unit="ratio",
        kind="visit",
        windows=ALL_WINDOWS,
        formula=formula,
        over=over,
        counted=counted,
        excluded=(*_ALWAYS_OUT, *out),
    )


def _length(name: str, formula: str, classes: frozenset[str], measure: Measure, *out: str) -> Definition:
    return Definition(
        id=name,
        place="queue",
        unit="s",
        kind="visit",
        windows=ALL_WINDOWS,
        formula=formula,
        over=classes,
        counted=classes,
        measure=measure,
        excluded=(*_ALWAYS_OUT, *out),
    )


def _level(variant: str) -> Definition:
    over, counted = _SL_LISTS[variant]
    out: tuple[str, ...] = ("short_abandoned",) if variant in ("short_excluded", "answered_only") else ()
    out += ("abandoned",) if variant == "answered_only" else ()
    out += ("abandoned_in_target", "short_in_target") if variant == "early_abandons_excluded" else ()
    return _share(f"service_levels.{variant}", _SL[variant], over, counted, *out, "overflowed", "voicemail", "callbacks")


def _now(name: str, unit: Unit, kind: Kind, formula: str = "", place: Place = "queue") -> Definition:
    return Definition(id=name, place=place, unit=unit, kind=kind, windows=NOW, formula=formula)


_AGENTS = ("ready", "ringing", "talking", "wrapup", "away", "unknown")
_BUSY = "time_talking + time_ringing + time_wrapup"

_QUEUE: tuple[Definition, ...] = (
    _now("waiting", "calls", "living"),
    _now("longest_wait", "s", "living", "max(wait of waiting)"),
    _now("talking", "calls", "living"),
    _now("agents_logged_in", "agents", "agents", " + ".join(f"agents_{state}" for state in _AGENTS)),
    *(_now(f"agents_{state}", "agents", "agents") for state in _AGENTS),
    _now("not_answer_risk", "as sent", "vendor"),
    _now("estimated_wait", "s", "vendor"),
    _count("offered", r.OFFERED),
    _count("answered", r.ANSWERED),
    _count("answered_in_target", frozenset({r.MET})),
    _count("abandoned", r.ABANDONED, "short_abandoned"),
    _count("short_abandoned", r.SHORT),
    _count("abandoned_in_target", frozenset({r.ABANDONED_MET}), "short_in_target"),
    _count("overflowed", r.OVERFLOWED),
    _count("voicemail", r.VOICEMAIL),
    _count("callbacks", r.CALLBACKS),
    _share("service_level", _SL["short_excluded"], *_SL_LISTS["short_excluded"], "short_abandoned", "overflowed", "voicemail", "callbacks"),
    *(_level(variant) for variant in VARIANTS),
    _share("abandon_rate", "abandoned / (answered + abandoned)", r.ANSWERED | r.ABANDONED, r.ABANDONED, "short_abandoned", "overflowed"),
    _share(
        "answer_rate",
        "answered / (answered + abandoned + short_abandoned + overflowed + voicemail + callbacks)",
        r.ENDED,
        r.ANSWERED,
        "waiting",
        "leaving",
        "expired",
    ),
    _length("asa", "wait_sum / wait_n", r.ANSWERED, "wait"),
    _length("avg_abandon_wait", "abandon_wait_sum / abandon_wait_n", r.ABANDONED, "wait", "short_abandoned"),
    _length("longest_wait_window", "max(wait of offered)", r.OFFERED - r.EXPIRED, "wait", "expired"),
    _length("wait_p50", "wait of rank ceil(0.5 * wait_n)", r.ANSWERED, "wait"),
    _length("wait_p90", "wait of rank ceil(0.9 * wait_n)", r.ANSWERED, "wait"),
    _length("att", "talk_sum / talk_n", r.ANSWERED, "talk"),
    _length("avg_hold", "hold_sum / talk_n", r.ANSWERED, "hold"),
    _length("aht", "(talk_sum + hold_sum) / talk_n", r.ANSWERED, "handling"),
    _share("transfer_rate", "transferred / answered", r.ANSWERED, r.ANSWERED),
    Definition(
        id="sl_budget",
        place="queue",
        unit="visits",
        kind="visit",
        windows=TODAY,
        formula="floor((1 - share) * (answered + abandoned)) - (answered + abandoned - answered_in_target)",
        over=r.ANSWERED | r.ABANDONED,
        counted=frozenset({r.LATE}) | r.ABANDONED,
        excluded=(*_ALWAYS_OUT, "short_abandoned", "overflowed", "voicemail", "callbacks"),
    ),
)

_SITE: tuple[Definition, ...] = (
    *(_count(name, classes, place="site", unit="calls", kind="call") for name, classes in r.CALL_METRICS.items()),
    Definition(id="lost_callers", place="site", unit="numbers", kind="caller", windows=TODAY),
)


def _agent(
    name: str,
    unit: Unit,
    kind: Kind,
    formula: str = "",
    measure: Measure = "",
    over: frozenset[str] = frozenset(),
    counted: frozenset[str] = frozenset(),
) -> Definition:
    return Definition(
        id=name,
        place="agent",
        unit=unit,
        kind=kind,
        windows=TODAY,
        formula=formula,
        measure=measure,
        over=over,
        counted=counted,
        excluded=("outgoing",) if kind == "offer" else (),
    )


_RATED = frozenset({"answered", "talking", "missed"})
_AGENT: tuple[Definition, ...] = (
    *(_now(name, "text", "agents", place="agent") for name in ("state", "profile")),
    *(_now(name, "instant", "agents", place="agent") for name in ("state_since", "until", "unverified_since")),
    _now("queues_in", "list", "agents", place="agent"),
    _now("verified", "true/false", "agents", place="agent"),
    _count("offers", r.RANG, r.OUTGOING, place="agent", unit="offers", kind="offer"),
    _count("answered", frozenset({"answered", "talking"}), r.OUTGOING, place="agent", unit="offers", kind="offer"),
    _count("missed", frozenset({"missed"}), "withdrawn", place="agent", unit="offers", kind="offer"),
    _count("withdrawn", frozenset({"withdrawn"}), place="agent", unit="offers", kind="offer"),
    _agent("answer_rate", "ratio", "offer", "answered / (answered + missed)", over=_RATED, counted=frozenset({"answered", "talking"})),
    _count("outgoing", r.CALLED_OUT, place="agent", unit="calls", kind="offer"),
    _agent("talk_time", "s", "offer", "talk_sum", "talk", over=r.OVER, counted=r.OVER),
    _agent("hold_time", "s", "offer", "hold_sum", "hold", over=r.OVER, counted=r.OVER),
    _agent("ring_time", "s", "offer", "ring_sum", "ring", over=r.OVER, counted=r.OVER),
    _agent("aht", "s", "offer", "(talk_sum + hold_sum) / talk_n", "handling", over=r.OVER, counted=r.OVER),
    *(_agent(f"time_{state}", "s", "presence") for state in ("talking", "ringing", "wrapup", "ready", "idle", "away", "logged_in")),
    _agent("occupancy", "ratio", "presence", f"({_BUSY}) / ({_BUSY} + time_ready)"),
)

DEFINITIONS: Mapping[str, Definition] = {each.anchor: each for each in (*_QUEUE, *_SITE, *_AGENT)}


def definition(scope: str, metric: str) -> Definition | None:
    """What a number of a scope ("site", "queue:<key>", "agent:<key>") means; None for no such number."""
    kind = scope.partition(":")[0]
    if kind == "site":
        found = DEFINITIONS.get(f"site.{metric}") or DEFINITIONS.get(f"queue.{metric}")
        return None if found is not None and found.kind == "vendor" else found
    return DEFINITIONS.get(f"{kind}.{metric}") if kind in ("queue", "agent") else None


def level_of(variant: str) -> Definition:
    """The service level by one of its six formulas."""
    return DEFINITIONS[f"queue.service_levels.{variant}"]
