"""GET /api/v1/calls/<id_call>: one call, from the live store or the archive."""

from django.http import HttpRequest

from wallboard.api.call_document import call_document
from wallboard.api.call_finding import ArchiveAway, calls_with_id
from wallboard.api.call_notes import call_notes
from wallboard.api.door import guarded
from wallboard.api.problems import Problem
from wallboard.push import live
from wallboard.push.admission import Pass


async def _call(request: HttpRequest, entry: Pass, id_call: str) -> object:
    """The call; its number for tokens with the scope `numbers` alone, what was said for those with `recordings`."""
    viewer = entry.viewer
    organisation = await live.organisation(viewer.organisation)
    snapshot = await organisation.fresh()
    facts = organisation.mirror.facts
    try:
        found = await calls_with_id(viewer.organisation, facts, id_call, request.GET.get("source", ""))
    except ArchiveAway:
        raise Problem(503, "The archive does not answer; try again in a few seconds.", headers={"Retry-After": "5"}) from None
    mine = [each for each in found if viewer.sees_call(facts.queue_key(each.source, visit.queue) for visit in each.visits)]
    if not mine:
        raise Problem(404, "No such call is kept.")
    notes = await call_notes(viewer.organisation, mine[0].source, mine[0].id_call, viewer)
    return call_document(mine[0], facts, snapshot.server_time, notes, uncovered=viewer.may("numbers"))


call = guarded(_call, needs="calls")
