"""A call told in one plain paragraph, in the order in which it happened.

Rules that hold here: times are lengths, for the clock times stand beside it; rings, waits, talks and transfers are each told once;
what only the telephone system knows is said in its own words, and what nobody knows is not said.
"""

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from stats.domain.journey_axis import Part, Segment
from stats.domain.outcomes import OfferOutcome, SettledVisit
from stats.domain.records import Offer
from wallboard.pages.call.reading import Reading
from wallboard.pages.call.reasons import reason_words
from wallboard.pages.words import spoken

LATE = 1 << 62
GAVE_UP = ("abandoned", "short_abandoned")


def story_of(reading: Reading) -> str:
    """The paragraph."""
    told: list[tuple[int, int, str]] = []
    placed: set[int] = set()
    for n, visit in enumerate(reading.settled.visits):
        mine = [i for i in range(len(reading.call.offers)) if i not in placed and _belongs(reading, i, n)]
        placed.update(mine)
        told.append((visit.entered_at or LATE, 2, _of_visit(reading, n, mine)))
    for i, offer in enumerate(reading.call.offers):
        if i not in placed:
            at = offer.answered_at if offer.answered_at is not None else offer.began_at
            told.append((at or LATE, 3, _of_offer(reading, i)))
    for segment in reading.axis.steps():
        if segment.part is Part.MENU:
            told.append((segment.start, 0, _of_menu(reading, segment)))
        elif segment.part is Part.TRANSFER:
            told.append((min(segment.start, _start_of_target(reading, segment)), 1, _of_transfer(reading, segment)))
    told.sort(key=lambda each: each[:2])
    middle = [sentence for _at, _rank, sentence in told]
    return " ".join(sentence for sentence in (_opening(reading), *middle, _aside(reading), *_ending(reading)) if sentence)


def _opening(reading: Reading) -> str:
    known = {"number": reading.number}
    if reading.settled.internal:
        return _("A call between colleagues.")
    if not reading.settled.number:
        return _("An outgoing call.") if reading.settled.outgoing else _("A call from a hidden number.")
    if reading.settled.outgoing:
        return _("An outgoing call to %(number)s.") % known
    return _("A call from %(number)s.") % known


def _belongs(reading: Reading, offer: int, visit: int) -> bool:
    """Whether a ring was made in a visit: it names that queue, and began before the call came to the next one."""
    told, at = reading.call.offers[offer], reading.settled.visits[visit]
    if offer in at.offers:
        return True
    keys = [reading.facts.queue_key(reading.call.source, party) if party is not None else None for party in (told.queue, at.visit.queue)]
    if keys[0] is None or keys[0] != keys[1]:
        return False
    later = reading.settled.visits[visit + 1].entered_at if visit + 1 < len(reading.settled.visits) else None
    if told.began_at is None or at.entered_at is None:
        return True
    return told.began_at >= at.entered_at - 1000 and (later is None or told.began_at < later)


def _of_menu(reading: Reading, menu: Segment) -> str:
    known = {"menu": reading.menu, "time": spoken((menu.length_ms or 0) / 1000)}
    if menu.open:
        return _("It has been in the menu %(menu)s for %(time)s.") % known
    settled = reading.settled
    if not settled.visits and not settled.call.offers and not settled.answered:
        return _("After %(time)s in the menu %(menu)s it ended.") % known
    return _("It was in the menu %(menu)s for %(time)s.") % known


