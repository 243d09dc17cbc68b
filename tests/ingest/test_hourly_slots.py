"""The hourly slots are pulled from the past after every full hour; none is lost for ever, whatever socket, clock and restarts do."""

from typing import Any

import pytest

from stats.clock import now_ms
from stats.domain.metrics import CountingRules
from stats.ingest import hourly
from stats.ingest.hourly import AGAIN_MS, HOUR_MS, JITTER_MS, MINUTE_MS, SETTLE_MS, Hourly
from tests.laws.watched import comes_true, watched

NOON = 1_779_098_400_000  # a full hour
pytestmark = pytest.mark.fault("A10")


class Vendor:
    """A past that shows the slots of an hour some time after its end, and a puller on an injected clock."""

    def __init__(self, late_ms: int = 0, jitter_ms: int = 0) -> None:
        self.late_ms, self.jitter_ms, self.lost = late_ms, jitter_ms, set[int]()
        self.pulls: list[tuple[int, int]] = []
        self.had: set[int] = set()

    def run(self, pulling: Hourly, since: int, until: int, *, steady_since: int = 0) -> None:
        """Asks every ten seconds."""
        for now in range(since, until, 10_000):
            steady = steady_since + now - since
            window = pulling.due(now, steady)
            if window is None:
                continue
            self.pulls.append(window)
            hours = range(window[0] // HOUR_MS * HOUR_MS, now, HOUR_MS)
            shown = [h + HOUR_MS for h in hours if h + HOUR_MS + self.late_ms <= now and h not in self.lost]
            self.had |= {end - HOUR_MS for end in shown}
            pulling.pulled(now, steady, True, max(shown, default=None))


@pytest.mark.parametrize("jitter_ms", [0, 123_456, JITTER_MS - 1])
def test_every_hour_is_pulled_once_two_to_seven_minutes_after_its_end(jitter_ms: int) -> None:
    """Whether or not the socket told: it is not asked."""
    vendor, pulling = Vendor(), Hourly(jitter_ms)
    pulling.whole_to = NOON
    vendor.run(pulling, NOON + MINUTE_MS, NOON + 5 * HOUR_MS + 10 * MINUTE_MS)
    assert vendor.had >= {NOON + n * HOUR_MS for n in range(5)}
    assert len(vendor.pulls) == 5
    for _, at in vendor.pulls:
        assert SETTLE_MS <= at % HOUR_MS <= SETTLE_MS + JITTER_MS + 10_000


def test_slots_that_the_past_shows_late_are_asked_for_again_and_missed_aloud_meanwhile() -> None:
    """An answer without them proves nothing, and is not taken for an hour in which nobody worked."""
    vendor, pulling = Vendor(late_ms=35 * MINUTE_MS), Hourly(0)
    pulling.whole_to = NOON
    vendor.run(pulling, NOON + HOUR_MS, NOON + HOUR_MS + 20 * MINUTE_MS)
    assert pulling.whole_to == NOON
    assert pulling.missing(NOON + HOUR_MS + 20 * MINUTE_MS)
    vendor.run(pulling, NOON + HOUR_MS + 20 * MINUTE_MS, NOON + HOUR_MS + 50 * MINUTE_MS, steady_since=20 * MINUTE_MS)
    assert pulling.whole_to == NOON + HOUR_MS
    assert not pulling.missing(NOON + HOUR_MS + 50 * MINUTE_MS)
    assert 3 <= len(vendor.pulls) <= 6
    gaps = [after - before for (_, before), (_, after) in zip(vendor.pulls, vendor.pulls[1:], strict=False)]
    assert min(gaps) >= AGAIN_MS - 1


def test_a_restart_after_a_night_and_a_clock_that_jumps_lose_no_hour() -> None:
    """What is remembered is up to when all is whole."""
    vendor, first = Vendor(), Hourly(60_000)
    first.whole_to = NOON
    vendor.run(first, NOON + MINUTE_MS, NOON + HOUR_MS + 10 * MINUTE_MS)
    again = Hourly(60_000)
    again.whole_to = first.whole_to
    vendor.run(again, NOON + 12 * HOUR_MS, NOON + 12 * HOUR_MS + 10 * MINUTE_MS)
    assert vendor.had >= {NOON + n * HOUR_MS for n in range(12)}
    # A jump ahead by three hours, and back: the hours between are asked for when they are really over.
    vendor.run(again, NOON + 15 * HOUR_MS, NOON + 15 * HOUR_MS + 5 * MINUTE_MS)
    vendor.had.clear()
    vendor.run(again, NOON + 12 * HOUR_MS + 20 * MINUTE_MS, NOON + 16 * HOUR_MS)
    assert vendor.had >= {NOON + n * HOUR_MS for n in (12, 13, 14)}


def test_an_hour_that_nobody_ever_shows_is_passed_over_when_a_later_one_shows() -> None:
    """Pulled again every ten minutes until then; and who never had any slots misses none."""
    vendor, pulling = Vendor(), Hourly(0)
    vendor.lost, pulling.whole_to = {NOON}, NOON
    vendor.run(pulling, NOON + HOUR_MS, NOON + 3 * HOUR_MS)
    assert pulling.whole_to == NOON + 2 * HOUR_MS
    empty, without = Vendor(late_ms=1 << 50), Hourly(0)
    empty.run(without, NOON, NOON + HOUR_MS)
    assert not without.missing(NOON + HOUR_MS)


def slot_row(start: int) -> dict[str, Any]:
    """One agent's hour."""
    return {
        "agent": {"id": 7501, "name": "Anna Berg"},
        "slot": {"startDate": start, "endDate": start + HOUR_MS, "timeRange": HOUR_MS},
        "profileAvailable": {"id": 1, "name": "Tillgänglig", "usage": 1_800_000, "available": True},
    }


@pytest.mark.asyncio
async def test_a_batch_that_the_socket_never_sent_is_had_all_the_same_and_its_lack_is_told(
    redis_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real session: slots come from the past; a successor knows up to when they are whole; the silence of the socket is no staleness."""
    monkeypatch.setattr(hourly, "LOOK_EVERY_S", 0.1)
    monkeypatch.setattr(hourly, "AGAIN_MS", 300)
    monkeypatch.setattr(hourly, "PASS_ON_LOOKS", 1)  # nobody keeps slots here
    ended = now_ms() // HOUR_MS * HOUR_MS
    async with watched(redis_server, CountingRules()) as watch:
        # The batch of the last full hour is not there yet.
        watch.upstream.history.set("profile_history", [slot_row(ended - 3 * HOUR_MS), slot_row(ended - 2 * HOUR_MS)])
        await watch.begin()
        await watch.until("live", 20)
        session = watch.session
        assert session is not None
        await comes_true(lambda: session.health.facts.slots_to == ended - HOUR_MS)
        missing = session._beside.slots.hourly.missing
        assert missing(ended + SETTLE_MS + JITTER_MS + 2 * MINUTE_MS)
        watch.upstream.history.add("profile_history", [slot_row(ended - HOUR_MS)])
        await comes_true(lambda: session.health.facts.slots_to == ended, 15)
        assert {slot.start for slot in session.road.slots} >= {ended - HOUR_MS, ended - 2 * HOUR_MS}
        assert await watch.state() == "live"
        assert not missing(now_ms())
        await watch.end()
        await watch.begin()
        await watch.begun()
        assert watch.session is not None
        assert watch.session.health.facts.slots_to == ended
