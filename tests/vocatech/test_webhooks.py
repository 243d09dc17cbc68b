"""The webhook at the vendor: made, proved, replaced, revived, taken away; and what was posted in vain (VT-02 to VT-04, VT-13, VT-16)."""

import json
from collections.abc import AsyncIterator

import pytest

from stats.domain.errors import Refused
from stats.domain.merge import Told, merge_call
from stats.domain.notes import Transcript
from stats.domain.outcomes import settle
from stats.domain.records import Call
from stats.providers.base import Hooked, Knows, Settles, Sounds, pack_delivery
from stats.providers.vocatech.simulator import VocatechSimulator
from stats.simulation import records
from tests.vocatech.conftest import Dial
from tests.vocatech.made import CALL, NOON_MS, leg
from tests.vocatech.receiver import Receiver

LADDER_MS = (60_000, 300_000, 1_800_000, 7_200_000)
HOUR_MS = 3_600_000


@pytest.fixture
async def ours(house: VocatechSimulator) -> AsyncIterator[Receiver]:
    """An endpoint of ours, on the house's clock."""
    async with Receiver(house.now) as receiver:
        yield receiver


async def test_connecting_makes_one_webhook_and_a_test_proves_it(house: VocatechSimulator, dial: Dial, ours: Receiver) -> None:
    """VT-02: the secret is told once; connecting again makes nothing; only a signed webhook.test verifies."""
    provider = dial()
    assert isinstance(provider, Hooked)
    connected = await provider.connect(ours.address())
    assert (connected.made, connected.secret.startswith("whsec_")) == (1, True)
    again = await provider.connect(ours.address())
    assert (again.made, again.secret, len(house.postman.webhooks)) == (0, "", 1)
    await provider.try_out(ours.address())
    await ours.until(lambda: len(ours.statuses) == 1)
    assert ours.statuses == [401]  # nobody has kept the secret yet
    ours.secrets = [connected.secret]
    await provider.try_out(ours.address())
    await ours.until(lambda: len(ours.statuses) == 2)
    assert (ours.statuses[1], ours.checked[0].verified, ours.kept) == (202, True, {})


async def test_a_webhook_that_is_given_back_without_its_secret_is_made_anew(house: VocatechSimulator, dial: Dial, ours: Receiver) -> None:
    """VT-A14: "existing resources are now reused"."""
    house.switches.reuse = True
    provider = dial()
    known, _ = house.postman.make("old", ours.address(), ["call.ended"], [])
    # As if the list had not shown it.
    made = await provider._webhooks._make(ours.address())
    assert made.secret_key is None
    known.url = ours.address() + "?elsewhere"
    connected = await provider.connect(ours.address())
    assert connected.secret


async def test_connecting_adds_the_events_that_a_webhook_lacks(house: VocatechSimulator, dial: Dial, ours: Receiver) -> None:
    """Somebody has narrowed it by hand; the secret stays."""
    provider = dial()
    await provider.connect(ours.address())
    (webhook,) = house.postman.webhooks.values()
    webhook.event_filters = ["call.ended"]
    connected = await provider.connect(ours.address())
    assert (connected.made, connected.secret) == (1, "")
    assert {"call.started", "call.answered", "call.ended", "call.transcription", "message.received"} <= set(webhook.event_filters)


async def test_what_is_posted_is_taken_once_however_often_it_comes(house: VocatechSimulator, dial: Dial, ours: Receiver) -> None:
    """VT-03 and VT-04: raw bytes with letters of two bytes; the same id again is answered 200, and a forged one 401."""
    provider = dial()
    ours.secrets = [(await provider.connect(ours.address())).secret]
    data = leg("call.ended", 45, 0, end=70)["data"] | {"extension_name": "Åsa Öberg"}
    for _ in range(2):
        await house._tell_event({"event": "call.ended", "data": data, "id": "evt_same"})
        await ours.until(lambda: house.postman.waiting == 0)
    assert ours.statuses == [202, 200]
    (delivery,) = ours.kept.values()
    tellings, odd = provider.read("events", pack_delivery(delivery), received_at=delivery.at)
    assert odd == []
    assert isinstance(tellings[0], Call)
    assert tellings[0].offers[0].agent.name == "Åsa Öberg"
    ours.secrets = ["whsec_other"]
    house.postman.tell("call.ended", data)
    await ours.until(lambda: len(ours.statuses) == 3)
    assert ours.statuses[2] == 401


