"""A vendor that has nothing else to do need not be treated gently."""

import pytest

from stats.ingest import asking


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "LONGEST_PAUSE_S", 0.0)
    monkeypatch.setattr(asking, "FIRST_WAIT_S", 0.01)
