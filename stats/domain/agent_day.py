"""One agent's day: stretches of state and profile and log-ins to queues, made of presence changes; rings; and what they add up to.

Rules that hold here:
- A stretch begins when its document was heard, as time in state is credited, so that the stretches of a day add up to the `time_*`
  of the same day; what the vendor tells of its beginning is carried beside it.
- Before the first document heard there is nothing: nobody was "off" there, nobody listened.
- Stretches of one lane are half open, in order, and never overlap.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from stats.domain.agent_states import TIMED_STATES, AgentState, KnownPresence
from stats.domain.outcomes import OfferOutcome
from stats.domain.presence_changes import PresenceSeen, change_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """[start, end), epoch ms, in one state and one profile. `told_since` is the vendor's word on when it began; `going_on`: until now."""

    start: int
    end: int
    state: str
    profile: str
    available: bool | None
    told_since: int
    going_on: bool = False

    @property
    def ms(self) -> int:
        """How long."""
        return self.end - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """[start, end), epoch ms, logged in to the same queues. `keys` is None where only their number was kept."""

    start: int
    end: int
    number: int
    keys: tuple[str, ...] | None
    going_on: bool = False

    @property
    def ms(self) -> int:
        """How long."""
        return self.end - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """An agent's time in one profile inside the slot [start, end), as the hourly batch told it. Times in ms."""

    start: int
    end: int
    profile: str
    available: bool | None
    wrapup: bool
    usage_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One ring at the agent, or a call the agent made (`outgoing`). Instants epoch ms, durations ms; `queue` is a key or "".

    `dated`: that it began then is told, so that it counts in the day.
    """

    id_call: str
    number: int
    began_at: int
    answered_at: int | None
    ended_at: int | None
    ring_ms: int | None
    talk_ms: int | None
    hold_ms: int | None
    queue: str
    outgoing: bool
    outcome: str
    dated: bool = True

    @property
    def over(self) -> bool:
        """Neither rings nor talks any more."""
        return self.outcome not in (OfferOutcome.RINGING, OfferOutcome.TALKING)

    def end(self, now: int) -> int:
        """When it was over; `now` while it goes on. Where no instant tells, what its lengths add up to."""
        if not self.over:
            return max(now, self.began_at)
        if self.ended_at is not None:
            return max(self.ended_at, self.began_at)
        answered = self.answered_at if self.answered_at is not None else self.began_at + (self.ring_ms or 0)
        return answered + (self.talk_ms or 0) + (self.hold_ms or 0)


@dataclass(frozen=True, slots=True)
class Watched:
    """What was watched of a day: lanes, and from when on (None: nothing was)."""

    presence: tuple[Stretch, ...]
    logins: tuple[Login, ...]
    heard_from: int | None


def watch(changes: Iterable[PresenceSeen], now: KnownPresence | None, agent: str, first: int, end: int, until: int) -> Watched:
    """The lanes of [first, end) as far as `until`, by the clock of whoever heard. `now` is what the live store holds, for today alone.

    `changes` may hold some from before the day, of which the last tells how the day began; those told twice count once.
    """
    steps = _in_order(changes)
    if now is not None:
        steps = _brought_up_to_date(steps, now, agent)
    last = min(end, until)
    spans = [
        (max(step.told_at, first), min(following, last), step)
        for step, following in zip(steps, [*(step.told_at for step in steps[1:]), last], strict=False)
    ]
    spans = [(begin, over, step) for begin, over, step in spans if over > begin]
    goes_on = until < end
    return Watched(
        presence=_joined(_stretches(spans, last, goes_on)),
        logins=_joined(_logins(spans, last, goes_on)),
        heard_from=spans[0][0] if spans else None,
    )


def _in_order(changes: Iterable[PresenceSeen]) -> list[PresenceSeen]:
    """By when they were told. Two workers may have heard one document at two instants: the first of them began the stretch."""
    return sorted(dict.fromkeys(changes), key=lambda change: (change.told_at, change.at))


def _brought_up_to_date(steps: list[PresenceSeen], now: KnownPresence, agent: str) -> list[PresenceSeen]:
    """With the newest change, where it is still on its way to where changes are kept."""
    current = change_of(agent, None, now)
    assert current is not None
    if steps and _same(steps[-1], current):
        return steps
    told = current.told_at
    if steps:
        # The change came with some document after the last one kept; the vendor's instant tells which, where it lies between them.
        told = current.at if steps[-1].told_at < current.at <= current.told_at else max(current.told_at, steps[-1].told_at)
    return [*steps, replace(current, told_at=told)]


def _same(one: PresenceSeen, other: PresenceSeen) -> bool:
    keys = one.queue_keys == other.queue_keys or one.queue_keys is None
    return (one.state, one.profile, one.queues) == (other.state, other.profile, other.queues) and keys


Piece = TypeVar("Piece", "Stretch", "Login")
Spans = Sequence[tuple[int, int, PresenceSeen]]


def _stretches(spans: Spans, last: int, goes_on: bool) -> list[Stretch]:
    return [
        Stretch(
            start=begin,
            end=over,
            state=step.state,
            profile=step.profile_name,
            available=step.available,
            told_since=step.at,
            going_on=goes_on and over == last,
        )
        for begin, over, step in spans
    ]


def _logins(spans: Spans, last: int, goes_on: bool) -> list[Login]:
    return [
        Login(start=begin, end=over, number=step.queues, keys=step.queue_keys, going_on=goes_on and over == last)
        for begin, over, step in spans
        if step.queues
    ]


def _joined(pieces: list[Piece]) -> tuple[Piece, ...]:
    """Neighbours that look the same are one."""
    joined: list[Piece] = []
    for piece in pieces:
        if joined and joined[-1].end == piece.start and _looks(joined[-1]) == _looks(piece):
            joined[-1] = replace(joined[-1], end=piece.end, going_on=piece.going_on)
        else:
            joined.append(piece)
    return tuple(joined)


def _looks(piece: Stretch | Login) -> tuple[object, ...]:
    if isinstance(piece, Stretch):
        return (piece.state, piece.profile, piece.available)
    return (piece.number, piece.keys)


def within(watched: Watched, pieces: Iterable[tuple[int, int]]) -> Watched:
    """What of it lies in some pieces of its time (in order, apart)."""
    inside = list(pieces)
    return Watched(_cut(watched.presence, inside), _cut(watched.logins, inside), watched.heard_from)


def _cut(lane: Sequence[Piece], pieces: Sequence[tuple[int, int]]) -> tuple[Piece, ...]:
    return tuple(
        replace(each, start=max(each.start, begin), end=min(each.end, over), going_on=each.going_on and over >= each.end)
        for each in lane
        for begin, over in pieces
        if begin < each.end and over > each.start
    )


def time_by_state(watched: Watched) -> dict[str, int]:
    """Milliseconds under the names of the agent's metrics, `time_talking` to `time_logged_in`: what the day's `time_*` are made of."""
    totals = {f"time_{state}": 0 for state in TIMED_STATES}
    for stretch in watched.presence:
        if stretch.state in TIMED_STATES:
            totals[f"time_{stretch.state}"] += stretch.ms
    totals["time_logged_in"] = sum(login.ms for login in watched.logins)
    return totals


def sums_of(rungs: Iterable[Rung], watched: Watched) -> dict[str, int]:
    """What a day adds up to, under the names from which `sums.agent_numbers` makes the agent's metrics."""
    sums = dict(time_by_state(watched))
    out: set[str] = set()
    for rung in rungs:
        if rung.outgoing:
            out.add(rung.id_call)
            continue
        for name in _counted(rung):
            sums[name] = sums.get(name, 0) + 1
        if rung.over:
            for name, ms in (("ring_sum", rung.ring_ms), ("talk_sum", rung.talk_ms), ("hold_sum", rung.hold_ms)):
                sums[name] = sums.get(name, 0) + (ms or 0)
    sums["outgoing"] = len(out)
    return sums


