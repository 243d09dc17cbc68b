"""Where the calls behind a number are listed."""

from collections.abc import Iterable
from urllib.parse import quote, urlencode

from stats.domain.report import Hours


def receipt_address(
    scope: str,
    metric: str,
    window: str = "today",
    *,
    first: str = "",
    last: str = "",
    hours: Hours | None = None,
    queues: Iterable[str] = (),
) -> str:
    """The receipt of a metric of a scope ("site", "queue:<key>", "agent:<key>") in a window, or in a span of time.

    `first` and `last`: days ("2026-05-01"), both in it; or instants with their offset ("2026-05-01T10:15+02:00") on quarter hours, the last
    one not in it. `hours`: of each day these alone; `queues`: of the site's queue numbers those of these queues alone.
    """
    if not first:
        return f"/numbers/{quote(scope, safe=':')}/{quote(metric, safe='')}/?{urlencode({'window': window})}"
    asked: list[tuple[str, str]] = [("from", first), ("to", last or first)]
    asked += hours_query(hours) + [("queue", key) for key in queues]
    return f"/numbers/{quote(scope, safe=':')}/{quote(metric, safe='')}/?{urlencode(asked)}"


def hours_query(hours: Hours | None) -> list[tuple[str, str]]:
    """Opening hours as they travel (`wallboard.reports.asked` reads the same): `opens=08:00`, `closes=17:30`, `days=12345`."""
    if hours is None:
        return []
    opens, closes = (f"{minute // 60:02d}:{minute % 60:02d}" for minute in (hours.opens, hours.closes))
    return [("opens", opens), ("closes", closes), ("days", "".join(str(day) for day in sorted(hours.weekdays)))]
