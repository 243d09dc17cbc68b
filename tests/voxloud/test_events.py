"""What Voxloud posts of a call, told in any order, and what becomes of it."""

import json
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.domain.errors import Malformed
from stats.domain.merge import Told, merge_call
from stats.domain.metrics import CountingRules, contribution
from stats.domain.notes import CallDetail, Message, Recording, Transcript
from stats.domain.outcomes import OfferOutcome, SettledCall, VisitOutcome, settle
from stats.domain.records import Call, Direction
from stats.providers.base import unpack_delivery
from stats.providers.voxloud.hearing import Hearing
from stats.providers.voxloud.hook import VoxloudHook
from stats.providers.voxloud.naming import spelled
from stats.providers.voxloud.translate import tell
from stats.providers.voxloud.wire import heard, instant
from tests.voxloud.telling import NOON, event, frame, hear, key_of, merged, provider, record

S = 1000
ANSWERER = {"answererName": "Anna Andersson", "answererNumber": "101"}


def settled(*bodies: object) -> SettledCall:
    """The one call that these deliveries tell."""
    (call,) = merged(hear(provider(), bodies)).values()
    return settle(call)


# -- VL-04 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.acceptance("VL-04")
@pytest.mark.parametrize("kind", ["INCOMING", "ANSWERED", "HANGUP", "STARTED"])
def test_flat_and_enveloped_documents_with_long_and_short_types_tell_the_same(kind: str) -> None:
    """VL-04: every way in which the vendor's own page writes an event."""
    long = event(kind, NOON, 101)
    inner = long["data"]
    spellings: list[dict[str, Any]] = [
        long,
        {**long, "type": kind},
        inner,
        {**inner, "type": f"CALL_{kind}"},
        {**long, "data": {name: value for name, value in inner.items() if name != "type"}},
        {**long, "data": {name: value for name, value in inner.items() if name != "timestamp"}},
    ]
    calls = [merged(hear(provider(), [each]))["c1"] for each in spellings]
    assert {(call.journey, call.visits, call.offers) for call in calls} == {(calls[0].journey, calls[0].visits, calls[0].offers)}
    assert calls[0].offers


def test_who_dials_a_colleagues_extension_calls_inside_whatever_number_is_shown() -> None:
    """What is started to an extension is internal, and rings whoever has it."""
    shown = {"origin": "+46846500498", "target": "102"}
    (call,) = merged(hear(provider(), [event("STARTED", NOON, 101, **shown), event("ANSWERED", NOON + 5 * S, 102, **shown)])).values()
    assert [(o.agent.key, o.began_at, o.answered_at, o.direction) for o in call.offers] == [
        ("s:vl:102", NOON, NOON + 5 * S, Direction.INTERNAL)
    ]


# -- VL-05, VL-06 --------------------------------------------------------------------------------------------------------


@pytest.mark.acceptance("VL-05")
def test_a_ring_is_answered_and_ends_as_the_events_say() -> None:
    """VL-05: INCOMING, ANSWERED and HANGUP of one user are ringing, talking and over."""
    incoming, answered, hangup = event("INCOMING", NOON, 101), event("ANSWERED", NOON + 6 * S, 101), event("HANGUP", NOON + 66 * S, 101)
    ringing = settled(incoming)
    assert ringing.offers == (OfferOutcome.RINGING,)
    assert ringing.visits[0].outcome is VisitOutcome.WAITING
    assert settled(incoming, answered).offers == (OfferOutcome.TALKING,)
    over = settled(incoming, answered, hangup)
    assert over.offers == (OfferOutcome.ANSWERED,)
    assert over.ended
    assert (over.call.offers[0].ring_ms, over.call.offers[0].talk_ms) == (6 * S, 60 * S)
    assert over.call.offers[0].agent.key == "s:vl:101"


@pytest.mark.acceptance("VL-06")
def test_a_ring_group_of_three_is_one_call_with_one_answer_and_two_lost_races() -> None:
    """VL-06: three offers of one call id; the two who were slower neither answered nor missed it."""
    told = [event("INCOMING", NOON, user) for user in (101, 102, 103)]
    told += [event("ANSWERED", NOON + 4 * S, 102), event("HANGUP", NOON + 4 * S, 101), event("HANGUP", NOON + 4 * S, 103)]
    told += [event("HANGUP", NOON + 90 * S, 102), record(NOON, 90, 4, "CALL_TERMINATED", answererName="B", answererNumber="102")]
    call = settled(*told)
    assert [(o.agent.key, outcome) for o, outcome in zip(call.call.offers, call.offers, strict=True)] == [
        ("s:vl:101", OfferOutcome.WITHDRAWN),
        ("s:vl:102", OfferOutcome.ANSWERED),
        ("s:vl:103", OfferOutcome.WITHDRAWN),
    ]
    cells = contribution(call, CountingRules()).cells
    assert sum(amounts.get("calls_in", 0) for _, _, amounts in cells) == 1
    assert sum(amounts.get("offered", 0) for _, _, amounts in cells) == 1


