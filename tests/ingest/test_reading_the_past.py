"""What the past says wrongly, late or in part is never taken for a whole day: not once, on no page."""

import asyncio
import time
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest

from stats.clock import now_ms
from stats.domain.board import values
from stats.domain.metrics import CountingRules
from tests.acceptance.told_calls import FIRST, visit
from tests.laws.road import ORGANISATION, nested
from tests.laws.watched import Watched, comes_true, watched

pytestmark = pytest.mark.asyncio
CALLS, PAGE = 60, 15
PAGES = CALLS // PAGE


def rows(number: int = CALLS) -> list[dict[str, Any]]:
    """Answered calls of the last minutes, as queue rows tell them."""
    now = now_ms()
    told = []
    for n in range(number):
        start = now - 1_200_000 + n * 10_000
        queue = {"id": 4501, "name": "Kö ett", "timestart": start}
        times = {"start": start, "end": start + 5_000}
        told.append({"idCall": f"c{n:03}", "active": 0, "answered": 1, "callDirection": "incoming", "queue": queue, "time": times})
    return told


def answered(watch: Watched) -> Any:
    """What a reader is shown of the last hour, whichever day it is in."""
    return nested(values(watch.mirror.facts, now_ms()))["site"]["60m"]["answered"]


async def shown(watch: Watched, seconds: float) -> list[Any]:
    """Every number of answered calls that was shown in a time."""
    seen: list[Any] = []
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        await watch.mirror.refresh(now_ms())
        seen.append(answered(watch))
        await asyncio.sleep(0.05)
    return seen


class Fault:
    """Spoils the answer of one page of the queue rows, for as long as it is on."""

    def __init__(self, number: int, how: str) -> None:
        self.on, self._page, self._how = True, number, how
        self.spoilt = 0

    def __call__(self, variables: Mapping[str, Any], right: dict[str, Any]) -> Any:
        told = (right.get("data") or {}).get("queues")
        if not self.on or told is None or (told["totalCount"] or 0) < CALLS:
            return right
        number = int(told["data"][0]["idCall"][1:]) // PAGE if told["data"] else PAGES
        if number != self._page:
            return right
        self.spoilt += 1
        error = [{"message": "the index is away"}]
        return {
            "no data": {"data": None, "errors": error},
            "null root": {"data": {"queues": None}, "errors": error},
            "empty rows": {"data": {"queues": told | {"data": [], "totalCount": 0, "hasNextPage": False}}, "errors": error},
            "odd rows": {"data": {"queues": told | {"data": "none"}}},
            "more of nothing": {"data": {"queues": told | {"data": [], "totalCount": None, "hasNextPage": True}}},
        }[self._how]


@pytest.mark.fault("B1", "B3")
@pytest.mark.parametrize(("number", "how"), [(0, "no data"), *((number, "empty rows") for number in range(PAGES))])
async def test_a_page_that_fails_is_never_a_part_of_a_whole_day(redis_server: str, number: int, how: str) -> None:
    """On the first page and on each later one: no number while it lasts, and every call when it is over."""
    async with watched(redis_server, CountingRules()) as watch:
        watch.upstream.history.set("queues", rows())
        watch.upstream.history.page_cap = PAGE
        watch.upstream.edit_answer = fault = Fault(number, how)
        await watch.begin()
        await comes_true(lambda: fault.spoilt)
        seen = await shown(watch, 0.5)
        assert set(seen) == {None}
        assert await watch.state() in ("connecting", "seeding")
        fault.on = False
        await watch.until("live", 25)
        await watch.settled()
        await watch.mirror.refresh(now_ms())
        assert answered(watch) == CALLS


@pytest.mark.fault("B1", "B3")
@pytest.mark.parametrize("how", ["null root", "odd rows", "more of nothing"])
async def test_an_envelope_of_odd_types_is_asked_again_at_a_pace_and_told(redis_server: str, how: str) -> None:
    """No hot loop, no number, and the reason where people look."""
    async with watched(redis_server, CountingRules()) as watch:
        watch.upstream.history.set("queues", rows())
        watch.upstream.edit_answer = Fault(0, how)
        await watch.begin()
        assert set(await shown(watch, 2)) == {None}
        asked = [a.at for a in watch.upstream.asked if "queues(" in a.query]
        assert len(asked) < 20
        source = watch.mirror.facts.sources["telavox"]
        assert source.state == "seeding"
        assert not source.exact


@pytest.mark.fault("B4")
async def test_a_day_that_will_not_prove_itself_is_shown_and_said_not_to_be_exact(redis_server: str) -> None:
    """The vendor counts one row more than it ever sends: its numbers are numbers, and everybody can tell that they are not proved."""

    def counts_one_more(_: Mapping[str, Any], right: dict[str, Any]) -> Any:
        told = (right.get("data") or {}).get("queues")
        return {"data": {"queues": told | {"totalCount": told["totalCount"] + 1}}} if told else right

    async with watched(redis_server, CountingRules()) as watch:
        watch.upstream.history.set("queues", rows(20))
        watch.upstream.edit_answer = counts_one_more
        await watch.begin()
        await watch.until("live", 25)
        await watch.settled()
        await watch.mirror.refresh(now_ms())
        source = watch.mirror.facts.sources["telavox"]
        assert answered(watch) == 20
        assert (source.known, source.exact) == (True, False)
        assert source.reason == "the past was read, and is not proved complete"


@pytest.mark.fault("B7")
async def test_a_row_that_is_poison_costs_itself_and_is_counted_once(redis_server: str) -> None:
    """However often it is read; the rest of its page counts, and the pass is whole but for it."""
    async with watched(redis_server, CountingRules()) as watch:
        poison = {"idCall": "bad\nid", "active": 0, "queue": {"id": 4501, "name": "Kö ett"}, "time": {"start": now_ms() - 60_000}}
        watch.upstream.history.set("queues", [*rows(20), poison])
        await watch.begin()
        await watch.until("live", 25)
        assert watch.session is not None
        for _ in range(2):
            watch.session._past.look(0)
            await asyncio.sleep(0.3)
        await watch.settled()
        await watch.mirror.refresh(now_ms())
        assert answered(watch) == 20
        assert watch.session.quarantine.total == 1
        asked = [a for a in watch.upstream.asked if "queues(" in a.query]
        assert len(asked) >= 4, "it was read once, and could not be counted twice"


@pytest.mark.fault("B5")
async def test_a_slow_past_holds_up_no_frame(redis_server: str) -> None:
    """Half a minute a page, in small: what is told live is in the store at once, and the pages are asked one after the other."""
    async with watched(redis_server, CountingRules()) as watch:
        watch.upstream.history.set("queues", rows())
        watch.upstream.graphql_delay_s = 1.5
        await watch.begin()
        await watch.upstream.until_open()
        began, took = now_ms(), list[float]()
        for n in range(5):
            sent = time.monotonic()
            await watch.upstream.send("queues", visit(f"live{n}", FIRST, began))

            async def shows(id_call: str = f"live{n}") -> bool:
                return id_call in await watch.store.living_ids(ORGANISATION, "telavox")

            await comes_true(shows)
            took.append(time.monotonic() - sent)
        assert max(took) < 1.5, took
        assert watch.session is not None
        assert watch.session.health.gap, "the past had been read before the frames: nothing was tried"
        asked = [a.at for a in watch.upstream.asked]
        assert sum(later - earlier < 1.0 for earlier, later in pairwise(asked)) <= len(asked) // 2 + 2
