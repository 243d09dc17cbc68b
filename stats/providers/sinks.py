"""What is asked of a place that recordings are sent to: take one, say whether one is there, and tell what became of them.

Rules that hold here: a `Retry` of `send` means that nobody knows how it ended, `NotTaken` and `Refused` that it was surely not taken; the
place's transcripts name no call of ours, for it knows them by identifiers alone.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from stats.domain.errors import ProviderError, Retry
from stats.domain.notes import Turn
from stats.domain.parcels import Parcel


class NotTaken(ProviderError):
    """The other side understood a parcel and will never take it as it is. `there`: it has one of the same identifier."""

    def __init__(self, reason: str, *, there: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.there = there


class Unread(Retry):
    """The place is there, and will not answer what became of calls: nothing else is held up by that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysed:
    """What the place has made of one parcel; what its answer does not tell is None. `turns` and `text` None: not written down yet.

    Lengths in ms.
    """

    identifier: str
    turns: tuple[Turn, ...] | None = None
    text: str | None = None
    duration_ms: int | None = None
    silence_ms: int | None = None
    disposition: str | None = None
    tags: tuple[str, ...] | None = None

    @property
    def written(self) -> bool:
        """Whether there are words."""
        return self.turns is not None or self.text is not None


class Sink(Protocol):
    """One connection to such a place; a new one is made whenever the configuration changes. It also `Greets`."""

    @property
    def expires_at(self) -> int | None:
        """When the token ends, epoch ms, as far as the token itself tells."""
        ...

    async def send(self, parcel: Parcel, sound: AsyncIterator[bytes], length: int | None) -> None:
        """Send one, with `length` bytes of sound where that is known. Raises NotTaken, Refused or Retry."""
        ...

    async def knows(self, identifier: str) -> bool | None:
        """Whether it has a parcel of this identifier; None: it cannot be asked. Raises Retry or Refused."""
        ...

    async def analysed(self, *, start_ms: int, end_ms: int, offset: int) -> tuple[Sequence[Analysed], int]:
        """Calls that took place in [start, end] from an offset on, and the next offset; 0: no more. Raises Retry (or Unread) or Refused."""
        ...

    async def close(self) -> None:
        """Let go of sessions."""
        ...
