"""The clock of the archive stands two days after the days that are added up, until a test sets it."""

from collections.abc import Callable

import pytest

from stats.history import changes, rolling_rounds, settings_in_force
from tests.history.calls import NOON


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets it, epoch ms."""

    def at(now_ms: int) -> None:
        for module in (changes, rolling_rounds, settings_in_force):
            monkeypatch.setattr(module, "now_ms", lambda: now_ms)

    at(NOON + 2 * 86_400_000)
    return at
