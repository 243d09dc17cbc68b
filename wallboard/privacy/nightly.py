"""What a night clears away of every organisation: the archive's share (`stats.history.nights`), the audit log, marks of handled callers.

Rules that hold here: whatever went is one line of the audit log, with counts and nobody's name; an organisation whose night fails keeps no
other from having its own.
"""

import os
import socket
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import structlog
from django.db import DatabaseError
from django.db.models import QuerySet

from stats.history import nights
from stats.history.patience import without_limit
from stats.history.retention import GoOn, Keep, clear_rows, preview
from stats.models import Organisation
from wallboard.accounts import journal
from wallboard.accounts.models import AuditEntry, HandledCaller

log = structlog.get_logger(__name__)

COUNTED = ("calls", "numbers", "presence", "audit")
# A round that could not finish is taken up again so soon.
SOON_S = 60.0


def work(now_ms: int) -> float:
    """Every organisation's last night, as far as it is not done. Returns in how many seconds to look again at the latest."""
    holder = f"{socket.gethostname()[:40]}:{os.getpid()}"
    wait_s = nights.LONGEST_WAIT_S
    for organisation in Organisation.objects.order_by("slug"):
        try:
            with without_limit():
                run = nights.work_on(organisation, now_ms, holder, also=partial(_clear_own, organisation, now_ms))
        except DatabaseError as wrong:
            log.warning("retention.put_off", organisation=organisation.slug, reason=type(wrong).__name__)
            wait_s = SOON_S
            continue
        if run is not None and any(run.removed.values()):
            journal.write(organisation.slug, "retention.done", subject_kind="night", subject=run.night, detail=dict(run.removed))
        wait_s = min(wait_s, nights.next_in_s(organisation, now_ms) if nights.is_done(organisation, now_ms) else SOON_S)
    return wait_s


def is_unfinished(now_ms: int) -> bool:
    """Whether some organisation's night is not done, and nobody else works on it."""
    return any(nights.is_free(organisation, now_ms) for organisation in Organisation.objects.all())


def going(organisation: Organisation, keep: Keep, now_ms: int) -> dict[str, int]:
    """How many of each would go tonight, were that what is kept. Raises django.db.Error."""
    found = preview(organisation.slug, keep, now_ms)
    before = keep.before("audit", now_ms)
    found["audit"] = _audit(organisation, before).count() if before is not None else 0
    return found


def _clear_own(organisation: Organisation, now_ms: int, go_on: GoOn) -> bool:
    keep = Keep.of(organisation)
    before = keep.before("audit", now_ms)
    if before is not None and not clear_rows("audit", _audit(organisation, before), "id", go_on):
        return False
    before = keep.before("numbers", now_ms)
    if before is not None:
        # The mark of a number is as old as the day on which it called.
        day = (_instant(before) - timedelta(days=1)).date().isoformat()
        HandledCaller.objects.filter(organisation=organisation, day__lt=day).delete()
    return True


def _audit(organisation: Organisation, before_ms: int) -> QuerySet[Any]:
    return AuditEntry.objects.filter(organisation=organisation.slug, at__lt=_instant(before_ms))


def _instant(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
