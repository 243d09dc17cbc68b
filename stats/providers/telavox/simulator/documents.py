"""A call, a visit, an offer on the floor, written as the vendor's document about it (Telavox Studio API 2.1 to 2.3).

Documents are written in the live spelling and hold what either layer knows; `live` then drops what only the historic layer
has, and historic.py picks what it knows by its schema. Instants and durations are ms. What is not yet known is left out.
"""

from __future__ import annotations

from typing import Literal

from stats.providers.telavox.simulator.parts import (
    Document,
    agent_object,
    answering,
    distinct,
    menu_object,
    opening,
    queue_object,
    ring_lengths,
    spread,
    talk_ms,
    visited,
)
from stats.simulation.records import Call, Offer, Visit

# Paths that exist in the historic record but not in the live one.
HISTORIC_ONLY = {
    "calls": (("timestamp",),),
    "queues": (
        ("agent_end_reason",),
        ("simultaneous_device_calls",),
        ("queue", "fail_reason"),
        ("agent_first", "from_transfer"),
        ("agent_first", "to_transfer"),
        ("agent_last", "from_transfer"),
        ("agent_last", "to_transfer"),
    ),
    "agents": (("queue", "fail_reason"), ("agent", "answered"), ("agent", "from_transfer"), ("agent", "to_transfer")),
}


def live(datasource: str, document: Document) -> Document:
    """The document without what only the historic layer tells."""
    told = dict(document)
    for path in HISTORIC_ONLY.get(datasource, ()):
        if len(path) == 1:
            told.pop(path[0], None)
        elif path[0] in told:
            told[path[0]] = {key: value for key, value in told[path[0]].items() if key != path[1]}
    return told


def call_document(call: Call) -> Document:
    answered = [offer for offer in call.offers if offer.answered_at is not None]
    unanswered = [offer for offer in call.offers if offer.answered_at is None and offer.ended_at is not None]
    document = opening(call, bool(answered), call.ended_at is None, call.started_at, call.ended_at)
    document["offered_and_answered"] = len(answered)
    document["offered_and_not_answered"] = len(unanswered)
    if answered:
        document["agent_first"] = answering(answered[0])
        document["agent_last"] = answering(max(answered, key=lambda offer: offer.answered_at or 0))
    if call.offers:
        document["agent_list"] = distinct(offer.agent.name for offer in call.offers)
        document["agent_list_answer"] = distinct(offer.agent.name for offer in answered)
        document["agent_list_no_answer"] = distinct(offer.agent.name for offer in unanswered)
        document["simultaneous_device_calls"] = max(offer.devices for offer in call.offers)
    if call.menus:
        document["ivr_first"] = menu_object(call.menus[0])
        document["ivr_last"] = menu_object(call.menus[-1])
        document["ivr_list"] = distinct(menu.name for menu, _ in call.menus)
    if call.digit is not None:
        document["menu_digit"] = {"destination": call.digit.destination, "dialed_number": call.digit.pressed, "type": call.digit.kind}
    if call.key_input is not None:
        document["save_key_input"] = {"input": call.key_input[1], "variable_name": call.key_input[0]}
    if call.visits:
        document["queue_first"] = visited(call.visits[0])
        document["queue_last"] = visited(call.visits[-1])
        document["queue_list"] = distinct(visit.queue.name for visit in call.visits)
    if call.transfers:
        document["transfers"] = len(call.transfers)
        document["transfer_first"] = {"answered": int(call.transfers[0].answered), "type": call.transfers[0].kind}
        document["transfer_last"] = {"answered": int(call.transfers[-1].answered), "type": call.transfers[-1].kind}
    if call.redirects:
        document["redirected"] = dict(call.redirects)
    if call.callback:
        document["ohw_ordered"] = True
        document["on_hooked_calls"] = {"answer_wait_request": 1, "customer_no_answer": 0, "no_wait_request": 0}
    if call.inactive_number:
        document["inactive_number"] = 1
    duration = _call_duration(call, answered, unanswered)
    if duration:
        document["duration"] = duration
    if call.ended_at is not None:
        document["recorded"] = int(call.recorded)
        document["voicemail"] = int(call.voicemail)
        document["queue_pickup"] = 0
        document["terminated_call_reason"] = call.end_reason
    document["timestamp"] = call.changed_at
    return document


