"""One talk of an agent that was told twice, by events and by a row of the past whose instants differ, counts once."""

from itertools import permutations

import pytest

from stats.domain.merge import FRAME, Told, merge_call
from stats.domain.metrics import CountingRules, contribution
from stats.domain.outcomes import settle
from stats.domain.records import Call, Direction, Journey, Offer, Party, Visit

ANNA, BO, SALES = Party(ref="v:101", name="Anna"), Party(ref="v:102", name="Bo"), Party(ref="v:800", name="Sales")
S = 1_000


def call(*offers: Offer) -> Call:
    """A caller's, through one queue, over after a minute."""
    journey = Journey(active=False, direction=Direction.IN, started_at=1_000_000, ended_at=1_060_300)
    visit = Visit(queue=SALES, entered_at=1_000_400, active=False, ended_at=1_009_200)
    return Call(source="v", id_call="c", journey=journey, visits=(visit,), offers=offers)


def ring(began: float, answered: float | None, ended: float | None, agent: Party = ANNA, queue: Party | None = None) -> Offer:
    """Seconds after the call began."""
    told = [None if at is None else 1_000_000 + round(at * S) for at in (began, answered, ended)]
    return Offer(
        agent=agent,
        queue=queue,
        began_at=told[0],
        answered_at=told[1],
        ended_at=told[2],
        active=ended is None,
        answered=answered is not None or None,
        direction=Direction.IN,
    )


def counted(*offers: Offer) -> list[tuple[float, float, float | None, int | None, int | None]]:
    """(began, answered, ended) in seconds, ring and talk, of each ring; told in every order it is the same."""
    found = []
    for order in permutations(offers):
        held: Call | None = None
        for each in order:
            held = merge_call(held, call(each), FRAME if each.began_at != each.answered_at else Told("historic", 0))
        assert held is not None
        rings = settle(held).call.offers
        found.append([((o.began_at or 0) - 1e6, (o.answered_at or 0) - 1e6, (o.ended_at or 0) - 1e6, o.ring_ms, o.talk_ms) for o in rings])
    assert all(each == found[0] for each in found)
    return [(began / S, answered / S, ended / S, ring_ms, talk) for began, answered, ended, ring_ms, talk in found[0]]


@pytest.mark.parametrize("stamp", [9, 10, 11, 14, 25])
def test_an_answer_that_events_date_late_is_the_answer_of_the_row(stamp: float) -> None:
    """The end is the same: one talk, from the row's answer on, that rang since the events say so."""
    assert counted(ring(1.2, stamp, 60.3), ring(9.2, 9.2, 61)) == [(1.2, 9.2, 60.3, 8_000, 51_100)]


def test_a_talk_first_seen_connected_is_the_one_whose_log_comes_later() -> None:
    """By its length of connection, whole seconds, its answer lies a second later; nobody had told its end."""
    assert counted(ring(11, 11, None, queue=SALES), ring(9, 12, 59.5)) == [(9, 11, 59.5, 2_000, 48_500)]
    settled = settle(merge_call(call(ring(11, 11, None, queue=SALES)), call(ring(9, 12, 59.5))))
    cells = {scope: amounts for scope, _, amounts in contribution(settled, CountingRules()).cells if scope == "a:s:v:101"}
    assert cells["a:s:v:101"]["answered"] == cells["a:s:v:101"]["offers"] == 1
    assert settled.visits[0].answered_at == 1_011_000


def test_two_talks_of_one_agent_one_after_the_other_are_two() -> None:
    """Handed on and handed back; so are two agents' talks at once."""
    assert len(counted(ring(1, 9, 30), ring(31, 39, 60))) == 2
    assert len(counted(ring(1, 9, 30), ring(30, 30, 60))) == 2
    assert len(counted(ring(1, 9, None), ring(31, 39, None))) == 2
    assert len(counted(ring(1, 9, 60), ring(5, 9, 60, BO))) == 2


def test_a_ring_that_nobody_answered_stays_beside_the_talk() -> None:
    """The telephone rang, fell silent, and rang again."""
    assert len(counted(ring(1, None, 5), ring(7, 9, 60))) == 2
