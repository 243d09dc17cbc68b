"""Law: values computed with the memory of earlier ones are those computed from nothing, to the last digit, whatever changed between."""

import random
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.domain import board
from stats.domain.agent_states import KnownPresence, state_of
from stats.domain.board import Memory, Values
from stats.domain.facts import Facts, PartyFacts, SourceFacts
from stats.domain.lost import LostCallers, lost_callers
from stats.domain.metrics import Caller
from stats.domain.periods import business_day, day_bounds
from stats.domain.records import AgentPresence, QueueLogin
from tests.domain.changing import AGENTS, EVENING, QUEUES, STEPS_MS, Floor
from wallboard.push.ledger import Ledger

SEEDS = st.integers(0, 100_000)


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(0, 3))
def test_what_is_remembered_is_what_would_be_computed(seed: int, at_once: int) -> None:
    chance = random.Random(seed)
    floor, memory = Floor(chance), Memory()
    remembering, comparing = Ledger(), Ledger()
    for rev in range(30):
        for _ in range(at_once):
            chance.choice(floor.changes)()
        floor.now += chance.choice(STEPS_MS)
        anew, shown = board.values(floor.facts, floor.now), board.values(floor.facts, floor.now, memory)
        differing = {s: {m: (v, shown.get(s, {}).get(m)) for m, v in anew[s].items() if v != shown.get(s, {}).get(m)} for s in anew}
        assert repr(shown) == repr(anew), {scope: told for scope, told in differing.items() if told}
        if chance.random() < 0.2:
            continue  # what was computed and never shown
        for ledger, values, grown in ((remembering, shown, memory.grown), (comparing, anew, None)):
            ledger.settle(values, epoch="e", rev=rev, grown=grown)
        wants = {scope: frozenset(told) for scope, told in anew.items()}
        assert remembering.version == comparing.version
        assert remembering.since(remembering.version - 1, wants) == comparing.since(comparing.version - 1, wants)


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_what_was_shown_once_stays_as_it_was(seed: int) -> None:
    chance = random.Random(seed)
    floor, memory = Floor(chance), Memory()
    shown: list[tuple[Values, str]] = []
    for _ in range(8):
        chance.choice(floor.changes)()
        floor.now += 1_000
        values = board.values(floor.facts, floor.now, memory)
        shown.append((values, repr(values)))
    assert all(repr(values) == told for values, told in shown)


@pytest.mark.parametrize("many", [5, 600, 3_000])
@settings(max_examples=10, deadline=None)
@given(seed=SEEDS)
def test_callers_who_were_lost_are_counted_alike_by_looking_at_the_changed_ones(many: int, seed: int) -> None:
    chance, number = random.Random(seed), count()

    def caller() -> Caller:
        return Caller(f"+46701740{chance.randrange(many):05d}", chance.randrange(50), chance.random() < 0.5, chance.random() < 0.5)

    callers = {str(next(number)): caller() for _ in range(many)}
    lost = LostCallers()
    for _ in range(8):
        assert lost.of(callers) == lost_callers(callers)
        for _ in range(chance.randrange(4)):
            callers[str(next(number))] = caller()
            callers[chance.choice(list(callers))] = caller()
        if chance.random() < 0.3:
            del callers[chance.choice(list(callers))]


def present(ahead_ms: int) -> Facts:
    """Two agents, of whom the first became ready in the evening, told by a worker whose clock is ahead of ours."""
    facts = Facts(timezone="Etc/UTC", sources={"one": SourceFacts(name="one", provider="desk", known=True, clock_ahead_ms=ahead_ms)})
    document = AgentPresence(source="one", agent=AGENTS[0], status="available", logged_in=(QueueLogin(queue=QUEUES[0]),), told_at=EVENING)
    for party in AGENTS[:2]:
        facts.agents[str(party.id)] = PartyFacts(key=str(party.id), party=party, source="one")
    facts.presence["50"] = KnownPresence(document=document, state=state_of(document), since=EVENING, credited_to=EVENING)
    return facts


@pytest.mark.parametrize("ahead_ms", [0, 2_500, -2_500])
def test_the_time_of_a_day_ends_at_midnight_by_the_clock_of_whoever_counts_it(ahead_ms: int) -> None:
    facts, memory = present(ahead_ms), Memory()
    midnight = day_bounds(business_day(EVENING, "Etc/UTC"), "Etc/UTC")[1]
    for as_of in range(midnight - 6_000, midnight + 6_000, 500):
        assert board.values(facts, as_of, memory) == board.values(facts, as_of)


def test_an_agent_whom_another_source_names_is_of_that_source() -> None:
    facts, memory = present(0), Memory()
    facts.sources["two"] = replace(facts.sources["one"], name="two")
    board.values(facts, EVENING + 1_000, memory)
    facts.agents["50"] = replace(facts.agents["50"], source="two")
    assert board.values(facts, EVENING + 1_000, memory) == board.values(facts, EVENING + 1_000)


def test_a_presence_that_is_forgotten_is_shown_no_longer() -> None:
    facts, memory = present(0), Memory()
    assert board.values(facts, EVENING + 1_000, memory)["agent:50"]["state"] == "ready"
    del facts.presence["50"]
    assert board.values(facts, EVENING + 2_000, memory)["agent:50"]["state"] == "unknown"


def test_an_agent_of_whom_only_time_has_passed_is_looked_up_and_not_computed() -> None:
    facts, memory = present(0), Memory()
    before = board.values(facts, EVENING + 1_000, memory)
    after = board.values(facts, EVENING + 2_000, memory)
    assert after["agent:51"] is before["agent:51"]
    assert memory.grown is not None
    assert memory.grown.names == {"agent:50": ("time_ready", "time_logged_in", "occupancy")}
    assert (before["agent:50"]["time_ready"], after["agent:50"]["time_ready"]) == (1.0, 2.0)
