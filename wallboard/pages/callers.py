"""Lost callers: who gave up today and has not been reached since, oldest first, and who of us has taken care of them.

Rules that hold here:
- The list is that of the number "Not reached": marking somebody as handled takes nobody off that number, only a conversation does.
- What is kept of a handled caller is a mark of the number, who, when and a note; a later call given up makes the caller lost anew.
- A number is masked; to uncover one is asked for, written down, and shown once.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError, transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext as _

from stats.domain.facts import Facts, PartyFacts
from stats.domain.outcomes import settle
from stats.domain.periods import business_day, day_bounds
from stats.domain.receipts import Row
from stats.domain.records import Call
from stats.history.callers import LastVisit, calls_by_number, last_visits
from stats.live.loose_calls import loose_calls
from stats.models import Organisation
from stats.vault import number_mark
from wallboard.accounts.models import HandledCaller
from wallboard.api.gathering import MOST_LOOSE, aliases, queue_key_of
from wallboard.api.present import lost_rows
from wallboard.boards.freshness import CALLS, standing_for
from wallboard.pages.addresses import receipt_address
from wallboard.pages.calling import Said, call_back, extension_of, ways_of
from wallboard.pages.contact_names import names_for
from wallboard.pages.frame import Forbidden, NotThere, Visit, draw, draw_plain, for_people
from wallboard.pages.live_page import live_root
from wallboard.pages.words import ago, clock_time, iso, length, masked
from wallboard.push import live
from wallboard.push.admission import DatabaseAway
from wallboard.spreadsheet import as_text

LONGEST_NOTE = 300
A_PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A number that gave up and was not reached. `wait` in seconds; `times`: calls of today; `calling`: one of them goes on now."""

    row: Row
    mark: str
    queue: str
    wait: float | None
    times: int
    calling: bool
    handled: HandledCaller | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One caller as drawn; `number` is masked unless it was uncovered for this one look."""

    mark: str
    number: str
    name: str
    uncovered: bool
    at: str
    at_iso: str
    ago: str
    queue: str
    queue_source: str  # named where another source has a queue of the same name
    queue_key: str
    wait: str
    times: int
    calling: bool
    id_call: str
    by: str = ""
    when: str = ""
    note: str = ""


async def callers(visit: Visit) -> HttpResponse:
    """GET /callers/, and POST to mark somebody as handled, to undo it, to call them back, or to uncover a number."""
    try:
        found = await lost(visit)
        if visit.request.method == "POST":
            return await _do(visit, found)
        if visit.request.GET.get("format") == "csv":
            return await _file(visit, found)
    except (DatabaseAway, DatabaseError, InterfaceError):
        words = _("Who gave up is in the database, which does not answer. The boards go on. Try again in a few seconds.")
        return draw_plain(visit.request, 503, _("The list cannot be read now"), words)
    return await _drawn(visit, found)


async def _drawn(visit: Visit, found: list[Caller], uncovered: str = "", said: Said | None = None) -> HttpResponse:
    known = visit.snapshot.values.get("site", {}).get("known", True)
    standing = standing_for(visit.snapshot.values, None, CALLS, visit.now)
    names = await names_for(visit, [each.row.caller for each in found])
    lines = [_line(visit, each, uncovered, names) for each in found]
    waiting = [line for line in lines if not line.by]
    asked = visit.request.GET.get("page", "")
    page_number = min(int(asked), 1000) if asked.isascii() and asked.isdigit() and len(asked) < 5 else 0
    begin = min(page_number * A_PAGE, len(waiting) // A_PAGE * A_PAGE)
    if uncovered:
        begin = next((n // A_PAGE * A_PAGE for n, line in enumerate(waiting) if line.uncovered), begin)
    return draw(
        visit,
        "callers.html",
        "callers",
        live=live_root(visit, "overview"),
        open=waiting[begin : begin + A_PAGE],
        waiting=len(waiting),
        older=f"?page={begin // A_PAGE - 1}" if begin else "",
        newer=f"?page={begin // A_PAGE + 1}" if begin + A_PAGE < len(waiting) else "",
        handled=[line for line in lines if line.by],
        number=len(lines),
        known=bool(known) and standing.level != "unknown",
        receipt=receipt_address("site", "lost_callers", "today") if visit.viewer.queues is None else "",
        longest_note=LONGEST_NOTE,
        ways=await ways_of(visit),
        extension=await extension_of(visit),
        said=said,
    )


async def lost(visit: Visit) -> list[Caller]:
    """The lost callers the viewer may see, oldest first. Raises StoreAway, DatabaseAway, and the database's errors."""
    facts, slug = visit.facts, visit.organisation.slug
    as_of = visit.snapshot.server_time
    day = business_day(as_of, facts.timezone)
    first, end = day_bounds(day, facts.timezone)
    rows = lost_rows(facts.callers.get(day, {}).items())
    loose = await loose_calls(live.store(), slug, MOST_LOOSE)
    numbers = [row.caller for row in rows]
    ids: dict[str, list[str]] = {}
    for row in rows:
        ids.setdefault(row.source, []).append(row.id_call)
    kept, times, handled = await database_sync_to_async(partial(_asked, slug, day, ids, numbers, first, end))()
    queue_keys = aliases(facts.queues.values())
    calling = await sync_to_async(_from_loose, thread_sensitive=False)(loose.calls, frozenset(numbers), facts, kept)
    found: list[Caller] = []
    for row in rows:
        queue, wait = kept.get((row.source, row.id_call), ("", None))
        queue = queue_keys.get(queue, queue)
        if not visit.viewer.sees_queue(queue or None):
            continue
        mark = number_mark(slug, row.caller)
        done = handled.get(mark)
        found.append(
            Caller(
                row=row,
                mark=mark,
                queue=queue,
                wait=wait / 1000 if wait is not None else None,
                times=max(times.get(row.caller, 0) + calling.get(row.caller, 0), row.number),
                calling=row.caller in calling,
                handled=done if done is not None and done.lost_at_ms >= row.at else None,
            )
        )
    return found


