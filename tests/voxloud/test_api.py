"""What Voxloud is asked: whose key it is, subscriptions, the past, recordings, people, and a call to a number."""

import asyncio
from typing import Any

import msgspec
import pytest
from aiohttp import web

from stats.domain.errors import Malformed, Refused, Retry
from stats.domain.notes import Contact, Recording
from stats.domain.outcomes import settle
from stats.domain.records import AgentPresence, Call, QueueEstimate
from stats.providers.base import Dials, Greets, Hooked, Knows, Sounds
from stats.providers.voxloud import wire
from stats.providers.voxloud.ordering import EVENTS
from stats.providers.voxloud.provider import VoxloudProvider
from stats.providers.voxloud.simulator import VoxloudSimulator
from tests.voxloud.conftest import Ear
from tests.voxloud.telling import NOON, event, frame, hear, merged, posted, provider, record

OURS = "https://board.example/hooks/vl/secret"
THEIRS = "https://other.example/hook"
HOUR = 3_600_000


def test_the_provider_has_what_the_company_says_it_can() -> None:
    """The protocols of the contract."""
    for protocol in (Greets, Hooked, Knows, Sounds, Dials):
        assert isinstance(provider(), protocol)


# -- VL-01 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.acceptance("VL-01")
async def test_a_good_key_tells_the_name_of_the_company(vendor: VoxloudProvider) -> None:
    """VL-01: validate-auth."""
    assert (await vendor.greet()).name == "Exempelbolaget AB"


@pytest.mark.acceptance("VL-01")
@pytest.mark.parametrize("errors", ["json", "text", "none"])
async def test_a_wrong_key_is_refused_in_the_vendors_words(house: VoxloudSimulator, errors: str) -> None:
    """VL-01: 401, whatever body it has; and the key is in no word of ours."""
    house.switches.set("errors", errors)
    wrong = provider(house.api_url, token="wrong-key-0123456789")
    with pytest.raises(Refused) as why:
        await wrong.greet()
    await wrong.close()
    assert why.value.kind == "auth"
    assert ("Your API key is wrong." in why.value.reason) == (errors != "none")
    assert "wrong-key" not in repr(why.value) + repr(wrong._config)


async def test_another_address_is_not_taken_for_voxloud(house: VoxloudSimulator) -> None:
    """A house that answers, but not as the vendor does; and none at all."""
    elsewhere = provider(f"{house.url}/nothing")
    with pytest.raises(Refused, match="config"):
        await elsewhere.greet()
    await elsewhere.close()
    nobody = provider("http://127.0.0.1:9/api")
    with pytest.raises(Retry):
        await nobody.greet()
    await nobody.close()


# -- VL-02, VL-14 --------------------------------------------------------------------------------------------------------


@pytest.mark.acceptance("VL-02")
async def test_connecting_orders_one_subscription_a_kind_once_and_disconnecting_cancels_ours_alone(
    house: VoxloudSimulator, vendor: VoxloudProvider
) -> None:
    """VL-02: idempotent, what is missing is made again, and nobody else's is touched."""
    await vendor._rest.ask("POST", "/v1/webhook-subscriptions", body={"callback_url": THEIRS, "event_type": "PHONE_CALL"})
    assert (await vendor.connect(OURS)).made == len(EVENTS) == 7
    assert (await vendor.connect(OURS)).made == 0
    assert sorted(fact.event for fact in await vendor.hooks(OURS)) == sorted(EVENTS)
    gone = next(each for each in house.posting.subscriptions.values() if each.callback_url == OURS)
    house.posting.cancel(gone.id)
    assert (await vendor.connect(OURS)).made == 1
    assert await vendor.disconnect(OURS) == 7
    assert [each.callback_url for each in house.posting.subscriptions.values()] == [THEIRS]


