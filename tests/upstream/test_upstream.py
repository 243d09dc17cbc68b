"""The scriptable upstream does what it is told: with the vendor's kind of client at the other end."""

import asyncio
import contextlib
import json
import random
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.oracle.days import day
from tests.upstream import ScriptableUpstream, UpstreamThread, play

WINDOW = {"s": "2026-05-17T00:00:00Z", "e": "2026-05-19T00:00:00Z"}
GOOD = {"Authorization": "Bearer good-token"}


@pytest.fixture
async def upstream() -> AsyncIterator[ScriptableUpstream]:
    fake = ScriptableUpstream()
    await fake.start()
    yield fake
    await fake.kill()


def listen(upstream: ScriptableUpstream, name: str = "calls", token: str = "good-token", **more: Any) -> connect:
    return connect(f"{upstream.live_url}/{name}", additional_headers={"Authorization": f"Bearer {token}"}, proxy=None, **more)


async def ask(
    upstream: ScriptableUpstream, query: str, variables: dict[str, Any] | None = None, token: str = "good-token"
) -> tuple[int, Any]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            upstream.historic_url, json={"query": query, "variables": variables or WINDOW}, headers={"Authorization": f"Bearer {token}"}
        ) as reply,
    ):
        return reply.status, json.loads(await reply.text() or "null")


def row(n: int, start: str = "2026-05-18T10:00:00Z", queue: int = 11) -> dict[str, Any]:
    return {"idCall": f"c{n}", "time": {"start": start}, "queue": {"id": queue, "name": "Ett"}, "queueFirst": {"id": queue}}


PAGED = (
    "query($s:DateTime,$e:DateTime,$n:Int!,$a:String){"
    "queues(filter:{startDate:$s,endDate:$e},first:$n,after:$a){data{idCall} totalCount cursor hasNextPage}}"
)


async def test_a_frame_reaches_every_open_socket_of_its_path_and_no_other(upstream: ScriptableUpstream) -> None:
    async with listen(upstream) as one, listen(upstream) as two, listen(upstream, "queues") as other:
        await upstream.until_open("calls", "queues")
        assert await upstream.send("calls", {"id_call": "å"}) == 2
        assert json.loads(await one.recv()) == json.loads(await two.recv()) == {"id_call": "å"}
        await upstream.send("queues", "{not json")
        assert await other.recv() == "{not json"
    assert [shake.status for shake in upstream.handshakes] == [101, 101, 101]


@pytest.mark.parametrize(("behaviour", "status"), [("401", 401), ("503", 503)])
async def test_a_refusing_path_answers_with_its_status(upstream: ScriptableUpstream, behaviour: str, status: int) -> None:
    upstream.behave(behaviour, "calls")
    with pytest.raises(InvalidStatus) as refused:
        await listen(upstream)
    assert refused.value.response.status_code == status
    async with listen(upstream, "agents"):
        pass


async def test_a_token_that_is_not_accepted_is_a_401_until_it_is(upstream: ScriptableUpstream) -> None:
    with pytest.raises(InvalidStatus):
        await listen(upstream, token="bad-token")
    upstream.tokens.add("bad-token")
    async with listen(upstream, token="bad-token"):
        pass
    assert [(shake.status, shake.token_ok) for shake in upstream.handshakes] == [(401, False), (101, True)]
    assert (await ask(upstream, "{calls}", token="worse"))[0] == 401


async def test_an_unknown_path_says_so_in_plain_text_and_closes(upstream: ScriptableUpstream) -> None:
    upstream.behave("invalid_path", "agents")
    for name in ("agents", "nonsense"):
        async with listen(upstream, name) as socket:
            assert await socket.recv() == "Invalid path."
            with pytest.raises(ConnectionClosed):
                await socket.recv()


async def test_a_socket_may_stay_silent_or_close_or_drop(upstream: ScriptableUpstream) -> None:
    upstream.behave("silent", "calls")
    async with listen(upstream) as socket:
        await upstream.until_open("calls")
        assert await upstream.send("calls", {}) == 0
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(socket.recv(), 0.2)
    for behaviour in ("accept_close", "accept_drop"):
        upstream.behave(behaviour, "queues")
        async with listen(upstream, "queues") as socket:
            with pytest.raises(ConnectionClosed):
                await asyncio.wait_for(socket.recv(), 20)


async def answers_a_ping(socket: ClientConnection, within_s: float) -> bool:
    try:
        await asyncio.wait_for(await socket.ping(), within_s)
    except TimeoutError:
        return False
    return True


