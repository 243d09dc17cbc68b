"""Time in a state belongs to the documents that told it, whatever the store went through meanwhile."""

import asyncio

from stats.domain.periods import business_day
from stats.domain.records import AgentPresence, Party, QueueLogin
from tests.laws.road import ORGANISATION, SOURCE, Bench, rules_of
from tests.laws.test_any_order import empty

NINE = 1_779_084_000_000


def told(seconds: int, status: str) -> AgentPresence:
    """An agent logged in to a queue, so many seconds after nine."""
    login = QueueLogin(queue=Party(id=2, account_id=None, name="Support"), since=NINE)
    agent = Party(id=1, account_id=None, name="Elsa")
    return AgentPresence(source=SOURCE, agent=agent, status=status, logged_in=(login,), told_at=NINE + seconds * 1000)


def test_documents_that_came_while_the_store_was_away_keep_each_its_time(redis_server: str) -> None:
    """The store comes back as it was before them, and is told them one by one."""

    async def law() -> None:
        bench = Bench(redis_server, "Europe/Stockholm", rules_of({}))
        await empty(bench)
        road = await bench.worker()
        road.tell(told(0, "available"))
        await bench.flush()
        for seconds, status in ((10, "unavailable"), (30, "available"), (35, "unavailable")):
            road.tell(told(seconds, status))
        road.doubt()
        await bench.flush()
        road.tell(told(42, "available"))
        await bench.flush()
        day = business_day(NINE, bench.timezone)
        sums = (await bench.store.agent_sums(ORGANISATION, day, ["1"]))["1"]
        assert (sums["time_ready"], sums["time_away"], sums["time_logged_in"]) == (15_000, 27_000, 42_000)
        await bench.close()

    asyncio.run(law())