def rings_of(call: SettledCall) -> list[tuple[str | None, str, int | None, int | None]]:
    """(agent, outcome, ring in ms, its end in ms after noon) of every ring."""
    pairs = zip(call.call.offers, call.offers, strict=True)
    return [(o.agent.key, str(outcome), o.ring_ms, None if o.ended_at is None else o.ended_at - NOON) for o, outcome in pairs]


RACE = [event("INCOMING", NOON, 101), event("INCOMING", NOON + 85, 102), event("ANSWERED", NOON + 8 * S, 101)]
RACE_WON = ("s:vl:101", "answered", 8 * S, 40 * S)
RACE_OVER = record(NOON, 40, 8, "CALL_TERMINATED", **ANSWERER)


@pytest.mark.acceptance("VL-06")
@pytest.mark.parametrize("silent", [None, 8_085, 9_200, 11_000])
def test_whoever_is_slower_loses_the_race_when_another_answers(silent: int | None) -> None:
    """VL-06, VL-A15: where the loser's own end comes late or never, whatever came first, and without the record too."""
    told = [*RACE, event("HANGUP", NOON + 40 * S, 101)] + ([] if silent is None else [event("HANGUP", NOON + silent, 102)])
    lost = ("s:vl:102", "withdrawn", 7_915, 8 * S)
    for order in permutations(told):
        (call,) = merged(hear(provider(), order)).values()
        assert call.over
        assert rings_of(settle(call)) == [RACE_WON, lost]
    for order in permutations([*told[2:], RACE_OVER]):
        assert rings_of(settled(*told[:2], *order)) == [RACE_WON, lost]


@pytest.mark.acceptance("VL-06")
def test_who_loses_a_race_is_free_as_soon_as_another_has_answered() -> None:
    """VL-06: the winner talks, the other rings no more."""
    assert [outcome for _, outcome, _, _ in rings_of(settled(*RACE))] == ["talking", "withdrawn"]


@pytest.mark.acceptance("VL-06")
def test_a_race_is_lost_also_to_an_answer_that_the_record_alone_tells() -> None:
    """VL-06: neither the answer nor the loser's end came."""
    told = settled(*RACE[:2], event("HANGUP", NOON + 40 * S, 101), RACE_OVER)
    assert rings_of(told) == [RACE_WON, ("s:vl:102", "withdrawn", 7_915, 8 * S)]


@pytest.mark.acceptance("VL-06")
def test_only_what_rang_when_another_answered_has_lost_a_race() -> None:
    """VL-06: not what fell silent before, nor rings since: a transfer, or one back to whoever answered first."""
    declined = settled(*RACE, event("HANGUP", NOON + 4 * S, 102), event("HANGUP", NOON + 40 * S, 101), RACE_OVER)
    assert rings_of(declined) == [RACE_WON, ("s:vl:102", "missed", 3_915, 4 * S)]
    long_after = settled(*RACE, event("HANGUP", NOON + 20 * S, 102), event("HANGUP", NOON + 40 * S, 101), RACE_OVER)
    assert rings_of(long_after) == [RACE_WON, ("s:vl:102", "withdrawn", 7_915, 8 * S)], "its end was told late"
    handed_on = [*RACE, event("HANGUP", NOON + 30 * S, 101), event("INCOMING", NOON + 30 * S, 103)]
    assert rings_of(settled(*handed_on))[2] == ("s:vl:103", "ringing", None, None)
    back = [*handed_on, event("ANSWERED", NOON + 35 * S, 103), event("INCOMING", NOON + 50 * S, 101), event("HANGUP", NOON + 60 * S, 103)]
    assert rings_of(settled(*back)) == [
        ("s:vl:101", "answered", 8 * S, 30 * S),
        ("s:vl:102", "withdrawn", 7_915, 8 * S),
        ("s:vl:103", "answered", 5 * S, 60 * S),
        ("s:vl:101", "ringing", None, None),
    ]
    missed = [*back, event("HANGUP", NOON + 70 * S, 101)]
    assert rings_of(settled(*missed))[3] == ("s:vl:101", "missed", 20 * S, 70 * S)


