"""What was computed, beside what it was made of: made again only when that has changed.

Rules that hold here: what a result is made of is compared whole, so nothing has to be told that it is out of date; whatever is put into
a comparison is replaced when it changes, never changed in place; what one round did not ask for is forgotten in the next.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TypeVar, cast

from stats.domain.metrics import Amounts

T = TypeVar("T")


class Kept:
    """Results of the last two rounds."""

    def __init__(self) -> None:
        self._before: dict[Hashable, tuple[object, object]] = {}
        self._now: dict[Hashable, tuple[object, object]] = {}

    def turn(self) -> None:
        """Begins a round."""
        self._before, self._now = self._now, {}

    def of(self, key: Hashable, made_of: object, make: Callable[[], T]) -> T:
        """The result under `key`, the same object for as long as `made_of` is equal. Nobody may change it."""
        held = self._now.get(key) or self._before.get(key)
        # Python compares by identity first: what was not replaced costs nothing to compare.
        if held is None or held[0] != made_of:
            held = (made_of, make())
        self._now[key] = held
        return cast(T, held[1])

    def total(self, key: Hashable, parts: list[Mapping[str, int] | None]) -> Mapping[str, int]:
        """Sums added up."""
        return self.of(("total", key), parts, lambda: total(part for part in parts if part))


def total(parts: Iterable[Mapping[str, int]]) -> Amounts:
    """Sums added up, anew."""
    sums: Amounts = {}
    for part in parts:
        for name, amount in part.items():
            sums[name] = sums.get(name, 0) + amount
    return sums
