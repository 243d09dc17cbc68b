"""A call on the floor as the vendor tells it: leg by leg in events, and whole, with its journey, as a row of GET /calls.

Rules that hold here: a leg is one extension on one call, from the moment it rings; a journey's segments are in the order of their start,
and an answered user's begins with the answer, so that a group's segment before it is the wait; lengths are whole seconds.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from stats.providers.vocatech.simulator.switches import Switches
from stats.simulation import names
from stats.simulation.records import Agent, Call, Direction, Menu, Offer, Queue, Strategy, Visit

Document = dict[str, Any]
COMPANY_ID = 123


def iso(at: int) -> str:
    """As data writes instants: 2026-03-10T14:30:00.000Z."""
    return f"{datetime.fromtimestamp(at // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{at % 1000:03d}Z"


def iso_seconds(at: int) -> str:
    """As the envelope writes them: 2026-03-10T14:30:45+00:00."""
    return f"{datetime.fromtimestamp(at // 1000, UTC):%Y-%m-%dT%H:%M:%S}+00:00"


def extension(who: Agent | Queue | Menu) -> str:
    """Short numbers of their own for users, groups and menus."""
    first = 20_000 if isinstance(who, Agent) else 80_000 if isinstance(who, Queue) else 90_000
    return str(first + who.id % 10_000)


def group_type(queue: Queue) -> str:
    return "HuntGroup" if queue.strategy is Strategy.LINEAR else "CallCenter"


def remote_name(number: str | None, switches: Switches) -> str:
    """The caller's name, which a third of them have."""
    if not number or switches.empty_names:
        return ""
    roll = int.from_bytes(hashlib.blake2b(number.encode(), digest_size=4).digest(), "big")
    return names.person(roll % 1_200) if roll % 3 == 0 else ""


def direction_of(call: Call, switches: Switches) -> str:
    if call.direction is Direction.INTERNAL:
        return "internal" if switches.internal else "incoming"
    return "outgoing" if call.direction is Direction.OUTGOING else "incoming"


def dialled(call: Call) -> str:
    """The number that was dialled: the same few for everybody who calls in."""
    return "" if call.direction is not Direction.INCOMING else names.service_number(sum(call.id.encode()) % 3)


def remote_number(call: Call) -> str:
    if call.caller is not None:
        return extension(call.caller)
    return call.number if call.number is not None else "anonymous"


def _leg(call: Call, who: Agent | Queue, began: int, ended: int | None, switches: Switches) -> Document:
    document: Document = {
        "call_id": call.id,
        "direction": direction_of(call, switches),
        "extension": extension(who),
        "extension_name": "" if switches.empty_names else who.name,
        "remote_name": remote_name(call.number, switches) if call.caller is None else call.caller.name,
        "remote_number": remote_number(call),
        "group_number": dialled(call),
        "start_time": iso(began),
    }
    if ended is not None:
        document["end_time"] = iso(ended)
        document["duration"] = (ended - began) // 1000
    return document


def offer_leg(offer: Offer, switches: Switches, *, ended: bool) -> Document:
    """A user's leg."""
    return _leg(offer.call, offer.agent, offer.began_at, offer.ended_at if ended else None, switches)


def visit_leg(visit: Visit, switches: Switches, *, ended_at: int | None) -> Document:
    """A group's leg."""
    return _leg(visit.call, visit.queue, visit.entered_at, ended_at, switches)


def caller_leg(call: Call, callee: Agent | None, switches: Switches, *, ended: bool) -> Document:
    """The leg of a colleague who dials a colleague."""
    assert call.caller is not None
    document = _leg(call, call.caller, call.started_at, call.ended_at if ended else None, switches)
    document |= {
        "direction": "outgoing",
        "remote_number": extension(callee) if callee is not None else "",
        "remote_name": callee.name if callee is not None and not switches.empty_names else "",
    }
    return document


def segment_id(call: Call, place: int) -> str:
    """What the segment's recording is found by."""
    return str(int.from_bytes(hashlib.blake2b(f"{call.id} {place}".encode(), digest_size=4).digest(), "big"))


def row(call: Call, switches: Switches, url: str) -> Document:
    """An ended call, whole. `url`: the API's base, for recordings."""
    assert call.ended_at is not None
    answered = [offer for offer in call.offers if offer.answered_at is not None]
    who: Agent | Queue | None = (
        answered[-1].agent if answered else call.offers[-1].agent if call.offers else call.visits[-1].queue if call.visits else None
    )
    document: Document = {
        "call_id": call.id,
        "direction": direction_of(call, switches),
        "status": "answered" if answered else "missed",
        "extension": extension(who) if who is not None else "",
        "extension_name": who.name if who is not None and not switches.empty_names else "",
        "remote_name": remote_name(call.number, switches) if call.caller is None else call.caller.name,
        "remote_number": remote_number(call),
        "group_number": dialled(call),
        "start_time": iso(call.started_at),
        "end_time": iso(call.ended_at),
        "duration": (call.ended_at - call.started_at) // 1000,
        "journey": journey(call, switches, url),
    }
    if not switches.row_ends:
        del document["end_time"]
    return document


def journey(call: Call, switches: Switches, url: str) -> list[Document]:
    """The segments of an ended call in chronological order."""
    assert call.ended_at is not None
    found: list[tuple[int, int, int, str, Agent | Queue | Menu, bool]] = []
    for place, (menu, at) in enumerate(call.menus):
        later = [then for _, then in call.menus[place + 1 :]] + [visit.entered_at for visit in call.visits]
        found.append((at, 0, min([*(then for then in later if then >= at), call.ended_at]), "AutoAttendant", menu, False))
    for visit in call.visits:
        closed = visit.closed_at if visit.closed_at is not None else call.ended_at
        if visit.answered_at is not None and switches.queue_segment == "wait":
            closed = visit.answered_at
        found.append((visit.entered_at, 1, closed, group_type(visit.queue), visit.queue, visit.answered_at is not None))
    for offer in call.offers:
        start = offer.began_at
        if offer.answered_at is not None and switches.user_segment_from == "answer":
            start = offer.answered_at
        found.append((start, 2, offer.ended_at or call.ended_at, "User", offer.agent, offer.answered_at is not None))
    found.sort(key=lambda each: each[:2])
    return [_segment(call, place, each, switches, url) for place, each in enumerate(found)]


def _segment(call: Call, place: int, each: tuple[int, int, int, str, Agent | Queue | Menu, bool], switches: Switches, url: str) -> Document:
    start, _, end, kind, who, answered = each
    recorded = call.recorded and kind == "User" and answered
    address = f"/v1/media/rec_{segment_id(call, place)}" if switches.relative_recordings else f"{url}/media/rec_{segment_id(call, place)}"
    segment: Document = {
        "type": kind,
        "name": "" if switches.empty_names else who.name,
        "extension": extension(who),
        "start_time": iso(start),
        "duration": (end - start) // 1000,
        "answered": answered,
        "recording_url": address if recorded else None,
    }
    if switches.segment_ends:
        segment["end_time"] = iso(end)
    if switches.row_words and recorded:
        segment |= words(who.name)
    return segment


def words(agent: str) -> Document:
    """What the vendor's machine made of a talk."""
    return {
        "summary": f"{agent} svarade på en fråga om en faktura. Kunden var nöjd – ärendet är avslutat.",
        "transcription": f"{agent}: Hej, du talar med {agent.split()[0]}.\nKund: Hej! Jag har en fråga om min faktura.\n"
        f"{agent.split()[0]}: Självklart, den ordnar vi.\nKund: Tack så mycket, hej då.",
    }
