"""Which time a receipt is asked for: days, quarters, opening hours, in any zone, and what is said of what cannot be read."""

import pytest
from django.http import QueryDict

from stats.domain.periods import QUARTER_MS
from stats.domain.report import Hours, Span
from wallboard.api.spans import WrongSpan, read_time
from wallboard.pages.addresses import receipt_address


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("from=2026-05-32", "from"),
        ("from=2026-05-18&to=2026-05-17", "to"),
        ("from=2026-05-18T10:07", "from"),
        ("from=2026-05-18T10:00", "to"),
        ("from=2026-05-18T10:00&to=2026-09-18T10:15", "to"),
        ("from=1726-05-18&to=2026-09-18", "from"),
        ("from=2026-05-18&hours=08:07-17:00", "hours"),
        ("from=2026-05-18&hours=17:00-08:00", "hours"),
        ("from=2026-05-18&weekdays=8", "weekdays"),
        ("to=nonsense", "from"),
    ],
)
def test_a_time_that_cannot_be_read_is_named(query: str, parameter: str) -> None:
    with pytest.raises(WrongSpan) as refused:
        read_time(QueryDict(query), "Europe/Stockholm")
    assert refused.value.parameter == parameter


@pytest.mark.parametrize(
    ("timezone", "days", "hours"),
    [
        ("Europe/Stockholm", ("2026-03-28", "2026-03-30"), Hours(opens=60, closes=240)),
        ("Europe/Helsinki", ("2026-10-23", "2026-10-26"), Hours(opens=120, closes=270, weekdays=frozenset({5, 7, 1}))),
        ("Asia/Kathmandu", ("2026-02-27", "2026-03-02"), Hours(opens=495, closes=1440)),
        ("Australia/Lord_Howe", ("2026-04-03", "2026-04-06"), Hours(opens=0, closes=135)),
        ("Australia/Lord_Howe", ("2026-10-02", "2026-10-05"), Hours(opens=75, closes=180)),
    ],
)
def test_the_hours_of_a_receipt_are_those_of_the_report(timezone: str, days: tuple[str, str], hours: Hours) -> None:
    """Quarter by quarter, over days on which clocks change."""
    address = receipt_address("site", "offered", first=days[0], last=days[1], hours=hours)
    asked = read_time(QueryDict(address.partition("?")[2]), timezone)
    span = Span(organisation="default", timezone=timezone, first=days[0], last=days[1], hours=hours)
    assert (asked.first, asked.end) == span.bounds
    inside = [at for at in range(*span.bounds, QUARTER_MS) if hours.hold(at, timezone)]
    assert [at for begin, end in asked.pieces for at in range(begin, end, QUARTER_MS)] == inside
    assert all(one[1] < other[0] for one, other in zip(asked.pieces, asked.pieces[1:], strict=False))
