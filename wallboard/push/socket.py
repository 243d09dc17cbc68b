"""One browser at one board: what it was last told, and the way to tell it more."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog

from wallboard.push.admission import Pass
from wallboard.push.messages import Report
from wallboard.push.window import Window

log = structlog.get_logger(__name__)

Send = Callable[[Mapping[str, Any]], Awaitable[None]]

# Why a socket ends; between 1001 and 2999 Daphne can send none. After 4003 the browser wipes its numbers and asks seldom; after every
# other one it comes again.
RESTART = 4012
ROTATED = 4000
NOT_ADMITTED = 4003
TOO_SLOW = 4008
UNREADABLE = 4400
NO_SUCH_BOARD = 4404
TOO_MANY = 4429
# How many sockets this process has refused at its door, by code.
refusals: Counter[int] = Counter()


class BoardSocket:
    """An accepted socket. Times are seconds of a steady clock."""

    __slots__ = (
        "_send",
        "behind",
        "closed",
        "ends_at",
        "entry",
        "is_device",
        "ordered",
        "report",
        "reported_at",
        "rev",
        "sent_at",
        "snapshot_at",
        "window",
    )

    def __init__(self, send: Send, entry: Pass, *, is_device: bool = False) -> None:
        self._send = send
        self.entry = entry
        self.window = Window()
        self.is_device = is_device  # a paired screen, by its own key
        self.ordered = ""  # what it was last told to be
        self.report: Report | None = None
        self.reported_at = 0  # epoch ms
        self.rev = ""  # the board's structure it was last given
        self.behind = False  # something was withheld
        self.sent_at = self.snapshot_at = float("-inf")
        self.ends_at = float("inf")  # its age, as the hub drew it
        self.closed = False

    async def tell(self, event: Mapping[str, Any], version: int, now: float) -> None:
        """Sends an event that makes the browser's version `version`."""
        if self.closed:
            return
        self.window.note_sent(version, now)
        self.sent_at = now
        try:
            await self._send(event)
        except (OSError, RuntimeError):
            # It went while we spoke; its consumer is being told.
            self.closed = True

    async def say(self, event: Mapping[str, Any]) -> None:
        """Sends what is no version of the board and wants no acknowledgement."""
        if self.closed:
            return
        try:
            await self._send(event)
        except (OSError, RuntimeError):
            self.closed = True

    async def close(self, code: int, reason: str) -> None:
        """Ends it; a second call does nothing."""
        if self.closed:
            return
        self.closed = True
        try:
            await self._send({"type": "websocket.close", "code": code, "reason": reason})
        except (OSError, RuntimeError):
            pass
