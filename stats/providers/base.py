"""What the road asks of a provider: feeds to open, words to read, a past to page through, and whatever else a vendor offers.

A provider turns its vendor's words into `Telling`s and its vendor's failures into `Retry`, `Refused` and `Malformed`;
it knows no store, and never asks the time of what it reads (`received_at` is an argument).

Every company speaks `LiveProvider`. What not every company has is a protocol of its own below (`Hooked`, `Sounds`, `Dials`, `Knows`,
`Settles`, `Sink`); a provider has it by having its methods, and `registry.Company.can` says so in words for people.
"""

import hashlib
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from stats.domain.errors import Malformed
from stats.domain.notes import Recording
from stats.domain.records import Call, Party, Telling
from stats.providers.posts import Answer, Checked, Connected, Delivery, Hook, Hooked, HookFact, pack_delivery, unpack_delivery
from stats.providers.sinks import Sink

__all__ = [
    "FACTS",
    "Account",
    "Answer",
    "Checked",
    "Company",
    "Connected",
    "Delivery",
    "Dials",
    "FeedSpec",
    "Frames",
    "Greets",
    "Hook",
    "HookFact",
    "Hooked",
    "How",
    "Knows",
    "LiveProvider",
    "Only",
    "Option",
    "Page",
    "Settles",
    "Sound",
    "Sounds",
    "SourceConfig",
    "Via",
    "pack_delivery",
    "party_of",
    "ref_of",
    "unpack_delivery",
]

