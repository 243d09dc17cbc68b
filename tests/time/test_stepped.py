"""A clock that is stepped, and clocks that disagree, in each of the rooms that keep instants of their own."""

from typing import Any

import pytest

from stats import clock
from stats.domain.board import values
from stats.domain.facts import SocketFacts, SourceFacts
from stats.domain.records import AgentPresence, Call, Direction, Journey, Party, QueueLogin
from stats.ingest.health import SourceHealth
from stats.ingest.vendor_clock import VendorClock
from stats.live import keys
from stats.live.codec import pack_source
from stats.live.leases import Lease
from stats.live.mirror import Mirror
from stats.providers.base import FeedSpec
from tests.laws.road import ORGANISATION, SOURCE, Bench, rules_of
from tests.time.conftest import Hand
from wallboard.push import candour

pytestmark = pytest.mark.fault("A16", "C12")
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
STEPS = (30_000, -30_000, 600_000, -600_000, HOUR_MS, -HOUR_MS)


def test_a_step_moves_now_and_never_what_measures_time(hand: Hand) -> None:
    """A slew moves neither."""
    began, steady = clock.now_ms(), clock.steady_ms()
    hand.passes(5_000)
    hand.step(-HOUR_MS)
    assert (clock.now_ms(), clock.steady_ms()) == (began + 5_000 - HOUR_MS, steady + 5_000)
    hand.passes(1_000)
    hand.step(700)
    assert (clock.now_ms(), clock.steady_ms()) == (began + 6_000 - HOUR_MS, steady + 6_000)
    hand.step(HOUR_MS)
    assert (clock.stepped_ms(), clock.steady_ms()) == (700, steady + 6_000)


class Pair:
    """A worker that reports every other second by its own clock, and a reader with another one."""

    def __init__(self, bench: Bench, hand: Hand, ahead_ms: int) -> None:
        self.bench, self.hand, self.ahead_ms = bench, hand, ahead_ms

    async def reports(self, times: int = 1) -> list[str]:
        """The worker lives on; how it looks at each report, and between them."""
        seen: list[str] = []
        for _ in range(times):
            at = self.hand.wall_ms + self.ahead_ms
            feeds = {
                name: SocketFacts(state="open", alive_at=at - 900, calls=name != "profile_live", presence=name == "profile_live")
                for name in ("calls", "profile_live")
            }
            facts = SourceFacts(name=SOURCE, provider="telavox", state="live", known=True, sockets=feeds, written_at=at, presence_open_at=0)
            assert self.bench.road is not None
            self.bench.road.report(SOURCE, pack_source(facts))
            await self.bench.lease.renew()
            await self.bench.flush()
            seen.append(await self.look())
            self.hand.passes(1_000)
            seen.append(await self.look())
            self.hand.passes(1_000)
        return seen

    async def look(self) -> str:
        """How the source and its feeds look to the reader."""
        now = clock.now_ms()
        await self.bench.mirror.refresh(now)
        shown = values(self.bench.mirror.facts, now)
        candour.correct(shown, self.bench.mirror.facts.sources, now, store_away=False)
        levels = {str(shown[f"feed:{SOURCE}:{feed}"]["level"]) for feed in ("calls", "presence")}
        state = str(shown[f"source:{SOURCE}"]["state"])
        return state if levels == {"live"} and state == "live" else f"{state} {sorted(levels)}"

    async def silence(self, seconds: int) -> int | None:
        """The worker is dead; after how many seconds it is seen."""
        for second in range(seconds):
            if await self.look() != "live":
                return second
            self.hand.passes(1_000)
        return None


@pytest.fixture
async def bench(redis_server: str, hand: Hand) -> Any:
    """A road and a reader, by the clock in the test's hand."""
    made = Bench(redis_server, "Europe/Stockholm", rules_of({}))
    await made.worker()
    yield made
    await made.close()


