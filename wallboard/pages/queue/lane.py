"""Who waits in a queue now and who talks: callers as bars that grow against the limits, and the calls in talk with their agents.

Rules that hold here: the longest wait comes first and the newest last; a wait begins by our clock, as on every board; no bar is as long as
the lane before its caller has waited so long; a caller's number is masked; nothing is listed that the living calls do not hold.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from stats.domain import thresholds
from stats.domain.facts import Facts, PartyFacts, call_reference
from stats.domain.outcomes import SettledCall, VisitOutcome, settle
from stats.domain.records import Call, Party
from stats.live.connection import StoreAway
from wallboard.boards import figures
from wallboard.boards.figure import Place
from wallboard.boards.freshness import Standing
from wallboard.pages.frame import Visit
from wallboard.pages.words import masked
from wallboard.push import live

MOST_BARS, MOST_TALKS = 40, 60
# The lane reaches somewhat beyond its last limit, and with a caller who has waited long no further than so many times it.
BEYOND, FARTHEST = 1.25, 3.0
WIDE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A line of the lane: where it stands of 1000, the age it means, and whose severity begins there."""

    severity: str
    at: str
    percent: str
    age: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One waiting caller; `since` epoch ms, `width` of 1000."""

    id_call: str
    caller: str
    since: int
    width: str
    age: str
    attention: int
    act: int
    severity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """The waiting callers. `full`: the age in ms that fills the lane. `heads`: of the three stretches of heat, where each begins."""

    bars: list[Bar]
    limits: list[Limit]
    full: int
    more: int

    @property
    def heat(self) -> list[Limit]:
        """The limits by which a bar changes its colour."""
        return [each for each in self.limits if each.severity]


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkLine:
    """One call in talk; `since` epoch ms, None where nothing tells it."""

    id_call: str
    row: str
    caller: str
    waited: str
    agent: str
    agent_key: str
    since: int | None
    time: str


def ahead_of(facts: Facts, queue: PartyFacts) -> int:
    """How far the vendor's clock is before ours, ms."""
    source = facts.sources.get(queue.source)
    return source.vendor_ahead_ms if source is not None else 0


async def lane_of(visit: Visit, queue: PartyFacts, standing: Standing, place: Place) -> Lane:
    """Everybody who waits in the queue."""
    facts, now = visit.facts, _until(standing, place)
    ahead = ahead_of(facts, queue)
    waiting = sorted(
        (entered_at - ahead, reference)
        for reference, living in facts.living.items()
        for key, entered_at in living.waiting
        if key == queue.key
    )
    target = facts.rules.of(queue.key).target_ms
    attention, act = target * thresholds.LONGEST_WAIT_ATTENTION, target * thresholds.LONGEST_WAIT_ACT
    oldest = now - waiting[0][0] if waiting else 0
    full = round(max(act * BEYOND, min(oldest * BEYOND, act * FARTHEST)))
    shown = waiting[:MOST_BARS]
    calls = await calls_of(visit, [reference for _since, reference in shown])
    return Lane(
        bars=[
            Bar(
                id_call=reference.partition("/")[2],
                caller=_caller(calls.get(reference)),
                since=since,
                width=f"{min(max((now - since) / full, 0), 1) * WIDE:.1f}",
                age=figures.since(since, now),
                attention=since + attention,
                act=since + act,
                severity="act" if now >= since + act else "attention" if now >= since + attention else "calm",
            )
            for since, reference in shown
        ],
        limits=[_limit("", target, full), _limit("attention", attention, full), _limit("act", act, full)],
        full=full,
        more=len(waiting) - len(shown),
    )


