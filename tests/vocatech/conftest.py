"""A Vocatech on the loopback without a floor of its own, and providers that reach it."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from stats.providers.base import SourceConfig
from stats.providers.vocatech import pace
from stats.providers.vocatech.provider import VocatechProvider
from stats.providers.vocatech.simulator import DEFAULT_TOKEN, VocatechSimulator
from stats.simulation import records
from tests.vendors.floor_day import play

Dial = Callable[..., VocatechProvider]


def config(url: str, token: str = DEFAULT_TOKEN, **settings: Any) -> SourceConfig:
    """A Swedish company, as the floor's callers are Swedish."""
    return SourceConfig(name="voca", live_url=url, historic_url="", token=token, default_region="SE", settings=settings)


@pytest.fixture(autouse=True)
def nobody_has_asked() -> None:
    """A look-alike may get the port of an earlier one, whose key had asked its fill, or by a clock of a test's own."""
    pace._PACES.clear()


@pytest.fixture(scope="package")
def recorded() -> records.Call:
    """A call of the floor whose talk was recorded."""
    _, calls = play(hours=0.5)
    return next(call for call in calls if call.recorded and call.answered and call.visits)


@pytest.fixture
async def house() -> AsyncIterator[VocatechSimulator]:
    """Running, and nobody calls."""
    async with VocatechSimulator(start=False) as started:
        yield started


@pytest.fixture
async def dial(house: VocatechSimulator) -> AsyncIterator[Dial]:
    """Make providers that reach the house, on its clock; closed when the test ends."""
    made: list[VocatechProvider] = []

    async def sleep(seconds: float) -> None:
        house.advance(round(seconds * 1000) + 50)

    def make(token: str = DEFAULT_TOKEN, **settings: Any) -> VocatechProvider:
        made.append(VocatechProvider(config(house.api_url, token, **settings), steady_ms=house.now, sleep=sleep))
        return made[-1]

    yield make
    for each in made:
        await each.close()
