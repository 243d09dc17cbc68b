"""The product's one idea of now, and of how much time has passed.

Rules that hold here: instants are integer milliseconds since 1970 in UTC. `now_ms` does not run backwards when the machine's clock is
slewed; when it is stepped by more than STEP_MS (the first answer of a time server, somebody's hand) it follows, because a clock that
stays wrong for the life of the process is worse than one jump. `steady_ms` never steps: whatever measures how long something takes or
has been silent uses it. Domain rules take `now` as an argument; only the edges ask here.
"""

import os
import time
from pathlib import Path

STEP_MS = 1_000
# How often the file of CLOCK_STEPS is read; tests alone have one.
REREAD_MS = 200


class Clock:
    """A wall clock carried on by the monotonic one, shifted by `offset_ms`. `stepped_ms` sums the steps it has followed."""

    def __init__(self, offset_ms: int) -> None:
        self._base_ms = _wall_ms() - _monotonic_ms() + offset_ms
        self._offset_ms = offset_ms
        self.stepped_ms = 0

    def now_ms(self) -> int:
        """Milliseconds since 1970, shifted."""
        carried, wall = self._base_ms + _monotonic_ms(), _wall_ms() + self._offset_ms
        step = wall - carried
        if abs(step) <= STEP_MS:
            return carried
        self._base_ms += step
        self.stepped_ms += step
        return wall

    def steady_ms(self) -> int:
        """What `now_ms` would say had nobody ever stepped the clock."""
        return self.now_ms() - self.stepped_ms


def offset_s() -> float:
    """Seconds by which now is shifted; 0.0 in every real installation. The settings have checked CLOCK_OFFSET_S."""
    return float(os.environ.get("CLOCK_OFFSET_S", "").strip() or 0) + _tried_step_ms() / 1000


def now_ms() -> int:
    """The product's now: epoch milliseconds, CLOCK_OFFSET_S included."""
    return _product().now_ms()


def steady_ms() -> int:
    """A clock for durations: it reads like `now_ms` at the start of the process and is never stepped."""
    return _product().steady_ms()


def stepped_ms() -> int:
    """By how much `now_ms` has stepped since the start of the process, all in all. Whoever keeps instants of now may follow by it."""
    _product().now_ms()
    return _product().stepped_ms


def _product() -> Clock:
    # Made at the first question, not at import: `.env` is read between the two.
    global _clock
    if _clock is None:
        _clock = Clock(round(float(os.environ.get("CLOCK_OFFSET_S", "").strip() or 0) * 1000))
    return _clock


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000 + _tried_step_ms()


def _monotonic_ms() -> int:
    # A machine that slept has been silent all the while, and the plain monotonic clock of Linux would not know.
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return (time.monotonic_ns() if boot is None else time.clock_gettime_ns(boot)) // 1_000_000


def _tried_step_ms() -> int:
    """What the file of CLOCK_STEPS says that this machine's clock has been stepped by; nobody but a test has such a file."""
    global _tried
    path = os.environ.get("CLOCK_STEPS")
    if not path:
        return 0
    read_at, step = _tried
    if time.monotonic_ns() // 1_000_000 - read_at >= REREAD_MS:
        try:
            step = round(float(Path(path).read_text()) * 1000)
        except (OSError, ValueError):  # not there yet, or half written
            pass
        _tried = (time.monotonic_ns() // 1_000_000, step)
    return step


_clock: Clock | None = None
_tried = (-REREAD_MS, 0)
