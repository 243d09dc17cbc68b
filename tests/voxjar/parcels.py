"""Parcels, recorded calls and sound, made up."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from stats.domain.notes import Recording
from stats.domain.parcels import Choice, Parcel, Somebody
from stats.domain.records import Call, Direction, Journey, Offer, Party, Visit

NOON = 1_779_105_600_000  # 2026-05-18 12:00 UTC
CALLER = "+46701740606"
ANNA, SALES = Party(ref="vocatech:204", name="Anna Ek"), Party(ref="vocatech:sales", name="Sales")
ALL = Choice(sources=frozenset({"vocatech"}), consented=frozenset({"vocatech"}), agents={"204": "anna.ek@example.test"})
SETTINGS: dict[str, Any] = {"sources": ["vocatech"], "consented": ["vocatech"], "agents": {"204": "anna.ek@example.test"}}


def parcel(number: int = 1, **told: Any) -> Parcel:
    """A complete one."""
    values: dict[str, Any] = {
        "identifier": f"vocatech:call-{number}",
        "kind": ("s:vocatech:sales", "Sales"),
        "started_at": NOON + number * 1000,
        "outgoing": False,
        "agents": (Somebody(identifier="anna.ek@example.test", name="Anna Ek", number="204"),),
        "customers": (Somebody(identifier=CALLER, name="Bo Ek", number=CALLER),),
        "disposition": ("answered", "Answered"),
        "tags": ("billing",),
        "facts": {"source": "vocatech", "talk_ms": 61_000},
    }
    return Parcel(**{**values, **told})


async def sound(*pieces: bytes) -> AsyncIterator[bytes]:
    """Piece by piece."""
    for piece in pieces:
        yield piece


def recording(id_call: str = "call-1", **told: Any) -> Recording:
    """The sound of a call of ours."""
    values = {"recording_id": f"rec-{id_call}", "locator": f"sound/{id_call}", "agent": ANNA.key, "started_at": NOON, "told_at": NOON}
    return Recording(source="vocatech", id_call=id_call, **{**values, **told})


def recorded(id_call: str = "call-1", at: int = NOON, **told: Any) -> Call:
    """A call that waited for Anna and talked a minute with her."""
    values: dict[str, Any] = {"direction": Direction.IN, "number": CALLER, **told}
    times = {"began_at": at + 5_000, "answered_at": at + 12_000, "ended_at": at + 73_000}
    return Call(
        source="vocatech",
        id_call=id_call,
        journey=Journey(active=False, answered=True, started_at=at, ended_at=at + 73_000, recorded=True, ivr_name="Main", **values),
        visits=(Visit(queue=SALES, entered_at=at + 2_000, answered=True, answered_at=at + 12_000, ended_at=at + 73_000, active=False),),
        offers=(Offer(agent=ANNA, queue=SALES, answered=True, active=False, talk_ms=61_000, **times),),
    )


def without_agent(call: Call) -> Call:
    """Nobody is known to have talked."""
    return replace(call, offers=())
