"""How often we ask: the vendor counts requests by the minute, and says how many only by refusing one more.

Rules that hold here: turns are handed out evenly over the minute, after a small burst; a refusal halves what we allow ourselves, several at
once are one; every half minute without one gives half as much again back. Nothing here knows what is asked.
"""

import asyncio
import time
from collections.abc import Callable

MINUTE_S = 60.0
BURST = 12
LEAST = 12.0  # requests a minute: below that nothing is live any more
AT_ONCE_S = 5.0  # refusals so close to each other were asked for under the same allowance
HEALS_AFTER_S = 30.0
HEALS_BY = 1.5


class Pace:
    """Turns to ask, at most `a_minute` of them. `clock` is in seconds and never stepped."""

    def __init__(self, a_minute: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.most = max(LEAST, a_minute)
        self.allowed = self.most
        self.clock = clock
        self._next = clock()
        self._refused_at: float | None = None
        self._healed_at = clock()

    async def turn(self) -> None:
        """Wait for the next turn."""
        now = self.clock()
        if self.allowed < self.most and now - self._healed_at > HEALS_AFTER_S:
            self.allowed, self._healed_at = min(self.most, self.allowed * HEALS_BY), now
        step = MINUTE_S / self.allowed
        mine = max(self._next, now - BURST * step)
        self._next = mine + step
        try:
            await asyncio.sleep(max(0.0, mine - now))
        except asyncio.CancelledError:
            self._next -= step  # whoever no longer asks leaves the turn to others
            raise

    def refused(self) -> None:
        """The vendor has had too many of us."""
        now = self.clock()
        if self._refused_at is None or now - self._refused_at > AT_ONCE_S:
            self.allowed, self._refused_at = max(LEAST, self.allowed / 2), now
        self._healed_at = now

    def seconds_for(self, requests: int) -> float:
        """How far apart rounds of so many requests must lie to use two thirds of what is allowed: look-ups want the rest."""
        return requests * MINUTE_S / self.allowed * 1.5
