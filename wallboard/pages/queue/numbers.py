"""A queue's figures: the few above everything else, and all of them over the four windows; each leads to the calls behind it."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy, pgettext_lazy

from stats.domain import thresholds
from wallboard.boards.figure import Place
from wallboard.boards.freshness import AGENTS, CALLS, Values
from wallboard.boards.wording import SEVERITY_WORDS
from wallboard.pages.addresses import receipt_address
from wallboard.pages.cells import Cell, cell
from wallboard.pages.words import Words, length

WINDOWS: tuple[tuple[str, Words], ...] = (
    ("today", gettext_lazy("Today")),
    ("60m", gettext_lazy("60 min")),
    ("30m", gettext_lazy("30 min")),
    ("15m", gettext_lazy("15 min")),
)
# Of the present, and of the window that was chosen.
NOW = (
    ("waiting", CALLS, gettext_lazy("Waiting")),
    ("longest_wait", CALLS, gettext_lazy("Longest wait")),
    ("talking", CALLS, pgettext_lazy("calls", "Talking")),
    ("agents_ready", AGENTS, gettext_lazy("Agents ready")),
)
WINDOWED = (
    ("service_level", CALLS, gettext_lazy("Service level")),
    ("asa", CALLS, gettext_lazy("Average answer")),
    ("abandon_rate", CALLS, gettext_lazy("Abandoned share")),
    ("offered", CALLS, gettext_lazy("Offered")),
)
LINES: tuple[tuple[str, Words], ...] = (
    ("offered", gettext_lazy("Offered")),
    ("answered", gettext_lazy("Answered")),
    ("answered_in_target", gettext_lazy("Answered in target")),
    ("abandoned", gettext_lazy("Abandoned")),
    ("short_abandoned", gettext_lazy("Abandoned at once")),
    ("abandoned_in_target", gettext_lazy("Abandoned in target")),
    ("overflowed", gettext_lazy("Overflowed")),
    ("voicemail", gettext_lazy("Voicemail")),
    ("callbacks", gettext_lazy("Callbacks ordered")),
    ("service_level", gettext_lazy("Service level")),
    ("abandon_rate", gettext_lazy("Abandoned share")),
    ("answer_rate", gettext_lazy("Answered share")),
    ("asa", gettext_lazy("Average answer time")),
    ("avg_abandon_wait", gettext_lazy("Average wait of those who gave up")),
    ("wait_p50", gettext_lazy("Half answered within")),
    ("wait_p90", gettext_lazy("Nine of ten answered within")),
    ("longest_wait_window", gettext_lazy("Longest wait")),
    ("att", gettext_lazy("Average talk")),
    ("avg_hold", gettext_lazy("Average hold")),
    ("aht", gettext_lazy("Average handling time")),
    ("transfer_rate", gettext_lazy("Transferred share")),
)
NOBODY = gettext_lazy("nobody waits")
NO_CALLS = gettext_lazy("no calls yet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A figure above everything else; `note` stands below it."""

    metric: str
    cell: Cell
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One metric over the windows."""

    metric: str
    label: str
    cells: list[Cell]


def windowed(metric: str, window: str) -> str:
    """The name under which a metric of a window travels."""
    return metric if window == "today" else f"{window}.{metric}"


def tiles_of(values: Values, scope: str, source: str | None, window: str, place: Place, notes: dict[str, str]) -> list[Tile]:
    """The figures of the present and of the chosen window."""
    shown = [(metric, metric, feed, label, "today") for metric, feed, label in NOW]
    shown += [(metric, windowed(metric, window), feed, label, window) for metric, feed, label in WINDOWED]
    return [
        Tile(metric=metric, cell=_cell(values, scope, metric, name, feed, str(label), source, of, place), note=notes.get(metric, ""))
        for metric, name, feed, label, of in shown
    ]


def lines_of(values: Values, scope: str, source: str | None, place: Place) -> list[Line]:
    """Every metric over every window."""
    return [
        Line(
            metric=metric,
            label=str(label),
            cells=[
                _cell(values, scope, metric, windowed(metric, window), CALLS, str(words), source, window, place)
                for window, words in WINDOWS
            ],
        )
        for metric, label in LINES
    ]


def limits_in_words(target_s: float | None) -> str:
    """`Attention from 1:00, Act now from 2:00`: by which the longest wait is judged."""
    if target_s is None:
        return ""
    steps = (("attention", thresholds.LONGEST_WAIT_ATTENTION), ("act", thresholds.LONGEST_WAIT_ACT))
    return " · ".join(f"{SEVERITY_WORDS[name]} {length(target_s * times)}" for name, times in steps)


def _cell(values: Values, scope: str, metric: str, name: str, feed: str, label: str, source: str | None, window: str, place: Place) -> Cell:
    empty = str(NOBODY if metric == "longest_wait" else NO_CALLS)
    return cell(
        values, scope, name, feed, label, source, place, empty=empty, address=receipt_address(scope, metric, window), explain=metric
    )
