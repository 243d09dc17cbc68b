"""One Redis restarted, rolled back, emptied, filled, forbidden to write: boards turn late, the numbers come back by themselves."""

import asyncio
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import redis

from stats.clock import now_ms
from stats.domain.board import values
from stats.live.board_store import Batch, Store, StoreAway, StoreRefused
from stats.live.leases import Lease
from stats.live.mirror import Mirror
from tests.engines.harness import Floor, a_floor, live_through
from tests.engines.servers import Room, Server, until
from tests.laws.road import ORGANISATION, SOURCE
from wallboard.push import candour

pytestmark = pytest.mark.asyncio
AOF = {"appendonly": "yes", "appendfsync": "everysec"}


def late_by_and_by(floor: Floor) -> bool:
    """Whether a board would say, 16 s from now, that the numbers are old: the store takes no report of the worker."""
    later = now_ms() + 16_000
    shown = values(floor.mirror.facts, later)
    candour.correct(shown, floor.mirror.facts.sources, later, store_away=True)
    return shown[f"source:{SOURCE}"]["state"] == "stale"


@pytest.mark.fault("C4")
@pytest.mark.parametrize("options", [AOF, {}], ids=["with an append-only file", "without any file"])
async def test_a_killed_server_that_comes_back_is_told_everything_again(room: Room, options: dict[str, str]) -> None:
    """With a file it comes back as it was, without one it comes back empty; a reader sees another epoch either way."""
    server = room.server(**options)

    async def harm(floor: Floor) -> None:
        await floor.values()
        epoch = floor.mirror.epoch
        server.kill()
        await floor.play(0.5)
        with pytest.raises(StoreAway):
            await floor.values()
        server.start()
        await floor.values()
        assert floor.mirror.epoch != epoch

    await live_through(server.url, harm)


@pytest.mark.fault("C4")
async def test_a_server_restored_from_an_old_snapshot_is_believed_by_nobody(room: Room) -> None:
    """The stored epoch and a lower rev come back with the snapshot: readers read anew, and the worker tells what was rolled back."""
    server = room.server()

    async def harm(floor: Floor) -> None:
        server.client().save()
        snapshot = server.directory / "old.rdb"
        shutil.copy(server.directory / "dump.rdb", snapshot)
        await floor.play(0.66)
        await floor.settled()
        await floor.values()
        before, stored = (floor.mirror.epoch, floor.mirror.rev), server.client().hget("wb:{default}:meta", "epoch")
        server.kill()
        shutil.copy(snapshot, server.directory / "dump.rdb")
        server.start()
        assert server.client().hget("wb:{default}:meta", "epoch") == stored
        assert int(server.client().hget("wb:{default}:meta", "rev")) < before[1]
        await floor.values()
        assert floor.mirror.epoch != before[0]

    await live_through(server.url, harm)


@pytest.mark.fault("C4")
async def test_a_reader_is_not_deceived_by_an_old_snapshot_that_has_grown_past_it(room: Room) -> None:
    """Restored, and written to until its rev is higher than the reader's: the rev proves nothing, for another server told it."""
    server = room.server()
    store = Store(server.url)

    async def tell(*names: str) -> None:
        for name in names:
            await store.apply(ORGANISATION, SOURCE, "", Batch(entries=[("queues", name, "[1,1,null,null]")]))

    await store.begin(ORGANISATION)
    await tell("kept")
    server.client().save()
    snapshot = (server.directory / "dump.rdb").read_bytes()
    reader = Mirror(store, ORGANISATION, "UTC")
    await tell("lost", "lost too")
    await reader.refresh(now_ms())
    assert set(reader.facts.queues) == {"kept", "lost", "lost too"}
    server.kill()
    (server.directory / "dump.rdb").write_bytes(snapshot)
    server.start()
    await tell("new", "new too", "newest")
    await reader.refresh(now_ms())
    assert set(reader.facts.queues) == {"kept", "new", "new too", "newest"}
    await store.close()


@pytest.mark.fault("C4")
async def test_a_store_that_is_emptied_in_a_burst_twice_is_whole_again(room: Room) -> None:
    """FLUSHALL while frames come as fast as they can."""
    server = room.server()

    async def harm(floor: Floor) -> None:
        burst = asyncio.create_task(floor.play(0.8))
        for _ in range(2):
            await asyncio.sleep(0.2)
            server.client().flushall()
        await burst

    await live_through(server.url, harm)


@pytest.mark.heavy
@pytest.mark.fault("C6")
async def test_a_full_server_loses_nothing_and_boards_turn_late_until_there_is_room(room: Room) -> None:
    """`maxmemory 2mb`, then lifted: writes are refused, reading goes on, nothing is thrown out, nobody has to do anything."""
    server = room.server()

    async def harm(floor: Floor) -> None:
        client = server.client()
        client.set("ballast", "x" * 2_000_000)
        await floor.values()
        kept = client.dbsize()
        client.config_set("maxmemory", "2mb")
        await floor.play(0.66)
        with pytest.raises(StoreAway):
            await floor.store.apply(ORGANISATION, "another", "", Batch(entries=[("queues", "1", "x")]))
        with pytest.raises(StoreAway):
            await Lease(floor.store, ORGANISATION, "another").take()
        await asyncio.sleep(3)
        await floor.values()
        assert late_by_and_by(floor)
        facts = await floor.store.server_facts()
        assert facts["maxmemory"] == 2 * 1024 * 1024
        assert int(facts["used_memory"]) > 2_000_000
        assert client.info("stats")["evicted_keys"] == 0
        # What lives for seconds may have ended meanwhile; that is all.
        assert client.dbsize() >= kept - 3
        client.config_set("maxmemory", "0")

    await live_through(server.url, harm)


