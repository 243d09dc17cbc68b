"""Two tellings of one record become one: idempotent, tolerant of order, and never a step back.

Rules that hold here:
1. *Ended* is absorbing: a document that says a call, visit or ring is over is never reopened; `answered` never goes back.
2. A field that is absent clears nothing.
3. A frame is newer than what we hold, unless it shows less progress (not ended after ended, not answered after answered).
4. A historic row that ends a document is accepted; any other only when what we hold is older than (request time - lag), because the
   past answers late by an unknown lag. What is not accepted still fills gaps: facts do not un-happen.
5. Instants less than a second apart are one instant; a rounded one never replaces one with milliseconds.
6. Two tellings with the same queue (agent) and starts less than a second apart are one visit (offer). To a queue that the vendor does not
   have (`Visit.derived`) a call goes once, and from the earliest instant told. Rings told event by event: see `rings`.
7. A number that one telling says is withheld (`Journey.withheld`) is taken out of all the others, whenever they come.
Everything two equally advanced tellings can disagree on is settled by what cannot depend on order: larger counts, larger durations.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Literal, TypeVar, cast

from stats.domain import legs, rings
from stats.domain.parties import merge_party, same_party
from stats.domain.records import AgentPresence, Call, Journey, Offer, Party, Visit

SAME_INSTANT_MS = 1000
SETTLE_MS = 1500
DISORDER_MS = 2000

Fill = Callable[[Party], Party]


def as_told(party: Party) -> Party:
    """Every party as the document named it."""
    return party


@dataclass(frozen=True, slots=True)
class Identities:
    """How to complete a naming of a queue and of an agent with what a source's directories know."""

    queue: Fill = as_told
    agent: Fill = as_told


AS_TOLD = Identities()


@dataclass(frozen=True, slots=True)
class Told:
    """How a telling came: a live frame, or a historic row of a request sent at its `asof`, behind by up to `lag_ms`."""

    kind: Literal["frame", "historic"] = "frame"
    lag_ms: int = 0


FRAME = Told()


def merge_instant(held: int | None, told: int | None, *, newer: bool) -> int | None:
    """Rule 5."""
    if held is None or told is None:
        return told if held is None else held
    if -SAME_INSTANT_MS < held - told < SAME_INSTANT_MS:
        if told % 1000 == 0 and held % 1000 != 0:
            return held
        if held % 1000 == 0 and told % 1000 != 0:
            return told
    return told if newer else held


_INSTANTS = frozenset({"started_at", "entered_at", "began_at", "answered_at", "ended_at"})
_STICKY = frozenset({"answered", "voicemail", "callback_ordered", "ivr_seen", "recorded", "derived", "moved_on", "withheld"})
_COUNTS = frozenset({"transfers", "transfer", "callbacks", "redirects", "devices", "from_transfer", "to_transfer"})
_PARTIES = frozenset({"first_agent", "last_agent", "first_queue", "last_queue", "queue", "agent"})
_LARGER = frozenset({"last_answered_at"})
_SMALLER = frozenset({"first_answered_at", "ivr_at"})


def _policy(name: str) -> str:
    if name == "asof" or name == "active":
        return name
    for policy, names in (
        ("instant", _INSTANTS),
        ("sticky", _STICKY),
        ("larger", _COUNTS | _LARGER),
        ("smaller", _SMALLER),
        ("party", _PARTIES),
    ):
        if name in names:
            return policy
    return "duration" if name.endswith("_ms") else "plain"


_POLICIES: dict[type, tuple[tuple[str, str], ...]] = {
    kind: tuple((f.name, _policy(f.name)) for f in fields(kind)) for kind in (Journey, Visit, Offer)
}


def _progress(document: Journey | Visit | Offer) -> int:
    return (2 if document.ended else 0) + (1 if document.answered else 0)


def _is_newer(held: Journey | Visit | Offer, told: Journey | Visit | Offer, how: Told) -> bool:
    """Rules 1, 3 and 4: whether what is told may replace what is held."""
    if held.ended and not told.ended:
        return False
    if how.kind == "frame":
        return _progress(told) >= _progress(held)
    if told.ended and not held.ended:
        return True
    return held.asof <= told.asof - how.lag_ms


