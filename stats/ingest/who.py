"""Who is who at one source: learns queues and agents from every document, and tells the store.

A join (a document that carries both ids of what had been known by one) asks for today's calls to be shown again under the right key.
"""

from dataclasses import dataclass, field
from typing import Literal

import structlog

from stats.domain.directory import Directory
from stats.domain.errors import Malformed
from stats.domain.records import AgentPresence, Call, Party, QueueEstimate, Visit
from stats.live import codec
from stats.live.board_store import Store

log = structlog.get_logger(__name__)

Kind = Literal["queues", "agents"]


@dataclass(slots=True)
class Moved:
    """What waits to be written of identities."""

    entries: list[tuple[str, str, str]] = field(default_factory=list)
    moves: list[tuple[str, str, list[str]]] = field(default_factory=list)


class Who:
    """The directories of one source and what the store has not yet been told of them."""

    def __init__(self, source: str) -> None:
        self._source = source
        self.queues, self.agents = Directory(), Directory()
        self.restate_wanted = False
        self.entries: dict[tuple[str, str], str] = {}
        self.agent_moves: list[tuple[str, str]] = []
        self._seen: dict[Kind, set[Party]] = {"queues": set(), "agents": set()}
        self._risks: dict[str, tuple[int, int]] = {}
        self._estimates: dict[str, tuple[int | None, int]] = {}

    @property
    def dirty(self) -> bool:
        """Something waits to be written."""
        return bool(self.entries or self.agent_moves)

    def want_restate(self) -> None:
        """Stored calls must be shown again. Written with what made it so, so that a successor finishes what a crash cuts short."""
        self.restate_wanted = True
        self.entries[("flags", f"restate:{self._source}")] = "1"

    def restated(self) -> None:
        """They were."""
        if not self.restate_wanted:
            self.entries[("flags", f"restate:{self._source}")] = ""

    def learn_call(self, call: Call, *, live: bool) -> None:
        """Everybody a telling of a call names."""
        journey = call.journey
        if journey is not None:
            for party in (journey.first_queue, journey.last_queue):
                if party is not None:
                    self._learn("queues", self.queues, party, live)
            for party in (journey.first_agent, journey.last_agent):
                if party is not None:
                    self._learn("agents", self.agents, party, live)
        for visit in call.visits:
            self._learn("queues", self.queues, visit.queue, live)
            for party in (visit.first_agent, visit.last_agent):
                if party is not None:
                    self._learn("agents", self.agents, party, live)
            if live and visit.not_answer_risk is not None:
                self._note_risk(visit, visit.not_answer_risk)
        for offer in call.offers:
            self._learn("agents", self.agents, offer.agent, live)
            if offer.queue is not None:
                self._learn("queues", self.queues, offer.queue, live)

    def learn_presence(self, presence: AgentPresence) -> None:
        """The agent, and the queues of the log-ins and of the active call."""
        self.learn_agent(presence.agent)
        for login in (*presence.logged_in, *presence.logged_out):
            self._learn("queues", self.queues, login.queue)
        if presence.active_call is not None and presence.active_call.queue is not None:
            self._learn("queues", self.queues, presence.active_call.queue)

    def learn_agent(self, agent: Party) -> None:
        """One agent."""
        self._learn("agents", self.agents, agent)

    def _learn(self, kind: Kind, directory: Directory, party: Party, live: bool = True) -> None:
        seen = self._seen[kind]
        if party in seen:
            return
        if len(seen) > 20_000:
            seen.clear()
        seen.add(party)
        learnt = directory.learn(party, rename=live)
        if learnt is None or learnt.party.key is None:
            return
        self.entries[(kind, learnt.party.key)] = codec.pack_party(learnt.party, self._source)
        for old in learnt.joined:
            self.entries[(kind, old)] = ""
            self.want_restate()
            seen.clear()
            if kind == "agents":
                self.agent_moves.append((old, learnt.party.key))
            elif old in self._risks:
                self._put_risk(learnt.party.key, *self._risks.pop(old))

    def forget_agent(self, key: str, pseudonym: Party) -> None:
        """An agent was erased: presence and credited time go over to the pseudonym, and the directory knows of nobody else."""
        self.agents.forget(key)
        self._seen["agents"].clear()
        self._learn("agents", self.agents, pseudonym)
        self.entries[("agents", key)] = ""
        if pseudonym.key is not None and pseudonym.key != key:
            self.agent_moves.append((key, pseudonym.key))

    def _note_risk(self, visit: Visit, risk: int) -> None:
        """The value of the visit that entered last; a document repeats on leaving what was measured on entry."""
        key = self.queues.key(visit.queue)
        if key is None:
            return
        stamp = visit.entered_at if visit.entered_at is not None else visit.asof
        self._put_risk(key, risk, stamp)

    def note_estimate(self, told: QueueEstimate) -> None:
        """How long the vendor says that a caller would wait; the newest stays."""
        self._learn("queues", self.queues, told.queue)
        key = self.queues.key(told.queue)
        if key is not None and told.told_at >= self._estimates.get(key, (None, 0))[1]:
            if self._estimates.get(key, (None, 0))[0] != told.estimate_ms:
                self.entries[("estimate", key)] = codec.pack_risk(told.estimate_ms, told.told_at) if told.estimate_ms is not None else ""
            self._estimates[key] = (told.estimate_ms, told.told_at)

    def _put_risk(self, key: str, risk: int, stamp: int) -> None:
        held = self._risks.get(key)
        if held is not None and (held[1] > stamp or held == (risk, stamp)):
            return
        self._risks[key] = (risk, stamp)
        self.entries[("risk", key)] = codec.pack_risk(risk, stamp)

    async def load(self, store: Store, organisation: str) -> None:
        """What the store knows of this source's queues and agents. Raises StoreAway."""
        for kind, directory in (("queues", self.queues), ("agents", self.agents)):
            for packed in (await store.entries(organisation, kind)).values():
                try:
                    party, source = codec.unpack_party(packed)
                except Malformed as why:
                    log.warning("identity.unreadable", kind=kind, reason=why.reason)
                    continue
                if source == self._source:
                    directory.learn(party)
        self.restate_wanted = f"restate:{self._source}" in await store.entries(organisation, "flags")
        for key, packed in (await store.entries(organisation, "risk")).items():
            try:
                risk = codec.unpack_risk(packed)
                if key not in self._risks or self._risks[key][1] < risk[1]:
                    self._risks[key] = risk
            except Malformed as why:
                log.warning("risk.unreadable", reason=why.reason)

    def doubt(self) -> None:
        """Tell the store everything again."""
        for kind, directory in (("queues", self.queues), ("agents", self.agents)):
            for key, party in directory.by_key.items():
                self.entries[(kind, key)] = codec.pack_party(party, self._source)
        for key, (value, stamp) in self._risks.items():
            self.entries[("risk", key)] = codec.pack_risk(value, stamp)
        for key, (estimate, stamp) in self._estimates.items():
            self.entries[("estimate", key)] = codec.pack_risk(estimate, stamp) if estimate is not None else ""

    def take(self, days: list[str]) -> Moved:
        """What waits to be written (agents' credited time moves with them on these days); the caller writes it or puts it back."""
        entries = [(name, key, packed) for (name, key), packed in self.entries.items()]
        moved = Moved(entries, [(old, new, days) for old, new in self.agent_moves])
        self.entries, self.agent_moves = {}, []
        return moved

    def put_back(self, moved: Moved) -> None:
        """It was not written after all."""
        for name, key, packed in moved.entries:
            self.entries.setdefault((name, key), packed)
        self.agent_moves = [(o, n) for o, n, _ in moved.moves] + self.agent_moves