async def test_a_clock_that_is_six_minutes_off_is_refused(house: VocatechSimulator, dial: Dial, ours: Receiver) -> None:
    """VT-03: and so is one before ours."""
    ours.secrets = [(await dial().connect(ours.address())).secret]
    for skew in (-360.0, 360.0, 240.0):
        house.switches.skew_s = skew
        house.postman.tell("call.started", leg("call.started", 0, 0)["data"])
        before = len(ours.statuses)
        await ours.until(lambda before=before: len(ours.statuses) > before)  # type: ignore[misc]
    assert ours.statuses == [401, 401, 202]


async def test_a_delivery_is_tried_five_times_and_then_found_among_the_failures(
    house: VocatechSimulator, dial: Dial, ours: Receiver
) -> None:
    """VT-13: after a downtime the failures are read, and tell what they would have told."""
    provider = dial()
    ours.secrets = [(await provider.connect(ours.address())).secret]
    ours.down = True
    written = house.now()
    house.postman.tell("call.ended", {**leg("call.ended", 45, 0, end=70)["data"], "call_id": CALL})
    for attempt, wait in enumerate((*LADDER_MS, 0), start=1):
        await ours.until(lambda attempt=attempt: len(ours.statuses) == attempt)  # type: ignore[misc]
        house.advance(wait)
    await ours.until(lambda: len(house.postman.failures) == 1)
    ours.down = False
    facts = {fact.event: fact for fact in await provider.hooks(ours.address())}
    assert (facts["call.ended"].failed, facts["call.ended"].last_error, facts["call.started"].failed) == (1, "HTTP 503", 0)
    now = house.now()
    assert provider.historic_kinds[-1] == "failures"
    page = await provider.page("failures", start_ms=written - HOUR_MS, end_ms=now, first=200, after=None, received_at=now)
    held: Call | None = None
    for telling in page.tellings:
        assert isinstance(telling, Call)
        held = merge_call(held, telling, Told("historic", 120_000))
    assert held is not None
    assert (held.id_call, settle(held).ended) == (CALL, True)
    assert (await provider.page("failures", start_ms=now, end_ms=now + 1, first=200, after=None, received_at=now)).rows == 0


@pytest.mark.parametrize("how", ["payload", "event", "body", "text", "nothing"])
async def test_however_a_failure_carries_what_was_lost_it_is_found(house: VocatechSimulator, dial: Dial, how: str) -> None:
    """VT-13: the guide names the endpoint, and shows no row."""
    document = leg("call.ended", 45, 0, end=70)
    failure: dict[str, object] = {"id": 1, "webhook_id": 1, "event_type": "call.ended"}
    if how == "text":
        failure["payload"] = json.dumps(document)
    elif how != "nothing":
        failure[how] = document
    house.postman.failures.append(failure)
    house.switches.bare_lists = how == "event"
    now = NOON_MS
    page = await dial().page("failures", start_ms=now - HOUR_MS, end_ms=now + HOUR_MS, first=200, after=None, received_at=now + HOUR_MS)
    assert (page.rows, len(page.malformed)) == ((0, 1) if how == "nothing" else (1, 0))


