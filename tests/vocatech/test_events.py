"""Events of legs, words and messages, told as our records (VT-06, VT-07, VT-08, VT-14, VT-15)."""

import json

import pytest

from stats.domain.notes import CallDetail, Message, Transcript
from stats.domain.outcomes import OfferOutcome, VisitOutcome, settle
from stats.domain.records import Call, Direction
from stats.providers.base import Delivery, pack_delivery
from tests.vocatech.day import frame, reader
from tests.vocatech.made import CALL, NOON_MS, event, leg, post, z

GROUPS = [{"name": "Sales Queue", "numbers": ["800"]}]


def test_a_leg_rings_is_answered_and_ends() -> None:
    """VT-06: started, answered, ended are one offer, whose lengths its instants make; the answer is the envelope's second."""
    provider = reader()
    call = post(provider, None, leg("call.started", 0, 0.2))
    assert settle(call).offers == (OfferOutcome.RINGING,)
    assert not call.over
    call = post(provider, call, leg("call.answered", 12, 0.2))
    assert settle(call).offers == (OfferOutcome.TALKING,)
    call = post(provider, call, leg("call.ended", 70, 0.2, end=70.5))
    settled = settle(call)
    assert settled.offers == (OfferOutcome.ANSWERED,)
    offer = settled.call.offers[0]
    assert (offer.agent.key, offer.agent.name) == ("s:voca:101", "John Doe")
    assert (offer.answered_at, offer.ring_ms, offer.talk_ms) == (NOON_MS + 12_000, 11_800, 58_500)
    assert (call.over, call.journey, call.tenant) == (True, None, "123")
    assert settled.direction is Direction.IN
    assert settled.answered


def test_a_leg_that_ends_unanswered_was_missed() -> None:
    """VT-06."""
    call = post(reader(), None, leg("call.started", 0, 0), leg("call.ended", 20, 0))
    assert settle(call).offers == (OfferOutcome.MISSED,)
    assert not settle(call).answered


def test_two_legs_of_one_call_are_one_call_and_two_offers() -> None:
    """VT-07: whoever did not get the call that the other answered was not to blame."""
    provider = reader()
    call = post(provider, None, leg("call.started", 0, 0), leg("call.started", 0, 0, ext="102", name="Ann Lee"))
    call = post(provider, call, leg("call.answered", 8, 0, ext="102"), leg("call.ended", 8, 0, end=8.4))
    call = post(provider, call, leg("call.ended", 60, 0, ext="102", name=""))
    assert [(each.agent.name, str(how)) for each, how in zip(call.offers, settle(call).offers, strict=True)] == [
        ("John Doe", "withdrawn"),
        ("Ann Lee", "answered"),
    ]


def test_the_leg_of_a_known_group_is_a_visit_and_its_rings_are_its() -> None:
    """VT-A8: the group's answer ends the wait, and the talk is the user's."""
    provider = reader(groups=GROUPS)
    call = post(provider, None, leg("call.started", 5, 5, ext="800", name="Sales Queue"))
    settled = settle(call)
    assert (settled.visits[0].outcome, settled.visits[0].visit.queue.key) == (VisitOutcome.WAITING, "s:voca:800")
    call = post(provider, call, leg("call.started", 9, 9), leg("call.answered", 15, 9), leg("call.answered", 15, 5, ext="800"))
    call = post(provider, call, leg("call.ended", 15, 5, ext="800"), leg("call.ended", 75, 9))
    visit = settle(call).visits[0]
    assert (visit.outcome, visit.wait, visit.talk) == (VisitOutcome.ANSWERED, 10_000, 60_000)
    assert settle(call).call.offers[0].queue == call.visits[0].queue


def test_a_new_worker_knows_of_the_group_in_which_an_open_call_waits() -> None:
    """What was learnt dies with a process; the calls that are open say it again."""
    before = post(reader(groups=GROUPS), None, leg("call.started", 5, 5, ext="800", name="Sales Queue"))
    provider = reader()
    provider.recall([before])
    call = post(provider, before, leg("call.started", 9, 9), leg("call.ended", 90, 5, ext="800", name=""))
    assert len(call.visits) == 1
    assert call.visits[0].queue.name == "Sales Queue"
    assert settle(call).visits[0].outcome is VisitOutcome.ABANDONED


def test_the_leg_of_a_menu_tells_nothing() -> None:
    """An attendant that posts events is no agent; its extension is known from the options or from a journey."""
    provider = reader()
    provider._known.menus.add("900")  # what a row has taught
    assert provider.read("events", frame(leg("call.started", 0, 0, ext="900")), received_at=NOON_MS) == ([], [])


def test_who_dials_a_colleague_is_not_rung() -> None:
    """Between colleagues both have legs: the one who is rung has the offer, and nobody has called outside."""
    provider = reader()
    dialler = leg("call.started", 0, 0, ext="102", direction="outgoing", remote_number="101")
    assert provider.read("events", frame(dialler), received_at=NOON_MS) == ([], [])
    call = post(provider, None, leg("call.started", 0, 0, remote_number="102"))
    assert (settle(call).internal, settle(call).direction) == (True, Direction.INTERNAL)


