"""Which queue comes first, and which of its numbers call for attention; `static/app/urgency.js` says the same in the browser.

Rules that hold here: what is judged is what the boards judge, by the same severities; a wait is compared by the instant it began, so
that the order changes when something happens and not with every second; what cannot be believed is not judged.
"""

from collections import Counter
from dataclasses import dataclass
from math import floor
from typing import ClassVar

from django.utils.translation import gettext_lazy

from wallboard.boards import figures
from wallboard.boards.figure import SEVERITIES, Figure, Place, figure, severity_of, word_of, worst_severity
from wallboard.boards.freshness import CALLS, Standing, Values, standing_for

# Numbers that have limits, the ones that cannot wait first.
ALARMING = {
    "longest_wait": gettext_lazy("Longest wait"),
    "waiting": gettext_lazy("Waiting"),
    "service_level": gettext_lazy("Service level"),
    "abandon_rate": gettext_lazy("Abandoned share"),
}
WAITS = ("waiting", "longest_wait_since")
JUDGED = (*WAITS, "service_level", "abandon_rate")
NEVER = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One number of one queue that calls for attention or action."""

    MOST: ClassVar[int] = 12

    scope: str
    key: str
    name: str
    metric: str
    label: str
    severity: str
    word: str
    amount: str


def urgency(values: Values, scope: str, now: int) -> tuple[int, float, float, int, str, str]:
    """The sort key: how bad the waits are, the longest wait, how many wait, how bad the day is, the name."""
    told = values.get(scope, {})
    standing = standing_for(values, told.get("source"), CALLS, now)
    since, waiting = figures.number(told.get("longest_wait_since")), figures.number(told.get("waiting"))
    name = told.get("name")
    return (
        -_rank(_worst(values, scope, WAITS, standing, now)),
        NEVER if since is None else since,
        -(waiting or 0),
        -_rank(_worst(values, scope, JUDGED, standing, now)),
        name.casefold() if isinstance(name, str) else "",
        scope,
    )


def worst_of(values: Values, scope: str, now: int) -> str:
    """The worst severity among a queue's numbers."""
    standing = standing_for(values, values.get(scope, {}).get("source"), CALLS, now)
    return _worst(values, scope, JUDGED, standing, now)


def alarms(values: Values, place: Place) -> list[Alarm]:
    """What calls for action, then what calls for attention; in each the most urgent queue first."""
    found = []
    scopes = sorted((scope for scope in values if scope.startswith("queue:")), key=lambda scope: urgency(values, scope, place.now))
    often = Counter(_name(values, scope).casefold() for scope in scopes)
    for scope in scopes:
        told, key = values[scope], scope.split(":", 1)[1]
        standing = standing_for(values, told.get("source"), CALLS, place.now)
        name = _name(values, scope)
        # As on the queue's card: queues of one name are told apart by where they are.
        alike = often[name.casefold()] > 1 and told.get("source")
        for metric, label in ALARMING.items():
            shown = figure(values, scope, metric, standing, place)
            if shown.severity in SEVERITIES[1:]:
                found.append(
                    Alarm(
                        scope=scope,
                        key=key,
                        name=f"{name} ({str(alike).capitalize()})" if alike else name,
                        metric=metric,
                        label=str(label),
                        severity=shown.severity,
                        word=word_of(shown.severity),
                        amount=amount_of(told.get(shown.key), shown, place),
                    )
                )
    return sorted(found, key=lambda alarm: -_rank(alarm.severity))


def amount_of(value: object, shown: Figure, place: Place) -> str:
    """The number with its unit. A share has a decimal: whole per cents would say that 79.6 is the 80 it fell short of."""
    known = figures.number(value)
    if not shown.unit or known is None:
        return shown.text
    tenths = floor(known * 1000 + 0.5)
    return f"{tenths // 10}{'.' if place.language.startswith('en') else ','}{tenths % 10} {shown.unit}"


def _name(values: Values, scope: str) -> str:
    name = values[scope].get("name")
    return name.strip() if isinstance(name, str) and name.strip() else f"#{scope.split(':', 1)[1]}"


def _worst(values: Values, scope: str, keys: tuple[str, ...], standing: Standing, now: int) -> str:
    return worst_severity([severity_of(values, scope, key, standing, now) for key in keys])


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else 0
