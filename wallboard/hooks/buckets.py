"""How often somebody may come: so many at once, then so many a second.

Rules that hold here: who is not remembered is new, and at most MOST are remembered, the longest unseen go first; nobody's coming costs
another anything.
"""

import ipaddress
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic

MOST = 5_000


class Buckets:
    """One bucket for each name."""

    def __init__(self, *, rate: float, burst: float, clock: Callable[[], float] = monotonic) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._left: OrderedDict[object, tuple[float, float]] = OrderedDict()

    def take(self, name: object) -> bool:
        """Whether this one may come now; who may is counted."""
        now = self._clock()
        left, since = self._left.get(name, (self._burst, now))
        left = min(self._burst, left + (now - since) * self._rate)
        may = left >= 1.0
        self._left[name] = (left - 1.0 if may else left), now
        self._left.move_to_end(name)
        if len(self._left) > MOST:
            self._left.popitem(last=False)
        return may


def place_of(address: str) -> str:
    """An IPv4 address as it is; of an IPv6 one the /64, which is what one household or office has."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.IPv6Network((known, 64), strict=False)) if isinstance(known, ipaddress.IPv6Address) else address
