"""Puts the documents of each call back together and names what became of its visits and its offers, at one instant.

Follows METRICS sections 1 to 3 sentence by sentence. `READING:` marks where the text leaves two readings, and which one is taken.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.oracle.documents import Doc, Documents, Identities, agent_objects, count, dig, instant, listed, queue_objects

SAME_MS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSetting:
    """What one queue is measured by: target and short-abandon limit in seconds, share in per cent, the variant shown as `service_level`."""

    target_s: int = 20
    short_s: int = 5
    share_pct: int = 80
    variant: str = "short_excluded"


@dataclass(slots=True, kw_only=True)
class Offer:
    agent: str
    queue: str | None
    began: int
    ended: int | None
    answered: bool
    answered_at: int | None
    active: bool
    direction: str | None
    talk: int | None
    hold: int | None
    ring: int | None
    outcome: str = ""


@dataclass(slots=True, kw_only=True)
class Visit:
    id_call: str
    queue: str
    entered: int
    ended: int | None
    active: bool
    docs: list[Doc]
    told_answered: bool
    offers: list[Offer] = field(default_factory=list)
    outcome: str = ""
    wait: int | None = None
    talk: int | None = None
    hold: int | None = None
    transferred: bool = False


@dataclass(slots=True, kw_only=True)
class Call:
    id_call: str
    docs: list[Doc]
    started: int
    ended: int | None
    is_over: bool
    goes_on: bool
    answered: bool
    direction: str | None
    internal: bool
    number: str | None
    ivr: bool
    visits: list[Visit]
    offers: list[Offer]


def first_told(docs: Sequence[Doc], path: str, read: Callable[[Any], Any] = lambda value: value) -> Any:
    """What the first document that tells it says."""
    told = [read(dig(doc, path)) for doc in docs]
    return next((value for value in told if value is not None), None)


def best_instant(docs: Sequence[Doc], path: str) -> int | None:
    """The instant several tellings give: one with milliseconds before one that was rounded to seconds."""
    told = [moment for doc in docs if (moment := instant(dig(doc, path))) is not None]
    return next((moment for moment in told if moment % 1000), told[0] if told else None)


def one_thing(docs: Sequence[Doc], key: Callable[[Doc], str | None], start: Callable[[Doc], int | None]) -> list[list[Doc]]:
    """Groups of tellings of one visit or offer: the same queue (agent), and starts less than a second apart."""
    groups: list[list[Doc]] = []
    for doc in sorted((doc for doc in docs if key(doc) is not None and start(doc) is not None), key=lambda doc: start(doc) or 0):
        same = [group for group in groups if key(group[0]) == key(doc) and abs((start(doc) or 0) - (start(group[0]) or 0)) < SAME_MS]
        (same[-1] if same else groups.append([]) or groups[-1]).append(doc)
    return groups


def largest(docs: Sequence[Doc], path: str) -> int | None:
    told = [value for doc in docs if (value := count(dig(doc, path))) is not None]
    return max(told) if told else None


def still_active(docs: Sequence[Doc]) -> bool:
    """`active` goes from 1 to 0 only; READING: a document without `active` is over once it has an end, and active before."""
    flags = [flag for doc in docs if (flag := count(dig(doc, "active"))) is not None]
    return all(flags) if flags else best_instant(docs, "time.end") is None


def direction_of(text: Any) -> str | None:
    word = str(text or "").strip().lower()
    return {"incoming": "in", "inbound": "in", "outgoing": "out", "outbound": "out", "internal": "internal"}.get(word)


def calls_of(documents: Documents, now: int) -> list[Call]:
    """Every call that a `/calls`, `/queues` or `/agents` document tells of, with outcomes as they stand at `now`.

    READING: a presence document's `active_call`, and the `queue_first`/`queue_last` of a call, make neither a call nor a visit.
    """
    queues, agents = Identities.of(queue_objects(documents)), Identities.of(agent_objects(documents))
    told = [*documents.calls, *documents.queues, *documents.agents]
    by_call: dict[str, tuple[list[Doc], list[Doc], list[Doc]]] = {str(doc["id_call"]): ([], [], []) for doc in told if doc.get("id_call")}
    for place, docs in enumerate((documents.calls, documents.queues, documents.agents)):
        for doc in docs:
            if doc.get("id_call"):
                by_call[str(doc["id_call"])][place].append(doc)
    calls = [one_call(id_call, *docs, queues, agents) for id_call, docs in by_call.items()]
    for call in calls:
        judge(call, now)
    return calls


def one_call(id_call: str, calls: list[Doc], visits: list[Doc], offers: list[Doc], queues: Identities, agents: Identities) -> Call:
    every = [*calls, *visits, *offers]
    ended = best_instant(calls, "time.end")
    is_over = bool(calls) and (ended is not None or any(count(doc.get("active")) == 0 for doc in calls))
    direction = first_told(every, "call_direction", direction_of)

    def entered(doc: Doc) -> int | None:
        return instant(dig(doc, "queue.timestart")) or instant(dig(doc, "time.start"))

    def began(doc: Doc) -> int | None:
        return instant(dig(doc, "time.start"))

    made_visits = [
        Visit(
            id_call=id_call,
            queue=queues.key(group[0]["queue"]) or "",
            entered=best_instant(group, "queue.timestart") or best_instant(group, "time.start") or 0,
            ended=best_instant(group, "time.end"),
            active=still_active(group) and not is_over,
            docs=group,
            told_answered=any(count(doc.get("answered")) for doc in group),
        )
        for group in one_thing(visits, lambda doc: queues.key(dig(doc, "queue")), entered)
    ]
    made_offers = [
        Offer(
            agent=agents.key(group[0]["agent"]) or "",
            queue=next((key for doc in group if (key := queues.key(dig(doc, "queue")))), None),
            began=best_instant(group, "time.start") or 0,
            # The end of a call closes its open offers.
            ended=best_instant(group, "time.end") or (ended if is_over else None),
            answered=any(count(doc.get("answered")) for doc in group),
            answered_at=best_instant(group, "time.answered"),
            active=still_active(group) and not is_over,
            # READING: of an agent's document its own direction decides ("outgoing documents"), then the call's.
            direction=first_told(group, "call_direction", direction_of) or direction,
            talk=largest(group, "duration.talk"),
            hold=largest(group, "duration.hold"),
            ring=largest(group, "duration.ring"),
        )
        for group in one_thing(offers, lambda doc: agents.key(dig(doc, "agent")), began)
    ]
    starts = [moment for doc in visits + offers if (moment := instant(dig(doc, "time.start"))) is not None]
    starts += [visit.entered for visit in made_visits]
    return Call(
        id_call=id_call,
        docs=calls,
        # READING: a call without a call document started at the earliest instant its other documents tell.
        started=best_instant(calls, "time.start") or min(starts, default=0),
        ended=ended,
        is_over=is_over,
        goes_on=bool(calls) and not is_over and any(count(doc.get("active")) for doc in calls),
        # READING: a call is answered when its own document, or any visit or offer of it, says so.
        answered=any(count(doc.get("answered")) for doc in every),
        direction=direction,
        # READING: the first telling that mentions `internal` decides; a direction "internal" is internal whatever the flag says.
        internal=direction == "internal" or bool(first_told(every, "internal", count)),
        number=first_told(every, "customer_target.number"),
        ivr=any(dig(doc, path) for doc in every for path in ("ivr_first", "ivr_last", "ivr_list", "ivr")),
        visits=sorted(made_visits, key=lambda visit: visit.entered),
        offers=sorted(made_offers, key=lambda offer: offer.began),
    )


def judge(call: Call, now: int) -> None:
    """Names the outcome of every visit and offer of a call (METRICS 2), and measures each visit's wait."""
    agent_told = [instant(dig(doc, f"{which}.answered")) for doc in call.docs for which in ("agent_first", "agent_last")]
    offer_told = [offer.answered_at for offer in call.offers if offer.answered]
    answers = [moment for moment in offer_told + agent_told if moment is not None]
    for visit in call.visits:
        later = [other for other in call.visits if other.entered > visit.entered]
        # READING: a visit without an end of its own lasts until the next visit of the call, or the end of the call, as far as "began
        # within the visit" goes. Both borders belong to it.
        border = visit.ended or (later[0].entered if later else call.ended) or now
        visit.offers = [o for o in call.offers if o.answered and o.queue == visit.queue and visit.entered <= o.began <= border]
    own_answers = [moment for visit in call.visits for doc in visit.docs if (moment := instant(dig(doc, "agent_first.answered")))]
    # READING: "no instants at all" looks at the visits' own agent_first.answered too.
    answered_somewhere = bool(call.docs) and any(count(doc.get("answered")) for doc in call.docs) and not answers and not own_answers
    for place, visit in enumerate(call.visits):
        last = place == len(call.visits) - 1
        earliest = min((offer.answered_at for offer in visit.offers if offer.answered_at is not None), default=None)
        answered_at = best_instant(visit.docs, "agent_first.answered") or earliest
        left = visit.ended or call.ended
        visit.transferred = any((largest(docs, path) or 0) > 0 for docs, path in ((call.docs, "transfers"), (visit.docs, "transfer")))
        if visit.told_answered or visit.offers:
            visit.outcome, until = "answered", answered_at
        elif visit.active:
            visit.outcome, until = "waiting", now
        else:
            visit.outcome, until = "", left
        visit.wait = max(0, until - visit.entered) if until else None
        if visit.wait is None:
            told = first_told(visit.docs, "duration.queue", count)
            visit.wait = told if told is not None else first_told(visit.docs, "duration.wait", count)
        if visit.wait is not None:
            visit.wait = max(0, visit.wait)
        measure_talk(visit)
        if visit.outcome:
            continue
        elsewhere = answered_somewhere or (left is not None and any(moment >= left for moment in answers))
        if any(other.entered > visit.entered for other in call.visits) or elsewhere:
            visit.outcome = "overflowed"
        elif (largest(visit.docs, "voicemail") or 0) > 0 or (last and (largest(call.docs, "voicemail") or 0) > 0):
            visit.outcome = "voicemail"
        elif (largest(visit.docs, "on_hooked_calls") or 0) > 0 or (last and ordered_callback(call)):
            visit.outcome = "callbacks"
        else:
            visit.outcome = "leaving" if call.goes_on else "abandoned"
    for offer in call.offers:
        offer.outcome = offer_outcome(call, offer, answers)


