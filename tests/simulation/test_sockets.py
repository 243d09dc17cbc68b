"""The look-alike's doors: every outcome of a handshake, what a socket says and when, and what the back door can do to it."""

import asyncio
import json

import aiohttp
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from stats.providers.telavox.simulator import DATASOURCES, DEFAULT_TOKEN, Switches, TelavoxSimulator

BEARER = {"Authorization": f"Bearer {DEFAULT_TOKEN}"}
CALL = {"id_call": "c-1", "active": 1, "answered": 0, "call_direction": "incoming", "time": {"start": 1_779_099_997_234}}


def dial(simulator: TelavoxSimulator, path: str, headers: dict[str, str] | None = None, **options: object) -> connect:
    return connect(f"{simulator.live_url}/{path}", additional_headers=BEARER if headers is None else headers, **options)


async def hear(socket: ClientConnection, timeout_s: float = 20.0) -> object:
    return json.loads(await asyncio.wait_for(socket.recv(), timeout_s))


@pytest.fixture
async def simulator():
    async with TelavoxSimulator(start=False) as running:
        yield running


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": DEFAULT_TOKEN}, {"Authorization": "Bearer "}])
@pytest.mark.parametrize("path", ["calls", "no_such_path"])
async def test_without_the_token_every_path_answers_401_before_the_upgrade(simulator, headers, path):
    with pytest.raises(InvalidStatus) as refusal:
        await dial(simulator, path, headers)
    assert refusal.value.response.status_code == 401


async def test_an_unknown_path_is_upgraded_told_off_and_closed(simulator):
    async with dial(simulator, "cals") as socket:
        assert await socket.recv() == "Invalid path."
        with pytest.raises(ConnectionClosed) as end:
            await socket.recv()
    assert end.value.rcvd.code == 1000


async def test_a_known_path_can_be_made_unknown(simulator):
    simulator.switches.set("invalid_paths", "agents,queues")
    async with dial(simulator, "agents") as socket:
        assert await socket.recv() == "Invalid path."
    async with dial(simulator, "calls") as socket:
        with pytest.raises(TimeoutError):
            await hear(socket, 0.2)


async def test_a_new_socket_is_silent_until_something_happens(simulator):
    await simulator.send("calls", CALL)
    async with dial(simulator, "calls") as socket, dial(simulator, "queues") as other:
        with pytest.raises(TimeoutError):
            await hear(socket, 0.2)
        assert await simulator.send("calls", {**CALL, "answered": 1}) == 1
        assert await hear(socket) == {**CALL, "answered": 1}
        with pytest.raises(TimeoutError):
            await hear(other, 0.2)


async def test_a_snapshot_tells_what_is_in_progress(simulator):
    simulator.switches.set("snapshot_on_connect", "true")
    await simulator.send("calls", CALL)
    await simulator.send("calls", {**CALL, "id_call": "c-2"})
    await simulator.send("calls", {**CALL, "id_call": "c-2", "active": 0})
    async with dial(simulator, "calls") as socket:
        assert await hear(socket) == CALL
        with pytest.raises(TimeoutError):
            await hear(socket, 0.2)


async def test_frames_arrive_in_the_order_they_were_sent(simulator):
    async with dial(simulator, "calls") as socket:
        for number in range(2_000):
            await simulator.send("calls", {**CALL, "recorded": number}, historic=False)
        await simulator.sockets.drain()
        assert [(await hear(socket))["recorded"] for _ in range(2_000)] == list(range(2_000))


async def test_a_revoked_token_closes_the_door_and_a_new_one_opens_it(simulator):
    async with dial(simulator, "calls") as socket:
        simulator.revoke_token()
        with pytest.raises(InvalidStatus):
            await dial(simulator, "calls")
        assert await simulator.kick() == 1
        with pytest.raises(ConnectionClosed):
            await socket.recv()
    simulator.replace_token("another")
    async with dial(simulator, "calls", {"Authorization": "Bearer another"}):
        pass
    with pytest.raises(InvalidStatus):
        await dial(simulator, "calls")


async def test_connections_and_handshakes_are_counted(simulator):
    async with dial(simulator, "calls"), dial(simulator, "calls"), dial(simulator, "profile_live"):
        async with asyncio.timeout(10):
            while sum(simulator.state()["connections"].values()) < 3:  # noqa: ASYNC110 (nobody tells it)
                await asyncio.sleep(0.01)
        assert simulator.state()["connections"] == {**dict.fromkeys(DATASOURCES, 0), "calls": 2, "profile_live": 1}
    with pytest.raises(InvalidStatus):
        await dial(simulator, "queues", {})
    assert simulator.state()["handshakes"] == 4
    assert simulator.state()["handshakes_by_outcome"] == {"calls 101": 2, "profile_live 101": 1, "queues 401": 1}


