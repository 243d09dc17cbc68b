"""A call laid out on one axis: the vendor's example to the second, and whole random days by what must always hold."""

from collections import defaultdict
from dataclasses import replace

import pytest

from stats.domain.journey_axis import Axis, LaneKind, Part, axis_of
from stats.domain.outcomes import settle
from stats.domain.records import Call, Direction, Journey, Offer, Party, Visit
from tests.oracle.days import day
from tests.oracle.documents import dig
from tests.pages.told import NOON, calls_of_documents, calls_of_frames, doc_example

ANNA, PER = Party(id=1, name="Anna"), Party(id=2, name="Per")
SALES, SUPPORT = Party(id=11, name="Sales"), Party(id=12, name="Support")


def drawn(axis: Axis) -> list[tuple[str, str | None, list[tuple[str, float, float]]]]:
    """Lanes with their segments in seconds from the beginning."""
    return [
        (
            str(lane.kind),
            lane.party.name if lane.party is not None else None,
            [(str(s.part), (s.start - axis.start) / 1000, (s.end - axis.start) / 1000) for s in lane.segments],
        )
        for lane in axis.lanes
    ]


def laid_out(call: Call, now: int) -> Axis:
    """The axis of a call."""
    return axis_of(settle(call), now)


def test_the_vendors_worked_example_is_a_staircase_with_the_right_seconds() -> None:
    (call,) = calls_of_documents(doc_example(), NOON + 200_000).values()
    axis = laid_out(call, NOON + 200_000)
    assert drawn(axis) == [
        ("caller", None, [("call", 0, 170)]),
        ("menu", None, [("menu", 0, 8)]),
        ("queue", "Ett", [("wait", 8, 40)]),
        ("agent", "A1", [("ring", 10, 25)]),
        ("agent", "A2", [("ring", 25, 40)]),
        ("queue", "Två", [("wait", 40, 50)]),
        ("agent", "A3", [("ring", 42, 50), ("talk", 50, 170)]),
    ]
    assert [(s.length_ms, s.reason) for s in axis.steps() if s.part is Part.RING] == [
        (15_000, "NO_ANSWER"),
        (15_000, "NO_ANSWER"),
        (8_000, None),
    ]
    assert not axis.open


@pytest.mark.parametrize("seed", range(6))
def test_on_any_day_no_segment_leaves_its_call_and_no_two_of_a_lane_overlap(seed: int) -> None:
    told = day(seed, n_calls=120, controversial=seed % 2 == 0)
    calls = calls_of_frames(told.frames())
    assert len(calls) > 60
    for call in calls.values():
        settled = settle(call)
        axis = axis_of(settled, told.now_ms)
        assert axis.open == (not settled.ended)
        # The call's own document says how long it was; nothing of it may be drawn outside.
        if call.journey is not None and call.journey.started_at is not None:
            assert axis.start == call.journey.started_at
            if settled.ended:
                assert axis.end == call.journey.ended_at
        for lane in axis.lanes:
            assert lane.segments
            for segment in lane.segments:
                assert axis.start <= segment.start <= segment.end <= axis.end
                assert segment.length_ms is None or segment.length_ms >= 0
                assert not segment.open or (axis.open and segment.end == axis.end)
            for before, after in zip(lane.segments, lane.segments[1:], strict=False):
                assert before.end <= after.start
        assert [lane.kind for lane in axis.lanes].count(LaneKind.QUEUE) == len(call.visits)
        assert {s.offer for s in axis.steps() if s.part in (Part.RING, Part.TALK)} == set(range(len(call.offers))) - set(axis.undated)


@pytest.mark.parametrize("seed", range(6))
def test_on_any_day_the_talks_drawn_add_up_to_the_talks_told(seed: int) -> None:
    told = day(seed, n_calls=120)
    documents: dict[str, int] = defaultdict(int)
    for document in told.documents().agents:
        if document.get("active") == 0:
            documents[document["id_call"]] += dig(document, "duration.talk") or 0
    drawn_at_all = 0
    for id_call, call in calls_of_frames(told.frames()).items():
        axis = laid_out(call, told.now_ms)
        talks = [s for s in axis.steps() if s.part is Part.TALK and not s.open]
        assert sum(s.length_ms or 0 for s in talks) == documents[id_call]
        assert sum(s.end - s.start for s in talks if not s.guessed) <= documents[id_call]
        drawn_at_all += len(talks)
    assert drawn_at_all > 20


def call_of(*offers: Offer, visits: tuple[Visit, ...] = (), **journey: object) -> Call:
    """An incoming call of 100 s from NOON."""
    told = {"active": False, "answered": True, "direction": Direction.IN, "started_at": NOON, "ended_at": NOON + 100_000, **journey}
    return Call(source="s", id_call="c", journey=Journey(**told), visits=visits, offers=offers)  # type: ignore[arg-type]


