"""States of agents whose vendor tells no presence: made of their rings and talks, of any number of calls, in any order."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from stats.domain.directory import Directory
from stats.domain.merge import merge_call
from stats.domain.outcomes import settle
from stats.domain.records import AgentPresence, Call, Direction, Offer
from stats.ingest.deriving import Deriving
from stats.providers.base import party_of

ANNA, BO = party_of("voxloud", "101", "Anna"), party_of("voxloud", "102", "Bo")
KEY = "s:voxloud:101"


def ring(id_call: str, at: int, *, answered_at: int | None = None, ended_at: int | None = None, agent: object = ANNA) -> Call:
    offer = Offer(
        agent=agent,  # type: ignore[arg-type]
        began_at=at,
        answered_at=answered_at,
        answered=answered_at is not None,
        ended_at=ended_at,
        active=ended_at is None,
        direction=Direction.IN,
        asof=at,
    )
    return Call(source="voxloud", id_call=id_call, offers=(offer,))


class Watch:
    """Calls as the road would hold them, and what is told of Anna."""

    def __init__(self) -> None:
        self.agents, self.calls = Directory(), dict[str, Call]()
        self.deriving = Deriving("voxloud", self.agents)

    def tell(self, told: Call) -> list[AgentPresence]:
        for offer in told.offers:
            self.agents.learn(offer.agent)
        self.calls[told.id_call] = merge_call(self.calls.get(told.id_call), told)
        self.deriving.follow(settle(self.calls[told.id_call]))
        return self.deriving.take(1)


def test_a_ring_a_talk_and_their_end_are_told_once_each() -> None:
    watch = Watch()
    told = [
        *watch.tell(ring("1", 1_000)),
        *watch.tell(ring("1", 1_000)),
        *watch.tell(ring("1", 1_000, answered_at=6_000)),
        *watch.tell(ring("1", 1_000, answered_at=6_000, ended_at=90_000)),
    ]
    assert [(p.active_call is not None, p.active_call is not None and p.active_call.answered) for p in told] == [
        (True, False),
        (True, True),
        (False, False),
    ]
    assert all(p.derived and p.status is None for p in told), "availability is unknown"


def test_a_talk_goes_before_a_later_ring_and_the_ring_shows_when_the_talk_is_over() -> None:
    watch = Watch()
    watch.tell(ring("1", 1_000, answered_at=2_000))
    assert watch.tell(ring("2", 5_000)) == [], "she is still in her talk"
    (after,) = watch.tell(ring("1", 1_000, answered_at=2_000, ended_at=9_000))
    assert after.active_call is not None
    assert (after.active_call.id_call, after.active_call.answered) == ("2", False)


def test_who_is_only_known_of_is_told_without_a_call() -> None:
    watch = Watch()
    watch.agents.learn(BO)
    watch.deriving.know(BO)
    (told,) = watch.deriving.take(1)
    assert (told.agent, told.active_call, told.derived) == (BO, None, True)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_in_any_order_and_however_often_the_last_word_is_what_goes_on(seed: int) -> None:
    chance = random.Random(seed)
    events: list[Call] = []
    going_on: set[str] = set()
    for number in range(chance.randrange(1, 6)):
        id_call, at = str(number), 1_000 + number * 10_000
        steps = [ring(id_call, at)]
        if chance.random() < 0.7:
            steps.append(ring(id_call, at, answered_at=at + 2_000))
        if chance.random() < 0.6:
            steps.append(ring(id_call, at, answered_at=steps[-1].offers[0].answered_at, ended_at=at + 5_000))
        else:
            going_on.add(id_call)
        events += steps + chance.choices(steps, k=2)
    chance.shuffle(events)
    watch, newest = Watch(), None
    for event in events:
        for presence in watch.tell(event):
            newest = presence.active_call
    assert (newest is not None) == bool(going_on)
    if newest is not None:
        assert newest.id_call in going_on
