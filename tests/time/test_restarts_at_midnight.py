"""What restarts, empties or begins around midnight: yesterday stays yesterday's, today begins at nothing, and windows reach over."""

import dataclasses
import random
from collections.abc import Iterator

import pytest

from stats import clock
from stats.domain.board import values
from stats.domain.periods import day_bounds
from stats.live.mirror import Mirror
from tests.laws.road import ORGANISATION, Bench, rules_of
from tests.laws.watched import set_rows, watched
from tests.oracle.compare import differences
from tests.oracle.days import Day, day
from tests.oracle.script import AgentNamed, Dialect, QueueNamed, Script
from tests.oracle.slow import live
from tests.upstream.play import play

pytestmark = [pytest.mark.asyncio, pytest.mark.fault("A17")]
STOCKHOLM = "Europe/Stockholm"
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
# The night in which the clocks go back: this midnight begins the day of 25 hours.
MIDNIGHT = day_bounds("2026-10-25", STOCKHOLM)[0]


def long_call(began: int, answered: int, ended: int) -> Script:
    """A caller waits, is answered by a very patient agent, and talks for hours."""
    queue, agent = QueueNamed(id=110_000, account_id=990_000, name="Kö 0"), AgentNamed(id=1, account_id=2, name="Evert", phone="0046")
    script = Script("long", random.Random(1), Dialect(both_ids_share=1.0, queue_closes_at="end"), number="0046701234567")
    script.begin(began, ivr=False)
    visit = script.enter(queue, began + 1_000)
    offer = script.ring(agent, answered - 4_000, queue=queue, visit=visit)
    script.answer(offer, agent, answered, visit=visit)
    script.hang_up(offer, answered - 4_000, answered, ended, visit=visit)
    script.end(ended)
    return script


def night(seed: int, until: int) -> Day:
    """Calls all through the evening and the first hour, and one of five hours."""
    dice = random.Random(seed)
    starts = [MIDNIGHT + dice.randrange(-2 * HOUR_MS, until - MIDNIGHT) for _ in range(40)]
    starts += [MIDNIGHT + dice.randrange(-4 * MINUTE_MS, MINUTE_MS) for _ in range(25)]
    told = day(seed, now_ms=until, timezone=STOCKHOLM, starts=starts, n_agents=8, n_queues=3)
    long = long_call(MIDNIGHT - 4 * HOUR_MS, MIDNIGHT - 4 * HOUR_MS + 30_000, MIDNIGHT + HOUR_MS)
    return dataclasses.replace(told, scripts=[*told.scripts, long], settings={})


async def look(bench: Bench, told: Day, at: int) -> None:
    """Every number is that of the slow computation, times in state included."""
    expected = live(told.documents(until_ms=at), as_of_ms=at, timezone=STOCKHOLM)
    found = differences(expected, await bench.answer(at), observed_within_s=0.001)
    # An agent of whom no presence was ever told has no times; the slow computation says nought.
    found = [line for line in found if ".state_since" not in line and not line.endswith("0.0 expected, None found")]
    assert not found, f"{(at - MIDNIGHT) / 1000} s after midnight:\n" + "\n".join(found[:20])


def moments() -> Iterator[int]:
    """Closer and closer to midnight, and away from it."""
    yield from (MIDNIGHT - s for s in (600_000, 120_000, 30_000, 5_000, 1))
    yield from (MIDNIGHT + s for s in (0, 1, 1_000, 30_000, 119_000, 15 * MINUTE_MS, 59 * MINUTE_MS, HOUR_MS, 61 * MINUTE_MS))


@pytest.mark.parametrize("what", ["worker", "reader", "store"])
async def test_a_restart_around_midnight_changes_no_number(redis_server: str, what: str) -> None:
    """Before every look somebody is new: the worker, the reader, or the store, which has then lost everything."""
    told = night(5, MIDNIGHT + 2 * HOUR_MS)
    bench = Bench(redis_server, STOCKHOLM, rules_of({}))
    await bench.worker()
    since = 0
    for at in moments():
        bench.hear(told.frames(since_ms=since, until_ms=at))
        since = at
        await bench.lease.renew()
        await bench.flush()
        if what == "worker":
            await bench.worker()
        elif what == "reader":
            bench.mirror = Mirror(bench.store, ORGANISATION, STOCKHOLM)
        else:
            await bench.store.connection.client.flushall()
            await bench.lease.take()
            await bench.store.begin(ORGANISATION)
            bench.report()
            assert bench.road is not None
            bench.road.doubt()
        await bench.flush()
        await look(bench, told, at)
    await bench.close()


async def test_a_call_of_five_hours_is_one_call_of_the_day_it_began_in(redis_server: str) -> None:
    """It talks on over midnight, and when it ends yesterday has its talk and today still has nothing of it."""
    told = dataclasses.replace(night(6, MIDNIGHT + 2 * HOUR_MS), presences=[])
    told = dataclasses.replace(told, scripts=[script for script in told.scripts if script.id_call == "long"])
    bench = Bench(redis_server, STOCKHOLM, rules_of({}))
    await bench.worker()
    bench.hear(told.frames(until_ms=MIDNIGHT + MINUTE_MS))
    await bench.flush()
    (queue,) = (await bench.answer(MIDNIGHT - 1))["queues"]
    assert (queue["now"]["talking"], queue["today"]["answered"], queue["today"]["att"]) == (1, 1, None)
    (queue,) = (await bench.answer(MIDNIGHT))["queues"]
    assert (queue["now"]["talking"], queue["today"]["offered"]) == (1, 0)
    bench.hear(told.frames(since_ms=MIDNIGHT + MINUTE_MS))
    await bench.flush()
    (queue,) = (await bench.answer(MIDNIGHT - 1))["queues"]
    assert (queue["today"]["answered"], queue["today"]["att"]) == (1, 5 * 3600 - 30)
    (queue,) = (await bench.answer(MIDNIGHT + 2 * HOUR_MS))["queues"]
    assert (queue["now"]["talking"], queue["today"]["offered"], queue["today"]["att"]) == (0, 0, None)
    await bench.close()


async def test_a_worker_that_begins_after_midnight_reads_yesterdays_evening_for_the_windows(
    redis_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seven minutes past: the past is read from six hours before midnight, and a caller of yesterday still talks."""
    now = MIDNIGHT + 7 * MINUTE_MS
    monkeypatch.setattr(clock, "_clock", clock.Clock(now - clock._wall_ms()))
    told = night(7, now - 500)
    cut = MIDNIGHT - 20 * MINUTE_MS
    async with watched(redis_server, rules_of({})) as watch:
        set_rows(watch.upstream, told.rows(until_ms=cut))
        await watch.begin()
        await watch.upstream.until_open()
        await play(watch.upstream, told.frames(since_ms=cut), random.Random(7))
        await watch.until("live", 20)
        await watch.settled()
        found = await watch.differences(told, cut, cut)
        assert not found, "\n".join(found[:30])
        site = values(watch.mirror.facts, clock.now_ms())["site"]
        assert float(str(site["60m.offered"])) > float(str(site["offered"])) > 0
        assert float(str(site["talking"])) >= 1
