"""What vendors post to us: one delivery, how a company's are judged, and how they are ordered where the vendor takes orders.

Rules that hold here: a body is never written anew; whoever judges has no I/O and no clock of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import msgspec

from stats.domain.errors import Malformed


class Delivery(msgspec.Struct, frozen=True, array_like=True):
    """One request as it came to our door; `body` is never written anew. `headers`: those the company asked for, by lower-case name."""

    at: int  # our instant of receipt, epoch ms
    method: str
    content_type: str
    query: str
    headers: dict[str, str]
    body: bytes


_deliveries = msgspec.msgpack.Decoder(Delivery)


def pack_delivery(delivery: Delivery) -> bytes:
    """A delivery as the frame of a feed of hooks."""
    return msgspec.msgpack.encode(delivery)


def unpack_delivery(frame: bytes) -> Delivery:
    """From a frame; raises Malformed."""
    try:
        return _deliveries.decode(frame)
    except msgspec.MsgspecError as why:
        raise Malformed("delivery") from why


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the vendor is told once a delivery lies safe."""

    status: int = 202
    content_type: str = "application/json"
    body: bytes = b"{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A delivery that is who it says it is. `delivery_id`: the same again is a repetition; None: the vendor never repeats itself.

    `keep` False: genuine, and nothing to be told of it (a test). `again`: answered instead of `Hook.answer` when it is a repetition.
    """

    delivery_id: str | None
    keep: bool = True
    verified: bool = False  # a delivery that proves the hook works, like a test that was asked for


class Hook(Protocol):
    """How one company's posts are let in. Pure: no I/O, no clock; asked in the web process for every delivery."""

    methods: Sequence[str]  # of HTTP
    headers: Sequence[str]  # lower-case names of the headers that `check` and `read` need
    largest: int  # bytes of a body
    answer: Answer
    again: Answer  # to a repetition

    def check(self, delivery: Delivery, secrets: Sequence[str], settings: Mapping[str, Any]) -> Checked:
        """Judge by the secrets in force (several while one is being replaced). Raises Refused("auth") or Malformed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HookFact:
    """One subscription as the vendor has it. `once`: what it posts is not posted again, and its past does not tell it all."""

    event: str
    address: str
    enabled: bool = True
    failed: int = 0
    last_error: str = ""
    once: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """What connecting made. `secret`: what the vendor will sign with, told this once; `notes`: what could not be had, in its words."""

    secret: str = ""
    made: int = 0
    notes: Sequence[str] = ()


@runtime_checkable
class Hooked(Protocol):
    """A vendor whose posts are ordered through its API. `address` is ours, and names the source; what others ordered is never touched."""

    async def connect(self, address: str) -> Connected:
        """Order what is missing. Idempotent. Raises Retry or Refused."""
        ...

    async def disconnect(self, address: str) -> int:
        """Cancel everything ordered for the address. How many. Raises Retry or Refused."""
        ...

    async def hooks(self, address: str) -> Sequence[HookFact]:
        """What is ordered for the address. Raises Retry or Refused."""
        ...

    async def revive(self, address: str) -> int:
        """Put what the vendor has switched off on again. How many. Raises Retry or Refused."""
        ...

    async def try_out(self, address: str) -> None:
        """Ask for a test delivery, where the vendor can; else nothing. Raises Retry or Refused."""
        ...
