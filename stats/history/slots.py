"""Presence slots of the hourly batch, kept for good: the only source of time in unavailable profiles."""

import structlog
from asgiref.sync import sync_to_async
from django.db import Error as DatabaseFault
from django.db import close_old_connections

from stats.domain.records import PresenceSlot
from stats.models import PresenceSlotRow

log = structlog.get_logger(__name__)

MOST_WAITING = 50_000


def upsert_slots(organisation: str, slots: list[PresenceSlot]) -> int:
    """Write slots; the newest telling of an agent's slot and profile wins. Returns how many rows. Raises django.db.Error."""
    close_old_connections()
    rows: dict[tuple[object, ...], PresenceSlotRow] = {}
    for slot in slots:
        agent = slot.agent.key
        if agent is None:
            continue
        for use in slot.profiles:
            row = PresenceSlotRow(
                organisation=organisation,
                source=slot.source,
                agent=agent,
                agent_name=slot.agent.name or "",
                start_ms=slot.start,
                end_ms=slot.end,
                profile=str(use.profile_id) if use.profile_id is not None else (use.name or "*"),
                profile_name=use.name or "",
                available=use.available,
                wrapup=use.wrapup,
                usage_ms=use.usage_ms,
                busy_ms=use.busy_ms,
                times=use.times,
                calls_total=slot.calls_total,
                calls_answered=slot.calls_answered,
                talk_ms=slot.talk_ms,
                unit=slot.unit,
            )
            rows[(organisation, slot.source, agent, slot.start, row.profile)] = row
    PresenceSlotRow.objects.bulk_create(
        rows.values(),
        batch_size=200,
        update_conflicts=True,
        unique_fields=["organisation", "source", "agent", "start_ms", "profile"],
        update_fields=[
            "agent_name",
            "end_ms",
            "profile_name",
            "available",
            "wrapup",
            "usage_ms",
            "busy_ms",
            "times",
            "calls_total",
            "calls_answered",
            "talk_ms",
            "unit",
        ],
    )
    return len(rows)


async def save_slots(organisation: str, slots: list[PresenceSlot]) -> list[PresenceSlot]:
    """Write slots, and give back those that must wait for the database (never more than MOST_WAITING, the oldest dropped)."""
    try:
        await sync_to_async(upsert_slots, thread_sensitive=False)(organisation, slots)
    except DatabaseFault as why:  # InterfaceError, a connection that went, is no DatabaseError
        log.warning("slots.wait", reason=type(why).__name__, waiting=len(slots))
        return slots[-MOST_WAITING:]
    return []
