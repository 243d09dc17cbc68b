"""When a mail is due, by clocks that jump; and which days it is about."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.domain.periods import zone
from wallboard.reports.schedule import Schedule, covered, instant_of

STOCKHOLM = "Europe/Stockholm"
ZONES = (STOCKHOLM, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Santiago", "Pacific/Apia", "UTC")


def utc(text: str) -> datetime:
    """An instant."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def dues(schedule: Schedule, after: str, number: int) -> list[str]:
    """The next instants, by the local clock."""
    found, at = [], utc(after)
    for _ in range(number):
        at = schedule.after(at)
        found.append(at.astimezone(zone(schedule.timezone)).strftime("%m-%d %H:%M"))
    return found


def test_eight_o_clock_stays_eight_o_clock_when_summer_ends() -> None:
    schedule = Schedule(timezone=STOCKHOLM, minute=480, weekdays="1234567")
    assert dues(schedule, "2026-10-23T12:00", 4) == ["10-24 08:00", "10-25 08:00", "10-26 08:00", "10-27 08:00"]
    assert (schedule.after(utc("2026-10-24T06:30")) - schedule.after(utc("2026-10-23T06:30"))) == timedelta(hours=25)


def test_half_past_two_that_does_not_exist_is_three_once() -> None:
    schedule = Schedule(timezone=STOCKHOLM, minute=150, weekdays="1234567")
    assert dues(schedule, "2026-03-28T00:00", 3) == ["03-28 02:30", "03-29 03:00", "03-30 02:30"]


def test_half_past_two_that_comes_twice_is_the_first_alone() -> None:
    schedule = Schedule(timezone=STOCKHOLM, minute=150, weekdays="1234567")
    assert schedule.after(utc("2026-10-24T12:00")) == utc("2026-10-25T00:30")
    assert schedule.after(utc("2026-10-25T00:30")) == utc("2026-10-26T01:30")


def test_midnight_that_does_not_exist_is_one_o_clock() -> None:
    schedule = Schedule(timezone="America/Santiago", minute=0, weekdays="7")
    assert dues(schedule, "2026-09-01T12:00", 1) == ["09-06 01:00"]


def test_days_of_the_week_and_of_the_month() -> None:
    assert dues(Schedule(timezone=STOCKHOLM, minute=480, weekdays="15"), "2026-11-20T12:00", 3) == [
        "11-23 08:00",
        "11-27 08:00",
        "11-30 08:00",
    ]
    monthly = Schedule(timezone=STOCKHOLM, minute=480, weekdays="", month_day=28)
    assert dues(monthly, "2026-01-28T07:30", 2) == ["02-28 08:00", "03-28 08:00"]


@given(
    st.sampled_from(ZONES),
    st.integers(0, 95).map(lambda quarter: quarter * 15),
    st.dates(date(2011, 1, 1), date(2027, 12, 31)),
)
def test_every_day_has_one_instant_and_it_is_the_wished_one_or_where_the_clock_goes_on(timezone: str, minute: int, day: date) -> None:
    at = instant_of(day, minute, timezone)
    local = at.astimezone(zone(timezone))
    wished = datetime.combine(day, time(minute // 60, minute % 60))
    if local.replace(tzinfo=None) != wished:
        before = (at - timedelta(seconds=1)).astimezone(zone(timezone))
        assert before.replace(tzinfo=None) < wished < local.replace(tzinfo=None), "the clock jumps over it just there"
    else:
        assert local.fold == 0
    schedule = Schedule(timezone=timezone, minute=minute, weekdays="1234567")
    following = schedule.after(at)
    assert at < following <= at + timedelta(hours=50)
    assert schedule.after(at - timedelta(seconds=1)) == at


@pytest.mark.parametrize(
    ("query", "today", "first", "last"),
    [
        ("", "2026-11-23", "2026-11-23", "2026-11-23"),
        ("period=yesterday", "2026-11-23", "2026-11-22", "2026-11-22"),
        ("period=7d", "2026-11-23", "2026-11-16", "2026-11-22"),
        ("period=30d", "2026-11-23", "2026-10-24", "2026-11-22"),
        ("period=week", "2026-11-23", "2026-11-16", "2026-11-22"),
        ("period=week", "2026-11-26", "2026-11-16", "2026-11-22"),
        ("period=week", "2026-11-22", "2026-11-09", "2026-11-15"),
        ("period=month", "2026-12-01", "2026-11-01", "2026-11-30"),
        ("period=month", "2026-03-31", "2026-02-01", "2026-02-28"),
        ("from=2026-05-01&to=2026-05-03", "2026-11-23", "2026-05-01", "2026-05-03"),
    ],
)
def test_a_mail_is_about_the_last_period_that_is_over(query: str, today: str, first: str, last: str) -> None:
    asked = covered(query, today)
    assert (asked.first, asked.last) == (first, last)
