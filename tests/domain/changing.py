"""A floor on which anything may happen, by chance: every fact that values are made of is told anew, changed in place or forgotten."""

import random
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal

from stats.domain.agent_states import KnownPresence, state_of
from stats.domain.directory import Directory
from stats.domain.facts import Facts, PartyFacts, SocketFacts, SourceFacts
from stats.domain.metrics import VARIANTS, Caller, CountingRules, Living, QueueTargets, Talk
from stats.domain.periods import business_day, day_bounds, minute_of
from stats.domain.records import ActiveCall, AgentPresence, Party, QueueLogin

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
            id_call=str(self.chance.randrange(6)), answered=self.chance.random() < 0.7, queue=self.chance.choice([None, self.called()])
        )
        document = AgentPresence(
            source=self.source(),
            agent=self.agent(),
            status=self.chance.choice(["available", "unavailable", None]),
            is_wrapup=self.chance.random() < 0.2,
            logged_in=tuple(QueueLogin(queue=self.called()) for _ in range(self.chance.randrange(3))),
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
        held = self.facts.agents.get(str(party.id))
        if held is not None and self.chance.random() < 0.3:
            party = held.party
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

    def called(self) -> Party:
        """A queue as a document may name it: what it is known by may have to be looked up."""
        queue = self.queue()
        return self.chance.choice([queue, replace(queue, id=None), Party(id=None, account_id=None, name=queue.name)])

    def agent(self) -> Party:
        return self.chance.choice(AGENTS)

    def scope(self) -> str:
        return self.chance.choice(["s", f"q:{self.queue().id}", f"a:{self.agent().id}", f"a:{self.agent().id}"])

    def day(self) -> str:
        return business_day(self.now, self.facts.timezone)
