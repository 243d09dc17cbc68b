"""Days of 23, 24 and 25 hours and odder ones, on the real road: at every quarter the numbers are those of the slow computation."""

import random
from collections import Counter
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from stats.domain.periods import QUARTER_MS, day_bounds
from tests.laws.road import Bench, rules_of
from tests.oracle.compare import differences
from tests.oracle.days import Day, day
from tests.oracle.journeys import calls_of
from tests.oracle.presence import TIMED
from tests.oracle.slow import live

pytestmark = [pytest.mark.asyncio, pytest.mark.fault("A17")]
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
DAYS = [
    ("Europe/Stockholm", "2026-03-29", 23),
    ("Europe/Stockholm", "2026-10-25", 25),
    ("Australia/Lord_Howe", "2026-04-05", 24.5),
]
MORE_DAYS = [
    ("Europe/Stockholm", "2026-03-28", 24),
    ("Australia/Lord_Howe", "2026-10-04", 23.5),
    ("America/St_Johns", "2026-03-08", 23),
    ("Africa/Cairo", "2026-04-24", 23),  # begins at 01:00
    ("Africa/Cairo", "2026-10-29", 25),
    ("Pacific/Chatham", "2026-04-05", 25),
    ("Pacific/Apia", "2026-06-01", 24),
    ("Asia/Kathmandu", "2026-03-29", 24),
]


def change_in(first: int, after: int, timezone: str) -> int:
    """The instant within a day at which its clocks change; noon when they do not."""
    offset = lambda at: datetime.fromtimestamp(at / 1000, ZoneInfo(timezone)).utcoffset()  # noqa: E731
    return next((at for at in range(first, after, QUARTER_MS) if offset(at - 1) != offset(at)), (first + after) // 2)


def odd_day(timezone: str, name: str) -> Day:
    """Calls all through the day and the hours around it, most of them around both midnights and the change of the clocks."""
    first, after = day_bounds(name, timezone)
    dice = random.Random(f"{timezone} {name}")
    change = change_in(first, after, timezone)
    starts = [dice.randrange(first - 2 * HOUR_MS, after + HOUR_MS) for _ in range(16)]
    for border in (first, after):
        starts += [border + dice.randrange(-6 * MINUTE_MS, 3 * MINUTE_MS) for _ in range(6)]
        starts += [border - 1, border]
    starts += [change + dice.randrange(-HOUR_MS, HOUR_MS) for _ in range(10)]
    return day(dice.randrange(10_000), now_ms=after + 2 * HOUR_MS, timezone=timezone, starts=starts, n_agents=8, n_queues=3, instants="ms")


def unheard(told: Day, at: int) -> tuple[str, ...]:
    """Where nothing was ever heard the product says that it does not know, and the oracle says 0."""
    heard = {f"agent:{frame.document['agent']['id']}." for frame in told.presences if frame.emitted_at_ms <= at}
    mute = [agent for agent in told.agents if f"agent:{agent.id}." not in heard]
    silent = tuple(f"agent:{key}." for agent in mute for key in (agent.id, f"a:{agent.account_id}"))
    return silent if heard else (*silent, "site.now.agents_", "queue:")


def calls_and_visits(told: Day) -> Counter[str]:
    """How many there are of each kind, from the final documents alone and without any day."""
    calls = calls_of(told.documents(), told.now_ms)
    counted: Counter[str] = Counter()
    for call in calls:
        kind = "calls_internal" if call.internal else {"in": "calls_in", "out": "calls_out"}.get(str(call.direction), "")
        counted[kind] += 1
        counted["offered"] += len(call.visits) if call.direction != "out" and not call.internal else 0
    return counted


@pytest.mark.parametrize(("timezone", "name", "hours"), [*DAYS, *(pytest.param(*each, marks=pytest.mark.heavy) for each in MORE_DAYS)])
async def test_every_quarter_of_an_odd_day_equals_the_slow_computation(redis_server: str, timezone: str, name: str, hours: float) -> None:
    """Calls over midnight, calls over the change, calls in the hour that comes twice; every call is counted in one day alone."""
    first, after = day_bounds(name, timezone)
    assert after - first == hours * HOUR_MS
    told = odd_day(timezone, name)
    bench = Bench(redis_server, timezone, rules_of(told.settings))
    await bench.worker()
    since = 0
    for at in sorted([*range(first - HOUR_MS, after + 2 * HOUR_MS + 1, QUARTER_MS), first - 1, first + 1, after - 1, after + 1]):
        bench.hear(told.frames(since_ms=since, until_ms=at))
        await bench.lease.renew()  # a slow machine may need longer than a lease lives
        await bench.flush()
        since = at
        expected = live(told.documents(until_ms=at), as_of_ms=at, timezone=timezone, settings=told.settings)
        answer = await bench.answer(at)
        silent = unheard(told, at)
        found = [
            d
            for d in differences(expected, answer, observed_within_s=0.001)
            if ".state_since" not in d and not (d.endswith(" None found") and d.startswith(silent))
        ]
        said = datetime.fromtimestamp(at / 1000, ZoneInfo(timezone)).isoformat()
        assert not found, f"{said}\n" + "\n".join(found[:20])
        begun = max(day_of for day_of in (first - 24 * HOUR_MS, first, after) if day_of <= at)
        for agent in answer["agents"]:
            states = [agent["today"][f"time_{state}"] or 0.0 for state in TIMED]
            assert sum(states) <= (at - begun) / 1000 + 0.001, f"{said} {agent['key']}"
    kinds = ("calls_in", "calls_out", "calls_internal", "offered")
    counted: Counter[str] = Counter()
    for last in (first - 1, after - 1, told.now_ms):
        today = (await bench.answer(last))["site"]["today"]
        counted.update({kind: today[kind] for kind in kinds})
    await bench.close()
    assert set(bench.faults) <= {"unknown_enum"}
    assert counted == Counter({kind: number for kind, number in calls_and_visits(told).items() if kind in kinds})
    assert counted["calls_in"] > 20
