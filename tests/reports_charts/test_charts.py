"""What charts are made of, without a page: half hours of days when the clocks move, tints, and where a drawing of waits ends."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.domain.report import LAST_BIN, Hours, Line, Span
from wallboard.reports.heat import Place, days_and_lines, tints
from wallboard.reports.report import Report
from wallboard.reports.trend import Point
from wallboard.reports.trend_drawing import drawing_of
from wallboard.reports.waits import bars_of, right_end

LATER = 1 << 50
counts = st.dictionaries(st.integers(0, LAST_BIN), st.integers(1, 500), max_size=20)


def report_of(timezone: str, first: str, last: str, hours: Hours | None = None) -> Report:
    """Days on which one call was offered in every half hour there was."""
    span = Span(organisation="north", timezone=timezone, first=first, last=last, interval="30m", hours=hours)
    begin, end = span.bounds
    starts = sorted({span.cell(at) for at in range(begin, end, 900_000)})
    return Report(span=span, kind="site", lines=[Line("", start, after, {"offered": 1}) for start, after in starts])


@pytest.mark.parametrize(
    ("timezone", "day", "weekday", "missing", "twice"),
    [
        ("Europe/Stockholm", "2026-03-29", 7, {120, 150}, set()),
        ("Europe/Stockholm", "2026-10-25", 7, set(), {120, 150}),
        ("Asia/Kathmandu", "2026-05-18", 1, set(), set()),
        ("Australia/Lord_Howe", "2026-10-04", 7, {120}, set()),
        ("Australia/Lord_Howe", "2026-04-05", 7, set(), {90}),
    ],
)
def test_a_half_hour_that_comes_never_or_twice_is_of_its_day_all_the_same(
    timezone: str, day: str, weekday: int, missing: set[int], twice: set[int]
) -> None:
    found = days_and_lines(report_of(timezone, day, day), LATER, None)
    assert set(found) == {(weekday, minute) for minute in range(0, 1440, 30) if minute not in missing}
    for (_weekday, minute), (days, lines, times) in found.items():
        assert days == {day}
        assert len(times) == (2 if minute in twice else 1)
        assert sum(line.amounts["offered"] for line in lines) == (2 if minute in twice else 1), minute


def test_a_week_over_the_change_of_clocks_counts_its_days() -> None:
    found = days_and_lines(report_of("Europe/Stockholm", "2026-03-16", "2026-03-29"), LATER, None)
    assert {len(found[(7, minute)][0]) for minute in (120, 150)} == {1}
    assert {len(days) for (weekday, _minute), (days, _lines, _times) in found.items() if weekday < 7} == {2}


def test_what_is_to_come_and_what_was_before_the_archive_is_of_no_day() -> None:
    report = report_of("Europe/Stockholm", "2026-05-11", "2026-05-24")
    local = ZoneInfo("Europe/Stockholm")
    begin, now = (round(datetime(2026, 5, day, 12, tzinfo=local).timestamp() * 1000) for day in (12, 20))
    found = days_and_lines(report, now, begin)
    assert found[(2, 720)][0] == {"2026-05-12", "2026-05-19"}
    assert found[(2, 690)][0] == {"2026-05-19"}
    assert found[(3, 690)][0] == {"2026-05-13", "2026-05-20"}
    assert found[(3, 720)][0] == {"2026-05-13"}
    open_ = days_and_lines(report_of("Europe/Stockholm", "2026-05-11", "2026-05-24", Hours(opens=495, closes=540)), LATER, None)
    assert {minute for _weekday, minute in open_} == {480, 510}


@given(st.dictionaries(st.tuples(st.integers(1, 7), st.integers(0, 47)), st.none() | st.floats(0, 1e6), max_size=30), st.booleans())
def test_a_larger_number_is_never_the_fainter_one(values: dict[Place, float | None], shares: bool) -> None:
    steps, _ranges = tints(values, shares=shares)
    known = sorted((value, steps[place]) for place, value in values.items() if value is not None)
    assert [step for _value, step in known] == sorted(step for _value, step in known)
    assert all(steps[place] == 0 for place, value in values.items() if value is None)
    assert all(0 <= step <= 7 for step in steps.values())
    assert shares or all(steps[place] == 0 for place, value in values.items() if value == 0)


@given(counts, counts, st.floats(1, 3600))
def test_no_call_is_left_out_of_a_drawing_of_waits(answered: dict[int, int], abandoned: dict[int, int], target_s: float) -> None:
    end = right_end(answered, abandoned, target_s)
    assert 12 <= end <= LAST_BIN
    told = bars_of(answered, abandoned, end)
    assert [each[0] for each in told] == list(range(end + 1))
    assert sum(each[1] for each in told) == sum(answered.values())
    assert sum(each[2] for each in told) == sum(abandoned.values())
    assert (told[-1][1] + told[-1][2]) * 100 <= sum(answered.values()) + sum(abandoned.values()) or end == LAST_BIN


def point(number: int, value: float | None, *, open_: bool = False) -> Point:
    """The number of one minute."""
    return Point(
        start=number * 60_000,
        end=(number + 1) * 60_000,
        value=value,
        before=None,
        open=open_,
        label="",
        words="",
        cell="",
        first="",
        last="",
        hours="",
        address="",
        notes=(),
    )


def test_a_line_stops_at_a_gap_and_what_goes_on_is_a_line_of_its_own() -> None:
    told = [point(0, 4), point(1, 2), point(2, None), point(3, 1), point(4, None), point(6, 3), point(7, 0, open_=True)]
    drawing = drawing_of(told, None, "offered", "en")
    assert drawing is not None
    assert drawing.line == "M0.0 0.0 L142.9 500.0 M428.6 750.0 M857.1 250.0"
    assert drawing.dots == ["M428.6 750.0 h.01", "M857.1 250.0 h.01"]
    assert drawing.open == "M857.1 250.0 L1000.0 1000.0"
    assert drawing_of([], None, "offered", "en") is None
    assert drawing_of([point(0, 0)], None, "offered", "en") is not None, "nothing but nothing is a line on the ground"
