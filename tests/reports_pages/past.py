"""Days in the past with calls in the archive, added up, beside the worker of today."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from stats.clock import now_ms
from stats.domain.periods import business_day, zone
from stats.domain.records import Party
from stats.history import archive, rolling
from stats.history.telling import Telling
from stats.models import Organisation
from tests.push.floor import ANNA, ORGANISATION, PER, SALES, SOURCE, SUPPORT, ZONE, ended_call

HOSTILE = Party(id=111900, account_id=998900, name='<img src=x onerror="alert(1)"> en kö med ett mycket långt namn som inte tar slut')


def back(days: int) -> str:
    """So many business days ago."""
    return (date.fromisoformat(business_day(now_ms(), ZONE)) - timedelta(days=days)).isoformat()


def at(day: str, hour: int, minute: int = 0) -> int:
    """An instant of a day, by the local clock."""
    return round(datetime.combine(date.fromisoformat(day), time(hour, minute), zone(ZONE)).timestamp() * 1000)


def fill() -> None:
    """A few calls on each of six days of the last month, answered soon, answered late, given up: archived, and added up."""
    owner, _ = Organisation.objects.update_or_create(slug=ORGANISATION, defaults={"name": "Test", "timezone": ZONE})
    calls = []
    for number, days in enumerate((1, 2, 7, 8, 9, 30)):
        day = back(days)
        calls += [
            ended_call(f"{day}-a", SUPPORT, ANNA, since=at(day, 9, 5), wait_ms=4_000),
            ended_call(f"{day}-b", SUPPORT, PER, since=at(day, 9, 20), wait_ms=30_000 + number * 1000),
            ended_call(f"{day}-c", SUPPORT, ANNA, since=at(day, 11, 40), wait_ms=61_000, answered=False),
            ended_call(f"{day}-d", SALES, PER, since=at(day, 11, 50), wait_ms=12_000),
        ]
    calls.append(ended_call("hostile", HOSTILE, ANNA, since=at(back(1), 15), wait_ms=5_000))
    archive.keep(ORGANISATION, SOURCE, [Telling(call) for call in calls], now_ms())
    assert rolling.work(owner, now_ms(), lambda: True)


def as_of(written: Any) -> int:
    """Epoch ms of an ISO instant."""
    return round(datetime.fromisoformat(str(written)).astimezone(UTC).timestamp() * 1000)
