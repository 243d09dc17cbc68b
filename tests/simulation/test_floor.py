"""The floor: the same seed gives the same day, and nobody on it does what no person or exchange could."""

from collections import Counter, defaultdict
from functools import cache
from itertools import pairwise

import pytest

from stats.simulation import Floor, FloorPlan
from stats.simulation.exchange import Subject
from stats.simulation.records import Agent, Call, Direction, Slot

NOON = 1_779_098_400_000  # 2026-05-18T10:00:00Z, a Monday
HOUR = 3_600_000


class Witness:
    """Writes down what the floor tells: one line per announcement, and the calls themselves."""

    def __init__(self) -> None:
        self.lines: list[tuple[int, str]] = []
        self.calls: dict[str, Call] = {}
        self.slots: list[Slot] = []

    def hear(self, at: int, subject: Subject) -> None:
        if isinstance(subject, Call):
            self.calls[subject.id] = subject
            self.lines.append((at, f"call {subject.id} {subject.ended_at}"))
        elif isinstance(subject, Agent):
            self.lines.append((at, f"agent {subject.id} {subject.profile.name} {subject.active is not None}"))
        elif isinstance(subject, tuple):
            self.slots.extend(subject)
        else:
            self.lines.append((at, f"{type(subject).__name__} {subject.call.id}"))


@cache
def a_day(seed: int = 3, agents: int = 30, pace: float = 1.0) -> tuple[Witness, Floor]:
    witness = Witness()
    floor = Floor(FloorPlan.of(seed=seed, agents=agents), at_ms=NOON, listener=witness.hear)
    floor.set_pace(pace)
    floor.advance(NOON + round(24 * HOUR / pace))
    return witness, floor


def test_the_same_seed_gives_the_same_day_and_another_seed_another():
    first, second, other = Witness(), Witness(), Witness()
    for witness, seed in ((first, 5), (second, 5), (other, 6)):
        Floor(FloorPlan.of(seed=seed, agents=12), at_ms=NOON, listener=witness.hear).advance(NOON + 2 * HOUR)
    assert first.lines == second.lines
    assert first.lines != other.lines


def test_advancing_in_many_small_steps_gives_the_same_day_as_one_leap():
    leap, steps = Witness(), Witness()
    Floor(FloorPlan.of(seed=5, agents=12), at_ms=NOON, listener=leap.hear).advance(NOON + HOUR)
    floor = Floor(FloorPlan.of(seed=5, agents=12), at_ms=NOON, listener=steps.hear)
    for at in range(NOON, NOON + HOUR + 1, 250):
        floor.advance(at)
    assert leap.lines == steps.lines


@pytest.mark.parametrize("pace", [1.0, 40.0])
def test_time_never_runs_backwards_nor_ahead(pace):
    witness, floor = a_day(pace=pace)
    instants = [at for at, _ in witness.lines]
    assert instants == sorted(instants)
    assert instants[-1] <= floor.now


@pytest.mark.parametrize("pace", [1.0, 40.0])
def test_no_phone_rings_for_two_calls_at_once(pace):
    witness, _ = a_day(pace=pace)
    offers = defaultdict(list)
    for call in witness.calls.values():
        for offer in call.offers:
            offers[offer.agent.id].append(offer)
    assert len(offers) > 10
    for mine in offers.values():
        mine.sort(key=lambda offer: offer.began_at)
        for before, after in pairwise(mine):
            assert before.ended_at is not None
            assert before.ended_at <= after.began_at


@pytest.mark.parametrize("pace", [1.0, 40.0])
def test_the_same_phone_or_queue_is_not_tried_twice_within_a_second_by_one_call(pace):
    """Readers of instants rounded to seconds would take the two for one."""
    witness, _ = a_day(pace=pace)
    for call in witness.calls.values():
        for parts in (
            [(offer.agent.id, offer.began_at) for offer in call.offers],
            [(visit.queue.id, visit.entered_at) for visit in call.visits],
        ):
            starts = defaultdict(list)
            for who, at in parts:
                starts[who].append(at)
            for instants in starts.values():
                assert all(later - earlier > 1_000 for earlier, later in pairwise(instants))


