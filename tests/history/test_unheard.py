"""When nobody listened, as the archive keeps it."""

import pytest

from stats.domain.presence_changes import PresenceSeen
from stats.domain.unheard import Unheard
from stats.history.changes import upsert_changes
from stats.history.unheard import unheard_stretches, upsert_unheard

NOW, HOUR = 1_779_105_600_000, 3_600_000
pytestmark = pytest.mark.django_db(transaction=True)


def told(source: str = "vl") -> list[tuple[int, int, int, int | None]]:
    return [(each.number, each.start, each.end, each.last) for each in unheard_stretches("north", source)]


def seen(at: int) -> PresenceSeen:
    document = {"profile": "", "profile_name": "", "available": None, "wrapup": False, "queues": 0}
    return PresenceSeen(source="vl", agent="s:vl:101", at=at, told_at=at, state="talking", **document)  # type: ignore[arg-type]


def test_a_stretch_only_grows() -> None:
    first = Unheard(source="vl", number=1, start=NOW, end=NOW + HOUR, last=NOW + 5)
    for each in (first, Unheard(source="vl", number=1, start=NOW - HOUR, end=NOW, last=None), first):
        upsert_unheard("north", [each])
    assert told() == [(1, NOW - HOUR, NOW + HOUR, NOW + 5)]
    assert told("vy") == []


def test_one_that_began_before_anybody_knows_begins_where_somebody_last_listened() -> None:
    """A source that is new never was listened to; one whose live store was lost was, until its agents were last told of."""
    upsert_unheard("north", [Unheard(source="vl", number=NOW, start=0, end=NOW, last=NOW - 5)])
    upsert_changes("north", [seen(NOW + HOUR), seen(NOW + 9 * HOUR)])
    upsert_unheard("north", [Unheard(source="vl", number=NOW + 5 * HOUR, start=0, end=NOW + 5 * HOUR, last=None)])
    assert told() == [(NOW, 0, NOW, NOW - 5), (NOW + 5 * HOUR, NOW + HOUR, NOW + 5 * HOUR, None)]
    upsert_unheard("north", [Unheard(source="vl", number=NOW + 5 * HOUR, start=0, end=NOW + 5 * HOUR, last=NOW + 4 * HOUR)])
    assert told()[1] == (NOW + 5 * HOUR, NOW + HOUR, NOW + 5 * HOUR, NOW + 4 * HOUR)
