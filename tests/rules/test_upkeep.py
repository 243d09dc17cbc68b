"""Rules that keep the product up, each alone."""

import asyncio
import json
import os
import random
from typing import Any

import pytest
from django.db import OperationalError

from stats.domain.errors import Malformed
from stats.domain.metrics import CountingRules
from stats.history.assignments import Assigned
from stats.ingest import pulse
from stats.ingest.backoff import Backoff, Doorstep, delays
from stats.ingest.quarantine import Quarantine
from stats.ingest.supervisor import Supervisor
from stats.live.board_store import Store, StoreAway
from stats.providers.base import SourceConfig
from stats.providers.telavox.provider import TelavoxProvider
from stats.providers.telavox.stream import open_feed
from tests.upstream.server import ScriptableUpstream
from wallboard.accounts.viewer import Viewer
from wallboard.push import admission
from wallboard.push.admission import DatabaseAway, Key, Pass


def test_only_half_a_minute_of_life_resets_the_delays() -> None:
    """A server that accepts and then closes is dialled ever more seldom."""
    backoff, waits = Backoff(first_s=1.0, longest_s=64.0), []
    for _ in range(30):
        waits.append(backoff.next())
        backoff.lived(29.0)
    assert max(waits) > 16.0
    backoff.lived(30.0)
    assert backoff.next() <= 1.0


def test_a_thousand_who_lost_their_server_at_once_do_not_come_back_at_once() -> None:
    """Their third delays lie all over two seconds."""
    thirds = []
    for seed in range(1000):
        each = delays(first_s=0.5, longest_s=10.0, rng=random.Random(seed))
        thirds.append([next(each) for _ in range(3)][-1])
    tenths = [sum(1 for delay in thirds if at <= delay < at + 0.2) for at in (0.2, 0.8, 1.4, 1.8)]
    assert max(thirds) <= 2.0
    assert all(60 < number < 160 for number in tenths), tenths


def test_a_source_that_refused_a_token_is_dialled_five_times_in_ten_seconds_at_most() -> None:
    """By however many feeds; one that refused nothing is dialled at will."""
    door, now, dials = Doorstep(), 100.0, 0
    assert [door.knock(now) for _ in range(20)] == [0.0] * 20
    door = Doorstep()
    door.refused(now)
    while now < 110.0:
        dials += door.knock(now) == 0.0
        now += 0.05
    assert dials == 5


def test_a_flood_of_junk_is_counted_whole_and_noted_in_part_without_its_words() -> None:
    """A note has what is needed to find the frame again, and nothing of what it said."""
    quarantine = Quarantine()
    for number in range(5_000):
        quarantine.put("calls", f"call from +4670174{number:04d}".encode(), [Malformed("not_json")], number)
    counts, notes = quarantine.take()
    assert counts == {"not_json": 5_000}
    assert len(notes) <= 100
    assert set(json.loads(notes[0])) == {"feed", "at", "size", "sha256", "reason"}
    assert not [note for note in notes if "4670174" in note]


async def test_a_task_that_does_not_come_round_ends_its_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever rests is excused (half a minute is a third of a second here)."""
    monkeypatch.setattr(pulse, "STUCK_MS", 300)
    monkeypatch.setattr(pulse, "LOOK_EVERY_S", 0.05)
    watched = pulse.Pulse()
    watched.beat("report")
    watched.rest("report")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.6):
            await watched.watch()
    watched.beat("flush")
    with pytest.raises(pulse.Stuck, match="flush"):
        async with asyncio.timeout(5):
            await watched.watch()


@pytest.mark.fault("C7")
async def test_no_question_to_the_store_is_waited_for_longer_than_the_limit(redis_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five seconds, a third of one here; whatever the question is busy with."""
    monkeypatch.setattr("stats.live.connection.LIMIT_S", 0.3)
    store = Store(redis_server)
    began = asyncio.get_running_loop().time()
    with pytest.raises(StoreAway):
        await store.connection.ask(asyncio.sleep(5))
    assert asyncio.get_running_loop().time() - began < 3
    assert await store.ping()
    await store.close()


