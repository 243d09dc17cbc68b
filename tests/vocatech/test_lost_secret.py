"""A worker that ends between the vendor's word and our keeping it: the next one has the webhook made anew, and keeps its secret."""

import asyncio

import pytest

from stats.clock import now_ms
from stats.ingest.health import SourceHealth
from stats.ingest.ordering import Ordering, Posted
from stats.providers.vocatech.provider import VocatechProvider
from stats.providers.vocatech.simulator import VocatechSimulator
from tests.vocatech.conftest import config

ADDRESS = "http://127.0.0.1:9/hooks/vocatech/" + "k" * 43 + "/"


@pytest.mark.asyncio
async def test_a_webhook_whose_secret_nobody_kept_is_made_anew() -> None:
    async with VocatechSimulator(start=False) as house:
        provider = VocatechProvider(config(house.api_url))
        kept: list[str] = []

        async def keep(secret: str) -> None:
            kept.append(secret)

        async def look(*, unsigned: bool) -> None:
            health = SourceHealth("voca", "vocatech", provider.feeds, now_ms())
            posted = Posted(address=ADDRESS, unsigned=unsigned, keep_secret=keep)
            ordering = Ordering(
                provider, posted, health, changed=lambda: None, missed=lambda _: None, lost=lambda _: None, works=lambda: None
            )
            task = asyncio.create_task(ordering.keep())
            for _ in range(100):
                await asyncio.sleep(0.02)
                if health.facts.hooks:
                    break
            task.cancel()
            await asyncio.wait([task])

        try:
            lost = (await provider.connect(ADDRESS)).secret
            assert lost, "the vendor named it, and we ended"
            await look(unsigned=False)
            assert kept == [], "one that is kept stays"
            await look(unsigned=True)
            assert len(kept) == 1
            assert kept[0] != lost
            assert {fact.address for fact in await provider.hooks(ADDRESS)} == {ADDRESS}
        finally:
            await provider.close()