async def test_a_secret_is_replaced_without_a_lost_event(house: VocatechSimulator, dial: Dial, ours: Receiver) -> None:
    """VT-16: a second address and secret beside the first; both let in until the first is cancelled."""
    provider = dial()
    first = (await provider.connect(ours.address("first"))).secret
    second = (await provider.connect(ours.address("second"))).secret
    assert first != second
    ours.secrets = [second, first]
    sent = [house.postman.tell("call.started", leg("call.started", 0, 0, call=f"call-{n}")["data"]) for n in range(10)]
    await ours.until(lambda: len(ours.statuses) == 20)
    assert await provider.disconnect(ours.address("first")) == 1
    ours.secrets = [second]
    sent += [house.postman.tell("call.started", leg("call.started", 0, 0, call=f"call-{n}")["data"]) for n in range(10, 20)]
    await ours.until(lambda: len(ours.statuses) == 30)
    assert list(ours.kept) == sent
    assert set(ours.statuses) == {202, 200}


async def test_disconnecting_takes_away_what_is_ours_and_nothing_else(house: VocatechSimulator, dial: Dial, ours: Receiver) -> None:
    """VT-16: and a second time there is nothing left to take."""
    provider = dial()
    house.postman.make("somebody's CRM", "https://crm.example/hook", ["call.ended"], [])
    await provider.connect(ours.address())
    assert await provider.disconnect(ours.address()) == 1
    assert await provider.disconnect(ours.address()) == 0
    assert [each.name for each in house.postman.webhooks.values()] == ["somebody's CRM"]
    assert await provider.hooks(ours.address()) == []
    with pytest.raises(Refused):
        await provider.try_out(ours.address())


async def test_what_the_vendor_has_switched_off_is_put_on_again(house: VocatechSimulator, dial: Dial, ours: Receiver) -> None:
    """VT-A15: the guide does not say whether it ever does."""
    provider = dial()
    await provider.connect(ours.address())
    assert await provider.revive(ours.address()) == 0
    await house._disable({})
    assert not any(fact.enabled for fact in await provider.hooks(ours.address()))
    assert await provider.revive(ours.address()) == 1
    assert all(fact.enabled for fact in await provider.hooks(ours.address()))


async def test_words_come_minutes_after_the_talk(house: VocatechSimulator, dial: Dial, ours: Receiver, recorded: records.Call) -> None:
    """VT-08: 5 to 30 minutes of the look-alike's clock after a recorded talk has ended."""
    provider = dial()
    ours.secrets = [(await provider.connect(ours.address())).secret]

    def words() -> list[Transcript]:
        told = [provider.read("events", pack_delivery(each), received_at=each.at)[0] for each in ours.kept.values()]
        return [each for tellings in told for each in tellings if isinstance(each, Transcript)]

    house.hear(recorded.ended_at or 0, recorded)
    talks = house.postman.waiting
    assert talks >= 1
    assert words() == []
    house.advance(4 * 60_000)
    assert words() == []
    house.advance(26 * 60_000)
    await ours.until(lambda: len(words()) == talks)
    assert words()[0].id_call == recorded.id


def test_what_vocatech_offers_is_found_by_its_methods(dial: Dial) -> None:
    """The contract's protocols."""
    provider = dial()
    assert isinstance(provider, Hooked)
    assert isinstance(provider, Sounds)
    assert isinstance(provider, Knows)
    assert isinstance(provider, Settles)


async def test_a_webhook_of_some_extensions_posts_their_calls_alone(house: VocatechSimulator, ours: Receiver) -> None:
    """The guide's extension_filters; messages have no extension, and come."""
    house.postman.make("some", ours.address(), ["call.started", "message.sent"], ["102"])
    for ext in ("101", "102"):
        house.postman.tell("call.started", leg("call.started", 0, 0, ext=ext)["data"])
    house.postman.tell("message.sent", {"message_id": "sms_1"})
    house.postman.tell("call.ended", leg("call.ended", 1, 0, ext="102")["data"])
    assert [each["data"].get("extension") for each in house.postman.written()] == ["102", None]
