"""Knocking with a token: every step says how it ended, a wrong token costs one handshake, and what came is seen."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from stats.ingest.door import HISTORY, Glimpse, Heard, Step, Verdict, door_of, knock
from stats.providers.telavox.provider import TelavoxProvider
from stats.providers.telavox.simulator import DEFAULT_TOKEN, TelavoxSimulator
from stats.providers.telavox.simulator.switches import Switches

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def vendor() -> AsyncIterator[TelavoxSimulator]:
    """A contact centre that tells what it has as soon as somebody listens."""
    switches = Switches()
    switches.set("snapshot_on_connect", "true")
    async with TelavoxSimulator(seed=3, agents=8, calls_per_hour=600, history_ms=600_000, switches=switches) as running:
        yield running


async def heard(live: str, historic: str, token: str) -> list[Heard]:
    """Everything, in order."""
    return [each async for each in knock("telavox", door_of(live, historic, token), listen_s=0.5)]


def last(told: list[Heard]) -> dict[str, Step]:
    """How each step ended."""
    return {each.name: each for each in told if isinstance(each, Step)}


async def test_a_good_token_opens_every_door_and_shows_what_came(vendor: TelavoxSimulator) -> None:
    """Five sockets, the history, and some frames."""
    told = await heard(vendor.live_url, vendor.historic_url, DEFAULT_TOKEN)
    steps = last(told)
    assert set(steps) == {*TelavoxProvider.feeds, HISTORY}
    assert {step.state for step in steps.values()} == {"ok"}
    assert isinstance(told[-1], Verdict)
    assert told[-1].result == "ok"
    assert told[-1].frames > 0
    glimpses = [each for each in told if isinstance(each, Glimpse)]
    assert {each.what for each in glimpses} >= {"call", "presence"}
    assert all(count <= 4 for count in Counter(each.what for each in glimpses).values())
    assert any(each.agent for each in glimpses)


async def test_a_wrong_token_is_refused_at_the_first_door(vendor: TelavoxSimulator) -> None:
    """The others are not even tried."""
    told = await heard(vendor.live_url, vendor.historic_url, "wrong")
    assert {name: step.state for name, step in last(told).items()} == {"calls": "refused"}
    assert "401" in last(told)["calls"].words
    assert told[-1] == Verdict(result="refused")


async def test_an_address_where_nobody_answers_is_away(free_port: int) -> None:
    """Not the token's fault."""
    told = await heard(f"ws://127.0.0.1:{free_port}", f"http://127.0.0.1:{free_port}/graphql", DEFAULT_TOKEN)
    assert last(told)["calls"].state == "away"
    assert told[-1] == Verdict(result="away")


async def test_a_history_that_is_elsewhere_is_said_of_the_history_alone(vendor: TelavoxSimulator, free_port: int) -> None:
    """The sockets opened all the same."""
    told = await heard(vendor.live_url, f"http://127.0.0.1:{free_port}/graphql", DEFAULT_TOKEN)
    steps = last(told)
    assert steps["calls"].state == "ok"
    assert steps[HISTORY].state == "away"
    assert isinstance(told[-1], Verdict)
    assert told[-1].result == "partly"


async def test_no_word_that_is_heard_holds_the_token(vendor: TelavoxSimulator) -> None:
    """Whatever the vendor answers with."""
    for token in (DEFAULT_TOKEN, "another-canary-token"):
        told = await heard(vendor.live_url, vendor.historic_url, token)
        assert token not in repr(told)


async def test_who_leaves_in_the_middle_leaves_no_socket_open(vendor: TelavoxSimulator) -> None:
    """A browser that is closed while the test runs."""
    knocking = knock("telavox", door_of(vendor.live_url, vendor.historic_url, DEFAULT_TOKEN), listen_s=30)
    async for each in knocking:
        if isinstance(each, Step) and each.name == HISTORY:
            break
    await knocking.aclose()  # type: ignore[attr-defined]
    assert await _are_closed(vendor)


async def _are_closed(vendor: TelavoxSimulator) -> bool:
    for _ in range(100):
        if not any(vendor.sockets.connections().values()):
            return True
        await asyncio.sleep(0.05)
    return False
