"""ScriptableUpstream: a fake Telavox whose every answer a test decides, and which remembers everything it was asked.

Five WebSocket paths and `POST /graphql` on one port of 127.0.0.1 (Telavox Studio API 2.0, 3.0). It has no opinion of its own: it sends
what it is given. What a path does with a new socket is its behaviour:

    ok                 accepts; frames given to `send` go out; pings are answered
    no_pong            accepts, frames go out, pings are never answered
    silent             accepts, and nothing ever comes, whatever is sent to it
    401 403 500 503    that HTTP status instead of an upgrade
    invalid_path       accepts, sends the text `Invalid path.`, closes
    invalid_path_open  the same without the close
    accept_close       accepts and closes at once
    accept_drop        accepts and aborts the connection at once
    hang               takes the request and never answers the handshake
    redirect           302 to `redirect_to`
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSCloseCode, web

from tests.upstream.history import History
from tests.upstream.schema import answer, historic_schema

DATASOURCES = ("calls", "queues", "agents", "profile_live", "profile_history")
PATHS = tuple(f"/{name}" for name in DATASOURCES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """One attempt to open a socket; `at` is time.monotonic(), `token_ok` whether its bearer token was accepted."""

    at: float
    datasource: str
    status: int
    token_ok: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One GraphQL request and the status of its answer."""

    at: float
    query: str
    variables: Mapping[str, Any]
    status: int
    token_ok: bool


