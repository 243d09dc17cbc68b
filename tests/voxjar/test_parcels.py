"""What of a call is sent: everything that is required, nothing made up, nobody who asked to be left out."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from stats.domain.outcomes import settle
from stats.domain.parcels import Parcel, Reason, Unsent, parcel_of
from stats.domain.records import Call, Direction, Party
from stats.ingest.sink_options import options_of
from stats.providers.voxjar.translate import metadata_of
from tests.voxjar.parcels import ALL, ANNA, CALLER, NOON, recorded, recording, without_agent


def made(call: Call, choice: object = ALL, **more: object) -> Parcel | Unsent:
    """Of a call with one recording."""
    told = more.pop("recording", recording())
    return parcel_of(settle(call), told, "vocatech:call-1", choice, **more)  # type: ignore[arg-type]


def test_a_recorded_call_goes_with_everything_the_guide_asks_for() -> None:
    """VJ-02, VJ-05, VJ-06: the agent by e-mail, the extension as a telephone number, the start of the call in UTC with its offset."""
    parcel = made(recorded(), labels=["billing"], customer_name="Bo Ek")
    assert isinstance(parcel, Parcel)
    assert metadata_of(parcel) == {
        "identifier": "vocatech:call-1",
        "type": {"identifier": "s:vocatech:sales", "name": "Sales"},
        "timestamp": "2026-05-18T12:00:00.000+00:00",
        "direction": "INCOMING",
        "agents": [{"identifier": "anna.ek@example.test", "name": "Anna Ek", "phoneNumber": "204"}],
        "customers": [{"identifier": CALLER, "name": "Bo Ek", "phoneNumber": CALLER.lstrip("+")}],
        "disposition": {"identifier": "answered", "name": "Answered"},
        "tags": ["billing"],
        "metadata": {"source": "vocatech", "call": "call-1", "queue": "Sales", "wait_ms": 10_000, "talk_ms": 61_000, "ivr": "Main"},
    }
    assert datetime.fromisoformat(metadata_of(parcel)["timestamp"]) == datetime(2026, 5, 18, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (without_agent(recorded()), Reason.NO_AGENT),
        (recorded(number=None), Reason.NO_CUSTOMER),
        (recorded(number="anonymous"), Reason.NO_CUSTOMER),
        (recorded(direction=None), Reason.NO_DIRECTION),
    ],
    ids=lambda case: str(case) if isinstance(case, Reason) else "",
)
def test_what_is_required_and_not_known_parks_a_call(call: Call, reason: Reason) -> None:
    """VJ-04: never a placeholder."""
    assert made(call) == Unsent(reason, skipped=False)


@pytest.mark.parametrize("agents", [{}, {"205": "bo@example.test"}, {"204": ""}, {"204": "204"}, {"204": "+46701740699"}], ids=str)
def test_an_agent_without_a_name_that_stays_theirs_parks_a_call(agents: dict[str, str]) -> None:
    """VJ-05: an extension or a number is no identifier of an agent."""
    assert made(recorded(), replace(ALL, agents=agents)) == Unsent(Reason.AGENT_UNMAPPED, skipped=False)


@pytest.mark.parametrize("word", ["204", "Anna Ek", "s:vocatech:204"])
def test_an_agent_is_found_by_extension_name_or_key(word: str) -> None:
    """VJ-05; an employee's number is as good as an e-mail."""
    parcel = made(recorded(), replace(ALL, agents={word: "e-10042"}))
    assert isinstance(parcel, Parcel)
    assert parcel.agents[0].identifier == "e-10042"


def test_a_vendor_that_knows_its_agents_by_e_mail_needs_no_list() -> None:
    """VJ-05."""
    call = recorded()
    by_mail = replace(call, offers=(replace(call.offers[0], agent=Party(ref="vocatech:anna@example.test", name="Anna Ek")),))
    parcel = made(by_mail, replace(ALL, agents={}))
    assert isinstance(parcel, Parcel)
    assert (parcel.agents[0].identifier, parcel.agents[0].number) == ("anna@example.test", None)


