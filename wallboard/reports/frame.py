"""What every report has in common: the address is read, the bar and the tabs are drawn, and what the numbers rest on is said.

Rules that hold here: a report says up to when it is complete, in which zone, and what of it was restated; an address that cannot be read
is a page that says what is allowed and keeps the rest of it; a database that is away is said so in words.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError
from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from stats.domain.periods import business_day, day_bounds
from stats.history.rollup_tables import Restatement
from wallboard.pages.frame import Visit, draw, draw_plain
from wallboard.push.admission import DatabaseAway
from wallboard.reports import words
from wallboard.reports.asked import NAMES, Asked, Unfit, read_asked
from wallboard.reports.bar import bar_of, tabs_of

# More restatements of a period are only said to be more.
MOST_RESTATED = 99


class Stamped(Protocol):
    """What a report says of itself (`wallboard.reports.reading.Report`)."""

    complete_to: int
    recounting: int


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


Drawing = Callable[[Visit, Asked], Awaitable[Drawn | HttpResponse]]


async def report_page(visit: Visit, tab: str, draw_tab: Drawing) -> HttpResponse:
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
    restated = await database_sync_to_async(_restated)(visit.viewer.organisation, *_bounds(asked, visit.timezone))
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
            "restated": _restated_words(restated),
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


def _bounds(asked: Asked, timezone: str) -> tuple[int, int]:
    return day_bounds(asked.first, timezone)[0], day_bounds(asked.last, timezone)[1]


def _restated(organisation: str, first: int, end: int) -> int:
    """How many restatements are of these days, as far as anybody wants to know."""
    try:
        rows = Restatement.objects.filter(organisation=organisation, quarter_ms__gte=first, quarter_ms__lt=end)
        return len(rows.values_list("id", flat=True)[: MOST_RESTATED + 1])
    except (DatabaseError, InterfaceError):
        # The report itself was read; it stands without this line.
        return 0


def _restated_words(number: int) -> str:
    if not number:
        return ""
    if number > MOST_RESTATED:
        return _("More than %(n)d rows of this period were restated") % {"n": MOST_RESTATED}
    return ngettext("%(n)d row of this period was restated", "%(n)d rows of this period were restated", number) % {"n": number}
