"""Every ring of an agent's day as a row, newest first: which queue, how long, how it ended and why, and whose call it was, masked."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from stats.domain.agent_day import Rung
from stats.domain.outcomes import SettledCall, settle
from stats.domain.records import Call
from wallboard.pages.agent.day import AgentDay, calls_of
from wallboard.pages.agent.lanes import QueueName, call_address
from wallboard.pages.agent.words import outcome_word, why
from wallboard.pages.frame import Visit
from wallboard.pages.words import clock_time, iso, length, masked

A_PAGE = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class RingLine:
    """One ring. `address` is "" where the call is not the viewer's."""

    at: str
    at_iso: str
    address: str
    queue: str
    queue_key: str
    caller: str
    rang: str
    talked: str
    outcome: str
    word: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rings:
    """A page of them. `before` and `after` are numbers of pages, 0 for none."""

    lines: list[RingLine]
    total: int
    first: int
    last: int
    before: int
    after: int


async def rings_of(visit: Visit, day: AgentDay, queue_name: QueueName) -> Rings:
    """The page of rings that the address asks for. Raises StoreAway, django.db.Error."""
    asked = visit.request.GET.get("page", "")
    pages = max(-(-len(day.rungs) // A_PAGE), 1)
    page = min(max(int(asked), 1), pages) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1
    shown = day.rungs[(page - 1) * A_PAGE : page * A_PAGE]
    calls = await calls_of(day, visit.viewer.organisation, [rung for rung in shown if day.sees(rung)])
    return Rings(
        lines=[_line(day, rung, calls.get(rung.id_call), visit, queue_name) for rung in shown],
        total=len(day.rungs),
        first=(page - 1) * A_PAGE + 1 if shown else 0,
        last=(page - 1) * A_PAGE + len(shown),
        before=page - 1,
        after=page + 1 if page < pages else 0,
    )


def _line(day: AgentDay, rung: Rung, call: Call | None, visit: Visit, queue_name: QueueName) -> RingLine:
    sees, timezone = day.sees(rung), visit.timezone
    settled = settle(call) if call is not None else None
    rang = rung.ring_ms if rung.ring_ms is not None else _between(rung.began_at, rung.answered_at or rung.ended_at)
    if not rung.over and rung.answered_at is None:
        rang = day.until - rung.began_at
    talked = day.until - rung.answered_at if rung.outcome == "talking" and rung.answered_at is not None else rung.talk_ms
    in_scope = sees and bool(rung.queue) and visit.viewer.sees_queue(rung.queue)
    return RingLine(
        at=clock_time(rung.began_at, timezone),
        at_iso=iso(rung.began_at, timezone),
        address=call_address(rung.id_call) if sees else "",
        queue=queue_name(rung.queue) if in_scope else "",
        queue_key=rung.queue if in_scope else "",
        caller=masked(settled.number if settled is not None else None) if sees else _("a call outside your queues"),
        rang=length(rang / 1000) if rang is not None else "",
        talked=length(talked / 1000) if talked else "",
        outcome="outgoing" if rung.outgoing else rung.outcome,
        word=outcome_word(rung),
        why=why(rung, settled.answered if settled is not None else None, _reason(settled, rung)) if sees else "",
    )


def _between(start: int, end: int | None) -> int | None:
    return max(0, end - start) if end is not None else None


def _reason(settled: SettledCall | None, rung: Rung) -> str | None:
    """The vendor's word for how this ring ended."""
    offers = settled.call.offers if settled is not None else ()
    return offers[rung.number].end_reason if rung.number < len(offers) else None
