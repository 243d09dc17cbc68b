"""A day on the road, with the archive, its sums, and somebody who reads reports of it as of any instant."""

import math
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from channels.db import database_sync_to_async

from stats.domain.report import Interval, Kind, Span
from stats.history import rolling
from stats.history.rollup_tables import SettingInForce
from stats.history.shelf import let_go
from stats.models import Organisation
from tests.laws.road import ORGANISATION, Bench, rules_of
from tests.oracle.days import Day
from tests.receipts.test_days import Floor
from tests.reports.slow import Numbers, Slow, begins, differing
from wallboard.accounts.viewer import Viewer
from wallboard.api.report_rows import Row, rows_of, written
from wallboard.push import live
from wallboard.reports.reading import Report, read_of

WITHIN = {"wait_p50": 0.05, "wait_p90": 0.05}


class Desk:
    """A floor whose archive is added up when it is told so."""

    def __init__(self, floor: Floor, owner: Organisation) -> None:
        self.floor, self.day, self.owner = floor, floor.day, owner

    @property
    def now(self) -> int:
        """The instant it is."""
        return self.floor.now

    async def until(self, now: int, *, keep: bool, roll: bool, rolled_at: int | None = None) -> Slow:
        """The day goes on; the archive takes what has ended, or stays behind; and so do the sums. `rolled_at`: as of when they are made."""
        slow = await self.floor.until(now, keep=keep)
        if roll:
            await self.roll(rolled_at or now)
        return Slow(documents=slow.documents, as_of=now, timezone=self.day.timezone, settings=self.day.settings)

    async def roll(self, now: int) -> None:
        """The sums are brought up to an instant."""
        await database_sync_to_async(rolling.work)(self.owner, now, lambda: True)

    def span(self, first: str, last: str, interval: Interval, **chosen: Any) -> Span:
        """Days of this organisation."""
        return Span(organisation=ORGANISATION, timezone=self.day.timezone, first=first, last=last, interval=interval, **chosen)

    async def report(self, span: Span, kind: Kind, viewer: Viewer | None = None, **how: Any) -> Report:
        """A report as of this instant."""
        # What was computed a moment ago is as of then.
        self.floor.organisation._settled_at = float("-inf")
        report = await read_of(self.floor.organisation, span, kind, viewer, **how)
        assert report.as_of == self.now
        assert report.recounting == 0
        return report

    async def rows(self, span: Span, kind: Kind) -> list[Row]:
        """The same as rows."""
        return list(rows_of(await self.report(span, kind)))


async def faults_of(desk: Desk, slow: Slow, span: Span) -> list[str]:
    """Where a report of queues, of agents or of the site differs from the slow one, in words."""
    faults: list[str] = []
    days = (span.first, span.last)
    told: dict[str, dict[tuple[str, str], Numbers]] = {
        "queue": slow.queues(span.interval, *days),
        "agent": slow.agents(span.interval, *days),
        "site": slow.site(span.interval, *days),
    }
    kinds: tuple[Kind, ...] = ("queue", "agent", "site")
    for kind in kinds:
        report, wanted = await desk.report(span, kind), dict(told[kind])
        places = []
        for line in report.lines:
            at = begins(line.start, slow.timezone, span.interval)
            places.append((line.key, at))
            if span.interval in ("15m", "30m", "1h") and written(line.start, slow.timezone) != at:
                faults.append(f"{kind} {line.key}: an interval begins at {written(line.start, slow.timezone)}, not at {at}")
            numbers, name = report.numbers(line), f"{span.interval} {kind} {line.key} {at}"
            expected = wanted.pop((line.key, at), None)
            if expected is None and kind != "agent":
                faults.append(f"{name}: not expected")
            faults += differing(name, expected or {}, numbers, near)
            if kind == "agent":
                faults += differing(name, slow.times(line.key, line.start, line.end), numbers, same_time)
        if places != sorted(set(places), key=places.index):
            faults.append(f"{kind}: a line twice")
        faults += [f"{span.interval} {kind} {key} {at}: missing" for key, at in wanted]
    return faults


def near(metric: str, one: Any, other: Any) -> bool:
    """Equal, or within what a histogram may be wrong."""
    if one is None or other is None:
        return one is None and other is None
    return math.isclose(one, other, rel_tol=WITHIN.get(metric, 1e-9), abs_tol=1e-6)


def same_time(_metric: str, one: Any, other: Any) -> bool:
    """Equal; who was never heard has no time, which is none."""
    return math.isclose(one or 0, other or 0, abs_tol=1e-6)


@pytest_asyncio.fixture
async def desks(redis_server: str, transactional_db: None) -> AsyncIterator[Any]:
    """Makes desks of days; ends them."""
    made: list[Floor] = []

    async def make(today: Day) -> Desk:
        rules = rules_of(today.settings)
        owner, _made = await Organisation.objects.aupdate_or_create(
            slug=ORGANISATION, defaults={"name": "North", "timezone": today.timezone}
        )
        for key, each in rules.targets.items():
            await SettingInForce._default_manager.acreate(
                organisation=ORGANISATION,
                queue=key,
                from_day="",
                target_ms=each.target_ms,
                short_ms=each.short_ms,
                share=each.share,
                variant=each.variant,
            )
        bench = Bench(redis_server, today.timezone, rules)
        await bench.worker()
        made.append(Floor(bench, today))
        return Desk(made[-1], owner)

    yield make
    for floor in made:
        await floor.organisation.end()
        await floor.bench.close()
    await live.close()
    await let_go()
