"""The rules of days and quarters, over every zone of the tz database and the years 2020 to 2035."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.domain.periods import (
    MINUTE_MS,
    QUARTER_MS,
    WINDOWS,
    business_day,
    day_bounds,
    minute_of,
    quarter_of,
    split_days,
    split_quarters,
    window_minutes,
)

ZONES = sorted(name for name in available_timezones() if name != "localtime" and not name.startswith(("posix/", "right/")))
FIRST, LAST = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp() * 1000) for year in (2020, 2036))
HOUR_MS = 3_600_000
instants = st.integers(FIRST, LAST - 1)
zones = st.sampled_from(ZONES)
pytestmark = pytest.mark.fault("A17")


def said(at: int, zone: str) -> date:
    """What a calendar on the wall says at an instant."""
    return datetime.fromtimestamp(at / 1000, ZoneInfo(zone)).date()


@cache
def changes(zone: str) -> list[int]:
    """The instants, to the second, at which a zone's distance from UTC changes."""
    offset = lambda at: datetime.fromtimestamp(at, ZoneInfo(zone)).utcoffset()  # noqa: E731
    found, step = [], 7 * 86_400
    for at in range(FIRST // 1000, LAST // 1000, step):
        low, high = at, at + step
        if offset(low) != offset(high):
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
            found.append(high * 1000)
    return found


@settings(max_examples=1500, deadline=None)
@given(at=instants, zone=zones)
def test_every_instant_lies_in_exactly_the_day_the_calendar_says(at: int, zone: str) -> None:
    """`business_day` is the inverse of `day_bounds`, days touch, and the calendar on the wall agrees."""
    day = business_day(at, zone)
    first, after = day_bounds(day, zone)
    assert date.fromisoformat(day) == said(at, zone)
    assert first <= at < after
    assert (business_day(first, zone), business_day(after - 1, zone)) == (day, day)
    assert business_day(first - 1, zone) < day < business_day(after, zone)
    assert day_bounds(business_day(after, zone), zone)[0] == after
    assert day_bounds(business_day(first - 1, zone), zone)[1] == first


def test_no_change_of_the_clocks_anywhere_tears_or_overlaps_a_day() -> None:
    """Around every change of every zone: the days meet, begin when the calendar turns, and are as long as the clocks make them."""
    lengths = set()
    for zone in ZONES:
        for change in changes(zone):
            for near in (change - 25 * HOUR_MS, change - 1, change, change + 25 * HOUR_MS):
                day = business_day(near, zone)
                first, after = day_bounds(day, zone)
                assert first <= near < after, (zone, near)
                assert said(first, zone) == said(after - 1, zone) == date.fromisoformat(day), (zone, day)
                assert said(first - 1, zone) < date.fromisoformat(day) < said(after, zone), (zone, day)
                assert first % QUARTER_MS == after % QUARTER_MS == 0
                lengths.add((after - first) / HOUR_MS)
    assert {23, 23.5, 24, 24.5, 25} <= lengths
    assert len([zone for zone in ZONES if changes(zone)]) > 150


@settings(max_examples=500, deadline=None)
@given(start=instants, length=st.integers(0, 80 * HOUR_MS), zone=zones)
def test_a_span_is_cut_at_midnights_and_quarters_and_nothing_of_it_is_lost(start: int, length: int, zone: str) -> None:
    """The pieces touch, each lies in its day (quarter), and they sum to the span."""
    end, at = start + length, start
    for day, ms in split_days(start, end, zone):
        first, after = day_bounds(day, zone)
        assert at in (start, first)
        assert first <= at
        assert at + ms == min(end, after)
        at += ms
    assert at == max(start, end)
    at = start
    for quarter, ms in split_quarters(start, end):
        assert at in (start, quarter)
        assert at + ms == min(end, quarter + QUARTER_MS)
        assert quarter_of(at) == quarter
        at += ms
    assert at == max(start, end)


@settings(max_examples=300, deadline=None)
@given(at=instants, zone=zones)
def test_the_quarters_of_a_day_cover_it_and_belong_to_it_alone(at: int, zone: str) -> None:
    """A quarter hour of UTC lies in one business day, in every zone there is."""
    first, after = day_bounds(business_day(at, zone), zone)
    quarters = range(first, after, QUARTER_MS)
    assert {business_day(quarter + ms, zone) for quarter in quarters for ms in (0, QUARTER_MS - 1)} == {business_day(at, zone)}
    assert len(quarters) * QUARTER_MS == after - first


@settings(max_examples=300, deadline=None)
@given(at=instants)
def test_a_rolling_window_is_that_many_minutes_whatever_any_clock_on_a_wall_does(at: int) -> None:
    """The running minute is the last of them."""
    for name, minutes in WINDOWS.items():
        window = window_minutes(name, at)
        assert len(window) == minutes
        assert window[-1] == minute_of(at)
        assert window[0] * MINUTE_MS == at - at % MINUTE_MS - (minutes - 1) * MINUTE_MS


@pytest.mark.parametrize(
    ("zone", "day", "begins", "hours"),
    [
        ("Europe/Stockholm", date(2026, 3, 29), "2026-03-28T23:00:00+00:00", 23),
        ("Europe/Stockholm", date(2026, 10, 25), "2026-10-24T22:00:00+00:00", 25),
        ("Australia/Lord_Howe", date(2026, 10, 4), "2026-10-03T13:30:00+00:00", 23.5),
        ("Australia/Lord_Howe", date(2026, 4, 5), "2026-04-04T13:00:00+00:00", 24.5),
        ("America/St_Johns", date(2026, 3, 8), "2026-03-08T03:30:00+00:00", 23),
        ("Africa/Cairo", date(2026, 4, 24), "2026-04-23T22:00:00+00:00", 23),  # begins at 01:00: there is no midnight
        ("Africa/Cairo", date(2026, 10, 29), "2026-10-28T21:00:00+00:00", 25),  # ends twice
        ("America/Havana", date(2026, 11, 1), "2026-11-01T04:00:00+00:00", 25),  # midnight comes twice
        ("Pacific/Chatham", date(2026, 9, 27), "2026-09-26T11:15:00+00:00", 23),
        ("Asia/Kathmandu", date(2026, 3, 29), "2026-03-28T18:15:00+00:00", 24),
        ("Pacific/Apia", date(2020, 9, 27), "2020-09-26T11:00:00+00:00", 23),
        # Where days are written by hand, one of them need not be there at all.
        ("Pacific/Apia", date(2011, 12, 31), "2011-12-30T10:00:00+00:00", 24),
        ("Pacific/Apia", date(2011, 12, 29), "2011-12-29T10:00:00+00:00", 24),
    ],
)
def test_days_that_are_known_to_be_odd(zone: str, day: date, begins: str, hours: float) -> None:
    """Worked out by hand from the rules of each zone."""
    first, after = day_bounds(day.isoformat(), zone)
    assert datetime.fromtimestamp(first / 1000, UTC).isoformat() == begins
    assert timedelta(milliseconds=after - first) == timedelta(hours=hours)
