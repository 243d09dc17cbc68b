"""A source that was taken away is on no board any more, and the sums of its day are as they were."""

from collections.abc import AsyncIterator

import pytest_asyncio

from stats.clock import now_ms
from stats.domain import board
from stats.domain.metrics import CountingRules
from stats.history.assignments import Assigned
from stats.ingest.departing import Departing
from stats.live.board_store import Store
from stats.live.mirror import Mirror
from tests.push.floor import ORGANISATION, SOURCE, ZONE, Worker, ended_call, ready, waiting_call

NAME = (ORGANISATION, SOURCE)
GONE = Assigned(
    organisation=ORGANISATION,
    timezone=ZONE,
    provider="telavox",
    name=SOURCE,
    live_url="",
    historic_url="",
    token="",
    default_region="SE",
    rules=CountingRules(),
)


@pytest_asyncio.fixture
async def worker(redis_server: str) -> AsyncIterator[Worker]:
    """A source with a caller who waits, a call that is over and an agent."""
    worker = await Worker(redis_server).begin()
    now = now_ms()
    await worker.tell(ended_call("over", since=now - 60_000), waiting_call("waits", since=now - 20_000), ready())
    yield worker
    await worker.close()


async def shown(mirror: Mirror) -> dict[str, dict[str, object]]:
    """What boards are made of."""
    await mirror.refresh(now_ms())
    return board.values(mirror.facts, now_ms())


async def test_what_departs_is_shown_nowhere_and_was_counted_all_the_same(worker: Worker, redis_server: str) -> None:
    """By whoever looked before and by whoever looks for the first time."""
    store = Store(redis_server)
    mirror = Mirror(store, organisation=ORGANISATION, timezone=ZONE)
    before = await shown(mirror)
    assert (before["site"]["waiting"], f"source:{SOURCE}" in before) == (1, True)
    sums = {day: dict(cells) for day, cells in mirror.facts.days.items()}
    await worker.lease.release()
    departing = Departing(store)
    departing.let_go(GONE)
    await departing.clear(())
    for looked in (mirror, Mirror(store, organisation=ORGANISATION, timezone=ZONE)):
        after = await shown(looked)
        assert [scope for scope in after if SOURCE in scope or scope.startswith(("queue:", "agent:"))] == []
        assert (looked.facts.living, looked.facts.presence, looked.facts.sources) == ({}, {}, {})
        counted = [cells.get("q:111834", {}).get("answered") for cells in looked.facts.days.values()]
        assert counted == [cells.get("q:111834", {}).get("answered") for cells in sums.values()]
    await store.close()


async def test_what_is_held_by_another_or_wanted_again_does_not_depart(worker: Worker, redis_server: str) -> None:
    """It is tried again when the other has let go; a source that came back stays."""
    store = Store(redis_server)
    departing = Departing(store)
    departing.let_go(GONE)
    await departing.clear(())
    assert SOURCE in await store.entries(ORGANISATION, "sources")
    await departing.clear({NAME})
    await worker.lease.release()
    await departing.clear(())
    assert SOURCE in await store.entries(ORGANISATION, "sources"), "it was wanted again"
    departing.let_go(GONE)
    await departing.clear(())
    assert SOURCE not in await store.entries(ORGANISATION, "sources")
    await store.close()
