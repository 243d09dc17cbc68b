"""A house for a look-alike: one port on this machine, a floor that lives behind it if one is wanted, and a back door for tests.

A vendor's look-alike is a `House` that says which routes it serves, hears what the floor does, and tells it in the vendor's own words.

    class VoxloudSimulator(House):
        def add_routes(self, app): ...
        def hear(self, at, subject): ...        # the floor's listener, in the past and live

Rules that hold here: the past is played before the port opens, and nothing of it is pushed (`self.live` says so); acts take place at their
own instants, which are never ahead of now; closing ends every task it started. The control paths ask for nothing: loopback only.
"""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from types import TracebackType
from typing import Any, Self

import msgspec
from aiohttp import web

from stats.simulation.exchange import Subject
from stats.simulation.floor import HOUR_MS, Floor
from stats.simulation.plan import FloorPlan
from stats.simulation.scenarios import SCENARIOS, cast

HISTORY_MS = 31 * HOUR_MS  # the longest local day with the six hours a seed looks back before it
LONGEST_NAP_S = 0.25
Deed = Callable[[Mapping[str, Any]], Awaitable[object]]


def wall_ms() -> int:
    """Epoch ms."""
    return time.time_ns() // 1_000_000


class House:
    """`start`: with a floor. `speed` X: X times as many calls, everything X times as short, never in the future.

    `now` gives epoch ms, for those who shift the product's idea of now. `at_ms`: when the floor's day begins (default: `history_ms` ago).
    """

    def __init__(
        self,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        seed: int = 1,
        agents: int | None = None,
        queues: int | None = None,
        calls_per_hour: float | None = None,
        speed: float = 1.0,
        start: bool = True,
        history_ms: int = HISTORY_MS,
        now: Callable[[], int] = wall_ms,
    ) -> None:
        self.now = now
        self.plan = FloorPlan.of(seed=seed, agents=agents, queues=queues, calls_per_hour=calls_per_hour) if start else None
        self.floor: Floor | None = None
        self.live = False
        self.chance = random.Random(f"dialect {seed}")
        self.deeds: dict[str, Deed] = {}
        self._scenarios = random.Random(f"scenarios {seed}")
        self._speed, self._history_ms = speed, history_ms
        self._host, self._port = host, port
        self._tasks: set[asyncio.Task[None]] = set()
        self._runner: web.AppRunner | None = None

    # -- what a vendor adds --------------------------------------------------------------------------------------------

    def add_routes(self, app: web.Application) -> None:
        """The vendor's doors."""
        raise NotImplementedError

    def hear(self, at: int, subject: Subject) -> None:
        """The floor's listener: a call, visit, offer, agent or an hour's slots changed at an instant. `self.live`: not of the past."""
        raise NotImplementedError

    async def went_live(self) -> None:
        """The past has been played and the port is open; `self.floor.calls` are in progress."""

    def state(self) -> Mapping[str, object]:
        """What `GET /control/state` answers."""
        return {}

    # -- life ----------------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def open(self) -> None:
        """Plays the past, then listens; `port` is known afterwards. Raises OSError when the port is taken."""
        if self.plan is not None:
            now = self.now()
            self.floor = Floor(self.plan, at_ms=now - self._history_ms, listener=self.hear)
            while self.floor.now < now:  # hour by hour, so that whoever waits can still change their mind
                self.floor.advance(min(now, self.floor.now + HOUR_MS))
                await asyncio.sleep(0)
            self.floor.set_pace(self._speed)
        app = web.Application(client_max_size=64 << 20)
        app.router.add_post("/control/{deed}", self._control)
        app.router.add_get("/control/state", self._state)
        self.add_routes(app)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.3)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        try:
            await site.start()
        except OSError:
            await self._runner.cleanup()
            raise
        self._port = self._runner.addresses[0][1]
        self.live = True
        await self.went_live()
        if self.floor is not None:
            self.spawn(self._live(self.floor))

    async def close(self) -> None:
        """Ends what it started."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Something that goes on beside, and ends with the house."""
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _live(self, floor: Floor) -> None:
        while True:
            now = self.now()
            if now > floor.now:
                floor.advance(now)
            due = floor.next_at()
            nap = LONGEST_NAP_S if due is None else (due - self.now()) / 1000
            await asyncio.sleep(min(max(nap, 0.005), LONGEST_NAP_S))

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://{self._host}:{self._port}"

    @property
    def control_url(self) -> str:
        """The back door's address."""
        return f"{self.url}/control"

    # -- what a test may do --------------------------------------------------------------------------------------------

    async def play(self, name: str, *, real_time: bool = False) -> str:
        """A scripted call of `stats.simulation.scenarios`, its id: told at once as if it had just ended, or step by step as time passes."""
        length, script = SCENARIOS[name]
        call_id = str(uuid.UUID(int=self._scenarios.getrandbits(128), version=4))
        start = self.now() if real_time else self.now() - length
        steps = script(cast(self.hear, start), call_id, start)

        async def perform() -> None:
            for at, deed in steps:
                await asyncio.sleep(max(0, at - self.now()) / 1000)
                deed()

        if real_time:
            self.spawn(perform())
        else:
            for _, deed in steps:
                deed()
        return call_id

    async def _control(self, request: web.Request) -> web.Response:
        deed = self.deeds.get(request.match_info["deed"])
        if deed is None:
            return web.json_response({"error": "unknown deed", "known": sorted(self.deeds)}, status=404)
        try:
            asked = msgspec.json.decode(await request.read() or b"{}", type=dict[str, Any])
            return web.json_response(await deed(asked))
        except (msgspec.MsgspecError, LookupError, ValueError, TypeError) as why:
            return web.json_response({"error": f"{type(why).__name__}: {why}"}, status=400)

    async def _state(self, _request: web.Request) -> web.Response:
        return web.json_response({"now": self.now(), "live": self.live, **self.state()})
