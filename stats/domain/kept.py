"""What was computed, beside what it was made of: made again only when that has changed.

Rules that hold here: what a result is made of is compared whole, so nothing has to be told that it is out of date; whatever is put into
a comparison is replaced when it changes, never changed in place; what one round did not ask for is forgotten in the next.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import ParamSpec, TypeVar, cast

from stats.domain.metrics import Amounts

P = ParamSpec("P")
T = TypeVar("T")


class Kept:
    """Results of the last two rounds."""

    def __init__(self) -> None:
        self._before: dict[Hashable, tuple[object, object]] = {}
        self._now: dict[Hashable, tuple[object, object]] = {}

    def turn(self) -> None:
        """Begins a round."""
        self._before, self._now = self._now, {}

    def of(self, key: Hashable, make: Callable[P, T], *made_of: P.args, **named: P.kwargs) -> T:
        """What `make` makes of its arguments, the same object for as long as they are equal. Nobody may change it."""
        held = self._now.get(key) or self._before.get(key)
        # Python compares by identity first: what was not replaced costs nothing to compare.
        if held is None or held[0] != (made_of, named):
            held = ((made_of, named), make(*made_of, **named))
        self._now[key] = held
        return cast(T, held[1])


def total(parts: Iterable[Mapping[str, int] | None]) -> Amounts:
    """Sums added up; None adds nothing."""
    sums: Amounts = {}
    for part in parts:
        for name, amount in part.items() if part else ():
            sums[name] = sums.get(name, 0) + amount
    return sums
