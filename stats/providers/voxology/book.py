"""What a provider remembers of the calls of now, so that what has gone can be told: polls say who is there, never who has left.

Rules that hold here:
- A call of a customer has stays (in queues) and rings (of agents). An agent's leg is a call to the vendor and none to us: it is a ring of
  the customer's call it was made for.
- What an event said at its own instant is exact; what a poll found changed is not, and never replaces it.
- Ended calls are remembered for a while, for their late words; then forgotten. Nothing here is a store: a restart begins from `recall`.
Instants are epoch ms.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from stats.domain.records import Direction, Offer, Party

MOST = 20_000
MOST_TALKS = 5_000
LOOKS_S = (0, 3, 10, 30, 60, 120, 300, 600)  # after a call has vanished, until its log is there


@dataclass(slots=True, kw_only=True)
class Stay:
    """One stay of a call in a queue."""

    queue: str
    entered_at: int | None
    entered_exact: bool = True
    known_at: int  # by our clock, when we first heard of it
    missed_at: int | None = None  # the first of the latest looks that did not find it, until it is known to have left
    left_at: int | None = None
    exact: bool = False  # `left_at` was told by the call flow
    to: str | None = None  # where it went, as the flow says
    moved_on: bool = False
    told_at: int = 0
    polled: bool = False  # no event of the call flow has named it


@dataclass(slots=True, kw_only=True)
class Ring:
    """One agent rung for one customer's call."""

    agent: Party | None
    queue: str | None = None
    began_at: int | None = None
    answered_at: int | None = None
    answered: bool = False
    exact: bool = False  # `answered_at` was told by the call flow
    linked_at: int | None = None  # of a leg that waits for callers: when the vendor was first heard to say that it was bridged to this one
    ended_at: int | None = None
    ended: bool = False
    ended_exact: bool = False
    told: Offer | None = None
    told_at: int = 0


@dataclass(slots=True, kw_only=True)
class Leg:
    """An agent's own call at the vendor. `rings`: by the customer's call; `dialled`: made for one call, so that it rings from its start."""

    id: str
    agent: Party | None = None
    dialled: bool = False
    rings: dict[str, Ring] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Talk:
    """A customer's call, or any other that is a call to us."""

    id: str
    direction: Direction | None = None
    number: str | None = None
    internal: bool | None = None
    started_at: int | None = None
    answered_at: int | None = None
    voicemail: bool = False
    callback: bool = False
    ended_at: int | None = None
    exact: bool = False  # `ended_at` is the vendor's last word
    hangup: str | None = None
    stays: list[Stay] = field(default_factory=list)
    rings: list[Ring] = field(default_factory=list)  # told by events, or held before a restart: their legs are not known
    agent: Party | None = None  # of a call out: who made it
    told_at: int = 0
    status: str | None = None  # the last that was told, and once it is over, how it ended
    menus: list[tuple[int, str]] = field(default_factory=list)  # when it came to which menu


@dataclass(slots=True)
class Watch:
    """A call or leg that may be over: when it was last seen alive, and when to ask for its log next."""

    alive_at: int
    vanished_at: int | None = None
    looks: int = 0
    next_at: int = 0


# Of those a successor is told of.
MOST_REACHED = 300


class Book:
    """Everything remembered of one source. `numbers`: agents' own numbers or addresses, in small letters, with what they are called."""

    def __init__(self) -> None:
        self.talks: OrderedDict[str, Talk] = OrderedDict()
        self.legs: OrderedDict[str, Leg] = OrderedDict()
        self.bridged: OrderedDict[str, set[str]] = OrderedDict()  # the customer's call -> legs that waited for callers, and got this one
        self.watched: dict[str, Watch] = {}
        self.learnt: OrderedDict[str, Party] = OrderedDict()  # the number of an agent's leg -> the agent

    def talk(self, id_call: str) -> Talk:
        """What is known of a call; made where nothing is."""
        found = self.talks.get(id_call)
        if found is None:
            found = self.talks[id_call] = Talk(id=id_call)
            while len(self.talks) > MOST_TALKS:
                # The oldest of those that are over, else the oldest.
                oldest = next((talk.id for talk in self.talks.values() if talk.exact), next(iter(self.talks)))
                self.forget(oldest)
        return found

    def forget(self, id_call: str) -> None:
        """A call of which nothing more is expected."""
        self.talks.pop(id_call, None)
        self.watched.pop(id_call, None)

    def leg(self, id_call: str) -> Leg:
        """The same of an agent's leg."""
        found = self.legs.get(id_call)
        if found is None:
            found = self.legs[id_call] = Leg(id=id_call)
            while len(self.legs) > MOST:
                self.watched.pop(self.legs.popitem(last=False)[0], None)
        return found

    def bridge(self, leg: Leg, customer: str) -> None:
        """A leg that waited for callers got this one."""
        self.bridged.setdefault(customer, set()).add(leg.id)
        self.bridged.move_to_end(customer)
        if len(self.bridged) > MOST_TALKS:
            self.bridged.popitem(last=False)

    def learn(self, number: str | None, agent: Party) -> None:
        """An agent was reached there."""
        if number:
            self.learnt[number.casefold()] = agent
            self.learnt.move_to_end(number.casefold())
            if len(self.learnt) > MOST:
                self.learnt.popitem(last=False)

    def reached(self) -> dict[str, str]:
        """The newest numbers at which agents were reached, each with the agent's `Party.ref`."""
        return {number: agent.ref for number, agent in list(self.learnt.items())[-MOST_REACHED:] if agent.ref}

    # -- who is there --------------------------------------------------------------------------------------------------

    def alive(self, id_call: str, at: int) -> None:
        """It was seen, or said something, by our clock."""
        watch = self.watched.get(id_call)
        if watch is None:
            self.watched[id_call] = Watch(at)
        else:
            watch.alive_at, watch.vanished_at, watch.looks = max(watch.alive_at, at), None, 0

    def settled(self, id_call: str) -> None:
        """The vendor's last word of it has been told."""
        self.watched.pop(id_call, None)

    def vanished(self, present: Iterable[str], asked_at: int) -> None:
        """Whoever is watched, and was not there when asked, may be over."""
        here = set(present)
        for id_call, watch in self.watched.items():
            if id_call in here:
                watch.alive_at, watch.vanished_at, watch.looks = asked_at, None, 0
            elif watch.vanished_at is None and watch.alive_at < asked_at:
                watch.vanished_at, watch.next_at = asked_at, asked_at

    def to_look_up(self, now: int, most: int) -> list[tuple[str, int]]:
        """Ids whose log should be asked for now, with how often that was done before; each is counted as asked."""
        due = [
            (watch.next_at, id_call) for id_call, watch in self.watched.items() if watch.vanished_at is not None and watch.next_at <= now
        ]
        found: list[tuple[str, int]] = []
        for _, id_call in sorted(due)[:most]:
            watch = self.watched[id_call]
            found.append((id_call, watch.looks))
            watch.looks += 1
            if watch.looks >= len(LOOKS_S):
                del self.watched[id_call]
            else:
                watch.next_at = (watch.vanished_at or now) + LOOKS_S[watch.looks] * 1000
        return found
