"""Law: values computed with the memory of earlier ones are those computed from nothing, to the last digit, whatever changed between."""

import random
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.domain import board
from stats.domain.agent_states import KnownPresence, state_of
from stats.domain.board import Memory, Values
from stats.domain.directory import Directory
from stats.domain.facts import Facts, PartyFacts, SocketFacts, SourceFacts
from stats.domain.lost import LostCallers, lost_callers
from stats.domain.metrics import VARIANTS, Caller, CountingRules, Living, QueueTargets, Talk
from stats.domain.periods import business_day, day_bounds, minute_of
from stats.domain.records import ActiveCall, AgentPresence, Party, QueueLogin
from wallboard.push.ledger import Ledger

# The evening before the clocks go back in Stockholm, when minutes are not yet tomorrow's.
EVENING = 1_792_878_000_000
ZONES = ("Europe/Stockholm", "Etc/UTC", "Asia/Kathmandu")
SOURCES = ("one", "two")
QUEUES = [Party(id=i, account_id=100 + i, name=f"Queue {i}") for i in range(4)]
AGENTS = [Party(id=50 + i, account_id=None, name=f"Agent {i}") for i in range(6)]
NAMES = (
    "offered",
    "answered",
    "answered_in_target",
    "abandoned",
    "wait_n",
    "wait_sum",
    "h3",
    "h40",
    "talk_n",
    "talk_sum",
    "calls_in",
    "offers",
)
TIMES = ("time_ready", "time_talking", "time_ringing", "time_wrapup", "time_away", "time_logged_in", "talk_sum", "missed", "answered")
SEEDS = st.integers(0, 100_000)
STEPS_MS = (0, 1, 250, 1_000, 1_000, 1_000, 61_000, 900_000, 7_200_000, -400, -65_000)