Doc = TypeVar("Doc", Journey, Visit, Offer)


def merge_document(held: Doc, told: Doc, how: Told) -> Doc:
    """One document with everything both tellings know; equal to `held` when nothing but its age changed."""
    newer = _is_newer(held, told, how)
    replaces = newer and told.ended and (not held.ended or told.asof - held.asof > SETTLE_MS)
    changes: dict[str, object] = {}
    for name, policy in _POLICIES[type(held)]:
        new = getattr(told, name)
        if new is None:
            continue
        old = getattr(held, name)
        if old == new:
            continue
        if old is None:
            changes[name] = new
        elif policy == "instant":
            kept = merge_instant(old, new, newer=newer)
            if kept != old:
                changes[name] = kept
        elif policy == "sticky":
            if new:
                changes[name] = True
        elif policy == "larger":
            if new > old:
                changes[name] = new
        elif policy == "smaller":
            kept = merge_instant(old, new, newer=new < old)
            if kept != old:
                changes[name] = kept
        elif policy == "party":
            party = merge_party(old, new, newer=newer)
            if party != old:
                changes[name] = party
        elif policy == "active":
            if new is False:
                changes[name] = False
        elif policy == "duration":
            if replaces or ((newer or not held.ended) and new > old):
                changes[name] = new
        elif policy == "plain" and newer:
            changes[name] = new
    asof = max(held.asof, told.asof if how.kind == "frame" else told.asof - how.lag_ms)
    if not changes:
        return held if asof == held.asof else replace(held, asof=asof)
    return replace(held, asof=asof, **changes)  # type: ignore[arg-type]


def _close(one: int | None, other: int | None) -> bool:
    return one is not None and other is not None and -SAME_INSTANT_MS < one - other < SAME_INSTANT_MS


def _find_visit(visits: list[Visit], told: Visit) -> int | None:
    mine = [i for i, held in enumerate(visits) if same_party(held.queue, told.queue)]
    if told.derived and mine:
        return mine[0]
    near = [i for i in mine if _close(visits[i].entered_at, told.entered_at)]
    if near:
        return min(near, key=lambda i: abs(cast(int, visits[i].entered_at) - cast(int, told.entered_at)))
    if len(mine) == 1 and (told.entered_at is None or visits[mine[0]].entered_at is None):
        return mine[0]
    return None


def _find_offer(offers: list[Offer], told: Offer) -> int | None:
    """The same agent may be rung twice with the same start when the vendor gives the call's: another queue tells the rings apart."""

    def another_queue(held: Offer) -> bool:
        return held.queue is not None and told.queue is not None and not same_party(held.queue, told.queue)

    mine = [i for i, held in enumerate(offers) if held.told_by == told.told_by and same_party(held.agent, told.agent)]
    if told.told_by and mine:
        return mine[0]
    near = [i for i in mine if _close(offers[i].began_at, told.began_at) and not another_queue(offers[i])]
    if near:
        return min(near, key=lambda i: abs(cast(int, offers[i].began_at) - cast(int, told.began_at)))
    if len(mine) == 1 and (told.began_at is None or offers[mine[0]].began_at is None):
        return mine[0]
    return legs.same_ring(offers, mine, told) if told.agent.ref is not None else None


def _pieced(offers: list[Offer], told: Offer) -> list[Offer]:
    mine = [held for held in offers if held.told_by == rings.EVENT and same_party(held.agent, told.agent)]
    again = rings.pieced([*mine, told])
    return offers if again == mine and told.asof <= mine[0].asof else [o for o in offers if not any(o is held for held in mine)] + again


def _filled_visit(visit: Visit, who: Identities) -> Visit:
    queue = who.queue(visit.queue)
    return visit if queue is visit.queue else replace(visit, queue=queue)


def _filled_offer(offer: Offer, who: Identities) -> Offer:
    agent, queue = who.agent(offer.agent), who.queue(offer.queue) if offer.queue is not None else None
    return offer if agent is offer.agent and queue is offer.queue else replace(offer, agent=agent, queue=queue)


