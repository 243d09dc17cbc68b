"""An endpoint of ours on the loopback: it judges posts as the door does, and keeps what was let in."""

import asyncio
from collections.abc import Callable
from typing import Self

from aiohttp import web

from stats.domain.errors import Malformed, Refused
from stats.providers.base import Checked, Delivery
from stats.providers.vocatech.hook import VocatechHook

HOOK = VocatechHook()


class Receiver:
    """`secrets` let in; `down` answers 503 to everybody. `now`: epoch ms."""

    def __init__(self, now: Callable[[], int]) -> None:
        self.now = now
        self.secrets: list[str] = []
        self.down = False
        self.kept: dict[str, Delivery] = {}
        self.checked: list[Checked] = []
        self.statuses: list[int] = []

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=HOOK.largest)
        app.router.add_post("/hooks/{key}/", self._post)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._base = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def address(self, key: str = "first") -> str:
        return f"{self._base}/hooks/{key}/"

    async def until(self, holds: Callable[[], bool], within_s: float = 10.0) -> None:
        """Waits until it is so."""
        async with asyncio.timeout(within_s):
            while not holds():  # noqa: ASYNC110 - whatever a test waits for
                await asyncio.sleep(0.01)

    async def _post(self, request: web.Request) -> web.Response:
        status = await self._judged(request)
        self.statuses.append(status)
        return web.Response(status=status)

    async def _judged(self, request: web.Request) -> int:
        if self.down:
            return 503
        headers = {name: request.headers[name] for name in HOOK.headers if name in request.headers}
        delivery = Delivery(
            at=self.now(), method="POST", content_type=request.content_type, query="", headers=headers, body=await request.read()
        )
        try:
            checked = HOOK.check(delivery, self.secrets, {})
        except (Refused, Malformed):
            return 401
        self.checked.append(checked)
        assert checked.delivery_id is not None
        if checked.delivery_id in self.kept:
            return HOOK.again.status
        if checked.keep:
            self.kept[checked.delivery_id] = delivery
        return HOOK.answer.status
