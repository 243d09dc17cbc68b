"""The past follows the stream: what it did not show yet when it was first read is looked for again within seconds."""

import pytest

from stats.clock import now_ms
from stats.domain.board import values
from stats.domain.metrics import CountingRules
from stats.ingest import past
from tests.acceptance.told_calls import FIRST
from tests.laws.road import nested
from tests.laws.watched import comes_true, watched


@pytest.mark.fault("B6")
@pytest.mark.asyncio
async def test_what_the_past_shows_a_moment_late_is_not_missing_for_minutes(redis_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that ended while nobody listened, and that the history did not know yet when it was asked."""
    monkeypatch.setattr(past, "AGAIN_AFTER_S", (1.0, 2.0))
    async with watched(redis_server, CountingRules()) as watch:
        await watch.begin()
        await watch.begun()
        start = now_ms() - 30_000
        ended = {"idCall": "late", "active": 0, "answered": 0, "callDirection": "incoming", "time": {"start": start, "end": start + 9_000}}
        watch.upstream.history.set("queues", [ended | {"queue": {"id": FIRST["id"], "name": FIRST["name"], "timestart": start}}])
        watch.upstream.history.set("calls", [ended])

        async def counted() -> bool:
            await watch.mirror.refresh(now_ms())
            return bool(nested(values(watch.mirror.facts, now_ms()))["site"]["today"]["abandoned"] == 1)

        await comes_true(counted, within_s=15)
