"""What an agent's day adds up to, in groups: today's numbers are the live ones, those of a day that is over its own recount."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from stats.domain.agent_day import time_by_profile
from wallboard.boards.figure import UNITS, Place, format_of, written
from wallboard.boards.freshness import CALLS, PRESENCE, Standing
from wallboard.boards.wording import STATE_WORDS
from wallboard.pages.addresses import receipt_address
from wallboard.pages.agent.day import AgentDay
from wallboard.pages.cells import Cell, cell
from wallboard.pages.words import Words, spoken

Told = Mapping[str, object]
# Group, the feed its numbers stand on, and its metrics with their labels.
GROUPS: tuple[tuple[Words, str, tuple[tuple[str, Words], ...]], ...] = (
    (
        gettext_lazy("Calls"),
        CALLS,
        (
            ("offers", pgettext_lazy("agent column", "Rings")),
            ("answered", pgettext_lazy("agent column", "Answered")),
            ("missed", pgettext_lazy("agent column", "Missed")),
            ("withdrawn", pgettext_lazy("agent column", "Withdrawn")),
            ("answer_rate", gettext_lazy("Answer rate")),
            ("outgoing", pgettext_lazy("agent column", "Outgoing")),
        ),
    ),
    (
        gettext_lazy("Time on calls"),
        CALLS,
        (
            ("talk_time", gettext_lazy("Talk time")),
            ("hold_time", gettext_lazy("Hold time")),
            ("ring_time", gettext_lazy("Ring time")),
            ("aht", gettext_lazy("Average handling")),
        ),
    ),
    (
        gettext_lazy("Time in state"),
        PRESENCE,
        (
            ("time_talking", STATE_WORDS["talking"]),
            ("time_ringing", STATE_WORDS["ringing"]),
            ("time_wrapup", STATE_WORDS["wrapup"]),
            ("time_ready", STATE_WORDS["ready"]),
            ("time_idle", STATE_WORDS["idle"]),
            ("time_away", STATE_WORDS["away"]),
            ("time_logged_in", gettext_lazy("Logged in to a queue")),
            ("occupancy", gettext_lazy("Occupancy")),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Group:
    """Numbers that belong together. `lines` are (label, text) where no live value stands behind them."""

    label: str
    cells: list[Cell]
    lines: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ProfileTime:
    """A profile as its people named it, how long the agent was in it, and its share of the time that was not off, 0 to 100."""

    name: str
    kind: str
    text: str
    share: str


def live_groups(scope: str, values: Mapping[str, Told], place: Place, source: str) -> list[Group]:
    """Today's numbers, each kept true by the page's socket and leading to what it was counted from."""
    known = {CALLS: _("no calls yet"), PRESENCE: _("no presence heard yet")}
    return [
        Group(
            str(label),
            [
                cell(
                    values,
                    scope,
                    metric,
                    feed,
                    str(words),
                    source,
                    place,
                    empty=_("no time on calls or ready yet") if metric == "occupancy" else known[feed],
                    address=receipt_address(scope, metric, "today"),
                    explain=metric,
                )
                for metric, words in metrics
            ],
            [],
        )
        for label, feed, metrics in GROUPS
    ]


def kept_groups(day: AgentDay, place: Place) -> list[Group]:
    """The numbers of a day that is over."""
    numbers = day.numbers()
    sure = Standing(level="live", alive_at=None, reason="ok", source=None)
    return [
        Group(str(label), [], [(str(words), _text(metric, numbers.get(metric), sure, place)) for metric, words in metrics])
        for label, _feed, metrics in GROUPS
    ]


def _text(metric: str, value: object, sure: Standing, place: Place) -> str:
    kind = format_of(metric)
    text = written(value, kind, sure, place)
    return f"{text} {UNITS[kind]}" if kind in UNITS and value is not None else text


def profiles_of(day: AgentDay) -> list[ProfileTime]:
    """Time by profile, the longest first."""
    times = time_by_profile(day.watched)
    whole = sum(ms for _name, _available, ms in times)
    return [
        ProfileTime(
            name=name.strip() or _("no profile"),
            kind="away" if available is False else "ready",
            text=spoken(ms / 1000),
            share=f"{100 * ms / whole:.1f}",
        )
        for name, available, ms in times
        if whole
    ]
