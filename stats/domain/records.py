"""The records every provider's words are put into: the whole truth known about one call, one agent, one slot.

Rules that hold here:
- Instants are integer epoch milliseconds, durations integer milliseconds; None is "not told", never zero.
- A record may be partial: a queue document becomes a Call with one Visit and no Journey. `merge` puts partial ones together.
- Nothing here knows a vendor's spelling, the time, or a store.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from stats.domain.notes import Note


class Direction(StrEnum):
    """Which way a call went, seen from the organisation."""

    IN = "in"
    OUT = "out"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A queue or an agent as one document named it: the vendor's statistics id, its account id, its display name.

    `ref`: what a vendor without such numbers knows it by, as "<source>:<id>", so that no two sources can mean each other's.
    """

    id: int | None = None
    account_id: int | None = None
    name: str | None = None
    ref: str | None = None

    @property
    def key(self) -> str | None:
        """The key this telling alone supports: "111834", else "a:998877", else "s:<ref>", else "n:<name>", else None."""
        if self.id is not None:
            return str(self.id)
        if self.account_id is not None:
            return f"a:{self.account_id}"
        if self.ref:
            return f"s:{self.ref}"
        return f"n:{self.name}" if self.name else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """The call document's own words about the whole call."""

    active: bool | None = None
    answered: bool | None = None
    direction: Direction | None = None
    internal: bool | None = None
    number: str | None = None  # E.164 when derivable, else as the vendor wrote it
    started_at: int | None = None
    ended_at: int | None = None
    first_agent: Party | None = None
    first_answered_at: int | None = None
    last_agent: Party | None = None
    last_answered_at: int | None = None
    first_queue: Party | None = None
    last_queue: Party | None = None
    ivr_seen: bool | None = None
    ivr_name: str | None = None
    voicemail: bool | None = None
    callback_ordered: bool | None = None
    callbacks: int | None = None  # sum of the on-hook counts
    transfers: int | None = None
    recorded: bool | None = None
    redirects: int | None = None
    end_reason: str | None = None
    total_ms: int | None = None
    before_queue_ms: int | None = None
    queue_ms: int | None = None
    wait_ms: int | None = None
    ring_ms: int | None = None
    talk_ms: int | None = None
    hold_ms: int | None = None
    asof: int = field(default=0, compare=False)  # our instant up to which this is known to hold; no part of its meaning
    # Fields are appended, never inserted: the live store writes a record by position.
    ivr_at: int | None = None  # when the first menu was entered
    ivr_last_name: str | None = None
    menu_digit: str | None = None  # what the caller pressed
    transfer_first: str | None = None  # the vendor's word for the kind of transfer
    transfer_last: str | None = None
    withheld: bool | None = None  # the caller wants no number shown: none is kept, whatever else told one

    @property
    def ended(self) -> bool:
        """The document says the call is over: it is told inactive, or when it ended."""
        return self.active is False or self.ended_at is not None

    @property
    def goes_on(self) -> bool:
        """The document says the call is not over."""
        return not self.ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One entry of a call into one queue, as the queue document tells it."""

    queue: Party
    entered_at: int | None = None  # when the call entered this queue, else when the document says it started
    started_at: int | None = None  # what the document calls its start
    active: bool | None = None
    answered: bool | None = None
    answered_at: int | None = None  # first agent's answer
    ended_at: int | None = None
    direction: Direction | None = None
    internal: bool | None = None
    number: str | None = None
    first_agent: Party | None = None
    last_agent: Party | None = None
    ivr_seen: bool | None = None
    queue_ms: int | None = None
    wait_ms: int | None = None
    ring_ms: int | None = None
    talk_ms: int | None = None
    hold_ms: int | None = None
    total_ms: int | None = None
    transfer: int | None = None
    voicemail: bool | None = None
    callbacks: int | None = None
    recorded: bool | None = None
    strategy: str | None = None
    fail_reason: str | None = None
    not_answer_risk: int | None = None
    asof: int = field(default=0, compare=False)  # our instant up to which this is known to hold; no part of its meaning
    end_reason: str | None = None  # how the last ring of it ended
    derived: bool | None = None  # the vendor has no such queue: it ends when its call's rings do (see `outcomes`)
    moved_on: bool | None = None  # it left by itself to somewhere that is no queue, and not because the caller hung up

    @property
    def ended(self) -> bool:
        """The document says the call has left this queue."""
        return self.active is False or (self.active is None and self.ended_at is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One agent rung once, as the agent document tells it. Outgoing documents are told the same way and counted apart."""

    agent: Party
    queue: Party | None = None
    began_at: int | None = None
    answered_at: int | None = None
    ended_at: int | None = None
    active: bool | None = None
    answered: bool | None = None
    direction: Direction | None = None
    internal: bool | None = None
    number: str | None = None
    ivr_seen: bool | None = None
    ring_ms: int | None = None
    talk_ms: int | None = None
    hold_ms: int | None = None
    total_ms: int | None = None
    transfer: int | None = None
    voicemail: bool | None = None
    recorded: bool | None = None
    end_reason: str | None = None
    devices: int | None = None
    asof: int = field(default=0, compare=False)  # our instant up to which this is known to hold; no part of its meaning
    from_transfer: int | None = None
    to_transfer: int | None = None
    told_by: str | None = None  # None: a document of its own; "event", "call": see `rings`

    @property
    def ended(self) -> bool:
        """The document says this ring or talk is over."""
        return self.active is False or (self.active is None and self.ended_at is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Everything known of one call: the call document's words, and a visit and an offer per queue and agent document."""

    source: str
    id_call: str
    journey: Journey | None = None
    visits: tuple[Visit, ...] = ()
    offers: tuple[Offer, ...] = ()
    tenant: str | None = None  # the vendor's customer id, where the document names it
    expired: bool = False  # still open, but neither stream nor history has known it for hours

    @property
    def over(self) -> bool:
        """Nothing of it goes on: the call's own document decides where there is one, else every visit and offer."""
        if self.expired:
            return True
        if self.journey is not None:
            return self.journey.ended
        # A queue that only we have made up holds nobody once nothing rings or talks any more.
        return all(v.ended or (v.derived and self.offers) for v in self.visits) and all(
            o.ended or self.lost_race_at(o) is not None for o in self.offers
        )

    def lost_race_at(self, ring: Offer) -> int | None:
        """When another agent answered the caller of a ring told event by event that went on then: all phones fall silent."""
        if ring.told_by != "event" or ring.direction is not Direction.IN or ring.answered or ring.began_at is None:
            return None
        others = (o for o in self.offers if o.told_by and o.agent.key != ring.agent.key and o.direction is not Direction.OUT)
        at = min((o.answered_at for o in others if o.answered_at is not None and o.answered_at >= ring.began_at), default=None)
        return at if at is not None and (ring.ended_at is None or ring.ended_at >= at) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLogin:
    """An agent's log-in to (or log-out of) one queue."""

    queue: Party
    since: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveCall:
    """The call an agent has now, as the presence document tells it."""

    id_call: str
    answered: bool = False
    queue: Party | None = None
    direction: Direction | None = None
    internal: bool | None = None
    started_at: int | None = None
    answered_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPresence:
    """The latest presence document of one agent. It replaces the one before; nothing is carried over."""

    source: str
    agent: Party
    status: str | None = None  # "available", "unavailable"; anything else is unknown
    is_wrapup: bool = False
    profile_id: int | None = None
    profile_name: str | None = None
    status_message: str | None = None
    profile_since: int | None = None
    until: int | None = None
    logged_in: tuple[QueueLogin, ...] = ()
    logged_out: tuple[QueueLogin, ...] = ()
    active_call: ActiveCall | None = None
    clients: bool = False  # a mobile, web or admin client is live
    updated_at: int | None = None  # the vendor's own freshness hint
    told_at: int = 0  # our receipt of it
    tenant: str | None = None
    derived: bool = False  # no presence was told: made from the agent's rings and talks, so that availability is unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileUse:
    """Time one agent spent in one profile inside one slot."""

    profile_id: int | None
    name: str | None
    available: bool | None
    wrapup: bool = False
    usage_ms: int | None = None
    busy_ms: int | None = None
    times: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceSlot:
    """One agent's slot of the hourly batch (or of the history API, which tells the available profile alone)."""

    source: str
    agent: Party
    start: int
    end: int | None = None
    busy_ms: int | None = None
    profiles: tuple[ProfileUse, ...] = ()
    calls_total: int | None = None
    calls_answered: int | None = None
    talk_ms: int | None = None
    unit: str = "ms"  # how lengths were read: "ms" or "s"
    tenant: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueEstimate:
    """How long the vendor itself says that a caller who comes now would wait in a queue; `estimate_ms` None: it says nothing."""

    source: str
    queue: Party
    estimate_ms: int | None
    told_at: int


Telling = Call | AgentPresence | PresenceSlot | QueueEstimate | Note
