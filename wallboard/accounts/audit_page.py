"""The audit log: newest first, narrowed by what stands in the address, and taken away as a file.

Rules that hold here: an organisation's lines and no others; pages are found by the last line's number, so that new lines shift nothing; a
cell of the file that a spreadsheet would calculate is made text.
"""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from channels.db import database_sync_to_async
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wallboard.accounts import journal
from wallboard.accounts.audit_words import ACTIONS, SUBJECTS, WAYS, action_in_words
from wallboard.accounts.members import ROLE_NAMES
from wallboard.accounts.models import AuditEntry
from wallboard.pages.frame import Visit, draw, for_people
from wallboard.pages.words import day_and_time
from wallboard.spreadsheet import as_text

LINES = 100
MOST_IN_A_FILE = 50_000
LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What the address asks for; empty: everything."""

    who: str = ""
    action: str = ""
    subject: str = ""
    day: str = ""

    def query(self, **more: object) -> str:
        """As a query string."""
        return urlencode({name: value for name, value in {**self.as_dict(), **more}.items() if value})

    def as_dict(self) -> dict[str, str]:
        """By name."""
        return {"who": self.who, "action": self.action, "subject": self.subject, "day": self.day}


def filters_of(request: HttpRequest) -> tuple[Filters, str]:
    """The filters, and what is wrong with them in words."""
    wanted = {name: request.GET.get(name, "").replace("\0", "").strip()[:LONGEST] for name in ("who", "action", "subject", "day")}
    try:
        if wanted["day"]:
            date.fromisoformat(wanted["day"])
    except ValueError:
        return Filters(**{**wanted, "day": ""}), _("Write the day as 2026-05-18.")
    return Filters(**wanted), ""


def lines_of(organisation: str, filters: Filters, timezone: str) -> "QuerySet[AuditEntry]":
    """An organisation's lines, newest first."""
    found = AuditEntry.objects.filter(organisation=organisation).order_by("-id")
    if filters.who:
        found = found.filter(actor_name__icontains=filters.who)
    if filters.action:
        found = found.filter(Q(action=filters.action) | Q(action__startswith=filters.action + "."))
    if filters.subject:
        found = found.filter(subject__icontains=filters.subject)
    if filters.day:
        zone, day = ZoneInfo(timezone), date.fromisoformat(filters.day)
        begin = datetime.combine(day, time(), zone)
        found = found.filter(at__gte=begin, at__lt=datetime.combine(day + timedelta(days=1), time(), zone))
    return found


async def audit(visit: Visit) -> HttpResponse:
    """GET /audit/"""
    return await database_sync_to_async(_audit)(visit)


def _audit(visit: Visit) -> HttpResponse:
    filters, fault = filters_of(visit.request)
    found = lines_of(visit.viewer.organisation, filters, visit.timezone)
    told = visit.request.GET.get("before", "")
    if told.isdecimal() and len(told) < 19:
        found = found.filter(id__lt=int(told))
    rows = list(found[: LINES + 1])
    older = filters.query(before=rows[LINES - 1].pk) if len(rows) > LINES else ""
    return draw(
        visit,
        "accounts/audit.html",
        "audit",
        400 if fault else 200,
        lines=[_line(each, visit.timezone) for each in rows[:LINES]],
        filters=filters,
        narrowed=bool(filters.query()),
        actions=sorted(((code, str(words)) for code, words in ACTIONS.items()), key=lambda each: each[1].casefold()),
        fault=fault,
        older=older,
        newest=filters.query() if told else "",
        paged=bool(told),
        file=filters.query(),
    )


def _line(entry: AuditEntry, timezone: str) -> dict[str, Any]:
    return {
        "at": day_and_time(int(entry.at.timestamp() * 1000), timezone),
        "iso": entry.at.isoformat(timespec="seconds"),
        "who": entry.actor_name or (_("the wallboard itself") if entry.actor_kind == "system" else _("nobody known")),
        "action": action_in_words(entry.action),
        "code": entry.action,
        "subject_kind": str(SUBJECTS.get(entry.subject_kind, entry.subject_kind)),
        "subject": entry.subject,
        "detail": detail_in_words(entry.detail),
        "address": entry.address,
    }


def detail_in_words(detail: dict[str, Any]) -> str:
    """What a line holds beside; the kinds we know in words, the others as they are."""
    said = []
    for name, value in detail.items():
        if name == "how":
            said.append(str(WAYS.get(str(value), value)))
        elif name == "role":
            said.append(_("role: %(role)s") % {"role": ROLE_NAMES.get(str(value), value)})
        elif name == "queues":
            said.append(_("all queues") if value is None else _("queues: %(queues)s") % {"queues": ", ".join(map(str, value)) or "–"})
        elif name == "former" and isinstance(value, dict):
            said.append(_("before: %(before)s") % {"before": detail_in_words(value)})
        elif name == "scopes" and isinstance(value, list):
            said.append(_("may read: %(scopes)s") % {"scopes": ", ".join(map(str, value))})
        elif name == "days" and (value == "" or str(value).isdecimal()):
            said.append(ngettext("ends after %(n)s day", "ends after %(n)s days", int(value)) % {"n": value} if value else _("no end"))
        elif name == "codes_left" and isinstance(value, int):
            said.append(ngettext("%(n)d recovery code left", "%(n)d recovery codes left", value) % {"n": value})
        elif name != "row" and value not in (None, "", [], {}):
            said.append(f"{name}: {value if isinstance(value, str | int | float) else json.dumps(value, ensure_ascii=False)}")
    return "; ".join(said)


async def file(visit: Visit) -> HttpResponse:
    """GET /audit/audit.csv, with the page's filters."""
    return await database_sync_to_async(_file)(visit)


def _file(visit: Visit) -> HttpResponse:
    filters, _fault = filters_of(visit.request)
    rows = lines_of(visit.viewer.organisation, filters, visit.timezone)[:MOST_IN_A_FILE]
    text = "".join(_csv_of(rows.iterator(chunk_size=2000), visit.timezone))
    journal.note(visit.viewer, "audit.exported", address=visit.address, filters=filters.query())
    # A byte-order mark, without which spreadsheets read the letters of another alphabet.
    answer = HttpResponse("\ufeff" + text, content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return answer


def _csv_of(rows: Iterator[AuditEntry], timezone: str) -> Iterator[str]:
    page = io.StringIO()
    writer = csv.writer(page, quoting=csv.QUOTE_ALL)
    writer.writerow(["at", "who", "kind", "action", "words", "subject kind", "subject", "detail", "address"])
    for each in rows:
        cells = [
            datetime.fromtimestamp(each.at.timestamp(), ZoneInfo(timezone)).isoformat(timespec="seconds"),
            each.actor_name,
            each.actor_kind,
            each.action,
            action_in_words(each.action),
            each.subject_kind,
            each.subject,
            json.dumps(each.detail, ensure_ascii=False, sort_keys=True) if each.detail else "",
            each.address,
        ]
        writer.writerow([as_text(cell) for cell in cells])
    yield page.getvalue()


page = for_people(audit, needs="audit")
file_page = for_people(file, needs="audit")
