"""The provider under test, and a contact centre of one aiohttp server that says exactly what a test makes it say."""

from collections.abc import AsyncIterator, Callable

import pytest

from stats.providers.base import SourceConfig
from stats.providers.telavox.provider import TelavoxProvider
from tests.telavox.studio import TOKEN, FakeStudio


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "acceptance(row): covers this row of the providers' acceptance table")


@pytest.fixture
def provider() -> TelavoxProvider:
    """A provider that reads; nothing listens where it would dial."""
    return TelavoxProvider(
        SourceConfig(name="telavox", live_url="ws://127.0.0.1:9", historic_url="http://127.0.0.1:9/graphql", token=TOKEN)
    )


@pytest.fixture
async def studio() -> AsyncIterator[FakeStudio]:
    """A running fake."""
    fake = FakeStudio()
    await fake.start()
    yield fake
    await fake.stop()


@pytest.fixture
async def dial(studio: FakeStudio) -> AsyncIterator[Callable[..., TelavoxProvider]]:
    """Make providers that reach the fake, closed when the test ends."""
    made: list[TelavoxProvider] = []

    def make(token: str = TOKEN) -> TelavoxProvider:
        made.append(TelavoxProvider(SourceConfig(name="telavox", live_url=studio.live_url, historic_url=studio.historic_url, token=token)))
        return made[-1]

    yield make
    for each in made:
        await each.close()
