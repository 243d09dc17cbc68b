"""A queue's day as its page puts it together from the archive and the live store: every quarter and every move is the slow reading's."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from stats.clock import now_ms
from stats.domain.metrics import QueueTargets, plain_key
from stats.domain.periods import QUARTER_MS, business_day, day_bounds, quarter_of
from stats.history.shelf import Shelf, let_go
from stats.history.telling import Telling
from stats.live.unkept import Unkept
from stats.models import Organisation
from tests.laws.road import ORGANISATION, SOURCE, Bench, rules_of
from tests.laws.test_any_order import empty
from tests.midday import ZONE
from tests.oracle.days import day
from tests.oracle.journeys import QueueSetting, calls_of
from tests.oracle.slow import in_target, is_short
from tests.pages.test_agent_day import admin, lived, look
from tests.push.floor import ended_call
from wallboard.pages.frame import Visit
from wallboard.pages.queue import chart
from wallboard.pages.queue import day as queue_day
from wallboard.push import live

pytestmark = pytest.mark.engines
STOCKHOLM = "Europe/Stockholm"
COUNTED = (
    *("offered", "answered", "answered_in_target", "abandoned", "short_abandoned", "abandoned_in_target"),
    *("overflowed", "voicemail", "callbacks"),
)


@pytest.fixture
async def bench(redis_server: str, transactional_db: None) -> AsyncIterator[Bench]:
    """A worker's bench on an empty store."""
    await Organisation.objects.aget_or_create(slug=ORGANISATION, defaults={"name": "Test"})
    bench = Bench(redis_server, ZONE, rules_of({}))
    await empty(bench)
    queue_day.forget()
    yield bench
    await live.close()
    await let_go()
    await bench.close()


async def keep(bench: Bench, share: float = 1.0) -> None:
    """The archive takes the first part of the calls that wait for it; every third is changed again since."""
    unkept = Unkept(bench.store, ORGANISATION, SOURCE)
    held = await unkept.some(10_000)
    tellings = {i: Telling(each.call, "", each.version) for i, each in held.items() if each is not None and each.call is not None}
    some = dict(list(tellings.items())[: round(len(tellings) * share)])
    await Shelf(ORGANISATION).keep_calls(SOURCE, list(some.values()))
    await unkept.strike({i: telling.version for n, (i, telling) in enumerate(some.items()) if share == 1.0 or n % 3})


async def of_queue(visit: Visit, key: str) -> queue_day.DayTold:
    """The day of a queue, read anew."""
    queue_day.forget()
    return await queue_day.today(visit, visit.facts.queues[key])


@pytest.mark.parametrize("seed", [1, 2, 5])
async def test_every_quarter_and_every_move_is_that_of_the_slow_reading(bench: Bench, seed: int) -> None:
    today = replace(day(seed, now_ms=now_ms(), n_calls=120, n_agents=8, n_queues=4), settings={})
    await lived(bench, today)
    visit = await look(admin())
    first, end = day_bounds(business_day(visit.now, ZONE), ZONE)
    calls = [c for c in calls_of(today.documents(), visit.now) if c.direction != "out" and not c.internal]
    setting = {visit_.queue: QueueSetting() for call in calls for visit_ in call.visits}
    compared = moved = 0
    for key in visit.facts.queues:
        quarters: dict[int, Counter[str]] = {}
        came: Counter[tuple[str, bool]] = Counter()
        went: Counter[tuple[str, bool]] = Counter()
        for call in calls:
            for number, each in enumerate(call.visits):
                if each.queue != key or not first <= each.entered < end:
                    continue
                sums = quarters.setdefault(quarter_of(each.entered), Counter())
                sums["offered"] += 1
                met = in_target(each, setting)
                if each.outcome == "answered":
                    sums.update({"answered": 1, "answered_in_target": met})
                elif each.outcome == "abandoned" and is_short(each, setting):
                    sums["short_abandoned"] += 1
                elif each.outcome == "abandoned":
                    sums.update({"abandoned": 1, "abandoned_in_target": met})
                elif each.outcome in COUNTED:
                    sums[each.outcome] += 1
                if number:
                    before = call.visits[number - 1]
                    came[(before.queue, before.outcome == "overflowed")] += 1
                if number + 1 < len(call.visits):
                    went[(call.visits[number + 1].queue, each.outcome == "overflowed")] += 1
                elif each.outcome == "overflowed":
                    went[("", True)] += 1
        told = await of_queue(visit, key)
        found = {
            quarter: {name: amounts.get(name, 0) for name in COUNTED} for quarter, amounts in told.told.amounts() if amounts["offered"]
        }
        assert found == {quarter: {name: sums[name] for name in COUNTED} for quarter, sums in quarters.items()}, key
        assert {move: n for move, n in told.told.came_from.items() if n} == came, key
        assert {move: n for move, n in told.told.went_to.items() if n} == went, key
        whole, shown = told.told.total(first, end), visit.snapshot.values[f"queue:{key}"]
        assert {name: whole[name] for name in COUNTED} == {name: shown[name] for name in COUNTED}, key
        compared, moved = compared + whole["offered"], moved + came.total() + went.total()
    assert compared > 40
    assert moved > 5


