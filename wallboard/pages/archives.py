"""How far back a source's archive goes, in a line: since when calls are kept, which days were read from history, which are missing.

Rules that hold here: while the database is away nothing is said; a list of missing days that is long is cut, and says so.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from channels.db import database_sync_to_async
from django.db import DatabaseError
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from stats.history.backfills import Reach, reach
from wallboard.pages.frame import Visit

MOST_GAPS = 3


async def archives_of(visit: Visit) -> dict[str, str]:
    """The line of each source that reports, by name."""
    names = list(visit.facts.sources)

    def read() -> dict[str, Reach]:
        return {name: reach(visit.organisation.slug, name) for name in names}

    try:
        found = await database_sync_to_async(read)()
    except DatabaseError:
        return {}
    return {name: told(far, visit.timezone) for name, far in found.items()}


def told(far: Reach, timezone: str) -> str:
    """The line."""
    if far.first_call is None:
        return _("No calls are kept yet.")
    words = [_("Calls are kept from %(day)s on.") % {"day": _day(far.first_call, timezone)}]
    if far.first is not None and far.last is not None:
        span = _span(far.first, far.last, timezone)
        words.append(_("Read from the telephone system\u2019s history: %(days)s.") % {"days": span})
    if far.gaps:
        listed = ", ".join(_span(first, end, timezone) for first, end in far.gaps[:MOST_GAPS])
        more = len(far.gaps) - MOST_GAPS
        if more > 0:
            listed += " " + ngettext("and %(number)d more gap", "and %(number)d more gaps", more) % {"number": more}
        words.append(_("Of these not read whole: %(days)s.") % {"days": listed})
    return " ".join(words)


def _span(first: int, end: int, timezone: str) -> str:
    one, last = _day(first, timezone), _day(end - 1, timezone)
    return one if one == last else f"{one} \u2013 {last}"


def _day(at: int, timezone: str) -> str:
    return formats.date_format(datetime.fromtimestamp(at / 1000, ZoneInfo(timezone)).date(), "j E Y")
