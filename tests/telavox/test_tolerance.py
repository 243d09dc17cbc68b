"""The vendor's documents as they may come one day: every tolerant reading, one row each."""

import time
from typing import Any

import pytest

from stats.domain.records import ActiveCall, AgentPresence, Call, Direction, Journey, Offer, Party, Visit
from stats.providers.telavox.provider import TelavoxProvider
from tests.telavox.samples import ID_CALL, NOW, START, Document, call, frame, offer, presence, queue

pytestmark = pytest.mark.acceptance("TX-16")


def journey_of(provider: TelavoxProvider, document: Document) -> Journey:
    (told,), odd = provider.read("calls", frame(document), received_at=NOW)
    assert isinstance(told, Call)
    assert told.journey is not None
    assert odd == []
    return told.journey


def visit_of(provider: TelavoxProvider, document: Document) -> Visit:
    (told,), odd = provider.read("queues", frame(document), received_at=NOW)
    assert isinstance(told, Call)
    assert odd == []
    return told.visits[0]


def offer_of(provider: TelavoxProvider, document: Document) -> Offer:
    (told,), odd = provider.read("agents", frame(document), received_at=NOW)
    assert isinstance(told, Call)
    assert odd == []
    return told.offers[0]


def presence_of(provider: TelavoxProvider, document: Document) -> AgentPresence:
    (told,), odd = provider.read("profile_live", frame(document), received_at=NOW)
    assert isinstance(told, AgentPresence)
    assert odd == []
    return told


@pytest.mark.parametrize("names", ["Anna Ek", '["Anna Ek"]', "Anna Ek, Bo Lund", ["Anna Ek"], [], "", None, [None, 3, "Anna Ek"]])
def test_TX_16_lists_of_names_in_any_form_change_nothing_else(provider: TelavoxProvider, names: object) -> None:
    """TX-A1: String in one reference, [String!] in the other, an array in the sample."""
    plain = journey_of(provider, call())
    assert journey_of(provider, call(agent_list=names, agent_list_answer=names, agent_list_no_answer=names, queue_list=names)) == plain


def test_TX_16_an_object_serves_where_an_array_is_meant_and_an_array_where_an_object_is(provider: TelavoxProvider) -> None:
    """TX-A2."""
    one = {"id": 111834, "name": "Support", "start_date": START}
    told = presence_of(provider, presence(queue_login={"logged_in": one, "logged_out": one}))
    assert told == presence_of(provider, presence(queue_login={"logged_in": [one], "logged_out": [one]}))
    assert [each.queue.id for each in told.logged_in] == [111834]
    key = {"input": "1", "variable_name": "choice"}
    assert (
        journey_of(provider, call(save_key_input=[key])) == journey_of(provider, call(save_key_input=key)) == journey_of(provider, call())
    )


@pytest.mark.parametrize(
    "start",
    [
        1779099997234,
        1779099997234.0,
        "1779099997234",
        1779099997.234,
        "1779099997.234",
        1779099997234000,
        "2026-05-18T10:26:37.234Z",
        "2026-05-18T12:26:37.234+02:00",
        "2026-05-18 10:26:37.234",
        "2026-05-18T10:26:37.2340009Z",
    ],
)
def test_TX_16_an_instant_is_read_in_every_form_it_may_take(provider: TelavoxProvider, start: object) -> None:
    """TX-A3, TX-A4: the magnitude tells the unit, a date without zone is UTC."""
    assert journey_of(provider, call(time={"start": start})).started_at == START


