"""A mergeable, subtractable histogram of waits: buckets 8 % wide, so that a percentile read from it is right within 4 %.

A bucket is a small integer; a histogram is a mapping bucket -> count, which adds and subtracts like any other amount.
"""

import math
from collections.abc import Mapping

GROWTH = 1.08
_LOG = math.log(GROWTH)


def bucket(ms: int) -> int:
    """The bucket of a duration: 0 for nothing, else 1 + the power of GROWTH below it."""
    return 0 if ms <= 0 else 1 + int(math.log(ms) / _LOG)


def middle(number: int) -> float:
    """The duration a bucket stands for, ms: its geometric middle."""
    return 0.0 if number <= 0 else GROWTH ** (number - 0.5)


def percentile(counts: Mapping[int, int], share: float) -> float | None:
    """The nearest-rank percentile, ms; None of an empty histogram."""
    total = sum(counts.values())
    if total <= 0:
        return None
    rank = max(1, math.ceil(round(share * total, 9)))
    seen = 0
    for number in sorted(counts):
        seen += counts[number]
        if seen >= rank:
            return middle(number)
    return None
