"""One feed's fault is told of what stands on it alone, and nobody is dialled in step with anybody."""

import itertools
import random
from collections import Counter

import pytest

from stats.domain.freshness import feed_values
from stats.ingest.backoff import Backoff, delays
from stats.ingest.health import SourceHealth
from stats.providers.telavox.provider import TelavoxProvider

FEEDS = tuple(TelavoxProvider.feeds)
SUBSETS = [set(down) for size in range(1, len(FEEDS) + 1) for down in itertools.combinations(FEEDS, size)]


@pytest.mark.fault("A9")
@pytest.mark.parametrize("down", SUBSETS, ids=lambda down: "+".join(sorted(down)))
def test_each_of_the_thirty_one_ways_to_lose_feeds_is_told_where_it_matters(down: set[str]) -> None:
    """Calls are late without one of their three, presence without its one; the hourly batch makes nothing late."""
    health = SourceHealth("telavox", "telavox", TelavoxProvider.feeds, 0)
    for feed in FEEDS:
        health.opened(feed, 1_000)
    health.gap, health.facts.known = False, True
    for feed in down:
        health.lost(feed, "away", 10_000)
    for now in range(10_000, 20_000, 2_000):
        for feed in set(FEEDS) - down:
            health.alive(feed, now)
    facts = health.report(18_000)
    levels = {presence: feed_values(facts, presence=presence, as_of=18_000)["level"] for presence in (False, True)}
    assert (levels[False] != "live") == bool(down & {"calls", "queues", "agents"})
    assert (levels[True] != "live") == ("profile_live" in down)
    assert (facts.state == "live") == (down == {"profile_history"})


@pytest.mark.fault("A5")
def test_five_hundred_sources_of_a_vendor_in_maintenance_do_not_dial_together() -> None:
    """Five sockets each, all cut in one second: no second of the hours that follow sees a tenth of the herd, after the first few."""
    rng = random.Random(5)
    dials = Counter[int]()
    for _ in range(2_500):
        at, waits = rng.random(), delays(rng=rng)
        while at < 120:
            at += next(waits)
            dials[int(at)] += 1
    # A first attempt within half a second is what everybody wants; then they spread over ten seconds.
    settled = [number for second, number in dials.items() if 20 <= second < 110]
    assert max(settled) < 2_500 / 4
    assert max(settled) < 1.3 * min(settled)


@pytest.mark.fault("A5")
def test_a_wait_that_the_vendor_asks_for_is_kept_and_a_handshake_earns_nothing() -> None:
    """`Retry-After` counts up to five minutes; only half a minute of life makes the next wait short again."""
    backoff = Backoff()
    assert backoff.next(17.0) >= 17.0
    assert backoff.next(10_000.0) == 300.0
    for _ in range(12):
        backoff.next()
        backoff.lived(2.0)
    assert max(backoff.next() for _ in range(40)) > 5.0
    backoff.lived(31.0)
    assert backoff.next() <= 0.5
