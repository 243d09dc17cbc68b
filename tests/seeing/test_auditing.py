"""The auditor on a real Redis: silent while everything is right, and neither silent nor idle when a sum is spoilt."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from stats.clock import now_ms
from stats.domain.audit import Finding, Judge, public_name
from stats.domain.facts import SourceFacts
from stats.domain.merge import FRAME
from stats.domain.metrics import CountingRules
from stats.domain.periods import business_day
from stats.domain.records import Party
from stats.ingest.auditing import Auditing, Auditor
from stats.ingest.pipeline import Road
from stats.live.codec import pack_source
from stats.live.inspection import Inspection
from stats.live.keys import key
from stats.live.leases import Lease
from tests.laws.road import ORGANISATION, SOURCE, Bench, rules_of
from tests.oracle.days import Day, day
from tests.push.floor import ORGANISATION as FLOOR
from tests.push.floor import SALES, ZONE, Worker, ended_call
from tests.upstream.play import disordered

Spoil = Callable[[Bench, str], Awaitable[object]]


def bench_of(url: str, today: Day) -> Bench:
    """A road that has nothing to tell yet."""
    return Bench(url, today.timezone, rules_of(today.settings))


async def told(url: str, today: Day) -> Bench:
    """A road that has told a whole day."""
    bench = bench_of(url, today)
    await bench.worker()
    bench.hear(today.frames())
    await bench.flush()
    return bench


@pytest.mark.parametrize("seed", range(2))
async def test_on_a_right_day_no_number_differs_from_its_recount(redis_server: str, seed: int) -> None:
    """Nasty days, in disorder and twice: after every fifty frames everything that is compared is equal."""
    today = day(seed, n_calls=100)
    bench = bench_of(redis_server, today)
    await bench.worker()
    told_to = [0]
    auditor = Auditor(bench.store, ORGANISATION, now=lambda: told_to[0] or today.now_ms)
    order = disordered(today.frames(), random.Random(seed), duplicates=0.1)
    compared = 0
    for at in range(0, len(order), 50):
        bench.hear(order[at : at + 50])
        await bench.flush()
        told_to[0] = max(frame.emitted_at_ms for frame in order[: at + 50])
        assert await auditor.audit()
        assert auditor.judge is not None
        assert auditor.judge.suspects == {}, list(auditor.judge.suspects)[:20]
        compared = max(compared, auditor.judge.report.compared)
    await bench.close()
    assert compared > 150


async def _queue_sum(bench: Bench, of_day: str) -> object:
    scopes = await bench.store.connection.client.smembers(key(ORGANISATION, "scopes", of_day))
    scope = sorted(s.decode() for s in scopes if s.startswith(b"q:"))[0]
    return await bench.store.connection.client.hincrby(key(ORGANISATION, "day", of_day, scope), "answered", 7)


async def _no_number(bench: Bench, of_day: str) -> object:
    return await bench.store.connection.client.hset(key(ORGANISATION, "day", of_day, "s"), "calls_in", "many")


async def _lost_scope(bench: Bench, of_day: str) -> object:
    return await bench.store.connection.client.delete(key(ORGANISATION, "day", of_day, "s"))


async def _waiting(bench: Bench, _day: str) -> object:
    queue = (await bench.store.connection.client.hkeys(key(ORGANISATION, "queues")))[0].decode()
    return await bench.store.connection.client.hset(key(ORGANISATION, "living"), "telavox/nobody", f'[[["{queue}",1779100000000]],[]]')


@pytest.mark.fault("C4", "A7")
@pytest.mark.parametrize("spoil", [_queue_sum, _no_number, _lost_scope, _waiting])
async def test_a_spoilt_number_is_noticed_counted_told_and_repaired(
    redis_server: str, spoil: Spoil, caplog: pytest.LogCaptureFixture
) -> None:
    """Once is a suspicion, twice a lie; the worker gets the order to make the sums anew, once an hour."""
    today = day(7, n_calls=100)
    bench = await told(redis_server, today)
    bench_facts(bench, state="live")
    await bench.flush()
    auditor = Auditor(bench.store, ORGANISATION, now=lambda: today.now_ms)
    assert await auditor.audit()
    await spoil(bench, business_day(today.now_ms, today.timezone))

    await auditor.audit()
    assert auditor.judge is not None
    assert (auditor.judge.report.suspected, auditor.judge.report.different) == (1, 0) or spoil is _lost_scope
    assert await bench.store.take_order(ORGANISATION, SOURCE) is None, "one look may be a misunderstanding"
    await asyncio.sleep(0.3)
    caplog.clear()
    await auditor.audit()

    report = await Inspection(bench.store, ORGANISATION).read_report()
    assert report is not None
    assert report.different >= 1
    assert 0.25 < report.lie_seconds_today == report.lie_seconds < 10
    assert report.worst.startswith(("queue:", "site."))
    assert report.shown != report.recounted
    events = {record.msg["event"] for record in caplog.records if isinstance(record.msg, dict)}
    assert events == {"audit.numbers_differ", "audit.rebuild_ordered"}
    assert await bench.store.take_order(ORGANISATION, SOURCE) == "rebuild"
    await auditor.audit()
    assert await bench.store.take_order(ORGANISATION, SOURCE) is None, "one order an hour is enough"
    await bench.close()


def bench_facts(bench: Bench, **changes: object) -> None:
    """The source reports, with changes."""
    from stats.domain.facts import SourceFacts
    from stats.live.codec import pack_source

    assert bench.road is not None
    facts = SourceFacts(name=SOURCE, provider="telavox", known=True, presence_open_at=0, written_at=1)
    for name, value in changes.items():
        setattr(facts, name, value)
    bench.road.report(SOURCE, pack_source(facts))


async def test_a_source_that_is_not_known_yet_is_counted_all_the_same(redis_server: str, caplog: pytest.LogCaptureFixture) -> None:
    """The first day of a new source is read beside another's that runs: its sums are shown, and its records are recounted."""
    first = await Worker(redis_server).begin()
    store, now = first.store, now_ms()
    lease = Lease(store, FLOOR, "second")
    assert await lease.take()
    road = Road(store, FLOOR, "second", lease.holder, ZONE, CountingRules())
    await road.load()
    agent = Party(ref="second:7", name="Siv")
    for number in range(3):
        road.tell(replace(ended_call(f"c{number}", SALES, agent, since=now - 60_000), source="second"), FRAME, now)
    facts = SourceFacts(name="second", provider="voxology", state="seeding", written_at=now)
    road.report("second", pack_source(facts))
    while road.dirty:
        await road.flush()
    auditor = Auditor(store, FLOOR)
    for _ in range(2):
        assert await auditor.audit()
        assert auditor.judge is not None
        assert auditor.judge.suspects == {}
    assert auditor.judge is not None
    assert auditor.judge.report.calls == 3
    # A known sum that is spoilt is found, so that the agent's cells were truly compared.
    of_day = business_day(now, ZONE)
    await store.connection.client.hincrby(key(FLOOR, "day", of_day, "a:s:second:7"), "answered", 1)
    assert await auditor.audit()
    assert set(auditor.judge.suspects) == {"a:s:second:7.answered today"}
    await first.close()


