"""States of agents where the vendor tells no presence: made of their open rings and talks.

Rules that hold here: a talk goes before a ring, the newest of several before the others; who has neither is of unknown availability, not
available; only what has changed is told; what was told before a restart and goes on no longer is taken back once the open calls are read.
"""

from collections.abc import Collection

from stats.domain.directory import Directory
from stats.domain.outcomes import OfferOutcome, SettledCall
from stats.domain.records import ActiveCall, AgentPresence, Offer, Party
from stats.ingest.people import People

GOING_ON = (OfferOutcome.RINGING, OfferOutcome.TALKING)


class Deriving:
    """The agents of one source, by key."""

    def __init__(self, source: str, agents: Directory) -> None:
        self._source, self._agents = source, agents
        self._unread: set[str] = set()  # open calls an earlier worker left, not read yet
        self._open: dict[str, dict[str, list[tuple[Offer, OfferOutcome]]]] = {}  # agent -> call -> what goes on there
        self._of_call: dict[str, frozenset[str]] = {}
        self._parties: dict[str, Party] = {}
        self._told: dict[str, ActiveCall | None] = {}
        self._changed: dict[str, None] = {}

    @property
    def dirty(self) -> bool:
        """Something waits to be told."""
        return bool(self._changed)

    def follow(self, settled: SettledCall) -> None:
        """A call is as told now."""
        id_call = settled.call.id_call
        self._unread.discard(id_call)
        here: dict[str, list[tuple[Offer, OfferOutcome]]] = {}
        for offer, outcome in zip(settled.call.offers, settled.offers, strict=True):
            key = self._agents.key(offer.agent)
            if key is None:
                continue
            self._parties[key] = offer.agent
            if key not in self._told:
                self._changed[key] = None
            if outcome in GOING_ON:
                here.setdefault(key, []).append((offer, outcome))
        for key in self._of_call.get(id_call, frozenset()) | here.keys():
            calls = self._open.setdefault(key, {})
            if key in here:
                calls[id_call] = here[key]
            else:
                calls.pop(id_call, None)
            self._changed[key] = None
        if here:
            self._of_call[id_call] = frozenset(here)
        else:
            self._of_call.pop(id_call, None)

    def know(self, agent: Party) -> None:
        """There is such an agent."""
        key = self._agents.key(agent)
        if key is not None and key not in self._told:
            self._parties[key] = agent
            self._changed[key] = None

    def recall(self, people: People, open_calls: Collection[str]) -> None:
        """What was told before this process had the source; what of it goes on no longer is taken back once the open calls were read."""
        self._unread = set(open_calls)
        for key, known in people.known.items():
            if known.document.derived:
                self._parties.setdefault(key, known.document.agent)
                self._told[key] = known.document.active_call
                self._changed[key] = None

    def tell(self, people: People, now: int) -> None:
        """Whatever has changed, at an instant of ours."""
        if not self._unread:
            for presence in self.take(now):
                people.tell(presence, self._agents)

    def take(self, now: int) -> list[AgentPresence]:
        """What has changed since it was last asked."""
        told: list[AgentPresence] = []
        for key in self._changed:
            active = self._active(key)
            if key in self._told and self._told[key] == active:
                continue
            self._told[key] = active
            told.append(AgentPresence(source=self._source, agent=self._parties[key], active_call=active, told_at=now, derived=True))
        self._changed.clear()
        return told

    def _active(self, key: str) -> ActiveCall | None:
        going_on = [
            (outcome is OfferOutcome.TALKING, offer.answered_at or offer.began_at or 0, id_call, offer)
            for id_call, offers in self._open.get(key, {}).items()
            for offer, outcome in offers
        ]
        if not going_on:
            return None
        talking, _, id_call, offer = max(going_on, key=lambda each: each[:3])
        return ActiveCall(
            id_call=id_call,
            answered=talking,
            queue=offer.queue,
            direction=offer.direction,
            internal=offer.internal,
            started_at=offer.began_at,
            answered_at=offer.answered_at,
        )