def measure_talk(visit: Visit) -> None:
    """Talk and hold of an answered visit, ms. READING: each of the two on its own: the visit's, else the sum over its answered offers."""
    visit.talk, visit.hold = largest(visit.docs, "duration.talk"), largest(visit.docs, "duration.hold")
    talks, holds = [o.talk for o in visit.offers if o.talk is not None], [o.hold for o in visit.offers if o.hold is not None]
    visit.talk = sum(talks) if visit.talk is None and talks else visit.talk
    visit.hold = sum(holds) if visit.hold is None and holds else visit.hold


def ordered_callback(call: Call) -> bool:
    counts = ("answer_wait_request", "customer_no_answer", "no_wait_request")
    whole = [count(value) or 0 for doc in call.docs for value in listed(doc.get("on_hooked_calls")) if not isinstance(value, dict)]
    parts = [count(dig(doc, f"on_hooked_calls.{name}")) or 0 for doc in call.docs for name in counts]
    return any(count(doc.get("ohw_ordered")) for doc in call.docs) or any(value > 0 for value in whole + parts)


def offer_outcome(call: Call, offer: Offer, answers: Sequence[int]) -> str:
    """How one ringing ended: answered, ringing, withdrawn or missed. READING: "within 1 s" is at most 1,000 ms, before or after."""
    if offer.answered:
        return "answered"
    if offer.active:
        return "ringing"
    if offer.ended is None:
        return "missed"
    # READING: "the call ended unanswered": nobody answered the call at any time, reception included.
    hung_up = call.is_over and not call.answered and call.ended is not None and abs(call.ended - offer.ended) <= SAME_MS
    # READING: any answer of the call but this offer's own is somebody else's, whoever the call document names.
    taken = any(abs(moment - offer.ended) <= SAME_MS for moment in answers)
    return "withdrawn" if hung_up or taken else "missed"
