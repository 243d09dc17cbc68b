"""Where a queue's callers of today came from, and where those it lost to another queue went on to.

Rules that hold here: a queue the viewer may not see has no name and no link, and all of those are one line; the rest came straight here.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from stats.domain.queue_day import NO_QUEUE, QueueDay
from wallboard.boards.freshness import Values
from wallboard.pages.addresses import receipt_address


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """So many visits from or to one place. `key`: of a queue that has a page; `share` of the longest line, 0 to 100."""

    name: str
    key: str
    number: int
    share: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """In and out, most first; `entered`: those who came straight to this queue, None where that is not known."""

    came: list[Flow]
    went: list[Flow]
    entered: int
    came_number: int
    went_number: int
    went_address: str


def flows_of(day: QueueDay, values: Values, key: str) -> Flows:
    """The flows of a queue's day."""
    offered = sum(amounts["offered"] for _quarter, amounts in day.amounts())
    most = max([1, *day.came_from.values(), *day.went_to.values()])
    came, went = _lines(day.came_from, values, key, most, out=False), _lines(day.went_to, values, key, most, out=True)
    return Flows(
        came=came,
        went=went,
        entered=offered - day.came_from.total(),
        came_number=day.came_from.total(),
        went_number=day.went_to.total(),
        went_address=receipt_address(f"queue:{key}", "overflowed"),
    )


def name_of(told: Mapping[str, object], key: str) -> str:
    """What a queue is called; its number where nobody named it."""
    name = told.get("name")
    return name.strip() if isinstance(name, str) and name.strip() else f"#{key}"


def _lines(counts: Counter[str], values: Values, key: str, most: int, *, out: bool) -> list[Flow]:
    hidden = sum(number for queue, number in counts.items() if queue != NO_QUEUE and f"queue:{queue}" not in values)
    lines = []
    for queue, number in counts.items():
        told = values.get(f"queue:{queue}")
        if number > 0 and told is not None:
            # Who left a queue unanswered is on the list of that queue.
            address = receipt_address(f"queue:{key if out else queue}", "overflowed")
            lines.append(Flow(name=name_of(told, queue), key=queue, number=number, share=_share(number, most), address=address))
    lines.sort(key=lambda line: (-line.number, line.name))
    if hidden > 0:
        lines.append(Flow(name=_("queues you do not see"), key="", number=hidden, share=_share(hidden, most), address=""))
    if (outside := counts.get(NO_QUEUE, 0)) > 0:
        words = _("answered outside the queues") if out else _("a queue nobody named")
        lines.append(Flow(name=words, key="", number=outside, share=_share(outside, most), address=""))
    return lines


def _share(number: int, most: int) -> str:
    return f"{number / most * 100:.1f}"
