"""A call step by step, as rows of a table and as the words a segment is read by: when, what, who, how long, and how it ended.

Rules that hold here: durations are words, not digits with colons, because they are heard; what nobody told is a dash; a time that is only
known to lie somewhere inside another is not given as an instant.
"""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from stats.domain.journey_axis import Part, Segment
from wallboard.boards.figures import DASH
from wallboard.pages.call.lengths import in_words
from wallboard.pages.call.reading import Reading, Who
from wallboard.pages.call.reasons import kind_words, reason_words
from wallboard.pages.words import OUTCOMES, clock_time, iso

NOBODY = Who("")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One row. `since` is the instant (epoch ms) of a step that goes on."""

    part: str
    time: str
    time_iso: str
    what: str
    who: Who
    length: str
    ended: str
    outcome: str
    since: int | None = None


def steps_of(reading: Reading, timezone: str) -> list[Step]:
    """Every step in the order of time, from the beginning of the call to its end."""
    segments = [segment for segment in reading.axis.steps() if segment.part is not Part.CALL]
    undated = [_undated(reading, n) for n in reading.axis.undated]
    whole = next((segment for segment in reading.axis.steps() if segment.part is Part.CALL), None)
    if whole is None:
        return undated
    rows = [_edge(reading, whole.start, timezone, began=True, whole=whole)]
    rows += [*(_row(reading, segment, timezone) for segment in segments), *undated]
    if not whole.open:
        rows.append(_edge(reading, whole.end, timezone, began=False, whole=whole))
    return rows


def what_of(segment: Segment) -> str:
    """What a segment is, in a word or two."""
    match segment.part:
        case Part.MENU:
            return pgettext("step of a call", "In the menu")
        case Part.WAIT:
            return pgettext("step of a call", "Waiting in the queue")
        case Part.RING:
            return pgettext("step of a call", "Phone rings")
        case Part.TALK:
            return pgettext("step of a call", "Talking")
        case Part.HOLD:
            return pgettext("step of a call", "On hold")
        case Part.TRANSFER if segment.outcome == "tried":
            return pgettext("step of a call", "Handing on, in vain")
        case Part.TRANSFER:
            return pgettext("step of a call", "Handed on")
    return pgettext("step of a call", "On the line")


def ended_of(reading: Reading, segment: Segment) -> str:
    """How a segment ended: our own word for it, and the vendor's where that says more; "" while it goes on."""
    if segment.open:
        return pgettext("step of a call", "goes on")
    why = reason_words(segment.reason)
    match segment.part:
        case Part.WAIT:
            outcome = str(OUTCOMES.get(reading.outcome(segment.visit or 0), ""))
            return f"{outcome} ({why})" if why and segment.outcome == "overflowed" else outcome
        case Part.RING if segment.outcome in ("answered", "talking"):
            return str(OUTCOMES["answered"])
        case Part.RING:
            return why[:1].upper() + why[1:] if why else str(OUTCOMES.get(segment.outcome, ""))
        case Part.MENU:
            journey = reading.call.journey
            digit = journey.menu_digit if journey is not None else None
            return pgettext("step of a call", "pressed %(digit)s") % {"digit": digit} if digit else ""
        case Part.TRANSFER:
            return kind_words(segment.reason)
        case Part.CALL:
            return "" if reading.call.expired else why
    return why


def length_words(segment: Segment) -> str:
    """`12 seconds`; a dash where nobody knows."""
    return in_words(segment.length_ms) if segment.length_ms is not None else DASH


def label_of(reading: Reading, lane: Who, segment: Segment, timezone: str) -> str:
    """A segment as it is read aloud: `Anna Berg: Phone rings, 19 seconds, 14:02:06 to 14:02:25. No answer`."""
    told = {
        "who": _about(reading, segment).name or lane.name,
        "what": what_of(segment),
        "length": length_words(segment) if segment.length_ms is not None else _("nobody told how long"),
        "from": clock_time(segment.start, timezone),
        "to": clock_time(segment.end, timezone),
        "since": _("since %(time)s") % {"time": clock_time(segment.start, timezone)},
    }
    if segment.part is Part.TRANSFER:
        words = _("%(what)s: %(who)s, %(from)s") % told
    elif segment.part is Part.HOLD:
        words = _("%(who)s: %(what)s, %(length)s in all; nobody told when") % told
    elif segment.open:
        words = _("%(who)s: %(what)s, %(length)s so far, %(since)s") % told
    else:
        words = _("%(who)s: %(what)s, %(length)s, %(from)s to %(to)s") % told
    ended = "" if segment.open else ended_of(reading, segment)
    return f"{words}. {ended}" if ended else words


def _about(reading: Reading, segment: Segment) -> Who:
    match segment.part:
        case Part.CALL:
            return Who(reading.number)
        case Part.MENU:
            return Who(reading.menu)
        case Part.WAIT:
            return reading.of_visit(segment.visit or 0)
        case Part.TRANSFER:
            by = reading.of_offer(segment.by or 0)
            to = reading.of_target(segment)
            return Who(f"{by.name} → {to.name if to is not None else '?'}", to.address if to is not None else "")
    return reading.of_offer(segment.offer or 0)


def _row(reading: Reading, segment: Segment, timezone: str) -> Step:
    unknown = segment.part is Part.HOLD
    return Step(
        part=str(segment.part),
        time=DASH if unknown else clock_time(segment.start, timezone),
        time_iso="" if unknown else iso(segment.start, timezone),
        what=what_of(segment),
        who=_about(reading, segment),
        length="" if segment.part is Part.TRANSFER else length_words(segment),
        ended=ended_of(reading, segment),
        outcome=reading.outcome(segment.visit or 0) if segment.part is Part.WAIT else segment.outcome,
        since=segment.start if segment.open else None,
    )


def _undated(reading: Reading, n: int) -> Step:
    """A ring of which nobody told when."""
    offer, outcome = reading.call.offers[n], str(reading.settled.offers[n])
    return Step(
        part=str(Part.RING),
        time=DASH,
        time_iso="",
        what=pgettext("step of a call", "Phone rings"),
        who=reading.of_offer(n),
        length=in_words(offer.ring_ms) if offer.ring_ms is not None else DASH,
        ended=str(OUTCOMES.get(outcome, outcome)),
        outcome=outcome,
    )


def _edge(reading: Reading, at: int, timezone: str, *, began: bool, whole: Segment) -> Step:
    return Step(
        part="begin" if began else "end",
        time=clock_time(at, timezone),
        time_iso=iso(at, timezone),
        what=pgettext("step of a call", "The call begins") if began else pgettext("step of a call", "The call ends"),
        who=Who(reading.number) if began else NOBODY,
        length="" if began else _("%(time)s in all") % {"time": length_words(whole)},
        ended="" if began else ended_of(reading, whole),
        outcome="",
    )
