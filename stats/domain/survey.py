"""What is going on now: who waits, who talks, and which agents are where, from the living calls and from presence.

Rules that hold here: every agent is looked at once, however many queues there are; an agent whose document is the one looked at last time,
while no queue has got another name, is not looked at again.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from stats.domain.agent_states import LOGGED_IN_STATES, AgentState, KnownPresence
from stats.domain.directory import Directory
from stats.domain.facts import Facts, PartyFacts, call_reference

AGENT_COUNTS = ("agents_logged_in", *(f"agents_{state}" for state in LOGGED_IN_STATES))

# The directories of queues, with what each had learnt: an equal one names every queue alike.
Named = tuple[tuple[str, Directory, int], ...]


@dataclass(frozen=True, slots=True)
class Place:
    """What one presence document shows: distinct queues logged in to, the count it is in (None: logged in to nothing), the call in talk."""

    presence: KnownPresence
    queues: tuple[str, ...]
    counted_as: str | None
    talks_on: tuple[str, str | None] | None  # (call reference, queue key)


@dataclass(slots=True)
class Now:
    """What the living calls and the presence show, by queue."""

    waiting: dict[str, list[int]] = field(default_factory=dict)
    talking: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    agents: dict[str | None, Counter[str]] = field(default_factory=dict)  # None: of all that are logged in anywhere
    places: Mapping[str, Place] = field(default_factory=dict)
    heard: frozenset[str] = frozenset()  # the sources of which any presence is known

    def talking_in(self, queues: Iterable[str]) -> int:
        """How many talk: each call and agent once, however many visits of the call they answered."""
        pairs: set[tuple[str, str]] = set()
        return len(pairs.union(*(self.talking.get(queue, ()) for queue in queues)))

    def agents_in(self, queue: str) -> dict[str, int]:
        """The agents logged in to a queue, by state."""
        return _counts(self.agents.get(queue, Counter()))

    def agents_of(self, agents: Collection[str]) -> dict[str, int]:
        """The same of some agents, in whatever queue."""
        if len(agents) == len(self.places):
            return _counts(self.agents.get(None, Counter()))
        return _counts(Counter(name for agent in agents if (name := self.places[agent].counted_as) is not None))


class Places:
    """Where agents are, from one look to the next, with the counts that follow from it."""

    def __init__(self) -> None:
        self.held: dict[str, Place] = {}
        self.talks: dict[str, tuple[str, str | None]] = {}
        self.counts: dict[str | None, Counter[str]] = {}
        self.heard: Counter[str] = Counter()
        self._named: Named = ()

    def look(self, facts: Facts) -> None:
        """Brings every agent's place up to date."""
        named = named_in(facts)
        if named != self._named:
            self.held, self.talks, self.counts, self.heard, self._named = {}, {}, {}, Counter(), named
        for agent, presence in facts.presence.items():
            place = self.held.get(agent)
            if place is None or place.presence is not presence:
                self._move(agent, place, place_of(facts, presence))
        if len(self.held) > len(facts.presence):
            for agent in self.held.keys() - facts.presence.keys():
                self._move(agent, self.held[agent], None)

    def _move(self, agent: str, old: Place | None, new: Place | None) -> None:
        for place, by in ((old, -1), (new, 1)):
            if place is None:
                continue
            self.heard[place.presence.document.source] += by
            if place.counted_as is not None:
                for queue in (None, *place.queues):
                    self.counts.setdefault(queue, Counter())[place.counted_as] += by
        self.held.pop(agent, None)
        self.talks.pop(agent, None)
        if new is not None:
            self.held[agent] = new
            if new.talks_on is not None:
                self.talks[agent] = new.talks_on


def named_in(facts: Facts) -> Named:
    """What `facts.queue_key` goes by."""
    return tuple((source, directory, directory.revision) for source, directory in facts.queue_directories.items())


def place_of(facts: Facts, presence: KnownPresence) -> Place:
    """Where an agent is."""
    document = presence.document
    queues = {facts.queue_key(document.source, login.queue): None for login in document.logged_in}
    state = presence.state if presence.state in LOGGED_IN_STATES else AgentState.UNKNOWN
    call = document.active_call
    return Place(
        presence,
        tuple(queue for queue in queues if queue is not None),
        f"agents_{state}" if document.logged_in else None,
        (call_reference(document.source, call.id_call), facts.queue_key(document.source, call.queue) if call.queue is not None else None)
        if call is not None and call.answered
        else None,
    )


def _counts(agents: Mapping[str, int]) -> dict[str, int]:
    """Logged-in agents by state, and all of them, as they are shown."""
    return {"agents_logged_in": sum(agents.values()), **{name: agents.get(name, 0) for name in AGENT_COUNTS[1:]}}


def survey(facts: Facts, seen: Places | None = None) -> Now:
    """Read the living calls and the presence once: instants of waiting visits, (call, agent) pairs in talk, agents by state, by queue."""
    seen = seen or Places()
    seen.look(facts)
    now = Now(
        agents={queue: counted.copy() for queue, counted in seen.counts.items()},
        places=seen.held.copy(),
        heard=frozenset(source for source, number in seen.heard.items() if number),
    )
    by_call: dict[str, list[tuple[str, str | None]]] = {}
    for agent, (reference, queue_in_talk) in seen.talks.items():
        by_call.setdefault(reference, []).append((agent, queue_in_talk))
    for reference, living in facts.living.items():
        for queue, entered_at in living.waiting:
            # Whoever looks counts by our clock, so the wait begins by our clock too.
            now.waiting.setdefault(queue, []).append(entered_at - ahead_of(facts, facts.queues.get(queue)))
        for talk in living.talks:
            agents = set(talk.agents)
            agents.update(a for a, queue in by_call.get(reference, ()) if queue == talk.queue or (queue is None and talk.last))
            if agents:
                now.talking.setdefault(talk.queue, set()).update((reference, agent) for agent in agents)
    return now


def ahead_of(facts: Facts, queue: PartyFacts | None) -> int:
    """How far ahead the clock is that dates a queue's visits, ms."""
    source = facts.sources.get(queue.source) if queue is not None else None
    return source.vendor_ahead_ms if source is not None else 0
