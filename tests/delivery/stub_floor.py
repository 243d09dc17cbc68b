"""A hub over values that a test sets, with a clock that a test moves; sockets that keep what they are told."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stats.domain.board import Values
from wallboard.accounts.viewer import Viewer
from wallboard.push.admission import Pass
from wallboard.push.hub import BoardHub
from wallboard.push.ledger import Ledger
from wallboard.push.socket import BoardSocket

ENTRY = Pass(
    kind="screen",
    digest="d",
    viewer=Viewer(kind="screen", organisation="default", role="screen", row=1, abilities=frozenset({"look"})),
    boards=("team",),
)


@dataclass
class Facts:
    """What a hub asks of the facts."""

    timezone: str = "Europe/Stockholm"


@dataclass
class Mirror:
    """What a hub asks of the mirror."""

    facts: Facts = field(default_factory=Facts)


class Organisation:
    """What a hub asks of its organisation."""

    def __init__(self) -> None:
        self.slug, self.language, self.mirror = "default", "en", Mirror()
        self.ledger = Ledger()
        self.listeners: list[Callable[[], Awaitable[None]]] = []
        self.watchers = 0
        self.is_computing = True
        self.settle(0)

    def settle(self, waiting: int, *, epoch: str = "e1") -> None:
        """New values."""
        values: Values = {"site": {"waiting": waiting, "calls_in": waiting}, "queue:1": {"id": 1, "name": "Support", "waiting": waiting}}
        self.ledger.settle(values, epoch=epoch, rev=0)


class Television(BoardSocket):
    """A socket with everything it was told, and when."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.told: list[tuple[float, dict[str, Any]]] = []
        self.code = 0

        async def send(event: Mapping[str, Any]) -> None:
            if event["type"] == "websocket.close":
                self.code = int(event["code"])
            else:
                self.told.append((clock(), json.loads(event["text"])))

        super().__init__(send, ENTRY)

    @property
    def last(self) -> dict[str, Any]:
        """The newest message."""
        return self.told[-1][1]


# A subclass of a class with slots may keep more.
class Room:
    """A hub with its clock."""

    def __init__(self) -> None:
        self.at = 1000.0
        self.organisation = Organisation()
        self.hub = BoardHub(self.organisation, "team", now=lambda: 0, steady=lambda: self.at)  # type: ignore[arg-type]

    async def enter(self) -> Television:
        """One more television."""
        television = Television(lambda: self.at)
        await self.hub.join(television)
        return television

    async def change(self, waiting: int, **more: str) -> None:
        """New values, published."""
        self.organisation.settle(waiting, **more)
        await self.hub.publish()

    async def acknowledge(self, television: Television) -> None:
        """Everything it was told."""
        await self.hub.acknowledge(television, int(television.last.get("to", television.last.get("version"))))

    def close(self) -> None:
        """Nobody is there any more."""
        for socket in tuple(self.hub.sockets):
            self.hub.leave(socket)