async def test_pings_are_answered_unless_told_otherwise(upstream: ScriptableUpstream) -> None:
    async with listen(upstream, close_timeout=0.2) as socket:
        assert await answers_a_ping(socket, 20)
    upstream.behave("no_pong", "calls")
    async with listen(upstream, close_timeout=0.2) as socket:
        await upstream.until_open("calls")
        assert not await answers_a_ping(socket, 0.5)
        await upstream.send("calls", "still here")
        assert await socket.recv() == "still here"


async def test_a_killed_upstream_sends_no_close_frame_and_comes_back_on_its_port(upstream: ScriptableUpstream) -> None:
    port = upstream.port
    async with listen(upstream) as socket:
        await upstream.until_open("calls")
        await upstream.kill()
        with pytest.raises(ConnectionClosed) as ended:
            await asyncio.wait_for(socket.recv(), 20)
        assert ended.value.rcvd is None
    with pytest.raises(OSError):
        await listen(upstream)
    assert await upstream.start() == port
    async with listen(upstream):
        pass


async def test_pages_follow_the_cursor_and_the_total_counts_the_window_alone(upstream: ScriptableUpstream) -> None:
    upstream.history.set("queues", [row(n, queue=11 + n % 2) for n in range(7)] + [row(99, start="2020-01-01T00:00:00Z")])
    seen: list[str] = []
    after, more = None, True
    while more:
        status, reply = await ask(upstream, PAGED, WINDOW | {"n": 3, "a": after})
        page = reply["data"]["queues"]
        seen += [one["idCall"] for one in page["data"]]
        assert (status, page["totalCount"]) == (200, 7)
        after, more = page["cursor"], page["hasNextPage"]
    assert seen == [f"c{n}" for n in range(7)]
    query = (
        "query($s:DateTime,$e:DateTime){queues(filter:{startDate:$s,endDate:$e,queueId:11},first:50){data{idCall queue{name}} totalCount}}"
    )
    page = (await ask(upstream, query))[1]["data"]["queues"]
    assert (len(page["data"]), page["totalCount"], page["data"][0]["queue"]) == (4, 7, {"name": "Ett"})
    assert len(upstream.asked) == 4


async def test_rows_show_after_their_lag(upstream: ScriptableUpstream) -> None:
    upstream.history.add("queues", [row(1)])
    upstream.history.add("queues", [row(2)], lag_s=0.3)
    assert (await ask(upstream, PAGED, WINDOW | {"n": 9}))[1]["data"]["queues"]["totalCount"] == 1
    await asyncio.sleep(0.35)
    assert (await ask(upstream, PAGED, WINDOW | {"n": 9}))[1]["data"]["queues"]["totalCount"] == 2


async def test_a_page_beyond_the_cap_is_cut_or_refused(upstream: ScriptableUpstream) -> None:
    upstream.history.set("queues", [row(n) for n in range(5)])
    upstream.history.page_cap = 2
    page = (await ask(upstream, PAGED, WINDOW | {"n": 100}))[1]["data"]["queues"]
    assert (len(page["data"]), page["hasNextPage"]) == (2, True)
    upstream.history.cap_refuses = True
    assert "errors" in (await ask(upstream, PAGED, WINDOW | {"n": 100}))[1]


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("{queues(first:1){totalCount}}", "too_long_http_line_exception"),
        ('{queues(filter:{startDate:"2026-05-17T00:00:00Z"},first:1){totalCount}}', "too_long_http_line_exception"),
        ("query($s:DateTime,$e:DateTime){queues(filter:{startDate:$s,endDate:$e},first:1){data{id_call}}}", "id_call"),
        ("query($s:DateTime,$e:DateTime){queues(filter:{startDate:$s,endDate:$e}){totalCount}}", "first"),
        ("query($s:DateTime,$e:DateTime){agentHistory(filter:{startDate:$s,endDate:$e},first:1){totalCount}}", "agentHistory"),
        ("nonsense", "Syntax"),
    ],
)
async def test_a_query_the_vendor_would_not_understand_is_a_200_with_errors(upstream: ScriptableUpstream, query: str, word: str) -> None:
    status, reply = await ask(upstream, query)
    assert status == 200
    assert word in reply["errors"][0]["message"]


