"""Days of which the archive knows a part alone: between what was read from the past, and before what was watched live.

Rules that hold here: a day is known whole when it was read whole, when each of its quarters was waited for, or when somebody has listened
since (a collector reads the day on which it begins from its midnight on); of days before anything is known nothing is said.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from django.db import connection

from stats.domain.periods import QUARTER_MS, business_day, day_bounds
from stats.history.backfill_tables import BackfillDay
from stats.history.partitions import EARLIEST_MS
from stats.history.rollup_tables import RolledQuarter
from stats.history.tables import PresenceChange

# The longest report there is, and a little more.
MOST_DAYS = 4_000
_AT_ONCE = 1_000
_TABLE = RolledQuarter._meta.db_table


def unread_days(organisation: str, timezone: str, first: str, last: str, today: str) -> list[str]:
    """The days of `first` to `last` (ISO, both included) of which a part alone is known, in order. Raises django.db.Error."""
    oldest = _oldest(organisation)
    if oldest is None:
        return []
    begin = max(date.fromisoformat(first), date.fromisoformat(business_day(oldest, timezone)))
    end = min(date.fromisoformat(last), date.fromisoformat(_watched_from(organisation, timezone, today)) - timedelta(days=1))
    if begin > end or (end - begin).days > MOST_DAYS:
        return []
    days = {(begin + timedelta(days=n)).isoformat() for n in range((end - begin).days + 1)}
    bounds = day_bounds(begin.isoformat(), timezone)[0], day_bounds(end.isoformat(), timezone)[1]
    done = BackfillDay._default_manager.filter(organisation=organisation, state="done", from_ms__lt=bounds[1], to_ms__gt=bounds[0])
    for read_from, read_to in done.values_list("from_ms", "to_ms"):
        days = {day for day in days if not _within(day_bounds(day, timezone), read_from, read_to)}
    if not days:
        return []
    return sorted(day for day, number in _rolled(organisation, timezone, sorted(days)) if number < _quarters(day, timezone))


def _rolled(organisation: str, timezone: str, days: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Of each day how many quarters were waited for."""
    for at in range(0, len(days), _AT_ONCE):
        some = {day_bounds(day, timezone): day for day in days[at : at + _AT_ONCE]}
        places = ",".join(f"({first},{end})" for first, end in some)
        with connection.cursor() as cursor:
            cursor.execute(
                f"WITH p(s, e) AS (VALUES {places}) SELECT p.s, p.e,"  # noqa: S608
                f" (SELECT COUNT(*) FROM {_TABLE} r WHERE r.organisation = %s AND r.quarter_ms >= p.s AND r.quarter_ms < p.e) FROM p",
                [organisation],
            )
            yield from ((some[(first, end)], number) for first, end, number in cursor.fetchall())


def _within(bounds: tuple[int, int], first: int, end: int) -> bool:
    return first <= bounds[0] and bounds[1] <= end


def _quarters(day: str, timezone: str) -> int:
    first, end = day_bounds(day, timezone)
    return (end - first) // QUARTER_MS


def _oldest(organisation: str) -> int | None:
    rolled = RolledQuarter._default_manager.filter(organisation=organisation, quarter_ms__gte=EARLIEST_MS).order_by("quarter_ms")
    found: int | None = rolled.values_list("quarter_ms", flat=True).first()
    return found


def _watched_from(organisation: str, timezone: str, today: str) -> str:
    """The day on which somebody began to listen; today where nobody has."""
    changes = PresenceChange.objects.filter(organisation=organisation, at_ms__gte=EARLIEST_MS).order_by("at_ms")
    told = changes.values_list("told_ms", flat=True).first()
    return today if told is None else min(today, business_day(told, timezone))
