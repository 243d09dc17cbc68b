"""The product's one idea of now.

Instants are integer milliseconds since 1970 in UTC. Inside one process they do not run backwards when the machine's clock is
slewed; when it is stepped by more than STEP_MS (a sleeping laptop, the first answer of a time server) they follow it, because
a clock that stays wrong for the life of the process is worse than one jump. Rules take `now` as an argument; only the edges ask here.
"""

import os
import time

STEP_MS = 1_000


class Clock:
    """A wall clock carried on by the monotonic one, shifted by `offset_ms`."""

    def __init__(self, offset_ms: int) -> None:
        self._offset_ms = offset_ms
        self._base_ms = _wall_ms() - _monotonic_ms()

    def now_ms(self) -> int:
        """Milliseconds since 1970, shifted."""
        carried, wall = self._base_ms + _monotonic_ms(), _wall_ms()
        if abs(wall - carried) > STEP_MS:
            self._base_ms += wall - carried
            carried = wall
        return carried + self._offset_ms


def offset_s() -> float:
    """Seconds by which CLOCK_OFFSET_S shifts now; 0.0 in every real installation. The settings have checked the value."""
    return float(os.environ.get("CLOCK_OFFSET_S", "").strip() or 0)


def now_ms() -> int:
    """The product's now: epoch milliseconds, CLOCK_OFFSET_S included."""
    global _clock
    if _clock is None:
        _clock = Clock(round(offset_s() * 1000))
    return _clock.now_ms()


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


def _monotonic_ms() -> int:
    return time.monotonic_ns() // 1_000_000


# Made at the first question, not at import: `.env` is read between the two.
_clock: Clock | None = None
