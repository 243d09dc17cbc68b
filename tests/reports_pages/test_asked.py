"""The address of a report: what it asks for, what beside it is offered, and what is said of one that cannot be read."""

from datetime import date

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from stats.domain.report import INTERVALS, Hours
from wallboard.accounts.viewer import Viewer
from wallboard.reports.asked import COMPARISONS, MOST_DAYS, PERIODS, Asked, Unfit, read_asked

SATURDAY = "2026-11-21"
keys = st.lists(st.text("abc:0123456789åö ?&=#%", min_size=1, max_size=12), max_size=3, unique=True).map(tuple)
hours = st.none() | st.builds(
    lambda opens, length, days: Hours(opens=opens * 15, closes=min(1440, (opens + length) * 15), weekdays=days),
    st.integers(0, 95),
    st.integers(1, 96),
    st.frozensets(st.integers(1, 7), min_size=1),
).filter(lambda each: each != Hours())
days = st.dates(date(2016, 12, 1), date(2026, 11, 21))


def read(query: str, today: str = SATURDAY) -> Asked:
    """What an address asks for."""
    return read_asked(QueryDict(query), today)


@given(
    st.sampled_from(PERIODS),
    st.none() | st.tuples(days, days),
    st.sampled_from(INTERVALS),
    keys,
    keys,
    hours,
    st.sampled_from(["", *COMPARISONS]),
)
def test_whatever_can_be_asked_is_in_the_address_and_read_from_it_again(
    period: str,
    custom: tuple[date, date] | None,
    interval: str,
    queues: tuple[str, ...],
    agents: tuple[str, ...],
    open_: Hours | None,
    compare: str,
) -> None:
    asked = read("").changed(period=period)
    if custom is not None:
        asked = asked.changed(first=min(custom).isoformat(), last=max(custom).isoformat())
    interval = interval if asked.longest <= MOST_DAYS[interval] else asked.usual_interval  # type: ignore[index]
    asked = asked.changed(interval=interval, queues=queues, agents=agents, hours=open_, compare=compare, metric="asa")
    assert read(asked.query()) == asked


def test_an_address_without_anything_is_today_and_stays_without_anything() -> None:
    asked = read("")
    assert (asked.period, asked.first, asked.last, asked.interval, asked.query()) == ("today", SATURDAY, SATURDAY, "30m", "")


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("yesterday", "2026-11-20", "2026-11-20"),
        ("7d", "2026-11-15", SATURDAY),
        ("30d", "2026-10-23", SATURDAY),
        ("week", "2026-11-16", SATURDAY),
        ("month", "2026-11-01", SATURDAY),
    ],
)
def test_a_period_with_a_name_moves_with_the_day(period: str, first: str, last: str) -> None:
    asked = read(f"period={period}")
    assert (asked.first, asked.last) == (first, last)
    assert read(asked.query(), "2026-11-22").last > last


@pytest.mark.parametrize(
    ("query", "before", "after"),
    [
        ("", "period=yesterday", None),
        ("period=yesterday", "from=2026-11-19&to=2026-11-19", ""),
        ("period=week", "from=2026-11-09&to=2026-11-15", None),
        ("from=2026-11-09&to=2026-11-15", "from=2026-11-02&to=2026-11-08", "period=week"),
        ("period=month", "from=2026-10-01&to=2026-10-31", None),
        ("from=2026-10-01&to=2026-10-31", "from=2026-09-01&to=2026-09-30", "period=month"),
        ("from=2026-02-01&to=2026-02-28", "from=2026-01-01&to=2026-01-31", "from=2026-03-01&to=2026-03-31"),
        ("period=7d", "from=2026-11-08&to=2026-11-14", None),
        ("from=2026-11-03&to=2026-11-05", "from=2026-10-31&to=2026-11-02", "from=2026-11-06&to=2026-11-08"),
    ],
)
def test_the_arrows_lead_to_the_period_beside_and_never_into_the_future(query: str, before: str, after: str | None) -> None:
    asked = read(query)
    ways = [None if beside is None else beside.query() for beside in (asked.neighbour(-1), asked.neighbour(1))]
    assert ways == [before, after]


