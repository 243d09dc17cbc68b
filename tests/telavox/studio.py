"""A fake at the edge: sockets and a GraphQL endpoint that do what the test's own functions say, and remember what they were asked."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import WSMsgType, web

TOKEN = "canary-statistics-token-0123456789abcdef"

Socket = Callable[[web.WebSocketResponse], Awaitable[None]]
Answer = Callable[[dict[str, Any]], web.Response | dict[str, Any]]


async def until_closed(socket: web.WebSocketResponse) -> None:
    """Stay on the line and answer pings, as a quiet feed does."""
    async for message in socket:
        assert message.type is not WSMsgType.TEXT, "a client never sends anything on these sockets"


class FakeStudio:
    """`socket` plays a feed; `answer` answers a POST with a payload or a whole response."""

    def __init__(self) -> None:
        self.socket: Socket = until_closed
        self.answer: Answer = lambda asked: {"data": {}}
        self.refusal: web.Response | None = None
        self.handshakes: list[tuple[str, str | None]] = []
        self.asked: list[dict[str, Any]] = []
        self.autoping = True
        self.port = 0

    @property
    def live_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def historic_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/graphql"

    async def start(self) -> None:
        app = web.Application(client_max_size=1 << 20)
        app.router.add_post("/graphql", self._graphql)
        app.router.add_get("/{path:.*}", self._feed)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _feed(self, request: web.Request) -> web.StreamResponse:
        self.handshakes.append((request.path, request.headers.get("Authorization")))
        if self.refusal is not None:
            return self.refusal
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.Response(status=401)
        socket = web.WebSocketResponse(autoping=self.autoping, max_msg_size=0)
        await socket.prepare(request)
        await self.socket(socket)
        return socket

    async def _graphql(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.Response(status=401, text="nope")
        asked = await request.json()
        self.asked.append(asked)
        told = self.answer(asked)
        return told if isinstance(told, web.Response) else web.json_response(told)