# -- VL-07 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.acceptance("VL-07")
def test_the_record_completes_the_call_that_the_events_began() -> None:
    """VL-07: no second call and no second ring; the instants of the events stay, the outcome is the record's."""
    live = [event("INCOMING", NOON + 2345, 101), event("ANSWERED", NOON + 8456, 101), event("HANGUP", NOON + 68_567, 101)]
    call = settled(*live, record(NOON + 2000, 66, 6, "CALL_TERMINATED", **ANSWERER))
    assert len(call.call.offers) == len(call.visits) == 1
    assert (call.call.offers[0].began_at, call.call.offers[0].answered_at) == (NOON + 2345, NOON + 8456)
    assert call.visits[0].entered_at == NOON + 2345  # of two instants within a second the one that is not rounded
    assert call.call.journey is not None
    assert (call.call.journey.talk_ms, call.call.journey.end_reason) == (60 * S, "CALL_TERMINATED")


@pytest.mark.acceptance("VL-07")
@pytest.mark.parametrize(("rang", "told"), [(4_600, 5), (5_400, 5), (4_600, 4)])
def test_a_record_of_whole_seconds_does_not_move_the_end_of_a_wait(rang: int, told: int) -> None:
    """VL-07: whoever hung up after 4.6 s gave up at once, whatever the record rounds it to."""
    live = [event("INCOMING", NOON, 101), event("HANGUP", NOON + rang, 101)]
    call = settled(*live, record(NOON, told, told, "CALL_CANCELED_BY_ORIGINATOR"))
    assert (call.visits[0].outcome, call.visits[0].wait, call.visits[0].left_at) == (VisitOutcome.ABANDONED, rang, NOON + rang)


@pytest.mark.acceptance("VL-07")
@pytest.mark.parametrize(
    ("last", "more", "answered", "outcome"),
    [
        ("CALL_TERMINATED", ANSWERER, True, VisitOutcome.ANSWERED),
        ("CALL_ANSWERED", ANSWERER, True, VisitOutcome.ANSWERED),
        ("CALL_TRANSFERRED", ANSWERER, True, VisitOutcome.ANSWERED),
        # Somebody answered whom the vendor does not name: the caller counts neither as lost nor as answered.
        ("CALL_TERMINATED", {}, False, VisitOutcome.OVERFLOWED),
        ("CALL_CANCELED_BY_ORIGINATOR", {}, False, VisitOutcome.ABANDONED),
        ("CALL_LOST_NO_ANSWER", {}, False, VisitOutcome.ABANDONED),
        ("CALL_LOST_USER_BUSY", {}, False, VisitOutcome.ABANDONED),
        ("CALL_REJECTED", {}, False, VisitOutcome.ABANDONED),
        ("CALL_LOST_NO_ANSWER", {"voicemail": True}, False, VisitOutcome.VOICEMAIL),
        ("CALL_TERMINATED", {"voicemail": True, "voicemail_url": "https://x.example/vm.mp3"}, False, VisitOutcome.VOICEMAIL),
        ("SOMETHING_NEW", {}, False, VisitOutcome.ABANDONED),
        ("SOMETHING_NEW", ANSWERER, True, VisitOutcome.ANSWERED),
    ],
)
def test_the_last_event_decides_what_became_of_a_call(last: str, more: dict[str, Any], answered: bool, outcome: VisitOutcome) -> None:
    """VL-07: every last event of the vendor's table, from a record alone."""
    call = settled(record(NOON, 40, 10, last, **more))
    assert (call.answered, call.visits[0].outcome, call.ended, call.ended_at) == (answered, outcome, True, NOON + 40 * S)
    if answered:
        assert call.visits[0].wait == 10 * S
        assert [(o.agent.name, o.talk_ms) for o in call.call.offers] == [("Anna Andersson", 30 * S)]


def test_who_dialled_is_found_by_extension_and_by_name() -> None:
    """An outgoing call's record shows the company's number where an extension was expected: then the only user of that name it is."""
    vendor = provider()
    told = record(
        NOON, 30, 5, "CALL_TERMINATED", direction="OUTBOUND", originatorNumber="101", originatorName="Anna", destinationNumber="46701740605"
    )
    (call,) = merged(hear(vendor, [told])).values()
    assert settle(call).direction is Direction.OUT
    assert (call.offers[0].agent.key, call.offers[0].number, settle(call).answered) == ("s:vl:101", "+46701740605", True)
    told["data"] |= {"originatorNumber": "46846500498"}
    (call,) = merged(hear(vendor, [told])).values()
    assert call.offers == ()


