"""Presence changes seen live, kept for good; one that two workers saw is one."""

from collections.abc import Sequence

from stats.domain.presence_changes import PresenceSeen
from stats.history.rows import number, word
from stats.history.tables import PresenceChange


def upsert_changes(organisation: str, changes: Sequence[PresenceSeen]) -> int:
    """Write changes. Returns how many were asked for. Raises django.db.Error."""
    rows = [
        PresenceChange(
            organisation=organisation,
            source=change.source,
            agent=word(change.agent),
            at_ms=number(change.at) or 0,
            state=change.state,
            profile=word(change.profile),
            profile_name=word(change.profile_name),
            available=change.available,
            wrapup=change.wrapup,
            queues=change.queues,
            told_ms=number(change.told_at) or 0,
        )
        for change in changes
    ]
    PresenceChange.objects.bulk_create(rows, batch_size=200, ignore_conflicts=True)
    return len(rows)
