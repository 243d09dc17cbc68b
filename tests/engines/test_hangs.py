"""A Redis that hangs, or whose link does: every question ends in seconds, and what comes back is noticed. Many who ask are all answered."""

import asyncio
import time
from typing import Any

import pytest
from django.test import AsyncClient

from stats.clock import now_ms
from stats.live import connection
from stats.live.board_store import Batch, Store, StoreAway
from stats.live.keys import key
from stats.live.leases import Lease
from stats.live.mirror import Mirror
from tests.engines.harness import Floor, live_through
from tests.engines.servers import Room
from tests.laws.road import ORGANISATION, SOURCE
from wallboard.push import live

pytestmark = pytest.mark.asyncio
AN_ASK_ENDS_WITHIN_S = 6.0


@pytest.mark.fault("C8")
@pytest.mark.engines
async def test_three_hundred_questions_at_once_are_all_answered_over_a_dozen_connections(redis_server: str) -> None:
    """Nobody is turned away, and no more connections are opened than there are turns."""
    store = Store(redis_server)
    await store.begin(ORGANISATION)
    # Of earlier tests on the same server some may still be going.
    others = {client["id"] for client in await store.connection.client.client_list()}
    mirrors = [Mirror(store, ORGANISATION, "UTC") for _ in range(100)]
    answers = await asyncio.gather(
        *(mirror.refresh(now_ms()) for mirror in mirrors),
        *(store.load(ORGANISATION, SOURCE, ["a", "b"]) for _ in range(100)),
        *(store.apply(ORGANISATION, SOURCE, "", Batch(entries=[("queues", str(n), "x")])) for n in range(100)),
    )
    assert len(answers) == 300
    assert len(await store.entries(ORGANISATION, "queues")) == 100
    clients = {client["id"] for client in await store.connection.client.client_list()}
    # The one that asked for the list above is ours as well.
    assert len(clients - others) < connection.POOL
    await store.close()


@pytest.mark.fault("C8")
async def test_those_who_only_listen_take_no_turn_from_those_who_ask(redis_server: str) -> None:
    """More subscriptions than there are connections for questions: questions are answered all the same."""
    store, heard = Store(redis_server), set[int]()

    async def hear(number: int) -> None:
        async for rev in store.announcements(ORGANISATION):
            if rev is not None:
                heard.add(number)

    ears = [asyncio.create_task(hear(number)) for number in range(3 * connection.POOL)]
    async with asyncio.timeout(20):
        while len(heard) < len(ears):
            await store.apply(ORGANISATION, SOURCE, "", Batch(entries=[("queues", "1", "x")]))
            await asyncio.sleep(0.2)
    for ear in ears:
        ear.cancel()
    await asyncio.gather(*ears, return_exceptions=True)
    await store.close()


@pytest.mark.heavy
@pytest.mark.fault("C7", "C8")
async def test_every_question_to_a_server_that_hangs_ends_in_six_seconds(room: Room) -> None:
    """Those that wait for their turn too; and the same store answers at once when the server goes on."""
    server = room.server()
    store = Store(server.url)
    await store.begin(ORGANISATION)
    server.pause()

    async def ask(number: int) -> float:
        began = time.monotonic()
        questions = (store.ping, lambda: store.load(ORGANISATION, SOURCE, ["a"]), Lease(store, ORGANISATION, f"source-{number}").take)
        with pytest.raises(StoreAway):
            await questions[number % 3]()
        return time.monotonic() - began

    took = await asyncio.gather(*(ask(number) for number in range(300)))
    assert max(took) <= AN_ASK_ENDS_WITHIN_S
    server.go_on()
    assert await asyncio.gather(*(store.ping() for _ in range(50)))
    # No answer of a question that was given up is taken for another's.
    for number in range(50):
        await store.connection.client.set(key(ORGANISATION, "echo"), str(number))
        assert await store.connection.client.get(key(ORGANISATION, "echo")) == str(number).encode()
    await store.close()


