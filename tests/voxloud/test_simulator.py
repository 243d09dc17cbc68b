"""The look-alike keeps to its document: key, status codes, limits, pages, CSV, and what it posts to whom."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio

from stats.providers.voxloud.simulator import DEFAULT_TOKEN, VoxloudSimulator
from tests.voxloud.conftest import Ear
from tests.voxloud.telling import NOON, event, record

Session = aiohttp.ClientSession


@pytest_asyncio.fixture
async def http() -> AsyncIterator[Session]:
    """A client with the key."""
    async with aiohttp.ClientSession(headers={"Voverc-Auth": DEFAULT_TOKEN}) as session:
        yield session


async def status(http: Session, method: str, url: str, **more: object) -> int:
    """What it answers."""
    async with http.request(method, url, **more) as answer:  # type: ignore[arg-type]
        await answer.read()
        return answer.status


async def test_every_door_wants_the_key(house: VoxloudSimulator) -> None:
    """401 at each of them without it."""
    async with aiohttp.ClientSession() as nobody:
        for method, path in (("POST", "v1/validate-auth"), ("GET", "v2/users"), ("GET", "v1/contacts"), ("POST", "v1/telephony-events")):
            assert await status(nobody, method, f"{house.api_url}/{path}") == 401


async def test_wrong_questions_get_the_documents_status_codes(house: VoxloudSimulator, http: Session) -> None:
    """400, 404, 405 and 406."""
    api = house.api_url
    assert await status(http, "GET", f"{api}/v1/contacts?limit=0") == 400
    assert await status(http, "GET", f"{api}/v1/contacts?limit=101") == 400
    assert await status(http, "GET", f"{api}/v1/contacts?limit=100") == 200
    assert await status(http, "GET", f"{api}/v1/contacts/none") == 404
    assert await status(http, "GET", f"{api}/v1/nothing") == 404
    assert await status(http, "PATCH", f"{api}/v1/click-to-call") == 405
    assert await status(http, "GET", f"{api}/v2/users", headers={"Accept": "text/html"}) == 406
    assert await status(http, "POST", f"{api}/v1/telephony-events", data=b"{") == 400
    assert await status(http, "POST", f"{api}/v1/telephony-events", json={"date_time_from": "2026-01-01T00:00:00"}) == 400
    asked = {"callback_url": "http://127.0.0.1:9", "event_type": "CALL_ANSWERED"}
    async with http.post(f"{api}/v1/webhook-subscriptions", json=asked) as answer:
        made = await answer.json()
    assert made.keys() == {"id", "enabled", "event_type", "failed_count", "callback_url"}
    assert await status(http, "POST", f"{api}/v1/webhook-subscriptions/{made['id']}", json={**made, "enabled": False}) == 405
    assert await status(http, "PUT", f"{api}/v1/webhook-subscriptions/{made['id']}", json={**made, "enabled": False}) == 200
    assert await status(http, "POST", f"{api}/v1/webhook-subscriptions", json={**asked, "event_type": "CALL_MAYBE"}) == 400
    assert await status(http, "DELETE", f"{api}/v1/webhook-subscriptions/{made['id']}") == 200
    assert await status(http, "DELETE", f"{api}/v1/webhook-subscriptions/{made['id']}") == 404


async def test_contacts_are_made_found_in_part_and_without_case_changed_and_removed(house: VoxloudSimulator, http: Session) -> None:
    """The vendor's own example."""
    contacts = f"{house.api_url}/v1/contacts"
    assert await status(http, "POST", contacts, json={"first_name": "John", "primary_phone": "0312345678"}) == 400
    asked = {"first_name": "John", "last_name": "Doe", "primary_phone": "+390312345678", "phones": ["+390387654321"]}
    async with http.post(contacts, json=asked) as answer:
        john = await answer.json()
    for query, found in (("first_name=jOhN&last_name=dO", 1), ("phone=87654", 1), ("first_name=Maria", 0)):
        async with http.get(f"{contacts}?{query}") as answer:
            told = await answer.json()
        assert (len(told["data"]), told["has_next"]) == (found, False)
    async with http.put(f"{contacts}/{john['id']}", json={**asked, "company_name": "John & Associates"}) as answer:
        assert (await answer.json())["company_name"] == "John & Associates"
    assert await status(http, "DELETE", f"{contacts}/{john['id']}") == 200
    assert await status(http, "GET", f"{contacts}/{john['id']}") == 404


