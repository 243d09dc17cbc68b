"""Everything that was ever told, as the historic layer sees it: one row per document key, visible some lag after its frame.

A row keeps the tellings that are still needed to answer "what was known `lag` ago". A row of the floor whose subject has ended is
written anew from the subject when asked for, because a day of finished documents would cost hundreds of megabytes.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from stats.providers.telavox.simulator.parts import Document

ROOTS = ("calls", "queues", "agents", "profile_history")
Key = tuple[object, ...]
Write = Callable[[], Document]


@dataclass(slots=True, eq=False)
class Row:
    """`told`: (instant of the frame, document), oldest first. `write`: makes the final document when nothing is kept."""

    start: int
    turn: int
    key: Key
    first_at: int
    call: str | None
    told: list[tuple[int, Document]] = field(default_factory=list)
    write: Write | None = None

    def as_of(self, horizon: int) -> Document | None:
        """The newest document told up to the horizon (epoch ms); None while nothing was."""
        for at, document in reversed(self.told):
            if at <= horizon:
                return document
        if not self.told and self.write is not None and self.first_at <= horizon:
            return self.write()
        return None


class Archive:
    """Rows of the four historic roots, in the order of their start."""

    def __init__(self, first_turn: int = 0) -> None:
        self._rows: dict[str, dict[Key, Row]] = {root: {} for root in ROOTS}
        self._order: dict[str, list[tuple[int, int]]] = {root: [] for root in ROOTS}
        self._by_turn: dict[int, Row] = {}
        self._by_call: dict[str, dict[str, list[Row]]] = {root: {} for root in ROOTS}
        self._fading: deque[tuple[int, Row]] = deque()
        self._turn = first_turn

    def note(self, root: str, key: Key, start: int, at: int, call: str | None, write: Write | None) -> Row:
        """The row of the key, begun if it is new, without telling anything of it yet."""
        row = self._rows[root].get(key)
        if row is None:
            self._turn += 1
            row = Row(start, self._turn, key, at, call, write=write)
            self._rows[root][key] = row
            self._by_turn[row.turn] = row
            order = self._order[root]
            if not order or order[-1][0] <= start:
                order.append((start, row.turn))
            else:
                insort(order, (start, row.turn))
            if call is not None:
                self._by_call[root].setdefault(call, []).append(row)
        return row

    def tell(self, row: Row, at: int, document: Document, *, keep_from: int, ended: bool) -> None:
        """Adds a telling; forgets those that no question as of `keep_from` or later can want."""
        row.told.append((at, document))
        while len(row.told) > 1 and row.told[1][0] <= keep_from:
            row.told.pop(0)
        if ended and row.write is not None:
            self._fading.append((at, row))
        while self._fading and self._fading[0][0] < keep_from - 2_000:
            self._fading.popleft()[1].told.clear()

    def window(self, root: str, start: int, end: int, after: tuple[int, int] | None = None) -> Iterator[Row]:
        """Rows that start in [start, end), in order, from behind the position `after` (start, turn)."""
        order = self._order[root]
        place = bisect_left(order, (start, 0))
        if after is not None:
            place = max(place, bisect_left(order, (after[0], after[1] + 1)))
        while place < len(order) and order[place][0] < end:
            yield self._by_turn[order[place][1]]
            place += 1

    def count(self, root: str, start: int, end: int, horizon: int | None) -> int:
        """How many rows of the window are visible at the horizon; None: all of them."""
        order = self._order[root]
        low, high = bisect_left(order, (start, 0)), bisect_left(order, (end, 0))
        if horizon is None:
            return high - low
        return sum(self._by_turn[turn].first_at <= horizon for _, turn in order[low:high])

    def of_call(self, root: str, call: str, start: int, end: int) -> list[Row]:
        """The rows of one call; whoever asks for [start, end) sorts out the others."""
        return sorted(self._by_call[root].get(call, ()), key=lambda row: (row.start, row.turn))

    def knows(self, call: str) -> bool:
        """Whether anything is told of a call."""
        return any(call in rows for rows in self._by_call.values())

    def all(self, root: str) -> list[Row]:
        return [self._by_turn[turn] for _, turn in self._order[root]]

    def drop(self, root: str, from_ms: int) -> None:
        """Drops a root's rows that started then or later."""
        order = self._order[root]
        for _, turn in order[bisect_left(order, (from_ms, 0)) :]:
            del self._rows[root][self._by_turn.pop(turn).key]
        del order[bisect_left(order, (from_ms, 0)) :]

    def forget_before(self, instant: int) -> None:
        """Drops the rows that started earlier, so that a look-alike may run for weeks."""
        for root, order in self._order.items():
            cut = bisect_left(order, (instant, 0))
            for _, turn in order[:cut]:
                row = self._by_turn.pop(turn)
                del self._rows[root][row.key]
                if row.call is not None:
                    together = self._by_call[root][row.call]
                    together.remove(row)
                    if not together:
                        del self._by_call[root][row.call]
            del order[:cut]


def key_of(root: str, document: Document) -> Key:
    """What makes two documents one row: the call, with the queue or agent and the start of the stay."""
    time = document.get("time") or {}
    if root == "calls":
        return (document.get("id_call"),)
    if root == "profile_history":
        agent, slot = document.get("agent") or {}, document.get("slot") or {}
        return (agent.get("id") or agent.get("account_id"), slot.get("start_date"))
    part = document.get("queue" if root == "queues" else "agent") or {}
    who = part.get("id") or part.get("account_id") or part.get("name")
    start = (part.get("timestart") if root == "queues" else None) or time.get("start")
    return (document.get("id_call"), who, start)


def start_of(root: str, document: Document) -> int:
    """Where the row stands in time, epoch ms; 0 for a document that does not say."""
    if root == "profile_history":
        return int((document.get("slot") or {}).get("start_date") or 0)
    start = (document.get("time") or {}).get("start")
    if start is None and root == "queues":
        start = (document.get("queue") or {}).get("timestart")
    return int(start or 0)