async def test_while_a_busy_floor_writes_there_is_no_false_alarm(redis_server: str) -> None:
    """Hundreds of changes a second beside audits without a pause: not one cell is even suspected twice."""
    today = day(3, n_calls=600)
    bench = bench_of(redis_server, today)
    await bench.worker()
    clock = [today.now_ms]
    auditor = Auditor(bench.store, ORGANISATION, now=lambda: clock[0])
    frames = today.frames()
    audits = compared = 0

    async def write() -> None:
        began = time.monotonic()
        for at in range(0, len(frames), 8):
            bench.hear(frames[at : at + 8])
            clock[0] = frames[at].emitted_at_ms
            assert await bench.lease.take()
            await bench.flush()
            await asyncio.sleep(0.004)
            if time.monotonic() - began > 3:
                break

    writing = asyncio.create_task(write())
    while not writing.done():
        if await auditor.audit():
            assert auditor.judge is not None
            audits += 1
            compared += auditor.judge.report.compared
            assert auditor.judge.report.different == 0, auditor.judge.report
    await writing
    await bench.close()
    assert audits >= 2
    assert compared > 300


async def test_sums_that_are_being_made_anew_are_not_judged(redis_server: str) -> None:
    """A rebuild shows less than there is for a moment, and everybody knows."""
    today = day(7, n_calls=40)
    bench = await told(redis_server, today)
    await bench.store.connection.client.hset(key(ORGANISATION, "flags"), f"restate:{SOURCE}", "1")
    assert not await Auditor(bench.store, ORGANISATION, now=lambda: today.now_ms).audit()
    await bench.close()


async def test_one_worker_audits_and_the_next_takes_over_when_it_stops(redis_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two workers that hold sources of one organisation one counts."""
    today = day(5, n_calls=20)
    bench = await told(redis_server, today)
    first, second = (Inspection(bench.store, ORGANISATION) for _ in range(2))
    assert await first.may_audit("one", 30)
    assert await first.may_audit("one", 30)
    assert not await second.may_audit("two", 30)
    await bench.store.connection.client.delete(key(ORGANISATION, "auditor"))
    auditing = Auditing(bench.store, lambda: [ORGANISATION])
    task = asyncio.create_task(auditing.run())
    for _ in range(100):
        await asyncio.sleep(0.1)
        report = await first.read_report()
        if report is not None:
            break
    task.cancel()
    await bench.close()
    assert report is not None
    assert report.at > 0


def test_the_judge_counts_the_time_between_two_looks_that_both_found_one() -> None:
    """A cell that could not be compared stays under suspicion; a day's count ends with the day, the count of ever does not."""
    judge = Judge()

    def look(at_s: float, different: bool, *, compared: bool = True, day: str = "2026-05-18", live: bool = True) -> bool:
        return judge.take(
            Finding(
                at=int(at_s * 1000),
                day=day,
                calls=1,
                compared=frozenset({"s.calls_in today"}) if compared else frozenset(),
                moved=0,
                different={"s.calls_in today": (5, 4)} if different else {},
                live=live,
            ),
            at_s,
        )

    assert not look(100, True)
    assert judge.report.lie_seconds == 0
    assert not look(110, False, compared=False)
    assert judge.report.suspected == 1
    assert look(120, True)
    assert (judge.report.lie_seconds, judge.report.since) == (10, 100_000)
    assert not look(130, True, live=False), "not shown as live: no lie"
    assert judge.report.lie_seconds == 10
    assert not look(140, True, day="2026-05-19")
    assert (judge.report.lie_seconds, judge.report.lie_seconds_today) == (20, 10)
    assert not look(150, False)
    assert (judge.report.different, judge.report.since, judge.suspects) == (0, None, {})
    look(3800, True)
    assert look(3810, True), "an hour later it may be ordered again"


def test_a_cell_is_named_without_a_person() -> None:
    """Ids stay; whoever is known by name alone becomes a hash."""
    assert public_name("q:111834.answered today") == "queue:111834.answered today"
    assert public_name("s.calls_in 29655421") == "site.calls_in 01:01 UTC"
    assert public_name("q:a:998877.waiting") == "queue:a:998877.waiting now"
    hidden = public_name("a:n:Anna J. Berg.offers today")
    assert hidden.startswith("agent:#")
    assert "Anna" not in hidden
    assert "Berg" not in hidden
