"""Notes on days ("new menu"): what people wrote so that a curve is understood later, shown with the trend and the table by time.

Rules that hold here: a note belongs to a day and to one queue or to everything; who sees some queues alone sees no note of another; every
change is written to the audit log with the person; a note is text and nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError, transaction
from django.http import HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _

from stats.models import Organisation
from wallboard.accounts import journal
from wallboard.pages.frame import NotThere, Visit, draw_plain, for_people
from wallboard.push.admission import DatabaseAway
from wallboard.reports import words
from wallboard.reports.asked import Asked
from wallboard.reports.bar import names_of
from wallboard.reports.models import ReportNote

ABILITY = "targets"
# The tabs that show notes, and to which whoever wrote one is led back.
SHOWN_ON = ("trend", "interval")
MOST = 200
LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A note as it is shown. `of`: the queue's name, "" for everything; `by`: who wrote it, and when."""

    id: int
    day: str
    day_words: str
    queue: str
    of: str
    text: str
    by: str


async def of_days(visit: Visit, asked: Asked) -> list[Note]:
    """The notes of the days asked for, of everything and of the queues shown, by day. Raises DatabaseAway."""
    try:
        rows = await _rows(visit.viewer.organisation, asked.first, asked.last)
    except (DatabaseError, InterfaceError) as why:
        raise DatabaseAway from why
    names, seen, found = names_of(visit, "queue"), visit.viewer.queues, []
    for row, author in rows:
        if row.queue and ((seen is not None and row.queue not in seen) or (asked.queues and row.queue not in asked.queues)):
            continue
        written = words.stamp_words(round(row.created_at.timestamp() * 1000), visit.now, visit.timezone)
        found.append(
            Note(
                id=row.pk,
                day=row.day,
                day_words=words.day_words(row.day),
                queue=row.queue,
                of=names.get(row.queue, f"#{row.queue}") if row.queue else "",
                text=row.text,
                by=_("%(person)s, %(time)s") % {"person": author or _("somebody who is gone"), "time": written},
            )
        )
    return found


@database_sync_to_async
def _rows(organisation: str, first: str, last: str) -> list[tuple[ReportNote, str]]:
    rows = ReportNote.objects.filter(organisation__slug=organisation, day__gte=first, day__lte=last).select_related("author")[:MOST]
    return [(row, row.author.get_username() if row.author is not None else "") for row in rows]


def context(visit: Visit, asked: Asked, tab: str, noted: Sequence[Note]) -> dict[str, Any]:
    """What `app/reports/_notes.html` shows."""
    queues = names_of(visit, "queue")
    return {
        "notes": noted,
        "note_form": {
            "tab": tab,
            "query": asked.query(),
            "day": asked.last,
            "queues": sorted(queues.items(), key=lambda each: (each[1].casefold(), each[0])),
            "queue": asked.queues[0] if len(asked.queues) == 1 else "",
            "longest": LONGEST,
        }
        if visit.may(ABILITY)
        else None,
    }


async def _noted(visit: Visit, pk: int | None) -> HttpResponseBase:
    if visit.request.method != "POST":
        return HttpResponseRedirect(reverse("report-trend"))
    given = visit.request.POST
    fault = await database_sync_to_async(_write)(visit, pk, given)
    back = _back(given)
    if fault:
        return draw_plain(visit.request, 400, _("The note was not written"), fault)
    return HttpResponseRedirect(back)


def _back(given: QueryDict) -> str:
    tab, query = given.get("tab", ""), given.get("query", "")[:2000]
    address = reverse(f"report-{tab if tab in SHOWN_ON else SHOWN_ON[0]}")
    # Only ever a query of ours: what the form sends back is read as one, never as an address.
    return f"{address}?{quote(query, safe='=&%+:,.-_')}#notes" if query else f"{address}#notes"


def _write(visit: Visit, pk: int | None, given: Mapping[str, str]) -> str:
    """Adds, changes or removes; "" when it is done, else what is wrong."""
    slug, seen = visit.viewer.organisation, visit.viewer.queues
    try:
        with transaction.atomic():
            owner = Organisation.objects.get(slug=slug)
            row = ReportNote(organisation=owner, author=visit.person) if pk is None else _held(owner, pk, seen)
            before = {} if pk is None else _told(row)
            if pk is not None and given.get("do") == "remove":
                row.delete()
                journal.note(visit.viewer, "report.note_removed", "note", str(pk), address=visit.address, before=before)
                return ""
            if fault := _put(row, given, seen):
                return fault
            row.save()
            if _told(row) != before:
                action = "report.noted" if pk is None else "report.note_changed"
                journal.note(visit.viewer, action, "note", str(row.pk), address=visit.address, before=before, after=_told(row))
    except (DatabaseError, InterfaceError):
        return _("The database does not answer, so nothing can be changed now. Try again in a few seconds.")
    return ""


def _held(owner: Organisation, pk: int, seen: frozenset[str] | None) -> ReportNote:
    row = ReportNote.objects.filter(organisation=owner, pk=pk).first()
    if row is None or (row.queue and seen is not None and row.queue not in seen):
        raise NotThere(_("There is no such note, or it was removed."))
    return row


def _told(row: ReportNote) -> dict[str, str]:
    return {"day": row.day, "queue": row.queue, "text": row.text}


def _put(row: ReportNote, given: Mapping[str, str], seen: frozenset[str] | None) -> str:
    """Takes over what was given; what is wrong with it, or ""."""
    day, queue = given.get("day", row.day).strip(), given.get("queue", row.queue).strip()
    # A note is one line: whatever else was pasted becomes a blank.
    text = " ".join("".join(each if each.isprintable() else " " for each in given.get("text", "")).split())
    try:
        known = date.fromisoformat(day).isoformat() == day and 1990 <= int(day[:4]) <= 2100
    except ValueError:
        known = False
    if not known:
        return _("“%(name)s” is a day, written like 2026-05-18.") % {"name": "day"}
    if not text or len(text) > LONGEST:
        return _("A note is a line of text of at most %(longest)d letters.") % {"longest": LONGEST}
    if len(queue) > 200 or (queue and seen is not None and queue not in seen):
        return _("A note is of everything, or of a queue you see.")
    row.day, row.queue, row.text = day, queue, text
    return ""


async def add(visit: Visit) -> HttpResponseBase:
    """POST /reports/notes/: a new note."""
    return await _noted(visit, None)


async def change(visit: Visit, pk: int) -> HttpResponseBase:
    """POST /reports/notes/<pk>/: a note changed, or with do=remove gone."""
    return await _noted(visit, pk)


add_page = for_people(add, needs=ABILITY)
change_page = for_people(change, needs=ABILITY)
