"""A source that was taken away is on no board and in no sum any more, in one step, and what others counted is as it was."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from stats.clock import now_ms
from stats.domain import board
from stats.domain.facts import Facts, SourceFacts
from stats.domain.merge import FRAME
from stats.domain.metrics import CountingRules
from stats.history.assignments import Assigned
from stats.ingest.auditing import Auditor
from stats.ingest.books import Books
from stats.ingest.departing import Departing, take_out
from stats.ingest.pipeline import Road
from stats.live.board_store import Store
from stats.live.codec import pack_source
from stats.live.inspection import Inspection
from stats.live.keys import key
from stats.live.leases import Lease
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


async def test_what_departs_is_shown_and_counted_nowhere(worker: Worker, redis_server: str) -> None:
    """By whoever looked before and by whoever looks for the first time."""
    store = Store(redis_server)
    mirror = Mirror(store, organisation=ORGANISATION, timezone=ZONE)
    before = await shown(mirror)
    assert (before["site"]["waiting"], f"source:{SOURCE}" in before) == (1, True)
    assert sum(cells["s"]["calls_in"] for cells in mirror.facts.days.values()) == 2
    await worker.lease.release()
    departing = Departing(store)
    departing.let_go(GONE)
    await departing.clear(())
    for looked in (mirror, Mirror(store, organisation=ORGANISATION, timezone=ZONE)):
        after = await shown(looked)
        assert [scope for scope in after if SOURCE in scope or scope.startswith(("queue:", "agent:"))] == []
        assert (looked.facts.living, looked.facts.presence, looked.facts.sources) == ({}, {}, {})
        assert numbers(looked.facts) == {}
    await store.close()


def numbers(facts: Facts) -> dict[str, int]:
    """Every number but 0 that is held, by cell; time in a state is presence's."""
    days = {f"{day} {scope}.{name}": n for day, cells in facts.days.items() for scope, sums in cells.items() for name, n in sums.items()}
    minutes = {
        f"{at} {scope}.{name}": n for at, cells in facts.minutes.items() for scope, sums in cells.items() for name, n in sums.items()
    }
    waits = {f"{at} {queue} longest": n for at, cells in (facts.peaks | facts.minute_peaks).items() for queue, n in cells.items()}
    callers = {f"{day} {call}": 1 for day, calls in facts.callers.items() for call in calls}
    return {cell: n for cell, n in (days | minutes | waits | callers).items() if n and ".time_" not in cell}


async def second(store: Store) -> Road:
    """Another source with calls in the same queue by the same agent, of which some were given up."""
    lease = Lease(store, ORGANISATION, "second")
    assert await lease.take()
    road = Road(store, ORGANISATION, "second", lease.holder, ZONE, CountingRules())
    await road.load()
    for n in range(4):
        road.tell(replace(ended_call(f"b{n}", since=now_ms() - 90_000, wait_ms=2_000, answered=n > 0), source="second"), FRAME, now_ms())
    road.report("second", pack_source(SourceFacts(name="second", provider="telavox", state="live", known=True, written_at=now_ms())))
    while road.dirty:
        await road.flush()
    return road


async def picture(store: Store) -> dict[str, int]:
    """Every number as whoever looks for the first time finds it."""
    mirror = Mirror(store, organisation=ORGANISATION, timezone=ZONE)
    await mirror.refresh(now_ms())
    return numbers(mirror.facts)


async def test_what_another_counted_stays_and_what_came_back_counts_once(redis_server: str) -> None:
    """The same queue and agent of two sources: taken away and told again, twice, each number is what it was."""
    store = Store(redis_server)
    await store.begin(ORGANISATION)
    await second(store)
    alone, since = await picture(store), now_ms() - 60_000
    assert alone
    both: dict[str, int] = {}
    for _ in range(2):
        worker = await Worker(redis_server).begin()
        await worker.tell(ended_call("a1", since=since), ended_call("a2", since=since, wait_ms=9_000, answered=False))
        both = both or await picture(store)
        assert await picture(store) == both != alone
        await take_out(store, GONE, worker.lease.holder)
        assert await picture(store) == alone
        await worker.lease.release()
        await worker.close()
    await store.close()


@pytest.mark.parametrize("moment", ["before the mark", "after the mark", "between two audits"])
async def test_the_auditor_sees_no_difference_whenever_it_happens(
    worker: Worker, redis_server: str, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Not even one look suspects a number, and nobody is told to make the sums anew."""
    store = Store(redis_server)
    await second(store)
    auditor, left = Auditor(store, ORGANISATION), [False]
    assert await auditor.audit()

    async def leave() -> None:
        if not left[0]:
            left[0] = True
            await take_out(store, GONE, worker.lease.holder)

    mark, catch_up = Inspection.mark, Books.bring_up_to_date

    async def late_mark(self: Inspection) -> tuple[str, int]:
        await leave()
        return await mark(self)

    async def early_leave(self: Books, now: int) -> int:
        changed = await catch_up(self, now)
        await leave()
        return changed

    if moment == "before the mark":
        monkeypatch.setattr(Inspection, "mark", late_mark)
    elif moment == "after the mark":
        monkeypatch.setattr(Books, "bring_up_to_date", early_leave)
    else:
        await leave()
    for _ in range(3):
        assert await auditor.audit()
        assert auditor.judge is not None
        assert (auditor.judge.suspects, auditor.judge.report.different) == ({}, 0)
    assert left[0]
    assert auditor.judge is not None
    assert auditor.judge.report.calls == 4
    assert await store.take_order(ORGANISATION, "second") is None
    await store.close()


async def test_a_source_that_leaves_with_its_numbers_half_made_keeps_nobody_from_being_audited(worker: Worker, redis_server: str) -> None:
    """The word that its calls are to be shown again goes with it; what cannot be read of it makes the others show theirs anew."""
    store = Store(redis_server)
    await second(store)
    client = store.connection.client
    await client.hset(key(ORGANISATION, "flags"), f"restate:{SOURCE}", "1")
    await take_out(store, GONE, worker.lease.holder)
    assert await store.entries(ORGANISATION, "flags") == {}
    generation = await store.generation(ORGANISATION)
    await worker.lease.release()
    again = await Worker(redis_server).begin()
    await again.tell(ended_call("spoilt", since=now_ms() - 60_000))
    await client.hset(key(ORGANISATION, "r", f"{SOURCE}/spoilt"), "s", b"\xc1")
    await take_out(store, GONE, again.lease.holder)
    assert await store.generation(ORGANISATION) != generation
    assert await store.entries(ORGANISATION, "flags") == {"restate:second": "1"}
    await again.close()
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
