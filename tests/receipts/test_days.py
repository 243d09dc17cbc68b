"""The law of receipts: at any instant of any day, every list is the oracle's, and counting it again gives the number."""

import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from stats.domain.definitions import DEFINITIONS, NOW
from stats.history.shelf import Shelf, let_go
from stats.ingest.keeping import Keeping
from tests.laws.road import ORGANISATION, SOURCE, Bench, rules_of
from tests.oracle.days import Day, day
from tests.oracle.slow import live as slow_live
from tests.receipts.lists import CALLS, OFFERS, VISITS, Entry, SlowDay
from wallboard.accounts.viewer import Viewer
from wallboard.api import counting
from wallboard.api.number_receipt import receipt_of
from wallboard.api.receipt_shape import Receipt, Wish
from wallboard.push import live
from wallboard.push.organisation import LiveOrganisation

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True), pytest.mark.engines]
EVERYBODY = Viewer(kind="program", organisation=ORGANISATION, role="program", abilities=frozenset({"calls", "numbers"}))
OF_QUEUES = [*VISITS, "service_level"]
OF_SITE = [*CALLS, "true_abandoned", "lost_callers"]
OF_AGENTS = [*OFFERS, "outgoing"]
TIMES = ("time_ready", "time_logged_in", "occupancy")
# Told by the oracle from whole documents, by the product from the histogram.
WITHIN = {"wait_p50": 0.05, "wait_p90": 0.05}


class Floor:
    """A day on the road into the store, the archive a step behind, and an organisation that looks at it as of any instant."""

    def __init__(self, bench: Bench, today: Day) -> None:
        self.bench, self.day, self.now = bench, today, 0
        self.organisation = LiveOrganisation(ORGANISATION, bench.store, bench.mirror, now=lambda: self.now)
        assert bench.road is not None
        self.keeping = Keeping(bench.store, ORGANISATION, SOURCE, bench.road, Shelf(ORGANISATION))

    async def until(self, now: int, *, keep: bool) -> SlowDay:
        """The day goes on to an instant; with `keep` the archive takes what has ended, else it stays behind."""
        self.bench.hear(self.day.frames(since_ms=self.now, until_ms=now))
        self.now = now
        assert await self.bench.lease.take()
        await self.bench.flush()
        await self.keeping.last_words()
        while keep and await self.keeping.keep_some():
            pass
        return SlowDay(self.day.documents(until_ms=now), now, self.day.timezone, self.day.settings)

    async def first(self, scope: str, metric: str, window: str = "today") -> Receipt:
        """A receipt with its first thousand rows."""
        return await receipt_of(self.organisation, EVERYBODY, Wish(scope=scope, metric=metric, window=window, limit=1000))

    async def receipt(self, scope: str, metric: str, window: str, *, limit: int = 7) -> tuple[Receipt, list[Entry]]:
        """A receipt with its whole list, read page by page."""
        told = first = await receipt_of(self.organisation, EVERYBODY, Wish(scope=scope, metric=metric, window=window, limit=limit))
        assert not told.without_archive
        lines = [*told.lines]
        while told.next is not None:
            told = await receipt_of(
                self.organisation, EVERYBODY, Wish(scope=scope, metric=metric, window=window, limit=limit, after=told.next)
            )
            lines += told.lines
        places = [(line.row.id_call, line.row.number, line.row.at, line.row.key) for line in lines]
        assert len(set(places)) == len(places), "a page repeated a row"
        entries = [(line.row.id_call, line.row.at, line.counted) for line in lines]
        return first, sorted(entries, key=lambda entry: (entry[1], entry[0]), reverse=True)


@pytest_asyncio.fixture
async def floors(redis_server: str) -> AsyncIterator[Any]:
    """Makes floors of days; ends them."""
    made: list[Floor] = []

    async def make(today: Day) -> Floor:
        bench = Bench(redis_server, today.timezone, rules_of(today.settings))
        await bench.worker()
        made.append(Floor(bench, today))
        return made[-1]

    yield make
    for floor in made:
        await floor.organisation.end()
        await floor.bench.close()
    await live.close()
    await let_go()


def expected_number(slow: dict[str, Any], scope: str, metric: str, window: str) -> Any:
    """The oracle's number."""
    kind, _, key = scope.partition(":")
    told = slow["site"] if kind == "site" else next(each for each in slow["agents" if kind == "agent" else "queues"] if each["key"] == key)
    name, _, variant = metric.partition(".")
    value = told[window][name]
    return value[variant] if variant else value


@pytest.mark.parametrize("seed", range(4))
async def test_every_receipt_of_a_day_is_the_oracles_list_and_gives_the_number_again(floors: Any, seed: int) -> None:
    """At three instants, calls open, some of the ended ones archived, some not, read in pages of a few rows."""
    dice = random.Random(seed)
    today = day(seed, n_calls=90)
    floor = await floors(today)
    begin = min(frame.emitted_at_ms for frame in today.frames())
    faults: list[str] = []
    for place, keep in ((0.4, True), (0.75, False), (1.0, True)):
        slow = await floor.until(begin + round(place * (today.now_ms - begin)), keep=keep)
        numbers = slow_live(slow.documents, as_of_ms=floor.now, timezone=today.timezone, settings=today.settings)
        chosen = [("site", metric, "today") for metric in [*OF_SITE, *OF_QUEUES]]
        queues, agents = sorted(slow.setting), slow.agents
        chosen += [(f"queue:{dice.choice(queues)}", metric, dice.choice(["today", "60m", "15m"])) for metric in OF_QUEUES if queues]
        chosen += [(f"agent:{agent}", metric, "today") for agent in dice.sample(agents, min(2, len(agents))) for metric in OF_AGENTS]
        for scope, metric, window in chosen:
            window = "today" if metric in ("sl_budget", "lost_callers") else window
            told, entries = await floor.receipt(scope, metric, window)
            wanted = slow.list_of(scope, metric, window)
            number = expected_number(numbers, scope, metric, window)
            name = f"{place} {scope}.{window}.{metric}"
            if entries != wanted:
                faults.append(f"{name}: {len(wanted)} expected, {len(entries)} found, differing {set(wanted) ^ set(entries)}")
            if told.total != len(wanted) and metric != "longest_wait_window":
                faults.append(f"{name}: a total of {told.total}")
            if not told.agrees:
                faults.append(f"{name}: shown {told.value}, counted again {told.recounted}")
            if told.moved:
                faults.append(f"{name}: nothing moved")
            if not near(told.value, number, WITHIN.get(metric, 0.0)):
                faults.append(f"{name}: shown {told.value}, the oracle's {number}")
        for agent in agents:
            for metric in TIMES:
                told, _entries = await floor.receipt(f"agent:{agent}", metric, "today")
                if not told.agrees:
                    faults.append(f"{place} {agent} {metric}: shown {told.value}, counted again {told.recounted}")
    assert not faults, "\n".join(faults[:20])


def near(one: Any, other: Any, share: float) -> bool:
    """Equal, or within a share of it."""
    return counting.same(one, other) or (one is not None and other is not None and abs(one - other) <= share * abs(other))


async def test_every_number_of_the_registry_is_asked_for_here_or_lists_what_is_going_on() -> None:
    """A number that is added has its list tested, or says why not."""
    asked = {f"queue.{name}" for name in OF_QUEUES} | {f"site.{name}" for name in OF_SITE} | {f"agent.{name}" for name in OF_AGENTS}
    watched = {anchor for anchor, each in DEFINITIONS.items() if each.kind == "presence" or each.windows == NOW}
    assert set(DEFINITIONS) - asked == watched