async def test_a_silent_upstream_keeps_the_connection_but_sends_nothing_and_answers_no_ping(simulator):
    async with dial(simulator, "calls", ping_interval=None) as socket:
        await asyncio.wait_for(await socket.ping(), 20)
        simulator.silence()
        assert await simulator.send("calls", CALL) == 0
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(await socket.ping(), 0.3)
        simulator.silence(on=False)
        await simulator.send("calls", CALL)
        assert await hear(socket) == CALL


async def test_a_dropped_connection_ends_without_a_close_frame(simulator):
    async with dial(simulator, "calls") as socket:
        await asyncio.sleep(0.05)
        await simulator.kick("calls", abort=True)
        with pytest.raises(ConnectionClosed) as end:
            await socket.recv()
    assert end.value.rcvd is None


async def test_junk_is_sent_as_it_is(simulator):
    async with dial(simulator, "calls") as socket:
        for text in ("", "{", "NaN", '{"id_call": "\\ud800"}', "x" * 200_000):
            await simulator.send_raw("calls", text)
            assert await asyncio.wait_for(socket.recv(), 20) == text


@pytest.mark.parametrize(("mode", "frames"), [("frames", 3), ("array", 1)])
async def test_the_hourly_batch_comes_when_the_clock_crosses_a_full_hour_and_not_before(mode, frames):
    switches = Switches(batch_mode=mode)
    floor = TelavoxSimulator(agents=3, calls_per_hour=60, history_ms=7_200_000, switches=switches)
    async with floor as simulator, dial(simulator, "profile_history") as socket:
        await asyncio.sleep(0.05)
        to_the_hour = 3_600_000 - simulator.now() % 3_600_000
        if to_the_hour > 10_000:
            assert simulator.advance_clock(to_the_hour - 5_000) == 0
            with pytest.raises(TimeoutError):
                await hear(socket, 0.2)
            assert simulator.advance_clock(5_000) == 1
        else:  # the true hour is about to strike
            simulator.strike_hour()
        told = [await hear(socket) for _ in range(frames)]
    slots = told[0] if mode == "array" else told
    assert len(slots) == 3
    assert all(slot["slot"]["end_date"] <= simulator.now() for slot in slots)


async def test_the_back_door_does_over_http_what_a_test_does_in_process(simulator):
    async with aiohttp.ClientSession() as client, dial(simulator, "calls") as socket:

        async def do(deed: str, **asked: object) -> tuple[int, object]:
            async with client.post(f"{simulator.control_url}/{deed}", json=asked) as response:
                return response.status, await response.json()

        assert (await do("send", datasource="calls", document=CALL))[0] == 200
        assert await hear(socket) == CALL
        assert (await do("junk", datasource="calls", text="[]"))[0] == 200
        assert await hear(socket) == []
        assert (await do("switches", lag_s=4, list_fields="string"))[0] == 200
        assert (simulator.switches.lag_s, simulator.switches.list_fields) == (4.0, "string")
        assert (await do("switches", list_fields="scroll"))[0] == 400
        assert (await do("no_such_deed"))[0] == 404
        assert (await do("send", datasource="cals", document={}))[0] == 400
        status, scenario = await do("scenario", name="doc-example")
        assert status == 200
        assert {(await hear(socket))["id_call"] for _ in range(5)} == {scenario["id_call"]}
        assert (await do("kick", datasource="calls"))[1] == {"kicked": 1}
        async with client.get(f"{simulator.control_url}/state") as response:
            assert (await response.json())["handshakes"] == 1


async def test_the_floor_is_heard_on_every_socket_and_never_tells_of_the_future():
    async with TelavoxSimulator(seed=4, agents=30, speed=30, history_ms=1_200_000) as simulator:
        for datasource, field in (("calls", "time"), ("queues", "time"), ("agents", "time"), ("profile_live", "profile")):
            async with dial(simulator, datasource) as socket:
                for _ in range(5):
                    # Its sockets are open before the floor has lived through its past; how long that takes is the machine's affair.
                    document = await hear(socket, 60)
                    start = document["time"]["start"] if field == "time" else document["profile"]["active"]["start_date"]
                    assert start <= simulator.now()
