"""When nobody listened to a source, and the last call in such a time: of those calls the past does not tell everything, at some vendors.

Rules that hold here:
- A call counts as unheard when it ended while nobody listened; one that began then and ended later, when somebody had listened before.
- What came live was heard, whenever it says it happened; calls out are told whole by every past.
- Who asks misses nothing in the time between two questions: only longer breaks are written down. What is posted waits for us, so that
  there only posts that were not taken, and a pause, are times in which nobody listened.
- Where a record itself shows that its call was heard (`heard`), it was, whoever told of it and whenever.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from stats.clock import now_ms
from stats.domain.facts import SourceFacts, Stretch
from stats.domain.merge import Told
from stats.domain.records import Call, Direction, Journey
from stats.domain.unheard import Unheard
from stats.ingest.held import Held
from stats.providers.base import FeedSpec

SHORT_MS = 10_000
# Between one stretch and the next nobody had time to listen.
NEAR_MS = 1_000
HOUR_MS = 3_600_000
# What happened in a stretch is told for so long after it; and for so long the live store shows a day of which it may be a part.
FOLLOWED_MS, REMEMBERED_MS = 4 * HOUR_MS, 50 * HOUR_MS
MOST = 20


class Silence:
    """One source's stretches in which nobody listened. `changes`: for the archive, which takes them away."""

    def __init__(self, source: str) -> None:
        self._source = source
        self.matters = True  # False: this vendor's past tells everything
        self.heard: Callable[[Call], bool] | None = None
        self.stretches: tuple[Stretch, ...] = ()
        self.changes: list[Unheard] = []
        self._followed_to = 0
        self._remembered: tuple[int, frozenset[str]] = (0, frozenset())  # of this stretch

    def recall(self, left: Iterable[Stretch]) -> None:
        """What the last report said. The archive is told again: the word of it may have been lost with the worker."""
        self._put(left)
        for each in self.stretches:
            self._tell(each)

    def add(self, start: int, end: int) -> None:
        """Nobody listened in [start, end); `start` 0: since ever."""
        if not self.matters:
            return
        before = self.stretches[-1] if self.stretches else None
        if before is not None and start <= before.end + NEAR_MS:
            grown = replace(before, start=min(start, before.start), end=max(end, before.end), settled=False)
            self._replace(before, grown)
        else:
            self._tell(made := Stretch(start=start, end=end, number=end))
            self._put((*self.stretches, made))

    def forgot(self, since: int, remembered: Iterable[str]) -> None:
        """The live store has lost what it held since then: these calls are told again as they were heard, the rest by the past."""
        self.add(since, now_ms())
        if self.stretches:
            self._remembered = (self.stretches[-1].number, frozenset(remembered))

    def settle(self) -> None:
        """The past has been read and proved: whatever it tells from now on was known, or is no more than a part of what is known."""
        self._put(each if each.settled else replace(each, settled=True) for each in self.stretches)

    def told(self, call: Call, how: Told, held: Held) -> None:
        """A call was told of, after `held` was known of it."""
        journey = _called_in_before(call, self._followed_to) if self.heard is None else None
        if journey is not None:
            self._follow(call.id_call, journey, held, live=how.kind == "frame")

    def written(self, call: Call) -> None:
        """All that is known of a call goes to the store."""
        if self.heard is None or (journey := _called_in_before(call, self._followed_to)) is None or self.heard(call):
            return
        if journey.direction is Direction.IN and not journey.internal:
            self._follow(call.id_call, journey, None, live=False)

    def _follow(self, id_call: str, journey: Journey, held: Held | None, *, live: bool) -> None:
        oldest = now_ms() - FOLLOWED_MS
        for stretch in self.stretches:
            if stretch.end <= oldest or (held is not None and not live and (stretch.settled or held.heard_at > stretch.end)):
                continue
            if stretch.number == self._remembered[0] and id_call in self._remembered[1]:
                continue
            at = _unheard_at(stretch, journey.started_at or 0, journey.ended_at, live=live)
            if at is not None and (stretch.last is None or stretch.last < at):
                self._replace(stretch, replace(stretch, last=at))

    def _replace(self, before: Stretch, now: Stretch) -> None:
        if now != before:
            self._tell(now)
            self._put(now if each == before else each for each in self.stretches)

    def _put(self, stretches: Iterable[Stretch]) -> None:
        oldest = now_ms() - REMEMBERED_MS
        kept = [each for each in stretches if each.end > oldest]
        # Those in which nothing happened cost no number, and go first.
        for each in [each for each in kept[:-1] if each.last is None][: max(0, len(kept) - MOST)]:
            kept.remove(each)
        while len(kept) > MOST:
            first, second = kept[:2]
            kept[:2] = [replace(second, start=first.start, last=max(first.last or 0, second.last or 0) or None)]
        self.stretches = tuple(kept)
        self._followed_to = max((each.end for each in self.stretches), default=0)

    def _tell(self, stretch: Stretch) -> None:
        self.changes.append(Unheard(source=self._source, number=stretch.number, start=stretch.start, end=stretch.end, last=stretch.last))


def _called_in_before(call: Call, instant: int) -> Journey | None:
    """What is told of a call that began before an instant, and was not made by us; else None."""
    journey = call.journey
    if journey is None or journey.direction is Direction.OUT or journey.started_at is None or journey.started_at >= instant:
        return None
    return journey


def _unheard_at(stretch: Stretch, started_at: int, ended_at: int | None, *, live: bool) -> int | None:
    """The last instant at which a call may have gone unheard; None when it did not."""
    if (stretch.start or not live) and ended_at is not None and stretch.start < ended_at <= stretch.end:
        return ended_at
    if stretch.start and stretch.start <= started_at < stretch.end and (live or ended_at is not None):
        return min(ended_at or stretch.end, stretch.end)
    return None


def since_nobody_listened(left: SourceFacts | None, feeds: Mapping[str, FeedSpec], apart_ms: int, now: int) -> int | None:
    """Since when nobody had listened when a session begins after this last report, by our clock (0: since ever); None: somebody had."""
    if left is None:
        return 0
    calls = [socket for feed, socket in left.sockets.items() if socket.calls and (left.state == "paused" or is_asked(feeds.get(feed)))]
    if left.state == "paused":
        return min((socket.away_since + apart_ms for socket in calls if socket.away_since is not None), default=0)
    heard = [at for socket in calls if (at := socket.alive_at if socket.alive_at is not None else socket.away_since) is not None]
    since = min([left.written_at, *heard]) + apart_ms
    return since if calls and now - since > SHORT_MS else None


def is_asked(feed: FeedSpec | None) -> bool:
    """Whether a feed tells what is so while it is open, and nothing of what went before."""
    return feed is not None and feed.calls and feed.via != "hook"