async def test_rows_come_as_spring_pages_or_as_csv(house: VoxloudSimulator, http: Session) -> None:
    """Newest first when asked so; by number; a fax has the shape of a call."""
    for n in range(5):
        house.keep({**record(NOON + n * 1000, 5, 5, "CALL_LOST_NO_ANSWER")["data"], "id": n, "callId": f"c{n}"})
    house.fax()
    events = f"{house.api_url}/v1/telephony-events"
    async with http.post(f"{events}?sort=timestamp,desc&size=4&page=0", json={}) as answer:
        page = await answer.json()
    assert (page["totalElements"], page["totalPages"], page["numberOfElements"], page["first"], page["last"]) == (6, 2, 4, True, False)
    assert [row["type"] for row in page["content"]] == ["FAX_CALL", *["PHONE_CALL"] * 3]
    assert page["content"][1]["timestamp"] == "2026-05-18T12:00:04.000+0000"
    async with http.post(f"{events}?size=9", json={"number": "0701740611"}) as answer:
        assert (await answer.json())["totalElements"] == 1
    async with http.post(f"{events}?size=9", json={}, headers={"Accept": "text/csv"}) as answer:
        lines = (await answer.text()).splitlines()
    assert len(lines) == 7
    async with http.get(f"{events}/3") as answer:
        assert (await answer.json())["callId"] == "c3"


async def test_what_is_posted_goes_to_whom_it_was_ordered_for_again_when_refused(house: VoxloudSimulator, http: Session, ear: Ear) -> None:
    """One kind each; retries only where the switch says so; doubled when asked to."""
    asked = {"callback_url": ear.url, "event_type": "CALL_INCOMING", "notification_email": "drift@floor.example"}
    assert await status(http, "POST", f"{house.api_url}/v1/webhook-subscriptions", json=asked) == 200
    ear.refusals, house.switches.retries = [500, 500], 2
    house.tell("CALL_INCOMING", event("INCOMING", NOON, 101)["data"])
    house.tell("CALL_HANGUP", event("HANGUP", NOON, 101)["data"])
    await ear.until("CALL_INCOMING")
    await house.posting.idle()
    (subscription,) = house.posting.subscriptions.values()
    assert (len(ear.got), subscription.failed_count, subscription.enabled) == (1, 2, True)
    assert ear.got[0].keys() == {"timestamp", "type", "data", "pbx_id"}
    house.switches.update({"duplicates": 1.0, "envelope": "flat"})
    house.tell("CALL_INCOMING", event("INCOMING", NOON, 102)["data"])
    await ear.until("INCOMING", 2)
    assert ear.got[1] == ear.got[2]


async def test_a_floor_tells_its_rings_and_keeps_its_calls(house: VoxloudSimulator, http: Session, ear: Ear) -> None:
    """The scripted call of two queues and three agents: three INCOMING, one ANSWERED, three HANGUP, and one record."""
    house.switches.record_after_s = 0.01
    kinds = ("CALL_INCOMING", "CALL_ANSWERED", "CALL_HANGUP", "PHONE_CALL")
    for kind in kinds:
        asked = {"callback_url": ear.url, "event_type": kind}
        assert await status(http, "POST", f"{house.api_url}/v1/webhook-subscriptions", json=asked) == 200
    async with http.post(f"{house.control_url}/play", json={"name": "doc-example"}) as answer:
        call_id = (await answer.json())["call"]
    await ear.until("PHONE_CALL")
    await ear.until("CALL_HANGUP", 3)
    assert [[each["type"] for each in ear.got].count(kind) for kind in kinds] == [3, 1, 3, 1]
    whole = next(each["data"] for each in ear.got if each["type"] == "PHONE_CALL")
    assert (whole["callId"], whole["duration"], whole["ringTime"], whole["lastEvent"]) == (call_id, 170, 50, "CALL_TERMINATED")
    async with http.get(f"{house.api_url}/v1/telephony-events?callId={call_id}") as answer:
        assert (await answer.json())["answererNumber"] == "903"


@pytest.mark.parametrize("switch", ["retries=x", "envelope=round", "nothing=1"])
def test_a_switch_that_is_none_says_so(switch: str) -> None:
    """Words that help."""
    name, _, value = switch.partition("=")
    with pytest.raises(ValueError, match=name):
        VoxloudSimulator(start=False).switches.set(name, value)