def _from_loose(calls: Iterable[Call], numbers: frozenset[str], facts: Facts, kept: dict[tuple[str, str], LastVisit]) -> dict[str, int]:
    """Puts the last visits of these callers' unkept calls beside the archive's; gives how many calls of each number go on now."""
    calling: dict[str, int] = {}
    for call in calls:
        settled = settle(call)
        if settled.number not in numbers:
            continue
        if settled.visits:
            last = settled.visits[-1]
            kept[(call.source, call.id_call)] = (queue_key_of(facts, call.source)(last.visit.queue) or "", last.wait)
        if settled.incoming and not settled.ended and not call.expired and settled.number:
            calling[settled.number] = calling.get(settled.number, 0) + 1
    return calling


Asked = tuple[dict[tuple[str, str], tuple[str, int | None]], dict[str, int], dict[str, HandledCaller]]


def _asked(slug: str, day: str, ids: Mapping[str, list[str]], numbers: list[str], first: int, end: int) -> Asked:
    handled = HandledCaller.objects.filter(organisation__slug=slug, day=day)
    return last_visits(slug, ids, first, end), calls_by_number(slug, numbers, first, end), {each.mark: each for each in handled}


def _line(visit: Visit, caller: Caller, uncovered: str, names: Mapping[str, str]) -> Line:
    row, done = caller.row, caller.handled
    held = visit.facts.queues.get(caller.queue)
    shown = caller.mark == uncovered
    return Line(
        mark=caller.mark,
        number=row.caller if shown else masked(row.caller),
        name=names.get(row.caller, ""),
        uncovered=shown,
        at=clock_time(row.at, visit.timezone, seconds=False),
        at_iso=iso(row.at, visit.timezone),
        ago=ago(row.at, visit.now),
        queue=(held.party.name or f"#{caller.queue}") if held is not None else "",
        queue_source=_source_of(visit, held) if held is not None else "",
        queue_key=caller.queue if held is not None else "",
        wait=length(caller.wait),
        times=caller.times,
        calling=caller.calling,
        id_call=row.id_call,
        by=done.handled_by if done is not None else "",
        when=clock_time(round(done.handled_at.timestamp() * 1000), visit.timezone, seconds=False) if done is not None else "",
        note=done.note if done is not None else "",
    )


