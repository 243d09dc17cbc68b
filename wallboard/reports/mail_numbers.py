"""The numbers that a mail tells, and which of those that the last one told are others now.

Rules that hold here: what is kept of a mail are numbers by keys, and of an agent whose key is a name a mark in its place; compared are days
that were over when they were told, by the same definitions and with the same sight; a number has moved when it is written otherwise.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from stats.domain.metrics import DEFINITIONS
from stats.domain.report import Kind, Line
from wallboard.accounts.journal import subject_of
from wallboard.accounts.viewer import Viewer
from wallboard.pages.definition_words import label_of
from wallboard.reports import reading, table
from wallboard.reports.asked import Asked, Unfit, read_asked
from wallboard.reports.breakdown import sorted_keys
from wallboard.reports.reading import Report

OF_AGENTS = ("agents", "profiles")
WHOLE = ("calls_in", *table.QUEUE_COLUMNS)
# What a queue is called whose key alone is known.
Numbers = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was read for a mail. `lines`: numbers by key, in the order they are shown; `metrics` of them; `kind` queue or agent."""

    asked: Asked
    kind: Kind
    whole_kind: Kind
    whole: Numbers
    lines: Mapping[str, Numbers]
    metrics: Sequence[str]
    names: Mapping[str, str]
    report: Report

    def kept(self, tab: str, viewer: Viewer) -> dict[str, Any]:
        """As it is written down (JSON)."""
        return {
            "tab": tab,
            "query": _closed_query(self.asked),
            "today": self.asked.today,
            "definitions": DEFINITIONS,
            "sight": _sight(viewer),
            "whole": {metric: self.whole.get(metric) for metric in WHOLE},
            "lines": {
                _mark(self, viewer.organisation, key): {metric: numbers.get(metric) for metric in self.metrics}
                for key, numbers in self.lines.items()
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One number that is another now, in words."""

    whose: str
    label: str
    was: str
    now: str


async def read_numbers(asked: Asked, tab: str, query: QueryDict, viewer: Viewer, timezone: str) -> Told:
    """The numbers of what is asked for, as the viewer sees them. Raises Unfit and DatabaseAway."""
    kind: Kind = "agent" if tab in OF_AGENTS else "queue"
    every, usual, order = (
        (table.EVERY_AGENT_COLUMN, table.AGENT_COLUMNS, "name")
        if kind == "agent"
        else (table.EVERY_QUEUE_COLUMN, table.QUEUE_COLUMNS, "-offered")
    )
    metrics: Sequence[str] = usual
    if tab in ("interval", "agents"):
        metrics = table.columns_asked(query, every if kind == "agent" else (*table.SITE_COLUMNS, *every), usual)
        order = table.order_asked(query, every, order)
        metrics = [metric for metric in metrics if kind == "agent" or not table.is_of_site(metric)] or usual
    # One queue alone is judged by its own formula; several together are by the organisation's.
    whole_kind: Kind = "queue" if len(asked.queues) == 1 else "site"
    span, slug = asked.span(viewer.organisation, timezone, viewer), viewer.organisation
    report, whole = await asyncio.gather(
        reading.read(slug, span, kind, viewer, along="key", bins=False),
        reading.read(slug, span, whole_kind, viewer, along="key", bins=False),
    )
    lines = {key: report.numbers(line) for key, line in report.by_key().items()}
    names = {key: report.names[key].name or f"#{key}" if key in report.names else f"#{key}" for key in lines}
    return Told(
        asked=asked,
        kind=kind,
        whole_kind=whole_kind,
        whole=whole.numbers(whole.whole()),
        lines={key: lines[key] for key in sorted_keys(lines, names, order)},
        metrics=metrics,
        names=names,
        report=report,
    )


async def moved_since(kept: Mapping[str, Any], viewer: Viewer, today: str, timezone: str, language: str) -> tuple[list[Moved], str]:
    """What is written otherwise now of the numbers of a former mail; and why it was not compared, in words, where it was not."""
    if not kept:
        return [], ""
    if kept.get("definitions") != DEFINITIONS:
        return [], _("The definitions have changed since the last mail, so that its numbers are not compared.")
    if kept.get("sight") != _sight(viewer):
        return [], _("What its maker may see has changed since the last mail, so that its numbers are not compared.")
    query = QueryDict(str(kept["query"]))
    try:
        asked = read_asked(query, today)
    except Unfit:
        return [], _("The numbers of the last mail cannot be compared any more.")
    if asked.last >= str(kept["today"]):
        # The day was not over when it was told; that it went on is no news.
        return [], ""
    told = await read_numbers(asked, str(kept["tab"]), QueryDict(), viewer, timezone)
    place = "site" if told.whole_kind == "site" else "queue"
    found = _changes(_("All of it"), place, kept["whole"], told.whole, language)
    now = {_mark(told, viewer.organisation, key): key for key in told.lines}
    nothing = told.report.numbers(Line("", *told.report.span.bounds))
    for mark in [*now, *(each for each in kept["lines"] if each not in now)]:
        key = now.get(mark)
        numbers = told.lines[key] if key is not None else nothing
        was = kept["lines"].get(mark) or {metric: nothing.get(metric) for metric in told.metrics}
        found += _changes(told.names[key] if key is not None else f"#{mark}", told.kind, was, numbers, language)
    return found, ""


def _changes(whose: str, place: str, was: Numbers, now: Numbers, language: str) -> list[Moved]:
    found = []
    for metric, value in was.items():
        before, after = (table.text_of(metric, each, language) for each in (value, now.get(metric)))
        if before != after:
            found.append(Moved(whose=whose, label=str(label_of(place, metric)), was=before, now=after))
    return found


def _mark(told: Told, organisation: str, key: str) -> str:
    """A key that is no agent's name."""
    return subject_of(organisation, key) if told.kind == "agent" else key


def _closed_query(asked: Asked) -> str:
    """Its query with the days it had."""
    return replace(asked, period="", compare="").query()


def _sight(viewer: Viewer) -> list[Any]:
    return [None if viewer.queues is None else sorted(viewer.queues), viewer.names]
