"""The floor's appointments: what happens next, at which instant, in the order it was agreed."""

from __future__ import annotations

import heapq
from collections.abc import Callable

Act = Callable[..., None]


class Agenda:
    """A clock that jumps from appointment to appointment. Instants are epoch ms; `now` never goes back.

    Nothing is ever cancelled: an act that comes too late looks at the world, finds its reason gone, and does nothing.
    """

    def __init__(self, now: int) -> None:
        self.now = now
        self._turn = 0  # makes two appointments at one instant happen in the order they were made
        self._heap: list[tuple[int, int, Act, tuple[object, ...]]] = []

    def at(self, when: int, act: Act, *args: object) -> None:
        self._turn += 1
        heapq.heappush(self._heap, (max(when, self.now), self._turn, act, args))

    def after(self, wait_ms: int, act: Act, *args: object) -> None:
        self.at(self.now + wait_ms, act, *args)

    def next_at(self) -> int | None:
        return self._heap[0][0] if self._heap else None

    def advance(self, until: int) -> None:
        """Lets everything due up to and including `until` happen, each act with `now` at its own instant."""
        heap = self._heap
        while heap and heap[0][0] <= until:
            when, _, act, args = heapq.heappop(heap)
            self.now = when
            act(*args)
        self.now = max(self.now, until)