@pytest.mark.acceptance("VL-07")
@pytest.mark.parametrize(("before", "exact"), [(0, 317), (7, -6_683)])
def test_a_record_stamped_with_its_end_ends_there(before: int, exact: int) -> None:
    """VL-07, VL-A5: given up after 20 s, of which a menu took some before it rang: the call's start is not where its events end."""
    end = NOON + 20 * S + 317
    told = [event("INCOMING", NOON + 317, 101), event("HANGUP", end, 101)]
    told.append(record(end, 20 + before, 20, "CALL_CANCELED_BY_ORIGINATOR"))
    for order in permutations(told):
        call = settled(*order)
        assert (call.started_at, call.ended_at, call.offers) == (NOON + exact, end, (OfferOutcome.WITHDRAWN,))
        (visit,) = call.visits
        assert (visit.outcome, visit.entered_at, visit.wait) == (VisitOutcome.ABANDONED, NOON + 317, 20 * S)


@pytest.mark.acceptance("VL-07")
@pytest.mark.parametrize("lost", [None, "ANSWERED", "HANGUP"])
def test_an_answered_call_whose_record_is_stamped_with_its_end_is_no_longer_than_it_was(lost: str | None) -> None:
    """VL-07, VL-A5: also where an event is lost, and the record says when it was."""
    told = [event("INCOMING", NOON + 317, 101), event("ANSWERED", NOON + 5 * S, 101), event("HANGUP", NOON + 60 * S, 101)]
    told = [each for each in told if lost is None or each["data"]["type"] != lost]
    told.append(record(NOON + 60 * S, 60, 5, "CALL_TERMINATED", **ANSWERER))
    for order in permutations(told):
        call = settled(*order)
        assert (call.started_at, call.ended_at) == (NOON + 317, NOON + 60 * S)
        (ring,) = call.call.offers
        assert (ring.began_at, ring.answered_at, ring.ended_at, ring.talk_ms) == (NOON + 317, NOON + 5 * S, NOON + 60 * S, 55 * S)
        assert (call.visits[0].outcome, call.visits[0].wait) == (VisitOutcome.ANSWERED, 4_683)


@pytest.mark.acceptance("VL-07")
def test_a_record_that_merely_begins_after_the_first_event_begins_with_it() -> None:
    """VL-07, VL-A5: its end and its answer stand; one that begins before it rang, with a menu, or by rounding, keeps its start."""
    live = [event("INCOMING", NOON + 317, 101), event("ANSWERED", NOON + 9 * S, 101), event("HANGUP", NOON + 60 * S, 101)]
    for stamped, length, start in ((NOON + 5 * S, 55, NOON + 317), (NOON, 60, NOON), (NOON - 30 * S, 90, NOON - 30 * S)):
        for order in permutations([*live, record(stamped, length, 4, "CALL_TERMINATED", **ANSWERER)]):
            call = settled(*order)
            assert (call.started_at, call.ended_at) == (start, NOON + 60 * S)
            assert [(o.answered_at, o.ended_at) for o in call.call.offers] == [(NOON + 9 * S, NOON + 60 * S)]


# -- VL-08 ---------------------------------------------------------------------------------------------------------------

RUNG_TWICE = [
    event("INCOMING", NOON, 101),
    event("HANGUP", NOON + 15 * S, 101),
    event("INCOMING", NOON + 15 * S, 102),
    event("HANGUP", NOON + 30 * S, 102),
    event("INCOMING", NOON + 31 * S, 101),
    event("ANSWERED", NOON + 36 * S, 101),
    event("HANGUP", NOON + 96 * S, 101),
]
WHOLE = record(NOON, 96, 36, "CALL_TERMINATED", recorded=True, transcription="Hej.", sentiment_score=70, **ANSWERER)


def told_in(order: list[object], how: list[Told]) -> SettledCall:
    """Whatever order and whatever way."""
    call: Call | None = None
    for body, way in zip(order, how, strict=True):
        for telling in hear(provider(), [body]):
            if isinstance(telling, Call):
                call = merge_call(call, telling, way)
    assert call is not None
    return settle(call)


@pytest.mark.acceptance("VL-08")
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_any_order_and_any_repetition_of_events_and_record_end_in_the_same_call(data: st.DataObject) -> None:
    """VL-08: late, doubled and swapped deliveries, and the record as it is posted or as history has it."""
    expected = told_in([*RUNG_TWICE, WHOLE], [Told()] * 8)
    assert [str(each) for each in expected.offers] == ["missed", "missed", "answered"]
    bodies = [*RUNG_TWICE, WHOLE, *data.draw(st.lists(st.sampled_from([*RUNG_TWICE, WHOLE]), max_size=5))]
    order = data.draw(st.permutations(bodies))
    how = [Told("historic", 5_000) if body is WHOLE and data.draw(st.booleans()) else Told() for body in order]
    assert told_in(order, how) == expected


