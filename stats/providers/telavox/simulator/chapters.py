"""Days of long ago, each played when somebody asks for it and forgotten again: a year of history in the memory of a few days.

Rules that hold here: a chapter is a day of 24 hours and has the calls that began in it, to their ends; it is a function of the plan and of
which day it is, so that it is the same however often it is played; a chapter's rows are numbered apart from every other's.
"""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from heapq import merge
from typing import Protocol

from stats.providers.telavox.simulator.archive import Archive, Row
from stats.providers.telavox.simulator.switches import Switches
from stats.providers.telavox.simulator.teller import Teller
from stats.simulation.floor import HOUR_MS, Floor
from stats.simulation.plan import FloorPlan

DAY_MS = 24 * HOUR_MS
# A call that began in one chapter may go on into the next for so long.
SPILL_MS = 6 * HOUR_MS
AT_HAND = 4


class Rows(Protocol):
    """What the historic layer asks."""

    def window(self, root: str, start: int, end: int, after: tuple[int, int] | None = None) -> Iterator[Row]: ...
    def count(self, root: str, start: int, end: int, horizon: int | None) -> int: ...
    def of_call(self, root: str, call: str, start: int, end: int) -> list[Row]: ...


class Chapters:
    """`days` chapters before an instant. Without a plan, or with no days, there are none."""

    def __init__(self, plan: FloorPlan | None, switches: Switches, days: int) -> None:
        self._plan, self._switches = plan, switches
        self.days = days if plan is not None else 0
        self._end = 0
        self._at_hand: OrderedDict[int, Archive] = OrderedDict()
        self._counted: dict[tuple[str, int], int] = {}
        self.played = 0

    def end_at(self, instant: int) -> None:
        """The last chapter ends here; a full hour."""
        self._end = instant
        self._at_hand.clear()

    def numbers(self, start: int, end: int) -> range:
        """The chapters that may have rows of [start, end), oldest first."""
        first = self._end - self.days * DAY_MS
        return range(max(0, (start - SPILL_MS - first) // DAY_MS), min(self.days - 1, (end - 1 - first) // DAY_MS) + 1)

    def window(self, root: str, start: int, end: int, after: tuple[int, int] | None) -> Iterator[Row]:
        """Rows that start in [start, end), in order, from behind `after`; a chapter is played when its turn has come."""
        late: list[Row] = []
        for number in self.numbers(start if after is None else max(start, after[0]), end):
            border = self._end - (self.days - number - 1) * DAY_MS
            rows, late = merge(late, self.at(number).window(root, start, end, after), key=place), []
            for row in rows:
                if row.start < border:
                    yield row
                else:
                    late.append(row)
        yield from late

    def count(self, root: str, start: int, end: int, horizon: int | None) -> int:
        """How many rows of [start, end) there are; a chapter that lies within is not played for it twice."""
        total = 0
        for number in self.numbers(start, end):
            began = self._end - (self.days - number) * DAY_MS
            whole = start <= began and began + DAY_MS + SPILL_MS <= end
            known = self._counted.get((root, number)) if whole else None
            if known is None:
                known = self.at(number).count(root, start, end, horizon)
                if whole:
                    self._counted[root, number] = known
            total += known
        return total

    def book_of(self, call: str, start: int, end: int) -> Archive | None:
        """The chapter in which a call of [start, end) began: first looked for where nothing has to be played."""
        wanted = self.numbers(start, end)
        for number in sorted(wanted, key=lambda each: (each not in self._at_hand, -each)):
            chapter = self.at(number)
            if chapter.knows(call):
                return chapter
        return None

    def at(self, number: int) -> Archive:
        """A chapter, played if it is not at hand."""
        known = self._at_hand.get(number)
        if known is None:
            known = self._at_hand[number] = self._play(number)
            if len(self._at_hand) > AT_HAND:
                self._at_hand.popitem(last=False)
        self._at_hand.move_to_end(number)
        return known

    def _play(self, number: int) -> Archive:
        assert self._plan is not None
        self.played += 1
        start = self._end - (self.days - number) * DAY_MS
        archive = Archive(first_turn=(start // DAY_MS) << 24)
        teller = Teller(archive, self._switches, lambda _datasource, _frame: 0, lambda: start, random.Random(0))
        teller.begin_past()
        floor = Floor(replace(self._plan, day=start // DAY_MS), at_ms=start, listener=teller.hear)
        floor.advance(start + DAY_MS)
        floor.close_doors()
        while floor.calls and floor.now < start + DAY_MS + SPILL_MS:
            floor.advance(floor.now + HOUR_MS // 4)
        # The next chapter tells these hours.
        archive.drop("profile_history", start + DAY_MS)
        return archive


class Library:
    """The chapters and the present as one."""

    def __init__(self, present: Archive, chapters: Chapters) -> None:
        self._present, self._chapters = present, chapters

    def window(self, root: str, start: int, end: int, after: tuple[int, int] | None = None) -> Iterator[Row]:
        """Rows that start in [start, end), in order, from behind the position `after`."""
        then = self._chapters.window(root, start, end, after)
        return merge(then, self._present.window(root, start, end, after), key=place)

    def count(self, root: str, start: int, end: int, horizon: int | None) -> int:
        """How many rows of the window are visible at the horizon."""
        return self._chapters.count(root, start, end, horizon) + self._present.count(root, start, end, horizon)

    def of_call(self, root: str, call: str, start: int, end: int) -> list[Row]:
        """The rows of one call, wherever they are."""
        book = self._present if self._present.knows(call) else self._chapters.book_of(call, start, end)
        return book.of_call(root, call, start, end) if book is not None else []


def place(row: Row) -> tuple[int, int]:
    """Where a row stands among all."""
    return (row.start, row.turn)