@pytest.mark.heavy
@pytest.mark.fault("C6", "C11")
async def test_a_server_that_cannot_save_refuses_writes_and_is_forgiven_when_it_can(room: Room) -> None:
    """`stop-writes-on-bgsave-error`, on a disk of four megabytes that is filled and freed."""
    server = room.server(start=False)
    disk = server.directory / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or not _mounted(disk):
        pytest.skip("a disk of a few megabytes can only be mounted by root")
    server.options.update(dir=str(disk), save='"3600 1"', stop_writes_on_bgsave_error="yes", rdbcompression="no")
    try:
        server.start()

        async def harm(floor: Floor) -> None:
            (disk / "filler").write_bytes(b"x" * (4 * 1024 * 1024 - 64 * 1024))
            await asyncio.to_thread(_fail_to_save, server)
            await floor.play(0.66)
            with pytest.raises(StoreAway) as why:
                await floor.store.apply(ORGANISATION, "another", "", Batch(entries=[("queues", "1", "x")]))
            assert not isinstance(why.value, StoreRefused)
            await floor.values()
            assert late_by_and_by(floor)
            (disk / "filler").unlink()
            await asyncio.to_thread(_save, server)

        await live_through(server.url, harm)
    finally:
        server.kill()
        _unmount(disk)


def _mounted(disk: Path) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)]
    return subprocess.run(command, check=False, timeout=20, capture_output=True).returncode == 0


def _unmount(disk: Path) -> None:
    subprocess.run(["umount", str(disk)], check=False, timeout=20)


def _fail_to_save(server: Server) -> None:
    client = server.client()
    client.set("ballast", "x" * 500_000)
    client.bgsave()
    _until_saved(client, "err")


def _save(server: Server) -> None:
    client = server.client()
    client.bgsave()
    _until_saved(client, "ok")


def _until_saved(client: "redis.Redis", status: str) -> None:
    until(lambda: client.info("persistence")["rdb_last_bgsave_status"] == status)


@pytest.mark.heavy
@pytest.mark.fault("C5")
async def test_a_server_that_became_read_only_is_away_and_nothing_is_set_aside(room: Room) -> None:
    """A primary that was made a replica of nothing that answers: READONLY, then promoted again."""
    server = room.server(replica_serve_stale_data="yes")

    async def harm(floor: Floor) -> None:
        server.client().execute_command("REPLICAOF", "127.0.0.1", "1")
        await floor.play(0.66)
        with pytest.raises(StoreAway) as why:
            await floor.store.apply(ORGANISATION, "another", "", Batch(entries=[("queues", "1", "x")]))
        assert not isinstance(why.value, StoreRefused)
        assert floor.session is not None
        assert not floor.session.road.refused
        server.client().execute_command("REPLICAOF", "NO", "ONE")

    await live_through(server.url, harm)


@pytest.mark.fault("C4")
async def test_a_server_that_is_still_loading_is_away(room: Room) -> None:
    """LOADING is answered at once, and is no answer of ours."""
    server = room.server()
    server.client().mset({f"key:{each}": "x" * 100 for each in range(4000)})
    server.client().save()
    server.kill()
    conf = server.directory / "server.conf"
    # Half a millisecond a key, so that loading takes two seconds.
    conf.write_text(conf.read_text() + "key-load-delay 500\nloading-process-events-interval-bytes 1024\n")
    server.start(wait=False)
    store = Store(server.url)
    seen = set()
    for _ in range(100):
        try:
            await store.ping()
            break
        except StoreAway as why:
            seen.add(str(why))
        await asyncio.sleep(0.05)
    assert "BusyLoadingError" in seen
    await asyncio.to_thread(server.until_up)
    assert await store.answers()
    await store.close()


async def test_the_server_tells_what_it_does_when_it_is_full(room: Room) -> None:
    """Policy, limit and role, so that a wrong one is found before it matters."""
    server = room.server(maxmemory="100mb", maxmemory_policy="allkeys-lru")
    store = Store(server.url)
    facts = await store.server_facts()
    assert facts["maxmemory_policy"] == "allkeys-lru"
    assert facts["maxmemory"] == 100 * 1024 * 1024
    assert facts["role"] == "master"
    assert facts["run_id"]
    server.kill()
    with pytest.raises(StoreAway):
        await store.server_facts()
    await store.close()


@pytest.mark.heavy
async def test_a_floor_that_is_left_alone_is_right(room: Room) -> None:
    """The harness itself: no harm, no difference."""
    async with a_floor(room.server().url) as floor:
        await floor.play(1.0)
        await floor.until_live()
        await floor.expect_right()
