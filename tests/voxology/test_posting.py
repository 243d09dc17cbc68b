"""VY-06 to VY-08 and VY-14: what call flows post, in every way in which the vendor writes it, and who is let in with it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from aiohttp import web

from stats.domain.errors import Malformed, Refused
from stats.domain.outcomes import VisitOutcome
from stats.providers.base import Delivery, pack_delivery
from stats.providers.voxology.company import COMPANY
from stats.providers.voxology.hook import VoxologyHook
from stats.providers.voxology.simulator import Switches
from stats.providers.voxology.simulator.posting import FORM
from tests.voxology.ear import KEY
from tests.voxology.floor import Stage, stage

HOOK = VoxologyHook()
WAYS = (("application/json", "POST"), ("application/xml", "POST"), (FORM, "POST"), ("application/json", "GET"), ("application/json", "PUT"))


class Door:
    """A door on a real port that lets in as the product's does: judged by the hook, and answered by it."""

    def __init__(self) -> None:
        self.taken: list[Delivery] = []
        self.refused = 0

    async def serve(self, request: web.Request) -> web.Response:
        """One request."""
        headers = {name: request.headers[name] for name in HOOK.headers if name in request.headers}
        delivery = Delivery(
            at=0,
            method=request.method,
            content_type=request.headers.get("Content-Type", ""),
            query=request.query_string,
            headers=headers,
            body=await request.read(),
        )
        try:
            HOOK.check(delivery, [KEY], {})
        except Refused:
            self.refused += 1
            return web.Response(status=401)
        self.taken.append(delivery)
        return web.Response(status=HOOK.answer.status, body=HOOK.answer.body, content_type=HOOK.answer.content_type)


