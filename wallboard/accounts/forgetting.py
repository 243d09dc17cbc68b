"""What of signing in nobody needs any more: failures that count no longer, browsers long signed out, failures of no account."""

from datetime import datetime, timedelta

from django.utils import timezone

from wallboard.accounts.models import AuditEntry, FailedSignIns, OpenSession
from wallboard.accounts.throttle import LONGEST_WAIT, REMEMBERED

# No session lives so long.
BROWSERS_KEPT = timedelta(days=30)
# Lines of no organisation, which no page shows and no organisation's retention reaches.
NOBODYS_KEPT = timedelta(days=90)


def forget_old(now: datetime | None = None) -> int:
    """Removes them; how many rows."""
    moment = now or timezone.now()
    gone = FailedSignIns.objects.filter(last_at__lt=moment - max(REMEMBERED, LONGEST_WAIT)).delete()[0]
    gone += OpenSession.objects.filter(began_at__lt=moment - BROWSERS_KEPT).delete()[0]
    return gone + AuditEntry.objects.filter(organisation="", at__lt=moment - NOBODYS_KEPT).delete()[0]
