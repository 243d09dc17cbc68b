"""How far the vendor's clock is before ours, as far as its own frames prove it.

Rules that hold here: nothing can be told before it has happened, so a frame that tells of an instant after its own arrival has come
from a clock that is ahead of ours. The other way round nothing is proved: a frame may simply be late. One odd frame moves nothing.
"""

from collections import deque
from statistics import median

from stats.clock import stepped_ms
from stats.domain.records import Call

FRAMES = 15
ENOUGH = 3
SAME_CLOCK_MS = 2_000
# Smaller changes than this are the network's, and would only make waits tremble.
STILL_MS = 500
# What lies further ahead is not a clock but a mistake in one document.
FURTHEST_MS = 6 * 3_600_000


class VendorClock:
    """Learns from frames as they come."""

    def __init__(self) -> None:
        self._early: deque[int] = deque(maxlen=FRAMES)
        self._told, self._stepped_ms = 0, stepped_ms()

    def heard(self, call: Call, now: int) -> None:
        """A frame told this of a call, and came at `now`."""
        self._follow()
        newest = newest_instant(call)
        if newest is not None and newest - now < FURTHEST_MS:
            self._early.append(newest - now)

    def _follow(self) -> None:
        # Our own clock was stepped: what was learnt holds no more.
        stepped = stepped_ms()
        if stepped != self._stepped_ms:
            self._early.clear()
            self._told, self._stepped_ms = 0, stepped

    @property
    def ahead_ms(self) -> int:
        """0 where the clocks agree, or where the vendor's may be behind."""
        self._follow()
        if len(self._early) < ENOUGH:
            return 0
        early = round(median(self._early))
        if early <= SAME_CLOCK_MS:
            self._told = 0
        elif abs(early - self._told) > STILL_MS:
            self._told = early
        return self._told


def newest_instant(call: Call) -> int | None:
    """The last thing that a telling says has happened."""
    told = [call.journey.started_at, call.journey.ended_at] if call.journey is not None else []
    told += [at for visit in call.visits for at in (visit.entered_at, visit.answered_at, visit.ended_at)]
    told += [at for offer in call.offers for at in (offer.began_at, offer.answered_at, offer.ended_at)]
    return max((at for at in told if at is not None), default=None)
