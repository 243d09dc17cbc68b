"""Questions to the REST API: keys, errors in the vendor's words, pages, days and the pace (VT-01, VT-10, VT-11, VT-14)."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import aiohttp
import pytest
from aiohttp import web

from stats.domain.errors import Refused, Retry
from stats.domain.notes import Contact, Message
from stats.domain.records import AgentPresence, Call
from stats.providers.vocatech.pace import WINDOWS, Pace
from stats.providers.vocatech.provider import VocatechProvider
from stats.providers.vocatech.rest import words_of
from stats.providers.vocatech.simulator import DEFAULT_TOKEN, VocatechSimulator
from stats.providers.vocatech.simulator.documents import iso
from tests.vocatech.conftest import Dial, config
from tests.vocatech.day import frame
from tests.vocatech.made import leg, row, segment

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


async def everything(provider: VocatechProvider, start_ms: int, end_ms: int, kind: str = "calls") -> list[str]:
    """The keys of every row of a window, page after page."""
    found: list[str] = []
    after: str | None = None
    while True:
        page = await provider.page(kind, start_ms=start_ms, end_ms=end_ms, first=200, after=after, received_at=end_ms)
        assert page.rows == len(page.keys)
        assert page.rows or not page.more
        assert not page.partial
        found += page.keys
        after = page.cursor
        if not page.more:
            return found


def put(house: VocatechSimulator, number: int, at: int, **more: object) -> str:
    key = f"call-{number:05d}"
    talk = {"type": "User", "name": "Ann", "extension": "102", "start_time": iso(at), "duration": 30, "answered": True}
    house.book.put_row({**row(0, 30, talk, call=key), "start_time": iso(at), "end_time": iso(at + 30_000), **more})
    return key


async def test_a_good_key_is_let_in_and_a_bad_one_is_told_so_in_the_vendors_words(house: VocatechSimulator, dial: Dial) -> None:
    """VT-01: the error.message of the 401 is what is shown."""
    now = house.now()
    assert (await dial().page("calls", start_ms=now - HOUR_MS, end_ms=now, first=5, after=None, received_at=now)).rows == 0
    with pytest.raises(Refused) as why:
        await dial("vt-wrong-key").page("calls", start_ms=now - HOUR_MS, end_ms=now, first=5, after=None, received_at=now)
    assert (why.value.kind, why.value.reason) == ("auth", "Invalid or missing API key. (http 401)")
    assert "vt-wrong-key" not in str(why.value)


async def test_every_page_is_read_and_a_window_over_midnight_is_whole(house: VocatechSimulator, dial: Dial) -> None:
    """VT-10: 500 rows a page up to meta.total_pages, no row twice, and none of another instant."""
    start = ms("2026-03-28T20:00:00+00:00")  # the night in which Sweden's clocks go forward
    keys = [put(house, n, start + n * 20_000) for n in range(1_300)]
    before = put(house, 9_001, start - 1_000)
    after = put(house, 9_002, start + 1_300 * 20_000)
    found = await everything(dial(), start, start + 1_300 * 20_000)
    assert sorted(found) == keys
    assert before not in found
    assert after not in found
    asked = [each for each in house.asked if "/calls?" in each]
    assert all("limit=500" in each for each in asked)


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Stockholm"])
@pytest.mark.parametrize("oldest_first", [False, True])
async def test_in_whatever_zone_days_are_meant_no_row_is_missed(
    house: VocatechSimulator, dial: Dial, zone: str, oldest_first: bool
) -> None:
    """VT-A3: the guide does not say; every day that any zone may mean is asked for."""
    house.switches.update({"day_zone": zone, "oldest_first": oldest_first})
    noon = ms("2026-03-29T00:30:00+00:00")
    for n in range(-60, 60):
        put(house, n + 60, noon + n * 30 * MINUTE_MS)
    found = await everything(dial(), noon - HOUR_MS, noon + HOUR_MS)
    assert sorted(found) == [f"call-{n:05d}" for n in (58, 59, 60, 61)]


async def test_utc_days_are_asked_for_only_where_the_option_says_so(house: VocatechSimulator, dial: Dial) -> None:
    """VT-A3: `timezone` is no parameter of the guide."""
    now = ms("2026-03-10T12:00:00+00:00")
    await everything(dial(), now, now + HOUR_MS)
    await everything(dial(utc_days=True), now, now + HOUR_MS)
    first, second = (each.split("?")[1] for each in house.asked if "/calls?" in each)
    assert first.startswith("start_date=2026-03-10&end_date=2026-03-11&page=1")
    assert second.startswith("start_date=2026-03-10&end_date=2026-03-10&timezone=UTC&page=1")


async def test_of_a_list_with_the_newest_first_no_more_is_asked_than_the_window_needs(house: VocatechSimulator, dial: Dial) -> None:
    """The last half hour of a busy day costs one page."""
    now = ms("2026-03-10T18:00:00+00:00")
    for n in range(2_000):
        put(house, n, now - n * 20_000)
    assert len(await everything(dial(), now - 30 * MINUTE_MS, now + MINUTE_MS)) == 91
    assert len([each for each in house.asked if "/calls?" in each]) == 1


async def test_lists_may_come_bare(house: VocatechSimulator, dial: Dial) -> None:
    """VT-A2: without meta the pages end with one that is not full."""
    house.switches.bare_lists = True
    start = ms("2026-03-10T08:00:00+00:00")
    keys = [put(house, n, start + n * 1_000) for n in range(700)]
    assert sorted(await everything(dial(), start, start + HOUR_MS)) == keys
    assert await everything(dial(), start, start + HOUR_MS, "messages") == []


async def test_a_row_that_cannot_be_read_costs_itself_alone(house: VocatechSimulator, dial: Dial) -> None:
    """VT-15: it is named, and its page stands."""
    now = ms("2026-03-10T12:00:00+00:00")
    put(house, 1, now)
    house.book.put_row({"call_id": {"not": "an id"}, "start_time": iso(now)})
    page = await dial().page("calls", start_ms=now, end_ms=now + 1000, first=200, after=None, received_at=now)
    assert ([t.id_call for t in page.tellings if isinstance(t, Call)], len(page.unreadable)) == (["call-00001"], 1)


async def test_more_is_never_asked_than_the_vendor_allows(house: VocatechSimulator, dial: Dial) -> None:
    """VT-11: 30 a minute; by every provider of one key together, and the hour's number too."""
    now = house.now()
    one, other = dial(), dial()
    for n in range(90):
        await (one if n % 2 else other).page("calls", start_ms=now, end_ms=now + 1, first=200, after=None, received_at=now)
    assert house.limits.refused["reports"] == 0
    assert house.limits.most["reports"] <= 30


