"""What goes over a board's socket: docs/protocol.md, in code.

Out: snapshot, patch, heartbeat, and to paired screens what they are to be. In: ack, resync, and of paired screens a report. Anything else
in is refused with a reason. Numbers are JSON's, so NaN is null.
"""

from dataclasses import dataclass
from typing import Annotated

import msgspec

from stats.domain.board import Values

LONGEST_INBOUND = 4096

_json = msgspec.json.Encoder().encode


class Unreadable(ValueError):
    """A browser sent what it should not; the text says what was expected."""


class Ack(msgspec.Struct, tag="ack", frozen=True):
    """The browser has applied everything up to `version`."""

    version: int


class Resync(msgspec.Struct, tag="resync", frozen=True):
    """The browser lost the thread and asks for everything."""


Amount = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Milliseconds = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]


class Report(msgspec.Struct, tag="report", frozen=True):
    """How a paired screen is, by its own word. `heap` in bytes, where its browser tells; `since` is when its page began, epoch ms."""

    nodes: Amount
    engine: Annotated[str, msgspec.Meta(max_length=80)]
    width: Annotated[int, msgspec.Meta(ge=0, le=100_000)]
    height: Annotated[int, msgspec.Meta(ge=0, le=100_000)]
    skew_ms: Milliseconds
    build: Annotated[str, msgspec.Meta(max_length=40)]
    visible: bool
    since: Amount
    heap: Amount | None = None


Inbound = Ack | Resync | Report
_inbound = msgspec.json.Decoder(Inbound)


def read(text: str | None, size_limit: int = LONGEST_INBOUND) -> Inbound:
    """The message in a text frame; raises Unreadable."""
    if text is None:
        raise Unreadable("text frames only")
    if len(text) > size_limit or len(text.encode("utf-8", "surrogatepass")) > size_limit:
        raise Unreadable(f"at most {size_limit} bytes")
    try:
        message: Inbound = _inbound.decode(text)
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
        raise Unreadable('{"type": "ack", "version": n} or {"type": "resync"}') from None
    return message


@dataclass(frozen=True, slots=True)
class Whole:
    """A snapshot, encoded but for the instant it is sent at."""

    head: str
    tail: str

    def at(self, server_time: int) -> str:
        """The message as sent at `server_time` (epoch ms)."""
        return f"{self.head}{server_time}{self.tail}"


def snapshot(epoch: str, version: int, board: object, values: Values) -> Whole:
    """Everything a board shows, at `version` of `epoch`."""
    return Whole(
        head=f'{{"type":"snapshot","epoch":{_text(epoch)},"version":{version},"server_time":',
        tail=f',"board":{_text(board)},"values":{_text(values)}}}',
    )


def patch(epoch: str, since: int, to: int, server_time: int, values: Values) -> str:
    """What changed after version `since`, which makes it version `to`."""
    return f'{{"type":"patch","epoch":{_text(epoch)},"from":{since},"to":{to},"server_time":{server_time},"values":{_text(values)}}}'


def heartbeat(epoch: str, version: int, server_time: int, build: str) -> str:
    """Nothing has changed, and the server lives."""
    return f'{{"type":"heartbeat","epoch":{_text(epoch)},"version":{version},"server_time":{server_time},"build":{_text(build)}}}'


Frame = dict[str, str]


def frame(text: str) -> Frame:
    """The ASGI event that sends a text; one may serve any number of sockets."""
    return {"type": "websocket.send", "text": text}


def _text(value: object) -> str:
    return _json(value).decode()
