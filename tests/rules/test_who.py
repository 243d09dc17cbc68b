"""Rules of who is who: two ids of one queue, and what is counted under the first of them."""

import asyncio
from dataclasses import replace

from stats.domain.records import Party
from tests.laws.road import Bench, rules_of
from tests.laws.test_time_in_state import NINE
from tests.push.floor import SUPPORT, ended_call

BY_ACCOUNT = Party(id=None, account_id=SUPPORT.account_id, name=SUPPORT.name)


async def offered(bench: Bench) -> dict[str, int]:
    """How many came to each queue that had any, by key."""
    shown = (await bench.answer(NINE + 600_000))["queues"]
    return {queue["key"]: queue["today"]["offered"] for queue in shown if queue["today"]["offered"]}


async def told_by_both(url: str) -> Bench:
    """One call of a queue known by its account, written; and one that tells both ids, not written yet."""
    bench = Bench(url, "Europe/Stockholm", rules_of({}))
    road = await bench.worker()
    first = ended_call("c1", BY_ACCOUNT, since=NINE)
    road.tell(replace(first, offers=tuple(replace(offer, queue=BY_ACCOUNT) for offer in first.offers)))
    await bench.flush()
    assert await offered(bench) == {"a:998877": 1}
    road.tell(ended_call("c2", since=NINE + 60_000))
    return bench


def test_calls_counted_under_the_first_id_move_to_the_key_of_both(redis_server: str) -> None:
    """The worker that learns it shows the day again."""

    async def law() -> None:
        bench = await told_by_both(redis_server)
        await bench.flush()
        assert await offered(bench) == {"111834": 2}
        await bench.close()

    asyncio.run(law())


def test_a_restatement_that_a_crash_cut_short_is_finished_by_the_next_worker(redis_server: str) -> None:
    """The first one dies when it has written that the two are one, and shown nothing again."""

    async def law() -> None:
        bench = await told_by_both(redis_server)
        assert bench.road is not None
        await bench.road.flush()
        await bench.worker()
        await bench.flush()
        assert await offered(bench) == {"111834": 2}
        await bench.close()

    asyncio.run(law())
