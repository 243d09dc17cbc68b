"""Writes the mail of a report: its words as text and as HTML, what needs attention, and the file that goes with it.

Rules that hold here: it is written in the organisation's language and told in its zone; what its maker may not see is not in it; a name
with a line break in it makes no second header; a file that is too large stays away, and that is said.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from stats.clock import now_ms
from stats.domain.metrics import DEFINITIONS
from stats.domain.periods import business_day
from wallboard.accounts.viewer import Viewer
from wallboard.api.report_rows import Told as FileTold
from wallboard.boards import figures
from wallboard.reports import files, table, words
from wallboard.reports.archive_begin import begin_words, begins
from wallboard.reports.mail_numbers import WHOLE, Told, moved_since, read_numbers
from wallboard.reports.schedule import covered

MOST_BYTES = 8 * 1024 * 1024
# More rows than these are on the page, and in the file.
MOST_ROWS, MOST_MOVED = 100, 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A mail that is to be written. `due`: epoch ms; `before`: what the last one told (`Told.kept`), and `before_days` which days of."""

    title: str
    tab: str
    query: str
    attach: str
    viewer: Viewer
    timezone: str
    language: str
    due: int
    before: Mapping[str, Any] = field(default_factory=dict)
    before_days: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail that is written. `file`: name, bytes and type; `kept`: its numbers, for the next one."""

    subject: str
    text: str
    html: str
    file: tuple[str, bytes, str] | None
    first: str
    last: str
    kept: dict[str, Any]


async def write(wanted: Wanted) -> Letter:
    """Reads the numbers and writes the mail. Raises Unfit and DatabaseAway."""
    with translation.override(wanted.language):
        return await _write(wanted)


async def _write(wanted: Wanted) -> Letter:
    viewer, today = wanted.viewer, business_day(wanted.due, wanted.timezone)
    query = QueryDict(wanted.query)
    asked = covered(wanted.query, today)
    told = await read_numbers(asked, wanted.tab, query, viewer, wanted.timezone)
    moved, not_compared = await moved_since(wanted.before, viewer, today, wanted.timezone, wanted.language)
    file, too_large = await _file(wanted, told)
    days = words.days_words(asked.first, asked.last)
    context = {
        "title": wanted.title,
        "organisation": viewer.title or viewer.organisation,
        "days": days,
        "hours": words.hours_words(asked.hours),
        "totals": _totals(told, wanted.language),
        "first_heading": _("Agent") if told.kind == "agent" else _("Queue"),
        "rows_heading": _("By agent") if told.kind == "agent" else _("By queue"),
        "columns": [str(each.label) for each in table.columns_of(told.metrics, told.kind)],
        "rows": _rows(told, wanted.language)[:MOST_ROWS],
        "more_rows": max(0, len(told.lines) - MOST_ROWS),
        "attention": await _attention(wanted, told),
        "moved": moved[:MOST_MOVED],
        "more_moved": max(0, len(moved) - MOST_MOVED),
        "moved_days": words.days_words(*wanted.before_days) if moved else "",
        "not_compared": not_compared,
        "restated": _link("/reports/restatements/", f"from={wanted.before_days[0]}&to={wanted.before_days[1]}") if moved else "",
        "complete": words.stamp_words(told.report.complete_to, now_ms(), wanted.timezone),
        "timezone": wanted.timezone,
        "definitions": DEFINITIONS,
        "link": _link(f"/reports/{wanted.tab}/", _page_query(wanted, told)),
        "mails": _link("/reports/mails/", ""),
        "too_large": too_large,
        "language": wanted.language,
    }
    return Letter(
        # A name with a line break in it would be a second header.
        subject=" ".join(f"{wanted.title}: {days}".split()),
        text=render_to_string("app/reports/mail_report.txt", context),
        html=render_to_string("app/reports/mail_report.html", context),
        file=file,
        first=asked.first,
        last=asked.last,
        kept=told.kept(wanted.tab, viewer),
    )


def _totals(told: Told, language: str) -> list[tuple[str, str]]:
    place = "site" if told.whole_kind == "site" else "queue"
    metrics = [metric for metric in WHOLE if told.whole.get(metric) is not None or not table.is_of_site(metric)]
    if place == "queue":
        metrics = [metric for metric in metrics if not table.is_of_site(metric)]
    labels = [str(each.whole) for each in table.columns_of(metrics, place)]
    return [(label, table.text_of(metric, told.whole.get(metric), language)) for label, metric in zip(labels, metrics, strict=True)]


def _rows(told: Told, language: str) -> list[dict[str, Any]]:
    labels = [str(each.whole) for each in table.columns_of(told.metrics, told.kind)]
    return [
        {
            "name": told.names[key],
            "cells": [
                {"label": label, "text": table.text_of(metric, numbers.get(metric), language)}
                for label, metric in zip(labels, told.metrics, strict=True)
            ],
        }
        for key, numbers in told.lines.items()
    ]


async def _attention(wanted: Wanted, told: Told) -> list[str]:
    """What somebody should know before the rest: broken promises, and days that are not wholly known."""
    found = []
    report, asked = told.report, told.asked
    if begin := begin_words(await begins(wanted.viewer.organisation), report.span.bounds[0], wanted.timezone):
        found.append(_("The archive begins on %(day)s; nothing is known of the days before.") % {"day": begin["day"]})
    if report.complete_to < min(report.span.bounds[1], wanted.due):
        stamp = words.stamp_words(report.complete_to, now_ms(), wanted.timezone)
        found.append(_("Not everything has been heard: the report is complete to %(stamp)s.") % {"stamp": stamp})
    if report.recounting:
        found.append(_("%(n)d quarters of an hour wait to be added up anew.") % {"n": report.recounting})
    if asked.last == asked.today and asked.period == "today":
        found.append(_("The day is not over: these are the numbers so far."))
    if told.kind == "queue":
        found += _broken_promises(told)
    return found


def _broken_promises(told: Told) -> list[str]:
    found = []
    for key, line in told.report.by_key().items():
        level = figures.number(told.lines[key].get("service_level"))
        if level is None or not line.settings or level >= float(line.settings[-1].share):
            continue
        known = {"queue": told.names[key], "level": f"{figures.percent(level)} %", "promise": words.promise_words(line.settings[-1])}
        found.append(_("%(queue)s kept %(level)s; promised was %(promise)s.") % known)
    return found


async def _file(wanted: Wanted, told: Told) -> tuple[tuple[str, bytes, str] | None, bool]:
    """The file that goes with it; whether there is none because it would be too large."""
    if wanted.attach not in files.TYPES:
        return None, False
    span, viewer, file_told = told.report.span, wanted.viewer, FileTold()
    hours = ((_("opening hours"), words.hours_words(told.asked.hours)),) if told.asked.hours is not None else ()
    about = files.About(organisation=viewer.organisation, title=wanted.title, by=viewer.name, filters=hours)
    span = told.asked.span(viewer.organisation, wanted.timezone, viewer)
    parts = (
        files.csv_file(span, told.kind, viewer, file_told)
        if wanted.attach == "csv"
        else files.xlsx_file(span, told.kind, viewer, file_told, about)
    )
    held: list[bytes] = []
    size = 0
    try:
        async for part in parts:
            size += len(part)
            if size > MOST_BYTES:
                return None, True
            held.append(part)
    finally:
        await parts.aclose()  # type: ignore[attr-defined]  # it is a generator
    return (files.name_of(span, told.kind, wanted.attach), b"".join(held), files.TYPES[wanted.attach].partition(";")[0]), False


def _page_query(wanted: Wanted, told: Told) -> str:
    """The view with the days of the mail: the link shows in a month what it shows now."""
    query = QueryDict(wanted.query, mutable=True)
    for name in ("period", "from", "to"):
        query.pop(name, None)
    days = QueryDict(mutable=True)
    days["from"], days["to"] = told.asked.first, told.asked.last
    return "&".join(each for each in (days.urlencode(), query.urlencode()) if each)


def _link(path: str, query: str) -> str:
    """From outside; "" where nobody has said what the wallboard is called there."""
    if not settings.PUBLIC_URL:
        return ""
    return f"{settings.PUBLIC_URL.rstrip('/')}{path}{f'?{query}' if query else ''}"
