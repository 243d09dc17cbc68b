"""The board's socket, from its handshake to its end, on a real Redis and database."""

import asyncio
import json
from typing import Any

import pytest
from channels.db import database_sync_to_async

from stats.clock import now_ms
from tests.push.conftest import Browser, Open
from tests.push.floor import Worker, ended_call, waiting_call
from wallboard.accounts.models import Screen
from wallboard.push import live


def merged(values: dict[str, dict[str, Any]], patch: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Values after a patch, as a browser keeps them."""
    for scope, metrics in patch["values"].items():
        values.setdefault(scope, {}).update(metrics)
    return values


async def next_of(browser: Browser, kind: str) -> dict[str, Any]:
    """The next message of a kind; each one is acknowledged."""
    while True:
        message = await browser.hear(5)
        await browser.ack(message)
        if message["type"] == kind:
            return message


async def closed_with(browser: Browser) -> int:
    """The code of the close that comes now."""
    while True:
        event = await browser.receive_output(20)
        if event["type"] == "websocket.close":
            return int(event["code"])


async def test_a_browser_gets_everything_when_it_comes(worker: Worker, open_board: Open) -> None:
    await worker.tell(waiting_call("c1", since=now_ms() - 3000))
    opened = now_ms()
    message = await (await open_board()).hear()
    assert message["type"] == "snapshot"
    assert set(message) >= {"epoch", "version", "server_time", "board", "values"}
    assert message["board"]["slug"] == "team"
    assert message["board"]["rev"]
    assert message["values"]["queue:111834"]["waiting"] == 1
    assert message["values"]["feed:telavox:calls"]["level"] == "live"
    assert opened - 2000 < message["server_time"] <= now_ms()


async def test_a_change_comes_as_a_patch_that_continues_the_snapshot(worker: Worker, open_board: Open) -> None:
    await worker.tell(waiting_call("c1", since=now_ms() - 3000))
    browser = await open_board()
    whole = await browser.hear()
    await browser.ack(whole)
    await worker.tell(waiting_call("c2", since=now_ms() - 1000))
    patch = await next_of(browser, "patch")
    assert patch["from"] == whole["version"]
    assert patch["to"] > patch["from"]
    assert patch["epoch"] == whole["epoch"]
    assert patch["values"]["queue:111834"]["waiting"] == 2
    assert "name" not in patch["values"]["queue:111834"], "only what changed"


async def test_a_board_is_told_only_what_it_shows(worker: Worker, open_board: Open) -> None:
    await worker.tell(ended_call("c1", since=now_ms() - 60_000))
    message = await (await open_board()).hear()
    assert "wait_p90" not in message["values"]["queue:111834"]
    assert not any(scope.startswith("agent:") for scope in message["values"])


@pytest.mark.acceptance("TX-21")
async def test_two_browsers_and_a_late_one_hold_the_same_numbers(worker: Worker, open_board: Open) -> None:
    await worker.tell(waiting_call("c0", since=now_ms() - 3000))
    first = await open_board()
    held = (whole := await first.hear())["values"]
    version = whole["version"]
    await first.ack(whole)
    late, late_held, late_version = None, {}, -1
    for n in range(1, 9):
        await worker.tell(waiting_call(f"c{n}", since=now_ms()))
        await asyncio.sleep(0.12)
        if n == 4:
            late = await open_board()
            whole = await late.hear()
            late_held, late_version = whole["values"], whole["version"]
            await late.ack(whole)
    assert late is not None
    deadline = asyncio.get_running_loop().time() + 10
    while held["queue:111834"]["waiting"] != 9 or late_held["queue:111834"]["waiting"] != 9:
        assert asyncio.get_running_loop().time() < deadline
        for browser in (first, late):
            if not await browser.receive_nothing(0.05, 0.01):
                patch = await next_of(browser, "patch")
                if browser is first:
                    assert patch["from"] == version
                    version, held = patch["to"], merged(held, patch)
                else:
                    assert patch["from"] == late_version
                    late_version, late_held = patch["to"], merged(late_held, patch)
    assert held["queue:111834"] == late_held["queue:111834"]
    assert version == late_version
    now = await (await live.organisation("default")).fresh(0)
    assert now.values["queue:111834"]["waiting"] == 9


@pytest.mark.fault("D1")
async def test_at_most_four_messages_a_second_are_sent(worker: Worker, open_board: Open) -> None:
    browser = await open_board()
    await browser.ack(await browser.hear())
    heard: list[float] = []

    async def listen() -> None:
        while True:
            await next_of(browser, "patch")
            heard.append(asyncio.get_running_loop().time())

    ear = asyncio.create_task(listen())
    for n in range(40):
        await worker.tell(waiting_call(f"c{n}", since=now_ms()))
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    ear.cancel()
    await asyncio.wait([ear])
    assert len(heard) >= 4
    assert all(later - earlier > 1.0 for earlier, later in zip(heard, heard[4:], strict=False))


@pytest.mark.fault("D5")
async def test_a_browser_that_lost_the_thread_gets_everything_again(worker: Worker, open_board: Open) -> None:
    browser = await open_board()
    await browser.ack(await browser.hear())
    started = asyncio.get_running_loop().time()
    await browser.send_json_to({"type": "resync"})
    assert (await next_of(browser, "snapshot"))["type"] == "snapshot"
    await browser.send_json_to({"type": "resync"})
    assert (await next_of(browser, "snapshot"))["type"] == "snapshot"
    assert asyncio.get_running_loop().time() - started >= 0.5, "at most two a second, the later one delayed and not dropped"


@pytest.mark.fault("C4")
async def test_an_emptied_store_is_a_new_epoch_and_a_snapshot_for_everybody(worker: Worker, open_board: Open, redis_server: str) -> None:
    import redis.asyncio as redis

    await worker.tell(waiting_call("c1", since=now_ms() - 3000))
    browser = await open_board()
    whole = await browser.hear()
    await browser.ack(whole)
    async with redis.Redis.from_url(redis_server) as client:
        await client.flushall()
    again = await next_of(browser, "snapshot")
    assert again["epoch"] != whole["epoch"]
    assert again["version"] > whole["version"]
    assert again["values"]["site"]["waiting"] is None, "nothing is known, so nothing is zero"


@pytest.mark.parametrize(
    "text",
    [
        " ",
        "no",
        "[]",
        '{"type":"ack"}',
        '{"type":"ack","version":"1"}',
        '{"type":"other"}',
        '{"type":"resync","pad":"' + "x" * 5000 + '"}',
        "[" * 3000,
    ],
)
async def test_a_message_nobody_understands_ends_the_socket_with_4400(open_board: Open, text: str) -> None:
    browser = await open_board()
    await browser.hear()
    await browser.send_to(text_data=text)
    assert await closed_with(browser) == 4400


@pytest.mark.fault("D2")
async def test_a_flood_of_messages_ends_the_socket(open_board: Open) -> None:
    browser = await open_board()
    await browser.hear()
    for _ in range(40):
        await browser.send_json_to({"type": "ack", "version": 1})
    assert await closed_with(browser) == 4429


@pytest.mark.parametrize("key", [None, "wrong", "x" * 600])
async def test_nobody_without_a_key_is_let_in_and_the_browser_is_told(open_board: Open, key: str | None) -> None:
    assert await closed_with(await open_board("team", key)) == 4003


async def test_a_screens_key_opens_its_board_alone(open_board: Open, token: str) -> None:
    assert await closed_with(await open_board("supervisor", token)) == 4003


async def test_a_board_that_does_not_exist_is_told_apart_from_a_closed_one(open_board: Open) -> None:
    from stats.models import Organisation

    organisation = await Organisation.objects.aget(slug="default")
    _row, key = await database_sync_to_async(Screen.issue)(organisation, "cellar", "Hall")
    assert await closed_with(await open_board("cellar", key)) == 4404


@pytest.mark.fault("D9")
async def test_a_revoked_screen_goes_dark_within_five_seconds(open_board: Open, token: str) -> None:
    browser = await open_board()
    await browser.ack(await browser.hear())
    row = await Screen.objects.afirst()
    assert row is not None
    await database_sync_to_async(row.revoke)()
    started = asyncio.get_running_loop().time()
    while True:
        event = await browser.receive_output(6)
        if event["type"] == "websocket.close":
            break
        await browser.ack(json.loads(event["text"]))
    assert event["code"] == 4003
    assert asyncio.get_running_loop().time() - started < 5
    again = await open_board()
    assert await closed_with(again) == 4003


@pytest.mark.fault("C1", "C3")
async def test_a_silent_worker_is_told_within_fourteen_seconds(worker: Worker, open_board: Open) -> None:
    await worker.report(at=now_ms() - 10_000)
    browser = await open_board()
    whole = await browser.hear()
    await browser.ack(whole)
    assert whole["values"]["feed:telavox:calls"]["level"] == "live"
    patch = await next_of(browser, "patch")
    assert patch["values"]["feed:telavox:calls"]["level"] == "late"
    assert patch["values"]["feed:telavox:calls"]["reason"] == "worker_silent"
    assert patch["values"]["source:telavox"]["state"] == "stale"


async def test_boards_learn_of_a_silent_worker_while_programs_keep_asking(worker: Worker, open_board: Open) -> None:
    organisation = await live.organisation("default")

    async def ask_and_ask() -> None:
        while True:
            await organisation.fresh()
            await asyncio.sleep(0.1)

    await worker.report(at=now_ms() - 10_000)
    browser = await open_board()
    whole = await browser.hear()
    await browser.ack(whole)
    assert whole["values"]["feed:telavox:calls"]["level"] == "live"
    asking = asyncio.create_task(ask_and_ask())
    try:
        patch = await next_of(browser, "patch")
    finally:
        asking.cancel()
    assert patch["values"]["feed:telavox:calls"]["level"] == "late"


async def test_a_change_that_a_program_was_told_first_reaches_the_boards_too(worker: Worker, open_board: Open) -> None:
    organisation = await live.organisation("default")
    browser = await open_board()
    await browser.ack(await browser.hear())
    await asyncio.sleep(0.6)
    for n in range(1, 6):
        telling = asyncio.create_task(worker.tell(waiting_call(f"c{n}", since=now_ms())))
        while (await organisation.fresh(0)).values.get("queue:111834", {}).get("waiting") != n:
            pass
        await telling
        began = asyncio.get_running_loop().time()
        while (await next_of(browser, "patch" if n > 1 else "snapshot"))["values"].get("queue:111834", {}).get("waiting") != n:
            pass
        assert asyncio.get_running_loop().time() - began < 0.8


@pytest.mark.fault("C7")
@pytest.mark.slow
async def test_a_hung_store_is_told_within_fifteen_seconds_and_forgotten_when_it_is_back(
    worker: Worker, open_board: Open, redis_server: str
) -> None:
    import redis.asyncio as redis

    await worker.tell(waiting_call("c1", since=now_ms()))
    browser = await open_board()
    await browser.ack(await browser.hear())
    await worker.report()
    started = asyncio.get_running_loop().time()
    async with redis.Redis.from_url(redis_server) as client:
        await client.client_pause(16_000, all=True)
    told: dict[str, Any] = {}
    while told.get("level") != "late":
        told = (await heard_within(browser, 16))["values"].get("feed:telavox:calls", {})
    assert 11 < asyncio.get_running_loop().time() - started < 15
    assert told["reason"] == "store_away"
    await asyncio.sleep(16.5 - (asyncio.get_running_loop().time() - started))
    # The lease ran out while the store slept: another worker, as in life.
    await worker.close()
    successor = await Worker(redis_server).begin()
    try:
        while told.get("level") != "live":
            told = (await heard_within(browser, 8))["values"].get("feed:telavox:calls", told)
    finally:
        await successor.close()


async def heard_within(browser: Browser, seconds: float) -> dict[str, Any]:
    """The next patch or snapshot, acknowledged."""
    while True:
        message = await browser.hear(seconds)
        await browser.ack(message)
        if message["type"] != "heartbeat":
            return message
