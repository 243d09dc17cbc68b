"""A call told in one plain paragraph, in the order in which it happened."""

from django.utils.translation import gettext as _

from wallboard.api.call_document import CallDocument, OfferLine, VisitLine
from wallboard.pages.words import masked, spoken


def story_of(call: CallDocument) -> str:
    """The paragraph. Times are lengths, not clock times: the tables below it have those."""
    told = [_opening(call)]
    placed: set[int] = set()
    for number, visit in enumerate(call.visits):
        until = call.visits[number + 1].entered_at if number + 1 < len(call.visits) else None
        mine = [i for i, offer in enumerate(call.offers) if i not in placed and _within(offer, visit, until)]
        placed.update(mine)
        told.append(_of_visit(visit, [call.offers[i] for i in mine]))
    told += [_of_offer(offer) for i, offer in enumerate(call.offers) if i not in placed]
    told.append(_ending(call))
    return " ".join(sentence for sentence in told if sentence)


def _opening(call: CallDocument) -> str:
    known = {"number": masked(call.number)}
    if call.internal or call.direction == "internal":
        return _("A call between colleagues.")
    if call.direction == "out":
        return _("An outgoing call to %(number)s.") % known
    return _("A call from %(number)s.") % known


def _within(offer: OfferLine, visit: VisitLine, until: int | None) -> bool:
    if offer.queue_key != visit.queue_key:
        return False
    if offer.began_at is None or visit.entered_at is None:
        return True
    return offer.began_at >= visit.entered_at - 1000 and (until is None or offer.began_at < until)


def _of_visit(visit: VisitLine, offers: list[OfferLine]) -> str:
    known = {"queue": visit.queue or visit.queue_key or "?", "wait": spoken(visit.wait) if visit.wait is not None else "?"}
    sentences = [_of_rings(offers)]
    answered = next((offer for offer in offers if offer.outcome in ("answered", "talking")), None)
    known["agent"] = _name(answered) if answered is not None else ""
    match visit.outcome:
        case "waiting":
            sentences.insert(0, _("It has been waiting in %(queue)s for %(wait)s.") % known)
        case "answered" if answered is not None:
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
    if answered is not None and answered.talk is not None and answered.outcome == "answered":
        sentences.append(_("They talked for %(time)s.") % {"time": spoken(answered.talk)})
    return " ".join(sentence for sentence in sentences if sentence)


def _of_rings(offers: list[OfferLine]) -> str:
    """Who was rung in vain."""
    missed = [offer for offer in offers if offer.outcome == "missed"]
    if not missed:
        return ""
    rung = [_("%(agent)s (%(time)s)") % {"agent": _name(o), "time": spoken(o.ring)} if o.ring is not None else _name(o) for o in missed]
    return _("Rang without answer: %(agents)s.") % {"agents": ", ".join(rung)}


def _of_offer(offer: OfferLine) -> str:
    """A ring that belongs to no visit: a direct or an outgoing call."""
    known = {"agent": _name(offer), "time": spoken(offer.talk) if offer.talk is not None else ""}
    match offer.outcome:
        case "answered" if known["time"]:
            return _("%(agent)s talked for %(time)s.") % known
        case "answered":
            return _("%(agent)s talked.") % known
        case "talking":
            return _("%(agent)s is talking now.") % known
        case "ringing":
            return _("It rings at %(agent)s now.") % known
        case _:
            return _("%(agent)s was rung and did not answer.") % known


def _ending(call: CallDocument) -> str:
    if not call.ended:
        return _("It is still going on.")
    if call.started_at is None or call.ended_at is None:
        return ""
    return _("From beginning to end it took %(time)s.") % {"time": spoken(max(0, call.ended_at - call.started_at) / 1000)}


def _name(offer: OfferLine | None) -> str:
    return "" if offer is None else offer.agent or f"#{offer.agent_key}"
