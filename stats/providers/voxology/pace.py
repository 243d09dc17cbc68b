"""How often we ask: the vendor counts requests by the minute, and says how many only by refusing one more.

Rules that hold here: turns are handed out evenly over the minute, after a small burst; a refusal halves what we allow ourselves, and every
minute without one gives a tenth back. Nothing here knows what is asked.
"""

import asyncio
import time
from collections.abc import Callable

MINUTE_S = 60.0
BURST = 12
LEAST = 6.0  # requests a minute: below that nothing is live any more


class Pace:
    """Turns to ask, at most `a_minute` of them. `clock` is in seconds and never stepped."""

    def __init__(self, a_minute: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.most = max(LEAST, a_minute)
        self.allowed = self.most
        self._clock = clock
        self._next = self._healed = clock()

    async def turn(self) -> None:
        """Wait for the next turn."""
        now = self._clock()
        if self.allowed < self.most and now - self._healed > MINUTE_S:
            self.allowed, self._healed = min(self.most, self.allowed * 1.1), now
        step = MINUTE_S / self.allowed
        self._next = max(self._next, now - BURST * step) + step
        await asyncio.sleep(max(0.0, self._next - now - step))

    def refused(self) -> None:
        """The vendor has had too many of us."""
        self.allowed, self._healed = max(LEAST, self.allowed / 2), self._clock()

    def seconds_for(self, requests: int) -> float:
        """How far apart rounds of so many requests must lie to use two thirds of what is allowed: look-ups want the rest."""
        return requests * MINUTE_S / self.allowed * 1.5
