"""Rules of who may write and where: one holder of a lease, one organisation per name."""

import asyncio
from typing import TypeVar

from stats.ingest.pipeline import Road
from stats.live import keys
from stats.live.board_store import Store
from stats.live.leases import Lease
from stats.live.mirror import Mirror
from tests.laws.road import ORGANISATION, SOURCE, rules_of
from tests.laws.test_time_in_state import NINE
from tests.push.floor import SUPPORT, ended_call
from tests.rules.test_one_step import write

Answer = TypeVar("Answer")
ZONE = "Europe/Stockholm"


def test_no_number_of_one_organisation_reaches_another(redis_server: str) -> None:
    """Two on one store, whose sources and calls have the same names."""

    async def law() -> None:
        store = Store(redis_server)
        offered = {}
        for organisation, calls in (("north", 1), ("south", 2)):
            await store.begin(organisation)
            lease = Lease(store, organisation, SOURCE)
            assert await lease.take()
            road = Road(store, organisation, SOURCE, lease.holder, ZONE, rules_of({}))
            await road.load()
            for number in range(calls):
                road.tell(ended_call(f"c{number}", since=NINE))
            await write(road)
        for organisation in ("north", "south"):
            mirror = Mirror(store, organisation, ZONE)
            await mirror.refresh(NINE + 120_000)
            offered[organisation] = mirror.facts.days["2026-05-18"][f"q:{SUPPORT.id}"]["offered"]
        assert offered == {"north": 1, "south": 2}
        await store.close()

    asyncio.run(law())


def test_a_lease_is_one_workers_whatever_another_asks(redis_server: str) -> None:
    """Taking, renewing and letting go by somebody who does not hold it change nothing."""

    async def law() -> None:
        store = Store(redis_server)
        mine, other = Lease(store, ORGANISATION, SOURCE), Lease(store, ORGANISATION, SOURCE)
        assert await mine.take()
        assert not await other.take()
        assert not await other.renew()
        await other.release()
        assert await mine.renew()
        await mine.release()
        assert await other.take()
        await store.close()

    asyncio.run(law())


def test_a_lease_that_nobody_renews_is_free_again_in_time(redis_server: str) -> None:
    """Redis itself lets it go, within the ten seconds in which a source must find its next worker."""

    async def law() -> None:
        store = Store(redis_server)
        assert await Lease(store, ORGANISATION, SOURCE).take()
        left_ms = await store.connection.client.pttl(keys.key(ORGANISATION, "lease", SOURCE))
        assert 0 < left_ms <= 9_000
        await store.close()

    asyncio.run(law())