def test_TX_16_a_date_without_zone_is_utc_wherever_the_machine_stands(provider: TelavoxProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    """TX-A3."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert journey_of(provider, call(time={"start": "2026-05-18T10:26:37.234"})).started_at == START
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    "start", [915_148_800_000, NOW + 86_400_001, -5, "1999-12-31T00:00:00Z", 9_999_999_999_999, "9999-01-01T00:00:00Z"]
)
def test_TX_16_an_instant_out_of_range_is_unknown_and_counted(provider: TelavoxProvider, start: object) -> None:
    """TX-A3: before 2000 or more than a day ahead."""
    (told,), odd = provider.read("calls", frame(call(time={"start": start})), received_at=NOW)
    assert isinstance(told, Call)
    assert told.journey is not None
    assert told.journey.started_at is None
    assert [(each.reason, each.detail) for each in odd] == [("bad_instant", "time.start")]


@pytest.mark.parametrize("end", [None, 0, ""])
def test_TX_16_a_blank_end_is_an_end_not_told(provider: TelavoxProvider, end: object) -> None:
    """Zero and blank are how some write "not yet"."""
    assert journey_of(provider, call(time={"start": START, "end": end})).ended_at is None


@pytest.mark.parametrize(
    ("told", "until"),
    [(1_779_116_400_000, 1_779_116_400_000), (3_600_000, START + 3_600_000), (0, None), (None, None), ("1779116400000", 1_779_116_400_000)],
)
def test_TX_16_a_default_duration_is_an_instant_by_its_magnitude_else_a_length(
    provider: TelavoxProvider, told: object, until: int | None
) -> None:
    """TX-A5."""
    profile = {"status": "available", "start_date": START, "default_duration": told}
    assert presence_of(provider, presence(profile={"active": profile})).until == until


@pytest.mark.parametrize(
    ("agent", "party"),
    [
        ({"id": 924328}, Party(id=924328)),
        ({"account_id": 3467672}, Party(account_id=3467672)),
        ({"id": None, "account_id": None, "name": "Anna Ek"}, Party(name="Anna Ek")),
        ({"id": "924328", "name": "Anna Ek"}, Party(id=924328, name="Anna Ek")),
        ({"id": 924328.0}, Party(id=924328)),
        ({"id": 924328, "account_id": 0}, Party(id=924328)),
        ({"id": 924328, "name": "  An\u202ena\u0007 Ek\n"}, Party(id=924328, name="Anna Ek")),
        ({"id": 924328, "name": "x" * 500}, Party(id=924328, name="x" * 200)),
    ],
)
def test_TX_16_an_agent_is_known_by_either_id_or_by_name(provider: TelavoxProvider, agent: Document, party: Party) -> None:
    """TX-A6, TX-A33."""
    assert offer_of(provider, offer(agent=agent)).agent == party


def test_TX_16_the_account_id_of_the_whole_document_is_nobodys(provider: TelavoxProvider) -> None:
    """TX-A7."""
    assert visit_of(provider, queue(account_id=5)) == visit_of(provider, queue())
    assert offer_of(provider, offer(account_id=5)) == offer_of(provider, offer())


def test_TX_16_when_the_queue_does_not_tell_its_entry_the_calls_start_is_taken(provider: TelavoxProvider) -> None:
    """TX-A14."""
    assert visit_of(provider, queue()).entered_at == START + 1_000
    assert visit_of(provider, queue(queue={"id": 111834})).entered_at == START
    assert visit_of(provider, queue()).started_at == START


@pytest.mark.parametrize("absent", ["absent", None, {}, [], {"id_call": None, "answered": 0, "time": {}}])
def test_TX_16_an_active_call_that_is_absent_null_or_empty_is_no_call(provider: TelavoxProvider, absent: object) -> None:
    """TX-A15: presence is replaced whole."""
    document = presence() if absent == "absent" else presence(active_call=absent)
    assert presence_of(provider, document).active_call is None


def test_TX_16_an_active_call_without_its_id_is_a_call_all_the_same(provider: TelavoxProvider) -> None:
    """An agent who talks to somebody unknown talks."""
    told = presence_of(provider, presence(active_call={"answered": 1, "queue_id": 111834, "time": {"answered": START}}))
    assert told.active_call == ActiveCall(id_call="", answered=True, queue=Party(id=111834), answered_at=START)


@pytest.mark.parametrize("flag", [1, True, "1", "true", 1.0, 2])
def test_TX_16_a_flag_is_read_in_every_form_it_may_take(provider: TelavoxProvider, flag: object) -> None:
    """Int in the reference; somebody will send a boolean."""
    told = visit_of(provider, queue(active=flag, voicemail=flag, recorded=flag))
    assert (told.active, told.voicemail, told.recorded) == (True, True, True)


def test_TX_16_callbacks_are_counted_from_one_number_or_from_three(provider: TelavoxProvider) -> None:
    """TX-A30, TX-A34: an object on calls, a number on queues, and either anywhere."""
    three = {"answer_wait_request": 1, "customer_no_answer": 2, "no_wait_request": None}
    assert journey_of(provider, call(on_hooked_calls=three)).callbacks == 3
    assert journey_of(provider, call(on_hooked_calls=2)).callbacks == 2
    assert visit_of(provider, queue(on_hooked_calls=1)).callbacks == 1
    assert visit_of(provider, queue(on_hooked_calls=three)).callbacks == 3
    assert visit_of(provider, queue()).callbacks is None
    assert journey_of(provider, call(ohw_ordered=True)).callback_ordered is True


def test_TX_16_a_profile_beside_the_profiles_is_read_when_there_are_none(provider: TelavoxProvider) -> None:
    """TX-A26."""
    document = presence(active={"status": "unavailable", "name": "Lunch"})
    assert presence_of(provider, document).status == "available"
    del document["profile"]
    assert presence_of(provider, document).status == "unavailable"


@pytest.mark.parametrize(
    ("hint", "at"),
    [
        ({"last_call_update": START}, START),
        ({"last_call_update_sec": 1779099997}, 1779099997000),
        ({"last_call_update": 1779099997}, 1779099997000),
    ],
)
def test_TX_16_the_vendors_hint_of_freshness_is_read_in_both_units(provider: TelavoxProvider, hint: Document, at: int) -> None:
    """TX-A27."""
    assert presence_of(provider, presence(**hint)).updated_at == at


def test_TX_16_durations_are_read_as_one_number_or_as_three(provider: TelavoxProvider) -> None:
    """TX-A28 and the reference: ring is an object on queues, a number on agents."""
    told = visit_of(provider, queue(duration={"queue": 4_000, "wait": 3_000, "ring": {"first": 1, "last": 2, "total": 3}, "talk": "77"}))
    assert (told.queue_ms, told.wait_ms, told.ring_ms, told.talk_ms) == (4_000, 3_000, 3, 77)
    assert offer_of(provider, offer(duration={"ring": {"total": 5}, "hold": 6})).ring_ms == 5


@pytest.mark.parametrize(
    ("word", "direction"),
    [
        ("incoming", Direction.IN),
        ("Inbound", Direction.IN),
        ("outgoing", Direction.OUT),
        ("outbound", Direction.OUT),
        ("INTERNAL", Direction.INTERNAL),
    ],
)
def test_TX_16_directions_are_read_in_the_spellings_of_the_trade(provider: TelavoxProvider, word: str, direction: Direction) -> None:
    """Only "incoming" is in the samples."""
    assert journey_of(provider, call(call_direction=word)).direction is direction


def test_TX_16_a_direction_nobody_knows_is_unknown_and_counted(provider: TelavoxProvider) -> None:
    """An open enumeration."""
    (told,), odd = provider.read("queues", frame(queue(call_direction="sideways")), received_at=NOW)
    assert isinstance(told, Call)
    assert told.visits[0].direction is None
    assert [each.reason for each in odd] == ["unknown_enum"]


@pytest.mark.fault("A15")
def test_TX_16_a_status_nobody_knows_is_kept_for_the_rules_and_counted(provider: TelavoxProvider) -> None:
    """It makes the agent unknown, which is for the domain to say."""
    (told,), odd = provider.read("profile_live", frame(presence(profile={"active": {"status": "Levitating"}})), received_at=NOW)
    assert isinstance(told, AgentPresence)
    assert told.status == "levitating"
    assert [each.reason for each in odd] == ["unknown_enum"]


@pytest.mark.fault("A15")
def test_TX_16_unknown_end_reasons_strategies_and_fields_are_no_news(provider: TelavoxProvider) -> None:
    """Open enumerations that nothing is decided by, and fields of tomorrow."""
    told = offer_of(provider, offer(agent_end_reason="ABDUCTED", tomorrow={"deep": [1, 2, {"x": None}]}))
    assert told.end_reason == "ABDUCTED"


@pytest.mark.parametrize(
    ("feed", "document", "path"),
    [
        ("calls", call(duration="long"), "duration"),
        ("calls", call(customer_target=7), "customer_target"),
        ("calls", call(agent_first=[1, 2]), "agent_first"),
        ("calls", call(transfers={"n": 1}), "transfers"),
        ("queues", queue(recorded="perhaps"), "recorded"),
        ("queues", queue(queue={"id": 111834, "account_id": "n/a"}), "queue.account_id"),
        ("queues", queue(queue={"id": 111834, "account_id": True}), "queue.account_id"),
        ("agents", offer(agent={"id": 924328, "name": {"sv": "Anna"}}), "agent.name"),
        ("agents", offer(time={"start": START, "end": "soon"}, active=0), "time.end"),
        ("profile_live", presence(mobile_active="x"), "mobile_active"),
        ("profile_live", presence(customer_telavox={"id": "43x"}), "customer_telavox.id"),
        ("profile_live", presence(queue_login={"logged_in": ["Support"]}), "queue_login.logged_in[]"),
    ],
)
def test_TX_16_one_field_of_a_wrong_type_is_left_out_and_counted(
    provider: TelavoxProvider, feed: str, document: Document, path: str
) -> None:
    """The document stands without it."""
    told, odd = provider.read(feed, frame(document), received_at=NOW)
    assert len(told) == 1
    assert [(each.reason, each.detail) for each in odd] == [("wrong_type", path)]


@pytest.mark.parametrize(
    ("feed", "document"),
    [
        ("calls", call(active="banana")),
        ("calls", call(answered=[])),
        ("calls", call(time="yesterday")),
        ("queues", queue(time={"start": [START]})),
        ("queues", queue(queue={"id": 111834, "timestart": "soon"})),
        ("queues", queue(queue={"id": "abc", "name": "Support"})),
        ("agents", offer(answered={"yes": 1})),
        ("profile_live", presence(active_call="ringing")),
        ("profile_live", presence(profile="available")),
        ("profile_live", presence(profile={"active": {"status": 7.5}})),
        ("profile_live", presence(queue_login={"logged_in": "Support"})),
    ],
)
def test_TX_16_a_document_whose_state_cannot_be_read_tells_nothing_and_is_counted(
    provider: TelavoxProvider, feed: str, document: Document
) -> None:
    """Half a state is a wrong number."""
    told, odd = provider.read(feed, frame(document), received_at=NOW)
    assert told == []
    assert [each.reason for each in odd] == ["wrong_type"]


@pytest.mark.parametrize(
    ("feed", "document", "reason"),
    [
        ("calls", {}, "no_id"),
        ("calls", call(id_call=None), "no_id"),
        ("calls", call(id_call=""), "no_id"),
        ("calls", call(id_call=17), "no_id"),
        ("calls", call(id_call="a\nb"), "no_id"),
        ("calls", call(id_call="x" * 5_000), "no_id"),
        ("queues", queue(queue=None), "no_queue"),
        ("queues", queue(queue={}), "no_queue"),
        ("agents", offer(agent={"phone": "0701740605"}), "no_agent"),
        ("profile_live", {"profile": {"active": {"status": "available"}}}, "no_agent"),
        ("calls", [[call()]], "not_object"),
        ("calls", "text", "not_object"),
        ("calls", None, "not_object"),
        ("calls", 5, "not_object"),
        ("nonsense", {}, "unknown_feed"),
    ],
)
def test_TX_16_a_document_without_its_identity_is_malformed(provider: TelavoxProvider, feed: str, document: Any, reason: str) -> None:
    """Nothing can be said of nobody."""
    told, odd = provider.read(feed, frame(document), received_at=NOW)
    assert (told, [each.reason for each in odd]) == ([], [reason])


def test_TX_16_the_outcome_of_reading_does_not_depend_on_the_road_taken(provider: TelavoxProvider) -> None:
    """A document read field by field, because one field is odd, tells all else as the fast way does."""
    plain = journey_of(provider, call())
    (slow,), _ = provider.read("calls", frame(call(simultaneous_device_calls="many")), received_at=NOW)
    assert isinstance(slow, Call)
    assert slow.id_call == ID_CALL
    assert slow.journey == plain