@pytest.mark.acceptance("VL-02")
async def test_what_the_vendor_does_not_let_us_order_is_a_note(house: VoxloudSimulator, vendor: VoxloudProvider) -> None:
    """VL-02: its table of what may be ordered leaves CLICK_TO_CALL out."""
    house.switches.click_to_call_subscriptions = False
    connected = await vendor.connect(OURS)
    assert connected.made == 6
    assert [note.split(":")[0] for note in connected.notes] == ["CLICK_TO_CALL"]


@pytest.mark.acceptance("VL-14")
@pytest.mark.parametrize("update_by", ["PUT", "POST"])
async def test_a_subscription_that_was_switched_off_is_seen_and_put_on_again(
    house: VoxloudSimulator, vendor: VoxloudProvider, update_by: str
) -> None:
    """VL-14: after refused posts; by PUT as the heading says, or by POST as the example does, which is remembered."""
    house.switches.set("update_by", update_by)
    house.switches.set("failures_until_disabled", 3)
    refused = "http://127.0.0.1:9/hook"
    await vendor.connect(refused)
    for n in range(4):
        house.tell("CALL_INCOMING", event("INCOMING", NOON + n, 101)["data"])
    async with asyncio.timeout(10):
        await house.posting.idle()
    (off,) = [fact for fact in await vendor.hooks(refused) if not fact.enabled]
    assert (off.event, off.failed, off.last_error) == ("CALL_INCOMING", 3, "ClientConnectorError")
    assert await vendor.revive(refused) == 1
    assert await vendor.revive(refused) == 0
    assert all(fact.enabled and fact.failed == 0 for fact in await vendor.hooks(refused))
    await house._disable({})
    asked = dict(house.doors.requests)
    assert await vendor.revive(refused) == 7
    wrong = "POST" if update_by == "PUT" else "PUT"
    tried = {
        key: count - asked.get(key, 0) for key, count in house.doors.requests.items() if key.startswith(f"{wrong} ") and key[-1] != "s"
    }
    assert sum(tried.values()) == 0


# -- VL-08, VL-11, VL-15 -------------------------------------------------------------------------------------------------


@pytest.mark.acceptance("VL-08")
@pytest.mark.parametrize("shape", ["object", "list", "page"])
async def test_a_call_without_news_is_looked_up_by_its_id(house: VoxloudSimulator, vendor: VoxloudProvider, shape: str) -> None:
    """VL-08: a HANGUP that never came, whichever shape the answer has; an unknown call is nothing."""
    house.switches.set("by_call_id", shape)
    told = hear(vendor, [event("INCOMING", NOON, 101), event("ANSWERED", NOON + 5_000, 101)])
    assert not settle(merged(told)["c1"]).ended
    house.keep(record(NOON, 65, 5, "CALL_TERMINATED", answererName="Anna", answererNumber="101")["data"])
    told += await vendor.look_up("c1", start_ms=NOON, end_ms=NOON + HOUR, received_at=NOON + HOUR)
    call = settle(merged(told)["c1"])
    assert call.ended
    assert [(o.answered_at, o.ended_at) for o in call.call.offers] == [(NOON + 5_000, NOON + 65_000)]
    assert await vendor.look_up("unknown", start_ms=NOON, end_ms=NOON + HOUR, received_at=NOON) == []
    assert vendor.quiet_ms == 120_000


async def all_pages(vendor: VoxloudProvider, start: int, end: int, first: int) -> tuple[list[Call], list[str], int]:
    """Every page of a window: calls, keys, pages."""
    calls: list[Call] = []
    keys: list[str] = []
    after, pages = None, 0
    while True:
        page = await vendor.page("calls", start_ms=start, end_ms=end, first=first, after=after, received_at=end)
        calls += [each for each in page.tellings if isinstance(each, Call)]
        keys += page.keys
        pages += 1
        if not page.more:
            return calls, keys, pages
        after = page.cursor