@pytest.mark.parametrize(
    ("query", "compared"),
    [
        ("compare=previous", ("2026-11-20", "2026-11-20")),
        ("compare=weekdays", ("2026-11-14", "2026-11-14")),
        ("compare=year", ("2025-11-22", "2025-11-22")),
        ("period=week&compare=previous", ("2026-11-09", "2026-11-14")),
        ("period=month&compare=previous", ("2026-10-01", "2026-10-21")),
        ("from=2026-03-01&to=2026-03-31&compare=previous", ("2026-02-01", "2026-02-28")),
        ("from=2026-11-02&to=2026-11-11&compare=weekdays", ("2026-10-19", "2026-10-28")),
        ("", None),
    ],
)
def test_it_is_compared_with_the_days_that_fit_it(query: str, compared: tuple[str, str] | None) -> None:
    assert read(query).compared() == compared


@given(days, st.integers(0, 60), st.sampled_from(["weekdays", "year"]))
def test_weekdays_stand_beside_the_same_weekdays(first: date, more: int, compare: str) -> None:
    last = min(date.fromordinal(first.toordinal() + more), date(2026, 11, 21))
    asked = read(f"from={first}&to={last}&compare={compare}")
    compared = asked.compared()
    assert compared is not None
    assert [date.fromisoformat(each).weekday() for each in compared] == [first.weekday(), last.weekday()]
    assert compared[1] < asked.first or compare == "year"


@pytest.mark.parametrize(
    ("query", "parameter", "said"),
    [
        ("period=fortnight", "period", "today, yesterday, 7d"),
        ("from=2026-13-01&to=2026-11-01", "from", "written like 2026-05-18"),
        ("from=20261101&to=2026-11-02", "from", "written like 2026-05-18"),
        ("from=2026-11-02&to=2026-11-01", "to", "not before"),
        ("from=2026-12-01&to=2026-12-02", "from", "2026-11-21"),
        ("from=2010-01-01&to=2026-11-02", "from", "ten years"),
        ("period=30d&interval=15m", "interval", "1h, day, week"),
        ("interval=5m", "interval", "15m, 30m, 1h"),
        ("compare=lunch", "compare", "previous, weekdays, year"),
        ("hours=08:10-17:00", "hours", "08:15"),
        ("hours=0800", "hours", "08:00-17:30"),
        ("opens=18:00&closes=08:00", "closes", "later on the same day"),
        ("weekdays=128", "weekdays", "12345"),
        ("metric=nonsense", "metric", "definitions"),
        ("queue=" + "x" * 201, "queue", "id"),
    ],
)
def test_what_cannot_be_read_is_named_with_what_is_allowed(query: str, parameter: str, said: str) -> None:
    with pytest.raises(Unfit) as refused:
        read(query)
    assert refused.value.parameter == parameter
    assert said in str(refused.value)


def test_hours_are_read_as_a_form_sends_them_and_written_as_receipts_read_them() -> None:
    asked = read("opens=08:00&closes=17:30&weekdays=1&weekdays=2&weekdays=5")
    assert asked.hours == Hours(opens=480, closes=1050, weekdays=frozenset({1, 2, 5}))
    assert asked.query() == "hours=08%3A00-17%3A30&weekdays=125"


def test_an_interval_that_no_longer_fits_becomes_the_usual_one() -> None:
    asked = read("period=week&interval=15m")
    assert asked.query(period="30d") == "period=30d"
    assert asked.query(period="yesterday") == "period=yesterday&interval=15m"
    assert read("period=month&interval=1h").interval == "1h", "a month stays a month on its last day"


def test_a_last_day_that_is_still_to_come_is_cut_to_today() -> None:
    assert read("from=2026-11-01&to=2026-11-30").last == SATURDAY


def test_nobody_asks_for_more_queues_than_they_see() -> None:
    viewer = Viewer(kind="person", organisation="default", role="viewer", queues=frozenset({"11"}))
    spans = [read(query).span("default", "Europe/Stockholm", viewer).queues for query in ("", "queue=11&queue=12", "queue=12")]
    assert spans == [frozenset({"11"}), frozenset({"11"}), frozenset()]
