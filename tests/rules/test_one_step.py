"""Rules of the store's one step, on a real Redis: fence, versions, leases, and what is left when something happens between two steps."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from stats.domain.facts import Facts
from stats.domain.records import Call, Journey, Offer
from stats.history.telling import Away
from stats.ingest.keeping import Keeping
from stats.ingest.pipeline import Road
from stats.live import keys
from stats.live.board_store import StoreAway
from stats.live.leases import Lease
from stats.live.unkept import Unkept
from tests.laws.road import ORGANISATION, SOURCE, Bench, rules_of
from tests.laws.test_time_in_state import NINE, told
from tests.oracle.days import day
from tests.oracle.journeys import QueueSetting
from tests.push.floor import ANNA, PER, SUPPORT, ended_call, waiting_call

Answer = TypeVar("Answer")
ZONE = "Europe/Stockholm"


def on_a_bench(url: str, law: Callable[[Bench], Awaitable[None]]) -> None:
    """Runs a law with a bench of one worker."""

    async def run() -> None:
        bench = Bench(url, ZONE, rules_of({}))
        await bench.worker()
        try:
            await law(bench)
        finally:
            await bench.close()

    asyncio.run(run())


async def site(bench: Bench) -> dict[str, Any]:
    """What is shown of all queues, two minutes after nine."""
    shown = (await bench.answer(NINE + 120_000))["site"]["today"]
    return {name: shown[name] for name in ("offered", "answered", "waiting")}


def odd(facts: Facts) -> list[str]:
    """What does not add up in one picture."""
    found = []
    for cells in facts.days.values():
        for scope, amounts in cells.items():
            key = scope[2:]
            if scope.startswith("q:") and key not in facts.queues:
                found.append(f"{key} has calls, and nobody knows who it is")
            over = sum(amounts.get(n, 0) for n in ("answered", "abandoned", "short_abandoned", "overflowed", "voicemail", "callbacks"))
            waiting = sum(1 for living in facts.living.values() for at, _ in living.waiting if at == key)
            if scope.startswith("q:") and waiting > amounts.get("offered", 0) - over:
                found.append(f"{waiting} wait at {key}, more than ever came and did not leave")
    return found + [f"{agent} is present, and nobody knows who it is" for agent in facts.presence if agent not in facts.agents]


def test_whatever_question_to_the_store_is_the_last_a_reader_sees_numbers_that_add_up(redis_server: str) -> None:
    """A worker may die between any two; after each a reader looks."""

    async def law(bench: Bench) -> None:
        today = day(3, n_calls=14, n_agents=5, n_queues=3)
        wrong: list[str] = []
        pictures = 0
        ask, reader = bench.store.connection.ask, Bench(redis_server, ZONE, bench.rules)

        async def asked(answer: Awaitable[Answer]) -> Answer:
            nonlocal pictures
            result = await ask(answer)
            await reader.mirror.refresh(today.now_ms)
            pictures += 1
            wrong.extend(odd(reader.mirror.facts))
            return result

        bench.store.connection.ask = asked  # type: ignore[method-assign]
        frames = today.frames()
        for at in range(0, len(frames), 7):
            bench.hear(frames[at : at + 7])
            await bench.flush()
        await reader.close()
        assert pictures > 20
        assert not wrong, wrong[:5]

    on_a_bench(redis_server, law)


async def taken_by(bench: Bench, lease: Lease) -> None:
    """The lease is this worker's now, whoever held it."""
    await bench.store.connection.client.set(keys.key(ORGANISATION, "lease", SOURCE), lease.holder)


async def write(road: Road) -> None:
    """Everything it holds."""
    while road.dirty:
        await road.flush()


