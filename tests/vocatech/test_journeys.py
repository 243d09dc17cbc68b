"""Rows of GET /calls, told whole: menus, stays in groups, rings, and what the guide leaves open (VT-09, VT-15)."""

import msgspec
import pytest

from stats.domain.errors import Malformed
from stats.domain.notes import CallDetail, Recording, Transcript
from stats.domain.outcomes import OfferOutcome, VisitOutcome, settle
from stats.domain.records import Call, Direction, Telling
from stats.providers.vocatech import journeys
from stats.providers.vocatech.hearing import Hearing, Known
from stats.providers.vocatech.wire import read_row
from tests.vocatech.day import reader
from tests.vocatech.made import CALL, NOON_MS, leg, merged, post, row, segment

HOST = "api.vocatech.com"


def hear(document: dict[str, object], known: Known | None = None, region: str = "US") -> list[Telling]:
    hearing = Hearing("voca", region, NOON_MS + 3_600_000, known if known is not None else Known())
    return journeys.tell(read_row(msgspec.json.encode(document)), hearing, host=HOST)


def call_of(document: dict[str, object], known: Known | None = None) -> Call:
    call = hear(document, known)[0]
    assert isinstance(call, Call)
    return call


MENU = segment("AutoAttendant", "900", 0, 8, name="Main Menu")
QUEUE = segment("CallCenter", "800", 8, 22, answered=True, name="Sales Queue")
MISSED = segment("User", "102", 10, 20, name="Ann Lee")
TALK = segment("User", "101", 30, 40, answered=True, name="John Doe", recording_url=f"https://{HOST}/v1/media/rec_84729")


def test_a_journey_is_a_menu_a_stay_and_two_rings() -> None:
    """VT-09: each segment is what it is of; the wait ends with the answer of the user who took the call (VT-A18)."""
    call = call_of(row(0, 70, MENU, QUEUE, MISSED, TALK))
    settled = settle(call)
    assert call.journey is not None
    assert (call.journey.ivr_name, call.journey.ivr_at, settled.ivr_seen) == ("Main Menu", NOON_MS, True)
    (visit,) = settled.visits
    assert (visit.visit.queue.key, visit.outcome, visit.wait, visit.talk) == ("s:voca:800", VisitOutcome.ANSWERED, 22_000, 40_000)
    assert [(o.agent.name, str(how)) for o, how in zip(settled.call.offers, settled.offers, strict=True)] == [
        ("Ann Lee", "withdrawn"),
        ("John Doe", "answered"),
    ]
    assert (call.journey.number, call.journey.answered, call.journey.ended_at) == ("+15551234567", True, NOON_MS + 70_000)
    assert call.journey.first_agent == call.offers[1].agent


def test_a_caller_who_waited_in_vain_was_abandoned_and_one_in_the_menu_reached_nobody() -> None:
    """VT-09: missed, incoming and in a group is an abandon; without a group it is the menu's."""
    waited = settle(call_of(row(0, 30, MENU, segment("CallCenter", "800", 8, 22), status="missed")))
    assert (waited.visits[0].outcome, waited.visits[0].wait, waited.answered) == (VisitOutcome.ABANDONED, 22_000, False)
    alone = settle(call_of(row(0, 8, MENU, status="missed")))
    assert (alone.visits, alone.ivr_seen, alone.answered) == ((), True, False)


def test_a_menu_and_a_group_without_a_number_are_known_by_their_names() -> None:
    """VT-15: whoever gave up in them gave up there all the same."""
    menu, queue = {**MENU, "extension": None}, {**segment("CallCenter", "", 8, 22, name="Sales Queue")}
    waited = settle(call_of(row(0, 30, menu, queue, status="missed")))
    assert [(v.visit.queue.name, v.outcome, v.wait) for v in waited.visits] == [("Sales Queue", VisitOutcome.ABANDONED, 22_000)]
    alone = settle(call_of(row(0, 8, menu, status="missed")))
    assert (alone.visits, alone.call.offers, alone.ivr_seen) == ((), (), True)