async def test_a_429_is_waited_out_and_no_page_is_lost(house: VocatechSimulator, dial: Dial) -> None:
    """VT-11: somebody else asks with the same key, and the minute is used up in the middle of a pass."""
    start = ms("2026-03-10T08:00:00+00:00")
    keys = [put(house, n, start + n * 1_000) for n in range(1_400)]
    for _ in range(29):
        assert house.limits.ask("reports", house.now()) is None
    began = house.now()
    assert sorted(await everything(dial(), start, start + HOUR_MS)) == keys
    assert house.limits.refused["reports"] >= 1
    assert house.now() - began >= 50_000


async def test_a_wait_that_is_too_long_is_told_with_its_length(house: VocatechSimulator, dial: Dial) -> None:
    """VT-11: whoever asked decides."""
    house.failing = [(429, 900)]
    with pytest.raises(Retry) as why:
        await dial().look_up("x", start_ms=0, end_ms=1, received_at=house.now())
    assert why.value.after_s == 900


def test_the_pace_is_kept_in_every_window() -> None:
    """9,900 a day of the 10,000, 490 an hour of the 500, 28 a minute of the 30."""
    pace, now = Pace(), 0
    asked: list[int] = []
    while len(asked) < 10_000:
        now += max(1, pace.wait_ms("reports", now))
        if pace.wait_ms("reports", now) == 0:
            pace._asked["reports"].append(now)
            asked.append(now)
    for most, window in WINDOWS["reports"]:
        assert all(late - early >= window for early, late in zip(asked, asked[most:], strict=False))
    assert asked[489] - asked[0] < HOUR_MS
    assert asked[9_899] - asked[0] < DAY_MS < asked[9_900] - asked[0]


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "config"), (403, "auth"), (404, "config"), (409, "config"), (422, "config"), (302, "config")],
)
async def test_what_asking_again_will_not_mend_is_refused(house: VocatechSimulator, dial: Dial, status: int, kind: str) -> None:
    """The guide's table of errors."""
    house.failing = [(status, None)]
    with pytest.raises(Refused) as why:
        await dial().page("calls", start_ms=0, end_ms=1, first=5, after=None, received_at=house.now())
    assert why.value.kind == kind


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_what_passes_is_tried_again_later(house: VocatechSimulator, dial: Dial, status: int) -> None:
    """With what the vendor asked for."""
    house.failing = [(status, 7)]
    with pytest.raises(Retry) as why:
        await dial().page("calls", start_ms=0, end_ms=1, first=5, after=None, received_at=house.now())
    assert why.value.after_s == 7


