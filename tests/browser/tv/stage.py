"""A small server for one board in a real browser: the page, the static files, `/healthz`, and a socket that says what a test says.

It runs in a thread of its own, so that tests may use the browser's plain, blocking interface.
"""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web
from playwright.sync_api import Error, Page

from tests.boards import samples
from tests.boards.draw import draw
from wallboard.boards.board import board_for

STATIC = Path(__file__).resolve().parents[3] / "static"
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'"


def until(page: Page, expression: str, timeout_s: float = 15.0) -> None:
    """Waits until an expression is true in the page. Playwright's own waiting evaluates strings there, which our content policy forbids."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            if page.evaluate(expression):
                return
        except Error as gone:
            # Between two pages there is nobody to ask.
            if "context was destroyed" not in str(gone):
                raise
        assert time.monotonic() < deadline, f"never true: {expression}"
        time.sleep(0.03)


class Stage:
    """One board on one port. `received` is everything browsers said; `sockets` those open now."""

    def __init__(self, slug: str = "team", values: samples.Values | None = None, **how: Any) -> None:
        self.slug = slug
        self.values = values if values is not None else samples.normal()
        self.how = how
        self.epoch, self.version = "e1", 41
        self.now: Callable[[], int] = lambda: samples.NOW
        self.received: list[dict[str, Any]] = []
        self.sockets: list[web.WebSocketResponse] = []
        self.dials = 0
        self.pages = 0
        self.healthy = True
        self.page_status = 200
        self.portal = False  # somebody else's network answers everything with a page of its own
        self.refuse_with: int | None = None
        self.deaf = False
        self.greets = True
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Stage":
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *exc: object) -> None:
        self._do(self._close_all())
        self._do(self._runner.cleanup())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    @property
    def address(self) -> str:
        """The address of the board's page."""
        return f"http://127.0.0.1:{self.port}/boards/{self.slug}/"

    # --- what a test says -------------------------------------------------------------------------------------------------

    def say(self, message: dict[str, Any]) -> None:
        """Sends a message to every browser, as it is."""
        self._do(self._say(message))

    def snapshot(self, values: samples.Values | None = None, **more: Any) -> None:
        """A snapshot of `values`, which are the stage's from now on."""
        self.values = values if values is not None else self.values
        self.say(self._snapshot() | more)

    def patch(self, values: dict[str, dict[str, Any]], **more: Any) -> None:
        """A patch from the stage's version to the next."""
        message = {
            "type": "patch",
            "epoch": self.epoch,
            "from": self.version,
            "to": self.version + 1,
            "server_time": self.now(),
            "values": values,
        }
        self.version += 1
        for scope, news in values.items():
            self.values.setdefault(scope, {}).update(news)
        self.say(message | more)

    def heartbeat(self, **more: Any) -> None:
        """A sign of life."""
        self.say({"type": "heartbeat", "version": self.version, "server_time": self.now()} | more)

    def hang_up(self, code: int = 1001) -> None:
        """Closes every socket."""
        self._do(self._close_all(code))

    def heard(self, kind: str) -> list[dict[str, Any]]:
        """The messages of one type that browsers sent."""
        return [message for message in self.received if message.get("type") == kind]

    # --- the server -------------------------------------------------------------------------------------------------------

    def _do(self, work: Coroutine[Any, Any, Any]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _say(self, message: dict[str, Any]) -> None:
        for socket in list(self.sockets):
            await socket.send_str(json.dumps(message))

    async def _close_all(self, code: int = 1001) -> None:
        for socket in list(self.sockets):
            await socket.close(code=code)

    def _snapshot(self) -> dict[str, Any]:
        board = board_for(self.slug, self.values, "en", samples.ZONE).as_message()
        return {
            "type": "snapshot",
            "epoch": self.epoch,
            "version": self.version,
            "server_time": self.now(),
            "board": board,
            "values": self.values,
        }

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._start())
        self._loop.run_forever()

    async def _start(self) -> None:
        app = web.Application()
        app.add_routes(
            [
                web.get("/boards/{slug}/", self._page),
                web.get("/ws/boards/{slug}/", self._socket),
                web.get("/healthz", self._health),
                web.static("/static", STATIC),
            ]
        )
        self._runner = web.AppRunner(app, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        self._ready.set()

    async def _page(self, request: web.Request) -> web.Response:
        if self.portal:
            return await self._health(request)
        self.pages += 1
        if self.page_status != 200:
            return web.Response(text="This link does not open a board", status=self.page_status)
        how = {name: request.query[name] for name in ("language", "theme") if name in request.query}
        body = draw(self.slug, self.values, now=self.now(), **{**self.how, **how})
        policy = f"{POLICY} ws://127.0.0.1:{self.port}"
        return web.Response(text=body, content_type="text/html", headers={"Content-Security-Policy": policy, "Cache-Control": "no-store"})

    async def _health(self, request: web.Request) -> web.Response:
        if self.portal:
            return web.Response(text="<html>Welcome! Please accept the terms.</html>", content_type="text/html")
        return web.json_response({"status": "ok"}, status=200 if self.healthy else 503)

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        self.dials += 1
        if self.portal:
            return await self._health(request)
        if self.refuse_with is not None and self.refuse_with < 1000:
            return web.Response(status=self.refuse_with)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if self.refuse_with is not None:
            await socket.close(code=self.refuse_with)
            return socket
        self.sockets.append(socket)
        try:
            if self.greets:
                await socket.send_str(json.dumps(self._snapshot()))
            async for frame in socket:
                if frame.type is not WSMsgType.TEXT:
                    break
                message = json.loads(frame.data)
                self.received.append(message)
                if message["type"] == "resync" and not self.deaf:
                    await socket.send_str(json.dumps(self._snapshot()))
        finally:
            self.sockets.remove(socket)
        return socket
