"""The segments of a journey put in time: when each began and ended, when a group's wait was over, and who passed the call on.

Rules that hold here:
- Lengths are whole seconds, starts are not: an end is the start of what followed it, or the call's own, where one lies in that second;
  else it is told in whole seconds, so that nobody takes it for exact.
- An answered user's segment begins with the answer. Where the group's segment before it ends in the midst of it, it began with the ring,
  and the group's end is the answer; once that was seen, of a user whom no group rang nobody knows when the answer came.
- A group's wait ends with the answer of the user who took the call; where none did, with its segment.
- Passing on has no word: who had answered and is followed by another ring or group outside any wait has passed the call on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stats.providers.vocatech.events import MAX_ID_CHARACTERS
from stats.providers.vocatech.hearing import Hearing, Known
from stats.providers.vocatech.wire import Row, Segment, count, truth, word

# A length may be rounded down or to the nearest second.
ROUNDED_MS = 500
SLACK_MS = 1_500
MOST_SEGMENTS = 200
GROUPS = frozenset({"huntgroup", "callcenter"})


@dataclass(slots=True)
class Step:
    """A segment that can be read. `ended_at` None: nothing tells; `answered_at`: when a user did, or a group's wait ended so."""

    kind: str
    segment: Segment
    extension: str
    began_at: int
    ended_at: int | None
    answered: bool
    answered_at: int | None = None


@dataclass(slots=True)
class Stay:
    """A call in a group."""

    entered_at: int
    answered_at: int | None = None
    ended_at: int | None = None


def steps_of(row: Row, hearing: Hearing) -> list[Step]:
    """The segments in order, their ends as exact as the others' starts make them; one without a start, or of nobody, is passed over."""
    found: list[Step] = []
    for segment in (row.journey or [])[:MOST_SEGMENTS]:
        began_at, kind = hearing.instant(segment.start_time), word(segment.type).lower()
        # A menu or a group may have no number of its own: then it is known by its name.
        extension = word(segment.extension) or (word(segment.name) if kind != "user" else "")
        if began_at is None or not 0 < len(extension) <= MAX_ID_CHARACTERS or kind not in GROUPS | {"user", "autoattendant"}:
            continue
        found.append(Step(kind, segment, extension, began_at, hearing.instant(segment.end_time), bool(truth(segment.answered))))
    found.sort(key=lambda step: step.began_at)
    # A group is left for another, for a user who answers, or with the call; a user falls silent for the next one too.
    turns = {step.began_at for step in found if step.kind in GROUPS or (step.kind == "user" and step.answered)}
    last = hearing.instant(row.end_time)
    if last is not None:
        turns.add(last)
    others = {step.began_at for step in found}
    for step in found:
        length = count(step.segment.duration)
        if step.ended_at is None and length is not None:
            step.ended_at = exact(step.began_at, step.began_at + length * 1000, turns, others if step.kind not in GROUPS else ())
    return found


def exact(began_at: int, rounded: int, *known: Iterable[int]) -> int:
    """The instant of the first of these that lies in the second after `rounded`; else that second's end."""
    for instants in known:
        near = [at for at in instants if at > began_at and rounded <= at < rounded + 1000]
        if near:
            return min(near)
    return -(-rounded // 1000) * 1000


def wait_ends(groups: Sequence[Step], users: Sequence[Step], known: Known) -> None:
    """Says of each answered group when it was answered, and of each answered user, putting right whose segment began with the ring."""
    for place, group in enumerate(groups):
        until = groups[place + 1].began_at if place + 1 < len(groups) else None
        taken = [u for u in users if u.answered and u.began_at >= group.began_at and (until is None or u.began_at <= until)]
        if not group.answered or not taken:
            continue
        user, end = taken[0], group.ended_at
        length = count(group.segment.duration)
        goes_on = length is not None and group.began_at + length * 1000 > user.began_at + ROUNDED_MS
        if goes_on and end is not None and user.ended_at is not None and end < user.ended_at - SLACK_MS:
            group.answered_at = user.answered_at = end
            known.rings_first = True
            continue
        group.answered_at = user.answered_at = user.began_at
        if not goes_on:
            group.ended_at = user.began_at
    for step in users:
        if step.answered and step.answered_at is None and not known.rings_first:
            step.answered_at = step.began_at


def passed_on(groups: Sequence[Step], users: Sequence[Step]) -> int:
    """How often the call was passed on."""
    took = [step for step in users if step.answered]
    stays = [Stay(step.began_at, step.answered_at, step.ended_at) for step in groups]
    times = 0
    for place, group in enumerate(groups):
        since = groups[place - 1].began_at if place else 0
        times += any(since <= step.began_at < group.began_at for step in took)
    for user in users:
        times += not _waited_at(stays, user.began_at) and any(step.began_at < user.began_at for step in took if step is not user)
    return times


def _waited_at(stays: Iterable[Stay], began_at: int) -> bool:
    """Whether the call waited in a group then: in the latest it had come to, and its wait was not over."""
    begun = [stay for stay in stays if stay.entered_at <= began_at]
    if not begun:
        return False
    latest = max(begun, key=lambda stay: stay.entered_at)
    if latest.answered_at is not None:
        return began_at < latest.answered_at + 1000
    return latest.ended_at is None or began_at <= latest.ended_at