async def test_the_next_answers_fail_as_told_and_then_all_is_well(upstream: ScriptableUpstream) -> None:
    upstream.fail_graphql(1, status=503, text="{}")
    upstream.fail_graphql(1, errors=["out of order"])
    replies = [await ask(upstream, PAGED, WINDOW | {"n": 1}) for _ in range(3)]
    assert [status for status, _ in replies] == [503, 200, 200]
    assert replies[1][1]["errors"] == [{"message": "out of order"}]
    assert replies[2][1]["data"]["queues"]["totalCount"] == 0


async def test_the_schema_can_drift(upstream: ScriptableUpstream) -> None:
    query = "query($s:DateTime,$e:DateTime){queues(filter:{startDate:$s,endDate:$e},first:1){data{idCall agentEndReason}}}"
    assert "errors" not in (await ask(upstream, query))[1]
    upstream.drift(profile_root="agentHistory", without=("QueueOverviewRecord.agentEndReason",))
    assert "agentEndReason" in (await ask(upstream, query))[1]["errors"][0]["message"]
    renamed = "query($s:DateTime,$e:DateTime){agentHistory(filter:{startDate:$s,endDate:$e},first:1){totalCount}}"
    assert "errors" not in (await ask(upstream, renamed))[1]
    assert {"name": "agentHistory"} in (await ask(upstream, "{__schema{queryType{fields{name}}}}"))[1]["data"]["__schema"]["queryType"][
        "fields"
    ]


async def test_every_field_of_a_made_up_day_is_a_field_of_the_schema(upstream: ScriptableUpstream) -> None:
    rows = day(1, n_calls=40).rows()
    for root, given in rows.items():
        upstream.history.set(root, given)
        wanted = " ".join(sorted({text for one in given for text in selections(one)}))
        query = f"query($s:DateTime,$e:DateTime){{{root}(filter:{{startDate:$s,endDate:$e}},first:500){{data{{{wanted}}}}}}}"
        reply = (await ask(upstream, query))[1]
        assert "errors" not in reply, reply["errors"]
        assert len(reply["data"][root]["data"]) == len(given)


def selections(one: dict[str, Any]) -> list[str]:
    return [
        f"{key}{{{' '.join(selections(value))}}}" if isinstance(value, dict) else key
        for key, value in one.items()
        if value not in ({}, None)
    ]


async def test_a_played_day_arrives_whole_with_duplicates(upstream: ScriptableUpstream) -> None:
    frames = [frame for frame in day(2, n_calls=20).frames() if frame.datasource == "calls"]
    heard: list[Any] = []

    async def hear(socket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for text in socket:
                heard.append(json.loads(text))

    async with listen(upstream) as socket:
        await upstream.until_open("calls")
        hearing = asyncio.create_task(hear(socket))
        sent = await play(upstream, frames, random.Random(3), duplicates=0.5)
        await upstream.close_sockets("calls")
        await hearing
    assert len(heard) == sent > len(frames)
    assert all(frame.document in heard for frame in frames)


def test_it_runs_in_a_thread_of_its_own() -> None:
    async def hear_one() -> Any:
        async with listen(thread.upstream) as socket:
            await asyncio.to_thread(thread.run, thread.upstream.until_open("calls"))
            await asyncio.to_thread(thread.send, "calls", {"n": 1})
            return json.loads(await socket.recv())

    with UpstreamThread() as thread:
        assert asyncio.run(hear_one()) == {"n": 1}
    with pytest.raises(OSError):
        asyncio.run(hear_one())


async def test_it_runs_as_a_process_that_can_be_scripted_and_killed(tmp_path: Any) -> None:
    script = tmp_path / "script.jsonl"
    actions = [{"tokens": ["other"]}, {"rows": {"queues": [row(1)]}}, {"at": 0.2, "tokens": ["good-token"]}]
    script.write_text("\n".join(json.dumps(action) for action in actions))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.upstream", "--port", "0", "--script", str(script), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        seen = ScriptableUpstream(port=json.loads(await asyncio.wait_for(process.stdout.readline(), 20))["port"])
        for _ in range(50):
            status, reply = await ask(seen, PAGED, WINDOW | {"n": 9})
            if status != 401:
                break
            await asyncio.sleep(0.1)
        assert reply["data"]["queues"]["totalCount"] == 1
        async with listen(seen) as socket, aiohttp.ClientSession() as session:
            base = seen.live_url.replace("ws", "http", 1)
            await session.post(f"{base}/control", data=json.dumps({"send": ["calls", {"n": 2}]}))
            assert json.loads(await asyncio.wait_for(socket.recv(), 5)) == {"n": 2}
            process.kill()
            with pytest.raises(ConnectionClosed):
                await asyncio.wait_for(socket.recv(), 5)
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()
