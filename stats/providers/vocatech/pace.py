"""No more questions than the vendor allows one API key, with some room for clocks and lines that differ (guide: Rate Limits).

Rule that holds here: whoever asks with one key shares one pace, whatever provider object asks; a wait that is too long for a question is
told as Retry.
"""

import hashlib
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable

from stats.domain.errors import Retry

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
# Of the guide's 60 a minute, 1,000 an hour and 20,000 a day; 30, 500 and 10,000 for calls and messages.
WINDOWS = {
    "default": ((57, MINUTE_MS + 1_000), (980, HOUR_MS + 5_000), (19_900, DAY_MS + 60_000)),
    "reports": ((28, MINUTE_MS + 1_000), (490, HOUR_MS + 5_000), (9_900, DAY_MS + 60_000)),
}
LONGEST_WAIT_MS = 65_000
MOST_KEYS = 200
Sleep = Callable[[float], Awaitable[None]]


class Pace:
    """The questions of one key, on a clock that only goes forwards, ms."""

    def __init__(self) -> None:
        self._asked: dict[str, deque[int]] = {tier: deque(maxlen=windows[-1][0]) for tier, windows in WINDOWS.items()}

    def wait_ms(self, tier: str, now: int) -> int:
        """How long until one more may be asked."""
        asked = self._asked[tier]
        wait = 0
        for most, window in WINDOWS[tier]:
            if len(asked) >= most:
                wait = max(wait, asked[-most] + window - now)
        return wait

    async def turn(self, tier: str, now: Callable[[], int], sleep: Sleep) -> None:
        """Waits for one's turn, and takes it. Raises Retry."""
        while (wait := self.wait_ms(tier, now())) > 0:
            if wait > LONGEST_WAIT_MS:
                raise Retry("asked as often as this hour or day allows", after_s=min(wait, HOUR_MS) / 1000)
            await sleep(wait / 1000)
        self._asked[tier].append(now())


_PACES: OrderedDict[str, Pace] = OrderedDict()


def pace_of(url: str, token: str) -> Pace:
    """The one pace of a key at an address."""
    key = hashlib.blake2b(f"{url} {token}".encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    pace = _PACES.setdefault(key, Pace())
    _PACES.move_to_end(key)
    if len(_PACES) > MOST_KEYS:
        _PACES.popitem(last=False)
    return pace