async def test_messages_and_failures_that_a_key_may_not_see_are_none(house: VocatechSimulator, dial: Dial) -> None:
    """Of calls that would be a refusal; a source does not stand on the others."""
    provider, now = dial(), house.now()
    for kind in ("messages", "failures"):
        house.failing = [(403, None)]
        assert (await provider.page(kind, start_ms=0, end_ms=now, first=5, after=None, received_at=now)).rows == 0


@pytest.mark.parametrize("address", ["ftp://x", "not an address", "http://127.0.0.1:9/v1", "http://[::1"])
async def test_an_address_that_leads_nowhere_is_told_and_nothing_is_raised_but_our_words(address: str) -> None:
    """VT-01: somebody has typed it."""
    provider = VocatechProvider(config(address))
    with pytest.raises((Refused, Retry)):
        await provider.page("calls", start_ms=0, end_ms=1, first=5, after=None, received_at=1)
    await provider.close()


@pytest.mark.parametrize("token", ["with\nnewline", "snow☃man", ""])
async def test_a_key_that_cannot_be_sent_is_refused(house: VocatechSimulator, dial: Dial, token: str) -> None:
    """VT-01: never a crash, never the key in the words."""
    with pytest.raises(Refused) as why:
        await dial(token).page("calls", start_ms=0, end_ms=1, first=5, after=None, received_at=1)
    assert not token or token not in str(why.value)