@asynccontextmanager
async def door() -> AsyncIterator[tuple[Door, str]]:
    """The door and its address."""
    made = Door()
    app = web.Application()
    app.router.add_route("*", "/hook", made.serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield made, f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    finally:
        await runner.cleanup()


async def posted(made: Stage, open_door: Door, *, key: str = KEY, url: str = "") -> None:
    """A caller who waits, is answered, and hangs up; everything the flows sent has been read."""
    made.sim.post_to(url, key=key)
    call = made.call()
    made.wait(1)
    visit = made.enter(call)
    made.wait(7)
    offer = made.ring(call, 1, visit)
    made.wait(4)
    made.answer(offer)
    made.wait(60)
    made.hang_up(call)
    await asyncio.wait_for(made.sim.post.idle(), 10)
    for delivery in open_door.taken:
        made.ear.read("events", pack_delivery(delivery), made.now)
    assert made.ear.odd == []


@pytest.mark.acceptance("VY-06")
async def test_every_way_of_writing_a_request_tells_the_same() -> None:
    """VY-06: JSON, XML, a form and a query string; the key in a header or in custom data."""
    told = []
    for content_type, method in WAYS:
        for key_in in ("header", "custom_data"):
            switches = Switches(copies=True, content_type=content_type, method=method, key_in=key_in)
            async with stage(switches) as made, door() as (open_door, url):
                await posted(made, open_door, url=url)
                assert open_door.refused == 0
                told.append((made.ear.meaning(), len(open_door.taken)))
    assert all(each == told[0] for each in told)
    ((direction, _, answered, _, outcomes, call),) = told[0][0].values()  # type: ignore[misc]
    assert (str(direction), answered, outcomes) == ("in", True, (["answered"], ["answered"]))
    assert call.journey.number == "+46701740612"
    assert told[0][1] == 7


@pytest.mark.acceptance("VY-06")
async def test_nobody_is_let_in_without_the_key() -> None:
    """VY-06: 401 otherwise; every secret in force is good, an empty one never."""
    async with stage() as made, door() as (open_door, url):
        await posted(made, open_door, url=url, key="another")
        assert open_door.taken == []
        assert open_door.refused > 3
        assert {status for status, _ in made.sim.post.answers} == {401}
    delivery = Delivery(at=0, method="POST", content_type="application/json", query="", headers={"x-wallboard-key": "new"}, body=b"{}")
    HOOK.check(delivery, ["old", "new"], {})
    for secrets in ((), ("",), ("old",)):
        with pytest.raises(Refused):
            HOOK.check(delivery, secrets, {})
    for body in (b'{"custom_data": {"wallboard_key": ""}}', b'{"custom_data": null}', b'{"custom_data": ""}'):
        with pytest.raises(Refused):
            HOOK.check(Delivery(at=0, method="POST", content_type="application/json", query="", headers={}, body=body), [""], {})


@pytest.mark.acceptance("VY-07")
async def test_a_call_whose_callback_is_our_door_is_not_ended_by_the_answer() -> None:
    """VY-07: 200 with no actions, and never 204, also to a GET: the vendor ends a call that is answered otherwise."""
    assert (HOOK.answer.status, HOOK.answer.body, HOOK.again) == (200, b'{"actions":[]}', HOOK.answer)
    for method in ("POST", "GET"):
        async with stage(Switches(webhooks=False, method=method)) as made, door() as (open_door, url):
            made.sim.post_to("", key=KEY)
            await made.back_door("callback", url=url)
            call = made.call()
            made.hang_up(call)
            for _ in range(100):
                if open_door.taken:
                    break
                await asyncio.sleep(0.02)
            await asyncio.sleep(0.05)
            assert made.sim.terminated == 0
            assert made.sim.lines.line_of(call).error_code is None
            assert len(open_door.taken) == 1
    assert COMPANY.hook is not None
    assert "GET" in COMPANY.hook.methods


@pytest.mark.acceptance("VY-08")
async def test_asking_and_being_told_make_one_call_with_one_visit() -> None:
    """VY-08: whichever comes first."""
    for asks_first in (True, False):
        async with stage() as made, door() as (open_door, url):
            made.sim.post_to(url, key=KEY)

            async def both(made: Stage = made, open_door: Door = open_door, asks_first: bool = asks_first) -> None:
                if asks_first:
                    await made.round()
                await asyncio.wait_for(made.sim.post.idle(), 10)
                for delivery in open_door.taken:
                    made.ear.read("events", pack_delivery(delivery), made.now)
                open_door.taken.clear()
                if not asks_first:
                    await made.round()

            call = made.call()
            made.wait(2)
            visit = made.enter(call)
            await both()
            made.wait(6)
            offer = made.ring(call, 0, visit)
            await both()
            made.wait(3)
            made.answer(offer)
            await both()
            made.wait(30)
            made.hang_up(call)
            made.wait(1)
            await both()
            (told,) = made.ear.calls.values()
            settled = made.ear.settled(told.id_call)
            assert [visit.outcome for visit in settled.visits] == [VisitOutcome.ANSWERED]
            assert [each.wait for each in settled.visits] == [9_000]
            assert len(told.offers) == 1
            assert settled.ended_at == call.ended_at


@pytest.mark.acceptance("VY-14")
async def test_the_oddities_of_the_vendors_samples_are_read_all_the_same() -> None:
    """VY-14: words for truths, keys that end in a space, instants without a zone, directions in capitals, session data as text."""
    plain, odd = [], []
    for told, quirks in (
        (plain, {}),
        (odd, dict.fromkeys(("string_booleans", "space_keys", "zone_less", "upper_direction", "string_session"), True)),
    ):
        switches = Switches(copies=True)
        switches.update(dict.fromkeys(quirks, True))
        async with stage(switches) as made, door() as (open_door, url):
            await posted(made, open_door, url=url)
            await made.round()
            page = await made.provider.page(
                "logs", start_ms=made.now - 3_600_000, end_ms=made.now + 1, first=1, after=None, received_at=made.now
            )
            made.ear.take(page.tellings)
            assert page.unreadable == []
            assert made.ear.odd == []
            told.append(made.ear.meaning())
    assert plain == odd


@pytest.mark.parametrize(
    "row",
    [
        {"call": {"id": "1234", "no": "9991112222"}, "queued_on": "2016-09-15T15:53:00", "hold_time": 60, "position": 5},
        {"call": {"id": "1234@5678", "no": "+17145551212"}, "queued_on": "2017-02-16T17:16:11.597Z", "hold_time": 30.123, "position": 1},
        {"call": {"id": 1234}, "queued_on": None, "hold_time": None},
    ],
)
@pytest.mark.acceptance("VY-14")
async def test_the_vendors_own_rows_of_queued_calls_are_read(row: dict[str, Any]) -> None:
    """VY-14: VY-A5 to VY-A8: whole and broken seconds, no zone, an id without an at sign, a position that is none."""
    async with stage() as made:
        told = {"at": made.now, "whole": True, "queues": [{"name": "name_of_queue", "hold_times": {"estimated": 1.234}, "calls": [row]}]}
        made.ear.read("queues", msgspec.json.encode(told), made.now)
        assert made.ear.odd == []
        (call,) = made.ear.calls.values()
        assert call.visits[0].entered_at is not None
        assert made.ear.estimates == {"name_of_queue": 1_234}


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE x [<!ENTITY a 'b'>]><callback><call_id>&a;</call_id></callback>",
        b"<callback><call_id>1</call_id>",
        b"[1, 2]",
        b'{"call_id": ',
        b"\xff\xfe",
        b'{"a":' * 20_000,
    ],
)
@pytest.mark.acceptance("VY-14")
def test_a_body_that_cannot_be_read_is_malformed_and_harms_nobody(body: bytes) -> None:
    """VY-14: no DTD is opened, no depth is followed; the right key changes nothing about that."""
    kind = "application/xml" if body.startswith(b"<") else "application/json"
    delivery = Delivery(at=0, method="POST", content_type=kind, query="", headers={"x-wallboard-key": KEY}, body=body)
    with pytest.raises(Malformed):
        HOOK.check(delivery, [KEY], {})