async def talks_of(visit: Visit, queue: PartyFacts, standing: Standing, place: Place) -> tuple[list[TalkLine], int]:
    """The calls in talk, the longest first, and how many more there are."""
    facts = visit.facts
    pairs = sorted(_in_talk(facts, queue.key))
    calls = await calls_of(visit, [reference for reference, _agent in pairs[:MOST_TALKS]])
    now, ahead = _until(standing, place), ahead_of(facts, queue)
    lines = []
    for reference, agent in pairs[:MOST_TALKS]:
        call = calls.get(reference)
        settled = settle(call) if call is not None else None
        since = _answered_at(facts, settled, queue.key, agent)
        since = None if since is None else since - ahead
        party = facts.agents.get(agent)
        lines.append(
            TalkLine(
                id_call=reference.partition("/")[2],
                row=f"{reference} {agent}",
                caller=_caller(call),
                waited=_waited(facts, settled, queue.key),
                agent=visit.agent_name(agent, party.party.name if party is not None else None) or f"#{agent}",
                agent_key=agent if f"agent:{agent}" in visit.snapshot.values and visit.may("agents") else "",
                since=since,
                time=figures.DASH if since is None else figures.since(since, now),
            )
        )
    return sorted(lines, key=lambda line: (line.since is None, line.since or 0, line.row)), max(0, len(pairs) - MOST_TALKS)


async def calls_of(visit: Visit, references: Iterable[str]) -> Mapping[str, Call]:
    """The records of these calls, by reference, as far as the store answers and holds them."""
    by_source: dict[str, list[str]] = {}
    for reference in dict.fromkeys(references):
        source, _, id_call = reference.partition("/")
        by_source.setdefault(source, []).append(id_call)
    found: dict[str, Call] = {}
    for source, ids in by_source.items():
        try:
            held = await live.store().load(visit.organisation.slug, source, ids)
        except StoreAway:
            # Who waited when it was last heard of is still shown, without a number.
            continue
        found.update({call_reference(source, id_call): each.call for id_call, each in held.items() if each.call is not None})
    return found


def _in_talk(facts: Facts, queue: str) -> set[tuple[str, str]]:
    """(call, agent) pairs in talk, as `domain.board.survey` counts them."""
    talking: dict[str, list[tuple[str, str | None]]] = {}
    for agent, presence in facts.presence.items():
        call = presence.document.active_call
        if call is not None and call.answered:
            key = facts.queue_key(presence.document.source, call.queue) if call.queue is not None else None
            talking.setdefault(call_reference(presence.document.source, call.id_call), []).append((agent, key))
    pairs: set[tuple[str, str]] = set()
    for reference, living in facts.living.items():
        for talk in living.talks:
            if talk.queue == queue:
                pairs.update((reference, agent) for agent in talk.agents)
                pairs.update((reference, a) for a, key in talking.get(reference, ()) if key == queue or (key is None and talk.last))
    return pairs


def _answered_at(facts: Facts, settled: SettledCall | None, queue: str, agent: str) -> int | None:
    presence = facts.presence.get(agent)
    active = presence.document.active_call if presence is not None else None
    if settled is None:
        return active.answered_at if active is not None else None
    keys = {agent, *(key for key in (facts.agents[agent].party.key,) if key)} if agent in facts.agents else {agent}
    told = [o.answered_at for o in settled.call.offers if o.answered and o.answered_at is not None and not o.ended and o.agent.key in keys]
    if told:
        return max(told)
    if active is not None and active.id_call == settled.call.id_call and active.answered_at is not None:
        return active.answered_at
    answered = [v.answered_at for v in settled.visits if v.answered_at is not None and _is(facts, settled, v.visit.queue, queue)]
    return max(answered, default=None)


def _waited(facts: Facts, settled: SettledCall | None, queue: str) -> str:
    if settled is None:
        return figures.DASH
    waits = [v.wait for v in settled.visits if v.outcome is VisitOutcome.ANSWERED and _is(facts, settled, v.visit.queue, queue)]
    known = [wait for wait in waits if wait is not None]
    return figures.duration(known[-1] / 1000) if known else figures.DASH


def _is(facts: Facts, settled: SettledCall, party: Party, queue: str) -> bool:
    return facts.queue_key(settled.call.source, party) == queue


def _until(standing: Standing, place: Place) -> int:
    """Up to when clocks count: now, or when the feed was last heard of."""
    return place.now if standing.ticks or standing.alive_at is None else standing.alive_at


def _limit(severity: str, age_ms: int, full: int) -> Limit:
    return Limit(
        severity=severity,
        at=f"{age_ms / full * WIDE:.1f}",
        percent=f"{age_ms / full * 100:.2f}%",
        age=figures.duration(age_ms / 1000),
    )


def _caller(call: Call | None) -> str:
    return masked(settle(call).number) if call is not None else masked(None)
