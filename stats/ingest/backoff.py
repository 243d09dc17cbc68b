"""How long to wait before trying again: full jitter, and a reset that must be earned.

A server that accepts and then closes would be dialled without pause if a mere handshake reset the delay; only useful life does.
"""

import random
from collections import deque
from collections.abc import Iterator

FIRST_S = 0.5
LONGEST_S = 10.0
EARNED_AFTER_S = 30.0
CONFIG_FIRST_S = 60.0
CONFIG_LONGEST_S = 300.0
AUTH_PROBE_S = (15.0, 30.0)
DOORSTEP_S = 10.0
KNOCKS = 5
_MARGIN_S = 0.2  # the other side's clock counts too


def delays(first_s: float = FIRST_S, longest_s: float = LONGEST_S, rng: random.Random | None = None) -> Iterator[float]:
    """Delays in seconds, each drawn from zero (at least a tenth) to a bound that doubles up to `longest_s`."""
    rng = rng or random.Random()
    bound = first_s
    while True:
        yield rng.uniform(min(first_s, bound) * 0.2, bound)
        bound = min(longest_s, bound * 2)


class Backoff:
    """The delays of one feed."""

    def __init__(self, first_s: float = FIRST_S, longest_s: float = LONGEST_S) -> None:
        self._first_s, self._longest_s = first_s, longest_s
        self._delays = delays(first_s, longest_s)

    def next(self, at_least_s: float | None = None) -> float:
        """Seconds to wait now; not less than the other side asked for, and never more than five minutes of that."""
        delay = next(self._delays)
        return max(delay, min(at_least_s, 300.0)) if at_least_s is not None else delay

    def lived(self, seconds: float) -> None:
        """A connection was of use for so long; enough of it resets the delays."""
        if seconds >= EARNED_AFTER_S:
            self._delays = delays(self._first_s, self._longest_s)


class Doorstep:
    """How often a source may be dialled once it has refused a token: KNOCKS times in any DOORSTEP_S, whichever feed dials.

    It outlives a session, so that a new token does not start the count anew. Instants are monotonic seconds.
    """

    def __init__(self) -> None:
        self._knocks: deque[float] = deque(maxlen=KNOCKS)
        self._refused_at = float("-inf")

    def refused(self, now: float) -> None:
        """A 401, at some door of the source."""
        self._refused_at = max(now, self._refused_at)

    def knock(self, now: float) -> float:
        """Seconds to wait and ask again; 0.0 when the dial may go out, which is then counted."""
        if now - self._refused_at < DOORSTEP_S and len(self._knocks) == KNOCKS:
            rest = self._knocks[0] + DOORSTEP_S + _MARGIN_S - now
            if rest > 0:
                return rest
        self._knocks.append(now)
        return 0.0