def test_an_ended_call_leaves_nothing_open():
    witness, floor = a_day()
    ended = [call for call in witness.calls.values() if call.ended_at is not None]
    assert len(ended) > 5_000
    for call in ended:
        assert all(visit.closed_at is not None and visit.closed_at <= call.ended_at for visit in call.visits)
        assert all(offer.ended_at is not None and offer.ended_at <= call.ended_at for offer in call.offers)
    assert {call.id for call in floor.calls} == {call.id for call in witness.calls.values() if call.ended_at is None}


def test_counts_of_waiting_and_talking_agree_with_the_calls_in_progress():
    _, floor = a_day()
    for queue in floor.queues:
        visits = [visit for call in floor.calls for visit in call.visits if visit.queue is queue and visit.closed_at is None]
        assert queue.talking == sum(visit.answered_at is not None for visit in visits)
        assert len(queue.line) == sum(visit.answered_at is None for visit in visits)
        assert queue.logged_in == sum(queue.id in agent.logged_in for agent in floor.agents)


def test_every_kind_of_call_happens_in_a_day():
    witness, _ = a_day()
    calls = list(witness.calls.values())
    kinds = Counter(
        {
            "outgoing": sum(call.direction is Direction.OUTGOING for call in calls),
            "internal": sum(call.direction is Direction.INTERNAL for call in calls),
            "anonymous": sum(call.number is None for call in calls),
            "overflowed": sum(any(visit.fail_reason == "TIMEOUT" for visit in call.visits) for call in calls),
            "lost in the menu": sum(bool(call.menus) and not call.visits for call in calls),
            "voicemail": sum(call.voicemail for call in calls),
            "callback": sum(call.callback for call in calls),
            "straight to an agent": sum(not call.visits and not call.menus and bool(call.offers) for call in calls),
            "transferred blind": sum(any(step.kind == "blind" for step in call.transfers) for call in calls),
            "transferred attended": sum(any(step.kind == "attended" for step in call.transfers) for call in calls),
            "held": sum(any(offer.hold_ms for offer in call.offers) for call in calls),
            "rung out": sum(any(offer.end_reason == "NO_ANSWER" for offer in call.offers) for call in calls),
            "answered by a colleague first": sum(any(o.end_reason == "ANSWERED_ELSEWHERE" for o in call.offers) for call in calls),
            "gave up": sum(call.end_reason == "CALLER_HANGUP" and not call.answered for call in calls),
            "twice in one queue": sum(len({visit.queue.id for visit in call.visits}) < len(call.visits) for call in calls),
        }
    )
    assert [kind for kind, number in kinds.items() if number < 3] == []


def test_the_day_has_a_curve_and_every_profile_is_taken():
    witness, _ = a_day()
    by_hour = Counter((call.started_at - NOON) // HOUR for call in witness.calls.values())
    night = by_hour[14]  # 00 UTC, two in the morning in Stockholm
    assert by_hour[0] > 1.15 * night
    assert night > 100
    taken = {line.split(" ", 2)[2].rsplit(" ", 1)[0] for _, line in witness.lines if line.startswith("agent")}
    assert taken == {"Tillgänglig", "Lunch", "Rast", "Möte", "Efterarbete", "Slutat för dagen"}


def test_at_any_hour_something_changes_every_two_seconds_on_the_default_floor():
    witness = Witness()
    Floor(FloorPlan.of(seed=9), at_ms=NOON, listener=witness.hear).advance(NOON + 24 * HOUR)
    by_hour = Counter((at - NOON) // HOUR for at, _ in witness.lines)
    assert min(by_hour[hour] for hour in range(1, 24)) > 3600 / 2


def test_the_slots_of_an_hour_account_for_every_millisecond():
    witness, _ = a_day()
    assert len(witness.slots) == 24 * 30
    for slot in witness.slots:
        assert sum(use.used_ms for use in slot.profiles) == slot.end - slot.start
        assert sum(use.busy_ms for use in slot.profiles) == slot.busy_ms
        assert set(slot.answered) <= set(slot.calls)
        per_queue = Counter()
        for use in (*slot.logged_in, *slot.logged_out):
            per_queue[use.queue.id] += use.used_ms
        assert set(per_queue.values()) == {slot.end - slot.start}


def test_a_floor_of_one_agent_and_one_queue_still_takes_calls():
    witness = Witness()
    Floor(FloorPlan.of(seed=1, agents=1, queues=1), at_ms=NOON, listener=witness.hear).advance(NOON + 24 * HOUR)
    assert any(call.answered for call in witness.calls.values())
    assert any(call.voicemail for call in witness.calls.values())