def test_a_group_that_is_followed_by_a_group_passed_the_caller_on() -> None:
    """VT-09: overflow, never counted as abandoned."""
    first, second = segment("CallCenter", "800", 0, 30), segment("HuntGroup", "801", 30.4, 10, answered=True)
    settled = settle(call_of(row(0, 100, first, second, segment("User", "101", 40.9, 59, answered=True))))
    assert [(v.outcome, v.wait) for v in settled.visits] == [(VisitOutcome.OVERFLOWED, 30_400), (VisitOutcome.ANSWERED, 10_500)]


@pytest.mark.parametrize(
    ("queue", "user", "wait", "talk"),
    [
        (segment("CallCenter", "800", 8, 22, answered=True), segment("User", "101", 30, 40, answered=True), 22_000, 40_000),
        (segment("CallCenter", "800", 8, 62, answered=True), segment("User", "101", 30, 40, answered=True), 22_000, 40_000),
        (segment("CallCenter", "800", 8, 22, answered=True), segment("User", "101", 20, 50, answered=True), 22_000, 40_000),
    ],
    ids=["the group's ends with the answer", "the group's goes on during the talk", "the user's begins with the ring"],
)
def test_however_segments_overlap_the_wait_and_the_talk_are_the_same(
    queue: dict[str, object], user: dict[str, object], wait: int, talk: int
) -> None:
    """VT-A18: which of the three it is, the segments themselves show."""
    (visit,) = settle(call_of(row(0, 70, queue, user))).visits
    assert (visit.outcome, visit.wait, visit.talk) == (VisitOutcome.ANSWERED, wait, talk)


def test_a_group_that_answers_without_a_user_waited_as_long_as_its_segment() -> None:
    """VT-A18: else segment duration."""
    (visit,) = settle(call_of(row(0, 70, segment("HuntGroup", "800", 8, 22, answered=True)))).visits
    assert (visit.outcome, visit.wait) == (VisitOutcome.ANSWERED, 22_000)


def test_who_had_answered_and_is_followed_by_another_passed_the_call_on() -> None:
    """Transfers have no word: a colleague who is rung during a talk, and a group after one."""
    asked = segment("User", "102", 50, 5)
    again = segment("CallCenter", "801", 70, 10)
    call = call_of(row(0, 80, QUEUE, MISSED, TALK, asked, again))
    assert call.journey is not None
    assert call.journey.transfers == 2
    assert call_of(row(0, 70, QUEUE, MISSED, TALK)).journey.transfers == 0  # type: ignore[union-attr]


@pytest.mark.parametrize("lost", ["end_time", "duration"])
def test_a_row_without_an_end_ends_where_its_length_says(lost: str) -> None:
    """VT-15 and VT-A1."""
    told = row(0, 70, QUEUE, TALK)
    del told[lost]
    assert settle(call_of(told)).ended_at == NOON_MS + 70_000


def test_a_row_without_any_end_goes_on_unless_something_says_that_it_is_over() -> None:
    """VT-15: its status, or the last of its segments."""
    told = row(0, 70, status="")
    del told["end_time"], told["duration"]
    assert not call_of(told).over
    assert call_of({**told, "status": "missed"}).over
    assert settle(call_of({**told, "journey": [TALK]})).ended_at == NOON_MS + 70_000


def test_a_row_without_a_journey_is_its_one_leg() -> None:
    """VT-A1: extension, status, start and end."""
    settled = settle(call_of({**row(0, 70), "journey": None}))
    assert (settled.offers, settled.call.offers[0].agent.name) == ((OfferOutcome.ANSWERED,), "John Doe")
    known = Known.of({"groups": [{"name": "Sales", "numbers": ["101"]}]})
    assert settle(call_of({**row(0, 20), "journey": [], "status": "missed"}, known)).visits[0].outcome is VisitOutcome.ABANDONED


@pytest.mark.parametrize(
    "odd",
    [
        {"type": "Voicemail", "extension": "9", "start_time": "2026-03-10T14:30:00Z", "duration": 1},
        {"type": "User", "extension": "", "start_time": "2026-03-10T14:30:00Z"},
        {"type": "User", "extension": "9", "start_time": "yesterday"},
        {},
    ],
)
def test_a_segment_that_cannot_be_placed_costs_only_itself(odd: dict[str, object]) -> None:
    """VT-15."""
    assert len(call_of(row(0, 70, QUEUE, odd, TALK)).offers) == 1


