"""How often somebody may ask: a bucket that fills at a steady rate and holds a burst."""


class Bucket:
    """Holds at most `burst` permits, gets `per_second` new ones; `now` is in seconds of any steady clock."""

    __slots__ = ("_at", "_burst", "_left", "_per_second")

    def __init__(self, per_second: float, burst: int) -> None:
        self._per_second, self._burst = per_second, burst
        self._left = float(burst)
        self._at: float | None = None

    def take(self, now: float) -> float:
        """Takes a permit and answers 0.0, or takes none and answers in how many seconds there will be one."""
        wait = self.wait(now)
        if wait <= 0.0:
            self._left -= 1.0
        return wait

    def wait(self, now: float) -> float:
        """In how many seconds there will be a permit; 0.0 for now. Takes none."""
        if self._at is not None:
            self._left = min(float(self._burst), self._left + max(0.0, now - self._at) * self._per_second)
        self._at = now
        return 0.0 if self._left >= 1.0 else (1.0 - self._left) / self._per_second
