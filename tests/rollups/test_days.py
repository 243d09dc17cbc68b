"""The law of sums: of random days, by quarter and by day, for every queue, agent and the site, they are what the slow way counts."""

from collections import Counter
from typing import Any

import pytest
from channels.db import database_sync_to_async

from stats.domain.periods import business_day, day_bounds, quarter_of
from stats.history import rolling
from stats.history.rollup_tables import AgentRollup, QueueRollup, SettingInForce, SiteRollup
from stats.history.tables import ArchivedCall
from tests.laws.road import ORGANISATION, rules_of
from tests.oracle.days import Day, day
from tests.oracle.documents import Documents, Identities, agent_objects, dig, queue_objects
from tests.oracle.journeys import Call, Visit
from tests.oracle.presence import TIMED, time_in_states
from tests.oracle.slow import in_target, is_short
from tests.receipts.lists import SlowDay
from tests.receipts.test_days import Floor, floors
from tests.rollups.sums import QUARTER_MS, always, organisation
from tests.time.test_odd_days import odd_day

__all__ = ["floors"]
pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True), pytest.mark.engines]
ODD = [
    ("Europe/Stockholm", "2026-03-29"),
    ("Europe/Stockholm", "2026-10-25"),
    ("Asia/Kathmandu", "2026-01-31"),
    ("Australia/Lord_Howe", "2026-10-04"),
    ("Europe/Helsinki", "2026-02-28"),
]
Place = tuple[str, str, int]  # kind, key of today, first instant
Sums = dict[Place, Counter[str]]


def settings(told: Day) -> None:
    """What the queues of a day promise, ever since."""
    for key, targets in rules_of(told.settings).targets.items():
        SettingInForce._default_manager.create(
            organisation=ORGANISATION, queue=key, from_day="", target_ms=targets.target_ms, short_ms=targets.short_ms,
            share=targets.share, variant=targets.variant,
        )  # fmt: skip


def slow_sums(slow: SlowDay, ids: set[str], begins: Any) -> Sums:
    """The slow way: every visit, offer and call put where its instant lies, one by one. `begins`: instant -> the beginning of its time."""
    sums: Sums = {}

    def put(kind: str, key: str | None, at: int, **amounts: int) -> None:
        if key is not None:
            sums.setdefault((kind, key, begins(at)), Counter()).update({name: n for name, n in amounts.items() if n})

    for call in slow.calls:
        if call.id_call not in ids:
            continue
        if call.direction != "out" and not call.internal:
            for visit in call.visits:
                put("queue", visit.queue, visit.entered, **_visit(visit, slow))
        out: dict[str, int] = {}
        for offer in call.offers:
            if offer.direction == "out":
                out[offer.agent] = min(offer.began, out.get(offer.agent, offer.began))
                continue
            over, talked = not offer.active, offer.answered and offer.talk is not None
            put(
                "agent", offer.agent, offer.began, offers=1, **{offer.outcome: 1}, ring_sum=(offer.ring or 0) * over,
                talk_sum=(offer.talk or 0) * over, hold_sum=(offer.hold or 0) * over, talk_n=int(over and talked),
            )  # fmt: skip
        for agent, at in out.items():
            put("agent", agent, at, outgoing=1)
        put("site", "", call.started, **_call(call, slow))
    return {place: told for place, told in sums.items() if any(told.values())}


def _visit(visit: Visit, slow: SlowDay) -> dict[str, int]:
    told = {"offered": 1, "wait_ends": int(visit.wait is not None)}
    short, met = is_short(visit, slow.setting), in_target(visit, slow.setting)
    if visit.outcome == "answered":
        told |= {"answered": 1, "answered_in_target": int(met), "transferred": int(visit.transferred)}
        if visit.wait is not None:
            told |= {"wait_n": 1, "wait_sum": visit.wait, f"answered bin {min(120, visit.wait // 5000)}": 1}
        if visit.talk is not None:
            told |= {"talk_n": 1, "talk_sum": visit.talk, "hold_sum": visit.hold or 0}
    elif visit.outcome == "abandoned":
        told |= {"short_abandoned": 1, "short_in_target": int(met)} if short else {"abandoned": 1, "abandoned_in_target": int(met)}
        if visit.wait is not None:
            told[f"abandoned bin {min(120, visit.wait // 5000)}"] = 1
            told |= {} if short else {"abandon_wait_n": 1, "abandon_wait_sum": visit.wait}
    else:
        told[visit.outcome] = 1
    del told["wait_ends"]
    return {name: n for name, n in told.items() if name not in ("expired", "waiting")}


def _call(call: Call, slow: SlowDay) -> dict[str, int]:
    incoming = call.direction == "in" and not call.internal
    last = call.visits[-1] if call.visits else None
    return {
        "calls_in": int(incoming),
        "calls_out": int(call.direction == "out" and not call.internal),
        "calls_internal": int(call.internal),
        "calls_answered": int(incoming and call.answered),
        "ivr_abandoned": int(incoming and call.is_over and not call.answered and last is None and call.ivr),
        "true_abandoned": int(incoming and last is not None and last.outcome == "abandoned" and not is_short(last, slow.setting)),
    }


