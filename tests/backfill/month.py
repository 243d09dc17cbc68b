"""A made-up month of a contact centre as the vendor's history tells it, and what an archive holds, to be compared."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.db import connection, models

from stats.domain.periods import day_bounds
from stats.models import ArchivedCall, ArchivedOffer, ArchivedVisit, DirtyQuarter, PresenceSlotRow
from tests.oracle.days import Day, day
from tests.oracle.script import Raw
from tests.upstream import ScriptableUpstream

ORGANISATION, SOURCE, TOKEN = "default", "telavox", "good-token"
ZONE = "Europe/Stockholm"
HOUR_MS = 3_600_000
# The clocks go back on the 25th of October 2026.
FIRST, LAST = "2026-10-10", "2026-11-08"
# Two days later, so that everything is long over.
NOW_MS = round(datetime(2026, 11, 10, 12, tzinfo=UTC).timestamp() * 1000)
SHIFTS = (7, 22)


@dataclass(frozen=True, slots=True)
class Month:
    """What was made up, and its rows by root query."""

    day: Day
    rows: dict[str, list[Raw]]

    @property
    def calls(self) -> int:
        """How many calls anything is told of."""
        return len({row["idCall"] for root in ("calls", "queues", "agents") for row in self.rows[root]})


@cache
def month(seed: int = 1, *, first: str = FIRST, last: str = LAST, calls: int = 600, zone: str = ZONE) -> Month:
    """Calls of all kinds, many of them about midnight; one in ten lasts into the hours after it."""
    rng = random.Random(seed)
    begin, end = day_bounds(first, zone)[0], day_bounds(last, zone)[1]
    nights = list(range(begin, end, 24 * HOUR_MS))
    starts = [rng.randrange(begin, end) for _ in range(calls * 2 // 3)]
    starts += [min(end - 1, max(begin, rng.choice(nights) - rng.randrange(600_000))) for _ in range(calls - len(starts))]
    made = day(seed, now_ms=end + 6 * HOUR_MS, timezone=zone, starts=starts, n_agents=8)
    rows = dict(made.rows())
    rows["profile_history"] = list(_slots(made, begin, end))
    return Month(made, rows)


def _slots(made: Day, begin: int, end: int) -> Iterable[Raw]:
    for start in range(begin, end, HOUR_MS):
        if datetime.fromtimestamp(start / 1000, UTC).hour not in SHIFTS:
            continue
        for place, agent in enumerate(made.agents):
            if agent.id is None:
                continue
            seconds = (start // HOUR_MS + place) % 3 == 0
            scale = 1 if seconds else 1000
            yield {
                "agent": {"id": agent.id, "name": agent.name},
                "slot": {"startDate": float(start), "endDate": float(start + HOUR_MS), "timeRange": 3600 * scale, "busy": 60 * scale},
                "profileAvailable": {"id": 7, "name": "Available", "available": True, "usage": 1800 * scale, "timesInProfile": 2},
                "callSummary": {"totalCalls": 3, "totalAnswered": 2, "duration": {"talk": 300 * scale}},
            }


def told_by(upstream: ScriptableUpstream, rows: dict[str, list[Raw]]) -> None:
    """The upstream's history tells these rows."""
    for root, told in rows.items():
        upstream.history.set(root, told)


_UNLIKE = frozenset({"kept_ms", "lineage", "id"})


def _rows(model: type[models.Model], *leave_out: str) -> list[tuple[Any, ...]]:
    names = [f.attname for f in model._meta.concrete_fields if f.attname not in _UNLIKE | set(leave_out)]
    return sorted(model._default_manager.values_list(*names), key=repr)


def archive_rows() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the archive, but for when it was written."""
    return {
        "calls": _rows(ArchivedCall),
        "visits": _rows(ArchivedVisit),
        "offers": _rows(ArchivedOffer),
        "slots": _rows(PresenceSlotRow),
        "quarters": _rows(DirtyQuarter, "marks"),
    }


def emptied() -> None:
    """The archive is as before the first run."""
    with connection.cursor() as cursor:
        for table in ("archivedcall", "archivedvisit", "archivedoffer", "presenceslotrow", "dirtyquarter", "backfillday"):
            cursor.execute(f"DELETE FROM stats_{table}")
