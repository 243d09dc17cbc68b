"""What could not be read: counted by reason, noted without its content, and never in the way of anything.

Rules that hold here: a flood of junk costs one write a second; notes carry a hash and a size, never the words.
"""

import hashlib
from collections import Counter, deque
from collections.abc import Sequence

import msgspec

from stats.domain.errors import Malformed


class Quarantine:
    """The unreadable frames of one source since the last report."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.total = 0
        self._notes: deque[str] = deque(maxlen=20)

    def put(self, feed: str, frame: bytes, faults: Sequence[Malformed], now: int) -> None:
        """Note what was wrong with one frame."""
        for fault in faults:
            self.counts[fault.reason] += 1
            self.total += 1
        if faults:
            digest = hashlib.sha256(frame).hexdigest()[:16]
            note = {"feed": feed, "at": now, "size": len(frame), "sha256": digest, "reason": faults[0].reason}
            self._notes.append(msgspec.json.encode(note).decode())

    def take(self) -> tuple[dict[str, int], list[str]]:
        """Counts and notes since the last take."""
        counts, notes = dict(self.counts), list(self._notes)
        self.counts.clear()
        self._notes.clear()
        return counts, notes

    def put_back(self, counts: dict[str, int]) -> None:
        """What could not be reported is reported next time."""
        self.counts.update(counts)
