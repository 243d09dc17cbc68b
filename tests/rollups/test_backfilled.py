"""What a day's first reading out of the past changes was never final: a restatement is of numbers that somebody could have seen whole."""

import pytest

from stats.history.backfills import begin_day, write_day
from stats.history.rollup_tables import RolledQuarter
from tests.history.calls import NOON, SOURCE, plain
from tests.rollups.sums import HOUR_MS, ORGANISATION, QUARTER_MS, again, keep, organisation, restatements, roll

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engines]
DAY_MS = 24 * HOUR_MS
LAST_YEAR = NOON - 300 * DAY_MS
DAY = (LAST_YEAR - 12 * HOUR_MS, LAST_YEAR + 12 * HOUR_MS)


def test_a_neighbours_call_makes_no_quarter_final_before_its_own_day_was_read() -> None:
    """The past comes newest first, and a call over midnight comes with the later day."""
    organisation()
    keep([plain(1, LAST_YEAR)])
    roll(NOON - HOUR_MS)
    roll(NOON)
    assert RolledQuarter.objects.filter(quarter_ms=LAST_YEAR, final_ms__isnull=False).exists()
    day = begin_day(ORGANISATION, SOURCE, DAY, NOON, again=False)
    assert day is not None
    keep([plain(n, LAST_YEAR + n * 1_000) for n in (2, 3)])
    roll(NOON + 60_000)
    assert not RolledQuarter.objects.filter(quarter_ms=LAST_YEAR, final_ms__isnull=False).exists()
    keep([plain(4, LAST_YEAR + 4_000)])
    roll(NOON + 2 * 60_000)
    assert restatements() == []
    day.state = "done"
    write_day(day)
    roll(NOON + 3 * 60_000)
    assert RolledQuarter.objects.filter(quarter_ms=LAST_YEAR, final_ms__isnull=False).exists()
    keep([again(plain(4, LAST_YEAR + 4_000), 9_000)])
    roll(NOON + 4 * 60_000)
    assert [told[:3] for told in restatements()] == [("queue", "11", LAST_YEAR)]


def test_a_day_that_was_watched_whole_stays_final_while_it_is_read() -> None:
    """What the past then changes of it is listed."""
    organisation()
    keep([plain(1, LAST_YEAR)])
    roll(NOON - HOUR_MS)
    roll(NOON)
    RolledQuarter.objects.bulk_create(
        RolledQuarter(organisation=ORGANISATION, quarter_ms=at, state="done", definitions=1, at_ms=0, final_ms=1)
        for at in range(*DAY, QUARTER_MS)
        if at != LAST_YEAR
    )
    assert begin_day(ORGANISATION, SOURCE, DAY, NOON, again=False) is not None
    keep([again(plain(1, LAST_YEAR), 9_000)])
    roll(NOON + 60_000)
    assert [told[:3] for told in restatements()] == [("queue", "11", LAST_YEAR)]


def test_what_a_collector_reads_bit_by_bit_of_its_first_day_restates_nothing() -> None:
    """The morning is over for hours when it is first read; it is final when nothing more has come for ten minutes."""
    organisation()
    for minute in range(4):
        keep([plain(n, NOON - 10 * HOUR_MS + n * 1_000) for n in range(5 * minute, 5 * minute + 5)])
        roll(NOON + minute * 60_000)
    roll(NOON + 12 * 60_000)
    assert restatements() == []
    assert not RolledQuarter.objects.filter(quarter_ms=NOON - 10 * HOUR_MS, final_ms__isnull=False).exists()
    roll(NOON + 13 * 60_000)
    keep([again(plain(1, NOON - 10 * HOUR_MS + 1_000), 9_000)])
    roll(NOON + 14 * 60_000)
    assert [told[:3] for told in restatements()] == [("queue", "11", NOON - 10 * HOUR_MS)]