@pytest.mark.parametrize("ahead", STEPS)
async def test_a_worker_whose_clock_is_wrong_looks_alive_while_it_lives_and_dead_when_it_is(bench: Bench, hand: Hand, ahead: int) -> None:
    """By the second report the reader knows; a dead worker is known for it within fifteen seconds whatever its clock said."""
    pair = Pair(bench, hand, ahead)
    assert set((await pair.reports(6))[2:]) == {"live"}
    gone = await pair.silence(20)
    assert gone is not None
    assert gone <= 13
    bench.mirror = Mirror(bench.store, ORGANISATION, "Europe/Stockholm")
    # Who comes later and has seen no report come: a clock that is behind makes it look dead, as it is, and one that is ahead not for long.
    late = await pair.silence(20)
    assert late is not None
    assert late <= 13


@pytest.mark.parametrize("step", STEPS)
async def test_the_readers_clock_is_stepped_and_nothing_turns_late_or_hides_a_death(bench: Bench, hand: Hand, step: int) -> None:
    """Both on one machine: stepped while the worker lives, and again in the very moment it dies."""
    pair = Pair(bench, hand, 0)
    await pair.reports(2)
    hand.step(step)
    assert set(await pair.reports(2)) == {"live"}
    hand.step(-step)
    assert await pair.look() == "live"
    gone = await pair.silence(20)
    assert gone is not None
    assert 8 <= gone <= 13