@pytest.mark.acceptance("VL-08")
def test_every_order_of_a_ring_group_ends_alike() -> None:
    """VL-08: the answer of one and the silence of the other lie on one instant."""
    bodies = [event("INCOMING", NOON, 101), event("INCOMING", NOON, 102), event("ANSWERED", NOON + 4 * S, 102)]
    bodies += [event("HANGUP", NOON + 4 * S, 101), event("HANGUP", NOON + 20 * S, 102)]
    assert len({repr(told_in(list(order), [Told()] * 5)) for order in permutations(bodies)}) == 1


@pytest.mark.acceptance("VL-08")
@pytest.mark.parametrize("lost", range(3))
def test_an_event_that_is_lost_is_made_up_for_by_the_record(lost: int) -> None:
    """VL-08: without its beginning, its answer or its end, the ring counts once, as answered, and is over."""
    live = [event("INCOMING", NOON, 101), event("ANSWERED", NOON + 6 * S, 101), event("HANGUP", NOON + 66 * S, 101)]
    call = settled(*(each for n, each in enumerate(live) if n != lost), record(NOON, 66, 6, "CALL_TERMINATED", **ANSWERER))
    assert call.offers == (OfferOutcome.ANSWERED,)
    assert (call.call.offers[0].answered_at, call.call.offers[0].ended_at) == (NOON + 6 * S, NOON + 66 * S)
    assert call.visits[0].outcome is VisitOutcome.ANSWERED
    assert call.call.over


# -- VL-09 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.acceptance("VL-09")
@pytest.mark.parametrize(
    ("raw", "region", "number"),
    [
        ("102", "IT", "102"),
        ("+390687654321", "IT", "+390687654321"),
        ("390663971096", "IT", "+390663971096"),
        ("39123456789", "IT", "+39123456789"),
        ("3907761790162", "IT", "+3907761790162"),
        ("393287035654", "SE", "+393287035654"),
        ("0697631539", "IT", "+390697631539"),
        ("0701740605", "SE", "+46701740605"),
        ("46701740605", "SE", "+46701740605"),
        ("0046701740605", "SE", "+46701740605"),
        ("anonymous", "IT", None),
    ],
)
def test_numbers_in_all_spellings_become_one(raw: str, region: str, number: str | None) -> None:
    """VL-09: every spelling of the vendor's samples; an extension stays one, a withheld number is none."""
    assert spelled(raw, region) == number


@pytest.mark.acceptance("VL-09")
def test_a_masked_caller_stays_private() -> None:
    """VL-09: neither number nor name of who wanted neither shown."""
    told = hear(provider(), [record(NOON, 9, 9, "CALL_CANCELED_BY_ORIGINATOR", maskCallerNumber=True, originatorName="Anna")])
    assert "701740605" not in repr(told)
    assert "Anna" not in repr(told)
    told = hear(provider(), [record(NOON, 9, 9, "CALL_CANCELED_BY_ORIGINATOR", originatorNumber="anonymous", originatorName="anonymous")])
    assert settle(merged(told)["c1"]).number is None


@pytest.mark.acceptance("VL-09")
@pytest.mark.parametrize("late", [False, True])
def test_a_record_that_masks_its_caller_takes_back_what_events_told(late: bool) -> None:
    """VL-09: the live event names the caller, the record of the same call wants that unsaid, in either order."""
    masked = record(NOON, 9, 9, "CALL_CANCELED_BY_ORIGINATOR", maskCallerNumber=True)
    parts = [event("INCOMING", NOON, 101), event("HANGUP", NOON + 9 * S, 101)]
    told = [tell for each in ([masked, *parts] if late else [*parts, masked]) for tell in hear(provider(), [each])]
    assert any("701740605" in repr(each) for each in told), "the event has told it"
    call = merged(told)["c1"]
    assert call.offers
    assert call.visits
    assert settle(call).number is None
    assert "701740605" not in repr(call)


