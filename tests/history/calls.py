"""Calls to be archived, made up: one with everything a call can have, and as many plain ones as wanted."""

from dataclasses import fields, replace
from typing import Any, get_type_hints

from stats.domain.records import Call, Direction, Journey, Offer, Party, Visit

# 2026-05-18 12:00 UTC
NOON = 1_779_105_600_000
SOURCE = "telavox"


def plain(number: int, at: int = NOON, *, answered: bool = True) -> Call:
    """An ended call of one visit and one ring, that began `at`."""
    queue, agent = Party(id=11, name="Sales"), Party(id=number % 7 + 1, name="Anna Ek")
    ring = Offer(
        agent=agent, queue=queue, began_at=at + 5_000, answered=answered, ended_at=at + 65_000, active=False, ring_ms=7_000, asof=at
    )
    if answered:
        ring = replace(ring, answered_at=at + 12_000, talk_ms=53_000)
    return Call(
        source=SOURCE,
        id_call=f"call-{number}",
        journey=Journey(
            active=False, direction=Direction.IN, number="+4670174060", started_at=at, ended_at=at + 65_000, answered=answered, asof=at
        ),
        visits=(Visit(queue=queue, entered_at=at + 2_000, active=False, answered=answered, ended_at=at + 65_000, asof=at),),
        offers=(ring,),
    )


def _filled(kind: type) -> Any:
    """A document with a value in every field it has, today and later."""
    values: dict[str, Any] = {}
    for place, (field, hint) in enumerate(zip(fields(kind), get_type_hints(kind).values(), strict=True)):
        words = str(hint)
        if "Party" in words:
            values[field.name] = Party(id=place, account_id=900 + place, name=f"Åsa “{place}” \\ \n\0😀")
        elif "Direction" in words:
            values[field.name] = Direction.OUT
        elif "bool" in words:
            values[field.name] = bool(place % 2)
        elif "int" in words:
            values[field.name] = NOON + place
        else:
            values[field.name] = f"text {place}"
    return kind(**values)


def whole() -> Call:
    """A call with every field of every part told."""
    return Call(
        source=SOURCE,
        id_call="whole",
        journey=_filled(Journey),
        visits=(_filled(Visit), replace(_filled(Visit), entered_at=None)),
        offers=(_filled(Offer), Offer(agent=Party(name="B"))),
        tenant="4711",
        expired=True,
    )
