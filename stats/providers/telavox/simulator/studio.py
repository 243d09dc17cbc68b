"""A Telavox Studio look-alike on one loopback port: five sockets, GraphQL, and a floor behind them if one is wanted.

    async with TelavoxSimulator(start=False) as sim:      # no floor: only what the test sends
        await sim.send("calls", {...})
    async with TelavoxSimulator(seed=7, agents=12) as sim:  # a day of history, then life
        ...

Clients written for the vendor work unchanged but for the address: `sim.live_url + "/calls"` and `sim.historic_url`.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
import uuid
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from stats.providers.telavox.simulator import control
from stats.providers.telavox.simulator.archive import Archive
from stats.providers.telavox.simulator.chapters import Chapters, Library
from stats.providers.telavox.simulator.counter import Counter
from stats.providers.telavox.simulator.historic import Historic
from stats.providers.telavox.simulator.parts import Document
from stats.providers.telavox.simulator.sockets import Sockets, Tokens
from stats.providers.telavox.simulator.switches import DATASOURCES, Switches
from stats.providers.telavox.simulator.teller import Teller
from stats.providers.telavox.simulator.wording import encoded
from stats.simulation.floor import HOUR_MS, Floor
from stats.simulation.plan import FloorPlan
from stats.simulation.scenarios import SCENARIOS, cast

DEFAULT_TOKEN = "demo-telavox-token"  # noqa: S105 - opens nothing but this look-alike
HISTORY_MS = 31 * HOUR_MS  # the longest local day with the six hours a seed looks back before it
KEEP_MS = 50 * HOUR_MS
KEEP_LONG_MS = 10 * 24 * HOUR_MS  # where days of long ago are told, there is no hole between them and now
LONGEST_NAP_S = 0.25


def wall_ms() -> int:
    return time.time_ns() // 1_000_000


class TelavoxSimulator:
    """`start`: with a floor. `speed` X: X times as many calls, everything X times as short, never in the future.

    `days`: how many days before its history are told too, each made when somebody asks for it.
    `now` gives epoch ms, for those who shift the product's idea of now.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        token: str = DEFAULT_TOKEN,
        seed: int = 1,
        agents: int | None = None,
        queues: int | None = None,
        calls_per_hour: float | None = None,
        speed: float = 1.0,
        start: bool = True,
        switches: Switches | None = None,
        history_ms: int = HISTORY_MS,
        days: int = 0,
        now: Callable[[], int] = wall_ms,
    ) -> None:
        self.switches = switches if switches is not None else Switches()
        self.now = now
        self.plan = FloorPlan.of(seed=seed, agents=agents, queues=queues, calls_per_hour=calls_per_hour) if start else None
        self.floor: Floor | None = None
        self.tokens = Tokens({token})
        self.archive, self.chapters = Archive(), Chapters(self.plan, self.switches, days)
        self.counter = Counter(Historic(Library(self.archive, self.chapters), self.switches, now), self.tokens, self.switches)
        self.sockets = Sockets(self.tokens, self.switches, lambda datasource: self._teller.snapshot(datasource))
        self._teller = Teller(self.archive, self.switches, self.sockets.push, now, random.Random(seed))
        self._speed, self._history_ms = speed, history_ms
        self._keep_ms = KEEP_MS if not days else KEEP_LONG_MS
        self._host, self._port = host, port
        self._chance = random.Random(f"scenarios {seed}")
        self._ahead_ms = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._runner: web.AppRunner | None = None

    # -- life ----------------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def open(self) -> None:
        """Plays the past, then listens; `port` is known afterwards."""
        if self.plan is not None:
            now = self.now()
            self._teller.begin_past()
            begins = now - self._history_ms
            if self.chapters.days:
                begins -= begins % HOUR_MS  # an hour of agents is told by one chapter or by the other
            self.chapters.end_at(begins)
            self.floor = Floor(self.plan, at_ms=begins, listener=self._teller.hear)
            while self.floor.now < now:  # hour by hour, so that whoever waits can still change their mind
                self.floor.advance(min(now, self.floor.now + HOUR_MS))
                await asyncio.sleep(0)
            self.floor.set_pace(self._speed)
            self._teller.go_live(self.floor)
        app = web.Application(client_max_size=4 << 20)
        control.add_routes(app, self)
        app.router.add_post("/graphql", self.counter.serve)
        app.router.add_get("/{path:.*}", self.sockets.welcome)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.3)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        try:
            await site.start()
        except OSError:
            await self._runner.cleanup()
            raise
        self._port = self._runner.addresses[0][1]
        if self.floor is not None:
            self._spawn(self._live(self.floor))

    async def close(self) -> None:
        self._teller.stop()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.sockets.kick(code=1001), 0.3)
        await self.sockets.kick(abort=True)
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _spawn(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _live(self, floor: Floor) -> None:
        """Lets the floor happen as time passes. Acts take place at their own instants, which are never ahead of now."""
        cleared = self.now()
        while True:
            now = self.now()
            if now > floor.now:
                floor.advance(now)
            if now - cleared > HOUR_MS:
                self.archive.forget_before(now - self._keep_ms)
                cleared = now
            due = floor.next_at()
            nap = LONGEST_NAP_S if due is None else (due - self.now()) / 1000
            await asyncio.sleep(min(max(nap, 0.005), LONGEST_NAP_S))

    @property
    def port(self) -> int:
        return self._port

    @property
    def live_url(self) -> str:
        return f"ws://{self._host}:{self._port}"

    @property
    def historic_url(self) -> str:
        return f"http://{self._host}:{self._port}/graphql"

    @property
    def control_url(self) -> str:
        return f"http://{self._host}:{self._port}/control"

    # -- what a test may do --------------------------------------------------------------------------------------------

    async def send(self, datasource: str, document: Document, *, live: bool = True, historic: bool = True) -> int:
        """Tells a document of the test's own: kept for GraphQL (`historic`) and pushed word for word (`live`). How many heard it."""
        if historic:
            self._teller.keep(datasource, document)
        if not live:
            return 0
        heard = self.sockets.push(datasource, encoded(document))
        await asyncio.sleep(0)
        return heard

    async def send_raw(self, datasource: str, text: str | bytes) -> int:
        """Pushes any text whatever; lone surrogates go out as the bytes they must not be."""
        heard = self.sockets.push(datasource, text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
        await asyncio.sleep(0)
        return heard

    def rows(self, root: str) -> list[Document]:
        """What GraphQL knows now, in the live spelling, oldest first."""
        horizon = self.now() - round(self.switches.lag_s * 1000)
        known = (row.as_of(horizon) for row in self.archive.all(root))
        return [document for document in known if document is not None]

    async def play(self, name: str, *, real_time: bool = False) -> str:
        """A scripted call, its id: told at once as if it had just ended, or step by step as time passes."""
        length, script = SCENARIOS[name]
        call_id = str(uuid.UUID(int=self._chance.getrandbits(128), version=4))
        start = self.now() if real_time else self.now() - length
        players = cast(self._teller.hear, start)
        steps = script(players, call_id, start)
        if not real_time:
            for _, deed in steps:
                deed()
            return call_id

        async def perform() -> None:
            for at, deed in steps:
                await asyncio.sleep(max(0, at - self.now()) / 1000)
                deed()

        self._spawn(perform())
        return call_id

    async def kick(self, datasource: str | None = None, *, code: int = 1001, abort: bool = False) -> int:
        return await self.sockets.kick(datasource, code=code, abort=abort)

    def silence(self, datasource: str | None = None, *, on: bool = True) -> None:
        """A dead upstream whose connections still stand. Frames of the silence are lost, as the real ones would be."""
        for name in DATASOURCES if datasource is None else (datasource,):
            (self.sockets.silent.add if on else self.sockets.silent.discard)(name)

    def revoke_token(self) -> None:
        self.tokens.good.clear()

    def replace_token(self, token: str) -> None:
        self.tokens.good = {token}

    def fail_next(self, status: int, count: int = 1, *, retry_after_s: float | None = None) -> None:
        """The next GraphQL answers, whatever is asked."""
        self.counter.failures.extend([(status, retry_after_s)] * count)

    def strike_hour(self) -> None:
        """The hourly batch now: what the agents did since the last one."""
        if self.floor is not None:
            self.floor.advance(max(self.now(), self.floor.now))
            self.floor.close_hour()
        else:
            self._teller.send_batch()

    def advance_clock(self, advance_ms: int) -> int:
        """Moves the batch's clock ahead; the number of full hours crossed, each of which brings a batch."""
        before = self.now() + self._ahead_ms
        self._ahead_ms += advance_ms
        hours = (before + advance_ms) // HOUR_MS - before // HOUR_MS
        for _ in range(hours):
            self.strike_hour()
        return hours

    def state(self) -> dict[str, object]:
        statuses: dict[str, int] = {}
        for handshake in self.sockets.handshakes:
            name = f"{handshake.path} {handshake.status}"
            statuses[name] = statuses.get(name, 0) + 1
        return {
            "connections": self.sockets.connections(),
            "handshakes": len(self.sockets.handshakes),
            "handshakes_by_outcome": statuses,
            "frames_sent": dict(self.sockets.sent),
            "requests": self.counter.served,
            "silent": sorted(self.sockets.silent),
            "now": self.now(),
            "switches": self.switches.as_mapping(),
        }
