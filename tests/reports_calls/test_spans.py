"""The law of receipts of spans: every cell of a report opens the oracle's list, and counting it again gives the cell."""

import random
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.http import QueryDict

from stats.domain.periods import QUARTER_MS, business_day, day_bounds
from stats.domain.report import Hours
from stats.history.rollup_tables import SettingInForce
from tests.laws.road import ORGANISATION
from tests.oracle.days import day
from tests.receipts.lists import CALLS, OFFERS, VISITS, Entry, SlowDay
from tests.receipts.test_days import EVERYBODY
from tests.reports.desk import Desk, desks
from wallboard.accounts.viewer import Viewer
from wallboard.api.receipt_shape import NoSuchNumber, Receipt, Wish
from wallboard.api.span_receipt import receipt_of_span
from wallboard.api.spans import AskedTime, read_time
from wallboard.pages.addresses import receipt_address

__all__ = ["desks"]
pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True), pytest.mark.engines]
OF_QUEUES = [*(name for name in VISITS if name != "sl_budget"), "service_level"]
OF_SITE = [*CALLS, "true_abandoned"]
OF_AGENTS = [*OFFERS, "outgoing"]
TIMES = ("time_ready", "time_logged_in", "occupancy", "time_talking")


def asked_by(address: str, timezone: str) -> AskedTime:
    """What a link to a receipt asks for."""
    return read_time(QueryDict(address.partition("?")[2]), timezone)


async def receipt(desk: Desk, scope: str, metric: str, asked: AskedTime, *, viewer: Viewer = EVERYBODY) -> tuple[Receipt, list[Entry]]:
    """A receipt with its whole list, read in pages of seven."""
    desk.floor.organisation._settled_at = float("-inf")
    wish = Wish(scope=scope, metric=metric, limit=7)
    told = first = await receipt_of_span(desk.floor.organisation, viewer, wish, asked)
    lines = [*told.lines]
    while told.next is not None:
        wish = Wish(scope=scope, metric=metric, limit=7, after=told.next)
        told = await receipt_of_span(desk.floor.organisation, viewer, wish, asked)
        lines += told.lines
    places = [(line.row.id_call, line.row.number, line.row.at, line.row.key) for line in lines]
    assert len(set(places)) == len(places), "a page repeated a row"
    entries = [(line.row.id_call, line.row.at, line.counted) for line in lines]
    return first, sorted(entries, key=lambda entry: (entry[1], entry[0]), reverse=True)


def wanted(slow: SlowDay, scope: str, metric: str, asked: AskedTime) -> list[Entry]:
    """The oracle's list."""
    kind, _, key = scope.partition(":")
    first, last = asked.first, asked.end - 1
    if kind == "agent":
        found = slow._offers(key, metric, first, last)
    elif metric in CALLS:
        found = [(call.id_call, call.started, True) for call in slow.calls if CALLS[metric](call) and first <= call.started <= last]
    elif metric == "true_abandoned":
        found = [(call.id_call, call.started, True) for call in slow._lost() if first <= call.started <= last]
    else:
        found = slow._visits(key, metric, first, last)
    hours, timezone = asked.hours, asked.timezone
    inside = [each for each in found if hours is None or hours.hold(each[1] - each[1] % QUARTER_MS, timezone)]
    return sorted(inside, key=lambda entry: (entry[1], entry[0]), reverse=True)


def written(at: int, timezone: str) -> str:
    """An instant as a report's cell is linked to."""
    return datetime.fromtimestamp(at / 1000, ZoneInfo(timezone)).isoformat()


def spans(dice: random.Random, desk: Desk) -> list[str]:
    """Addresses of cells: yesterday and today, one quarter, two hours, today's hours, one weekday."""
    timezone = desk.day.timezone
    today = business_day(desk.now, timezone)
    yesterday = business_day(day_bounds(today, timezone)[0] - 1, timezone)
    quarter = desk.now - desk.now % QUARTER_MS - dice.randrange(8) * QUARTER_MS
    local = datetime.fromtimestamp(quarter / 1000, ZoneInfo(timezone))
    hours = Hours(opens=max(0, local.hour * 60 - 60), closes=local.hour * 60 + 30, weekdays=frozenset({local.isoweekday()}))
    address = lambda **how: receipt_address("site", "offered", **how)  # noqa: E731
    return [
        address(first=yesterday, last=today),
        address(first=today),
        address(first=written(quarter, timezone), last=written(quarter + QUARTER_MS, timezone)),
        address(first=written(quarter - 5 * QUARTER_MS, timezone), last=written(quarter + QUARTER_MS, timezone)),
        address(first=yesterday, last=today, hours=hours),
    ]