@pytest.mark.parametrize(
    "broken", [{"call_id": None}, {"call_id": ""}, {"start_time": None}, {"start_time": "x"}, {"start_time": "1999-01-01"}]
)
def test_a_row_without_an_identity_or_a_start_is_malformed(broken: dict[str, object]) -> None:
    """It is quarantined; the page stands."""
    with pytest.raises(Malformed):
        hear({**row(0, 70), **broken})


def test_calls_between_colleagues_are_told_so_by_direction_or_by_number() -> None:
    """VT-15: and who dialled was not rung."""
    for told in ({"direction": "internal"}, {"remote_number": "102"}):
        settled = settle(call_of({**row(0, 70, TALK), **told}))
        assert (settled.internal, settled.direction) == (True, Direction.INTERNAL)
    known = Known()
    known.met("102")
    dialled = row(0, 70, segment("User", "101", 0, 70, answered=True), direction="outgoing", remote_number="102")
    assert settle(call_of(dialled, known)).call.offers == ()


def test_an_outgoing_call_is_its_users() -> None:
    """Also to a short number that is nobody's extension: an emergency is no colleague."""
    settled = settle(call_of(row(0, 70, TALK, direction="outgoing", remote_number="112")))
    assert (settled.outgoing, len(settled.call.offers)) == (True, 1)


@pytest.mark.parametrize(
    ("address", "locator"),
    [
        (f"https://{HOST}/v1/media/rec_84729", "rec_84729"),
        ("/v1/media/rec_84729", "rec_84729"),
        ("/media/rec_a-b_c?x=1", "rec_a-b_c"),
        ("https://elsewhere.example/v1/media/rec_84729", None),
        ("https://[", None),
        ("/v1/media/att_1", None),
        (None, None),
    ],
)
def test_of_a_recordings_address_only_its_id_is_kept(address: str | None, locator: str | None) -> None:
    """VT-A16: relative or absolute, at the API's own host alone."""
    told = [each for each in hear(row(0, 70, {**TALK, "recording_url": address})) if isinstance(each, Recording)]
    assert [each.locator for each in told] == ([locator] if locator else [])
    if told:
        assert (told[0].agent, told[0].started_at, told[0].duration_ms) == ("s:voca:101", NOON_MS + 30_000, 40_000)


def test_a_row_tells_what_else_is_known_of_its_call() -> None:
    """The number that was dialled, the caller's name, the vendor's word, the menus; and words, where segments carry them."""
    told = hear(row(0, 70, MENU, QUEUE, {**TALK, "summary": "Klart.", "transcription": "A: Hej"}))
    (detail,) = (each for each in told if isinstance(each, CallDetail))
    assert (detail.called_number, detail.customer_name, detail.status, detail.menus) == (
        "+15559876543",
        "Jane Smith",
        "answered",
        ("Main Menu",),
    )
    (words,) = (each for each in told if isinstance(each, Transcript))
    assert (words.id_call, words.part, words.summary) == (CALL, "101", "Klart.")


def test_a_row_puts_right_what_legs_alone_could_not_tell() -> None:
    """A lost end, and the group for which a user was rung."""
    provider = reader()
    call = post(provider, None, leg("call.started", 10, 10, ext="102"), leg("call.started", 24, 24), leg("call.answered", 30, 24))
    call = merged(call, hear(row(0, 70, MENU, QUEUE, MISSED, TALK), region="SE"))
    settled = settle(call)
    assert call.over
    assert [(o.began_at, o.queue and o.queue.name) for o in settled.call.offers] == [
        (NOON_MS + 10_000, "Sales Queue"),
        (NOON_MS + 24_000, "Sales Queue"),
    ]
    assert [(o.ring_ms, o.talk_ms) for o in settled.call.offers] == [(20_000, None), (6_000, 40_000)]
