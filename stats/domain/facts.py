"""What the live store remembers of one organisation, as plain data: sums, living calls, presence, sources.

The store fills it, `board` reads it; it holds no rule but who is who.
"""

from dataclasses import dataclass, field

from stats.domain.agent_states import KnownPresence
from stats.domain.directory import Directory
from stats.domain.metrics import Amounts, Caller, CountingRules, Living
from stats.domain.records import Party


def call_reference(source: str, id_call: str) -> str:
    """How a call is named where calls of several sources meet: two of them may use the same id."""
    return f"{source}/{id_call}"


@dataclass(slots=True, kw_only=True)
class SocketFacts:
    """One feed of a source: "open", "connecting", "away", "refused" (credentials), "config" (path unknown)."""

    state: str
    last_frame: int | None = None
    alive_at: int | None = None
    calls: bool = False
    presence: bool = False
    silent: bool = False
    away_since: int | None = None
    overdue: bool = False  # a batch that should have come has not
    openings: int = 0  # since this worker has the source


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Time in which nobody listened to a source, [start, end) in epoch ms; `start` 0: since ever.

    `last`: the latest instant at which something is known to have happened in it that only who listens is told; None: nothing did.
    `number`: what it is known by while it grows. `settled`: all that the past tells of it has been told.
    """

    start: int
    end: int
    last: int | None = None
    number: int = 0
    settled: bool = False


@dataclass(slots=True, kw_only=True)
class SourceFacts:
    """One source as its worker last reported it."""

    name: str
    provider: str
    state: str = "connecting"
    sockets: dict[str, SocketFacts] = field(default_factory=dict)
    known: bool = False  # its day has been read at least once since the store began
    seeded_to: int | None = None
    exact: bool = False  # completeness proven
    written_at: int = 0
    presence_open_at: int | None = None
    presence_lost_at: int | None = None
    quarantined: int = 0
    lag_ms: int | None = None
    drift: tuple[str, ...] = ()
    reason: str | None = None
    slots_to: int | None = None  # the hourly presence slots are whole up to here
    tenant: str | None = None  # the vendor's customer this source is bound to
    reached: str = ""  # a mark of the address and token it was bound by
    vendor_ahead_ms: int = 0  # the vendor's clock before its worker's, as far as its frames prove it
    store_ahead_ms: int | None = None  # its worker's clock before the store's
    clock_ahead_ms: int = 0  # its worker's clock before the reader's, where they differ; known to the reader alone
    # Ids of metrics its vendor cannot tell, by kind of scope; of what nobody listened to, by "queue_past", "site_past" and "agent_past".
    lacks: dict[str, tuple[str, ...]] = field(default_factory=dict)
    derived: bool = False  # its agents' states are made from their rings and talks
    named_queues: bool = False  # its queues are numbers and menus to which somebody here gave a name
    hooks: tuple[tuple[str, str, str], ...] = ()  # what is ordered at the vendor: event, "on", "off" or "missing", its words
    unheard: tuple[Stretch, ...] = ()  # the newest, in order
    # Posts that come once and were not taken, as the vendor counts them, by kind; None: nobody has asked.
    refused: dict[str, int] | None = None
    learnt: dict[str, str] = field(default_factory=dict)  # what a provider has learnt and its successor needs, in the provider's words
    looked_at: int | None = None  # when what is ordered there was found in order last, epoch ms


@dataclass(slots=True, kw_only=True)
class PartyFacts:
    """A queue or an agent somebody named."""

    key: str
    party: Party
    source: str
    risk: int | None = None
    estimate_ms: int | None = None  # how long the vendor says that a caller who comes now would wait


@dataclass(slots=True, kw_only=True)
class Facts:
    """Everything a board can be computed from. Days are business days; minutes are numbers of UTC minutes.

    Sums, presence, callers and parties are replaced when they change, never changed in place: `board.Memory` knows them by identity.
    """

    timezone: str
    rules: CountingRules = field(default_factory=CountingRules)
    days: dict[str, dict[str, Amounts]] = field(default_factory=dict)
    peaks: dict[str, dict[str, int]] = field(default_factory=dict)
    minutes: dict[int, dict[str, Amounts]] = field(default_factory=dict)
    minute_peaks: dict[int, dict[str, int]] = field(default_factory=dict)  # queue -> its longest ended wait, ms
    living: dict[str, Living] = field(default_factory=dict)  # by call_reference
    presence: dict[str, KnownPresence] = field(default_factory=dict)
    callers: dict[str, dict[str, Caller]] = field(default_factory=dict)
    queues: dict[str, PartyFacts] = field(default_factory=dict)
    agents: dict[str, PartyFacts] = field(default_factory=dict)
    sources: dict[str, SourceFacts] = field(default_factory=dict)
    queue_directories: dict[str, Directory] = field(default_factory=dict)

    def queue_key(self, source: str, party: Party) -> str | None:
        """The key of a queue a presence document names."""
        directory = self.queue_directories.get(source)
        return directory.key(party) if directory is not None else party.key