@pytest.mark.heavy
@pytest.mark.fault("C7")
async def test_a_server_that_hung_for_ten_seconds_is_caught_up_with(room: Room) -> None:
    """The worker loses its lease meanwhile; nobody took it, so it goes on."""
    server = room.server()

    async def harm(floor: Floor) -> None:
        server.pause()
        await floor.play(0.66)
        began = time.monotonic()
        with pytest.raises(StoreAway):
            await floor.values()
        assert time.monotonic() - began <= AN_ASK_ENDS_WITHIN_S
        await asyncio.sleep(max(0.0, 10 - (time.monotonic() - began)))
        server.go_on()

    await live_through(server.url, harm)


@pytest.mark.heavy
@pytest.mark.fault("C7")
async def test_a_subscription_that_died_without_a_word_is_made_anew(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its server hangs and everything on the old connection is lost: silence is asked after, and the next change is heard."""
    monkeypatch.setattr(connection, "SILENCE_S", 1.0)
    server = room.server()
    store, heard = Store(server.url), list[int | None]()

    async def hear() -> None:
        async for rev in store.announcements(ORGANISATION):
            heard.append(rev)

    ear = asyncio.create_task(hear())
    async with asyncio.timeout(10):
        while not any(heard):
            await store.apply(ORGANISATION, SOURCE, "", Batch(entries=[("queues", "1", "x")]))
            await asyncio.sleep(0.2)
    first = {each["id"] for each in await store.connection.client.client_list() if each["sub"] == "1"}
    server.pause()
    await asyncio.sleep(4)
    server.go_on()
    heard.clear()
    async with asyncio.timeout(20):
        while not any(heard):
            await store.apply(ORGANISATION, SOURCE, "", Batch(entries=[("queues", "1", "x")]))
            await asyncio.sleep(0.2)
    later = {each["id"] for each in await store.connection.client.client_list() if each["sub"] == "1"}
    assert later
    assert not later & first
    ear.cancel()
    await asyncio.gather(ear, return_exceptions=True)
    await store.close()


@pytest.mark.fault("C7")
async def test_whoever_is_cancelled_in_a_question_ends_and_says_nothing_else(room: Room) -> None:
    """A task that is told to end ends, though the connection breaks at the same moment and the driver has errors of its own."""
    server = room.server()
    store = Store(server.url)
    await store.begin(ORGANISATION)
    server.pause()
    tasks = [asyncio.create_task(store.ping()) for _ in range(20)]
    await asyncio.sleep(0.3)
    for task in tasks:
        task.cancel()
    server.kill()
    done, pending = await asyncio.wait(tasks, timeout=5)
    assert not pending
    assert all(task.cancelled() for task in done)
    await store.close()


@pytest.mark.fault("C7")
@pytest.mark.parametrize("rude", [True, False], ids=["an error of its own", "an answer"])
async def test_a_driver_that_turns_a_cancellation_into_something_else_keeps_nobody_alive(redis_server: str, rude: bool) -> None:
    """As the Cluster client does while it looks for a successor: the task that asked ends as it was told to."""
    store = Store(redis_server)

    async def answer() -> str:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            if rude:
                raise ConnectionError from None
        return "late"

    task = asyncio.create_task(store.connection.ask(answer()))
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.wait([task], timeout=5)
    assert task.cancelled()
    await store.close()


@pytest.mark.fault("C7")
@pytest.mark.django_db(transaction=True)
async def test_readyz_says_within_four_seconds_that_redis_hangs(room: Room, settings: Any) -> None:
    """Its checks are made side by side, each with a limit."""
    server = room.server()
    settings.REDIS_URL, settings.REDIS_URL_IS_GIVEN, settings.ALLOWED_HOSTS = server.url, True, ["*"]
    client = AsyncClient()
    try:
        first = await client.get("/readyz")
        assert first.json()["checks"]["redis"] == "ok"
        server.pause()
        began = time.monotonic()
        answer = await client.get("/readyz")
        assert time.monotonic() - began <= 4.0
        assert answer.status_code == 503
        assert answer.json()["checks"]["redis"] != "ok"
        assert answer.json()["checks"]["database"] == "ok"
        server.go_on()
        assert (await client.get("/readyz")).json()["checks"]["redis"] == "ok"
    finally:
        await live.close()
