"""Presence changes seen live, kept for good; one that two workers saw is one."""

import json
from collections.abc import Sequence

from stats.domain.presence_changes import PresenceSeen
from stats.history.marks import forgetting
from stats.history.rows import number, word
from stats.history.tables import PresenceChange

# An agent logged in to more queues than this has their number kept, and the first of them by key.
MOST_QUEUES = 500


def upsert_changes(organisation: str, changes: Sequence[PresenceSeen]) -> int:
    """Write changes. Returns how many were asked for. Raises django.db.Error."""
    forget = forgetting(organisation)
    rows = [
        PresenceChange(
            organisation=organisation,
            source=change.source,
            agent=word(forget.key(change.agent)),
            at_ms=number(change.at) or 0,
            state=change.state,
            profile=word(change.profile),
            profile_name=word(change.profile_name),
            available=change.available,
            wrapup=change.wrapup,
            queues=change.queues,
            told_ms=number(change.told_at) or 0,
            queue_keys=_written(change.queue_keys),
        )
        for change in changes
    ]
    PresenceChange.objects.bulk_create(rows, batch_size=200, ignore_conflicts=True)
    return len(rows)


def _written(keys: Sequence[str] | None) -> str | None:
    return None if keys is None else json.dumps([word(key) for key in keys[:MOST_QUEUES]], ensure_ascii=False)


def queue_keys_of(written: str | None) -> tuple[str, ...] | None:
    """The keys a row holds; None where only their number was kept."""
    return None if written is None else tuple(str(key) for key in json.loads(written))