def test_of_several_agents_the_one_who_is_heard_comes_first_and_must_be_known() -> None:
    """A call that was handed on; who is not in the list is left out, unless it is whose conversation it is."""
    call, bo = recorded(), Party(ref="vocatech:205", name="Bo Alm")
    both = replace(call, offers=(*call.offers, replace(call.offers[0], agent=bo, began_at=NOON + 74_000, answered_at=NOON + 80_000)))
    known = {"204": "anna@example.test", "205": "bo@example.test"}
    heard = made(both, replace(ALL, agents=known), recording=recording(agent=None))
    assert isinstance(heard, Parcel)
    assert [each.identifier for each in heard.agents] == ["bo@example.test", "anna@example.test"]
    anna = made(both, replace(ALL, agents={"204": "anna@example.test"}), recording=recording(agent=ANNA.key))
    assert isinstance(anna, Parcel)
    assert [each.identifier for each in anna.agents] == ["anna@example.test"]
    assert made(both, replace(ALL, agents={"204": "anna@example.test"}), recording=recording(agent=bo.key)) == Unsent(
        Reason.AGENT_UNMAPPED, skipped=False
    )


@pytest.mark.parametrize(
    ("choice", "reason"),
    [
        (replace(ALL, consented=frozenset()), Reason.NO_CONSENT),
        (replace(ALL, sources=frozenset({"voxloud"})), Reason.NO_CONSENT),
        (replace(ALL, queues=frozenset({"Support"})), Reason.OTHER_QUEUE),
        (replace(ALL, opted_out=frozenset({"070-174 06 06"})), Reason.OPTED_OUT),
    ],
    ids=lambda case: str(case) if isinstance(case, Reason) else "",
)
def test_whoever_is_not_to_be_sent_is_skipped(choice: object, reason: Reason) -> None:
    """VJ-13: consent by source, chosen queues, and numbers that opted out, however they are written."""
    assert made(recorded(), choice) == Unsent(reason, skipped=True)


@pytest.mark.parametrize("queue", ["Sales", "s:vocatech:sales"])
def test_a_chosen_queue_is_found_by_name_or_key(queue: str) -> None:
    """VJ-02."""
    assert isinstance(made(recorded(), replace(ALL, queues=frozenset({queue}))), Parcel)


def test_an_internal_call_is_skipped_unless_asked_for() -> None:
    """VJ-13; the place knows no such direction, so a tag says it."""
    call = recorded(direction=Direction.INTERNAL)
    assert made(call) == Unsent(Reason.INTERNAL, skipped=True)
    parcel = made(call, replace(ALL, internal=True))
    assert isinstance(parcel, Parcel)
    assert (metadata_of(parcel)["direction"], metadata_of(parcel)["tags"]) == ("OUTGOING", ["internal"])


def test_a_voicemail_is_no_conversation() -> None:
    """Nobody is heard in it but the caller."""
    assert made(recorded(), recording=recording(kind="voicemail")) == Unsent(Reason.VOICEMAIL, skipped=True)


def test_a_pseudonym_keeps_the_number_at_home() -> None:
    """What stands for a customer is the same for every call of theirs."""
    parcel = made(recorded(), customer_name="Bo Ek", pseudonym=lambda number: f"{len(number):02}" + "ab" * 31)
    assert isinstance(parcel, Parcel)
    assert "701740606" not in str(metadata_of(parcel))
    assert "Bo Ek" not in str(metadata_of(parcel))


def test_a_call_without_a_queue_is_filed_as_direct() -> None:
    """The guide wants a type for every call."""
    parcel = made(replace(recorded(), visits=()))
    assert isinstance(parcel, Parcel)
    assert parcel.kind == ("direct", "Direct")


@pytest.mark.parametrize("settings", [{}, {"sources": None, "agents": [], "largest_mb": "many"}, {"sources": "vocatech"}], ids=str)
def test_options_that_are_not_there_send_nothing(settings: dict[str, object]) -> None:
    """Consent is never taken for granted."""
    assert isinstance(made(recorded(), options_of(settings, "SE").choice), Unsent)
