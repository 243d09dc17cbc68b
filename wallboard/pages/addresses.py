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
    """Opening hours as they travel, for `wallboard.reports.asked` reads them: `hours=08:00-17:30`, `weekdays=12345`; what is as always is
    left out.
    """
    if hours is None:
        return []
    clock: list[tuple[str, str]] = []
    if (hours.opens, hours.closes) != (0, 1440):
        clock = [("hours", "-".join(f"{minute // 60:02d}:{minute % 60:02d}" for minute in (hours.opens, hours.closes)))]
    days = "".join(str(day) for day in sorted(hours.weekdays))
    return clock + ([("weekdays", days)] if days != "1234567" else [])