def talk_of(agent: Party, began: int, answered: int, ended: int, **more: object) -> Offer:
    """An answered ring, in seconds from NOON."""
    told = {"began_at": NOON + began * 1000, "answered_at": NOON + answered * 1000, "ended_at": NOON + ended * 1000, **more}
    return Offer(agent=agent, active=False, answered=True, **told)  # type: ignore[arg-type]


def transfers(call: Call) -> list[tuple[float, str, str | None, int | None, int | None]]:
    """When, how, the kind, to which visit, to which offer."""
    axis = laid_out(call, NOON + 500_000)
    return [((s.start - NOON) / 1000, s.outcome, s.reason, s.visit, s.offer) for s in axis.steps() if s.part is Part.TRANSFER]


def test_a_blind_transfer_to_a_queue_is_marked_where_the_first_talk_ended() -> None:
    second = Visit(queue=SALES, entered_at=NOON + 40_500, active=False, answered=False, ended_at=NOON + 100_000)
    call = call_of(talk_of(ANNA, 0, 5, 40), visits=(second,), transfers=1, transfer_first="blind")
    assert transfers(call) == [(40.0, "done", "blind", 0, None)]


def test_an_attended_transfer_leads_to_the_colleague_who_rang_before_the_talk_ended() -> None:
    call = call_of(
        talk_of(ANNA, 0, 5, 40, to_transfer=1), talk_of(PER, 30, 40, 100, from_transfer=1), transfers=1, transfer_first="attended"
    )
    assert transfers(call) == [(40.0, "done", "attended", None, 1)]


def test_a_colleague_who_does_not_answer_makes_it_a_transfer_that_was_tried() -> None:
    rung = Offer(agent=PER, began_at=NOON + 20_000, ended_at=NOON + 30_000, active=False, answered=False)
    assert transfers(call_of(talk_of(ANNA, 0, 5, 100, to_transfer=1), rung)) == [(20.0, "tried", None, None, 1)]


def test_a_transfer_to_somewhere_nobody_tells_of_is_not_lost() -> None:
    assert transfers(call_of(talk_of(ANNA, 0, 5, 40), transfers=1, transfer_first="blind")) == [(40.0, "unseen", "blind", None, None)]


def test_two_talks_of_a_call_without_transfers_are_no_transfer() -> None:
    assert transfers(call_of(talk_of(ANNA, 0, 5, 40), talk_of(PER, 45, 50, 100))) == []


def test_hold_is_drawn_after_the_talk_as_long_as_it_was_told_and_marked_as_a_guess() -> None:
    axis = laid_out(call_of(talk_of(ANNA, 0, 10, 100, talk_ms=70_000, hold_ms=20_000)), NOON + 500_000)
    parts = [(s.part, s.length_ms, (s.start - NOON) / 1000, (s.end - NOON) / 1000, s.guessed) for s in axis.lanes[1].segments]
    assert parts == [
        (Part.RING, 10_000, 0, 10, False),
        (Part.TALK, 70_000, 10, 80, False),
        (Part.HOLD, 20_000, 80, 100, True),
    ]


def test_an_agent_who_rings_in_two_queues_at_once_has_two_lanes_and_one_who_rings_again_has_one() -> None:
    rung = Offer(agent=ANNA, queue=SALES, began_at=NOON, ended_at=NOON + 20_000, active=False, answered=False)
    also = replace(rung, queue=SUPPORT, began_at=NOON + 5_000)
    again = replace(rung, began_at=NOON + 30_000, ended_at=NOON + 40_000)
    kinds = [lane.kind for lane in laid_out(call_of(rung, also), NOON + 500_000).lanes]
    assert kinds == [LaneKind.CALLER, LaneKind.AGENT, LaneKind.AGENT]
    assert [len(lane.segments) for lane in laid_out(call_of(rung, again), NOON + 500_000).lanes] == [1, 2]


def test_a_call_that_goes_on_reaches_to_now_and_its_last_segment_is_open() -> None:
    call = Call(
        source="s",
        id_call="c",
        journey=Journey(active=True, direction=Direction.IN, started_at=NOON),
        visits=(Visit(queue=SALES, entered_at=NOON + 3_000, active=True),),
    )
    axis = laid_out(call, NOON + 33_000)
    assert axis.open
    (wait,) = axis.lanes[1].segments
    assert (wait.open, wait.length_ms, wait.end) == (True, 30_000, NOON + 33_000)


def test_a_call_of_which_nobody_told_an_instant_has_no_lanes_and_loses_no_offer() -> None:
    axis = laid_out(Call(source="s", id_call="c", offers=(Offer(agent=ANNA, active=False, answered=True),)), NOON)
    assert axis.lanes == ()
    assert axis.undated == (0,)


def test_a_ring_whose_document_gives_the_calls_start_is_drawn_as_long_as_it_was() -> None:
    axis = laid_out(call_of(talk_of(ANNA, 0, 50, 100, ring_ms=8_000)), NOON + 500_000)
    ring = axis.lanes[1].segments[0]
    assert ((ring.start - NOON) / 1000, ring.length_ms) == (42.0, 8_000)