@pytest.mark.fault("C2")
def test_two_who_write_by_turns_on_what_they_remember_lose_nothing_of_a_call(redis_server: str) -> None:
    """The first worker comes back to the lease with an old memory of the call, and has something new to tell of it."""

    async def law(bench: Bench) -> None:
        since = NINE
        one, lease = bench.road, bench.lease
        assert one is not None
        one.tell(waiting_call("c1", since=since))
        await write(one)
        two = await bench.worker()
        two.tell(ended_call("c1", since=since))
        await write(two)
        await taken_by(bench, lease)
        ring = Offer(agent=PER, queue=SUPPORT, began_at=since + 500, ended_at=since + 1_500, active=False, answered=False)
        one.tell(Call(source=SOURCE, id_call="c1", offers=(ring,)))
        await write(one)
        assert await site(bench) == {"offered": 1, "answered": 1, "waiting": 0}
        agents = {agent["name"]: agent["today"]["offers"] for agent in (await bench.answer(NINE + 120_000))["agents"]}
        assert agents == {ANNA.name: 1, PER.name: 1}

    on_a_bench(redis_server, law)


def test_two_who_write_by_turns_on_what_they_remember_credit_time_once(redis_server: str) -> None:
    """Ten seconds ready and twenty away, told by two workers of whom one missed the middle."""

    async def law(bench: Bench) -> None:
        one, lease = bench.road, bench.lease
        assert one is not None
        one.tell(told(0, "available"))
        await write(one)
        two = await bench.worker()
        two.tell(told(10, "unavailable"))
        await write(two)
        await taken_by(bench, lease)
        one.tell(told(30, "available"))
        await write(one)
        (sums,) = (await bench.store.agent_sums(ORGANISATION, "2026-05-18", ["1"])).values()
        assert (sums["time_ready"], sums["time_away"], sums["time_logged_in"]) == (10_000, 20_000, 30_000)

    assert NINE == 1_779_084_000_000, "a Monday in May"
    on_a_bench(redis_server, law)


def test_what_is_told_while_the_store_is_away_is_written_when_it_is_back(redis_server: str) -> None:
    """A call, who is who, a presence and its time: once each, whether the step that failed had happened or not."""

    async def law(bench: Bench) -> None:
        road, apply = bench.road, bench.store.apply
        assert road is not None
        road.tell(told(0, "available"))
        await write(road)
        for seconds, had_happened in ((10, False), (20, True)):

            async def away(*given: Any, had_happened: bool = had_happened) -> Any:
                if had_happened:
                    await apply(*given)
                raise StoreAway

            road.tell(ended_call(f"c{seconds}", since=NINE))
            road.tell(told(seconds, "unavailable" if seconds == 10 else "available"))
            bench.store.apply = away  # type: ignore[method-assign]
            try:
                await road.flush()
            except StoreAway:
                pass
            bench.store.apply = apply  # type: ignore[method-assign]
            await write(road)
        assert await site(bench) == {"offered": 2, "answered": 2, "waiting": 0}
        (sums,) = (await bench.store.agent_sums(ORGANISATION, "2026-05-18", ["1"])).values()
        assert (sums["time_ready"], sums["time_away"], sums["time_logged_in"]) == (10_000, 10_000, 20_000)

    on_a_bench(redis_server, law)


def test_what_the_database_did_not_take_waits_on(redis_server: str) -> None:
    """It is away while a batch is kept; whoever comes next finds every call of it."""

    class Shut:
        async def keep_calls(self, source: str, tellings: object) -> int:
            raise Away("shut")

        keep_slots = keep_changes = keep_notes = keep_calls

    async def law(bench: Bench) -> None:
        assert bench.road is not None
        for number in range(3):
            bench.road.tell(ended_call(f"c{number}", since=NINE))
        await write(bench.road)
        keeping = Keeping(bench.store, ORGANISATION, SOURCE, bench.road, Shut())  # type: ignore[arg-type]
        with pytest.raises(Away):
            await keeping.keep_some()
        assert await keeping.unkept.number() == 3

    on_a_bench(redis_server, law)


def test_a_call_that_turns_out_to_be_internal_takes_its_longest_wait_with_it(redis_server: str) -> None:
    """A longest wait cannot be subtracted: it is taken away by the name of its call."""

    async def law(bench: Bench) -> None:
        road = bench.road
        assert road is not None
        road.tell(ended_call("c1", since=NINE, wait_ms=60_000))
        road.tell(ended_call("c2", since=NINE, wait_ms=20_000))
        await write(road)
        assert (await bench.answer(NINE + 120_000))["site"]["today"]["longest_wait_window"] == 60.0
        road.tell(Call(source=SOURCE, id_call="c1", journey=Journey(internal=True, asof=NINE + 90_000)))
        await write(road)
        assert (await bench.answer(NINE + 120_000))["site"]["today"]["longest_wait_window"] == 20.0

    on_a_bench(redis_server, law)