def _of_visit(reading: Reading, n: int, offers: list[int]) -> str:
    visit, outcome = reading.settled.visits[n], reading.outcome(n)
    known = {"queue": reading.of_visit(n).name, "wait": _wait(reading, visit)}
    by = next((i for i in offers if reading.settled.offers[i] in (OfferOutcome.ANSWERED, OfferOutcome.TALKING)), None)
    known["agent"] = reading.of_offer(by).name if by is not None else ""
    sentences = [_of_rings(reading, offers)]
    match outcome:
        case "waiting":
            sentences.insert(0, _("It has been waiting in %(queue)s for %(wait)s.") % known)
        case "answered" if by is not None:
            sentences.append(_("After %(wait)s in %(queue)s it was answered by %(agent)s.") % known)
        case "answered":
            sentences.append(_("After %(wait)s in %(queue)s it was answered.") % known)
        case "overflowed":
            sentences.append(_("After %(wait)s in %(queue)s it moved on without an answer.") % known)
        case "voicemail":
            sentences.append(_("After %(wait)s in %(queue)s it went to voicemail.") % known)
        case "callback":
            sentences.append(_("After %(wait)s in %(queue)s the caller ordered a callback.") % known)
        case "abandoned":
            sentences.append(_("The caller gave up after %(wait)s in %(queue)s.") % known)
        case "short_abandoned":
            sentences.append(_("The caller hung up after only %(wait)s in %(queue)s.") % known)
        case "expired":
            sentences.append(_("In %(queue)s we lost sight of it.") % known)
        case _:
            sentences.append(_("It is leaving %(queue)s.") % known)
    sentences += [_also_rang(reading, offers, outcome), _ringing(reading, offers)]
    for i in offers:
        sentences.append(_talk(reading, i) if i == by else _answered_too(reading, i))
    if visit.talk is not None and by is None and outcome == "answered":
        sentences.append(_("They talked for %(time)s.") % {"time": spoken(visit.talk / 1000)})
    return " ".join(sentence for sentence in sentences if sentence)


def _wait(reading: Reading, visit: SettledVisit) -> str:
    wait = visit.wait
    if wait is None and visit.entered_at is not None and str(visit.outcome) == "waiting":
        wait = max(0, reading.now - visit.entered_at)
    return spoken(wait / 1000) if wait is not None else "?"


def _of_rings(reading: Reading, offers: list[int]) -> str:
    """Who was rung in vain, with how long."""
    missed = [i for i in offers if reading.settled.offers[i] is OfferOutcome.MISSED]
    if not missed:
        return ""
    rung = []
    for i in missed:
        told = {"agent": reading.of_offer(i).name}
        ring = _ring_ms(reading.call.offers[i])
        rung.append(_("%(agent)s (%(time)s)") % {**told, "time": spoken(ring / 1000)} if ring is not None else told["agent"])
    return _("Rang without answer: %(agents)s.") % {"agents": ", ".join(rung)}


def _ring_ms(offer: Offer) -> int | None:
    if offer.ring_ms is not None:
        return offer.ring_ms
    return offer.ended_at - offer.began_at if offer.ended_at is not None and offer.began_at is not None else None


def _names(reading: Reading, offers: Iterable[int]) -> str:
    return ", ".join(dict.fromkeys(reading.of_offer(i).name for i in offers))


def _ringing(reading: Reading, offers: list[int]) -> str:
    ringing = [i for i in offers if reading.settled.offers[i] is OfferOutcome.RINGING]
    return _("It rings at %(agent)s now.") % {"agent": _names(reading, ringing)} if ringing else ""


def _also_rang(reading: Reading, offers: list[int], outcome: str) -> str:
    """Whose phone stopped ringing because somebody else answered, or because the caller was gone."""
    rang = [i for i in offers if reading.settled.offers[i] is OfferOutcome.WITHDRAWN]
    if not rang:
        return ""
    known = {"agents": _names(reading, rang)}
    if outcome in GAVE_UP:
        return _("It was ringing then at: %(agents)s.") % known
    return _("It also rang at: %(agents)s.") % known


def _talk(reading: Reading, i: int) -> str:
    """How long they talked, and for how long of it the caller was on hold."""
    offer = reading.call.offers[i]
    if reading.settled.offers[i] is OfferOutcome.TALKING:
        return _("They are talking now.") if reading.goes_on else ""
    if offer.talk_ms is None:
        return ""
    known = {"time": spoken(offer.talk_ms / 1000), "hold": spoken((offer.hold_ms or 0) / 1000)}
    if (offer.hold_ms or 0) >= 500:
        return _("They talked for %(time)s, and %(hold)s more the caller was on hold.") % known
    return _("They talked for %(time)s.") % known


def _answered_too(reading: Reading, i: int) -> str:
    """Another agent who had the caller in the same queue."""
    if reading.settled.offers[i] not in (OfferOutcome.ANSWERED, OfferOutcome.TALKING):
        return ""
    return _of_offer(reading, i)


