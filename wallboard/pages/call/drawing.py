"""A call as a picture: lanes under one ruler, every place a percentage of the axis, so that one drawing fits every width and paper.

Rules that hold here: the form says what a segment is (hatched, outlined, solid, dotted), and the words say it again; a word is written only
where it cannot meet another; while a call goes on, the axis has room to the right for it to grow.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import pgettext

from stats.domain.journey_axis import Axis, Lane, LaneKind, Part, Segment
from wallboard.boards.figures import whole_seconds
from wallboard.pages.call.reading import Reading, Who
from wallboard.pages.call.reasons import kind_words, reason_words
from wallboard.pages.call.steps import label_of
from wallboard.pages.words import OUTCOMES

STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400)
MOST_TICKS = 8
ROOM_TO_GROW = 1.2
# Percent of the axis: what a length, and what a few words need.
LENGTH_NEEDS, WORDS_NEED = 6.0, 24.0
NARROWEST = 0.35
MOST_LANES = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A segment in its place: `x` and `width` in percent. `row` names it from one drawing to the next."""

    row: str
    part: str
    outcome: str
    x: str
    width: str
    end: str
    label: str
    inside: str = ""
    inside_x: str = "0"
    cap: str = ""
    cap_x: str = "0"
    cap_side: str = "after"
    since: int | None = None
    mark: str = ""
    is_first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A lane: its label, what kind it is, and its bars."""

    row: str
    kind: str
    kind_words: str
    who: Who
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A line of the ruler, in percent, and the time since the call began. The last one is written to its left."""

    x: str
    text: str
    is_last: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """The whole picture."""

    tracks: tuple[Track, ...]
    ticks: tuple[Tick, ...]
    left_out: int
    parts: tuple[str, ...]


def drawing_of(reading: Reading, timezone: str) -> Drawing:
    """The picture of a call; without lanes where nobody told an instant."""
    axis = reading.axis
    scale = _Scale(axis)
    tracks: list[Track] = []
    for n, lane in enumerate(axis.lanes[:MOST_LANES]):
        who = reading.of_lane(lane)
        bars = _bars(reading, scale, lane, who, timezone, first=n == 0, row=f"l{n}")
        tracks.append(Track(row=f"l{n}", kind=str(lane.kind), kind_words=kind_of(lane.kind), who=who, bars=bars))
    present = {segment.part for lane in axis.lanes for segment in lane.segments}
    parts = tuple(str(part) for part in Part if part in present and part not in (Part.CALL, Part.TRANSFER))
    return Drawing(tracks=tuple(tracks), ticks=scale.ticks(), left_out=max(0, len(axis.lanes) - MOST_LANES), parts=parts)


def kind_of(kind: LaneKind) -> str:
    """What a lane shows, in a word; "" where its label says it already."""
    words = {
        LaneKind.QUEUE: pgettext("lane of a call", "Queue"),
        LaneKind.AGENT: pgettext("lane of a call", "Agent"),
        LaneKind.MENU: pgettext("lane of a call", "Menu"),
    }
    return words.get(kind, "")


class _Scale:
    """From instants to percent."""

    def __init__(self, axis: Axis) -> None:
        self.start = axis.start
        whole = max(axis.end - axis.start, 1_000)
        self.length = whole * ROOM_TO_GROW if axis.open else whole

    def at(self, instant: int) -> float:
        return min(max((instant - self.start) / self.length * 100, 0.0), 100.0)

    def ticks(self) -> tuple[Tick, ...]:
        seconds = self.length / 1000
        step = next((step for step in STEPS_S if seconds / step <= MOST_TICKS), STEPS_S[-1] * (1 + int(seconds / STEPS_S[-1] / MOST_TICKS)))
        found = []
        for n in range(int(seconds / step) + 1):
            x = n * step / seconds * 100
            found.append(Tick(x=percent(x), text=whole_seconds(n * step), is_last=x > 95))
        return tuple(found)


def percent(value: float) -> str:
    """`12.5%`."""
    return f"{value:.2f}".rstrip("0").rstrip(".") + "%"


def _bars(reading: Reading, scale: _Scale, lane: Lane, who: Who, timezone: str, *, first: bool, row: str) -> tuple[Bar, ...]:
    bars = []
    for n, segment in enumerate(lane.segments):
        x, end = scale.at(segment.start), scale.at(segment.end)
        width = max(end - x, NARROWEST)
        cap = _cap(reading, segment)
        side = _side(scale, lane.segments, n) if cap else ""
        timed = segment.length_ms is not None and segment.part is not Part.TRANSFER
        written = whole_seconds(int((segment.length_ms or 0) / 1000 + 0.5)) if timed else ""
        inside = written if width >= LENGTH_NEEDS else ""
        if written and not inside and side:
            cap = f"{written} {cap}"
        bars.append(
            Bar(
                row=f"{row}s{n}",
                part=str(segment.part),
                outcome=reading.outcome(segment.visit or 0) if segment.part is Part.WAIT else segment.outcome,
                x=percent(x),
                width=percent(width),
                end=percent(x if segment.part is Part.TRANSFER else x + width),
                label=label_of(reading, who, segment, timezone),
                inside=inside,
                inside_x=percent(x + width / 2),
                cap=cap if side else "",
                cap_x=percent(x + width if side == "after" else x),
                cap_side=side or "after",
                since=segment.start if segment.open else None,
                mark=_mark(segment),
                is_first=first and n == 0,
            )
        )
    return tuple(bars)


def _side(scale: _Scale, segments: Sequence[Segment], n: int) -> str:
    """Where there is room for a few words: "after" the segment, "before" it, or nowhere ("")."""
    x, end = scale.at(segments[n].start), scale.at(segments[n].end)
    until = scale.at(segments[n + 1].start) if n + 1 < len(segments) else 100.0
    since = scale.at(segments[n - 1].end) if n else 0.0
    if until - end >= WORDS_NEED:
        return "after"
    # Words before one and words after the one before it would share the room.
    return "before" if x - since >= (WORDS_NEED if not n else 2 * WORDS_NEED) else ""


def _cap(reading: Reading, segment: Segment) -> str:
    """How it ended, in few words."""
    if segment.open:
        return ""
    match segment.part:
        case Part.WAIT:
            return str(OUTCOMES.get(reading.outcome(segment.visit or 0), ""))
        case Part.RING if segment.outcome not in ("answered", "talking"):
            return reason_words(segment.reason) or str(OUTCOMES.get(segment.outcome, "")).lower()
        case Part.TALK:
            return reason_words(segment.reason)
        case Part.TRANSFER:
            to = reading.of_target(segment)
            where = pgettext("transfer", "to %(name)s") % {"name": to.name} if to is not None else ""
            how = pgettext("transfer", "in vain") if segment.outcome == "tried" else kind_words(segment.reason)
            return ", ".join(word for word in (where, how) if word)
    return ""


def _mark(segment: Segment) -> str:
    """The form of the end-cap, said again by its words."""
    if segment.open or segment.part in (Part.MENU, Part.HOLD, Part.CALL):
        return ""
    if segment.part is Part.TRANSFER:
        return "no" if segment.outcome == "tried" else "pass"
    if segment.outcome in ("answered", "talking"):
        return "yes" if segment.part is Part.WAIT else ""
    if segment.outcome in ("missed", "abandoned"):
        return "no"
    return "pass" if segment.outcome in ("overflowed", "voicemail", "callback") else "gone"
