"""Presence documents replace one another by the profile's start, the vendor's update and their arrival: what is older never shows."""

from typing import Any

import pytest

from stats.clock import now_ms
from stats.domain.agent_states import AgentState
from stats.domain.board import values
from stats.domain.metrics import CountingRules
from stats.domain.records import ActiveCall, AgentPresence, Party
from stats.ingest.people import People
from stats.ingest.who import Who
from tests.acceptance.told_calls import ANNA, BO, presence
from tests.laws.road import Bench, nested
from tests.laws.watched import Watched, comes_true, watched

pytestmark = pytest.mark.fault("A11")
NOW = 1_779_100_022_081
CALL = ActiveCall(id_call="c1", answered=True, started_at=NOW - 60_000, answered_at=NOW - 50_000)


def document(told_at: int, **told: Any) -> AgentPresence:
    """One agent's document, received at an instant."""
    return AgentPresence(
        source="telavox", agent=Party(id=1), told_at=told_at, **{"status": "available", "profile_since": NOW - 3_600_000} | told
    )


def shown(*documents: AgentPresence) -> AgentState:
    """The state after documents arrived in this order."""
    people, who = People(None, "default", "telavox", "UTC"), Who("telavox")  # type: ignore[arg-type]
    for each in documents:
        who.learn_presence(each)
        people.tell(each, who.agents)
    return people.known["1"].state


def test_an_older_profile_never_replaces_a_newer_one() -> None:
    """Swapped on the way; the profile's start decides before the vendor's update does."""
    available, away = (
        document(NOW, profile_since=NOW - 5_000),
        document(NOW + 100, status="unavailable", profile_since=NOW - 9_000, clients=True),
    )
    assert shown(available, away) is AgentState.IDLE
    assert shown(away, available) is AgentState.IDLE
    newer_profile = document(NOW + 100, status="unavailable", clients=True, profile_since=NOW - 1_000, updated_at=NOW - 900_000)
    assert shown(document(NOW, updated_at=NOW - 1_000), newer_profile) is AgentState.AWAY


def test_an_older_update_never_replaces_a_newer_one() -> None:
    """The same profile; the vendor's hint of freshness decides."""
    ended, talking = document(NOW, updated_at=NOW), document(NOW + 50, updated_at=NOW - 3_000, active_call=CALL)
    assert shown(ended, talking) is AgentState.IDLE
    assert shown(document(NOW, updated_at=NOW - 3_000, active_call=CALL), document(NOW + 50, updated_at=NOW)) is AgentState.IDLE


def test_a_call_that_has_ended_does_not_come_back_by_a_document_that_was_overtaken() -> None:
    """Ringing, then the end, then the talk that the end had overtaken: nothing in them tells their order but what came before."""
    ringing = ActiveCall(id_call="c1", answered=False, started_at=CALL.started_at)
    assert shown(document(NOW, active_call=ringing), document(NOW + 60_000), document(NOW + 60_100, active_call=CALL)) is AgentState.IDLE
    # Long after it, or of another call, or rung again, it is news.
    assert shown(document(NOW, active_call=CALL), document(NOW + 100), document(NOW + 9_000, active_call=CALL)) is AgentState.TALKING
    other = ActiveCall(id_call="c2", answered=True, started_at=NOW)
    assert shown(document(NOW, active_call=CALL), document(NOW + 100), document(NOW + 200, active_call=other)) is AgentState.TALKING
    again = ActiveCall(id_call="c1", answered=False, started_at=NOW + 150)
    assert shown(document(NOW, active_call=CALL), document(NOW + 100), document(NOW + 200, active_call=again)) is AgentState.RINGING


@pytest.mark.asyncio
async def test_what_another_worker_heard_later_is_not_replaced_by_what_this_one_heard_before(redis_server: str) -> None:
    """Two workers hear the same agent; the end of the call reached one of them only when the other had written it."""
    bench = Bench(redis_server, "Europe/Stockholm", CountingRules())
    road = await bench.worker()
    road.tell(document(NOW, active_call=CALL))
    await bench.flush()
    late = await bench.worker()
    late.tell(document(NOW + 500))
    await bench.flush()
    # The first one's last word is from before, told again because of a conflict.
    road.people.doubt()
    road._holder = bench.lease.holder
    await road.flush()
    await road.flush()
    stored = await bench.store.load_presence("default")
    assert [each.state for each in stored.values()] == [AgentState.IDLE]
    await bench.close()


async def verified(watch: Watched) -> dict[str, bool]:
    """Who is vouched for, as a reader sees it."""
    await watch.settled()
    await watch.mirror.refresh(now_ms())
    return {agent["name"]: agent["verified"] for agent in nested(values(watch.mirror.facts, now_ms()))["agents"]}


async def until_verified(watch: Watched, wanted: dict[str, bool]) -> None:
    """A reader comes to see that these are vouched for."""

    async def seen() -> bool:
        return await verified(watch) == wanted

    await comes_true(seen)


@pytest.mark.asyncio
async def test_after_a_gap_each_agent_is_unverified_until_its_own_next_document(redis_server: str) -> None:
    """A profile change lost in the gap is never shown as certain."""
    async with watched(redis_server, CountingRules()) as watch:
        await watch.begin()
        await watch.begun()
        for agent in (ANNA, BO):
            await watch.upstream.send("profile_live", presence(agent, now_ms() - 60_000))
        await until_verified(watch, {"Anna Berg": True, "Bo Ceder": True})
        watch.upstream.behave("503", "profile_live")
        await watch.upstream.drop_sockets("profile_live")
        # While the socket is away nobody is vouched for.
        await until_verified(watch, {"Anna Berg": False, "Bo Ceder": False})
        watch.upstream.behave("ok", "profile_live")
        await watch.upstream.until_open("profile_live")
        await watch.begun()
        assert await verified(watch) == {"Anna Berg": False, "Bo Ceder": False}
        await watch.upstream.send("profile_live", presence(ANNA, now_ms() - 60_000))
        await until_verified(watch, {"Anna Berg": True, "Bo Ceder": False})