async def test_a_report_that_nobody_saw_come_is_as_old_as_it_says(bench: Bench, hand: Hand) -> None:
    """Nobody looked for an hour, and the worker died in its middle."""
    pair = Pair(bench, hand, 0)
    await pair.reports(2)
    hand.passes(HOUR_MS // 2)
    facts = SourceFacts(name=SOURCE, provider="telavox", state="live", known=True, written_at=clock.now_ms())
    assert bench.road is not None
    bench.road.report(SOURCE, pack_source(facts))
    await bench.lease.take()
    await bench.flush()
    hand.passes(HOUR_MS // 2)
    assert (await pair.look()).startswith("stale")


@pytest.mark.parametrize("step", STEPS)
async def test_time_in_state_is_the_time_that_passed(bench: Bench, hand: Hand, step: int) -> None:
    """An agent is ready for ten minutes, then the clock is stepped, and for ten more."""
    login = QueueLogin(queue=Party(id=2, account_id=None, name="Support"), since=None)

    def told(status: str) -> AgentPresence:
        agent = Party(id=1, account_id=None, name="Elsa")
        return AgentPresence(source=SOURCE, agent=agent, status=status, logged_in=(login,), told_at=clock.now_ms())

    road = bench.road
    assert road is not None
    road.tell(told("available"))
    hand.passes(10 * MINUTE_MS)
    hand.step(step)
    road.steps.follow()
    hand.passes(10 * MINUTE_MS)
    now = clock.now_ms()
    await bench.lease.take()
    await bench.flush()
    (agent,) = (await bench.answer(now))["agents"]
    assert agent["today"]["time_ready"] == 1_200
    # And what comes after the step is newer than what came before it, whatever the clock says.
    road.tell(told("unavailable"))
    await bench.flush()
    (agent,) = (await bench.answer(now))["agents"]
    assert (agent["state"], agent["today"]["time_ready"]) == ("away", 1_200)


@pytest.mark.parametrize("step", STEPS)
async def test_the_past_corrects_a_call_as_before(bench: Bench, hand: Hand, step: int) -> None:
    """What was heard before the step is as old after it as the time that passed, not younger and not from the future."""
    road = bench.road
    assert road is not None
    started = Call(source=SOURCE, id_call="c", journey=Journey(active=True, started_at=clock.now_ms(), asof=clock.now_ms()))
    road.tell(started, now=clock.now_ms())
    await bench.flush()
    hand.passes(5 * MINUTE_MS)
    hand.step(step)
    road.steps.follow()
    (held,) = (held for _, held in road.open_calls())
    assert held.call == started, "what the vendor told is not touched"
    assert held.call is not None
    assert held.call.journey is not None
    assert clock.now_ms() - held.call.journey.asof == clock.now_ms() - held.heard_at == 5 * MINUTE_MS


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_finds_no_feed_silent_or_away_for_a_step(hand: Hand, step: int) -> None:
    """And its report is by the clock on the wall."""
    feeds = {"calls": FeedSpec(name="calls", calls=True), "profile_live": FeedSpec(name="profile_live", presence=True)}
    health = SourceHealth(SOURCE, "telavox", feeds, clock.steady_ms())
    for feed in feeds:
        health.opened(feed, clock.steady_ms())
    health.gap, health.facts.known = False, True
    hand.passes(3_000)
    hand.step(step)
    report = health.report(clock.steady_ms(), clock.stepped_ms())
    assert report.state == "live"
    assert report.written_at == clock.now_ms() == hand.wall_ms
    assert {socket.alive_at for socket in report.sockets.values()} == {hand.wall_ms - 3_000}
    assert report.presence_open_at == hand.wall_ms - 3_000
    hand.passes(11_000)
    assert health.report(clock.steady_ms(), clock.stepped_ms()).state == "stale"


async def test_a_lease_outlives_its_holder_by_its_own_length_alone(redis_server: str) -> None:
    """The store's clock was set back ten minutes: so much longer would the dead holder's lease live."""
    bench = Bench(redis_server, "Europe/Stockholm", rules_of({}))
    holder, waiting = (Lease(bench.store, ORGANISATION, SOURCE) for _ in range(2))
    client, name = bench.store.connection.client, keys.key(ORGANISATION, "lease", SOURCE)
    assert await holder.take()
    await client.pexpire(name, 600_000 + keys.LEASE_TTL_MS)
    assert not await waiting.take()
    assert 0 < await client.pttl(name) <= keys.LEASE_TTL_MS
    assert await holder.renew()
    await client.pexpire(name, 50)
    assert not await waiting.take()
    assert await client.pttl(name) <= 50, "waiting for a lease never makes it longer"
    await bench.close()


async def test_the_picture_is_whole_after_the_clock_went_back_and_forth(bench: Bench, hand: Hand) -> None:
    """An hour back, and the hour before last is in the windows again; an hour forth, and the last one is."""
    road = bench.road
    assert road is not None
    for age in (2, 70, 100):
        at = clock.now_ms() - age * MINUTE_MS
        road.tell(Call(source=SOURCE, id_call=f"c{age}", journey=Journey(active=True, direction=Direction.IN, started_at=at)))
    await bench.flush()

    async def in_windows() -> tuple[int, int]:
        site = (await bench.answer(clock.now_ms()))["site"]
        return site["15m"]["calls_in"], site["60m"]["calls_in"]

    before = await in_windows()
    hand.step(-HOUR_MS)
    back = await in_windows()
    hand.step(HOUR_MS)
    assert (before, back, await in_windows()) == ((1, 1), (1, 2), (1, 1))


def test_only_what_cannot_be_late_proves_the_vendors_clock_wrong(hand: Hand) -> None:
    """Frames from the future do; old ones, and a single odd one, do not."""

    def frame(at: int) -> Call:
        return Call(source=SOURCE, id_call="c", journey=Journey(active=True, started_at=at))

    vendor = VendorClock()
    for late in (0, 300, 40_000, 900_000, 1_200):
        vendor.heard(frame(clock.now_ms() - late), clock.now_ms())
    vendor.heard(frame(clock.now_ms() + HOUR_MS), clock.now_ms())
    assert vendor.ahead_ms == 0
    for _ in range(15):
        vendor.heard(frame(clock.now_ms() + 600_000 - 80), clock.now_ms())
    assert vendor.ahead_ms == 600_000 - 80
    hand.step(600_000)
    assert vendor.ahead_ms == 0
