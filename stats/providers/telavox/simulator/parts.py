"""What the vendor's documents have in common: an agent, a queue, a menu, and the opening lines of every record."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stats.simulation.records import Agent, Call, Direction, Menu, Offer, Queue, Visit

# Vendor-shaped JSON: this folder plays the vendor, so it may stay as loose as the vendor is.
Document = dict[str, Any]

TENANT = {"id": 4711, "name": "Exempelbolaget AB"}


def agent_object(agent: Agent) -> Document:
    return {
        "account_type_id": 1,
        "account_id": agent.account_id,
        "id": agent.id,
        "name": agent.name,
        "phone": agent.phone,
        "username": agent.phone,
        "email": agent.email,
        "avatar": f"https://floor.example/avatars/{agent.id}",
        "is_admin": int(agent.admin),
        "licence": {"type": agent.licence, "ccpro": 1},
    }


def queue_object(queue: Queue) -> Document:
    return {"account_id": queue.account_id, "id": queue.id, "name": queue.name, "phone": queue.phone, "strategy": queue.strategy.value}


def menu_object(passed: tuple[Menu, int]) -> Document:
    menu, at = passed
    return {"account_id": menu.account_id, "id": menu.id, "name": menu.name, "phone": menu.phone, "timestamp": at}


def opening(call: Call, answered: bool, active: bool, start: int, end: int | None) -> Document:
    document: Document = {
        "id_call": call.id,
        "call_direction": call.direction.value,
        "active": int(active),
        "answered": int(answered),
        "internal": int(call.direction is Direction.INTERNAL),
        "customer_telavox": TENANT,
        "time": {"start": start} if end is None else {"start": start, "end": end},
    }
    if call.number is not None:
        document["customer_target"] = {"number": call.number}
    return document


def answering(offer: Offer) -> Document:
    return {
        **agent_object(offer.agent),
        "answered": offer.answered_at,
        "from_transfer": offer.from_transfer,
        "to_transfer": offer.to_transfer,
    }


def visited(visit: Visit) -> Document:
    document = {**queue_object(visit.queue), "timestart": visit.entered_at}
    if visit.fail_reason is not None:
        document["fail_reason"] = visit.fail_reason
    return document


def ring_lengths(offers: list[Offer]) -> list[int]:
    """How long each phone rang that no longer rings."""
    ends = ((offer.began_at, offer.answered_at if offer.answered_at is not None else offer.ended_at) for offer in offers)
    return [end - began for began, end in ends if end is not None]


def spread(amounts: list[int]) -> Document:
    return {"first": amounts[0], "last": amounts[-1], "total": sum(amounts)}


def talk_ms(offer: Offer) -> int:
    """Talk without hold, once it is over."""
    if offer.answered_at is None or offer.ended_at is None:
        return 0
    return offer.ended_at - offer.answered_at - offer.hold_ms


def distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