Via = Literal["socket", "poll", "hook"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSpec:
    """One live feed of a source: whether the numbers of calls, or those of agents' presence, stand on it.

    `via` "socket": `open` gives what the vendor pushes. "poll": `open` gives what asking gave, and paces itself. "hook": what the vendor
    posted to us, from the inbox; `open` is never called for it, `read` gets packed `Delivery`s.
    """

    name: str
    calls: bool = False
    presence: bool = False
    silent: bool = False  # silence is normal for hours
    tells: Literal["", "journey", "visits", "offers"] = ""  # the part of a call that its documents are about
    via: Via = "socket"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceConfig:
    """What is needed to reach one source. `token` and `second_token` never leave the worker; repr hides them.

    `live_url`: the address of whatever is asked for the present (of a company with one address, that one); `historic_url`: of the past,
    "" where it is the same. `settings`: the source's own options, as the company's `Field`s name them.
    """

    name: str
    live_url: str
    historic_url: str
    token: str = field(repr=False)
    default_region: str = "SE"
    second_token: str = field(default="", repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the past: what it told, how many rows it had, and what the vendor says of the whole window."""

    tellings: Sequence[Telling]
    rows: int
    malformed: Sequence[Malformed] = ()
    unreadable: Sequence[tuple[str, Malformed]] = ()  # rows that told nothing: what to know each by, and why
    total: int | None = None  # rows in the date window, whatever other filters were given
    cursor: str | None = None
    more: bool = False
    partial: bool = False  # the answer carried errors beside its rows: apply, but prove nothing by it
    keys: Sequence[str] = ()  # one identity per row, for the completeness check


@dataclass(frozen=True, slots=True, kw_only=True)
class Only:
    """Rows of one queue, of one agent, or of both together; by statistics id or account id."""

    queue_id: int | None = None
    queue_account_id: int | None = None
    agent_id: int | None = None
    agent_account_id: int | None = None


class Frames(Protocol):
    """An open feed: an asynchronous iterator of raw frames, with the last sign of life on our own clock."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    @property
    def alive_at(self) -> int:
        """When the other side last proved to be alive (frame, pong, answer or handshake), epoch ms."""
        ...


class LiveProvider(Protocol):
    """One connection to one vendor, made from a SourceConfig; a new one is made whenever the configuration changes."""

    feeds: Mapping[str, FeedSpec]
    historic_kinds: Sequence[str]  # kinds of pages in the order to seed them; those that tell of calls first
    # And, where a provider has it, `note_kinds`: those that tell of no calls; `quiet_ms: int`: how long an open call may say nothing
    # before it is looked up (else half an hour); `lacks`: as its company's, where options change it; `heard(call)`: a record shows that.

    def open(self, feed: str) -> AbstractAsyncContextManager[Frames]:
        """Open one feed. Raises Refused("auth"), Refused("config") or Retry; iteration raises the same when it ends badly."""
        ...

    def read(self, feed: str, frame: bytes, *, received_at: int) -> tuple[list[Telling], list[Malformed]]:
        """What one frame tells. Never raises: what cannot be read is returned as Malformed."""
        ...

    async def page(self, kind: str, *, start_ms: int, end_ms: int, first: int, after: str | None, received_at: int) -> Page:
        """One page of the past in [start, end). Raises Retry or Refused."""
        ...

    async def report(self, kind: str, *, start_ms: int, end_ms: int, first: int, after: str | None, received_at: int, only: Only) -> Page:
        """The same, of one queue or agent; the page's `total` is still the whole window's. Raises Retry or Refused."""
        ...

    async def look_up(self, id_call: str, *, start_ms: int, end_ms: int, received_at: int) -> Sequence[Telling]:
        """Everything the past knows of one call; empty when it knows none. Raises Retry or Refused."""
        ...

    async def close(self) -> None:
        """Let go of sockets and sessions."""
        ...


# --- what else a vendor may offer -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whom the vendor takes us for. `name`: its word for us; `expires_at`: when the token ends, epoch ms; `notes`: in its words."""

    name: str = ""
    expires_at: int | None = None
    notes: Sequence[str] = ()


@runtime_checkable
class Greets(Protocol):
    """A vendor that can be asked, for little, whether a token is good and whose it is; a place to send recordings to has this alone."""

    async def greet(self) -> Account:
        """Asked when somebody tries a token. Raises Retry or Refused, with the vendor's words and what helps."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """Sound on its way: `status` 200 or 206, `headers` fit to be passed on (content-type, content-length, content-range, accept-ranges)."""

    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]


@runtime_checkable
class Sounds(Protocol):
    """A vendor that keeps recordings."""

    async def recordings(self, id_call: str, *, start_ms: int, end_ms: int, received_at: int) -> Sequence[Recording]:
        """Those of one call that began in [start, end). Raises Retry or Refused."""
        ...

    def sound(self, recording: Recording, *, byte_range: str | None = None) -> AbstractAsyncContextManager[Sound]:
        """The sound itself; a signed link is made anew each time and stays here. `byte_range`: a Range header. Raises Retry or Refused."""
        ...


@runtime_checkable
class Dials(Protocol):
    """A vendor that can be told to call somebody."""

    async def dial(self, number: str, *, agent: str, reference: str) -> str:
        """Let an agent (the vendor's own word for them: extension, number) be connected to a number in E.164.

        What the vendor calls it: a call id, or an address for the agent to open. Raises Retry or Refused.
        """
        ...


@runtime_checkable
class Knows(Protocol):
    """A vendor that can be asked who there is; asked at the start and every hour."""

    async def people(self, *, received_at: int) -> Sequence[Telling]:
        """Agents (as AgentPresence with `derived`) and Contacts. Raises Retry or Refused."""
        ...


@runtime_checkable
class Settles(Protocol):
    """A provider that compares what is with what was (a poll tells who is there, never who has gone)."""

    def recall(self, calls: Iterable[Call]) -> None:
        """The calls still open when this worker took the source over; told once, before the first frame."""
        ...


# --- names ------------------------------------------------------------------------------------------------------------

_PLAIN = re.compile(r"[A-Za-z0-9._+@-]{1,48}")


def ref_of(source: str, vendor_id: str) -> str:
    """What `Party.ref` is made of: plain ids stay readable, any other becomes a slug with a digest; fit for addresses and keys."""
    if _PLAIN.fullmatch(vendor_id):
        return f"{source}:{vendor_id}"
    digest = hashlib.blake2b(vendor_id.encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()
    slug = re.sub(r"[^A-Za-z0-9]+", "-", vendor_id).strip("-").lower()[:24]
    return f"{source}:{slug}-{digest}" if slug else f"{source}:{digest}"


def party_of(source: str, vendor_id: str, name: str | None = None) -> Party:
    """A queue or agent of a vendor without statistics ids."""
    return Party(ref=ref_of(source, vendor_id), name=name or None)


# --- what a company is ------------------------------------------------------------------------------------------------

How = Literal["told", "derived", "none"]
# What pages say of a company, in this order; the words are in `wallboard.pages.company_words`.
FACTS = (
    *("calls_live", "calls_past", "queues_live", "queues_past", "rings", "presence", "presence_past", "estimate", "hold"),
    *("transfers", "recordings", "transcripts", "summaries", "sentiment", "messages", "contacts", "dial"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One of a source's own options. `secret` "second": it is the source's second token, and never shown again.

    kind "text", "number", "switch" (bool), "lines" (list of str), "queues" (list of {"name", "numbers": [...], "rules": [...]}),
    "choice" (one of `choices`), "agents" (mapping of the vendor's word for an agent -> name or e-mail).
    """

    name: str
    kind: Literal["text", "number", "switch", "lines", "queues", "choice", "agents"] = "text"
    default: Any = ""
    secret: Literal["", "second"] = ""
    required: bool = False
    choices: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A telephone company (or a place to send recordings to): what a source of it needs, and what it can tell.

    `lacks`: ids of metrics it cannot tell, by "queue", "agent" and "site"; of calls nobody listened to, by "queue_past" and so on.
    """

    name: str  # what a source is configured with
    title: str
    connect: Callable[[SourceConfig], LiveProvider] | None = None  # None: it tells nothing of calls while they go on (see `sinks`)
    hook: Hook | None = None
    hook_tests: bool = False  # it can be asked for a delivery that proves the hook works (`Hooked.try_out`)
    sinks: bool = False  # finished calls are sent to it
    open_sink: Callable[[SourceConfig], Sink] | None = None  # where they are
    live_url: str = ""  # default addresses
    historic_url: str = ""
    needs_historic_url: bool = False
    token_optional: bool = False
    region: str = "SE"
    options: Sequence[Option] = ()
    can: Mapping[str, How] = field(default_factory=dict)
    lacks: Mapping[str, Sequence[str]] = field(default_factory=dict)
    derives_presence: bool = False  # agents' states are made from their rings and talks
