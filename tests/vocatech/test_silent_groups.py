"""Who waits is told by groups that post legs of their own: until one has, nobody knows, and 0 would be a lie."""

import pytest

from stats.clock import now_ms
from stats.ingest.beside import company_facts
from stats.ingest.health import SourceHealth
from stats.providers.vocatech.provider import VocatechProvider
from tests.vocatech.conftest import config
from tests.vocatech.day import frame
from tests.vocatech.made import leg


@pytest.mark.asyncio
async def test_waiting_is_unknown_until_a_group_has_posted_and_for_a_successor_not_again() -> None:
    provider = VocatechProvider(config("http://127.0.0.1:9/v1", groups=[{"name": "Sales", "numbers": ["8000"]}]))
    health = SourceHealth("voca", "vocatech", provider.feeds, now_ms())
    try:
        company_facts(health, provider)
        assert {"waiting", "longest_wait", "talking"} <= set(health.facts.lacks["queue"]) & set(health.facts.lacks["site"])
        provider.read("events", frame(leg("call.started", 0, 0, ext="101")), received_at=now_ms())
        assert "waiting" in health.report(now_ms()).lacks["queue"], "a user's leg says nothing of who waits"
        provider.read("events", frame(leg("call.started", 1, 1, ext="8000")), received_at=now_ms())
        told = health.report(now_ms()).lacks
        assert "waiting" not in told["queue"]
        assert "waiting" not in told["site"]
        successor = VocatechProvider(config("http://127.0.0.1:9/v1"))
        assert "waiting" in successor.lacks["queue"]
        successor.remember(provider.learnt())
        assert "waiting" not in successor.lacks.get("queue", ())
        await successor.close()
    finally:
        await provider.close()