def test_a_day_that_is_counted_by_other_rules_is_not_kept_anew(redis_server: str) -> None:
    """The archive holds records, not verdicts; one that waits to be kept goes on waiting, and is struck out at its newer version."""

    async def law(bench: Bench) -> None:
        road = bench.road
        assert road is not None
        unkept = Unkept(bench.store, ORGANISATION, SOURCE)
        for id_call in ("c1", "c2"):
            road.tell(ended_call(id_call, since=NINE, wait_ms=30_000))
        await write(road)
        first = {id_call: stored.version for id_call, stored in (await unkept.some(10)).items() if stored is not None}
        assert await unkept.strike({"c1": first["c1"]}) == 1
        road.set_rules(bench.timezone, rules_of({SUPPORT.key: QueueSetting(target_s=60)}))
        await road.restate(0, 1 << 50)
        held = {id_call: stored.version for id_call, stored in (await unkept.some(10)).items() if stored is not None}
        assert held == {"c2": first["c2"] + 1}
        assert await unkept.strike(held) == 1

    on_a_bench(redis_server, law)


def test_an_ended_call_waits_for_the_archive_until_it_was_kept_as_it_is_now(redis_server: str) -> None:
    """Named by the step that ends it; a change after that names it anew, and an older copy strikes out nothing."""

    async def law(bench: Bench) -> None:
        road, since = bench.road, NINE
        assert road is not None
        unkept = Unkept(bench.store, ORGANISATION, SOURCE)
        road.tell(waiting_call("c1", since=since))
        await write(road)
        assert await unkept.number() == 0
        road.tell(ended_call("c1", since=since))
        await write(road)
        kept = {id_call: stored.version for id_call, stored in (await unkept.some(10)).items() if stored is not None}
        assert set(kept) == {"c1"}
        ring = Offer(agent=PER, queue=SUPPORT, began_at=since + 500, ended_at=since + 1_500, active=False, answered=False)
        road.tell(Call(source=SOURCE, id_call="c1", offers=(ring,)))
        await write(road)
        assert await unkept.strike(kept) == 0
        assert await unkept.number() == 1
        assert await unkept.strike({"c1": kept["c1"] + 1}) == 1
        assert await unkept.number() == 0

    on_a_bench(redis_server, law)


def test_a_call_just_after_midnight_is_of_the_day_the_organisation_has_by_then(redis_server: str) -> None:
    """Half past midnight in Stockholm is still the evening before in UTC."""

    async def law(bench: Bench) -> None:
        assert bench.road is not None
        at = 1_779_143_400_000  # 2026-05-18 22:30 UTC
        bench.road.tell(ended_call("c1", since=at))
        await write(bench.road)
        assert (await bench.answer(at - 3_600_000))["site"]["today"]["offered"] == 0
        assert (await bench.answer(at + 600_000))["site"]["today"]["offered"] == 1

    on_a_bench(redis_server, law)


def test_a_reader_that_was_away_too_long_reads_everything(redis_server: str) -> None:
    """What changed is remembered for so many revs; a reader whose rev is older must not believe that little changed."""

    async def law(bench: Bench) -> None:
        road, since = bench.road, NINE
        assert road is not None
        road.tell(waiting_call("c1", since=since))
        await write(road)
        assert (await site(bench))["waiting"] == 1
        road.tell(ended_call("c1", since=since))
        await write(road)
        client, name = bench.store.connection.client, keys.key(ORGANISATION, "dirty")
        newest = int((await client.zrange(name, -1, -1, withscores=True))[0][1])
        # As the step does every 256 revs.
        await client.zremrangebyscore(name, "-inf", newest)
        await client.hset(keys.key(ORGANISATION, "meta"), "floor", newest)
        road.tell(waiting_call("c2", since=since))
        await write(road)
        assert await site(bench) == {"offered": 2, "answered": 1, "waiting": 1}

    on_a_bench(redis_server, law)