async def test_an_answer_that_is_no_json_is_tried_again() -> None:
    """A proxy's page, or half an answer; and one that would fill the memory."""
    body: Callable[[], bytes] = lambda: b"<html>"  # noqa: E731
    app = web.Application()

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=body())

    app.router.add_get("/v1/calls", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    provider = VocatechProvider(config(f"http://127.0.0.1:{runner.addresses[0][1]}/v1"))
    for each in (b"<html>", b"", b"{}", b'{"calls": 7}', b"\xff"):
        body = lambda each=each: each  # type: ignore[misc]  # noqa: E731
        with pytest.raises(Retry):
            await provider.page("calls", start_ms=0, end_ms=1, first=5, after=None, received_at=1)
    await provider.close()
    await runner.cleanup()


def test_the_vendors_words_are_short_and_tell_no_secret() -> None:
    """They go to a page and to the log."""
    told = b'{"error": {"code": 401, "type": "X", "message": "Key vt-key-made-up-for-the-look-alike-0001 of +46701740612 is\\u202e bad"}}'
    assert words_of(told) == "Key … of # is bad" or "0001" not in words_of(told)
    assert "46701740612" not in words_of(told)
    assert words_of(b"<html>") == ""
    assert len(words_of(b'{"error": "' + b"word " * 500 + b'"}')) <= 120


async def test_one_call_is_found_by_its_id_alone(house: VocatechSimulator, dial: Dial) -> None:
    """The search also finds names and extensions; those are other calls."""
    now = ms("2026-03-10T12:00:00+00:00")
    put(house, 1, now)
    put(house, 2, now, extension="call-00001")
    told = await dial().look_up("call-00001", start_ms=now - HOUR_MS, end_ms=now + HOUR_MS, received_at=now)
    assert {each.id_call for each in told if isinstance(each, Call)} == {"call-00001"}
    assert await dial().look_up("nobody", start_ms=now - HOUR_MS, end_ms=now, received_at=now) == []


async def test_messages_are_told_by_channel_direction_and_status(house: VocatechSimulator, dial: Dial) -> None:
    """VT-14: history counts what events counted, under the same ids; the newer way of writing rows too."""
    now = ms("2026-03-10T12:00:00+00:00")
    common = {"from": "+46846500400", "to": "+46701740612", "body": "secret", "attachments": [], "sent_at": iso(now)}
    house.book.keep_message({"message_id": "sms_1", "direction": "outgoing", "channel": "text", "status": "delivered", **common})
    house.book.keep_message({"message_id": "wa_2", "direction": "outgoing", "channel": "whatsapp", "status": "read", **common})
    other = {"message_id": "sms_3", "direction": "incoming", "channel": "text", "status": "delivered", "remote_number": "0701740613"}
    house.book.keep_message({**other, "sent_at": iso(now), "sent_time": iso(now)})
    page = await dial().page("messages", start_ms=now, end_ms=now + 1000, first=200, after=None, received_at=now)
    told = {each.message_id: each for each in page.tellings if isinstance(each, Message)}
    assert {key: (m.channel, m.direction, m.status) for key, m in told.items()} == {
        "sms_1": ("text", "out", "delivered"),
        "wa_2": ("whatsapp", "out", "read"),
        "sms_3": ("text", "in", "delivered"),
    }
    assert told["sms_3"].sender == "+46701740613"


async def test_contacts_give_names_to_numbers_and_those_that_went_take_them_back(house: VocatechSimulator, dial: Dial) -> None:
    """Phone fields hold several numbers; names are the company's own fields."""
    house.book.contacts.clear()
    house.book.put_contact({"Company": "ABC Bygg", "Contact": "Eva Ek", "Phone": "0701740612;031-390 06 12;;0701740612", "Portal": "91"})
    house.book.put_contact({"Company": "XYZ", "Phone": "0701740699"})
    provider = dial()
    told = [each for each in await provider.people(received_at=1) if isinstance(each, Contact)]
    assert {(c.number, c.name) for c in told} == {
        ("+46701740612", "Eva Ek, ABC Bygg"),
        ("+46313900612", "Eva Ek, ABC Bygg"),
        ("+46701740699", "XYZ"),
    }
    house.book.contacts.pop(next(key for key, c in house.book.contacts.items() if c["fields"]["Company"] == "XYZ"))
    gone = [each for each in await provider.people(received_at=2) if isinstance(each, Contact) and not each.name]
    assert [each.number for each in gone] == ["+46701740699"]


async def test_agents_are_those_whom_calls_have_named(house: VocatechSimulator, dial: Dial) -> None:
    """There is no list of users; a group is no agent."""
    provider = dial()
    now = ms("2026-03-10T14:30:00+00:00")
    house.book.put_row(
        row(0, 70, segment("CallCenter", "800", 0, 10, answered=True), segment("User", "102", 10, 60, answered=True, name="Ann Lee"))
    )
    await everything(provider, now - HOUR_MS, now + HOUR_MS)
    provider.read("events", frame(leg("call.started", 0, 0)), received_at=now)
    found = [each for each in await provider.people(received_at=now) if isinstance(each, AgentPresence)]
    assert {(p.agent.key, p.agent.name, p.derived, p.status) for p in found} == {
        ("s:voca:101", "John Doe", True, None),
        ("s:voca:102", "Ann Lee", True, None),
    }


async def test_a_key_of_another_company_sees_nothing_of_this_one(house: VocatechSimulator, dial: Dial) -> None:
    """The key is scoped to a single company."""
    now = house.now()
    put(house, 1, now)
    assert await everything(dial(house.other_token), now - HOUR_MS, now + HOUR_MS) == []


async def test_what_is_asked_at_once_is_answered_at_once(house: VocatechSimulator, dial: Dial) -> None:
    """One session for everything."""
    now = house.now()
    provider = dial()
    pages = await asyncio.gather(
        *(provider.page(kind, start_ms=now, end_ms=now + 1, first=5, after=None, received_at=now) for kind in provider.historic_kinds)
    )
    assert [page.rows for page in pages] == [0, 0, 0]


async def test_the_look_alike_refuses_as_the_guide_says(house: VocatechSimulator) -> None:
    """Errors, limits, pages, 204, and what is validated without being sent."""
    headers = {"Authorization": f"Bearer {DEFAULT_TOKEN}"}
    async with aiohttp.ClientSession(headers=headers) as session:

        async def ask(method: str, path: str, **more: object) -> tuple[int, object]:
            async with session.request(method, house.api_url + path, **more) as answer:  # type: ignore[arg-type]
                return answer.status, await answer.json() if answer.content_type == "application/json" else None

        assert (await ask("GET", "/calls?limit=501"))[0] == 422
        assert (await ask("GET", "/calls?direction=sideways"))[0] == 422
        assert (await ask("GET", "/webhooks/1"))[1] == {
            "error": {"code": 404, "type": "RESOURCE_NOT_FOUND", "message": "Webhook endpoint not found."}
        }
        message = {"platform": "text", "from": "5551234567", "to": "5559876543", "message": "Hello"}
        assert (await ask("POST", "/messages", json={**message, "test": True}))[0] == 200
        assert house.book.messages == []
        for _ in range(4):
            assert (await ask("POST", "/messages", json=message))[0] == 201
        assert (await ask("POST", "/messages", json=message))[0] == 429
        assert (await ask("POST", "/contacts", json={"fields": {"Company": "New", "Phone": "5551234567"}}))[0] == 201
        assert (await ask("POST", "/contacts", json={"fields": {"Company": "New", "Phone": "5551234568"}}))[0] == 200
        assert (await ask("DELETE", "/contacts", json={"id": max(house.book.contacts)}))[0] == 204
        for _ in range(26):
            await ask("GET", "/calls")
        async with session.get(house.api_url + "/messages?limit=1") as answer:
            assert answer.status == 200
        async with session.get(house.api_url + "/calls") as answer:
            assert answer.status == 200
        async with session.get(house.api_url + "/calls") as answer:
            assert answer.status == 429
            assert 0 < int(answer.headers["Retry-After"]) <= 60
        house.advance(61_000)
        assert (await ask("GET", "/calls"))[0] == 200
