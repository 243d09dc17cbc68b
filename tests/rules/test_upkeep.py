"""Rules that keep the product up, each alone."""

import asyncio
import json
import os
import random
from collections.abc import Sequence
from typing import Any

import pytest
from django.db import OperationalError

from stats.domain.errors import Malformed
from stats.domain.metrics import CountingRules
from stats.history.assignments import Assigned
from stats.ingest.backoff import Backoff, Doorstep, delays
from stats.ingest.quarantine import Quarantine
from stats.ingest.supervisor import Supervisor
from stats.live.board_store import Store
from stats.providers.base import SourceConfig
from stats.providers.telavox.provider import TelavoxProvider
from stats.providers.telavox.stream import open_feed
from tests.push.conftest import Open
from tests.push.floor import Worker, waiting_call
from tests.upstream.server import ScriptableUpstream
from wallboard.accounts.models import digest_of
from wallboard.push import admission, hubs
from wallboard.push.admission import DatabaseAway, Key, Pass
from wallboard.push.socket import BoardSocket


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


class Ear:
    """A browser's end of a socket: it keeps the very events it is sent."""

    def __init__(self, token: str) -> None:
        self.heard: list[Any] = []
        self.socket = BoardSocket(self.hear, Pass(kind="screen", digest=digest_of(token), organisation="default", board="team", row=1))

    async def hear(self, event: Any) -> None:
        """One event."""
        self.heard.append(event)

    def patches(self) -> list[Any]:
        """The changes it was told."""
        return [event for event in self.heard if '"type":"patch"' in event.get("text", "")]


async def told(worker: Worker, ears: Sequence[Ear], call: str, since: int) -> None:
    """One more caller waits, and whoever is told has been."""
    await worker.tell(waiting_call(call, since=since))
    before = [len(ear.patches()) for ear in ears]
    for _ in range(100):
        await asyncio.sleep(0.05)
        if any(len(ear.patches()) > had for ear, had in zip(ears, before, strict=True)):
            return
    raise AssertionError("nobody was told")


async def test_a_change_is_encoded_once_for_all_who_look(worker: Worker, token: str, open_board: Open) -> None:
    """Forty browsers are handed one and the same event."""
    from stats.clock import now_ms

    await worker.tell(waiting_call("c0", since=now_ms()))
    ears = [Ear(token) for _ in range(40)]
    hub = None
    for ear in ears:
        hub = await hubs.enter("default", "team", ear.socket)
    assert hub is not None
    await told(worker, ears, "c1", now_ms())
    await asyncio.sleep(0.3)
    assert len({id(ear.patches()[0]) for ear in ears}) == 1
    for ear in ears:
        hub.leave(ear.socket)


async def test_everything_is_computed_four_times_a_second_at_most_however_much_changes(
    worker: Worker, token: str, open_board: Open
) -> None:
    """Thirty changes in one and a half seconds; what is computed for nobody costs those who look."""
    from stats.clock import now_ms
    from wallboard.push import live

    ear = Ear(token)
    hub = await hubs.enter("default", "team", ear.socket)
    shown = 0

    async def look() -> None:
        nonlocal shown
        shown += 1

    organisation = await live.organisation("default")
    organisation.listeners.append(look)
    began = asyncio.get_running_loop().time()
    for number in range(30):
        await worker.tell(waiting_call(f"c{number}", since=now_ms()))
        await asyncio.sleep(0.05)
    assert 2 < shown <= 4 * (asyncio.get_running_loop().time() - began) + 1
    organisation.listeners.remove(look)
    hub.leave(ear.socket)


async def test_a_browser_that_acknowledges_nothing_is_sent_no_more_and_gets_the_present_when_it_does(
    worker: Worker, token: str, open_board: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside one that does (five seconds are one here)."""
    from stats.clock import now_ms

    monkeypatch.setattr("wallboard.push.window.PAUSE_S", 1.0)
    await worker.tell(waiting_call("c0", since=now_ms()))
    good, silent = Ear(token), Ear(token)
    hub = await hubs.enter("default", "team", good.socket)
    await hubs.enter("default", "team", silent.socket)
    await asyncio.sleep(1.1)
    held = silent.socket.window.sent
    for number in range(3):
        await hub.acknowledge(good.socket, good.socket.window.sent)
        await told(worker, [good], f"c{number + 1}", now_ms())
        await asyncio.sleep(0.3)
    assert len(good.patches()) >= 3
    quiet = len(silent.heard)
    await hub.acknowledge(good.socket, good.socket.window.sent)
    await told(worker, [good], "c9", now_ms())
    assert len(silent.heard) == quiet
    assert silent.socket.window.sent == held
    await hub.acknowledge(silent.socket, held)
    await asyncio.sleep(1.0)
    assert '"waiting":5' in silent.heard[-1]["text"]
    for ear in (good, silent):
        hub.leave(ear.socket)


async def test_a_database_that_is_away_lets_in_whom_it_let_in_before_and_closes_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stranger is told to come again, and not that the key is wrong."""
    admission.forget_all()
    known, there = Key("screen", "known"), True

    async def look_up(key: Key) -> Pass | None:
        if not there:
            raise OperationalError("away")
        return Pass(kind="screen", digest=key.digest, organisation="default", board="team", row=1)

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
    assert await admission.still_open([entry]) == {entry.digest}
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
        assert asked > 4
    finally:
        task.cancel()
        await asyncio.wait([task])
        await store.close()
        await upstream.kill()
