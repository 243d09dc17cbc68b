"""Callers who gave up and were not reached since: counted from nothing, or brought up to date by what changed.

Rule that holds here: both ways note a caller and judge a number by the same two functions, so that they cannot tell different numbers.
"""

from collections.abc import Iterable, Mapping
from itertools import zip_longest

from stats.domain.metrics import Caller

AT_A_TIME = 512
# Beyond so many changes at once, a midnight or a store read anew, everything is counted again.
FEW = 1_000

Newest = dict[str, int]  # a number -> when its newest such call started


def lost_callers(callers: Mapping[str, Caller]) -> int:
    """Distinct numbers that gave up and have no answered call, either way, that started later."""
    return _count(*_noted(callers.values()))


def _noted(callers: Iterable[Caller]) -> tuple[Newest, Newest]:
    lost: Newest = {}
    reached: Newest = {}
    for caller in callers:
        _note(caller, lost, reached)
    return lost, reached


def _note(caller: Caller, lost: Newest, reached: Newest) -> None:
    if caller.lost:
        lost[caller.number] = max(caller.started_at, lost.get(caller.number, caller.started_at))
    if caller.answered:
        reached[caller.number] = max(caller.started_at, reached.get(caller.number, caller.started_at))


def _count(lost: Newest, reached: Newest) -> int:
    return sum(1 for number, at in lost.items() if reached.get(number, at) <= at)


class LostCallers:
    """The same number from one look to the next: tens of thousands of callers, of whom a few have changed."""

    def __init__(self) -> None:
        self._callers: list[Caller] = []
        self._lost: Newest = {}
        self._reached: Newest = {}
        self._number = 0

    def of(self, callers: Mapping[str, Caller]) -> int:
        """As `lost_callers`."""
        told = list(callers.values())
        if told != self._callers:
            self._follow(told)
            self._number = _count(self._lost, self._reached)
        return self._number

    def _follow(self, told: list[Caller]) -> None:
        changed = _changes(self._callers, told) if len(told) - len(self._callers) <= FEW else None
        self._callers = told
        if changed is None or len(changed) > FEW:
            self._lost, self._reached = _noted(told)
            return
        # A greatest start cannot be taken back: numbers that lost anything are noted again.
        again = {old.number for old, _ in changed if old is not None}
        for number in again:
            self._lost.pop(number, None)
            self._reached.pop(number, None)
        if again:
            for caller in told:
                if caller.number in again:
                    _note(caller, self._lost, self._reached)
        for _, new in changed:
            if new is not None and new.number not in again:
                _note(new, self._lost, self._reached)


def _changes(before: list[Caller], told: list[Caller]) -> list[tuple[Caller | None, Caller | None]]:
    """What took whose place; who is new or gone stands beside None."""
    changed: list[tuple[Caller | None, Caller | None]] = []
    for first in range(0, max(len(before), len(told)), AT_A_TIME):
        old, new = before[first : first + AT_A_TIME], told[first : first + AT_A_TIME]
        if old != new:
            changed += [(was, now) for was, now in zip_longest(old, new) if was != now]
    return changed
