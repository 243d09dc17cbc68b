"""Days of a report's periods: which they are as of today, and which come before and after.

Rules that hold here: days are calendar days, both ends inclusive, written like "2026-05-18"; nothing here knows an instant or a zone.
"""

from datetime import date, timedelta


def days_of(period: str, today: str) -> tuple[str, str]:
    """First and last day of a period with a name, as of a day; weeks and months as far as they have come."""
    day = date.fromisoformat(today)
    back = {"yesterday": 1, "7d": 6, "30d": 29, "week": day.isoweekday() - 1, "month": day.day - 1}.get(period, 0)
    first = day - timedelta(days=back)
    return first.isoformat(), first.isoformat() if period == "yesterday" else today


def days_between(first: str, last: str) -> int:
    """How many days, both ends inclusive."""
    return (date.fromisoformat(last) - date.fromisoformat(first)).days + 1


def every_day(first: str, last: str) -> list[str]:
    """The days from one to another, both included."""
    begin = date.fromisoformat(first)
    return [(begin + timedelta(days=n)).isoformat() for n in range(days_between(first, last))]


def moved(first: date, last: date, back: int) -> tuple[str, str]:
    """Two days so many days back."""
    return (first - timedelta(days=back)).isoformat(), (last - timedelta(days=back)).isoformat()


def month_end(day: date) -> date:
    """The last day of the month of a day."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def is_month(first: date, last: date) -> bool:
    """Whether two days are the first and the last of one month."""
    return first.day == 1 and last == month_end(first)


def days_before(first: date, last: date, *, month: bool, week: bool, whole: bool = False) -> tuple[str, str]:
    """The days before: of a month that goes on the same days of the one before (all of them if `whole`), of a week likewise."""
    if month or is_month(first, last):
        end = first.replace(day=1) - timedelta(days=1)
        begin = end.replace(day=1)
        is_all = whole or is_month(first, last)
        return begin.isoformat(), (end if is_all else min(end, begin + (last - first))).isoformat()
    if week:
        return moved(first, first + timedelta(days=6) if whole else last, 7)
    return moved(first, last, (last - first).days + 1)
