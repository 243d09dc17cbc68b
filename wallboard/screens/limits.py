"""How often somebody may guess a code or ask for one.

Rules that hold here: only wrong guesses count; a hundred televisions behind one address may ask for their codes at once; what is remembered
is bounded.
"""

import time
from collections.abc import Callable

from wallboard.push.rates import Bucket

# Five wrong codes, then one more every half a minute.
WRONG_BURST, WRONG_PER_S = 5, 1 / 30
# A building's televisions after a power cut, and one every other second from then on.
NEW_BURST, NEW_PER_S = 300, 0.5
MOST_REMEMBERED = 10_000


class Limit:
    """A bucket for each name; a name is a person's or an address's."""

    def __init__(self, per_s: float, burst: int, steady: Callable[[], float] = time.monotonic) -> None:
        self._per_s, self._burst, self._steady = per_s, burst, steady
        self._buckets: dict[str, Bucket] = {}

    def wait_s(self, name: str) -> float:
        """In how many seconds this name may try; 0.0 for now."""
        bucket = self._buckets.get(name)
        return 0.0 if bucket is None else bucket.wait(self._steady())

    def count(self, name: str) -> float:
        """Something of this name's is counted; 0.0, or in how many seconds it would have been in order."""
        if name not in self._buckets and len(self._buckets) >= MOST_REMEMBERED:
            # The oldest is the likeliest to have been filled again.
            del self._buckets[next(iter(self._buckets))]
        return self._buckets.setdefault(name, Bucket(self._per_s, self._burst)).take(self._steady())

    def forget(self) -> None:
        """As if the process had just begun; for tests."""
        self._buckets.clear()


wrong_codes = Limit(WRONG_PER_S, WRONG_BURST)
new_codes = Limit(NEW_PER_S, NEW_BURST)