@pytest.mark.acceptance("VL-11")
@pytest.mark.parametrize("false_totals", [False, True])
async def test_all_pages_of_a_window_are_read_and_nothing_beside_it(
    house: VoxloudSimulator, vendor: VoxloudProvider, false_totals: bool
) -> None:
    """VL-11: a fax among them is a row and no call; `last` ends it, whatever the total says; +0000 parses."""
    house.switches.false_totals = false_totals
    for n in range(53):
        house.keep({**record(NOON + n * 60_000, 5, 5, "CALL_LOST_NO_ANSWER")["data"], "id": n, "callId": f"c{n}"})
    house.fax()
    calls, keys, pages = await all_pages(vendor, NOON, NOON + 50 * 60_000, 20)
    assert [call.id_call for call in calls] == [f"c{n}" for n in range(50)]
    assert (len(keys), pages) == (50, 3)
    assert calls[7].journey is not None
    assert calls[7].journey.started_at == NOON + 7 * 60_000
    now = house.now()
    page = await vendor.page("calls", start_ms=now - HOUR, end_ms=now + HOUR, first=20, after=None, received_at=now)
    assert page.rows == 1
    assert not any(isinstance(each, Call) for each in page.tellings)


@pytest.mark.acceptance("VL-11")
def test_what_a_page_counts_is_believed_where_it_counts_its_own_rows_rightly() -> None:
    """VL-11: the vendor's own example shows two rows, says that they are eight, and is the last page."""

    def total(rows: int, said: int | None) -> int | None:
        page = {"content": [{}] * rows, "last": True, "totalElements": 8, "totalPages": 1, "numberOfElements": said, "size": 30}
        return msgspec.json.decode(msgspec.json.encode(page), type=wire.SpringPage).total

    assert (total(2, 8), total(2, 2), total(8, 8), total(2, None)) == (None, 8, 8, 8)


async def test_an_empty_window_is_one_empty_page(vendor: VoxloudProvider) -> None:
    """Nothing, and no more."""
    assert await all_pages(vendor, NOON, NOON + HOUR, 20) == ([], [], 1)


@pytest.mark.acceptance("VL-15")
@pytest.mark.parametrize(("status", "after"), [(429, None), (429, 7.0), (503, 3.0), (500, None), (502, None)])
async def test_a_vendor_that_is_busy_or_broken_is_asked_again_later(
    house: VoxloudSimulator, vendor: VoxloudProvider, status: int, after: float | None
) -> None:
    """VL-15: Retry, with the wait where it is told; the next question is answered, and nothing was lost."""
    house.keep(record(NOON, 5, 5, "CALL_LOST_NO_ANSWER")["data"])
    house.fail_next(status, retry_after_s=after)
    with pytest.raises(Retry) as why:
        await vendor.page("calls", start_ms=NOON, end_ms=NOON + HOUR, first=20, after=None, received_at=NOON + HOUR)
    assert why.value.after_s == after
    page = await vendor.page("calls", start_ms=NOON, end_ms=NOON + HOUR, first=20, after=None, received_at=NOON + HOUR)
    assert page.rows == 1


@pytest.mark.acceptance("VL-15")
async def test_a_limit_is_kept_off_until_it_has_passed(house: VoxloudSimulator, vendor: VoxloudProvider) -> None:
    """VL-15: the look-alike's own limit says when to come again."""
    house.switches.update({"most_a_minute": 2, "retry_after": True})
    await vendor.greet()
    await vendor.greet()
    with pytest.raises(Retry) as why:
        await vendor.greet()
    assert why.value.after_s == 7


# -- VL-13 ---------------------------------------------------------------------------------------------------------------


def kept_call(house: VoxloudSimulator, url: str) -> Recording:
    """A call with a recording somewhere, and the recording as it is told."""
    house.keep(record(NOON, 65, 5, "CALL_TERMINATED", recorded=True, recordingUrl=url, answererNumber="101")["data"])
    return Recording(source="vl", id_call="c1", recording_id="c1:call", locator="call:c1")


