"""A room of real servers for each test."""

from collections.abc import Iterator

import pytest

from tests.engines.servers import Room, a_room


@pytest.fixture
def room() -> Iterator[Room]:
    """Where servers are made and ended."""
    with a_room() as made:
        yield made
