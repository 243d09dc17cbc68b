"""Time in state counted again from its stretches, where presence comes in bursts, goes back and forth, or loses its worker."""

from typing import Any

import pytest

from stats.domain.agent_states import TIMED_STATES
from stats.domain.records import ActiveCall, AgentPresence, Party, QueueLogin
from stats.history.shelf import Shelf
from stats.ingest.keeping import Keeping
from tests.laws.road import ORGANISATION, SOURCE
from tests.oracle.days import day
from tests.receipts.test_days import Floor, floors

__all__ = ["floors"]
pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True), pytest.mark.engines]
NINE = 1_779_084_000_000
SUPPORT = QueueLogin(queue=Party(id=2, account_id=None, name="Support"), since=NINE)


def told(agent: int, at: int, ringing: str = "", *, answered: bool = False, since: int | None = None, updated: int = 0) -> AgentPresence:
    """An available agent, in a call or not, `at` ms after nine."""
    call = ActiveCall(id_call=ringing, started_at=NINE + at, answered=answered, answered_at=NINE + at if answered else None)
    return AgentPresence(
        source=SOURCE,
        agent=Party(id=agent, account_id=None, name=f"Elsa {agent}"),
        status="available",
        profile_name="Tillgänglig",
        profile_since=None if since is None else NINE + since,
        logged_in=(SUPPORT,),
        active_call=call if ringing else None,
        updated_at=NINE + at + updated,
        told_at=NINE + at,
    )


async def heard(floor: Floor, documents: list[AgentPresence]) -> None:
    """Told, written, and kept."""
    assert floor.bench.road is not None
    for document in documents:
        floor.bench.road.tell(document)
    await floor.bench.flush()


async def kept(floor: Floor) -> None:
    """Everything that waits is in the archive."""
    await floor.keeping.last_words()
    while await floor.keeping.keep_some():
        pass


async def times_of(floor: Floor, agent: int, at: int) -> dict[str, Any]:
    """Seconds by state, `at` ms after nine, each counted again."""
    floor.now = NINE + at
    found = {}
    for name in (*(f"time_{state}" for state in TIMED_STATES), "time_logged_in", "occupancy"):
        receipt = await floor.first(f"agent:{agent}", name)
        assert receipt.agrees, (agent, name, receipt.value, receipt.recounted)
        found[name] = receipt.value
    return found


async def test_documents_that_come_in_one_millisecond_keep_their_order_in_the_archive(floors: Any) -> None:
    """A busy socket is read in bursts: who became ready and was rung at once has been ringing since, not ready."""
    floor: Floor = await floors(day(1, n_calls=0))
    for agent in range(1, 9):
        burst = [told(agent, 5_000, since=5_000), told(agent, 5_000, "c1", since=5_000, updated=1)]
        await heard(floor, [told(agent, 0, "c0", answered=True, since=0), *burst, told(agent, 25_000, "c1", answered=True, since=5_000)])
    await kept(floor)
    for agent in range(1, 9):
        times = await times_of(floor, agent, 40_000)
        assert (times["time_ringing"], times["time_talking"]) == (pytest.approx(20, abs=0.01), pytest.approx(20, abs=0.01))
        assert times["time_ready"] == pytest.approx(0, abs=0.01)


async def test_a_ring_of_a_moment_does_not_go_on_in_the_archive(floors: Any) -> None:
    """Ready, rung, and ready again within the second that a vendor's instant is believed for: three stretches, not two."""
    floor: Floor = await floors(day(1, n_calls=0))
    await heard(floor, [told(1, 0, "c0", answered=True), told(1, 10_000, since=9_950), told(1, 10_400, "c1", since=9_950)])
    await heard(floor, [told(1, 11_300, since=9_950), told(1, 30_000, "c2", answered=True, since=9_950)])
    await kept(floor)
    times = await times_of(floor, 1, 60_000)
    assert times["time_ringing"] == pytest.approx(0.9)
    assert times["time_ready"] == pytest.approx(0.4 + 18.7)


async def test_what_a_worker_told_the_store_before_it_died_is_in_the_archive_too(floors: Any) -> None:
    """Its successor finds a presence whose change was never passed on."""
    floor: Floor = await floors(day(1, n_calls=0))
    await heard(floor, [told(1, 0, since=0)])
    await kept(floor)
    await heard(floor, [told(1, 10_000, "c1", since=0)])
    road = await floor.bench.worker()
    floor.keeping = Keeping(floor.bench.store, ORGANISATION, SOURCE, road, Shelf(ORGANISATION))
    await heard(floor, [told(1, 30_000, "c1", answered=True, since=0)])
    await kept(floor)
    times = await times_of(floor, 1, 40_000)
    assert (times["time_ready"], times["time_ringing"], times["time_talking"]) == (10.0, 20.0, 10.0)
