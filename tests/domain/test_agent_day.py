"""The lanes of an agent's day: what they are made of, and that they add up to what the boards credit."""

import asyncio
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from stats.domain.agent_day import Rung, doubts, sums_of, time_by_profile, time_by_state, watch
from stats.domain.agent_states import KnownPresence, succeed
from stats.domain.metrics import CountingRules
from stats.domain.periods import business_day, day_bounds
from stats.domain.presence_changes import PresenceSeen, change_of
from stats.domain.records import AgentPresence, Party, QueueLogin
from stats.domain.sums import TIME_METRICS
from tests.laws.road import SOURCE, Bench, rules_of
from tests.laws.test_any_order import empty
from tests.oracle.days import day

ZONE = "Europe/Stockholm"
NINE = 1_779_087_600_000  # 2026-05-18 09:00 in Stockholm
FIRST, END = day_bounds(business_day(NINE, ZONE), ZONE)
SALES, SUPPORT = QueueLogin(queue=Party(id=2)), QueueLogin(queue=Party(id=3))


def told(at_s: int, status: str = "available", *queues: QueueLogin, profile: str = "Inne") -> AgentPresence:
    """A document, so many seconds after nine."""
    return AgentPresence(
        source=SOURCE,
        agent=Party(id=1, name="Elsa"),
        status=status,
        profile_id=len(profile),
        profile_name=profile,
        logged_in=queues,
        told_at=NINE + at_s * 1000,
    )


def heard(*documents: AgentPresence) -> tuple[list[PresenceSeen], KnownPresence]:
    """The changes and the presence these documents leave."""
    changes, held = [], None
    for document in documents:
        known, _credits = succeed(held, document, ZONE)
        if (change := change_of("1", held, known)) is not None:
            changes.append(change)
        held = known
    assert held is not None
    return changes, held


def lanes(*documents: AgentPresence, until_s: int, first: int = FIRST, end: int = END) -> Any:
    """What was watched, up to so many seconds after nine."""
    changes, held = heard(*documents)
    return watch(changes, held, "1", first, end, NINE + until_s * 1000)