def rolled_sums(documents: Documents, grain: int) -> Sums:
    """The rows of the tables, by the key of today that all documents together tell; watched time left out."""
    queues, agents = Identities.of(queue_objects(documents)), Identities.of(agent_objects(documents))
    sums: Sums = {}
    for model, kind, ids in ((QueueRollup, "queue", queues), (AgentRollup, "agent", agents), (SiteRollup, "site", None)):
        for row in model._default_manager.filter(organisation=ORGANISATION, grain=grain).values():
            key = row.get(kind, "")
            if ids is not None and key.startswith("a:"):
                key = ids.key({"account_id": int(key[2:])})
            told = Counter({name: n for name, n in row.items() if isinstance(n, int) and n and not name.startswith("time_")})
            for name in ("grain", "start_ms", "definitions", "wait_max", "target_ms", "short_ms"):
                told.pop(name, None)
            for which in ("answered", "abandoned"):
                bins = rolling.rolling_rows.read_counts(row[f"{which}_bins"]) if kind == "queue" else {}
                told.update({f"{which} bin {place}": n for place, n in bins.items()})
            if any(told.values()):
                sums.setdefault((kind, key, row["start_ms"]), Counter()).update(told)
    return sums


def longest(slow: SlowDay, ids: set[str]) -> dict[tuple[str, int], int]:
    """(queue, quarter) -> the longest wait of a visit that waits no more."""
    found: dict[tuple[str, int], int] = {}
    for call in slow.calls:
        if call.id_call in ids and call.direction != "out" and not call.internal:
            for visit in call.visits:
                if visit.wait is not None:
                    place = (visit.queue, quarter_of(visit.entered))
                    found[place] = max(visit.wait, found.get(place, 0))
    return found


async def same_as_slow(floor: Floor, told: Day, steps: int) -> None:
    """The day on the road, archived and added up step by step; then every row compared, by quarter and by day."""
    owner = await database_sync_to_async(organisation)(told.timezone)
    await database_sync_to_async(settings)(told)
    begin = min(frame.emitted_at_ms for frame in told.frames())
    end = quarter_of(told.now_ms) + 2 * QUARTER_MS
    slow = None
    for n in range(1, steps + 1):
        now = begin + (told.now_ms - begin) * n // steps
        slow = await floor.until(now, keep=True)
        await database_sync_to_async(rolling.work)(owner, now, always)
    assert slow is not None
    await database_sync_to_async(rolling.work)(owner, end, always)
    ids = {row async for row in ArchivedCall.objects.values_list("id_call", flat=True)}
    assert len(ids) > 0.8 * len(slow.calls), "nearly all calls are over"
    for grain, begins in ((15, quarter_of), (1440, lambda at: day_bounds(business_day(at, told.timezone), told.timezone)[0])):
        wanted, found = slow_sums(slow, ids, begins), await database_sync_to_async(rolled_sums)(slow.documents, grain)
        faults = [(place, wanted.get(place), found.get(place)) for place in {*wanted, *found} if wanted.get(place) != found.get(place)]
        assert not faults, sorted(faults, key=str)[:5]
    queues = Identities.of(queue_objects(slow.documents))
    most: dict[tuple[str, int], int] = {}
    async for row in QueueRollup._default_manager.filter(grain=15, wait_max__isnull=False):
        key = row.queue if not row.queue.startswith("a:") else queues.key({"account_id": int(row.queue[2:])})
        assert row.wait_max is not None
        most[(key or "", row.start_ms)] = max(row.wait_max, most.get((key or "", row.start_ms), 0))
    assert most == longest(slow, ids)
    await same_times(slow, begin, end)


async def same_times(slow: SlowDay, begin: int, end: int) -> None:
    """Watched time of every agent, quarter by quarter."""
    agents = Identities.of(agent_objects(slow.documents))
    heard: dict[str, list[Any]] = {}
    for at, doc in slow.documents.presences:
        if key := agents.key(dig(doc, "agent")):
            heard.setdefault(key, []).append((at, doc))
    names = [*(f"time_{state}" for state in TIMED), "time_logged_in"]
    wanted: Sums = {}
    for agent, documents in heard.items():
        for quarter in range(quarter_of(begin), end, QUARTER_MS):
            told = time_in_states(documents, quarter, quarter + QUARTER_MS)
            if any(told[name] for name in names):
                wanted[("agent", agent, quarter)] = Counter({name: round((told[name] or 0) * 1000) for name in names if told[name]})
    found: Sums = {}
    async for row in AgentRollup._default_manager.filter(organisation=ORGANISATION, grain=15):
        key = row.agent if not row.agent.startswith("a:") else agents.key({"account_id": int(row.agent[2:])})
        times = Counter({name: getattr(row, name) for name in names if getattr(row, name)})
        if times:
            found.setdefault(("agent", key or "", row.start_ms), Counter()).update(times)
    assert wanted
    faults = [(place, wanted.get(place), found.get(place)) for place in {*wanted, *found} if wanted.get(place) != found.get(place)]
    assert not faults, sorted(faults, key=str)[:5]


@pytest.mark.parametrize("seed", range(2))
async def test_every_quarter_of_a_random_day_is_what_the_slow_way_counts(floors: Any, seed: int) -> None:
    """Added up in five steps, in between of which calls and presence go on and change what was added up."""
    told = day(seed, n_calls=60)
    await same_as_slow(await floors(told), told, 5)


@pytest.mark.parametrize(("timezone", "name"), ODD)
async def test_days_of_odd_lengths_and_odd_zones_are_added_up_whole(floors: Any, timezone: str, name: str) -> None:
    """Both changes of the clocks, ends of months, and zones a quarter of an hour off."""
    told = odd_day(timezone, name)
    await same_as_slow(await floors(told), told, 2)