def merge_call(held: Call | None, told: Call, how: Told = FRAME, who: Identities = AS_TOLD) -> Call:
    """What is known of a call after a telling (one document, or a whole record another worker held).

    `who` completes namings from the source's directories, so that one queue told by either of its ids is one queue.
    The answer equals `held` when the telling brought nothing new.
    """
    if held is None:
        held = Call(source=told.source, id_call=told.id_call, expired=told.expired)
    journey = held.journey
    if told.journey is not None:
        journey = told.journey if journey is None else merge_document(journey, told.journey, how)
    visits, offers = held.visits, held.offers
    if told.visits:
        kept_visits = list(visits)
        for visit in told.visits:
            visit = _filled_visit(visit, who)
            at = _find_visit(kept_visits, visit)
            if at is None:
                kept_visits.append(visit)
            else:
                began = kept_visits[at].entered_at
                kept_visits[at] = merge_document(kept_visits[at], visit, how)
                if visit.derived:
                    kept_visits[at] = replace(kept_visits[at], entered_at=rings.earliest(began, visit.entered_at))
        kept_visits.sort(key=lambda v: (v.entered_at is None, v.entered_at or 0, v.queue.key or ""))
        visits = tuple(kept_visits)
    if told.offers:
        kept_offers = list(offers)
        for offer in told.offers:
            offer = _filled_offer(offer, who)
            if offer.told_by == rings.EVENT:
                kept_offers = _pieced(kept_offers, offer)
                continue
            at = _find_offer(kept_offers, offer)
            if at is None:
                kept_offers.append(offer)
            else:
                kept_offers[at] = merge_document(*legs.aligned(kept_offers[at], offer), how)
        kept_offers.sort(key=lambda o: (o.began_at is None, o.began_at or 0, o.agent.key or ""))
        offers = tuple(kept_offers)
    if journey is not None and journey.withheld:
        journey, visits, offers = _unnumbered(journey), tuple(map(_unnumbered, visits)), tuple(map(_unnumbered, offers))
    return Call(
        source=held.source,
        id_call=held.id_call,
        journey=journey,
        visits=visits,
        offers=offers,
        tenant=held.tenant or told.tenant,
        expired=_expired(held, told),
    )


def _unnumbered(document: Doc) -> Doc:
    return document if document.number is None else replace(document, number=None)


def newest(call: Call) -> int:
    """Up to when anything of a call is known to hold."""
    parts = (*call.visits, *call.offers, *((call.journey,) if call.journey is not None else ()))
    return max((part.asof for part in parts), default=0)


def _expired(held: Call, told: Call) -> bool:
    """A call that expired comes back to life by news alone, never by a record that somebody kept from before."""
    if held.expired == told.expired:
        return held.expired
    dead, other = (held, told) if held.expired else (told, held)
    return newest(other) <= newest(dead)


def rejoin(call: Call, who: Identities) -> Call:
    """The call after the directory has learnt that two ids are one queue or agent: its parties completed, twins made one."""
    bare = Call(source=call.source, id_call=call.id_call, journey=call.journey, tenant=call.tenant, expired=call.expired)
    again = replace(
        call, visits=tuple(_filled_visit(v, who) for v in call.visits), offers=tuple(_filled_offer(o, who) for o in call.offers)
    )
    return merge_call(bare, again, FRAME, who)


def presence_replaces(held: AgentPresence | None, told: AgentPresence) -> bool:
    """Whether a presence document replaces the one held. The latest wins; frames may swap inside a second or two, so what
    arrives that soon after is ordered by the start of the profile, then by the vendor's update, then by the call's progress."""
    if held is None or told.told_at - held.told_at > DISORDER_MS:
        return True
    for before, after in ((held.profile_since, told.profile_since), (held.updated_at, told.updated_at)):
        if before is not None and after is not None and before != after:
            return after > before
    one, other = held.active_call, told.active_call
    return not (one and other and one.id_call == other.id_call and one.answered and not other.answered)
