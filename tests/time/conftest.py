"""A clock that a test holds in its hand."""

import pytest

from stats import clock

NOON = 1_779_098_400_000  # 2026-05-18 10:00 UTC


class Hand:
    """The machine's two clocks: time passes on both, a step is on the wall alone."""

    def __init__(self) -> None:
        self.wall_ms, self.monotonic_ms = NOON, 77_000

    def passes(self, ms: int) -> None:
        """Time."""
        self.wall_ms += ms
        self.monotonic_ms += ms

    def step(self, ms: int) -> None:
        """Somebody sets the clock on the wall."""
        self.wall_ms += ms


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    """The product's clock for one test."""
    held = Hand()
    monkeypatch.setattr(clock, "_wall_ms", lambda: held.wall_ms)
    monkeypatch.setattr(clock, "_monotonic_ms", lambda: held.monotonic_ms)
    monkeypatch.setattr(clock, "_clock", None)
    return held
