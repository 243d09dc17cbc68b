"""Where the archive of an organisation begins, so that a report of days before can say that nothing is known of them."""

from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError

from stats.domain.periods import business_day
from stats.history.partitions import EARLIEST_MS
from stats.history.rollup_tables import QUARTER, SiteRollup
from stats.history.tables import DirtyQuarter
from wallboard.reports import words


@database_sync_to_async
def begins(organisation: str) -> int | None:
    """The first quarter (epoch ms) of which something is added up, or waits to be; None where there is none yet, or nobody can say."""
    added = SiteRollup._default_manager.filter(organisation=organisation, grain=QUARTER).order_by("start_ms")
    waits = DirtyQuarter.objects.filter(organisation=organisation, quarter_ms__gte=EARLIEST_MS).order_by("quarter_ms")
    try:
        first = added.values_list("start_ms", flat=True).first(), waits.values_list("quarter_ms", flat=True).first()
    except (DatabaseError, InterfaceError):
        return None
    return min((each for each in first if each is not None), default=None)


def begin_words(begin: int | None, first: int, timezone: str) -> dict[str, str] | None:
    """What to say where a report reaches further back than the archive: the day it begins, in words and for a command."""
    if begin is None or business_day(begin, timezone) <= business_day(first, timezone):
        return None
    day = business_day(begin, timezone)
    return {"day": words.days_words(day, day), "command": f"manage.py backfill --from {business_day(first, timezone)}"}
