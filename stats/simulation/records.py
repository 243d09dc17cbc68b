"""What stands on the floor and what happens there: queues, menus, agents with profiles, calls with their visits and offers.

These are the truth the look-alikes report on, so unlike the product's records they change in place. Instants are epoch ms.
An absent instant is None and means "not yet" or "never". They know each other all around, so none of them prints the others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Strategy(StrEnum):
    RING_ALL = "ring_all"
    LONGEST_IDLE = "longest_idle"
    LINEAR = "linear"


class Direction(StrEnum):
    INCOMING = "incoming"
    OUTGOING = "outgoing"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A presence an agent may choose. `available` says whether the exchange may ring; the name never decides."""

    id: int
    name: str
    available: bool
    wrapup: bool = False


@dataclass(slots=True, eq=False, repr=False, kw_only=True)
class Menu:
    id: int
    account_id: int
    name: str
    phone: str


@dataclass(slots=True, eq=False, repr=False, kw_only=True)
class Queue:
    id: int
    account_id: int
    name: str
    phone: str
    strategy: Strategy
    talk_ms: int  # mean length of a conversation
    weight: float = 1.0  # share of the callers who choose it
    transfer_share: float = 0.06
    overflow_to: Queue | None = None
    overflow_after_ms: int = 75_000
    longest_ms: int = 240_000  # after this the caller is sent to voicemail
    calls_back: bool = False
    free: dict[int, Agent] = field(default_factory=dict)  # who may be rung now, by agent id
    logged_in: int = 0
    talking: int = 0
    line: list[Visit] = field(default_factory=list)  # callers waiting, oldest first


@dataclass(slots=True, eq=False, repr=False, kw_only=True)
class ActiveCall:
    call: Call
    began_at: int
    offer: Offer | None
    queue: Queue | None
    answered_at: int | None = None


@dataclass(slots=True, eq=False, repr=False, kw_only=True)
class Agent:
    id: int
    account_id: int
    name: str
    phone: str
    email: str
    admin: bool
    licence: str
    order: int  # place in a linear queue
    queues: tuple[Queue, ...]
    profile: Profile
    profile_since: int
    until: int | None = None  # planned end of the profile
    profile_entered: dict[int, int] = field(default_factory=dict)  # profile id -> last time it was entered
    logged_in: dict[int, int] = field(default_factory=dict)  # queue id -> since
    logged_out: dict[int, int] = field(default_factory=dict)
    active: ActiveCall | None = None
    idle_since: int = 0
    resting_until: int = 0  # not rung again at once after letting it ring out
    wants: tuple[Profile, int] | None = None  # a profile to take when the call is over, and for how long (ms)
    on_duty: bool = False
    duty_until: int = 0
    mobile: bool = False
    web: bool = False
    last_call_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Digit:
    pressed: str
    destination: str
    kind: str


@dataclass(slots=True, eq=False, repr=False, kw_only=True)
class Transfer:
    kind: str
    at: int
    answered: bool = False


@dataclass(slots=True, eq=False, repr=False, kw_only=True)
class Call:
    id: str
    direction: Direction
    started_at: int
    number: str | None = None  # None: the caller hides it
    internal: bool = False
    caller: Agent | None = None  # the colleague who dialled an internal call
    ended_at: int | None = None
    end_reason: str | None = None
    menus: list[tuple[Menu, int]] = field(default_factory=list)
    digit: Digit | None = None
    key_input: tuple[str, str] | None = None  # variable name, what was keyed
    visits: list[Visit] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    redirects: dict[str, int] = field(default_factory=dict)
    voicemail: bool = False
    callback: bool = False
    inactive_number: bool = False
    recorded: bool = False
    changed_at: int = 0

    @property
    def answered(self) -> bool:
        return any(offer.answered_at is not None for offer in self.offers)

    @property
    def last_menu(self) -> tuple[Menu, int] | None:
        return self.menus[-1] if self.menus else None


@dataclass(slots=True, eq=False, repr=False, kw_only=True)
class Visit:
    """One stay of one call in one queue. `left_at` ends the wait of an unanswered one, `closed_at` the whole of it."""

    call: Call
    queue: Queue
    entered_at: int
    menu: tuple[Menu, int] | None = None
    offers: list[Offer] = field(default_factory=list)
    answered_at: int | None = None
    closed_at: int | None = None
    fail_reason: str | None = None
    voicemail: bool = False
    callback: bool = False
    transferred: int = 0
    overflow_due: bool = False
    free_agents: int = 0
    queue_talking: int = 0
    total_talking: int = 0
    risk: int = 0

    @property
    def waiting(self) -> bool:
        return self.answered_at is None and self.closed_at is None


@dataclass(slots=True, eq=False, repr=False, kw_only=True)
class Offer:
    """One agent rung for one call."""

    call: Call
    agent: Agent
    began_at: int
    visit: Visit | None = None
    menu: tuple[Menu, int] | None = None
    answered_at: int | None = None
    ended_at: int | None = None
    end_reason: str | None = None
    hold_ms: int = 0
    devices: int = 1
    from_transfer: int = 0
    to_transfer: int = 0
    voicemail: bool = False

    @property
    def ringing(self) -> bool:
        return self.answered_at is None and self.ended_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileUse:
    profile: Profile
    used_ms: int
    busy_ms: int
    times: int
    began_at: int
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginUse:
    queue: Queue
    used_ms: int
    times: int
    began_at: int
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """What one agent did in one hour: time per profile and per queue login, and the calls."""

    agent: Agent
    start: int
    end: int
    busy_ms: int
    talk_ms: int
    profiles: tuple[ProfileUse, ...]
    logged_in: tuple[LoginUse, ...]
    logged_out: tuple[LoginUse, ...]
    calls: tuple[str, ...]
    answered: tuple[str, ...]
    completed: tuple[str, ...]
    active: tuple[str, ...]
