"""What could not be read: counted by reason, noted without its content, and never in the way of anything.

Rules that hold here: a flood of junk costs one write a second; notes carry a hash and a size, never the words.
"""

import hashlib
from collections import Counter, deque
from collections.abc import Sequence

import msgspec

from stats.domain.errors import Malformed

ROWS = 10_000


class Quarantine:
    """The unreadable frames and rows of one source since the last report."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.total = 0
        self._notes: deque[str] = deque(maxlen=20)
        self._rows: dict[str, None] = {}

    def put(self, feed: str, frame: bytes, faults: Sequence[Malformed], now: int) -> None:
        """Note what was wrong with one frame."""
        for fault in faults:
            self.counts[fault.reason] += 1
            self.total += 1
        if faults:
            digest = hashlib.sha256(frame).hexdigest()[:16]
            note = {"feed": feed, "at": now, "size": len(frame), "sha256": digest, "reason": faults[0].reason}
            self._notes.append(msgspec.json.encode(note).decode())

    def put_row(self, row: str, fault: Malformed) -> None:
        """Count a row of the past, once however often it is read."""
        known = f"{fault.reason}|{row}"
        if known in self._rows:
            return
        self._rows[known] = None
        if len(self._rows) > ROWS:
            self._rows.pop(next(iter(self._rows)))
        self.counts[fault.reason] += 1
        self.total += 1

    def put_number(self, reason: str, number: int) -> None:
        """Count what has no bytes of its own."""
        if number:
            self.counts[reason] += number
            self.total += number

    def take(self) -> tuple[dict[str, int], list[str]]:
        """Counts and notes since the last take."""
        counts, notes = dict(self.counts), list(self._notes)
        self.counts.clear()
        self._notes.clear()
        return counts, notes

    def put_back(self, counts: dict[str, int]) -> None:
        """What could not be reported is reported next time."""
        self.counts.update(counts)
