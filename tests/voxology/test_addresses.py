"""Names and addresses as the vendor may give them: a slash in a queue, a next block without the version, a call not seen to begin."""

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from stats.domain.errors import Refused
from stats.domain.notes import Recording
from stats.providers.base import SourceConfig
from stats.providers.voxology.errors import Missing
from stats.providers.voxology.provider import VoxologyProvider
from stats.providers.voxology.values import iso
from tests.voxology.ear import Ear, provider_of
from tests.voxology.floor import stage
from tests.voxology.test_past import HOUR_MS, many


@pytest.mark.acceptance("VY-02")
async def test_a_queue_may_have_a_slash_in_its_name() -> None:
    """VY-02, VY-A25: path segments are encoded whole; nobody is missing from a queue for how it is called."""
    names = ["Sales/Support 24+7", "Växel/" + "a" * 120]

    async def queues(_request: web.Request) -> web.Response:
        return web.json_response({"queues": [{"name": name, "hold_times": {"estimated": 1.234}} for name in names]})

    async def queued(request: web.Request) -> web.Response:
        place = names.index(request.match_info["name"])
        call = {"call": {"id": f"{place}@1", "no": "+17145551212"}, "queued_on": "2017-02-16T17:16:11.597Z", "hold_time": 30.123}
        return web.json_response({"calls": [call]})

    app = web.Application()
    app.router.add_get("/v1/LiveCalls/Queues", queues)
    app.router.add_get("/v1/LiveCalls/Queues/{name}/Calls", queued)
    async with TestServer(app) as server:
        provider = provider_of(str(server.make_url("/v1")))
        ear = Ear(provider)
        async with provider.open("queues") as frames:
            async for frame in frames:
                ear.read("queues", frame, 1_487_265_401_720)
                break
        shown = [ear.settled(f"{place}@1").visits[0] for place in (0, 1)]
        assert [(visit.visit.queue.name, visit.entered_at) for visit in shown] == [(name[:96], 1_487_265_371_597) for name in names]
        for name in ("Sales/Poll", "Sales/Poll?x=", "Sales/../Poll", "Sales//Poll", "/Poll", "Poll/"):
            with pytest.raises(Missing):
                await provider._rest.ask("queued", name)
        await provider.close()


@pytest.mark.parametrize("space", ["", "7"])
@pytest.mark.acceptance("VY-10")
async def test_a_next_block_is_found_however_much_of_its_address_is_told(space: str) -> None:
    """VY-10, VY-A16: whole, from the version on, or from the resource on; nothing but logs, and nowhere else."""
    async with stage(space=space, sub_account=space) as made:
        many(made, 2)
        query = f"?begin_date={iso(made.now - HOUR_MS)}&end_date={iso(made.now + 1)}&type=voice"
        base = made.sim.api_url
        within = f"/SubAccounts/{space}" if space else ""
        for start in (f"{base}{within}", f"/v1{within}", within, "", f"{base}"):
            answer = await made.provider._rest.follow(f"{start}/History/Logs/Calls{query}")
            assert len(answer["logs"]) == 4
        for elsewhere in (
            "http://127.0.0.2:9/v1/History/Logs/Calls",
            "/v1/LiveCalls/Queues/q/Poll",
            "/v1/LiveCalls/Queues/q/Poll/History/Logs/Calls",
            "/v1/History/Logs/Calls/../../../LiveCalls/Queues/q/Poll",
            "/v1/History/Logs/CallsX",
        ):
            with pytest.raises(Refused):
                await made.provider._rest.follow(elsewhere)
        assert made.sim.dequeues == 0


@pytest.mark.acceptance("VY-04")
async def test_a_live_call_has_begun_when_it_was_connected_until_anything_says_more() -> None:
    """VY-04, VY-A10: the seed's own row of LiveCalls; its log, or a request, says when it truly began."""
    row = {
        "id": "123@4567",
        "no": "+17145551212",
        "caller_id_no": "+19495551212",
        "status": "live-in-progress",
        "date": "2016-10-10T22:02:54.809Z",
        "session_data": None,
        "connected_time": 12_000,
    }
    connected = 1_476_136_974_809
    frame = msgspec.json.encode({"at": connected + 12_000, "calls": [row], "whole": True, "gone": []})
    ear = Ear(provider_of())
    ear.read("calls", frame, connected + 12_000)
    assert ear.settled("123@4567").started_at == connected
    ear.post(
        {"type": "live_call", "call_id": "123@4567", "start_time": "2016-10-10T22:02:50.000Z", "direction": "inbound"}, connected + 13_000
    )
    ear.read("calls", frame, connected + 60_000)
    assert ear.settled("123@4567").started_at == connected - 4_809
    assert ear.odd == []


@pytest.mark.parametrize("caller_no", ["17145551212", "+17145551212", "+19495551212"])
@pytest.mark.acceptance("VY-11")
async def test_a_recordings_caller_may_be_either_end_and_written_otherwise(caller_no: str) -> None:
    """VY-11: the seed's own recording and log; the "originating caller" of a call out is its near end, and a plus sign may lack."""
    recording = {
        "id": "MTMwMDE1QDQ2OjViOTyMzY3YjRkMDdjNHwx",
        "caller_no": caller_no,
        "start_time": "2016-09-19T18:00:06.000Z",
        "duration": 2249,
    }
    log = {"id": "xxx", "call_id": "123456@789", "caller_no": "+17145551212", "api_no": "+19495551212", "direction": "outbound"}
    log |= {"start_time": "2016-09-19T18:00:04.810Z", "end_time": "2016-09-19T18:00:18.985Z", "status": "completed"}

    async def recordings(request: web.Request) -> web.Response:
        mine = request.match_info.get("id", "123456@789") == "123456@789"
        return web.json_response({"recordings": [recording] if mine else [], "is_truncated": False})

    async def logs(_request: web.Request) -> web.Response:
        return web.json_response({"logs": [log], "is_truncated": False, "next_block_uri": None})

    app = web.Application()
    app.router.add_get("/v1/History/Recordings", recordings)
    app.router.add_get("/v1/History/Recordings/{id}", recordings)
    app.router.add_get("/v1/History/Logs/Calls", logs)
    async with TestServer(app) as server:
        config = SourceConfig(name="vox", live_url=str(server.make_url("/v1")), historic_url="", token="key", default_region="US")
        provider = VoxologyProvider(config)
        page = await provider.page(
            "recordings", start_ms=1_474_308_000_000, end_ms=1_474_311_600_000, first=5, after=None, received_at=1_474_311_600_000
        )
        assert [(each.id_call, each.duration_ms) for each in page.tellings if isinstance(each, Recording)] == [("123456@789", 2249)]
        await provider.close()