@pytest.mark.parametrize("late_ms", [0, 1_500, 4_000])
@pytest.mark.acceptance("VY-08")
async def test_flows_that_do_not_say_when_are_believed_by_the_vendors_own_clock(late_ms: int) -> None:
    """VY-08: an event without `at` happened a duration after the start; it is still the visit that asking found."""
    async with stage() as made, door() as (open_door, url):
        made.sim.post_to(url, key=KEY)
        call = made.call()
        made.wait(2)
        visit = made.enter(call)
        made.wait(3)
        await made.round()
        offer = made.ring(call, 0, visit)
        made.wait(2)
        made.answer(offer)
        await asyncio.wait_for(made.sim.post.idle(), 10)
        for delivery in open_door.taken:
            body = msgspec.json.decode(delivery.body)
            body["webhook_data"] = {name: value for name, value in body["webhook_data"].items() if name not in ("at", "entered")}
            if late_ms == 4_000:
                del body["duration"]
            bare = msgspec.structs.replace(delivery, body=msgspec.json.encode(body))
            made.ear.read("events", pack_delivery(bare), made.now + late_ms)
        settled = made.ear.settled(made.id_of(call))
        assert [(str(visit.outcome), visit.entered_at) for visit in settled.visits] == [("answered", visit.entered_at)]
        if late_ms < 4_000:
            assert [visit.wait for visit in settled.visits] == [5_000]
        assert len(made.ear.calls[made.id_of(call)].offers) == 1


@pytest.mark.acceptance("VY-09")
@pytest.mark.parametrize("dialled", [True, False])
async def test_the_short_recipe_of_the_sources_page_is_enough_for_an_answered_call(dialled: bool) -> None:
    """VY-09: queue names on the caller's events, an agent's id on the leg, and no more; also of a leg that waits for callers."""
    async with stage() as made, door() as (open_door, url):
        made.sim.post_to(url, key=KEY)
        call = made.call()
        visit = made.enter(call)
        made.wait(3)
        offer = made.ring(call, 0, visit)
        made.wait(2)
        made.answer(offer)
        made.wait(40)
        made.hang_up(call)
        await asyncio.wait_for(made.sim.post.idle(), 10)
        for delivery in open_door.taken:
            body = msgspec.json.decode(delivery.body)
            if body["event_name"] not in ("onEnterQueue", "onLeaveQueue", "onAgentConnected", "onAgentReleased"):
                continue
            body["webhook_data"] = {"queue": body["webhook_data"]["queue"]} if "queue" in body["webhook_data"] else {}
            if body["session_data"]:
                body["session_data"] = {name: body["session_data"][name] for name in ("agent_id", "agent_name")}
            if not dialled:
                body["parent_call_id"] = None
            made.ear.read("events", pack_delivery(msgspec.structs.replace(delivery, body=msgspec.json.encode(body))), made.now)
        (told,) = made.ear.calls.values()
        settled = made.ear.settled(made.id_of(call))
        assert [(str(each.outcome), each.wait) for each in settled.visits] == [("answered", 5_000)]
        (ring,) = told.offers
        assert (ring.agent.name, ring.answered_at, ring.ended_at) == ("Agent 1", offer.answered_at, offer.ended_at)
        assert ring.began_at == (offer.began_at if dialled else offer.answered_at)