def _of_offer(reading: Reading, i: int) -> str:
    """A ring that belongs to no visit: a direct or an outgoing call, or a colleague who was asked."""
    offer, outcome = reading.call.offers[i], reading.settled.offers[i]
    known = {"agent": reading.of_offer(i).name, "time": spoken(offer.talk_ms / 1000) if offer.talk_ms is not None else ""}
    known["hold"] = spoken((offer.hold_ms or 0) / 1000)
    match outcome:
        case OfferOutcome.ANSWERED if known["time"] and (offer.hold_ms or 0) >= 500:
            return _("%(agent)s talked for %(time)s, and %(hold)s more the caller was on hold.") % known
        case OfferOutcome.ANSWERED if known["time"]:
            return _("%(agent)s talked for %(time)s.") % known
        case OfferOutcome.ANSWERED:
            return _("%(agent)s talked.") % known
        case OfferOutcome.TALKING:
            return _("%(agent)s is talking now.") % known
        case OfferOutcome.RINGING if reading.dialled:
            return _("%(agent)s is calling now.") % known
        case OfferOutcome.RINGING:
            return _("It rings at %(agent)s now.") % known
        case _ if reading.dialled:
            return _("%(agent)s called, and nobody answered.") % known
        case OfferOutcome.WITHDRAWN:
            return _("It rang at %(agent)s until the caller hung up or somebody else answered.") % known
    return _("%(agent)s was rung and did not answer.") % known


def _start_of_target(reading: Reading, transfer: Segment) -> int:
    if transfer.visit is not None:
        return reading.settled.visits[transfer.visit].entered_at or transfer.start
    if transfer.offer is not None and transfer.outcome == "done":
        return reading.call.offers[transfer.offer].answered_at or transfer.start
    return transfer.start


def _of_transfer(reading: Reading, transfer: Segment) -> str:
    to = reading.of_target(transfer)
    known = {"agent": reading.of_offer(transfer.by or 0).name, "to": to.name if to is not None else ""}
    if transfer.outcome == "tried":
        return _("%(agent)s tried to hand the caller on to %(to)s.") % known
    if to is None:
        return _("%(agent)s handed the caller on; nobody tells where to.") % known
    return _("%(agent)s handed the caller on to %(to)s.") % known


def _aside(reading: Reading) -> str:
    """What the call's own document knows and no queue's has said."""
    journey, outcomes = reading.call.journey, {reading.outcome(n) for n in range(len(reading.settled.visits))}
    if journey is None:
        return ""
    if journey.voicemail and "voicemail" not in outcomes and not reading.settled.answered:
        return _("It went to voicemail.")
    if (journey.callback_ordered or (journey.callbacks or 0) > 0) and "callback" not in outcomes:
        return _("The caller ordered a callback.")
    if journey.redirects:
        return ngettext("It was redirected once.", "It was redirected %(n)d times.", journey.redirects) % {"n": journey.redirects}
    return ""


def _ending(reading: Reading) -> list[str]:
    if reading.call.expired:
        lost = [n for n in range(len(reading.settled.visits)) if reading.outcome(n) == "expired"]
        return [] if lost else [_("We lost sight of it.")]
    if not reading.settled.ended:
        return [_("It is still going on.")]
    settled = reading.settled
    told = [_who_ended(reading)]
    if settled.started_at is not None and settled.ended_at is not None:
        took = max(0, settled.ended_at - settled.started_at) / 1000
        told.append(_("From beginning to end it took %(time)s.") % {"time": spoken(took)})
    return told


def _who_ended(reading: Reading) -> str:
    """Who hung up, where that is told and was not said yet."""
    journey = reading.call.journey
    told = journey.end_reason if journey is not None else None
    gave_up = bool(reading.settled.visits) and reading.outcome(len(reading.settled.visits) - 1) in GAVE_UP
    match (told or "").strip().upper():
        case "" | "VOICEMAIL" | "CALLBACK" | "CALLBACK_ORDERED":
            return ""
        case "CALLER_HANGUP":
            return "" if gave_up else _("The caller hung up.")
        case "AGENT_HANGUP":
            return _("The agent hung up.")
        case "INACTIVE_NUMBER":
            return _("The number is not in use.")
    return _("It ended, says the telephone system: %(reason)s.") % {"reason": reason_words(told)}
