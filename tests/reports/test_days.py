"""The law of reports: at any instant of any day, whatever the archive and its sums lack, a report is the slow one, and equals the wall."""

import random
from typing import Any

import pytest

from stats.domain.board import values
from stats.domain.periods import QUARTER_MS, business_day, day_bounds
from stats.domain.report import Interval, Span
from tests.oracle.days import day
from tests.reports.desk import Desk, desks, faults_of, near
from tests.reports.slow import differing
from tests.time.test_odd_days import odd_day
from wallboard.reports.reading import Report

__all__ = ["desks"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engines]
INTERVALS: tuple[Interval, ...] = ("15m", "30m", "1h", "day", "week", "month")
OF_TODAY_ALONE = ("sl_budget", "lost_callers", "known")
TIMES = ("time_talking", "time_ringing", "time_wrapup", "time_ready", "time_idle", "time_away", "time_logged_in", "occupancy")


async def unlike_the_wall(desk: Desk) -> list[str]:
    """Where a report of today, cut finely and not at all, added up again differs from what boards show."""
    today = business_day(desk.now, desk.day.timezone)
    faults: list[str] = []
    cuts: tuple[Interval, ...] = ("15m", "day")
    for interval in cuts:
        span = desk.span(today, today, interval)
        reports = {kind: await desk.report(span, kind) for kind in ("queue", "agent", "site")}  # type: ignore[arg-type]
        facts = desk.floor.organisation.mirror.facts
        for scope, told in values(facts, desk.now).items():
            kind, _, key = scope.partition(":")
            if kind in reports:
                report: Report = reports[kind]
                line = report.by_key().get(key)
                shown = {name: value for name, value in told.items() if "." not in name and name not in OF_TODAY_ALONE}
                if line is None:
                    busy = [name for name in ("offered", "offers", "outgoing", "calls_in", *TIMES) if shown.get(name)]
                    faults += [f"{interval} {scope}.{name}: {shown[name]} on the wall, nothing in the report" for name in busy]
                    continue
                numbers = report.numbers(line)
                counted = {name: value for name, value in shown.items() if name in numbers}
                assert len(counted) > 15
                faults += differing(f"{interval} {scope}", counted, numbers, lambda name, one, other: near(name, one, other))
    return faults


@pytest.mark.parametrize("seed", range(3))
async def test_a_report_at_any_instant_is_the_slow_one_and_equals_the_wall(desks: Any, seed: int) -> None:
    """Three instants of a day that began before midnight: calls open, ended ones archived or not, sums made, behind, or never made."""
    dice = random.Random(seed)
    desk: Desk = await desks(day(seed, n_calls=70))
    begin = min(frame.emitted_at_ms for frame in desk.day.frames())
    today = business_day(desk.day.now_ms, desk.day.timezone)
    yesterday = business_day(begin, desk.day.timezone)
    faults: list[str] = []
    for place in (0.4, 0.75, 1.0):
        now = begin + round(place * (desk.day.now_ms - begin))
        slow = await desk.until(now, keep=dice.random() < 0.7, roll=dice.random() < 0.6, rolled_at=now - dice.choice((0, 0, 3_000_000)))
        for interval in dice.sample(INTERVALS, 2):
            span = desk.span(yesterday, today, interval)
            faults += [f"{place} {fault}" for fault in await faults_of(desk, slow, span)]
        faults += [f"{place} {fault}" for fault in await unlike_the_wall(desk)]
    assert not faults, "\n".join(faults[:20])


@pytest.mark.parametrize(
    ("timezone", "name"),
    [
        ("Europe/Stockholm", "2026-03-29"),
        ("Europe/Helsinki", "2026-10-25"),
        ("Asia/Kathmandu", "2026-05-31"),
        ("Australia/Lord_Howe", "2026-04-05"),
    ],
)
async def test_odd_days_and_ends_of_months_are_cut_by_the_local_clock(desks: Any, timezone: str, name: str) -> None:
    """Everything is archived and added up, but for what is going on; the day before and the one after are there in part."""
    told = odd_day(timezone, name)
    desk: Desk = await desks(told)
    first, after = day_bounds(name, timezone)
    slow = await desk.until(after + 1_800_000, keep=True, roll=True)
    faults: list[str] = []
    days = (business_day(first - 1, timezone), business_day(after, timezone))
    cuts: tuple[Interval, ...] = ("30m", "day", "month") if timezone == "Australia/Lord_Howe" else ("1h", "week", "month")
    for interval in cuts:
        faults += await faults_of(desk, slow, desk.span(*days, interval))
    # The middle day alone is over, and nothing of it waits.
    for interval in ("15m", "day"):
        faults += await faults_of(desk, slow, desk.span(name, name, interval))  # type: ignore[arg-type]
    assert not faults, "\n".join(faults[:20])


async def test_sums_of_today_are_there_before_anybody_has_added_them_up(desks: Any) -> None:
    """No roller has ever run, and nothing but the newest calls is archived."""
    desk: Desk = await desks(day(11, n_calls=60))
    slow = await desk.until(desk.day.now_ms - 600_000, keep=True, roll=False)
    slow = await desk.until(desk.day.now_ms, keep=False, roll=False)
    today = business_day(desk.now, desk.day.timezone)
    assert await faults_of(desk, slow, desk.span(today, today, "15m")) == []
    assert await unlike_the_wall(desk) == []


def test_where_the_hands_move_by_half_an_hour_no_hour_overlaps_another() -> None:
    """Lord Howe: what is left of an hour on each side of the change is an interval of its own."""
    for name in ("2026-04-05", "2026-10-04"):
        span = Span(organisation="default", timezone="Australia/Lord_Howe", first=name, last=name, interval="1h")
        first, end = span.bounds
        cells = list(dict.fromkeys(span.cell(at) for at in range(first, end, QUARTER_MS)))
        assert [start for start, _end in cells[1:]] == [over for _start, over in cells[:-1]]
        assert (cells[0][0], cells[-1][1]) == (first, end)
        assert sum(over - start != 3_600_000 for start, over in cells) == 1
