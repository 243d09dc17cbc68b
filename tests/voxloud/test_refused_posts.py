"""Posts that were not taken are not posted again: what the vendor says of its failures is read, and the past with it."""

import asyncio

import pytest

from stats.clock import now_ms
from stats.ingest.health import SourceHealth
from stats.ingest.ordering import Ordering, Posted
from stats.providers.voxloud.simulator import VoxloudSimulator
from tests.voxloud.telling import provider

ADDRESS = "http://127.0.0.1:9/hooks/voxloud/" + "k" * 43 + "/"


class Looking:
    """One worker's looks at the subscriptions."""

    def __init__(self, house: VoxloudSimulator, health: SourceHealth, good_at: int) -> None:
        self.missed: list[int] = []
        self.read: list[int] = []
        self.vendor = provider(house.api_url)
        self.ordering = Ordering(
            self.vendor,
            Posted(address=ADDRESS),
            health,
            changed=lambda: None,
            missed=self.read.append,
            lost=self.missed.append,
            works=lambda: None,
            good_at=good_at,
        )

    async def look(self) -> list[int]:
        """Since when something was missed, by this look."""
        self.missed.clear()
        await self.ordering._look()
        await self.vendor.close()
        return list(self.missed)


def fail(house: VoxloudSimulator, kind: str, number: int, words: str = "HTTP 503") -> None:
    for each in house.posting.subscriptions.values():
        if each.event_type == kind:
            each.failed_count += number
            each.last_error = words


@pytest.mark.asyncio
async def test_a_post_that_was_not_taken_is_missed_once() -> None:
    async with VoxloudSimulator(start=False) as house:
        health = SourceHealth("vl", "voxloud", provider().feeds, now_ms())
        began = now_ms() - 5_000
        looking = Looking(house, health, began)
        assert await looking.look() == [began], "nothing was ordered before"
        await asyncio.sleep(0.01)
        good_at = now_ms()
        assert await looking.look() == []
        fail(house, "PHONE_CALL", 2)
        assert await looking.look() == [], "its record is in the past, too"
        fail(house, "CALL_INCOMING", 1)
        (since,) = await looking.look()
        assert good_at <= since <= now_ms()
        assert await looking.look() == []
        successor = Looking(house, health, now_ms() - 61_000)
        assert await successor.look() == [], "whoever comes after us knows what we knew"
        fail(house, "CALL_INCOMING", 1)
        assert len(await Looking(house, health, now_ms() - 61_000).look()) == 1


@pytest.mark.asyncio
async def test_what_the_vendor_switched_off_is_missed_and_counted_anew_afterwards() -> None:
    async with VoxloudSimulator(start=False) as house:
        health = SourceHealth("vl", "voxloud", provider().feeds, now_ms())
        looking = Looking(house, health, now_ms())
        await looking.look()
        await house._disable({})
        assert len(await looking.look()) == 1
        assert await looking.look() == []
        fail(house, "CALL_HANGUP", 1)
        assert len(await looking.look()) == 1, "less than before it was put on again, and one more"
        health.facts.refused = None
        fail(house, "CALL_HANGUP", 1)
        assert await looking.look() == [], "a report of before says nothing of failures, and they may be old"
        fail(house, "CALL_HANGUP", 1)
        assert len(await looking.look()) == 1


@pytest.mark.asyncio
async def test_a_subscription_that_tells_of_no_ring_costs_no_ring() -> None:
    async with VoxloudSimulator(start=False) as house:
        looking = Looking(house, SourceHealth("vl", "voxloud", provider().feeds, now_ms()), now_ms())
        await looking.look()
        looking.read.clear()
        gone = next(each.id for each in house.posting.subscriptions.values() if each.event_type == "FAX_CALL")
        del house.posting.subscriptions[gone]
        assert await looking.look() == []
        assert len(looking.read) == 1, "what it told is in the past"
        gone = next(each.id for each in house.posting.subscriptions.values() if each.event_type == "CALL_ANSWERED")
        del house.posting.subscriptions[gone]
        assert len(await looking.look()) == 1
