"""One call laid out in time: who had the caller from when until when, as lanes of segments on one axis.

Rules that hold here:
- Every segment lies on the axis, and no two of a lane overlap; whoever rings twice at once gets a second lane.
- A length that the vendor told is kept beside the place on the axis: places are drawn, lengths are said.
- What nobody told is `guessed` (when a caller was on hold, is never told) or left out; it is never made up to fill a gap.
- Lanes stand in the order in which they begin, so that a call reads from the upper left to the lower right.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from stats.domain.handing_on import handings
from stats.domain.outcomes import OfferOutcome, SettledCall, VisitOutcome
from stats.domain.parties import same_party
from stats.domain.records import Offer, Party


class Part(StrEnum):
    """What a segment is."""

    CALL = "call"
    MENU = "menu"
    WAIT = "wait"
    RING = "ring"
    TALK = "talk"
    HOLD = "hold"
    TRANSFER = "transfer"


class LaneKind(StrEnum):
    """Whose lane it is."""

    CALLER = "caller"
    MENU = "menu"
    QUEUE = "queue"
    AGENT = "agent"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of time. Instants epoch ms, `start` <= `end`; `length_ms` is what is said of it, None where nobody knows.

    `visit` and `offer` are indexes into the settled call; of a transfer they say where to, and `by` is the offer it came from.
    `outcome` is the visit's or offer's, of a transfer "done", "tried" or "unseen"; `reason` is the vendor's own word for the end.
    """

    part: Part
    start: int
    end: int
    length_ms: int | None = None
    open: bool = False
    outcome: str = ""
    reason: str | None = None
    visit: int | None = None
    offer: int | None = None
    by: int | None = None
    guessed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Segments of one party in the order of time."""

    kind: LaneKind
    segments: tuple[Segment, ...]
    party: Party | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """The whole call; `open` while it goes on, and then `end` is now. Without any instant there are no lanes."""

    start: int
    end: int
    open: bool
    lanes: tuple[Lane, ...]
    undated: tuple[int, ...] = ()  # offers of which nobody told when

    def steps(self) -> list[Segment]:
        """Every segment in the order of time; what begins together as the lanes stand, after the transfer that led to it."""
        order = [
            (segment.start, lane.kind is not LaneKind.TRANSFER, n, segment)
            for n, lane in enumerate(self.lanes)
            for segment in lane.segments
        ]
        return [segment for *_, segment in sorted(order, key=lambda each: each[:3])]


def axis_of(settled: SettledCall, now: int) -> Axis:
    """A call as of an instant (epoch ms)."""
    live = not settled.ended and not settled.call.expired
    known = list(_instants(settled))
    if not known:
        return Axis(start=now, end=now, open=live, lanes=(), undated=tuple(range(len(settled.offers))))
    start, end = min(known), max(known)
    if live:
        end = max(end, now)
    whole = _Whole(settled, start, end, live)
    return Axis(start=start, end=end, open=live, lanes=tuple(whole.lanes()), undated=tuple(whole.undated))


def _instants(settled: SettledCall) -> Iterable[int]:
    told: list[int | None] = [settled.started_at, settled.ended_at]
    for visit in settled.visits:
        told += [visit.entered_at, visit.answered_at, visit.left_at]
    for offer in settled.call.offers:
        told += [offer.began_at, offer.answered_at, offer.ended_at]
    return (at for at in told if at is not None)


class _Whole:
    """A call while it is laid out."""

    def __init__(self, settled: SettledCall, start: int, end: int, live: bool) -> None:
        self.settled, self.start, self.end, self.live = settled, start, end, live
        self.began = settled.started_at if settled.started_at is not None else start
        self.over = settled.ended_at if settled.ended_at is not None else end
        self.undated: list[int] = []

    def lanes(self) -> list[Lane]:
        journey = self.settled.call.journey
        reason = journey.end_reason if journey is not None else None
        told = journey.total_ms if journey is not None and not self.live else None
        length = max(0, self.over - self.began) if self.settled.started_at is not None or told is None else told
        call = Segment(part=Part.CALL, start=self.began, end=max(self.began, self.over), length_ms=length, open=self.live, reason=reason)
        waits = self._waits()
        talks = self._offers()
        middle = [lane for lane in (self._menu(), *waits, *_agent_lanes(talks)) if lane is not None]
        middle.sort(key=lambda lane: (lane.segments[0].start, list(LaneKind).index(lane.kind)))
        found = [Lane(kind=LaneKind.CALLER, segments=(call,)), *middle]
        transfers = self._transfers([segment for _, segments in talks for segment in segments])
        return [*found, Lane(kind=LaneKind.TRANSFER, segments=transfers)] if transfers else found

    def _on(self, at: int) -> int:
        return min(max(at, self.start), self.end)

    def _menu(self) -> Lane | None:
        if not self.settled.ivr_seen:
            return None
        journey = self.settled.call.journey
        told = journey.ivr_at if journey is not None else None
        begins = told if told is not None and self.began <= told <= self.over else self.began
        after = [v.entered_at for v in self.settled.visits] + [o.began_at for o in self.settled.call.offers]
        later = [at for at in after if at is not None and at >= begins]
        until = max(begins, min(later) if later else self.over)
        there = self.live and not later
        menu = Segment(part=Part.MENU, start=begins, end=until, length_ms=until - begins, open=there, guessed=told is None)
        return Lane(kind=LaneKind.MENU, segments=(menu,))

    def _waits(self) -> list[Lane]:
        lanes = []
        for n, visit in enumerate(self.settled.visits):
            if visit.entered_at is None:
                continue
            waits = visit.outcome is VisitOutcome.WAITING
            until = visit.answered_at if visit.outcome is VisitOutcome.ANSWERED else visit.left_at
            if waits:
                until = self.end
            elif visit.wait is not None and until is None:
                until = visit.entered_at + visit.wait
            guessed = until is None
            until = self._on(max(visit.entered_at, until if until is not None else visit.entered_at))
            wait = Segment(
                part=Part.WAIT,
                start=visit.entered_at,
                end=until,
                length_ms=until - visit.entered_at if waits else visit.wait,
                open=waits,
                outcome=str(visit.outcome),
                reason=visit.visit.fail_reason,
                visit=n,
                guessed=guessed,
            )
            lanes.append(Lane(kind=LaneKind.QUEUE, party=visit.visit.queue, segments=(wait,)))
        return lanes

    def _offers(self) -> list[tuple[Party, list[Segment]]]:
        found: list[tuple[Party, list[Segment]]] = []
        for n, (offer, outcome) in enumerate(zip(self.settled.call.offers, self.settled.offers, strict=True)):
            segments = self._of_offer(n, offer, outcome)
            if segments:
                found.append((offer.agent, segments))
            else:
                self.undated.append(n)
        return sorted(found, key=lambda each: each[1][0].start)

    def _of_offer(self, n: int, offer: Offer, outcome: OfferOutcome) -> list[Segment]:
        answered = outcome in (OfferOutcome.ANSWERED, OfferOutcome.TALKING)
        goes_on = outcome in (OfferOutcome.RINGING, OfferOutcome.TALKING) and self.live
        stops = self.end if goes_on else offer.ended_at if offer.ended_at is not None else None
        if stops is None and not answered and offer.began_at is not None and offer.ring_ms is not None:
            stops = offer.began_at + offer.ring_ms
        stops = self._on(stops if stops is not None else self.over)
        picked_up, guessed = self._answer(n, offer, stops) if answered else (None, False)
        falls_silent = picked_up if picked_up is not None else stops
        began = offer.began_at if offer.began_at is not None else picked_up
        if began is None:
            return []
        began = self._on(began)
        falls_silent = max(began, falls_silent)
        if offer.ring_ms is not None and 0 <= offer.ring_ms < falls_silent - began - 1_000 and not goes_on:
            # Some documents give the call's start for the ring's.
            began = falls_silent - offer.ring_ms
        mark = Segment(part=Part.RING, start=began, end=falls_silent, outcome=str(outcome), offer=n)
        rang = replace(
            mark,
            length_ms=falls_silent - began if goes_on or offer.ring_ms is None else offer.ring_ms,
            open=goes_on and not answered,
            reason=None if answered else offer.end_reason,
            guessed=guessed,
        )
        if not answered:
            return [rang]
        rings = [rang] if offer.began_at is not None and not _outward(self.settled, offer) else []
        return [*rings, *_talk(replace(mark, start=falls_silent, end=max(falls_silent, stops)), offer, goes_on, guessed)]

    def _answer(self, n: int, offer: Offer, stops: int) -> tuple[int, bool]:
        """When it was answered, and whether that is a guess."""
        if offer.answered_at is not None:
            return self._on(offer.answered_at), False
        if offer.began_at is not None and offer.ring_ms is not None:
            return self._on(offer.began_at + offer.ring_ms), False
        for visit in self.settled.visits:
            if n in visit.offers and visit.answered_at is not None:
                return self._on(visit.answered_at), False
        if offer.talk_ms is not None:
            return self._on(stops - offer.talk_ms - (offer.hold_ms or 0)), False
        return self._on(offer.began_at if offer.began_at is not None else stops), True

    def _transfers(self, segments: list[Segment]) -> tuple[Segment, ...]:
        talks = [(s.offer, s.start, s.end) for s in segments if s.part is Part.TALK and s.offer is not None and not s.open]
        ends = {s.offer: s.end for s in segments if s.part is Part.HOLD}
        handed = handings(self.settled, [(n, start, ends.get(n, end)) for n, start, end in talks])
        return tuple(
            Segment(
                part=Part.TRANSFER,
                start=self._on(each.at),
                end=self._on(each.at),
                outcome=each.how,
                reason=each.kind,
                visit=each.to_visit,
                offer=each.to_offer,
                by=each.by,
            )
            for each in handed
        )


def _outward(settled: SettledCall, offer: Offer) -> bool:
    """The agent dialled: what rang was somebody else's phone."""
    return settled.outgoing and offer.queue is None


def _talk(mark: Segment, offer: Offer, goes_on: bool, guessed: bool) -> list[Segment]:
    span = mark.end - mark.start
    hold = 0 if goes_on else min(max(offer.hold_ms or 0, 0), span)
    talked = offer.talk_ms if offer.talk_ms is not None and not goes_on else span - hold
    talk = replace(
        mark,
        part=Part.TALK,
        end=mark.end - hold,
        length_ms=talked,
        open=goes_on,
        reason=None if goes_on else offer.end_reason,
        guessed=guessed,
    )
    if not hold:
        return [talk]
    return [talk, replace(mark, part=Part.HOLD, start=mark.end - hold, length_ms=offer.hold_ms, guessed=True)]


def _agent_lanes(offers: list[tuple[Party, list[Segment]]]) -> list[Lane]:
    lanes: list[tuple[Party, list[Segment]]] = []
    for agent, segments in offers:
        for party, held in lanes:
            if same_party(party, agent) and held[-1].end <= segments[0].start:
                held.extend(segments)
                break
        else:
            lanes.append((agent, list(segments)))
    return [Lane(kind=LaneKind.AGENT, party=party, segments=tuple(held)) for party, held in lanes]