@pytest.mark.acceptance("VL-13")
async def test_a_recording_is_fetched_where_the_vendor_says_now(house: VoxloudSimulator, vendor: VoxloudProvider) -> None:
    """VL-13: whole and in part; the address is asked for anew and is in nothing we keep."""
    told = kept_call(house, f"{house.url}/media/call_recordings/call_recording_c1.wav")
    (known,) = await vendor.recordings("c1", start_ms=NOON, end_ms=NOON + HOUR, received_at=NOON + HOUR)
    assert known.locator == told.locator
    assert "http" not in repr(known)
    async with vendor.sound(known) as sound:
        whole = b"".join([piece async for piece in sound.chunks])
    assert (sound.status, sound.headers["content-type"], whole[:4]) == (200, "audio/wav", b"RIFF")
    async with vendor.sound(known, byte_range="bytes=100-199") as sound:
        part = b"".join([piece async for piece in sound.chunks])
    assert (sound.status, part) == (206, whole[100:200])
    assert sound.headers["content-range"] == f"bytes 100-199/{len(whole)}"


@pytest.mark.acceptance("VL-13")
@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/inner.mp3",
        "https://127.0.0.1/inner.mp3",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/inner.mp3",
        "http://store.example/in-clear.mp3",
        "file:///etc/passwd",
        "https://user:word@store.example/x.mp3",
        "nonsense",
    ],
)
async def test_a_recording_that_lies_where_nothing_is_fetched_from_is_refused(
    house: VoxloudSimulator, vendor: VoxloudProvider, url: str
) -> None:
    """VL-13: whoever writes a record must not make us knock at our own doors."""
    with pytest.raises(Refused):
        async with vendor.sound(kept_call(house, url)):
            raise AssertionError("fetched")


@pytest.mark.acceptance("VL-13")
async def test_a_recording_that_is_gone_is_said_to_be(house: VoxloudSimulator, vendor: VoxloudProvider) -> None:
    """VL-13: unknown to the API, or taken out of the store."""
    gone = Recording(source="vl", id_call="c9", recording_id="c9:call", locator="call:c9")
    with pytest.raises(Refused, match="no such recording"):
        async with vendor.sound(gone):
            raise AssertionError("fetched")
    with pytest.raises(Refused, match="not to be had"):
        async with vendor.sound(kept_call(house, f"{house.url}/media/call_recordings/another.wav")):
            raise AssertionError("fetched")


# -- who there is --------------------------------------------------------------------------------------------------------


async def test_users_are_agents_by_extension_and_contacts_are_names_of_numbers(house: VoxloudSimulator, vendor: VoxloudProvider) -> None:
    """All pages of contacts; one that has gone by the next time is taken back."""
    for n in range(103):
        house.contacts[f"k{n}"] = {"id": f"k{n}", "first_name": f"F{n}", "last_name": "L", "primary_phone": f"+46701{n:06d}"}
    house.contacts["k0"]["phones"] = ["+46313900600"]
    told = await vendor.people(received_at=NOON)
    agents = [each for each in told if isinstance(each, AgentPresence)]
    assert [(each.agent.key, each.agent.name, each.derived, each.status) for each in agents] == [
        ("s:vl:101", "Anna Andersson", True, None),
        ("s:vl:102", "Bo Berg", True, None),
    ]
    assert [each.queue.name for each in told if isinstance(each, QueueEstimate)] == ["Faktura", "Support"]
    contacts = [each for each in told if isinstance(each, Contact)]
    assert len(contacts) == 104
    assert ("+46313900600", "F0 L") in [(each.number, each.name) for each in contacts]
    del house.contacts["k0"]
    again = [each for each in await vendor.people(received_at=NOON) if isinstance(each, Contact) and not each.name]
    assert [(each.contact_id, each.number) for each in again] == [("k0", "+46313900600"), ("k0", "+46701000000")]


async def test_the_extension_of_a_group_is_no_agents(vendor: VoxloudProvider) -> None:
    """A colleague who dials a group rings its users, told by their own events; before the users were asked, anybody may be one."""
    told = [event("STARTED", NOON, 101, origin="101", target="200"), event("ANSWERED", NOON + 5000, 102, origin="101", target="200")]
    lost = record(NOON, 9, 9, "CALL_LOST_NO_ANSWER", direction="INTERNAL", originatorNumber="101", destinationNumber="200", callId="c2")
    assert [o.agent.key for call in merged(hear(vendor, [*told, lost])).values() for o in call.offers].count("s:vl:200") == 2
    await vendor.people(received_at=NOON)
    calls = merged(hear(vendor, [*told, lost]))
    assert [o.agent.key for o in calls["c1"].offers] == ["s:vl:102"]
    assert calls["c2"].offers == ()