@pytest.mark.parametrize(
    ("changed", "name"),
    [({"extension_name": ""}, "101"), ({"extension_name": None}, "101"), ({"extension_name": "Evil\u202e\x07 Name"}, "Evil Name")],
)
def test_a_leg_without_a_name_is_known_by_its_extension(changed: dict[str, object], name: str) -> None:
    """VT-15 and VT-A9; a name that would disguise itself is cleaned."""
    assert post(reader(), None, leg("call.started", 0, 0, **changed)).offers[0].agent.name == name


def test_an_end_without_its_instant_is_made_of_the_start_and_the_length() -> None:
    """VT-15; where neither is told it is when the event was written."""
    ended = leg("call.ended", 80, 10, end=75)
    del ended["data"]["end_time"]
    assert post(reader(), None, ended).offers[0].ended_at == NOON_MS + 75_000
    del ended["data"]["duration"]
    assert post(reader(), None, ended).offers[0].ended_at == NOON_MS + 80_000


def test_a_direction_between_colleagues_is_taken_as_told() -> None:
    """VT-15: "internal" is no word of the guide, and comes."""
    call = post(reader(), None, leg("call.started", 0, 0, direction="internal", remote_number="102"))
    assert settle(call).direction is Direction.INTERNAL


def test_numbers_are_national_in_calls_and_of_the_sources_region() -> None:
    """VT-A6: the guide's are American; the number that was dialled is told beside the call."""
    provider = reader()
    object.__setattr__(provider._config, "default_region", "US")
    tellings, _ = provider.read("events", frame(leg("call.started", 0, 0)), received_at=NOON_MS)
    call, detail = tellings
    assert isinstance(call, Call)
    assert isinstance(detail, CallDetail)
    assert call.offers[0].number == "+15551234567"
    assert (detail.called_number, detail.customer_name, detail.direction) == ("+15559876543", "Jane Smith", "in")


def test_words_of_a_talk_are_told_beside_the_call_before_or_after_its_end() -> None:
    """VT-08."""
    words = leg("call.transcription", 900, 0, summary="En faktura. Åtgärdad.", transcription="A: Hej!\nB: Hej då.")
    (told,), odd = reader().read("events", frame(words), received_at=NOON_MS + 900_000)
    assert odd == []
    assert isinstance(told, Transcript)
    assert (told.id_call, told.part, told.summary, told.text) == (CALL, "101", "En faktura. Åtgärdad.", "A: Hej!\nB: Hej då.")


def test_a_message_is_told_without_what_it_says() -> None:
    """VT-14: the guide's own sample."""
    data = {
        **{"message_id": "sms_789012", "direction": "incoming", "channel": "text", "from": "+14155551234", "to": "+17185550000"},
        **{"body": "Check out this photo!", "status": "delivered", "sent_at": z(45)},
        "attachments": [
            {"url": "https://api.vocatech.com/v1/media/att_456", "content_type": "image/jpeg", "filename": "p.jpg", "size": 245760}
        ],
    }
    (told,), _ = reader().read("events", frame(event("message.received", 45, **data)), received_at=NOON_MS)
    assert isinstance(told, Message)
    assert (told.direction, told.channel, told.status, told.attachments) == ("in", "text", "delivered", 1)
    assert (told.sender, told.recipient, told.sent_at) == ("+14155551234", "+17185550000", NOON_MS + 45_000)
    assert "photo" not in repr(told)


def test_a_whatsapp_message_that_was_read_says_so() -> None:
    """VT-14: message.status_updated carries the new status, and when."""
    update = event("message.status_updated", 60, message_id="wa_1", status="read", updated_at=z(60))
    (told,), _ = reader().read("events", frame(update), received_at=NOON_MS + 60_000)
    assert isinstance(told, Message)
    assert (told.channel, told.status, told.updated_at) == ("whatsapp", "read", NOON_MS + 60_000)
    assert (told.direction, told.sender, told.sent_at, told.attachments) == (None, None, None, None)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff\xfe",
        b"not json",
        b'{"event_type": "call.started"}',
        b'{"event_type": "call.started", "data": {"call_id": {"a": 1}}}',
        b'{"event_type": "call.started", "data": {"call_id": "c", "extension": ""}}',
        b'{"event_type": "call.started", "data": {"call_id": "' + b"x" * 200 + b'", "extension": "1"}}',
        b'{"event_type": "something.else", "data": {}}',
        b"[" * 5_000,
        json.dumps({"event_type": "message.sent", "data": {"channel": "text"}}).encode(),
    ],
)
def test_what_cannot_be_read_is_put_aside_and_nothing_is_raised(body: bytes) -> None:
    """Every delivery ends in tellings or in Malformed."""
    packed = pack_delivery(Delivery(at=NOON_MS, method="POST", content_type="", query="", headers={}, body=body))
    tellings, odd = reader().read("events", packed, received_at=NOON_MS)
    assert (tellings, len(odd)) == ([], 1)
    assert reader().read("events", b"no delivery", received_at=NOON_MS)[1]


def test_a_test_delivery_tells_nothing() -> None:
    """VT-A19."""
    assert reader().read("events", frame(event("webhook.test", 0, message="hi")), received_at=NOON_MS) == ([], [])