async def test_a_call_is_counted_once_while_it_is_open_waits_to_be_kept_and_is_kept(bench: Bench) -> None:
    today = replace(day(7, now_ms=now_ms(), n_calls=40, n_agents=4, n_queues=1), settings={})
    await bench.worker()
    bench.hear(today.frames())
    await bench.flush()
    visit = await look(admin())
    (key,) = (key for key in visit.facts.queues if visit.snapshot.values[f"queue:{key}"]["offered"])
    before = dict((await of_queue(visit, key)).told.amounts())
    assert sum(amounts["offered"] for amounts in before.values()) > 10
    for share in (0.3, 0.5, 1.0):
        await keep(bench, share)
        after = dict((await of_queue(visit, key)).told.amounts())
        assert {at: a["offered"] for at, a in after.items() if a["offered"]} == {
            at: a["offered"] for at, a in before.items() if a["offered"]
        }


def offered(told: queue_day.DayTold) -> dict[int, int]:
    """By quarter."""
    return {quarter: amounts["offered"] for quarter, amounts in told.told.amounts() if amounts["offered"]}


def at(hour: int, minute: int = 0, day_of_month: int = 11) -> int:
    """An instant of November 2026 in Stockholm."""
    return round(datetime(2026, 11, day_of_month, hour, minute, tzinfo=ZoneInfo(STOCKHOLM)).timestamp() * 1000)


def told_day(offered: dict[int, int], day_of_month: int, known_from: int | None = 0) -> queue_day.DayTold:
    """A day with so many answered visits in the quarters that begin at these instants."""
    told = queue_day.QueueDay()
    for quarter, number in offered.items():
        for n in range(number):
            told.tell(ended_call(f"{quarter}-{n}", since=quarter + n), "111834", rules_of({}), plain_key, quarter, quarter + QUARTER_MS)
    name = f"2026-11-{day_of_month:02d}"
    first, end = day_bounds(name, STOCKHOLM)
    return queue_day.DayTold(day=name, first=first, end=end, told=told, known_from=first if known_from == 0 else known_from)


def test_last_weeks_ghost_stands_beside_the_same_time_of_day_and_is_absent_without_an_archive() -> None:
    today = told_day({at(9): 3, at(9, 15): 2}, 11)
    ghost = told_day({at(9, 0, 4): 7}, 4)
    columns = {each.at: each for each in chart.columns_of(today, ghost, at(9, 20), at(9, 20), STOCKHOLM)}
    assert (columns[at(9)].told or {})["offered"] == 3
    assert (columns[at(9)].ghost or {})["offered"] == 7
    assert columns[at(9, 15)].state == "running"
    assert columns[at(9, 30)].state == "ahead"
    assert columns[at(9, 30)].told is None
    none = chart.columns_of(today, told_day({}, 4, None), at(9, 20), at(9, 20), STOCKHOLM)
    assert all(each.ghost is None for each in none)
    drawing = chart.chart_of(chart.shown_of(none), QueueTargets(), at(9, 20), STOCKHOLM)
    assert drawing.ghost == ""
    assert {line.ghost for line in drawing.quarters} == {None}
    assert chart.level_so_far(none, QueueTargets(), ghost=True) == (None, None)


def test_what_was_not_heard_and_what_the_archive_does_not_reach_are_gaps_and_not_zeros() -> None:
    today = told_day({at(9): 3}, 11)
    ghost = told_day({at(10, 0, 4): 5}, 4, at(10, 0, 4))
    columns = {each.at: each for each in chart.columns_of(today, ghost, at(11, 20), at(10, 5), STOCKHOLM)}
    assert columns[at(10)].state == "over"
    assert (columns[at(10)].told or {}).get("offered", 0) == 0
    assert columns[at(10)].told is not None
    assert columns[at(10, 15)].state == "gap"
    assert columns[at(10, 15)].told is None
    assert columns[at(9, 45)].ghost is None
    assert columns[at(10)].ghost is not None


def test_a_week_is_counted_by_the_clock_on_the_wall_across_a_change_of_it() -> None:
    # Summer time ended on 25 October 2026.
    monday = round(datetime(2026, 10, 26, 9, 0, tzinfo=ZoneInfo(STOCKHOLM)).timestamp() * 1000)
    before = round(datetime(2026, 10, 19, 9, 0, tzinfo=ZoneInfo(STOCKHOLM)).timestamp() * 1000)
    assert queue_day.beside(monday, STOCKHOLM) == before
    assert monday - before != 7 * 86_400_000


def test_a_service_level_is_broken_where_nobody_called() -> None:
    today = told_day({at(8): 2, at(8, 15): 1, at(9): 1}, 11)
    columns = chart.columns_of(today, told_day({}, 4, None), at(9, 20), at(9, 20), STOCKHOLM)
    drawing = chart.chart_of(chart.shown_of(columns), QueueTargets(), at(9, 20), STOCKHOLM)
    assert len(drawing.level) == 1
    assert len(drawing.level_dots) == 3
    assert drawing.counted == 4