async def test_an_outgoing_call_that_shows_the_companys_number_is_known_by_its_users_name(vendor: VoxloudProvider) -> None:
    """Once the users were asked, the only one of a name is found by it, and events know our own numbers."""
    await vendor.people(received_at=NOON)
    shown: dict[str, Any] = {"direction": "OUTBOUND", "originatorNumber": "46846500498", "originatorName": "Anna Andersson"}
    (call,) = merged(hear(vendor, [record(NOON, 30, 5, "CALL_TERMINATED", destinationNumber="46701740605", **shown)])).values()
    assert [o.agent.key for o in call.offers] == ["s:vl:101"]
    (live,) = merged(hear(vendor, [event("ANSWERED", NOON, 101, origin="+46846500498", target="+46701740605")])).values()
    assert live.offers[0].direction == "out"


# -- click to call -------------------------------------------------------------------------------------------------------


async def test_a_number_is_called_for_an_agent_with_one_object_that_is_used_again(
    house: VoxloudSimulator, vendor: VoxloudProvider, ear: Ear
) -> None:
    """There may be no more objects than users and groups; the call is told like any other."""
    house._speed = 60.0
    house.switches.precise = True
    await vendor.connect(ear.url)
    first = await vendor.dial("+46701740605", agent="101", reference="r1")
    assert first == await vendor.dial("+46701740611", agent="101", reference="r2")
    assert len(house.clicks) == 1
    await ear.until("CLICK_TO_CALL", 2)
    told = ear.got
    calls = [settle(call) for call in merged(hear(vendor, told, at=house.now())).values()]
    assert [(call.direction, call.answered, call.ended, len(call.offers)) for call in calls] == [("out", True, True, 1)] * 2
    assert {call.number for call in calls} == {"+46701740605", "+46701740611"}
    with pytest.raises(Refused, match="no user"):
        await vendor.dial("+46701740605", agent="999", reference="r3")
    with pytest.raises(Refused, match="not well-formed"):
        await vendor.dial("12", agent="101", reference="r4")


async def test_no_more_click_to_call_objects_than_allowed_is_said_in_the_vendors_words(
    house: VoxloudSimulator, vendor: VoxloudProvider
) -> None:
    """The limit is the vendor's to know."""
    house.switches.click_to_call_limit = 1
    await vendor.dial("+46701740605", agent="101", reference="r1")
    with pytest.raises(Refused):
        await vendor.dial("+46701740605", agent="102", reference="r2")


# -- what the key and the address are --------------------------------------------------------------------------------------


async def test_the_key_follows_no_redirect() -> None:
    """A redirect is a fault: nobody else gets the key."""
    stolen: list[str] = []

    async def away(request: web.Request) -> web.Response:
        stolen.append(request.path)
        raise web.HTTPFound("/stolen")

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", away)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    lost = provider(f"http://127.0.0.1:{runner.addresses[0][1]}/api")
    with pytest.raises(Refused, match="redirect"):
        await lost.greet()
    await lost.close()
    await runner.cleanup()
    assert stolen == ["/api/v1/validate-auth"]


async def test_nothing_is_opened_and_no_queue_alone_is_asked_for(vendor: VoxloudProvider) -> None:
    """What the vendor does not have is refused, never invented."""
    with pytest.raises(Refused):
        vendor.open("events")
    told, odd = vendor.read("events", b"no delivery", received_at=NOON)
    assert told == []
    assert isinstance(odd[0], Malformed)
    assert vendor.read("events", frame(posted("PHONE_CALL", {"callId": "x", "timestamp": "soon"})), received_at=NOON)[1]
