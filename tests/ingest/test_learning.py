"""What a provider has learnt on the way goes to whoever takes its source over, in the source's report."""

import pytest

from stats.clock import now_ms, steady_ms
from stats.domain.metrics import CountingRules
from stats.domain.records import Party
from stats.ingest.beside import Beside, company_facts
from stats.ingest.health import SourceHealth
from stats.ingest.ordering import NOTHING_POSTED
from stats.ingest.pipeline import Road
from stats.live import codec
from stats.live.board_store import Store
from stats.providers.base import SourceConfig
from stats.providers.voxology.provider import VoxologyProvider


@pytest.mark.asyncio
async def test_a_successor_knows_the_numbers_that_legs_have_told(redis_server: str) -> None:
    store = Store(redis_server)

    def begun() -> tuple[VoxologyProvider, SourceHealth, Beside]:
        provider = VoxologyProvider(SourceConfig(name="vy", live_url="http://127.0.0.1:9/v1", historic_url="", token="t"))
        health = SourceHealth("vy", "voxology", provider.feeds, steady_ms())
        company_facts(health, provider)
        road = Road(store, "north", "vy", "w", "Etc/UTC", CountingRules())
        return provider, health, Beside(store, "north", provider, road, health, NOTHING_POSTED)

    provider, health, _beside = begun()
    successor, _health, beside = begun()
    try:
        provider._book.learn("+46701740699", Party(ref="vy:7001", name="Anna"))
        left = codec.unpack_source(codec.pack_source(health.report(now_ms())))
        beside.begun(left, 0, True)
        assert successor.learnt() == {"+46701740699": "vy:7001"}
        successor._book.learn("+46701740699", Party(ref="vy:7002"))
        beside.begun(left, 0, True)
        assert successor.learnt() == {"+46701740699": "vy:7002"}, "what was learnt since is newer"
    finally:
        await provider.close()
        await successor.close()
        await store.close()
