"""The same call to the same agent, or in the same queue, a second time: two, in whatever order they are told."""

import itertools
import random

import pytest

from stats.domain.merge import FRAME, merge_call
from stats.domain.outcomes import OfferOutcome, VisitOutcome, settle
from stats.domain.records import Call, Direction, Journey, Offer, Party, Visit

T = 1_779_100_000_250
AGENT, QUEUE = Party(id=7501, name="Anna Berg"), Party(id=4501, name="Kö ett")


def offered(began: int, *, answered: int | None = None, ended: int | None = None) -> Call:
    """An agent document."""
    told = Offer(
        agent=AGENT, queue=QUEUE, began_at=began, active=ended is None, answered=answered is not None, answered_at=answered, ended_at=ended
    )
    return Call(source="s", id_call="c1", offers=(told,))


def queued(entered: int, *, answered: int | None = None, left: int | None = None) -> Call:
    """A queue document."""
    told = Visit(
        queue=QUEUE, entered_at=entered, active=left is None, answered=answered is not None, answered_at=answered, ended_at=left,
        direction=Direction.IN, first_agent=AGENT if answered is not None else None,
    )  # fmt: skip
    return Call(source="s", id_call="c1", visits=(told,))


DOCUMENTS = (
    offered(T + 2_000),
    offered(T + 2_000, ended=T + 17_000),
    offered(T + 30_000),
    offered(T + 30_000, answered=T + 35_000, ended=T + 90_000),
    queued(T + 1_000),
    queued(T + 1_000, left=T + 20_000),
    queued(T + 25_000, answered=T + 35_000, left=T + 35_000),
)
END = Call(
    source="s", id_call="c1", journey=Journey(active=False, answered=True, direction=Direction.IN, started_at=T, ended_at=T + 90_000)
)


@pytest.mark.fault("A12")
def test_a_second_offer_and_a_second_visit_are_counted_in_every_order() -> None:
    """Six hundred orders, some documents twice: a missed and an answered offer, a lost and an answered visit, and nothing goes on."""
    rng, seen = random.Random(12), set[tuple[tuple[OfferOutcome, ...], tuple[VisitOutcome, ...], bool]]()
    orders = list(itertools.permutations((*DOCUMENTS, END)))
    for order in rng.sample(orders, 600):
        known: Call | None = None
        for told in (*order, *rng.sample(order, 3)):
            known = merge_call(known, told, FRAME)
        assert known is not None
        settled = settle(known)
        seen.add((settled.offers, tuple(v.outcome for v in settled.visits), known.over))
    assert len(seen) == 1, seen
    ((offers, visits, over),) = seen
    assert offers == (OfferOutcome.MISSED, OfferOutcome.ANSWERED)
    assert len(visits) == 2
    assert visits[1] is VisitOutcome.ANSWERED
    assert visits[0] is not VisitOutcome.ANSWERED
    assert over
