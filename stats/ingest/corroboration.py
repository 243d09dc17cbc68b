"""What one feed says bears witness for another: a call told of here and never there means that there somebody has fallen silent.

Rules that hold here:
- A part is expected within EXPECT_MS of its call being named elsewhere, unless the call may be older than the silent feed's socket.
- A feed that has said nothing since then is to be dialled again; one that speaks but lacks a call is healed by reading the past.
- At most once a minute per feed. Where dialling again brought nothing (some vendors tell no such document) the pauses double, to an hour.
Instants are milliseconds of the clock that is never stepped, but for what the vendor told of a call's beginning.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from stats.domain.records import Call, Direction
from stats.providers.base import FeedSpec

EXPECT_MS = 10_000
PAUSE_MS = 60_000
LONGEST_PAUSE_MS = 3_600_000
# A call that began so shortly after a socket was opened may have been told before it.
MARGIN_MS = 2_000
MOST = 5_000

Has = Callable[[str, str], bool]


@dataclass(slots=True)
class _Ear:
    """One feed as a witness and as a suspect."""

    part: str
    opened_at: int | None = None  # by our wall clock, to be compared with what the vendor says of a call's beginning
    spoke_at: int = 0
    told: OrderedDict[str, None] = field(default_factory=OrderedDict)
    expected: OrderedDict[str, int] = field(default_factory=OrderedDict)
    doubted_at: int | None = None
    doubted: tuple[str, ...] = ()
    pause_ms: int = PAUSE_MS


class Corroboration:
    """The feeds of one source. `has(id_call, part)`: whether that part of a call is known by now, from wherever."""

    def __init__(self, feeds: Mapping[str, FeedSpec], has: Has) -> None:
        self._ears = {name: _Ear(spec.tells) for name, spec in feeds.items() if spec.tells}
        self._has = has

    def opened(self, feed: str, now: int, wall: int) -> None:
        """A socket opened: what was expected of the one before is not expected of it."""
        if feed in self._ears:
            ear = self._ears[feed]
            ear.opened_at, ear.spoke_at = wall, now
            ear.expected.clear()

    def lost(self, feed: str) -> None:
        """A socket is away: nothing is expected of it."""
        if feed in self._ears:
            self._ears[feed].opened_at = None
            self._ears[feed].expected.clear()

    def spoke(self, feed: str, now: int) -> None:
        """A frame came, whatever it held."""
        if feed in self._ears:
            self._ears[feed].spoke_at = now

    def told(self, feed: str, call: Call, now: int) -> None:
        """A frame of `feed` told of a call."""
        mine = self._ears.get(feed)
        if mine is None:
            return
        mine.expected.pop(call.id_call, None)
        mine.told[call.id_call] = None
        mine.told.move_to_end(call.id_call)
        if len(mine.told) > MOST:
            mine.told.popitem(last=False)
        parts, began = _implied(call), _began(call)
        for ear in self._ears.values():
            if ear is mine or ear.part not in parts or call.id_call in ear.told or call.id_call in ear.expected:
                continue
            if ear.opened_at is not None and began is not None and began >= ear.opened_at + MARGIN_MS and len(ear.expected) < MOST:
                ear.expected[call.id_call] = now

    def overdue(self, feed: str, now: int) -> str:
        """What to do: "silent" dial it again, "lacking" read the past for a call it should have told, or "". At most once a minute."""
        ear = self._ears.get(feed)
        if ear is None or ear.opened_at is None or not ear.expected:
            return ""
        since = next(iter(ear.expected.values()))
        if now - since < EXPECT_MS or (ear.doubted_at is not None and now - ear.doubted_at < self._pause(ear)):
            return ""
        ear.pause_ms = self._pause(ear)
        silent = ear.spoke_at <= since
        ear.doubted_at = now
        ear.doubted = tuple(each for each, at in ear.expected.items() if now - at >= EXPECT_MS)
        for id_call in ear.doubted:
            del ear.expected[id_call]
        return "silent" if silent else "lacking"

    def _pause(self, ear: _Ear) -> int:
        """Doubles while doubts turn out to be for nothing: what was missed then is still unknown to everybody."""
        if not ear.doubted or any(self._has(id_call, ear.part) for id_call in ear.doubted):
            return PAUSE_MS
        return min(LONGEST_PAUSE_MS, ear.pause_ms * 2)

    def spoke_at(self, feed: str) -> int:
        """When a feed last said anything, or was opened."""
        return self._ears[feed].spoke_at


def _implied(call: Call) -> frozenset[str]:
    """The parts of a call that must have been told somewhere, when this was."""
    if call.journey is None:
        return frozenset({"journey"})
    parts = set()
    journey = call.journey
    if journey.first_queue is not None and journey.direction is Direction.IN:
        parts.add("visits")
    if journey.ended and journey.first_agent is not None and journey.first_answered_at is not None:
        parts.add("offers")  # some tell an offer only when it is over
    return frozenset(parts)


def _began(call: Call) -> int | None:
    told = [call.journey.started_at if call.journey is not None else None]
    told += [at for visit in call.visits for at in (visit.started_at, visit.entered_at)] + [offer.began_at for offer in call.offers]
    return min((at for at in told if at is not None), default=None)