class Floor:
    """Facts, an instant, and everything that may happen to them."""

    def __init__(self, chance: random.Random) -> None:
        self.chance, self.now = chance, EVENING + chance.randrange(-60_000, 60_000)
        self.facts = Facts(timezone="Europe/Stockholm")
        self.changes = [getattr(self, name) for name in sorted(dir(self)) if name.startswith("change_")]
        for change in self.changes * 4:
            change()

    # --- what the store tells anew ----------------------------------------------------------------------------------

    def change_sums(self) -> None:
        sums = {name: self.chance.randrange(5_000) for name in self.chance.sample((*NAMES, *TIMES), 9)}
        self.facts.days.setdefault(self.day(), {})[self.scope()] = sums

    def change_minute(self) -> None:
        minute = minute_of(self.now) - self.chance.randrange(-2, 62)
        cell = self.facts.minutes.get(minute, {})
        self.facts.minutes[minute] = deepcopy(cell) | {self.scope(): {name: self.chance.randrange(9) for name in NAMES}}
        self.facts.minute_peaks[minute] = {str(self.queue().id): self.chance.randrange(90_000)}

    def change_peak(self) -> None:
        self.facts.peaks.setdefault(self.day(), {})[str(self.queue().id)] = self.chance.randrange(90_000)

    def change_living(self) -> None:
        call = f"{self.source()}/{self.chance.randrange(6)}"
        waiting = ((str(self.queue().id), self.now - self.chance.randrange(90_000)),)
        talk = Talk(str(self.queue().id), (str(self.agent().id),) if self.chance.random() < 0.5 else (), self.chance.random() < 0.5)
        self.facts.living[call] = Living(waiting if self.chance.random() < 0.5 else (), (talk,))

    def change_presence(self) -> None:
        call = ActiveCall(
            id_call=str(self.chance.randrange(6)), answered=self.chance.random() < 0.7, queue=self.chance.choice([None, self.queue()])
        )
        document = AgentPresence(
            source=self.source(),
            agent=self.agent(),
            status=self.chance.choice(["available", "unavailable", None]),
            is_wrapup=self.chance.random() < 0.2,
            logged_in=tuple(QueueLogin(queue=self.queue()) for _ in range(self.chance.randrange(3))),
            active_call=call if self.chance.random() < 0.3 else None,
            told_at=self.now - self.chance.randrange(200_000),
        )
        since = self.chance.choice([self.now, self.now - 40_000, self.now - 90_000_000, self.now + 1_500])
        known = KnownPresence(document=document, state=state_of(document), since=since, credited_to=since)
        self.facts.presence[str(self.agent().id)] = known

    def change_caller(self) -> None:
        number = f"+46701740{self.chance.randrange(600, 606)}"
        caller = Caller(number, self.now - self.chance.randrange(9_000), self.chance.random() < 0.6, self.chance.random() < 0.4)
        self.facts.callers.setdefault(self.day(), {})[str(self.chance.randrange(30))] = caller

    def change_queue(self) -> None:
        party = replace(self.queue(), name=self.chance.choice(["Support", "Sales", None]))
        self.facts.queues[str(party.id)] = PartyFacts(key=str(party.id), party=party, source=self.source())

    def change_agent(self) -> None:
        party = replace(self.agent(), name=self.chance.choice(["Anna", "Per"]))
        self.facts.agents[str(party.id)] = PartyFacts(key=str(party.id), party=party, source=self.source())

    def change_source(self) -> None:
        name = self.source()
        self.facts.sources[name] = SourceFacts(
            name=name, provider="desk", state="live", known=self.chance.random() < 0.8, written_at=self.now
        )

    def change_names(self) -> None:
        directory = self.facts.queue_directories.setdefault(self.source(), Directory())
        directory.learn(self.queue())
        directory.learn(replace(self.queue(), id=self.chance.randrange(4)))

    def change_rules(self) -> None:
        targets = {
            str(self.queue().id): QueueTargets(share=Decimal(self.chance.choice(["0.5", "0.9"])), variant=self.chance.choice(VARIANTS))
        }
        self.facts = replace(self.facts, rules=CountingRules(targets=targets))

    # --- what is changed in place ----------------------------------------------------------------------------------------

    def change_what_a_source_says(self) -> None:
        for source in self.facts.sources.values():
            name, value = self.chance.choice(
                [
                    ("known", self.chance.random() < 0.5),
                    ("presence_open_at", self.chance.choice([None, self.now - 100_000, self.now])),
                    ("presence_lost_at", self.chance.choice([None, self.now - 50_000])),
                    ("clock_ahead_ms", self.chance.choice([0, 0, 4_000, -4_000, 3_700_000])),
                    ("vendor_ahead_ms", self.chance.choice([0, 70_000])),
                    ("written_at", self.now),
                    ("sockets", {"a": SocketFacts(state="open", alive_at=self.now, calls=True, presence=True)}),
                ]
            )
            setattr(source, name, value)

    def change_risk(self) -> None:
        for queue in self.facts.queues.values():
            queue.risk = self.chance.randrange(5)

    def change_forgetting(self) -> None:
        facts = self.facts
        for kept in (
            facts.presence,
            facts.living,
            facts.agents,
            facts.queues,
            facts.sources,
            facts.minutes,
            *facts.days.values(),
            *facts.callers.values(),
        ):
            if kept and self.chance.random() < 0.1:
                del kept[self.chance.choice(list(kept))]  # type: ignore[attr-defined]
        for directory in facts.queue_directories.values():
            if self.chance.random() < 0.2:
                directory.forget(str(self.queue().id))

    # --- everything ---------------------------------------------------------------------------------------------------------

    def change_zone(self) -> None:
        if self.chance.random() < 0.2:
            self.facts = replace(self.facts, timezone=self.chance.choice(ZONES))

    def change_everything(self) -> None:
        if self.chance.random() < 0.2:
            self.facts = deepcopy(self.facts)

    def change_time(self) -> None:
        self.now += self.chance.choice(STEPS_MS)
        if self.chance.random() < 0.1:
            self.now = day_bounds(self.day(), self.facts.timezone)[1] + self.chance.choice([-1_000, -1, 0, 1])

    def source(self) -> str:
        return self.chance.choice(SOURCES)

    def queue(self) -> Party:
        return self.chance.choice(QUEUES)

    def agent(self) -> Party:
        return self.chance.choice(AGENTS)

    def scope(self) -> str:
        return self.chance.choice(["s", f"q:{self.queue().id}", f"a:{self.agent().id}", f"a:{self.agent().id}"])

    def day(self) -> str:
        return business_day(self.now, self.facts.timezone)


@settings(max_examples=40, deadline=None)
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


def test_an_agent_of_whom_only_time_has_passed_is_looked_up_and_not_computed() -> None:
    facts = Facts(timezone="Etc/UTC", sources={"one": SourceFacts(name="one", provider="desk", known=True)})
    document = AgentPresence(source="one", agent=AGENTS[0], status="available", logged_in=(QueueLogin(queue=QUEUES[0]),), told_at=EVENING)
    for party in AGENTS[:2]:
        facts.agents[str(party.id)] = PartyFacts(key=str(party.id), party=party, source="one")
    facts.presence["50"] = KnownPresence(document=document, state=state_of(document), since=EVENING, credited_to=EVENING)
    memory = Memory()
    before = board.values(facts, EVENING + 1_000, memory)
    after = board.values(facts, EVENING + 2_000, memory)
    assert after["agent:51"] is before["agent:51"]
    assert memory.grown is not None
    assert memory.grown.names == {"agent:50": ("time_ready", "time_logged_in", "occupancy")}
    assert (before["agent:50"]["time_ready"], after["agent:50"]["time_ready"]) == (1.0, 2.0)
