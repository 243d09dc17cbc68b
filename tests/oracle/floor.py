"""The made-up people and queues of a generated day: who is busy when, and what each agent's presence documents say."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.oracle.script import AgentNamed, Frame, QueueNamed, Raw

PROFILES = (
    {"id": 4900001, "name": "Tillgänglig", "status": "available"},
    {"id": 4900002, "name": "Lunch", "status": "unavailable"},
    {"id": 4900003, "name": "Möte", "status": "available"},
    {"id": 4900004, "name": "Slutat för dagen", "status": "unavailable"},
    {"id": 4900005, "name": "Efterarbete", "status": "unavailable", "is_wrapup": True},
    {"id": 4900006, "name": "Utbildning", "status": "sabbatical"},
)
FIRST = ("Alva", "Björn", "Cecilia", "Dag", "Elin", "Folke", "Göta", "Håkan", "Inga", "Jöns", "Karin", "Love", "Märta", "Nils")


@dataclass(frozen=True, slots=True)
class Busy:
    """One ringing of one agent: `answered` None when it is never picked up."""

    id_call: str
    queue_id: int | None
    began: int
    answered: int | None
    ended: int
    direction: str


@dataclass(slots=True)
class Floor:
    rng: random.Random
    queues: list[QueueNamed]
    agents: list[AgentNamed]
    busy: dict[int, list[Busy]] = field(default_factory=dict)

    @classmethod
    def build(cls, rng: random.Random, n_queues: int, n_agents: int) -> "Floor":
        queues = [QueueNamed(id=110_000 + 7 * n, account_id=990_000 + 11 * n, name=f"Kö {n}") for n in range(n_queues)]
        if n_queues > 2 and rng.random() < 0.5:
            # A queue whose stats id nobody ever tells, and one whose account id nobody ever tells.
            queues[-1] = QueueNamed(id=None, account_id=999_111, name="Kö utan nummer")
            queues[-2] = QueueNamed(id=119_999, account_id=None, name="Kö utan konto")
        agents = [
            AgentNamed(id=920_000 + 3 * n, account_id=3_400_000 + 5 * n, name=f"{FIRST[n % len(FIRST)]} {n}", phone=f"00461000{n:05d}")
            for n in range(n_agents)
        ]
        return cls(rng=rng, queues=queues, agents=agents)

    def free(self, began: int, ended: int, n: int = 1) -> list[AgentNamed]:
        """Up to `n` agents whom nothing keeps between two instants."""
        idle = [a for a in self.agents if all(b.ended + 500 < began or b.began - 500 > ended for b in self.busy.get(a.id, []))]
        return self.rng.sample(idle, min(n, len(idle)))

    def book(self, agent: AgentNamed, busy: Busy) -> None:
        self.busy.setdefault(agent.id, []).append(busy)

    def presence_frames(self, day_began: int, until: int, silent_share: float = 0.15) -> Iterator[Frame]:
        """profile_live documents of every agent, in the order of time; some agents never say anything."""
        frames: list[Frame] = []
        for agent in self.agents:
            if self.rng.random() >= silent_share:
                frames += self._presence_of(agent, day_began, until)
        yield from sorted(frames, key=lambda frame: frame.emitted_at_ms)

    def _presence_of(self, agent: AgentNamed, day_began: int, until: int) -> list[Frame]:
        at = day_began + self.rng.randrange(0, max(2, (until - day_began) // 2))
        changes: list[tuple[int, str, Any]] = []
        while at < until:
            profile = self.rng.choices(PROFILES, weights=(10, 2, 2, 1, 2, 0.5))[0]
            logins = [q for q in self.queues if q.id is not None and self.rng.random() < 0.6] if self.rng.random() < 0.85 else []
            changes.append((at, "profile", (profile, logins, self.rng.random() < 0.5, at)))
            at += self.rng.randrange(60_000, 3 * 3_600_000)
        if not changes:
            return []
        for busy in self.busy.get(agent.id, []):
            changes += [(busy.began, "call", (busy, 0)), (busy.ended, "call", None)]
            changes += [(busy.answered, "call", (busy, 1))] if busy.answered is not None else []
        frames, profile, call = [], None, None
        for at, kind, value in sorted(changes, key=lambda change: change[0]):
            profile, call = (value, call) if kind == "profile" else (profile, value)
            if profile is not None and at <= until:
                frames.append(Frame(datasource="profile_live", emitted_at_ms=at, document=self._document(agent, profile, call, at)))
        return frames

    def _document(self, agent: AgentNamed, told: Any, call: tuple[Busy, int] | None, at: int) -> Raw:
        profile, logins, client, since = told
        others = [
            {**other, "start_date": since - 60_000, "is_wrapup": bool(other.get("is_wrapup"))} for other in PROFILES if other != profile
        ]
        document: Raw = {
            "customer_telavox": {"id": 4300, "name": "Provbolaget AB"},
            "agent": {"id": agent.id, "account_id": agent.account_id, "name": agent.name, "phone": agent.phone},
            "profile": {
                "active": {"is_wrapup": False, **profile, "start_date": since, "status_message": profile["name"]},
                "not_active": others if self.rng.random() < 0.7 else others[0],
            },
            "queue_login": {
                "logged_in": [{"id": q.id, "name": q.name, "start_date": since} for q in logins],
                "logged_out": [{"id": q.id, "name": q.name, "start_date": since} for q in self.queues if q not in logins and q.id],
            },
            "mobile_active": 0,
            "web_active": int(client),
            "admin_active": 0,
            "last_call_update": at,
        }
        if self.rng.random() < 0.5:
            document["profile"]["active"]["default_duration"] = since + 3_600_000
        if len(logins) == 1 and self.rng.random() < 0.5:
            document["queue_login"]["logged_in"] = document["queue_login"]["logged_in"][0]
        if call is not None:
            busy, answered = call
            document["active_call"] = {"id_call": busy.id_call, "answered": answered, "call_direction": busy.direction} | {
                "time": {"start": busy.began} | ({"answered": busy.answered} if answered else {})
            }
            if busy.queue_id is not None:
                document["active_call"] |= {"queue_id": busy.queue_id, "queue_description": "Kö"}
        elif (kind := self.rng.random()) < 0.3:
            document["active_call"] = None if kind < 0.15 else {}
        return document
