"""A board's page without its pictures: follows the socket as static/tv does, and says of each value whether it is shown as live.

Rules that hold here: a patch applies on exactly its version or a snapshot is asked for; nothing counts as heard while something is
missing; acknowledgements at once after a snapshot and once a second; a socket silent for 25 s is replaced; while the page hears nothing
its values are late after 13.5 s.
"""

import asyncio
import contextlib
import json
import random
import time
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

LATE_S, OFFLINE_S, STALE_S, GONE_S = 13.5, 25.0, 60.0, 300.0
FEEDS = ("calls", "presence", "agents")
LEVELS = ("live", "late", "stale", "unknown")
Values = dict[str, dict[str, Any]]


class Screen:
    """One board at one address, for ever."""

    def __init__(self, url: str, token: str, *, rng: random.Random | None = None, steady: Callable[[], float] = time.monotonic) -> None:
        self.url, self._token, self._rng, self._steady = url, token, rng or random.Random(), steady
        self.values: Values = {}
        self.epoch: str | None = None
        self.version: int | None = None
        self.whole = False
        self.snapshots = self.patches = self.gaps = self.dialled = 0
        self.heard_s = self._heard_any_s = float("-inf")  # steady seconds of the last whole word, and of any word
        self._ahead_ms = 0.0  # the server's clock before our steady one
        self._owed = False
        self._acked_s = self._asked_s = float("-inf")
        self._socket: ClientConnection | None = None

    async def run(self) -> None:
        """Until cancelled."""
        attempts = 0
        while True:
            opened = 0.0
            self.dialled += 1
            with contextlib.suppress(OSError, TimeoutError, WebSocketException, EOFError):
                headers = {"Authorization": f"Bearer {self._token}"}
                options: dict[str, Any] = {
                    "ping_interval": None,
                    "proxy": None,
                    "open_timeout": 10,
                    "close_timeout": 0.2,
                    "max_size": 1 << 23,
                }
                async with connect(self.url, additional_headers=headers, **options) as socket:
                    opened = self._steady()
                    await self._listen(socket)
            self._socket = None
            if opened and self._steady() - opened >= 30:
                attempts = 0
            await asyncio.sleep(self._rng.random() * min(10.0, 2.0**attempts))
            attempts = min(attempts + 1, 10)

    async def _listen(self, socket: ClientConnection) -> None:
        self._socket, self.whole = socket, False
        self._asked_s = dialled = self._steady()
        watching = asyncio.create_task(self._watch(socket, dialled))
        try:
            async for text in socket:
                await self._hear(json.loads(text))
        finally:
            watching.cancel()

    async def _watch(self, socket: ClientConnection, dialled: float) -> None:
        while True:
            await asyncio.sleep(0.5)
            if self._steady() - max(self._heard_any_s, dialled) >= OFFLINE_S:
                socket.transport.abort()
                return
            with contextlib.suppress(OSError, WebSocketException):
                if not self.whole:
                    await self._ask()
                await self._acknowledge(0.5)

    async def _hear(self, message: dict[str, Any]) -> None:
        self._heard_any_s = self._steady()
        kind = message.get("type")
        if kind == "snapshot":
            self.values = {scope: dict(told) for scope, told in message["values"].items()}
            self.epoch, self.version, self.whole = message["epoch"], message["version"], True
            self.snapshots += 1
            self._asked_s = float("-inf")
        elif kind == "patch" and self.whole:
            if message["epoch"] != self.epoch or message["from"] != self.version:
                await self._gap()
            else:
                for scope, news in message["values"].items():
                    if news is None:
                        self.values.pop(scope, None)
                    else:
                        self.values[scope] = {**self.values.get(scope, {}), **news}
                self.version = message["to"]
                self.patches += 1
        elif kind == "heartbeat" and self.whole and (message["version"], message["epoch"]) != (self.version, self.epoch):
            await self._gap()
        if isinstance(message.get("server_time"), int):
            self._ahead_ms = message["server_time"] - self._steady() * 1000
        if self.whole:
            self.heard_s = self._steady()
        self._owed = True
        await self._acknowledge(0.0 if kind == "snapshot" else 1.0)

    async def _gap(self) -> None:
        self.whole = False
        self.gaps += 1
        await self._ask()

    async def _ask(self) -> None:
        if self._socket is not None and self._steady() - self._asked_s >= 5.0:
            self._asked_s = self._steady()
            await self._socket.send('{"type": "resync"}')

    async def _acknowledge(self, since_s: float) -> None:
        now = self._steady()
        if self._socket is None or not self._owed or self.version is None or now - self._acked_s < since_s:
            return
        self._owed, self._acked_s = False, now
        await self._socket.send(json.dumps({"type": "ack", "version": self.version}))

    # --- what a person in front of it sees -------------------------------------------------------------------------------

    def level(self, source: str, feed: str) -> str:
        """How the page marks what stands on a feed of a source."""
        now = self._steady()
        told = self.values.get(f"feed:{source}:{feed}", {})
        level = told.get("level") if told.get("level") in LEVELS else "unknown"
        alive = told.get("alive_at")
        if level in ("late", "stale") and isinstance(alive, int):
            age_s = (now * 1000 + self._ahead_ms - alive) / 1000
            level = "unknown" if age_s >= GONE_S else "stale" if age_s >= STALE_S else level
        silence = now - self.heard_s
        deaf = "stale" if silence >= STALE_S else "late" if silence >= LATE_S else "live"
        return max(str(level), deaf, key=LEVELS.index)

    def sources(self) -> list[str]:
        """Who feeds it."""
        return sorted(scope.split(":", 1)[1] for scope in self.values if scope.startswith("source:"))

    def levels(self) -> dict[str, list[str]]:
        """By source: how calls, presence and counts of agents are marked."""
        return {source: [self.level(source, feed) for feed in FEEDS] for source in self.sources()}