@dataclass
class ScriptableUpstream:
    """See the module. All methods belong to the loop that started it; `UpstreamThread` speaks to it from other threads."""

    tokens: set[str] = field(default_factory=lambda: {"good-token"})
    history: History = field(default_factory=History)
    redirect_to: str = "/calls"
    graphql_delay_s: float = 0.0
    # What a second socket of a path meets while the first is open: both stay, the second is refused (409), or the first is closed.
    second_socket: str = "both"
    edit_answer: Callable[[Mapping[str, Any], dict[str, Any]], Any] | None = None  # (variables, the right answer) -> what is answered
    handshakes: list[Handshake] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    port: int = 0
    extra_routes: list[web.RouteDef] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.behaviours: dict[str, str] = dict.fromkeys(DATASOURCES, "ok")
        self.sockets: dict[str, set[web.WebSocketResponse]] = {name: set() for name in DATASOURCES}
        self.schema = historic_schema()
        self._quiet: set[web.WebSocketResponse] = set()
        self._opened = asyncio.Event()
        self._failures: deque[tuple[int, Any]] = deque()
        self._transports: set[asyncio.Transport] = set()
        self._runner: web.AppRunner | None = None

    # -- life -------------------------------------------------------------------------------------

    async def start(self, port: int | None = None, host: str = "127.0.0.1") -> int:
        """Listens on 127.0.0.1 (elsewhere only in a network of a test's own) and answers with the port; 0 chooses one, later the same."""
        app = web.Application(client_max_size=4 * 1024 * 1024)
        app.router.add_routes(self.extra_routes)
        app.router.add_post("/graphql", self._graphql)
        app.router.add_get("/{path:.*}", self._socket)
        self._runner = web.AppRunner(app, shutdown_timeout=0.2, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, self.port if port is None else port, reuse_address=True)
        await site.start()
        self.port = int(self._runner.addresses[0][1])
        return self.port

    async def stop(self) -> None:
        """Closes every socket with a close frame, then the port."""
        for name in DATASOURCES:
            await self.close_sockets(name)
        await self._clean_up()

    async def kill(self) -> None:
        """Ends as a process that is killed does: every connection aborted, no close frame, the port shut."""
        for transport in list(self._transports):
            if not transport.is_closing():
                transport.abort()
        await self._clean_up()

    async def _clean_up(self) -> None:
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
        for sockets in self.sockets.values():
            sockets.clear()
        self._transports.clear()

    @property
    def live_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def historic_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/graphql"

    # -- what a test decides ----------------------------------------------------------------------

    def behave(self, behaviour: str, *datasources: str) -> None:
        """From the next handshake on; every path when none is named."""
        for name in datasources or DATASOURCES:
            self.behaviours[name] = behaviour

    def fail_graphql(self, n: int, *, status: int = 200, errors: Sequence[str] = (), text: str | None = None) -> None:
        """The next `n` GraphQL answers: an HTTP status, or 200 with `errors`, or that raw text as the body."""
        body: Any = text if text is not None else {"data": None, "errors": [{"message": message} for message in errors or ("failure",)]}
        self._failures.extend([(status, body)] * n)

    def drift(self, *, profile_root: str = "profile_history", without: tuple[str, ...] = ()) -> None:
        """The schema changes: another profile root, or fields gone (`"QueueOverviewRecord.agentEndReason"`)."""
        self.schema = historic_schema(profile_root=profile_root, without=without)

    async def send(self, datasource: str, document: Any) -> int:
        """Sends a document (or raw text, or raw bytes) to every socket of a path; answers with how many got it."""
        sent = 0
        for socket in list(self.sockets[datasource]):
            if socket in self._quiet or socket.closed:
                continue
            try:
                if isinstance(document, bytes):
                    await socket.send_bytes(document)
                else:
                    await socket.send_str(document if isinstance(document, str) else json.dumps(document, ensure_ascii=False))
                sent += 1
            except ConnectionError:
                self.sockets[datasource].discard(socket)
        return sent

    async def close_sockets(self, *datasources: str, code: int = WSCloseCode.GOING_AWAY) -> None:
        for name in datasources or DATASOURCES:
            for socket in list(self.sockets[name]):
                await asyncio.wait_for(asyncio.shield(socket.close(code=code, drain=False)), 1)

    async def drop_sockets(self, *datasources: str) -> None:
        """Aborts the connections of some paths, without a close frame; the port stays open."""
        for name in datasources or DATASOURCES:
            for socket in list(self.sockets[name]):
                _abort(socket)

    def open_sockets(self) -> dict[str, int]:
        return {name: len([socket for socket in sockets if not socket.closed]) for name, sockets in self.sockets.items()}

    async def until_open(self, *datasources: str, within_s: float = 10.0) -> None:
        """Waits until each path has a socket; TimeoutError when not in time."""
        async with asyncio.timeout(within_s):
            for name in datasources or DATASOURCES:
                while not self.open_sockets()[name]:
                    self._opened.clear()
                    await self._opened.wait()

    def handshakes_since(self, at: float, *datasources: str) -> list[Handshake]:
        return [shake for shake in self.handshakes if shake.at >= at and shake.datasource in (datasources or DATASOURCES)]

    # -- what it answers --------------------------------------------------------------------------

    def _token_ok(self, request: web.Request) -> bool:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return scheme == "Bearer" and token in self.tokens

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        name = request.path.strip("/")
        behaviour = self.behaviours.get(name, "invalid_path")
        token_ok = self._token_ok(request)
        self._remember_transport(request)
        status = int(behaviour) if behaviour.isdigit() else 302 if behaviour == "redirect" else 101 if token_ok else 401
        if behaviour == "hang":
            status = 0
        if status == 101 and self.second_socket != "both" and self.open_sockets().get(name):
            if self.second_socket == "refuse":
                status = 409
            else:
                await self.close_sockets(name)
        self.handshakes.append(Handshake(at=time.monotonic(), datasource=name, status=status, token_ok=token_ok))
        if behaviour == "hang":
            await asyncio.sleep(3600)
        if status == 302:
            raise web.HTTPFound(self.redirect_to)
        if status != 101:
            return web.Response(status=status, text="")
        socket = web.WebSocketResponse(autoping=behaviour not in ("no_pong", "silent"), compress=False, max_msg_size=1 << 20)
        await socket.prepare(request)
        if behaviour.startswith("invalid_path"):
            await socket.send_str("Invalid path.")
        if behaviour in ("invalid_path", "accept_close"):
            await socket.close(drain=False)
            return socket
        if behaviour == "accept_drop":
            _abort(socket)
            return socket
        if behaviour in ("silent", "invalid_path_open"):
            self._quiet.add(socket)
        mine = self.sockets.setdefault(name, set())
        mine.add(socket)
        self._opened.set()
        try:
            async for _ in socket:
                pass
        finally:
            mine.discard(socket)
            self._quiet.discard(socket)
        return socket

    async def _graphql(self, request: web.Request) -> web.Response:
        self._remember_transport(request)
        token_ok = self._token_ok(request)
        try:
            body = await request.json()
            query, variables = str(body["query"]), body.get("variables") or {}
        except (ValueError, KeyError, TypeError):
            query, variables = "", {}
        status, result = self._failures.popleft() if self._failures else (200, None)
        status = status if token_ok else 401
        self.asked.append(Asked(at=time.monotonic(), query=query, variables=variables, status=status, token_ok=token_ok))
        if self.graphql_delay_s:
            await asyncio.sleep(self.graphql_delay_s)
        if not token_ok:
            return web.Response(status=401, text="")
        if isinstance(result, str):
            return web.Response(status=status, text=result)
        if result is None:
            result = answer(self.schema, query, variables, self.history.page)
            if self.edit_answer is not None:
                result = self.edit_answer(variables, result)
        return web.json_response(result, status=status)

    def _remember_transport(self, request: web.Request) -> None:
        if isinstance(request.transport, asyncio.Transport):
            self._transports.add(request.transport)


def _abort(socket: web.WebSocketResponse) -> None:
    transport = socket._req.transport if socket._req is not None else None
    if isinstance(transport, asyncio.Transport):
        transport.abort()
