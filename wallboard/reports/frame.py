"""What every report has in common: the address is read, the bar and the tabs are drawn, and what the numbers rest on is said.

Rules that hold here: a report says up to when it is complete, in which zone, and what of it was restated; an address that cannot be read
is a page that says what is allowed and keeps the rest of it; a database that is away is said so in words.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from stats.domain.metrics import DEFINITIONS
from stats.domain.periods import business_day
from wallboard.pages.frame import Visit, draw, draw_plain
from wallboard.push.admission import DatabaseAway
from wallboard.reports import words
from wallboard.reports.asked import NAMES, Asked, Unfit, read_asked
from wallboard.reports.bar import bar_of, tabs_of
from wallboard.reports.restatements import restated_words


class Stamped(Protocol):
    """What a report says of itself (`wallboard.reports.reading.Report`)."""

    complete_to: int
    recounting: int
    unread: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A tab's own part of the page.

    `template` extends `app/reports/base.html`; `report` is what it was drawn from, whose completeness is told; `own` are the tab's own
    parameters (name, value) that stay while other things change; `files`: it answers `format=csv` and `format=xlsx`.
    """

    template: str
    context: dict[str, Any] = field(default_factory=dict)
    report: Stamped | None = None
    own: Sequence[tuple[str, str]] = ()
    files: bool = False


Drawing = Callable[[Visit, Asked], Awaitable[Drawn | HttpResponseBase]]


async def report_page(visit: Visit, tab: str, draw_tab: Drawing) -> HttpResponseBase:
    """GET /reports/<tab>/: the tab's drawing in the frame. A drawing may be an answer of its own (a file), and may raise Unfit."""
    today = business_day(visit.now, visit.timezone)
    try:
        asked = read_asked(visit.request.GET, today)
        drawn = await draw_tab(visit, asked)
    except Unfit as fault:
        return await _refused(visit, tab, fault, today)
    except DatabaseAway:
        wordy = _("Reports are in the database, which does not answer. The boards go on. Try again in a few seconds.")
        return draw_plain(visit.request, 503, _("The report cannot be read now"), wordy)
    if not isinstance(drawn, Drawn):
        return drawn
    return await _framed(visit, tab, asked, drawn)


async def _framed(visit: Visit, tab: str, asked: Asked, drawn: Drawn, status: int = 200) -> HttpResponse:
    report, compared = drawn.report, asked.compared()
    restated, restated_address = await restated_words(visit, asked)
    return draw(
        visit,
        drawn.template,
        "reports",
        status=status,
        **{
            "asked": asked,
            "tab": tab,
            "tab_label": words.TABS[tab][0],
            "tabs": tabs_of(visit, tab, asked),
            "bar": bar_of(visit, tab, asked, drawn.own, files=drawn.files),
            "period": words.period_words(asked),
            "compared_days": words.days_words(*compared) if compared is not None else "",
            "hours": words.hours_words(asked.hours),
            "timezone": visit.timezone,
            "complete": words.stamp_words(report.complete_to, visit.now, visit.timezone) if report is not None else "",
            "recounting": report.recounting if report is not None else 0,
            "unread": words.unread_words(report.unread) if report is not None else None,
            "unheard": words.unheard_words(getattr(report, "unheard", list)(), visit.timezone),
            "restated": restated,
            "restated_address": restated_address,
            "definitions": DEFINITIONS,
            "page_keys": words.KEYS,
            **drawn.context,
        },
    )


async def _refused(visit: Visit, tab: str, fault: Unfit, today: str) -> HttpResponse:
    """The frame around what is wrong with the address, with whatever of it is right."""
    kept: QueryDict = visit.request.GET.copy()
    _without(kept, fault.parameter)
    for _name in NAMES:
        try:
            asked = read_asked(kept, today)
            break
        except Unfit as next_fault:
            _without(kept, next_fault.parameter)
    else:
        asked = read_asked(QueryDict(), today)
    drawn = Drawn(template="reports/base.html", context={"fault": str(fault), "without": f"?{asked.query()}"})
    return await _framed(visit, tab, asked, drawn, status=400)


def _without(params: QueryDict, name: str) -> None:
    """Drops a parameter, and those it makes no sense without."""
    together = {"to": ("from", "to"), "from": ("from", "to"), "closes": ("hours", "opens", "closes"), "opens": ("hours", "opens", "closes")}
    for each in together.get(name, (name,)):
        params.pop(each, None)
