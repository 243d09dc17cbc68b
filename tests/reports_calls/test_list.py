"""The list of calls: what fits is on exactly one page, newest first, whatever comes meanwhile, and nobody sees more than theirs."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from stats.domain.call_list import Entry, Filters
from stats.domain.periods import business_day, day_bounds
from stats.live.keys import key
from tests.laws.road import ORGANISATION, SOURCE
from tests.oracle.days import day
from tests.oracle.documents import e164
from tests.oracle.journeys import Call
from tests.receipts.lists import SlowDay
from tests.reports.desk import Desk, desks
from wallboard.reports import call_search
from wallboard.reports.call_search import CallPage, Wish, find_calls

__all__ = ["desks"]
pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True), pytest.mark.engines]
DAY_MS = 86_400_000
Fits = Callable[[Call], list[int]]  # the instants at which a call may stand


async def page(desk: Desk, wish: Wish) -> CallPage:
    """A page as of now, however long it takes to look."""
    desk.floor.organisation._settled_at = float("-inf")
    await desk.floor.organisation.fresh(0.0)
    return await find_calls(ORGANISATION, desk.floor.organisation.mirror.facts, wish, desk.now)


async def pages(desk: Desk, wish: Wish) -> list[CallPage]:
    """Every page, from the newest on."""
    found = [await page(desk, wish)]
    while found[-1].older is not None:
        found.append(await page(desk, replace(wish, before=found[-1].older)))
    return found


def wish(desk: Desk, *, limit: int = 7, look_s: float = 60.0, **asked: Any) -> Wish:
    """All the time there is, in small pages."""
    first = day_bounds(business_day(desk.now, desk.day.timezone), desk.day.timezone)[0] - DAY_MS
    return Wish(asked=Filters(**asked), pieces=[(first, desk.now + DAY_MS)], limit=limit, look_s=look_s)


def placed(entries: list[Entry]) -> list[tuple[str, int]]:
    """What a list is compared by."""
    return [(entry.id_call, entry.at) for entry in entries]


def expected(slow: SlowDay, fits: Fits) -> list[tuple[str, int]]:
    """The oracle's list, newest first."""
    found = [(call.id_call, max(instants)) for call in slow.calls if (instants := fits(call))]
    return sorted(found, key=lambda each: (each[1], each[0]), reverse=True)


@pytest.fixture(autouse=True)
def time_to_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a number of calls is given up as "more than"; that is a test of its own."""
    monkeypatch.setattr(call_search, "COUNT_S", 60.0)


def started(test: Callable[[Call], bool]) -> Fits:
    """Calls stand at their start."""
    return lambda call: [call.started] if test(call) else []


def questions(slow: SlowDay, dice: random.Random) -> dict[str, tuple[dict[str, Any], Fits]]:
    """What may be asked, and the oracle's answer."""
    queue, agent = dice.choice(sorted(slow.setting)), dice.choice(slow.agents)
    caller = dice.choice([number for call in slow.calls if (number := e164(call.number, "46"))])

    def visits(test: Callable[[Any], bool]) -> Fits:
        return lambda call: [v.entered for v in call.visits if v.queue and test(v)]

    return {
        "all": ({}, started(lambda _call: True)),
        "incoming": ({"direction": "in"}, started(lambda call: call.direction == "in" and not call.internal)),
        "internal": ({"direction": "internal"}, started(lambda call: call.internal)),
        "menu": ({"ivr": True}, started(lambda call: call.ivr)),
        "number": ({"number": caller}, started(lambda call: e164(call.number, "46") == caller)),
        "queue": ({"queues": frozenset({queue})}, visits(lambda v: v.queue == queue)),
        "gave up": (
            {"queues": frozenset({queue}), "outcome": "abandoned"},
            visits(lambda v: v.queue == queue and v.outcome == "abandoned"),
        ),
        "waited": (
            {"wait_least": 20_000, "wait_most": 90_000},
            visits(lambda v: v.outcome != "waiting" and v.wait is not None and 20_000 <= v.wait <= 90_000),
        ),
        "transferred": ({"transferred": True}, visits(lambda v: v.transferred)),
        "agent": ({"agents": frozenset({agent})}, lambda call: [o.began for o in call.offers if o.agent == agent]),
        "seen": ({"seen": frozenset({queue})}, visits(lambda v: v.queue == queue)),
        "agent of mine": (
            {"agents": frozenset({agent}), "seen": frozenset({queue})},
            lambda call: [o.began for o in call.offers if o.agent == agent and any(v.queue == queue for v in call.visits)],
        ),
    }


@pytest.mark.parametrize("seed", range(3))
async def test_every_call_that_fits_is_on_exactly_one_page(desks: Any, seed: int) -> None:
    """With calls open and the archive a step behind, pages read onwards and back are the oracle's list."""
    dice = random.Random(seed)
    desk: Desk = await desks(day(seed + 70, n_calls=70))
    begin = min(frame.emitted_at_ms for frame in desk.day.frames())
    faults: list[str] = []
    for place, keep in ((0.7, True), (1.0, False)):
        slow = (await desk.until(begin + round(place * (desk.day.now_ms - begin)), keep=keep, roll=False)).day()
        for name, (asked, fits) in questions(slow, dice).items():
            told = await pages(desk, wish(desk, **asked))
            entries = [entry for each in told for entry in each.entries]
            if name == "waited":
                # The oracle tells no wait of who waits.
                entries = [entry for entry in entries if entry.outcome != "waiting"]
            if placed(entries) != (those := expected(slow, fits)):
                faults.append(f"{place} {name}: {len(those)} expected, {len(entries)} found, {set(those) ^ set(placed(entries))}")
            if told[0].count is not None and name != "waited" and told[0].count != len(entries):
                faults.append(f"{place} {name}: {told[0].count} were counted, {len(entries)} listed")
            if len(told) > 2:
                back = await page(desk, replace(wish(desk, **asked), after=told[2].entries[0].place))
                if placed(back.entries) != placed(told[1].entries):
                    faults.append(f"{place} {name}: the page before the third is not the second")
    assert not faults, "\n".join(faults)


