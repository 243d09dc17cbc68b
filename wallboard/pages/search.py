"""Search for anything: `/search/?q=` as a page, and as JSON for the box that opens with `/`.

Rules that hold here: both answer the same; a search for a telephone number is written down, masked, once in ten minutes for the same words;
when a store is away what is left is still found, and the page says what was not looked through.
"""

from dataclasses import asdict

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from stats.live.connection import StoreAway
from wallboard.pages import finding
from wallboard.pages.finding import Result, Search
from wallboard.pages.frame import Visit, draw, for_people

HEADINGS = {
    "page": gettext_lazy("Pages"),
    "queue": gettext_lazy("Queues"),
    "agent": gettext_lazy("Agents"),
    "call": gettext_lazy("Calls"),
}


async def search(visit: Visit) -> HttpResponse:
    """GET /search/?q=words&format=json"""
    asked = finding.read(visit.request.GET.get("q", ""))
    results, notes = await _found(visit, asked) if asked.words else ([], [])
    if visit.request.GET.get("format") == "json":
        told = [{**asdict(each), "heading": str(HEADINGS[each.kind])} for each in results]
        return JsonResponse({"query": asked.words, "results": told, "notes": notes})
    groups = [
        {"kind": kind, "heading": str(HEADINGS[kind]), "results": [each for each in results if each.kind == kind]}
        for kind in dict.fromkeys(each.kind for each in results)
    ]
    return draw(visit, "search.html", "search", query=asked.words, groups=groups, notes=notes, total=len(results))


async def _found(visit: Visit, asked: Search) -> tuple[list[Result], list[str]]:
    viewer, values = visit.viewer, visit.snapshot.values
    notes: list[str] = []
    calls: list[Result] = []
    if viewer.may("calls") and (asked.is_number or asked.is_id):
        if asked.is_number:
            await visit.note_look("number.searched", "number", asked.shown)
        place = finding.Place(organisation=viewer.organisation, facts=visit.facts, viewer=viewer, now=visit.now)
        try:
            calls, complete = await finding.calls(asked, place)
        except StoreAway:
            notes.append(_("Calls were not looked through: the store of numbers does not answer."))
        else:
            if not complete:
                notes.append(_("Older calls were not looked through: the database does not answer."))
        if len(calls) == finding.MOST_CALLS:
            notes.append(_("Of the calls the newest %(n)d are shown.") % {"n": finding.MOST_CALLS})
        if asked.is_number and asked.number is None:
            notes.append(_("By its last digits a number is found among today's callers; the whole number finds older calls too."))
    queues = finding.parties(asked, values, "queue")
    agents = finding.parties(asked, values, "agent") if viewer.may("agents") else []
    # The kind with the best match stands first; what looks like a number is most likely one.
    kinds = sorted((found for found in (queues, agents, finding.pages(asked, viewer)) if found), key=lambda found: found[0].place)
    named = [result for found in kinds for result in found]
    return ([*calls, *named] if asked.is_number else [*named, *calls]), notes


page = for_people(search)
