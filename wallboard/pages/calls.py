"""One call, as it happened: told in a paragraph, drawn on one axis, listed step by step, and as the record we hold.

Rules that hold here: a call outside the viewer's queues is not there; a number is masked, and uncovering it is asked for, written down and
good for one look; while a call goes on the page tells of it as of the last sign of life of its source, and while what was said may still
come it looks for that.
"""

from django.db import DatabaseError
from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from stats.domain.outcomes import settle
from stats.domain.records import Call
from wallboard.api.call_finding import ArchiveAway, calls_with_id
from wallboard.boards.figure import reason_of
from wallboard.boards.freshness import CALLS, Standing, standing_for
from wallboard.pages.call.drawing import drawing_of
from wallboard.pages.call.noted import noted_of
from wallboard.pages.call.others import others_of
from wallboard.pages.call.raw import records_of
from wallboard.pages.call.reading import queue_keys, read
from wallboard.pages.call.seeking import seek
from wallboard.pages.call.steps import steps_of
from wallboard.pages.frame import Forbidden, NotThere, Visit, draw, draw_plain, for_people
from wallboard.pages.live_page import live_root, place_of
from wallboard.pages.story import story_of
from wallboard.pages.words import DIRECTIONS, day_and_time, iso, length
from wallboard.push import sights
from wallboard.push.naming import Naming

# What the vendor still says of a call after its end, it says soon.
LIVELY_MS = 120_000


async def call(visit: Visit, id_call: str) -> HttpResponse:
    """GET /calls/<id_call>/, and POST to uncover the number."""
    found = await _found(visit, id_call)
    if len(found) > 1:
        return _choice(visit, id_call, found)
    (record,) = found
    asked = visit.request.POST.get("do", "") if visit.request.method == "POST" else ""
    sought = await seek(visit, record) if asked == "seek" else ""
    uncovered = visit.request.method == "POST" and asked != "seek"
    if uncovered and (refused := await _uncover(visit, record)) is not None:
        return refused
    only_parts = visit.request.headers.get("X-Parts") == "1"
    if not only_parts:
        await visit.note_look("call.opened", "call", record.id_call)
    standing = standing_for(visit.snapshot.values, record.source, CALLS, visit.now)
    reading = read(record, visit.facts, visit.viewer, _naming(visit), _as_of(visit, standing))
    settled = reading.settled
    noted = await noted_of(reading, visit.viewer.organisation, visit.timezone)
    lively = reading.goes_on or noted.awaiting or (settled.ended_at is not None and visit.now - settled.ended_at < LIVELY_MS)
    return draw(
        visit,
        "call.html",
        "",
        reading=reading,
        id_call=record.id_call,
        source=record.source if len(visit.facts.sources) > 1 else "",
        number=settled.number if uncovered else reading.number,
        uncovered=uncovered,
        may_uncover=visit.may("numbers") and bool(settled.number) and not uncovered,
        direction=str(DIRECTIONS.get("internal" if settled.internal else str(settled.direction or ""), "")),
        going_on=reading.goes_on,
        going_for=length((reading.axis.end - reading.axis.start) / 1000),
        freshness=standing.level if reading.goes_on else "",
        standing_why=reason_of(standing, place_of(visit)) if reading.goes_on else "",
        live=live_root(visit, "feeds") if lively and not uncovered else None,
        started=day_and_time(settled.started_at, visit.timezone),
        started_iso=iso(settled.started_at, visit.timezone),
        story=story_of(reading),
        drawing=drawing_of(reading, visit.timezone),
        steps=steps_of(reading, visit.timezone),
        noted=noted,
        sought=sought,
        records=records_of(reading, uncovered=uncovered),
        others=None if only_parts else await others_of(reading, visit.viewer.organisation, visit.timezone),
        only_parts=only_parts,
    )


async def _found(visit: Visit, id_call: str) -> list[Call]:
    """The calls with this id that the viewer may see; at least one."""
    try:
        found = await calls_with_id(visit.viewer.organisation, visit.facts, id_call, visit.request.GET.get("source", ""))
    except ArchiveAway:
        raise NotThere(_("The call is not among those of the last two days, and the archive does not answer. Try again soon.")) from None
    mine = [each for each in found if visit.viewer.sees_call(queue_keys(each, visit.facts))]
    if not mine:
        raise NotThere(_("No such call is kept, or it is not among the queues open to you."))
    return mine


async def _uncover(visit: Visit, record: Call) -> HttpResponse | None:
    """Writes down that a number is shown; an answer where it may not or cannot be."""
    if not visit.may("numbers"):
        raise Forbidden(_("Whole telephone numbers are for those who call back. Ask somebody who administers the wallboard."))
    try:
        await visit.note("number.shown", "call", record.id_call)
    except DatabaseError:
        words = _("Showing a number has to be written down, and the database does not answer. Try again soon.")
        return draw_plain(visit.request, 503, _("The number stays masked"), words)
    return None


def _naming(visit: Visit) -> Naming:
    """How this viewer's pages name agents; the same here as everywhere."""
    shown = sights.of(visit.organisation, visit.viewer.sight)
    return shown.naming if isinstance(shown, sights.Sighted) else Naming(visit.viewer.organisation, "full")


def _as_of(visit: Visit, standing: Standing) -> int:
    """Up to when anything may be said of a call that goes on."""
    if standing.ticks or standing.alive_at is None:
        return visit.now
    return min(standing.alive_at, visit.now)


def _choice(visit: Visit, id_call: str, found: list[Call]) -> HttpResponse:
    """Two telephone systems use the same id: which one is meant?"""
    address = reverse("call", args=[id_call])
    calls = []
    for each in found:
        settled = settle(each)
        calls.append(
            {
                "source": each.source,
                "address": f"{address}?{urlencode({'source': each.source})}",
                "started": day_and_time(settled.started_at, visit.timezone),
                "started_iso": iso(settled.started_at, visit.timezone),
                "direction": str(DIRECTIONS.get("internal" if settled.internal else str(settled.direction or ""), "")),
                "queues": ngettext("%(n)d queue", "%(n)d queues", len(each.visits)) % {"n": len(each.visits)},
            }
        )
    return draw(visit, "call_choice.html", "", id_call=id_call, calls=calls, status=300)


page = for_people(call, needs="calls")