def spans(pieces: Any) -> list[tuple[int, int]]:
    return [((piece.start - NINE) // 1000, (piece.end - NINE) // 1000) for piece in pieces]


def test_nothing_is_said_of_what_came_before_the_first_document() -> None:
    watched = lanes(told(0, "available", SALES), until_s=60)
    assert watched.heard_from == NINE
    assert spans(watched.presence) == [(0, 60)]
    assert watched.presence[0].going_on


def test_an_agent_of_whom_nothing_was_heard_has_no_lanes() -> None:
    watched = watch([], None, "1", FIRST, END, NINE)
    assert (watched.presence, watched.logins, watched.heard_from) == ((), (), None)


def test_a_state_that_began_yesterday_begins_the_day() -> None:
    changes, held = heard(told(-20 * 3600, "available", SALES))
    watched = watch(changes, held, "1", FIRST, END, NINE)
    assert watched.heard_from == watched.presence[0].start == FIRST


def test_a_profile_that_comes_back_while_the_state_goes_on_is_told_again() -> None:
    """`at` of a state that goes on is where it began; filed under it, the second change would be the first one told again."""
    changes, _held = heard(told(0, profile="Inne"), told(10, profile="Post"), told(20, profile="Inne"))
    assert len({(change.agent, change.at, change.state, change.profile) for change in changes}) == 3


def test_a_log_in_while_the_state_goes_on_is_a_change() -> None:
    watched = lanes(told(0, "available", SALES), told(10, "available", SALES, SUPPORT), told(30, "available", SUPPORT), until_s=60)
    assert spans(watched.presence) == [(0, 60)]
    assert [login.keys for login in watched.logins] == [("2",), ("2", "3"), ("3",)]
    assert spans(watched.logins) == [(0, 10), (10, 30), (30, 60)]


def test_the_change_still_on_its_way_to_the_archive_is_not_missed() -> None:
    changes, held = heard(told(0, "available", SALES), told(30, "unavailable", SALES))
    watched = watch(changes[:-1], held, "1", FIRST, END, NINE + 60_000)
    assert [(stretch.state, stretch.ms) for stretch in watched.presence] == [("ready", 30_000), ("away", 30_000)]


def test_a_change_that_two_workers_told_counts_once() -> None:
    changes, held = heard(told(0, "available", SALES), told(30, "unavailable", SALES))
    again = [replace(change, told_at=change.told_at + 40) for change in changes]
    watched = watch([*again, *changes], held, "1", FIRST, END, NINE + 60_000)
    assert time_by_state(watched)["time_ready"] == 30_000
    assert sum(stretch.ms for stretch in watched.presence) == 60_000


def test_time_by_profile_leaves_out_who_is_off() -> None:
    watched = lanes(told(0, "available", profile="Inne"), told(20, "unavailable", profile="Hem"), until_s=100)
    assert time_by_profile(watched) == [("Inne", True, 20_000)]


def test_doubts_that_meet_are_one() -> None:
    assert doubts(10, 20, 15, 40) == [(10, 40)]
    assert doubts(10, 20, 30, 40) == [(10, 20), (30, 40)]
    assert doubts(10, None, None, 40) == [(10, 40)]
    assert doubts(None, 20, None, 40) == []


def test_an_outgoing_call_is_no_ring_and_counts_once() -> None:
    ring = Rung(
        id_call="c",
        number=0,
        began_at=NINE,
        answered_at=None,
        ended_at=NINE + 5000,
        ring_ms=5000,
        talk_ms=None,
        hold_ms=None,
        queue="",
        outgoing=True,
        outcome="missed",
    )
    sums = sums_of([ring, replace(ring, number=1), replace(ring, id_call="d", outgoing=False)], watch([], None, "1", FIRST, END, NINE))
    assert (sums["outgoing"], sums["offers"], sums["missed"], sums["ring_sum"]) == (1, 1, 1, 5000)


# Noon in May; just after midnight; the days on which clocks change, in summer and winter.
INSTANTS = [
    ("2026-05-18 13:00", 11),
    ("2026-05-19 00:20", 12),
    ("2026-03-29 15:00", 13),
    ("2026-10-25 15:00", 14),
]


@pytest.mark.parametrize(("local", "seed"), INSTANTS)
def test_the_segments_of_a_random_day_add_up_to_the_time_in_state(redis_server: str, local: str, seed: int) -> None:
    """Law: to within a second, for every agent, with a restart in between."""
    now = round(datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(ZONE)).timestamp() * 1000)
    today = day(seed, now_ms=now, n_calls=20, n_agents=6, n_queues=3, timezone=ZONE)

    async def law() -> int:
        bench = Bench(redis_server, ZONE, rules_of(today.settings) or CountingRules())
        await empty(bench)
        roads = [await bench.worker()]
        frames = today.frames()
        bench.hear(frames[: len(frames) // 2])
        await bench.flush()
        roads.append(await bench.worker())
        bench.hear(frames[len(frames) // 2 :])
        await bench.flush()
        answer = await bench.answer(now)
        changes = [change for road in roads for change in road.people.changes]
        first, end = day_bounds(business_day(now, ZONE), ZONE)
        compared = 0
        for agent in answer["agents"]:
            keys = {agent["key"], f"a:{agent['account_id']}"}
            presence = bench.mirror.facts.presence.get(agent["key"])
            watched = watch([c for c in changes if c.agent in keys], presence, agent["key"], first, end, now)
            totals = time_by_state(watched)
            for one, other in pairwise(watched.presence):
                assert one.end <= other.start
            for metric in TIME_METRICS if presence is not None else ():
                assert totals[metric] / 1000 == pytest.approx(agent["today"][metric], abs=1), (agent["name"], metric)
                compared += agent["today"][metric] > 0
        await bench.close()
        return compared

    assert asyncio.run(law()) > 5
