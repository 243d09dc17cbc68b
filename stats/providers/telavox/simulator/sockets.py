"""The live layer's doors: who may come in, who is connected, and the frames on their way to each.

Outcomes of a handshake (Telavox Studio API 2.0): 401 before the upgrade for a bad token; 101 and the text `Invalid path.` for a path
that is no datasource; else an open socket that says nothing until something happens.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from stats.providers.telavox.simulator.switches import DATASOURCES, Switches

MOST_WAITING = 20_000  # frames for one slow reader; then it is cut off, as any server must
INVALID_PATH = "Invalid path."
Snapshot = Callable[[str], Iterable[bytes]]


@dataclass(slots=True, eq=False)
class Tokens:
    """The tokens that open the doors, and those that did once."""

    good: set[str]

    def accepts(self, authorization: str | None) -> bool:
        kind, _, token = (authorization or "").partition(" ")
        return kind.lower() == "bearer" and token.strip() in self.good


@dataclass(slots=True, eq=False)
class Line:
    """One connected client of one datasource."""

    datasource: str
    socket: web.WebSocketResponse
    request: web.Request
    frames: asyncio.Queue[bytes] = field(default_factory=lambda: asyncio.Queue(MOST_WAITING))

    def abort(self) -> None:
        if self.request.transport is not None:
            self.request.transport.abort()


@dataclass(slots=True, frozen=True, kw_only=True)
class Handshake:
    """`at` is on the monotonic clock, seconds; `status` 101 or 401."""

    at: float
    path: str
    status: int


class Sockets:
    def __init__(self, tokens: Tokens, switches: Switches, snapshot: Snapshot) -> None:
        self._tokens = tokens
        self._switches = switches
        self._snapshot = snapshot
        self._lines: dict[str, list[Line]] = {datasource: [] for datasource in DATASOURCES}
        self.handshakes: list[Handshake] = []
        self.silent: set[str] = set()  # datasources whose frames are swallowed while the connection stays
        self.sent: Counter[str] = Counter()

    def connections(self) -> dict[str, int]:
        return {datasource: len(lines) for datasource, lines in self._lines.items()}

    # -- coming in -----------------------------------------------------------------------------------------------------

    async def welcome(self, request: web.Request) -> web.StreamResponse:
        path = request.path.strip("/")
        if not self._tokens.accepts(request.headers.get("Authorization")):
            self._count(path, 401)
            return web.Response(status=401, text="Unauthorized", headers={"WWW-Authenticate": "Bearer"})
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return web.Response(status=426, text="Upgrade Required", headers={"Upgrade": "websocket"})
        # Pings are answered by hand, so that a dead server can be played: a socket that is open and answers nothing.
        socket = web.WebSocketResponse(compress=False, autoping=False, timeout=1.0)
        await socket.prepare(request)
        self._count(path, 101)
        invalid = {part.strip() for part in self._switches.invalid_paths.split(",")}
        if path not in DATASOURCES or path in invalid:
            await socket.send_str(INVALID_PATH)
            await socket.close(code=1000)
            return socket
        await self._serve(Line(path, socket, request))
        return socket

    def _count(self, path: str, status: int) -> None:
        self.handshakes.append(Handshake(at=time.monotonic(), path=path, status=status))

    async def _serve(self, line: Line) -> None:
        if self._switches.snapshot_on_connect:
            for frame in self._snapshot(line.datasource):
                self._put(line, frame)
        self._lines[line.datasource].append(line)
        writer = asyncio.create_task(self._write(line))
        try:
            async for message in line.socket:  # clients have nothing to say; only pings are heard
                if message.type is WSMsgType.PING and self._switches.pongs and line.datasource not in self.silent:
                    await line.socket.pong(message.data)
        except (ConnectionError, RuntimeError):
            pass  # gone between our reading and writing
        finally:
            self._lines[line.datasource].remove(line)
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await writer

    async def _write(self, line: Line) -> None:
        while True:
            frame = await line.frames.get()
            try:
                await line.socket.send_frame(frame, WSMsgType.TEXT)
            except (ConnectionError, RuntimeError):
                return

    def _put(self, line: Line, frame: bytes) -> None:
        try:
            line.frames.put_nowait(frame)
        except asyncio.QueueFull:
            line.abort()

    # -- going out -----------------------------------------------------------------------------------------------------

    def push(self, datasource: str, frame: bytes) -> int:
        """Sends to everybody connected; how many that were."""
        if datasource in self.silent:
            return 0
        lines = self._lines[datasource]
        for line in lines:
            self._put(line, frame)
        self.sent[datasource] += len(lines)
        return len(lines)

    async def drain(self, timeout_s: float = 5.0) -> None:
        """Waits until everything pushed so far has been handed to the network."""
        deadline = time.monotonic() + timeout_s
        while any(not line.frames.empty() for lines in self._lines.values() for line in lines):
            if time.monotonic() > deadline:
                raise TimeoutError("a client does not read")
            await asyncio.sleep(0.002)
        await asyncio.sleep(0)

    async def kick(self, datasource: str | None = None, *, code: int = 1001, abort: bool = False) -> int:
        """Ends connections, with a close frame or (abort) without any; how many."""
        lines = [line for name, lines in self._lines.items() if datasource in (None, name) for line in lines]
        if abort:
            for line in lines:
                line.abort()
        else:
            await asyncio.gather(*(line.socket.close(code=code) for line in lines), return_exceptions=True)
        return len(lines)