# -- VL-10 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.acceptance("VL-10")
def test_a_mapped_number_is_a_queue_that_the_vendor_does_not_have() -> None:
    """VL-10: waiting from the first ring, answered, abandoned, and always marked as derived."""
    waiting = settled(event("INCOMING", NOON, 101))
    assert [(v.visit.queue.key, v.visit.queue.name, v.visit.derived) for v in waiting.visits] == [(key_of("Support"), "Support", True)]
    assert contribution(waiting, CountingRules()).living.waiting == ((key_of("Support"), NOON),)
    gone = settled(event("INCOMING", NOON, 101), event("HANGUP", NOON + 25 * S, 101))
    assert (gone.visits[0].outcome, gone.visits[0].wait) == (VisitOutcome.ABANDONED, 25 * S)
    assert not contribution(gone, CountingRules()).living
    again = settled(event("INCOMING", NOON, 101), event("HANGUP", NOON + 25 * S, 101), event("INCOMING", NOON + 25 * S, 102))
    assert again.visits[0].outcome is VisitOutcome.WAITING
    assert again.visits[0].entered_at == NOON


@pytest.mark.acceptance("VL-10")
@pytest.mark.parametrize(
    ("voicemail", "last", "outcome"),
    [(True, "CALL_LOST_NO_ANSWER", VisitOutcome.VOICEMAIL), (False, "CALL_LOST_NO_ANSWER", VisitOutcome.ABANDONED)],
)
def test_the_wait_in_a_made_up_queue_ends_with_its_last_ring_though_the_call_goes_on(
    voicemail: bool, last: str, outcome: VisitOutcome
) -> None:
    """VL-10: what the caller hears or says after the telephones fell silent is no wait, in whatever order it is told."""
    told = [event("INCOMING", NOON, 101), event("HANGUP", NOON + 12 * S, 101), event("INCOMING", NOON + 12 * S, 102)]
    told += [event("HANGUP", NOON + 20 * S, 102), record(NOON, 60, 20, last, voicemail=voicemail)]
    for order in permutations(told):
        call = settled(*order)
        (visit,) = call.visits
        assert (visit.outcome, visit.wait, visit.left_at) == (outcome, 20 * S, NOON + 20 * S)
        assert (call.ended_at, [str(each) for each in call.offers]) == (NOON + 60 * S, ["missed", "missed"])


@pytest.mark.acceptance("VL-10")
@pytest.mark.parametrize(("ring", "last"), [(12, "CALL_CANCELED_BY_ORIGINATOR"), (60, "CALL_LOST_NO_ANSWER")])
def test_who_hangs_up_after_the_telephones_fell_silent_waited_until_then(ring: int, last: str) -> None:
    """VL-10: the caller ends the call, or it rang for as long as it lasted, in whatever order it is told."""
    told = [event("INCOMING", NOON, 101), event("HANGUP", NOON + 12 * S, 101), record(NOON, 60, ring, last)]
    for order in permutations(told):
        (visit,) = settled(*order).visits
        assert (visit.outcome, visit.wait) == (VisitOutcome.ABANDONED, 60 * S)


@pytest.mark.acceptance("VL-10")
def test_without_events_the_wait_in_a_made_up_queue_is_the_records_own() -> None:
    """VL-10: the record alone tells no ring; and a ring that nobody told the end of ends with the call."""
    whole = record(NOON, 60, 20, "CALL_LOST_NO_ANSWER")
    assert settled(whole).visits[0].wait == 60 * S
    assert settled(event("INCOMING", NOON, 101), whole).visits[0].wait == 60 * S


@pytest.mark.acceptance("VL-10")
def test_a_rule_leads_to_a_queue_when_the_record_comes_and_a_number_goes_before_it() -> None:
    """VL-10: rules are known of whole calls alone; what is mapped to nothing waits in no queue."""
    elsewhere = {"destinationNumber": "+46846500498", "ruleNames": ["IVRWelcome", "ivrfaktura"]}
    by_rule = settled(record(NOON, 60, 20, "CALL_TERMINATED", **elsewhere, **ANSWERER))
    assert [(v.visit.queue.name, v.visit.derived, v.wait) for v in by_rule.visits] == [("Faktura", True, 20 * S)]
    assert by_rule.ivr_seen
    both = settled(record(NOON, 60, 20, "CALL_TERMINATED", ruleNames=["IVRFaktura"], **ANSWERER))
    assert [v.visit.queue.name for v in both.visits] == ["Support"]
    own = "+46846500498"
    direct = settled(event("INCOMING", NOON, 101, target=own), record(NOON, 60, 20, "CALL_TERMINATED", destinationNumber=own))
    assert direct.visits == ()


