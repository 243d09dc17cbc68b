"""The store behind Sentinels and on a Cluster, with real servers: whoever serves, the worker and the readers find it."""

import asyncio
from contextlib import suppress

import pytest

from stats.live.board_store import Batch, Store, StoreAway
from stats.live.connection import POOL
from stats.live.inbox import Inbox
from stats.live.keys import key, prefix
from stats.live.leases import Lease
from stats.live.server import answers
from stats.live.sweeping import wipe_sums
from stats.live.unkept import Unkept
from tests.engines.harness import Floor, live_through
from tests.engines.servers import Cluster, Pair, Room, Server, until
from tests.laws.road import ORGANISATION, SOURCE, Bench, rules_of
from tests.laws.test_any_order import expect
from tests.oracle.days import day

pytestmark = [pytest.mark.asyncio, pytest.mark.heavy]


async def every_question(url: str) -> None:
    """Everything that is ever asked of the store: steps, pipelines, scripts, subscriptions, leases, lists and a rebuild."""
    assert answers(url)
    today = day(31, n_calls=14, n_agents=5, n_queues=3)
    bench = Bench(url, today.timezone, rules_of(today.settings))
    store, heard = bench.store, list[int]()

    async def hear() -> None:
        async for rev in store.announcements(ORGANISATION):
            if rev is not None:
                heard.append(rev)

    ear = asyncio.create_task(hear())
    await asyncio.sleep(0.5)
    await bench.worker()
    frames = today.frames()
    bench.hear(frames[: len(frames) // 2])
    await bench.flush()
    await bench.worker()  # a successor reads what is there: presence, identities, calls
    bench.hear(frames)
    await bench.flush()
    await expect(bench, today)
    assert heard
    assert heard == sorted(heard)
    waiting = Unkept(store, ORGANISATION, SOURCE)
    some = await waiting.some(10_000)
    assert len(some) == await waiting.number()
    assert await waiting.strike({i: held.version for i, held in some.items() if held is not None}) == len(some)
    assert await bench.lease.renew()
    await store.quarantine(ORGANISATION, SOURCE, {"junk": 2}, ["{}"])
    assert await store.quarantine_counts(ORGANISATION) == {(SOURCE, "junk"): 2}
    inbox = Inbox(store, ORGANISATION, SOURCE)
    assert await inbox.put([("post", b"1"), ("post", b"1"), (None, b"2")]) == [1, 0, 1]
    posted = await inbox.some(block_ms=1_000)
    assert [body for _id, body in posted] == [b"1", b"2"]
    await inbox.done([number for number, _body in posted])
    assert await inbox.some(block_ms=100) == []
    await store.order(ORGANISATION, SOURCE, "rebuild")
    assert await store.take_order(ORGANISATION, SOURCE) == "rebuild"
    await wipe_sums(store, ORGANISATION)
    assert bench.road is not None
    bench.road.who.want_restate()
    await bench.flush()
    await expect(bench, today)
    assert (await store.server_facts())["role"] == "master"
    ear.cancel()
    with suppress(asyncio.CancelledError):
        await ear
    await bench.close()


def rev_of(server: Server) -> int:
    """How far a server has come."""
    return int(server.client().hget(key(ORGANISATION, "meta"), "rev"))


@pytest.fixture
def pair(room: Room) -> Pair:
    """A primary, a replica and three Sentinels."""
    return room.watched_pair()


@pytest.fixture
def cluster(room: Room) -> Cluster:
    """Three primaries and the spare of one."""
    return room.cluster()


@pytest.mark.fault("C5")
async def test_behind_sentinels_everything_works_as_on_one_server(pair: Pair) -> None:
    """Every question the product asks, through the Sentinels' word alone."""
    await every_question(pair.url)


@pytest.mark.fault("C5")
async def test_on_a_cluster_everything_works_as_on_one_server(cluster: Cluster) -> None:
    """Every key of an organisation lies in one slot, so no question crosses two."""
    await every_question(cluster.url)
    store = Store(cluster.url)
    assert all(await asyncio.gather(*(store.entries(ORGANISATION, "queues") for _ in range(300))))
    assert len([each for each in cluster.home.client().client_list() if each["flags"] == "N"]) <= POOL + 4
    await store.close()
    names = [name for node in cluster.nodes[:3] for name in node.client().scan_iter()]
    assert names
    assert all(name.startswith(prefix(ORGANISATION)) for name in names)
    assert {node.port for node in cluster.nodes[:3] if node.client().dbsize()} == {cluster.home.port}


@pytest.mark.fault("C5")
async def test_a_replica_that_lagged_is_promoted_and_told_what_it_missed(pair: Pair) -> None:
    """The link between them is cut, a half hour's calls are acknowledged by the primary alone, then it dies."""

    async def harm(floor: Floor) -> None:
        await floor.values()
        epoch = floor.mirror.epoch
        # The replica sleeps, and its link is cut: what it has not read it will never read.
        pair.replica.pause()
        pair.primary.client().client_kill_filter(_type="replica")
        before = rev_of(pair.primary)
        await floor.play(0.66)
        await asyncio.to_thread(until, lambda: rev_of(pair.primary) > before + 1)
        await floor.settled()
        pair.primary.client().set("acknowledged", "yes")
        pair.primary.kill()
        pair.replica.go_on()
        await asyncio.to_thread(pair.until_promoted)
        assert pair.replica.client().get("acknowledged") is None
        for _ in range(100):
            with suppress(StoreAway):
                await floor.values()
                break
        assert floor.mirror.epoch != epoch

    await live_through(pair.url, harm)


@pytest.mark.fault("C5", "C7")
async def test_a_primary_that_hangs_is_replaced_and_comes_back_as_a_replica(pair: Pair) -> None:
    """SIGSTOP: its connections stay open and silent; when it wakes it is demoted, and what is written goes to the new one."""

    async def harm(floor: Floor) -> None:
        pair.primary.pause()
        await floor.play(0.66)
        await asyncio.to_thread(pair.until_promoted)
        await floor.until_live(30)
        pair.primary.go_on()
        await asyncio.sleep(1)
        before = rev_of(pair.replica)
        await floor.play(0.8)
        await asyncio.to_thread(until, lambda: rev_of(pair.replica) > before)

    await live_through(pair.url, harm)


@pytest.mark.fault("C5")
async def test_a_write_to_a_demoted_primary_is_sent_to_its_successor(pair: Pair) -> None:
    """A planned failover, nobody dies: connections to the old one answer READONLY, or are cut, and the next write arrives."""
    store = Store(pair.url)
    await store.begin(ORGANISATION)
    held = await asyncio.gather(*(store.ping() for _ in range(12)))  # connections in the hand
    assert all(held)
    await asyncio.to_thread(pair.sentinels[0].client().execute_command, "SENTINEL", "FAILOVER", "wall")
    await asyncio.to_thread(pair.until_promoted)
    # The Sentinels let the old one serve for some seconds yet; what it takes then is lost, and told again when the other is met.
    await asyncio.to_thread(until, lambda: pair.primary.client().info("replication")["role"] == "slave")
    lease = Lease(store, ORGANISATION, SOURCE)
    for _ in range(20):
        with suppress(StoreAway):
            if await lease.take():
                break
        await asyncio.sleep(0.1)
    shown = await store.apply(ORGANISATION, SOURCE, lease.holder, Batch(entries=[("queues", "1", "x")]))
    assert not shown.fenced
    assert shown.run_id == pair.replica.client().info("server")["run_id"]
    await store.close()


@pytest.mark.fault("C5")
async def test_a_cluster_node_that_dies_is_followed_by_its_spare(cluster: Cluster) -> None:
    """The primary of the organisation's slot is killed: the spare takes the slot, and the worker and the readers follow."""

    async def harm(floor: Floor) -> None:
        cluster.home.kill()
        await floor.play(0.66)

    await live_through(cluster.url, harm, within_s=40)


@pytest.mark.fault("C5")
async def test_one_dead_sentinel_of_three_and_one_that_hangs_keep_nobody_waiting(pair: Pair) -> None:
    """The first two that are asked say nothing; the third knows."""
    pair.sentinels[0].kill()
    pair.sentinels[1].pause()
    store = Store(pair.url)
    assert await store.answers()
    await store.close()
    pair.sentinels[1].go_on()
