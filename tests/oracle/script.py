"""Writes what the vendor tells of one call: cumulative documents on three datasources, one frame for each change.

Source: Telavox Studio API 1.2 and 2.1 to 2.3. All instants are epoch ms, all durations ms. All persons and numbers are made up.
"""

import copy
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.oracle.documents import Documents

Raw = dict[str, Any]
SOURCES = ("calls", "queues", "agents")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    datasource: str
    emitted_at_ms: int
    document: Raw


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueNamed:
    id: int | None
    account_id: int | None
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentNamed:
    id: int
    account_id: int
    name: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How this day's vendor writes: which of the two ids, when a queue document closes, what it leaves out."""

    queue_closes_at: str = "answer"  # or "end"
    queue_start_is: str = "entry"  # or "call": what `time.start` of a queue document means
    both_ids_share: float = 0.7
    lists_as: str = "array"  # or "text"


@dataclass(slots=True)
class Script:
    """One call as it happens. Times may be told in any order; frames come out in the order of time."""

    id_call: str
    rng: random.Random
    dialect: Dialect
    events: list[tuple[int, int, str, str, Raw]] = field(default_factory=list)
    silent: frozenset[str] = frozenset()
    direction: str | None = "incoming"
    number: str | None = None
    internal: int | None = None
    started: int = 0
    visits: dict[str, Raw] = field(default_factory=dict)
    talk_ms: int = 0

    def tell(self, at: int, datasource: str, key: str, patch: Raw) -> None:
        self.events.append((at, len(self.events), datasource, key, patch))

    # -- what can happen to a call ------------------------------------------------------------------

    def begin(self, at: int, *, ivr: bool) -> None:
        self.started = at
        patch: Raw = self.common() | {
            "active": 1,
            "answered": 0,
            "time": {"start": at},
            "offered_and_answered": 0,
            "offered_and_not_answered": 0,
        }
        if ivr:
            menu = {"id": 5501, "account_id": 705501, "name": "Huvudmeny", "phone": "0046100000001", "timestamp": at}
            patch |= {"ivr_first": menu, "ivr_last": menu, "ivr_list": self.names(["Huvudmeny"]), "menu_digit": {"dialed_number": "1"}}
        self.tell(at, "calls", "", patch)

    def enter(self, queue: QueueNamed, at: int) -> str:
        """The caller enters a queue; answers with the visit's name in this script."""
        key = f"v{len(self.visits)}"
        start = self.started if self.dialect.queue_start_is == "call" else at
        named = self.queue_object(queue, first=not self.visits) | {"timestart": at}
        snapshot = {
            "free_agents": self.rng.randrange(4),
            "not_answer_risk": self.rng.randrange(101),
            "queue_talking_agents": self.rng.randrange(5),
        }
        self.visits[key] = {"entered": at, "start": start, "named": named}
        self.tell(at, "queues", key, self.common() | {"active": 1, "answered": 0, "queue": named | snapshot, "time": {"start": start}})
        which = {"queue_last": named} if len(self.visits) > 1 else {"queue_first": named, "queue_last": named}
        self.tell(at, "calls", "", which | {"queue_list": self.names([queue.name])})
        return key

    def leave(self, visit: str, at: int, *, told: bool = True, **more: Any) -> None:
        """The caller leaves a queue without an answer there; `told` False loses the closing frame."""
        entered = self.visits[visit]["entered"]
        waited = at - entered
        start = self.visits[visit]["start"]
        patch: Raw = {
            "active": 0,
            "time": {"end": at},
            "duration": {"queue": waited, "wait": at - self.started, "total": at - start},
        } | more
        if told:
            self.tell(at, "queues", visit, patch)

    def ring(self, agent: AgentNamed, at: int, *, queue: QueueNamed | None = None, visit: str | None = None) -> str:
        key = f"o{len(self.events)}"
        patch: Raw = self.common() | {"active": 1, "answered": 0, "agent": self.agent_object(agent), "time": {"start": at}}
        if queue is not None:
            patch["queue"] = self.queue_object(queue) | ({"timestart": self.visits[visit]["entered"]} if visit else {})
        self.tell(at, "agents", key, patch)
        self.tell(at, "calls", "", {"agent_list": self.names([agent.name])})
        return key

    def stop_ringing(self, offer: str, began: int, at: int, *, reason: str = "NO_ANSWER", told: bool = True) -> None:
        if told:
            ended = {"active": 0, "time": {"end": at}, "duration": {"ring": at - began, "total": at - began}, "agent_end_reason": reason}
            self.tell(at, "agents", offer, ended)

    def answer(
        self, offer: str, agent: AgentNamed, at: int, *, visit: str | None = None, first: bool = True, instants: bool = True
    ) -> None:
        """An agent answers; with `instants` False nobody tells when, and with `visit` the visit's own document says it too."""
        self.tell(at, "agents", offer, {"answered": 1} | ({"time": {"answered": at}} if instants else {}))
        named = self.agent_object(agent) | ({"answered": at} if instants else {})
        self.tell(at, "calls", "", {"answered": 1, "agent_last": named} | ({"agent_first": named} if first else {}))
        if visit is not None:
            self.answer_visit(visit, named, at, instants=instants)

    def answer_visit(self, visit: str, named: Raw, at: int, *, instants: bool = True) -> None:
        entered = self.visits[visit]["entered"]
        patch: Raw = {"answered": 1, "agent_first": named, "agent_last": named}
        if self.rng.random() < 0.85:
            patch["duration"] = {"queue": at - entered} if self.rng.random() < 0.8 else {"wait": at - entered}
            if instants:
                patch["duration"]["wait"] = at - self.started
        if self.dialect.queue_closes_at == "answer":
            patch |= {"active": 0, "time": {"end": at}}
        self.tell(at, "queues", visit, patch)

    def hang_up(
        self, offer: str, began: int, answered: int, at: int, *, hold: int = 0, visit: str | None = None, told: bool = True
    ) -> None:
        """An agent's talk ends. `told` False leaves talk and hold out of the visit's document."""
        talk = at - answered - hold
        self.talk_ms += talk
        ended = {"ring": answered - began, "talk": talk, "total": at - began} | ({"hold": hold} if hold or self.rng.random() < 0.5 else {})
        self.tell(at, "agents", offer, {"active": 0, "time": {"end": at}, "duration": ended})
        if visit is not None:
            patch: Raw = {"active": 0}
            if self.dialect.queue_closes_at == "end":
                patch["time"] = {"end": at}
            if told:
                patch["duration"] = {"talk": talk} | ({"hold": hold} if hold or self.rng.random() < 0.5 else {})
            self.tell(at, "queues", visit, patch)

    def end(self, at: int, **more: Any) -> None:
        durations: Raw = {"total": at - self.started} | ({"talk": {"total": self.talk_ms}} if self.talk_ms else {})
        self.tell(at, "calls", "", {"active": 0, "time": {"end": at}, "duration": durations} | more)

    # -- how it is written --------------------------------------------------------------------------

    def common(self) -> Raw:
        patch: Raw = {"id_call": self.id_call, "customer_telavox": {"id": 4300, "name": "Provbolaget AB"}}
        if self.direction is not None:
            patch["call_direction"] = self.direction
        if self.number is not None:
            patch["customer_target"] = {"number": self.number}
        if self.internal is not None:
            patch["internal"] = self.internal
        return patch

    def names(self, names: list[str]) -> Any:
        return names if self.dialect.lists_as == "array" else ",".join(names)

    def queue_object(self, queue: QueueNamed, *, first: bool = False) -> Raw:
        ids = self.ids(queue.id, queue.account_id, both=first and self.rng.random() < 0.8)
        return ids | {"name": queue.name, "strategy": "ringall"}

    def agent_object(self, agent: AgentNamed) -> Raw:
        return self.ids(agent.id, agent.account_id) | {"name": agent.name, "phone": agent.phone, "licence": {"type": "Flow", "ccpro": 1}}

    def ids(self, stats: int | None, account: int | None, *, both: bool = False) -> Raw:
        told = {name: value for name, value in (("id", stats), ("account_id", account)) if value is not None}
        if len(told) == 2 and not both and self.rng.random() >= self.dialect.both_ids_share:
            del told["account_id" if self.rng.random() < 0.6 else "id"]
        return told

    # -- what comes of it ---------------------------------------------------------------------------

    def frames(self, until: int) -> Iterator[Frame]:
        """The cumulative documents sent up to and including `until`, in the order of time."""
        told: dict[tuple[str, str], Raw] = {}
        for at, _, datasource, key, patch in sorted(self.events, key=lambda event: event[:2]):
            if at <= until and datasource not in self.silent:
                document = told.setdefault((datasource, key), {})
                merge(document, patch)
                yield Frame(datasource=datasource, emitted_at_ms=at, document=copy.deepcopy(document))

    def documents(self, until: int) -> Documents:
        """The last document of each kind at an instant."""
        told: dict[tuple[str, str], Raw] = {}
        for at, _, datasource, key, patch in sorted(self.events, key=lambda event: event[:2]):
            if at <= until and datasource not in self.silent:
                merge(told.setdefault((datasource, key), {}), patch)
        return Documents(**{source: [doc for (kind, _), doc in told.items() if kind == source] for source in SOURCES})

    def heard(self, since: int, until: int) -> Documents:
        """The last documents of the things of which a frame was sent in (since, until]: what a listener who came at `since` has heard."""
        told: dict[tuple[str, str], Raw] = {}
        fresh: set[tuple[str, str]] = set()
        for at, _, datasource, key, patch in sorted(self.events, key=lambda event: event[:2]):
            if at <= until and datasource not in self.silent:
                merge(told.setdefault((datasource, key), {}), patch)
                fresh |= {(datasource, key)} if at > since else set()
        return Documents(
            **{source: [doc for (kind, key), doc in told.items() if kind == source and (kind, key) in fresh] for source in SOURCES}
        )


# Who it names may change; a naming is never put together from two.
WHOLE = frozenset({"queue_first", "queue_last", "agent_first", "agent_last", "ivr_first", "ivr_last", "queue", "agent"})


def merge(document: Raw, patch: Raw) -> None:
    for key, value in patch.items():
        if key not in WHOLE and isinstance(value, dict) and isinstance(document.get(key), dict):
            merge(document[key], value)
        else:
            document[key] = copy.deepcopy(value)