@pytest.mark.parametrize("seed", range(2))
async def test_every_cell_of_a_report_opens_the_oracles_list_and_is_counted_again_from_it(desks: Any, seed: int) -> None:
    """Two instants of a day, calls open, the archive and its sums a step behind or not, five kinds of spans."""
    dice = random.Random(seed)
    desk: Desk = await desks(day(seed + 40, n_calls=60))
    begin = min(frame.emitted_at_ms for frame in desk.day.frames())
    faults: list[str] = []
    for place, keep, roll in ((0.6, True, True), (1.0, False, False)):
        slow = (await desk.until(begin + round(place * (desk.day.now_ms - begin)), keep=keep, roll=roll)).day()
        queues, agents = sorted(slow.setting), slow.agents
        for address in spans(dice, desk):
            asked = asked_by(address, desk.day.timezone)
            chosen = [("site", metric) for metric in dice.sample([*OF_SITE, *OF_QUEUES], 3)]
            chosen += [(f"queue:{dice.choice(queues)}", metric) for metric in dice.sample(OF_QUEUES, 4)]
            chosen += [(f"agent:{dice.choice(agents)}", metric) for metric in dice.sample([*OF_AGENTS, *TIMES], 3)]
            for scope, metric in chosen:
                told, entries = await receipt(desk, scope, metric, asked)
                name = f"{place} {scope} {metric} {address.partition('?')[2]}"
                if not told.agrees:
                    faults.append(f"{name}: the report has {told.value}, counted again {told.recounted}")
                if metric not in TIMES and entries != (expected := wanted(slow, scope, metric, asked)):
                    faults.append(f"{name}: {len(expected)} expected, {len(entries)} found, {set(expected) ^ set(entries)}")
    assert not faults, "\n".join(faults[:20])


async def test_each_day_is_judged_by_what_its_queue_promised_on_it(desks: Any) -> None:
    """A target that changed at midnight: the visits of the evening before are judged by the one before, and the page can say so."""
    desk: Desk = await desks(day(61, n_calls=90, now_ms=1_779_055_200_000 + 45 * 60_000))
    today = business_day(desk.now or desk.day.now_ms, desk.day.timezone)
    slow = (await desk.until(desk.day.now_ms, keep=True, roll=False)).day()
    key = max(slow.setting, key=lambda key: len(slow._visits(key, "answered", 0, desk.now)))
    await SettingInForce._default_manager.filter(organisation=ORGANISATION, queue=key).adelete()
    for from_day, target_ms in (("", 3_600_000), (today, 1)):
        await SettingInForce._default_manager.acreate(organisation=ORGANISATION, queue=key, from_day=from_day, target_ms=target_ms)
    await desk.roll(desk.now)
    first = business_day(day_bounds(today, desk.day.timezone)[0] - 1, desk.day.timezone)
    asked = asked_by(receipt_address(f"queue:{key}", "answered_in_target", first=first, last=today), desk.day.timezone)
    told, entries = await receipt(desk, f"queue:{key}", "answered_in_target", asked)
    answered = slow._visits(key, "answered", asked.first, asked.end - 1)
    midnight = day_bounds(today, desk.day.timezone)[0]
    before = [entry[0] for entry in answered if entry[1] < midnight]
    assert before
    assert {entry[0] for entry in entries if entry[1] < midnight} == set(before)
    assert told.agrees, (told.value, told.recounted)
    assert [(from_day, targets.target_ms) for from_day, targets in told.settings] == [("", 3_600_000), (today, 1)]


async def test_who_sees_one_queue_is_told_of_that_queue_alone(desks: Any) -> None:
    """The site is made of it, another queue is not there, and numbers that cannot be split are refused."""
    desk: Desk = await desks(day(62, n_calls=60))
    slow = (await desk.until(desk.day.now_ms, keep=True, roll=True)).day()
    today = business_day(desk.now, desk.day.timezone)
    mine, other = sorted(slow.setting)[:2]
    viewer = Viewer(kind="person", organisation=ORGANISATION, role="viewer", abilities=frozenset({"calls"}), queues=frozenset({mine}))
    asked = asked_by(receipt_address("site", "offered", first=today), desk.day.timezone)
    told, entries = await receipt(desk, "site", "offered", asked, viewer=viewer)
    assert entries == wanted(slow, f"queue:{mine}", "offered", asked)
    assert told.agrees
    assert told.value == len(entries) > 0
    for scope, metric in ((f"queue:{other}", "offered"), ("site", "calls_in"), ("queue:no-such-queue", "offered")):
        with pytest.raises(NoSuchNumber):
            await receipt(desk, scope, metric, asked, viewer=viewer)
    both, _entries = await receipt(desk, "site", "offered", asked_by(f"?from={today}&queue={mine}&queue={other}", desk.day.timezone))
    alone, _entries = await receipt(desk, f"queue:{other}", "offered", asked)
    assert (both.value, both.agrees) == (told.value + alone.value, True)  # type: ignore[operator]


async def test_a_queue_that_the_live_store_has_forgotten_keeps_its_receipts_and_its_name(desks: Any) -> None:
    desk: Desk = await desks(day(63, n_calls=60))
    slow = (await desk.until(desk.day.now_ms, keep=True, roll=True)).day()
    today = business_day(desk.now, desk.day.timezone)
    key = max(slow.setting, key=lambda key: len(slow._visits(key, "offered", 0, desk.now)))
    before, _entries = await receipt(desk, f"queue:{key}", "offered", asked_by(f"?from={today}", desk.day.timezone))
    name = desk.floor.organisation.mirror.facts.queues[key].party.name
    del desk.floor.organisation.mirror.facts.queues[key]
    told, entries = await receipt(desk, f"queue:{key}", "offered", asked_by(f"?from={today}", desk.day.timezone))
    assert told.name == name
    assert len(entries) == told.total == before.total > 0
