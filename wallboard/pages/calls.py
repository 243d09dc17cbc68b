"""One call, as it happened: told in a paragraph, then its visits and offers in the order of time."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.utils.translation import gettext as _

from wallboard.api.call_document import CallDocument, call_document
from wallboard.pages.frame import NotThere, Visit, draw, for_people
from wallboard.pages.story import story_of
from wallboard.pages.words import DIRECTIONS, OUTCOMES, clock_time, day_and_time, iso, length, masked
from wallboard.push import live


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One visit or offer as a row: instants as clock times, durations as lengths."""

    who: str
    where: str
    queue_key: str
    began: str
    began_iso: str
    answered: str
    ended: str
    lasted: str
    talked: str
    outcome: str
    outcome_words: str


async def call(visit: Visit, id_call: str) -> HttpResponse:
    """GET /calls/<id_call>/"""
    found = await live.store().call(visit.organisation.slug, id_call)
    if found is None:
        raise NotThere(_("No such call is remembered; calls are kept for two days."))
    told = call_document(found, visit.facts, visit.now)
    return draw(
        visit,
        "call.html",
        "",
        id_call=told.id_call,
        number=masked(told.number),
        direction=str(DIRECTIONS.get(told.direction or "", "")),
        going_on=not told.ended,
        started=day_and_time(told.started_at, visit.timezone),
        started_iso=iso(told.started_at, visit.timezone),
        story=story_of(told),
        visits=_visits(told, visit.timezone),
        offers=_offers(told, visit.timezone),
    )


def _visits(told: CallDocument, timezone: str) -> list[Step]:
    return [
        Step(
            who="",
            where=line.queue or line.queue_key or "?",
            queue_key=line.queue_key or "",
            began=clock_time(line.entered_at, timezone),
            began_iso=iso(line.entered_at, timezone),
            answered=clock_time(line.answered_at, timezone),
            ended=clock_time(line.left_at, timezone),
            lasted=length(line.wait),
            talked="",
            outcome=line.outcome,
            outcome_words=str(OUTCOMES.get(line.outcome, line.outcome)),
        )
        for line in told.visits
    ]


def _offers(told: CallDocument, timezone: str) -> list[Step]:
    return [
        Step(
            who=line.agent or f"#{line.agent_key}",
            where=line.queue or line.queue_key or "",
            queue_key=line.queue_key or "",
            began=clock_time(line.began_at, timezone),
            began_iso=iso(line.began_at, timezone),
            answered=clock_time(line.answered_at, timezone),
            ended=clock_time(line.ended_at, timezone),
            lasted=length(line.ring),
            talked=length(line.talk),
            outcome=line.outcome,
            outcome_words=str(OUTCOMES.get(line.outcome, line.outcome)),
        )
        for line in told.offers
    ]


page = for_people(call)