async def test_calls_that_come_and_end_meanwhile_neither_repeat_nor_hide_a_line(desks: Any) -> None:
    """Between two pages the day goes on, and the archive takes what was alive."""
    desk: Desk = await desks(day(75, n_calls=80))
    begin = min(frame.emitted_at_ms for frame in desk.day.frames())
    at = begin + round(0.6 * (desk.day.now_ms - begin))
    slow = (await desk.until(at, keep=False, roll=False)).day()
    first = wish(desk, limit=3)
    those = expected(slow, started(lambda _call: True))
    seen = [await page(desk, first)]
    while seen[-1].older is not None:
        at += (desk.day.now_ms - at) // 4
        await desk.until(at, keep=len(seen) % 2 == 0, roll=False)
        seen.append(await page(desk, replace(first, before=seen[-1].older)))
    assert len(seen) > 4
    assert [entry.id_call for each in seen for entry in each.entries] == [id_call for id_call, _at in those]
    newest = await page(desk, replace(first, after=seen[1].entries[0].place))
    assert newest.entries[-1].id_call == seen[0].entries[-1].id_call
    assert newest.newer is not None


async def test_a_look_that_takes_too_long_stops_says_how_far_it_came_and_goes_on_from_there(desks: Any) -> None:
    """With no time at all a page comes forward by some instants; together the pages are still the list, each line once."""
    desk: Desk = await desks(day(76, n_calls=80))
    slow = (await desk.until(desk.day.now_ms, keep=True, roll=False)).day()
    asked = {"ivr": True, "direction": "in"}
    hurried = wish(desk, limit=3, look_s=0.0, **asked)
    told = await pages(desk, hurried)
    assert placed([entry for each in told for entry in each.entries]) == expected(
        slow, started(lambda call: call.ivr and call.direction == "in" and not call.internal)
    )
    borders = [each.looked_to for each in told if each.looked_to is not None]
    assert borders
    assert borders == sorted(borders, reverse=True)


async def test_a_call_is_found_by_its_id_whenever_it_was_and_by_nobody_who_may_not_see_it(desks: Any) -> None:
    desk: Desk = await desks(day(77, n_calls=40))
    slow = (await desk.until(desk.day.now_ms, keep=True, roll=False)).day()
    call = next(call for call in slow.calls if call.visits and call.visits[0].queue)
    others = frozenset(slow.setting) - {v.queue for v in call.visits if v.queue}
    nowhen = Wish(asked=Filters(id_call=call.id_call), pieces=[(0, 1)])
    assert placed((await page(desk, nowhen)).entries) == [(call.id_call, call.started)]
    assert (await page(desk, replace(nowhen, asked=replace(nowhen.asked, seen=others)))).entries == []
    assert (await page(desk, replace(nowhen, asked=Filters(id_call="no-such-call")))).entries == []


async def test_more_calls_than_are_counted_are_said_to_be_more(desks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    desk: Desk = await desks(day(78, n_calls=60))
    await desk.until(desk.day.now_ms, keep=True, roll=False)
    whole = await page(desk, wish(desk, limit=5))
    assert whole.count is not None
    assert not whole.at_least
    monkeypatch.setattr(call_search, "MOST_COUNTED", whole.count - 1)
    told = await page(desk, wish(desk, limit=5))
    assert (told.count, told.at_least) == (whole.count - 1, True)
    assert {entry.source for entry in told.entries} == {SOURCE}


@pytest.mark.parametrize("seed", [79, 80])
async def test_who_was_kept_under_an_older_key_is_found_when_the_live_store_knows_nobody_any_more(desks: Any, seed: int) -> None:
    """The archive was told which keys are one; a store that was emptied was not."""
    desk: Desk = await desks(day(seed, n_calls=50))
    slow = (await desk.until(desk.day.now_ms + DAY_MS // 4, keep=True, roll=True)).day()
    facts = replace(desk.floor.organisation.mirror.facts, queues={}, queue_directories={}, agents={})
    faults: list[str] = []
    for queue in slow.setting:
        told = await find_calls(ORGANISATION, facts, wish(desk, limit=1000, queues=frozenset({queue})), desk.now)
        kept = {entry.id_call for entry in told.entries}
        those = {call.id_call for call in slow.calls if call.is_over and any(v.queue == queue for v in call.visits)}
        if those - kept:
            faults.append(f"{queue}: {those - kept} missing of {len(those)}")
    assert not faults, "\n".join(faults)


async def test_a_call_that_is_kept_and_waits_to_be_kept_anew_is_one_line(desks: Any) -> None:
    """What was told again after it was archived is in both places until it is kept again."""
    desk: Desk = await desks(day(81, n_calls=40))
    slow = (await desk.until(desk.day.now_ms, keep=True, roll=False)).day()
    again = [call.id_call for call in slow.calls if call.is_over][:10]
    client = desk.floor.bench.store.connection.client
    await client.zadd(key(ORGANISATION, "unkept", SOURCE), dict.fromkeys(again, 1.0))
    assert len(again) == 10
    told = await pages(desk, wish(desk))
    assert placed([entry for each in told for entry in each.entries]) == expected(slow, started(lambda _call: True))
    assert told[0].count == len(slow.calls)
