"""Presence slots of the hourly batch, kept for good: the only source of time in unavailable profiles.

Rules that hold here: a day's time by profile is made anew with the slots it is made of, in one transaction, and so is never behind.
"""

from collections.abc import Sequence

from django.db import transaction

from stats.domain.forgetting import slot_of
from stats.domain.records import PresenceSlot
from stats.domain.rolling import Named
from stats.history.marks import forgetting
from stats.history.party_names import learn
from stats.history.rolling_days import profiles_changed
from stats.history.rows import number, small, word
from stats.models import Organisation, PresenceSlotRow


def upsert_slots(organisation: str, slots: Sequence[PresenceSlot]) -> int:
    """Write slots; the newest telling of an agent's slot and profile wins. Returns how many rows. Raises django.db.Error."""
    rows: dict[tuple[object, ...], PresenceSlotRow] = {}
    rename = forgetting(organisation).rename
    named: list[Named] = []
    for slot in slots:
        slot = slot_of(slot, rename)
        agent = slot.agent.key
        if agent is None:
            continue
        named.append(Named(source=slot.source, kind="agent", party=slot.agent, told_ms=number(slot.start) or 0))
        for use in slot.profiles:
            row = PresenceSlotRow(
                organisation=organisation,
                source=slot.source,
                agent=word(agent, 64),
                agent_name=word(slot.agent.name),
                start_ms=number(slot.start) or 0,
                end_ms=number(slot.end),
                profile=word(str(use.profile_id) if use.profile_id is not None else (use.name or "*")),
                profile_name=word(use.name),
                available=use.available,
                wrapup=use.wrapup,
                usage_ms=number(use.usage_ms),
                busy_ms=number(use.busy_ms),
                times=small(use.times),
                calls_total=small(slot.calls_total),
                calls_answered=small(slot.calls_answered),
                talk_ms=number(slot.talk_ms),
                unit=slot.unit,
            )
            rows[(slot.source, row.agent, row.start_ms, row.profile)] = row
    timezone = Organisation.objects.filter(slug=organisation).values_list("timezone", flat=True).first()
    with transaction.atomic():
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
        if timezone is not None:
            learn(organisation, named)
            profiles_changed(organisation, timezone, {(row.source, row.agent, row.start_ms) for row in rows.values()})
    return len(rows)
