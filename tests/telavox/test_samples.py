"""The vendor's three sample payloads, read as the vendor means them."""

from dataclasses import replace

import pytest

from stats.domain.records import AgentPresence, Call, Direction, Offer, Party
from stats.providers.telavox.provider import TelavoxProvider
from tests.telavox import samples
from tests.telavox.samples import NOW

pytestmark = pytest.mark.acceptance("TX-05")


def test_TX_05_the_sample_call_is_active_incoming_and_its_number_is_e164(provider: TelavoxProvider) -> None:
    """A call document becomes one journey."""
    (call,), odd = provider.read("calls", samples.CALLS.encode(), received_at=NOW)
    assert odd == []
    assert isinstance(call, Call)
    assert call.journey is not None
    assert (call.id_call, call.tenant, call.visits, call.offers) == (samples.ID_CALL, "43", (), ())
    journey = call.journey
    assert (journey.number, journey.direction, journey.started_at) == ("+32470624609", Direction.IN, 1_779_099_997_234)
    assert (journey.active, journey.answered, journey.goes_on, journey.ended_at, journey.total_ms) == (True, False, True, None, None)
    assert journey.asof == NOW


def test_TX_05_the_sample_offer_rang_19211_ms_at_an_agent_with_both_ids(provider: TelavoxProvider) -> None:
    """An agent document becomes one offer."""
    (call,), odd = provider.read("agents", samples.AGENTS.encode(), received_at=NOW)
    assert odd == []
    assert isinstance(call, Call)
    assert call.offers == (
        Offer(
            agent=Party(id=924328, account_id=3467672, name="Jennifer Symoens"),
            queue=None,
            began_at=1_779_099_997_234,
            ended_at=1_779_100_016_445,
            active=False,
            answered=False,
            direction=Direction.IN,
            number="+32470624609",
            ring_ms=19_211,
            total_ms=19_211,
            end_reason="NO_ANSWER",
            devices=1,
        ),
    )
    assert call.offers[0].ended


def test_TX_05_the_sample_presence_is_available_until_15_o_clock_and_ringing_in_its_queue(provider: TelavoxProvider) -> None:
    """A presence document is the whole of what is known."""
    (told,), odd = provider.read("profile_live", samples.PROFILE_LIVE.encode(), received_at=NOW)
    assert odd == []
    assert isinstance(told, AgentPresence)
    assert told.agent == Party(id=846851, account_id=3083293, name="Patrik Hilvéus")
    assert (told.status, told.is_wrapup, told.profile_name, told.profile_since) == ("available", False, "Tillgänglig", 1_779_099_033_656)
    assert told.until == 1_779_116_400_000
    assert [login.queue.name for login in told.logged_in] == ["Jour-Customer Support", "Telavox Support"]
    assert [login.queue.id for login in told.logged_out] == [137266]
    ringing = told.active_call
    assert ringing is not None
    assert (ringing.id_call, ringing.answered, ringing.started_at) == ("89913fac-a038-4fff-b9bd-a183014dc794", False, 1_779_100_022_081)
    assert ringing.queue == Party(id=111834, name="Jour-Customer Support")
    assert (told.clients, told.told_at, told.tenant) == (True, NOW, "43")


def test_TX_05_the_same_agent_told_again_is_equal_but_for_when_it_was_told(provider: TelavoxProvider) -> None:
    """Reading is a pure function of the frame and the time."""
    (first,), _ = provider.read("profile_live", samples.PROFILE_LIVE.encode(), received_at=NOW)
    (second,), _ = provider.read("profile_live", samples.PROFILE_LIVE.encode(), received_at=NOW + 1)
    assert isinstance(first, AgentPresence)
    assert isinstance(second, AgentPresence)
    assert replace(first, told_at=NOW + 1) == second