async def test_who_does_not_take_frames_holds_the_vendor_back() -> None:
    """A slow worker makes the vendor wait; it does not take a day's frames into its memory."""
    import websockets.asyncio.server

    sent = 0
    done = asyncio.Event()

    async def pour(socket: Any) -> None:
        nonlocal sent
        try:
            while sent < 3_000:
                await socket.send(os.urandom(100_000))
                sent += 1
        finally:
            done.set()

    async with websockets.asyncio.server.serve(pour, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with open_feed(f"ws://127.0.0.1:{port}/calls", token="t", max_bytes=4 << 20, clock=lambda: 0) as feed:
            assert len(await anext(feed)) == 100_000
            before = -1
            while before != sent:
                before = sent
                await asyncio.sleep(0.3)
            assert sent < 500
            assert not done.is_set()


async def test_a_database_that_is_away_lets_in_whom_it_let_in_before_and_closes_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stranger is told to come again, and not that the key is wrong."""
    admission.forget_all()
    known, there = Key("screen", "known"), True

    async def look_up(key: Key) -> Pass | None:
        if not there:
            raise OperationalError("away")
        return Pass(
            kind="screen",
            digest=key.digest,
            viewer=Viewer(kind="screen", organisation="default", role="screen", row=1, abilities=frozenset({"look"})),
            boards=("team",),
        )

    async def cannot() -> None:
        raise OperationalError("away")

    monkeypatch.setattr(admission, "_look_up", look_up)
    monkeypatch.setattr(admission, "REMEMBERED_S", 0.0)
    entry = await admission.passed(known)
    assert entry is not None
    there = False
    monkeypatch.setattr(admission, "aclose_old_connections", cannot)
    assert await admission.passed(known) == entry
    with pytest.raises(DatabaseAway):
        await admission.passed(Key("screen", "stranger"))
    assert await admission.still_open([entry]) == {entry.digest: True}
    admission.forget_all()


async def test_one_sources_crash_and_an_unreadable_configuration_stop_no_other_source(
    redis_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One source's provider cannot be made the first time, and the configuration cannot be had the second time."""
    monkeypatch.setattr("stats.ingest.supervisor.ASK_EVERY_S", 0.2)
    monkeypatch.setattr("stats.ingest.session.RENEW_EVERY_S", 0.3)
    monkeypatch.setattr("stats.live.keys.LEASE_TTL_MS", 1_500)
    upstream = ScriptableUpstream()
    await upstream.start()
    asked, made = 0, {"good": 0, "bad": 0}

    def assigned(name: str) -> Assigned:
        return Assigned(
            organisation="default",
            name=name,
            provider="telavox",
            live_url=upstream.live_url,
            historic_url=upstream.historic_url,
            token="good-token",
            default_region="SE",
            timezone="Europe/Stockholm",
            rules=CountingRules(),
        )

    async def ask() -> list[Assigned]:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise ValueError("unreadable")
        return [assigned("good"), assigned("bad")]

    def connect(source: Assigned) -> TelavoxProvider:
        made[source.name] += 1
        if source.name == "bad" and made["bad"] < 2:
            raise RuntimeError("nobody thought of this")
        return TelavoxProvider(
            SourceConfig(name=source.name, live_url=source.live_url, historic_url=source.historic_url, token=source.token)
        )

    store = Store(redis_server)
    task = asyncio.create_task(Supervisor(store, ask, connect).run())
    try:
        for _ in range(150):
            await asyncio.sleep(0.1)
            states = {name: json.loads(told)["state"] for name, told in (await store.entries("default", "sources")).items()}
            if states == {"good": "live", "bad": "live"}:
                break
            assert not task.done(), task
        assert states == {"good": "live", "bad": "live"}
        assert made == {"good": 1, "bad": 2}
        assert asked > 2, "the configuration was asked for again after it could not be had"
    finally:
        task.cancel()
        await asyncio.wait([task])
        await store.close()
        await upstream.kill()
