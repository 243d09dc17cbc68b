"""What the road asks of a provider that pushes frames and answers for the past.

A provider turns its vendor's words into `Telling`s and its vendor's failures into `Retry`, `Refused` and `Malformed`;
it keeps no state of ours, knows no store, and never asks the time (`received_at` is an argument).
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Literal, Protocol

from stats.domain.errors import Malformed
from stats.domain.records import Telling


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSpec:
    """One live feed of a source: whether the numbers of calls, or those of agents' presence, stand on it."""

    name: str
    calls: bool = False
    presence: bool = False
    silent: bool = False  # silence is normal for hours
    tells: Literal["", "journey", "visits", "offers"] = ""  # the part of a call that its documents are about


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceConfig:
    """What is needed to reach one source. `token` never leaves the worker; repr hides it."""

    name: str
    live_url: str
    historic_url: str
    token: str = field(repr=False)
    default_region: str = "SE"


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
        """When the other side last proved to be alive (frame, pong or handshake), epoch ms."""
        ...


class LiveProvider(Protocol):
    """One connection to one vendor, made from a SourceConfig; a new one is made whenever the configuration changes."""

    feeds: Mapping[str, FeedSpec]
    historic_kinds: Sequence[str]  # kinds of pages in the order to seed them; "calls" kinds first

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
