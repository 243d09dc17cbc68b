"""Where a queue's callers of today came from, and where those it lost to another queue went on to.

Rules that hold here: a queue the viewer may not see has no name and no link, and all of those are one line; the rest came straight here.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from stats.domain.queue_day import NO_QUEUE, Move
from wallboard.boards.freshness import Values
from wallboard.pages.addresses import receipt_address
from wallboard.pages.queue.day import DayTold

# No queue has such a key.
HIDDEN = "\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Moves from or to one place. `key`: of a queue that has a page; `share`, `unanswered_share`: of the longest line, 0 to 100."""

    name: str
    key: str
    unanswered: int
    answered: int
    share: str
    unanswered_share: str
    unanswered_address: str
    answered_address: str

    @property
    def number(self) -> int:
        """All of them."""
        return self.unanswered + self.answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """In and out, most first; `entered`: those who came straight to this queue."""

    came: list[Flow]
    went: list[Flow]
    entered: int


def flows_of(today: DayTold, values: Values, key: str) -> Flows:
    """The flows of a queue's day."""
    day, offered = today.told, sum(amounts["offered"] for amounts in today.sums.values())
    came, went = _by_queue(day.came_from, values), _by_queue(day.went_to, values)
    most = max([1, *(sum(each) for each in (*came.values(), *went.values()))])
    return Flows(
        came=_lines(came, values, key, most, out=False),
        went=_lines(went, values, key, most, out=True),
        entered=max(0, offered - day.came_from.total()),
    )


def name_of(told: Mapping[str, object], key: str) -> str:
    """What a queue is called; its number where nobody named it."""
    name = told.get("name")
    return name.strip() if isinstance(name, str) and name.strip() else f"#{key}"


def _by_queue(moves: Counter[Move], values: Values) -> dict[str, tuple[int, int]]:
    """(unanswered, answered) by queue; all queues out of sight are one."""
    found: dict[str, tuple[int, int]] = {}
    for (queue, unanswered), number in moves.items():
        key = queue if queue == NO_QUEUE or f"queue:{queue}" in values else HIDDEN
        lost, kept = found.get(key, (0, 0))
        found[key] = (lost + number, kept) if unanswered else (lost, kept + number)
    return {key: counts for key, counts in found.items() if sum(counts) > 0}


def _lines(counts: Mapping[str, tuple[int, int]], values: Values, key: str, most: int, *, out: bool) -> list[Flow]:
    lines = []
    for queue, (unanswered, answered) in counts.items():
        told = values.get(f"queue:{queue}")
        # Who left a queue is on the list of that queue, under what became of the visit there.
        left = "" if told is None and not out else f"queue:{key if out else queue}"
        lines.append(
            Flow(
                name=name_of(told, queue) if told is not None else _place(queue, out=out),
                key=queue if told is not None else "",
                unanswered=unanswered,
                answered=answered,
                share=f"{(unanswered + answered) / most * 100:.1f}",
                unanswered_share=f"{unanswered / most * 100:.1f}",
                unanswered_address=receipt_address(left, "overflowed") if left else "",
                answered_address=receipt_address(left, "answered") if left else "",
            )
        )
    return sorted(lines, key=lambda line: (not line.key, -line.number, line.name))


def _place(queue: str, *, out: bool) -> str:
    if queue == HIDDEN:
        return _("queues you do not see")
    return _("answered outside the queues") if out else _("a queue nobody named")
