"""Gives memory back after very many screens have gone at once: what they leave behind is knotted, and the allocator keeps it.

Rules that hold here: only after a crowd, seconds later and at most now and then, because it stops the process for some hundredths of a
second; where the C library cannot give memory back, Python's own tidying is all.
"""

import ctypes
import gc
import sys

CROWD = 200
REST_S = 3.0
_libc = ctypes.CDLL(None) if sys.platform.startswith("linux") else None


class Tidy:
    """Watches how many sockets have gone; times are seconds of a steady clock."""

    def __init__(self) -> None:
        self._departed = 0
        self._left_at: float | None = None

    def look(self, departed: int, now: float) -> bool:
        """Tidies when a crowd has left since the last time, REST_S after that was seen; True when it did."""
        if departed - self._departed >= CROWD:
            self._departed = departed
            self._left_at = now if self._left_at is None else self._left_at
        if self._left_at is None or now - self._left_at < REST_S:
            return False
        self._left_at = None
        tidy()
        return True

    @property
    def is_due(self) -> bool:
        """Whether there is something left to tidy."""
        return self._left_at is not None


def tidy() -> None:
    """Unties and gives back."""
    gc.collect()
    if _libc is not None and hasattr(_libc, "malloc_trim"):
        _libc.malloc_trim(0)
