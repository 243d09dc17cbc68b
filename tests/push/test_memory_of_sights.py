"""Law: what a kind of viewer sees, cut with the memory of earlier cuts, is what would be cut from nothing."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.domain.board import Values
from tests.domain.changing import STEPS_MS, Floor
from wallboard.accounts.viewer import Sight
from wallboard.push.organisation import LiveOrganisation
from wallboard.push.sights import Sighted

SIGHTS = [
    Sight(queues=frozenset({"1", "2"}), names="full"),
    Sight(queues=frozenset({"3"}), names="pseudonym"),
    Sight(queues=None, names="short"),
]


class Store:
    """Floor as a mirror that has always been read just now, of a store that announces nothing."""

    epoch, rev, worker_seen_at = "e", 0, 0

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    @property
    def facts(self) -> object:
        return self._floor.facts

    async def refresh(self, now: int) -> bool:
        return True

    async def announcements(self, organisation: str) -> AsyncIterator[int | None]:
        await asyncio.Event().wait()
        yield None


def without_severities(values: Values) -> str:
    """A severity is what it was a minute ago, too."""
    return repr({scope: {metric: value for metric, value in told.items() if ":severity" not in metric} for scope, told in values.items()})


@pytest.mark.parametrize("sight", SIGHTS)
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_what_a_viewer_sees_is_what_would_be_cut_anew(sight: Sight, seed: int) -> None:
    async def law() -> None:
        chance = random.Random(seed)
        floor = Floor(chance)
        store = Store(floor)
        whole = LiveOrganisation("default", store, store, now=lambda: floor.now)  # type: ignore[arg-type]
        seen = Sighted(whole, sight)
        held: Values = {}
        version = 0
        try:
            for _ in range(20):
                for _ in range(chance.randrange(3)):
                    # What the organisation computed meanwhile, nobody looked at in this way.
                    await whole.fresh(0.0)
                    chance.choice(floor.changes)()
                    # What is cut is cut anew when anything is told or time passes; of a change within one millisecond the next tells.
                    floor.now += chance.choice(STEPS_MS) or 1
                snapshot = await seen.fresh(0.0)
                anew = Sighted(whole, sight).seen_of(whole.snapshot().values, floor.facts, floor.now)
                assert without_severities(snapshot.values) == without_severities(anew)
                wants = {scope: frozenset(told) for scope, told in snapshot.values.items()}
                for scope, told in seen.ledger.since(version, wants).items():
                    held.setdefault(scope, {}).update(told)
                held, version = {scope: {m: held[scope][m] for m in told} for scope, told in snapshot.values.items()}, seen.ledger.version
                assert repr(held) == repr(snapshot.values)
        finally:
            await whole.end()

    asyncio.run(law())
