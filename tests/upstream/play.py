"""Sends a day's frames the way a busy network would: shuffled within a second, some of them twice."""

import asyncio
import random
from collections.abc import Iterable
from typing import Any, Protocol

PRESENCE = "profile_live"


class Emitted(Protocol):
    @property
    def datasource(self) -> str: ...
    @property
    def emitted_at_ms(self) -> int: ...
    @property
    def document(self) -> Any: ...


class Sends(Protocol):
    async def send(self, datasource: str, document: Any) -> int: ...


def disordered(frames: Iterable[Emitted], rng: random.Random, *, duplicates: float = 0.1, disorder_within_ms: int = 1_000) -> list[Emitted]:
    """The frames in an order in which none overtakes one emitted `disorder_within_ms` or more before it.

    A presence document replaces the last one and carries no instant of its own, so those of one agent keep their order, and a duplicate
    of one follows it directly.
    """
    told: list[tuple[float, int, Emitted]] = []
    for place, frame in enumerate(frames):
        late = 0.0 if frame.datasource == PRESENCE else rng.uniform(0, disorder_within_ms)
        told.append((frame.emitted_at_ms + late, place, frame))
        if rng.random() < duplicates:
            late = 0.0 if frame.datasource == PRESENCE else rng.uniform(0, disorder_within_ms)
            told.append((frame.emitted_at_ms + late, place, frame))
    return [frame for _, _, frame in sorted(told, key=lambda one: one[:2])]


async def play(
    upstream: Sends,
    frames: Iterable[Emitted],
    rng: random.Random,
    duplicates: float = 0.1,
    disorder_within_ms: int = 1_000,
    *,
    frames_per_s: float | None = None,
) -> int:
    """Sends the frames as fast as they are taken, or at a rate; answers with how many were sent, duplicates included."""
    order = disordered(frames, rng, duplicates=duplicates, disorder_within_ms=disorder_within_ms)
    loop = asyncio.get_running_loop()
    began = loop.time()
    for place, frame in enumerate(order):
        if frames_per_s is not None:
            await asyncio.sleep(max(0.0, began + place / frames_per_s - loop.time()))
        elif place % 50 == 0:
            await asyncio.sleep(0)
        await upstream.send(frame.datasource, frame.document)
    return len(order)