@pytest.mark.acceptance("VL-10")
def test_the_ring_of_a_call_that_a_rule_led_to_a_queue_is_that_queues() -> None:
    """VL-10: events name no rule, so that the record alone tells the queue; its wait is until the answer that the events told."""
    own = "+46846500498"
    told = (
        *(event(kind, NOON + at, 101, target=own) for kind, at in (("INCOMING", 7), ("ANSWERED", 5 * S + 7), ("HANGUP", 30 * S))),
        record(NOON, 30, 5, "CALL_TERMINATED", destinationNumber=own, ruleNames=["IVRSupport"], **ANSWERER),
    )
    for bodies in permutations(told):
        call = settled(*bodies)
        assert [(v.visit.queue.name, v.wait, v.talk) for v in call.visits] == [("Support", 5 * S + 7, 25 * S - 7)]
        assert [o.queue and o.queue.name for o in call.call.offers] == ["Support"]


@pytest.mark.acceptance("VL-10")
def test_odd_settings_of_queues_are_left_out() -> None:
    """VL-10: an administrator's slip makes no queue, and stops nothing."""
    for odd in (None, "x", [None, {"name": ""}, {"numbers": ["+46846500402"]}, {"name": "Q", "numbers": None, "rules": 7}]):
        (call,) = merged(hear(provider(queues=odd), [event("INCOMING", NOON, 101)])).values()
        assert call.visits == ()


# -- VL-12, VL-16 --------------------------------------------------------------------------------------------------------


@pytest.mark.acceptance("VL-12")
def test_a_record_tells_what_was_said_and_where_it_can_be_heard() -> None:
    """VL-12: transcript, summary and sentiment; null is not 0; no address of a recording is kept."""
    url = "https://voxloud.example/call_recording_1.mp3?X-Amz-Signature=secret"
    more = {"recorded": True, "recordingUrl": url, "voicemail": True, "labels": ["a", "b"], "ruleNames": ["IVR1"], "contactCrm": "Hubspot"}
    more |= {"transcription": "Hej.\nHej då.", "summary": "Hälsning", "sentiment_score": 0, "contactCrmUrl": "javascript:alert(1)"}
    told = hear(provider(), [record(NOON, 40, 10, "CALL_TERMINATED", **more, **ANSWERER)])
    (words,) = [each for each in told if isinstance(each, Transcript)]
    assert (words.text, words.summary, words.sentiment) == ("Hej.\nHej då.", "Hälsning", 0)
    sounds = [each for each in told if isinstance(each, Recording)]
    assert [(each.kind, each.locator) for each in sounds] == [("call", "call:c1"), ("voicemail", "voicemail:c1")]
    assert [each.duration_ms for each in sounds] == [30 * S, None]
    assert "Signature" not in repr(told)
    assert "secret" not in repr(told)
    (detail,) = [each for each in told if isinstance(each, CallDetail)]
    assert (detail.menus, detail.labels, detail.crm_name, detail.crm_url) == (("IVR1",), ("a", "b"), "Hubspot", None)
    without = hear(provider(), [record(NOON, 40, 10, "CALL_TERMINATED", sentiment_score=None)])
    assert not any(isinstance(each, Transcript | Recording) for each in without)


FAX = {
    "id": 1234,
    "timestamp": NOON,
    "direction": "outbound",
    "sender": "39123456789",
    "recipient": "39987654321",
    "attachment_url": "https://fax.example/1.pdf",
    "total_pages": 4,
    "description": "A fax description",
}


@pytest.mark.acceptance("VL-16")
@pytest.mark.parametrize(
    "body",
    [
        FAX,
        {"timestamp": NOON, "type": "FAX_CALL", "data": FAX, "pbx_id": 117},
        {"id": 1234, "type": "FAX_CALL", "direction": "OUTBOUND", "timestamp": "2026-05-18T12:00:00.000+0000", "callId": "f1",
         "originatorNumber": "39123456789", "destinationNumber": "39987654321", "duration": 32},
    ],
)  # fmt: skip
def test_a_fax_is_a_message_and_never_a_call(body: dict[str, Any]) -> None:
    """VL-16: posted or as a row of the past."""
    (fax,) = hear(provider(), [body])
    assert isinstance(fax, Message)
    assert (fax.message_id, fax.channel, fax.direction, fax.sender, fax.recipient) == (
        "fax:1234",
        "fax",
        "out",
        "+39123456789",
        "+39987654321",
    )
    assert fax.sent_at == NOON