def visit_document(visit: Visit, closes_at: Literal["answer", "end"] = "end") -> Document:
    """`closes_at`: the vendor's document does not say whether an answered visit stays active while they talk."""
    call = visit.call
    answered = [offer for offer in visit.offers if offer.answered_at is not None]
    unanswered = [offer for offer in visit.offers if offer.answered_at is None and offer.ended_at is not None]
    closed_at = visit.answered_at if closes_at == "answer" and visit.answered_at is not None else visit.closed_at
    document = opening(call, visit.answered_at is not None, closed_at is None, visit.entered_at, closed_at)
    document["account_id"] = visit.queue.account_id
    document["queue"] = {
        **queue_object(visit.queue),
        "timestart": visit.entered_at,
        "free_agents": visit.free_agents,
        "not_answer_risk": visit.risk,
        "queue_talking_agents": visit.queue_talking,
        "total_talking_agents": visit.total_talking,
    }
    if visit.fail_reason is not None:
        document["queue"]["fail_reason"] = visit.fail_reason
    if visit.menu is not None:
        document["ivr"] = menu_object(visit.menu)
    if answered:
        document["agent_first"] = answering(answered[0])
        document["agent_last"] = answering(answered[-1])
    if visit.offers:
        document["agent_list"] = distinct(offer.agent.name for offer in visit.offers)
        document["agent_list_answer"] = distinct(offer.agent.name for offer in answered)
        document["agent_list_no_answer"] = distinct(offer.agent.name for offer in unanswered)
        document["simultaneous_device_calls"] = max(offer.devices for offer in visit.offers)
    wait_end = visit.answered_at if visit.answered_at is not None else visit.closed_at
    duration: Document = {}
    if wait_end is not None:
        duration["queue"] = duration["wait"] = wait_end - visit.entered_at
    rings = ring_lengths(visit.offers)
    if rings:
        duration["ring"] = spread(rings)
    if closed_at is not None:
        duration["total"] = closed_at - visit.entered_at
        if visit.answered_at is not None and closes_at == "end":
            duration["talk"] = sum(talk_ms(offer) for offer in answered)
            duration["hold"] = sum(offer.hold_ms for offer in answered if offer.ended_at is not None)
        document["recorded"] = int(call.recorded and bool(answered))
        document["voicemail"] = int(visit.voicemail)
        document["on_hooked_calls"] = int(visit.callback)
        document["transfer"] = visit.transferred
        if visit.offers and visit.offers[-1].end_reason is not None:
            document["agent_end_reason"] = visit.offers[-1].end_reason
    if duration:
        document["duration"] = duration
    return document


def offer_document(offer: Offer) -> Document:
    call, ended_at = offer.call, offer.ended_at
    document = opening(call, offer.answered_at is not None, ended_at is None, offer.began_at, ended_at)
    document["account_id"] = offer.agent.account_id
    document["agent"] = {**agent_object(offer.agent), "from_transfer": offer.from_transfer, "to_transfer": offer.to_transfer}
    document["simultaneous_device_calls"] = offer.devices
    if offer.visit is not None:
        document["queue"] = {**queue_object(offer.visit.queue), "timestart": offer.visit.entered_at}
    if offer.menu is not None:
        document["ivr"] = menu_object(offer.menu)
    duration: Document = {}
    if offer.answered_at is not None:
        document["time"]["answered"] = document["agent"]["answered"] = offer.answered_at
        duration["ring"] = offer.answered_at - offer.began_at
    if ended_at is not None:
        document["agent_end_reason"] = offer.end_reason
        duration["total"] = ended_at - offer.began_at
        if offer.answered_at is None:
            duration["ring"] = ended_at - offer.began_at
        else:
            duration["talk"], duration["hold"] = talk_ms(offer), offer.hold_ms
            document["recorded"] = int(call.recorded)
        document["transfer"] = offer.to_transfer
        document["voicemail"] = int(offer.voicemail)
        document["on_hooked_calls"] = 0
    if duration:
        document["duration"] = duration
    return document


def _call_duration(call: Call, answered: list[Offer], unanswered: list[Offer]) -> Document:
    duration: Document = {}
    if call.visits:
        duration["before_queue"] = call.visits[0].entered_at - call.started_at
        waits = [
            (visit.answered_at if visit.answered_at is not None else visit.closed_at or 0) - visit.entered_at
            for visit in call.visits
            if not visit.waiting
        ]
        if waits:
            duration["queue"] = spread(waits)
            duration["wait"] = sum(waits)
    if answered and "wait" not in duration:
        duration["wait"] = (answered[0].answered_at or 0) - call.started_at
    rings = ring_lengths(call.offers)
    if rings:
        duration["ring"] = spread(rings)
    over = [offer for offer in answered if offer.ended_at is not None]
    if over:
        duration["talk"] = spread([talk_ms(offer) for offer in over])
        duration["on_hold"] = sum(offer.hold_ms for offer in over)
    if call.ended_at is not None:
        duration["total"] = call.ended_at - call.started_at
    return duration
