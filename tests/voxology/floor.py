"""A small floor whose every second the test decides, behind a look-alike on a real port, with a provider that asks it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from stats.providers.base import SourceConfig
from stats.providers.voxology.provider import VoxologyProvider
from stats.providers.voxology.simulator import DEFAULT_TOKEN, Switches, VoxologySimulator
from stats.simulation.records import Call, Direction, Offer, Visit
from stats.simulation.scenarios import cast
from tests.voxology.ear import Ear

NOON_MS = 1_779_105_600_000  # Monday 2026-05-18, 12:00 UTC


class Stage:
    """The clock, the vendor, the people, and whoever listens. Nothing happens by itself."""

    def __init__(self, switches: Switches, settings: dict[str, Any], token: str, space: str) -> None:
        self.now = NOON_MS
        self.sim = VoxologySimulator(start=False, switches=switches, now=lambda: self.now, space=space)
        self._settings, self._token = {"poll_seconds": 0.2, "requests_per_minute": 60_000, **settings}, token
        self._number = 0

    def begin(self) -> None:
        """Once the port is known."""
        self.cast = cast(self.sim.hear, self.now)
        self.agents, self.queues = self.cast.agents, self.cast.queues
        self.provider, self.ear = self.listener()

    def listener(self, **settings: Any) -> tuple[VoxologyProvider, Ear]:
        """Another provider of the same source, as after a restart."""
        config = SourceConfig(
            name="vox", live_url=self.sim.api_url, historic_url="", token=self._token, settings={**self._settings, **settings}
        )
        provider = VoxologyProvider(config, now_ms=lambda: self.now)
        return provider, Ear(provider)

    async def round(self, *feeds: str, ear: Ear | None = None) -> None:
        """Ask once: for both feeds unless one is named."""
        ear = ear or self.ear
        for feed in feeds or ("queues", "calls"):
            async with ear.provider.open(feed) as frames:
                async for frame in frames:
                    ear.read(feed, frame, self.now)
                    break

    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.now += round(seconds * 1000)

    # -- people --------------------------------------------------------------------------------------------------------

    def call(self, number: str = "0046701740612", direction: Direction = Direction.INCOMING) -> Call:
        """Somebody calls."""
        self._number += 1
        return self.cast.exchange.start_call(Call(id=f"call {self._number}", direction=direction, started_at=self.now, number=number))

    def enter(self, call: Call, queue: int = 0) -> Visit:
        """They are put in a queue."""
        return self.cast.exchange.enter_queue(call, self.queues[queue], self.now)

    def ring(self, call: Call, agent: int, visit: Visit | None = None) -> Offer:
        """An agent is rung for them."""
        return self.cast.exchange.offer(call, self.agents[agent], self.now, visit)

    def answer(self, offer: Offer) -> None:
        """The agent picks up."""
        self.cast.exchange.answer(offer, self.now)

    def hang_up(self, call: Call, reason: str = "CALLER_HANGUP") -> None:
        """It is over."""
        self.cast.exchange.end_call(call, self.now, reason)

    def lead_on(self, visit: Visit, reason: str = "TIMEOUT") -> None:
        """The flow takes them out of the queue."""
        self.cast.exchange.close_visit(visit, self.now, reason)

    def id_of(self, call: Call) -> str:
        """The vendor's id."""
        return self.sim.lines.line_of(call).id

    async def back_door(self, deed: str, **asked: Any) -> Any:
        """What a test may tell the look-alike."""
        async with aiohttp.ClientSession() as session, session.post(f"{self.sim.control_url}/{deed}", json=asked) as answer:
            return await answer.json()


@asynccontextmanager
async def stage(switches: Switches | None = None, *, token: str = DEFAULT_TOKEN, space: str = "", **settings: Any) -> AsyncIterator[Stage]:
    """A stage from its beginning to its end."""
    made = Stage(switches or Switches(), settings, token, space)
    async with made.sim:
        made.begin()
        try:
            yield made
        finally:
            await made.provider.close()
