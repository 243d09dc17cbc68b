"""The acceptance rows' marker, and one running product for a module."""

from collections.abc import Iterator

import pytest

from tests.acceptance.product import Product, running


def pytest_configure(config: pytest.Config) -> None:
    """Rows of the acceptance list, by their names."""
    config.addinivalue_line("markers", "acceptance(row): the row of the acceptance list this test answers for")


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    """One product for the whole module."""
    with running() as started:
        yield started