def _source_of(visit: Visit, queue: PartyFacts) -> str:
    name = (queue.party.name or "").casefold()
    alike = (each for each in visit.facts.queues.values() if (each.party.name or "").casefold() == name)
    others = {each.source for each in alike if visit.viewer.sees_queue(each.key)}
    return queue.source.capitalize() if len(others) > 1 else ""


async def _do(visit: Visit, found: list[Caller]) -> HttpResponse:
    asked = visit.request.POST
    caller = next((each for each in found if each.mark == asked.get("caller")), None)
    if caller is None:
        raise NotThere(_("This caller is not lost any more: somebody has reached them, or they called again."))
    match asked.get("do"):
        case "uncover":
            if not visit.may("numbers"):
                raise Forbidden(_("Whole telephone numbers are for those who call back. Ask somebody who administers the wallboard."))
            await visit.note("number.uncovered", "call", caller.row.id_call)
            return await _drawn(visit, found, caller.mark)
        case "handle" | "undo" as what:
            if not visit.may("reach"):
                raise Forbidden(_("Marking callers as handled is open to supervisors. Ask somebody who administers the wallboard."))
            note = asked.get("note", "").strip()[:LONGEST_NOTE].replace("\0", "")
            await _marked(visit, caller, note, undo=what == "undo")
            await visit.note("caller.handled" if what == "handle" else "caller.unhandled", "call", caller.row.id_call)
        case "dial":
            take, give_back = partial(_marked, visit, caller, _("called back")), partial(_marked, visit, caller, "", undo=True)
            said = await call_back(visit, caller.row.caller, caller.row.id_call, take, give_back)
            return await _drawn(visit, await lost(visit), said=said)
    return HttpResponseRedirect(reverse("callers"), status=303)


async def _marked(visit: Visit, caller: Caller, note: str, *, undo: bool = False) -> bool:
    """Puts the mark or takes it off; False where somebody else's stays."""
    return await database_sync_to_async(partial(_mark, visit, caller, note, undo=undo))()


def _mark(visit: Visit, caller: Caller, note: str, *, undo: bool) -> bool:
    organisation = Organisation.objects.get(slug=visit.organisation.slug)
    day = business_day(visit.snapshot.server_time, visit.facts.timezone)
    mine = HandledCaller.objects.filter(organisation=organisation, day=day, mark=caller.mark)
    if undo:
        return bool(mine.delete()[0])
    # Whoever was first stays the one who did it, unless the caller was lost anew.
    with transaction.atomic():
        if mine.select_for_update().filter(lost_at_ms__gte=caller.row.at).exists():
            return False
        mine.delete()
        values = {"lost_at_ms": caller.row.at, "handled_by": visit.viewer.name[:150], "note": note}
        return HandledCaller.objects.get_or_create(organisation=organisation, day=day, mark=caller.mark, defaults=values)[1]


async def _file(visit: Visit, found: list[Caller]) -> HttpResponse:
    if not visit.may("export"):
        raise Forbidden(_("Files are open to supervisors. Ask somebody who administers the wallboard."))
    await visit.note("callers.exported", lines=len(found))
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(("number", "gave_up_at", "queue", "wait_s", "calls_today", "id_call", "handled_by", "handled_at", "note"))
    for each in found:
        line, done = _line(visit, each, each.mark if visit.may("numbers") else "", {}), each.handled
        handled = (done.handled_by, iso(round(done.handled_at.timestamp() * 1000), visit.timezone), done.note) if done else ("", "", "")
        wait = "" if each.wait is None else f"{each.wait:.3f}"
        cells = (line.number, line.at_iso, line.queue, wait, str(line.times), line.id_call, *handled)
        writer.writerow([as_text(cell) for cell in cells])
    # A byte-order mark, without which spreadsheets read the letters of another alphabet.
    answer = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="lost-callers.csv"'
    return answer


page = for_people(callers, needs="calls")
urls = [path("callers/", page, name="callers")]