@pytest.mark.acceptance("VL-16")
def test_a_click_to_call_is_an_outgoing_call() -> None:
    """VL-16: the vendor's own sample, which has neither answerer nor last event."""
    sample = json.loads(
        """{"id": 517, "type": "CLICK_TO_CALL", "accountId": "2b7c39f77b46eb2899fc39d0b1bd4329", "direction": "OUTBOUND",
        "timestamp": 1569525122000, "originatorName": "Pinco Pallino", "originatorNumber": "390663971096",
        "destinationName": "393287035654", "destinationNumber": "393287035654", "duration": 40, "ringTime": 1,
        "queueCallId": "303b-clicktocall",
        "clickToCallType": "EXTENSION",
        "archived": false, "callId": "303b-clicktocall", "recorded": true, "recordingUrl": "https://voxloud.example/1.mp3",
        "labels": ["label1"], "ruleNames": ["IVRRule1"], "sentiment_score": 73}"""
    )
    (call,) = merged(hear(provider(region="IT"), [sample])).values()
    one = settle(call)
    assert (one.direction, one.answered, one.number, one.ended_at) == (Direction.OUT, True, "+393287035654", 1569525122000 + 40 * S)


# -- what cannot be read -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "json"),
        (b"[1]", "json"),
        (b"\xff\xfe{", "json"),
        (b'{"type": "CALL_MAYBE", "data": {"callId": "c"}}', "kind"),
        (b'{"type": "CALL_INCOMING", "data": {"timestamp": 1779105600000}}', "no_id"),
        (b'{"type": "CALL_INCOMING", "data": {"callId": "c"}}', "instant"),
        (b'{"type": "PHONE_CALL", "data": {"callId": "c", "timestamp": 99999999999999}}', "instant"),
        (b'{"type": "PHONE_CALL", "data": {"callId": "c", "timestamp": 1' + b"0" * 400 + b"}}", "instant"),
        (b'{"type": "PHONE_CALL", "data": ' + b"[" * 3000 + b"]" * 3000 + b"}", "json"),
        (b'{"type": "PHONE_CALL", "callId": "\\ud800"}', "json"),
    ],
)
def test_what_cannot_be_read_is_a_reason_and_stops_nothing(body: bytes, reason: str) -> None:
    """The hook judges the shape, the provider the rest."""
    told, odd = provider().read("events", frame(body), received_at=NOON)
    assert told == []
    assert [each.reason for each in odd] == [reason]
    if reason in ("json", "kind"):
        with pytest.raises(Malformed):
            VoxloudHook().check(unpack_delivery(frame(body)), (), {})


FIELDS = [*sorted(WHOLE["data"]), "labels", "voicemail_url", "userExtension"]
ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8), st.lists(st.integers(), max_size=2)
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), ANYTHING))
def test_no_kind_of_value_in_any_field_breaks_the_reading(changes: dict[str, Any]) -> None:
    """A record with anything in its fields is told, or refused in a word."""
    body = json.dumps({**WHOLE["data"], **changes}).encode()
    try:
        tell(heard(body), Hearing(source="vl", received_at=NOON, region="IT"))
    except Malformed:
        pass


def test_the_same_bytes_again_are_a_repetition() -> None:
    """The vendor gives deliveries no id."""
    hook = VoxloudHook()
    one, same, other = (unpack_delivery(frame(event("INCOMING", at, 101))) for at in (NOON, NOON, NOON + S))
    assert hook.check(one, (), {}).delivery_id == hook.check(same, (), {}).delivery_id != hook.check(other, (), {}).delivery_id


@pytest.mark.acceptance("VL-11")
@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("2018-05-15T15:47:03.000+0000", 1526399223000),
        ("2022-12-27T14:42:37+01:00", 1672148557000),
        ("2018-03-11T07:00:00.000Z", 1520751600000),
        (1523025126000, 1523025126000),
        (1523025126, 1523025126000),
        ("yesterday", None),
        (True, None),
    ],
)
def test_one_reader_reads_every_instant(told: object, expected: int | None) -> None:
    """VL-11: with a colon in the zone and without, and as a number."""
    assert instant(told, NOON) == expected


@pytest.mark.acceptance("VL-08")
def test_a_telephone_that_falls_silent_and_rings_again_at_once_has_rung_twice() -> None:
    """VL-08: with whole seconds both lie on one instant, and so may a ring that was silenced in the second it began."""
    told = [event("INCOMING", NOON, 101), event("HANGUP", NOON + 9 * S, 101), event("INCOMING", NOON + 9 * S, 101)]
    told += [event("HANGUP", NOON + 20 * S, 101), event("INCOMING", NOON + 30 * S, 101), event("HANGUP", NOON + 30 * S, 101)]
    seen = {
        repr([(o.began_at, o.ended_at) for o in told_in(list(order), [Told()] * 6).call.offers]) for order in list(permutations(told))[::11]
    }
    assert seen == {repr([(NOON, NOON + 9 * S), (NOON + 9 * S, NOON + 20 * S), (NOON + 30 * S, NOON + 30 * S)])}
