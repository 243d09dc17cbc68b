"""One call as programs and pages see it: its visits and offers in the order of time, with what became of each."""

from dataclasses import dataclass

from stats.domain.directory import Directory
from stats.domain.facts import Facts
from stats.domain.metrics import is_short
from stats.domain.outcomes import SettledCall, SettledVisit, VisitOutcome, settle
from stats.domain.records import Call, Party
from stats.domain.sums import seconds
from wallboard.api.call_notes import DetailsLine, NotesLines, RecordingsLine, TranscriptLine
from wallboard.pages.words import masked

LATE = 1 << 62


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitLine:
    """One visit. Instants epoch ms; `wait` seconds, up to now while waiting."""

    queue_id: int | None
    queue_key: str | None
    queue: str | None
    entered_at: int | None
    answered_at: int | None
    left_at: int | None
    wait: float | None
    outcome: str
    fail_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferLine:
    """One agent rung once. Durations in seconds."""

    agent_id: int | None
    agent_key: str | None
    agent: str | None
    queue_id: int | None
    queue_key: str | None
    queue: str | None
    began_at: int | None
    answered_at: int | None
    ended_at: int | None
    ring: float | None
    talk: float | None
    hold: float | None
    outcome: str
    end_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDocument:
    """The whole call. `number` in E.164 where it can be derived, and null for whoever may not see it; reasons are the vendor's words."""

    id_call: str
    source: str
    number: str | None
    number_masked: str | None
    direction: str | None
    internal: bool
    answered: bool
    started_at: int | None
    ended_at: int | None
    ended: bool
    end_reason: str | None
    menu: str | None
    transfers: int | None
    visits: list[VisitLine]
    offers: list[OfferLine]
    recordings: RecordingsLine | None
    transcript: list[TranscriptLine] | None
    sentiment: float | None
    details: DetailsLine | None


class WhoIsWho:
    """Names and ids of everybody an organisation's calls speak of."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._agents: dict[str, Directory] = {}
        for agent in facts.agents.values():
            self._agents.setdefault(agent.source, Directory()).learn(agent.party)

    def queue(self, source: str, party: Party | None) -> tuple[Party | None, str | None]:
        """A queue as now known, and its key."""
        if party is None:
            return None, None
        directory = self._facts.queue_directories.get(source)
        full = directory.fill(party) if directory is not None else party
        return full, full.key

    def agent(self, source: str, party: Party) -> tuple[Party, str | None]:
        """An agent as now known, and its key."""
        directory = self._agents.get(source)
        full = directory.fill(party) if directory is not None else party
        return full, full.key


def outcome_of(visit: SettledVisit, queue_key: str | None, facts: Facts) -> str:
    """The outcome in METRICS' words: an abandon under the queue's limit is `short_abandoned`."""
    if visit.outcome is VisitOutcome.ABANDONED and is_short(visit, facts.rules.of(queue_key or "")):
        return "short_abandoned"
    return str(visit.outcome)


def wait_of(visit: SettledVisit, as_of: int) -> float | None:
    """How long it waited, in seconds; up to `as_of` while it waits."""
    if visit.outcome is VisitOutcome.WAITING and visit.entered_at is not None:
        return seconds(max(0, as_of - visit.entered_at))
    return seconds(visit.wait) if visit.wait is not None else None


def call_document(call: Call, facts: Facts, as_of: int, notes: NotesLines, *, uncovered: bool = True) -> CallDocument:
    """A stored call, read whole as of an instant (epoch ms); its number only where it may be `uncovered`. `notes`: what is beside it."""
    settled = settle(call)
    who = WhoIsWho(facts)
    told_by = facts.sources.get(call.source)
    # Whoever waits has waited up to now by the clock that dates the call.
    now = as_of + (told_by.vendor_ahead_ms if told_by is not None else 0)
    visits = sorted((_visit(each, call.source, who, facts, now) for each in settled.visits), key=lambda line: line.entered_at or LATE)
    journey = call.journey
    return CallDocument(
        id_call=call.id_call,
        source=call.source,
        number=settled.number if uncovered else None,
        number_masked=masked(settled.number) if settled.number else None,
        direction=str(settled.direction) if settled.direction is not None else None,
        internal=settled.internal,
        answered=settled.answered,
        started_at=settled.started_at,
        ended_at=settled.ended_at,
        ended=settled.ended,
        end_reason=journey.end_reason if journey is not None else None,
        menu=journey.ivr_name if journey is not None else None,
        transfers=journey.transfers if journey is not None else None,
        visits=visits,
        offers=_offers(settled, who),
        recordings=notes.recordings,
        transcript=notes.transcript,
        sentiment=notes.sentiment,
        details=notes.details,
    )


def _visit(visit: SettledVisit, source: str, who: WhoIsWho, facts: Facts, as_of: int) -> VisitLine:
    queue, key = who.queue(source, visit.visit.queue)
    return VisitLine(
        queue_id=queue.id if queue is not None else None,
        queue_key=key,
        queue=queue.name if queue is not None else None,
        entered_at=visit.entered_at,
        answered_at=visit.answered_at,
        left_at=visit.left_at,
        wait=wait_of(visit, as_of),
        outcome=outcome_of(visit, key, facts),
        fail_reason=visit.visit.fail_reason,
    )


def _offers(settled: SettledCall, who: WhoIsWho) -> list[OfferLine]:
    lines: list[OfferLine] = []
    for offer, outcome in zip(settled.call.offers, settled.offers, strict=True):
        agent, agent_key = who.agent(settled.call.source, offer.agent)
        queue, queue_key = who.queue(settled.call.source, offer.queue)
        lines.append(
            OfferLine(
                agent_id=agent.id,
                agent_key=agent_key,
                agent=agent.name,
                queue_id=queue.id if queue is not None else None,
                queue_key=queue_key,
                queue=queue.name if queue is not None else None,
                began_at=offer.began_at,
                answered_at=offer.answered_at,
                ended_at=offer.ended_at,
                ring=_seconds(offer.ring_ms),
                talk=_seconds(offer.talk_ms),
                hold=_seconds(offer.hold_ms),
                outcome=str(outcome),
                end_reason=offer.end_reason,
            )
        )
    return sorted(lines, key=lambda line: line.began_at or LATE)


def _seconds(ms: int | None) -> float | None:
    return seconds(ms) if ms is not None else None