def _counted(rung: Rung) -> list[str]:
    if rung.outcome == OfferOutcome.ANSWERED:
        return ["offers", "answered", *(["talk_n"] if rung.talk_ms is not None else [])]
    if rung.outcome == OfferOutcome.TALKING:
        return ["offers", "answered"]
    return ["offers"] if rung.outcome == OfferOutcome.RINGING else ["offers", rung.outcome]


def time_by_profile(watched: Watched) -> list[tuple[str, bool | None, int]]:
    """(profile as the vendor names it, whether it is an available one, milliseconds), the longest first; time off is left out."""
    totals: dict[tuple[str, bool | None], int] = {}
    for stretch in watched.presence:
        if stretch.state != AgentState.OFF:
            kind = (stretch.profile, stretch.available)
            totals[kind] = totals.get(kind, 0) + stretch.ms
    return sorted(((name, available, ms) for (name, available), ms in totals.items()), key=lambda each: (-each[2], each[0]))


def doubts(lost_at: int | None, open_at: int | None, doubted_since: int | None, until: int) -> list[tuple[int, int]]:
    """The intervals of a day, as far as known, in which the agent's state may have changed unseen: the last gap of the feed of presence,
    and from where the newest document is doubted until now. In order, apart."""
    found: list[tuple[int, int]] = []
    if lost_at is not None:
        found.append((lost_at, open_at if open_at is not None and open_at > lost_at else until))
    if doubted_since is not None:
        found.append((doubted_since, until))
    apart: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if apart and start <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        elif end > start:
            apart.append((start, end))
    return apart
