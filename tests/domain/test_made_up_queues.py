"""Queues that a vendor does not have: a visit ends with the last ring or talk of its call, and begins again with another."""

import itertools

from stats.domain.merge import merge_call
from stats.domain.outcomes import VisitOutcome, settle
from stats.domain.records import Call, Direction, Journey, Offer, Visit
from stats.providers.base import party_of

QUEUE, ANNA, BO = party_of("voxloud", "q:Sales"), party_of("voxloud", "101"), party_of("voxloud", "102")


def rung(agent: object, at: int, *, answered_at: int | None = None, ended_at: int | None = None) -> Call:
    visit = Visit(queue=QUEUE, entered_at=1_000, active=True, derived=True, direction=Direction.IN, asof=at)
    offer = Offer(
        agent=agent,  # type: ignore[arg-type]
        queue=QUEUE,
        began_at=at,
        answered=answered_at is not None,
        answered_at=answered_at,
        ended_at=ended_at,
        active=ended_at is None,
        asof=at,
    )
    return Call(source="voxloud", id_call="1", visits=(visit,), offers=(offer,))


def outcome(*told: Call) -> tuple[VisitOutcome, float | None, bool]:
    held = None
    for each in told:
        held = merge_call(held, each)
    assert held is not None
    (visit,) = settle(held).visits
    return visit.outcome, visit.wait, held.over


def test_it_waits_while_anything_rings_and_is_given_up_when_nothing_does() -> None:
    assert outcome(rung(ANNA, 1_000)) == (VisitOutcome.WAITING, None, False)
    assert outcome(rung(ANNA, 1_000, ended_at=16_000)) == (VisitOutcome.ABANDONED, 15_000, True)


def test_another_ring_begins_the_wait_again() -> None:
    first, second = rung(ANNA, 1_000, ended_at=16_000), rung(BO, 16_400)
    assert outcome(first, second) == (VisitOutcome.WAITING, None, False)
    assert outcome(first, second, rung(BO, 16_400, answered_at=20_000)) == (VisitOutcome.ANSWERED, 19_000, False)


def test_the_order_of_the_telling_changes_nothing() -> None:
    told = [rung(ANNA, 1_000), rung(ANNA, 1_000, ended_at=16_000), rung(BO, 16_400), rung(BO, 16_400, answered_at=20_000, ended_at=60_000)]
    assert {outcome(*each) for each in itertools.permutations(told)} == {(VisitOutcome.ANSWERED, 19_000, True)}


def test_a_visit_that_moved_on_by_itself_is_no_abandon() -> None:
    visit = Visit(queue=party_of("voxology", "Sales"), entered_at=1_000, active=False, ended_at=61_000, moved_on=True, asof=1)
    call = Call(source="voxology", id_call="1", journey=Journey(active=False, ended_at=90_000, direction=Direction.IN), visits=(visit,))
    assert settle(call).visits[0].outcome is VisitOutcome.OVERFLOWED
