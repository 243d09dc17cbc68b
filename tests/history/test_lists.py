"""Lists of the archive, a page at a time, and an agent's day in a few questions, on whatever engine there is."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from stats.domain.metrics import CountingRules
from stats.domain.receipts import LATE, MET
from stats.history.agent_days import Kept, day_of_agent
from stats.history.receipts import Question, visit_rows, visit_totals, visits_of_calls
from stats.history.tables import ArchivedOffer, ArchivedVisit, PresenceChange
from stats.models import PresenceSlotRow

pytestmark = pytest.mark.django_db
DAY, NEXT = 1_795_219_200_000, 1_795_305_600_000
HOUR = 3_600_000


def visit(number: int, at: int, wait: int, queue: str = "1", outcome: str = "answered") -> ArchivedVisit:
    """One visit of a call of its own."""
    return ArchivedVisit(
        organisation="o",
        source="s",
        id_call=f"c{number}",
        at_ms=at,
        number=0,
        queue=queue,
        outcome=outcome,
        wait_ms=wait,
        dated=True,
        wait_bucket=7 if wait < 20_000 else 9,
    )


def question(**more: object) -> Question:
    """About queue 1 on the day."""
    return Question(organisation="o", first=DAY, end=NEXT, rules=CountingRules(), keys={"1": "1", "a:1": "1"}, limits={}, **more)  # type: ignore[arg-type]


def test_a_page_holds_its_last_instant_whole_however_many_share_it() -> None:
    ArchivedVisit.objects.bulk_create(
        [visit(n, DAY + 100, 1_000) for n in range(60)] + [visit(100 + n, DAY + 200 + n, 1_000) for n in range(5)]
    )
    rows = visit_rows(question(), {MET}, None, 10)
    assert [row.at for row in rows[:5]] == [DAY + 204 - n for n in range(5)]
    assert len(rows) == 65
    assert visit_rows(question(), {MET}, DAY + 202, 3)[0].at == DAY + 202
    assert visit_rows(question(), {LATE}, None, 10) == []


def test_the_longest_waits_come_first_and_equal_ones_together() -> None:
    ArchivedVisit.objects.bulk_create([visit(n, DAY + n, 30_000) for n in range(40)] + [visit(100, DAY, 90_000), visit(101, DAY, 1_000)])
    rows = visit_rows(question(), {MET, LATE}, None, 2, longest=True)
    assert rows[0].wait == 90_000
    assert {row.wait for row in rows[1:]} == {30_000}
    assert len(rows) == 41


def test_what_is_added_up_and_how_long_they_waited_is_one_question() -> None:
    ArchivedVisit.objects.bulk_create(
        [visit(n, DAY + n, 1_000) for n in range(3)]
        + [visit(10, DAY, 30_000, queue="a:1"), visit(11, DAY, 2_000, outcome="abandoned"), visit(12, DAY, 2_000, queue="2")]
    )
    with CaptureQueriesContext(connection) as asked:
        groups = visit_totals(question(), frozenset({"wait", "buckets"}), by_key=False)
    assert len(asked) == 1
    assert {klass: (each.n, each.wait_sum, each.wait_max, each.buckets) for (_key, klass), each in groups.items()} == {
        "met": (3, 3_000, 1_000, {7: 3}),
        "late": (1, 30_000, 30_000, {9: 1}),
        "short_met": (1, 2_000, 2_000, {}),
    }


def test_the_visits_of_named_calls_are_those_to_the_queues_asked_for() -> None:
    ArchivedVisit.objects.bulk_create([visit(1, DAY, 1_000), visit(2, DAY, 1_000, queue="2"), visit(3, DAY, 1_000, queue="a:1")])
    named = {"s": ["c1", "c2", "c3", "gone"]}
    assert {row.id_call for row in visits_of_calls(question(), named)} == {"c1", "c3"}
    assert {row.id_call for row in visits_of_calls(question(everything=True), named)} == {"c1", "c2", "c3"}


def test_an_agents_day_is_three_questions_and_knows_what_is_oldest_under_every_key() -> None:
    whose = Kept("o", "s", frozenset({"7", "a:77"}))

    def change(at: int, agent: str, available: bool | None) -> PresenceChange:
        return PresenceChange(
            **{"organisation": "o", "source": "s", "agent": agent, "at_ms": at, "state": "ready", "profile": "1", "profile_name": "P"},
            **{"available": available, "wrapup": False, "queues": 1, "told_ms": at + 5, "queue_keys": '["1"]'},
        )

    def offer(at: int, agent: str, id_call: str) -> ArchivedOffer:
        return ArchivedOffer(
            **{"organisation": "o", "source": "s", "id_call": id_call, "at_ms": at, "number": 0, "agent": agent, "queue": "1"},
            **{"direction": "in", "outcome": "answered", "dated": True, "ring_ms": 4_000},
        )

    assert day_of_agent(whose, DAY, NEXT).recorded_from is None
    PresenceChange.objects.bulk_create(
        [change(DAY + 10, "7", True), *(change(DAY - n * HOUR, "a:77", None) for n in range(1, 9)), change(DAY, "8", False)]
    )
    ArchivedOffer.objects.bulk_create([offer(DAY + 1, "7", "c1"), offer(DAY - 400 * HOUR, "a:77", "c2"), offer(0, "7", "c3")])
    PresenceSlotRow.objects.create(
        **{"organisation": "o", "source": "s", "agent": "a:77", "start_ms": DAY, "profile": "1", "usage_ms": 5, "available": False}
    )
    with CaptureQueriesContext(connection) as asked:
        told = day_of_agent(whose, DAY, NEXT)
    assert len(asked) == 3
    assert sorted(each.told_at for each in told.changes) == [*(DAY - n * HOUR + 5 for n in range(5, 0, -1)), DAY + 15]
    assert {each.available for each in told.changes} == {True, None}
    assert [(each.id_call, each.dated) for each in told.rungs] == [("c1", True)]
    assert [(each.start, each.end, each.available) for each in told.slots] == [(DAY, DAY + HOUR, False)]
    assert told.recorded_from == DAY - 400 * HOUR
