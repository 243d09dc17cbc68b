"""A row of GET /calls told as our records: the whole call, its menus, its stays in groups and its users' rings (guide: Call Journey).

Rules that hold here:
- Lengths are whole seconds, starts are not: an end is the start of what followed it, or the call's own, where one lies in that second;
  else it is told in whole seconds, so that nobody takes it for exact.
- An answered user's segment begins with the answer. Where the group's segment before it ends in the midst of it, it began with the ring,
  and the group's end is the answer.
- A group's wait ends with the answer of the user who took the call; where none did, with its segment.
- Passing on has no word: who had answered and is followed by another ring or group outside any wait has passed the call on.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from stats.domain.errors import Malformed
from stats.domain.notes import Recording, Transcript
from stats.domain.records import Call, Direction, Journey, Offer, Party, Telling, Visit
from stats.providers.base import party_of
from stats.providers.vocatech.events import MAX_ID_CHARACTERS, detail, identity, transcript
from stats.providers.vocatech.hearing import Hearing, Stay, clean, group_at
from stats.providers.vocatech.wire import Leg, Loose, Row, Segment, count, truth, word

SLACK_MS = 1_500
MOST_SEGMENTS = 200
GROUPS = frozenset({"huntgroup", "callcenter"})
_RECORDING = re.compile(r"(?:^|/)(rec_[\w-]{1,80})(?:[/?#]|$)")


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


def tell(row: Row, hearing: Hearing, *, host: str = "") -> list[Telling]:
    """Everything a row tells. `host`: where recordings may lie when their address names a host. Raises Malformed."""
    id_call, started_at = identity(row.call_id), hearing.instant(row.start_time)
    if started_at is None:
        raise Malformed("no_start")
    direction = hearing.direction(row.direction)
    known = hearing.known
    steps = _steps(row, started_at, hearing)
    for step in steps:
        if step.kind in GROUPS:
            known.groups[step.extension] = clean(step.segment.name or step.segment.extension_name) or known.groups.get(step.extension, "")
        elif step.kind == "autoattendant":
            known.menus.add(step.extension)
        else:
            known.met(step.extension)
    internal = hearing.within(direction, row.remote_number)
    groups = [step for step in steps if step.kind in GROUPS]
    users = [step for step in steps if step.kind == "user"]
    if internal and direction is Direction.OUT:  # who dialled a colleague was not rung
        users = [step for step in users if step.extension != word(row.extension)]
    _wait_ends(groups, users)
    which = Direction.INTERNAL if internal else direction
    stays = [Stay(step.extension, step.began_at, step.answered_at, step.ended_at) for step in groups]
    number = hearing.number(row.remote_number)
    ended_at = _end(row, started_at, steps, hearing)

    def party(step: Step) -> Party:
        return hearing.party(step.extension, step.segment.name or step.segment.extension_name)

    visits = tuple(
        Visit(
            queue=party(step),
            entered_at=step.began_at,
            started_at=step.began_at,
            active=False,
            answered=True if step.answered else None,
            answered_at=step.answered_at,
            ended_at=step.ended_at,
            direction=which,
            internal=internal,
            number=number,
            wait_ms=step.ended_at - step.began_at if step.answered and step.answered_at is None and step.ended_at is not None else None,
            asof=hearing.received_at,
        )
        for step in groups
    )
    offers = tuple(
        Offer(
            agent=party(step),
            queue=party_of(hearing.source, group, known.call_by_name(group, None))
            if (group := group_at(stays, step.began_at)) is not None
            else None,
            began_at=step.began_at,
            active=False,
            answered=True if step.answered else None,
            answered_at=step.answered_at,
            ended_at=step.ended_at,
            direction=which,
            internal=internal,
            number=number,
            recorded=True if _recording_id(step.segment.recording_url, host) else None,
            asof=hearing.received_at,
        )
        for step in users
    )
    if not steps:
        visits, offers = _bare(row, started_at, ended_at, hearing)
    journey = _journey(row, started_at, ended_at, steps, groups, users, visits, offers, hearing, internal=internal)
    menus = tuple(name for step in steps if step.kind == "autoattendant" and (name := clean(step.segment.name)) is not None)
    call = Call(source=hearing.source, id_call=id_call, journey=journey, visits=visits, offers=offers)
    return [
        call,
        detail(id_call, row, hearing, at=started_at, menus=menus, status=word(row.status).lower()[:40]),
        *_recordings(id_call, steps, hearing, host),
        *_words(id_call, steps, hearing),
    ]


def _steps(row: Row, started_at: int, hearing: Hearing) -> list[Step]:
    """The segments in order, their ends as exact as the others' starts make them; one without a start or an extension is passed over."""
    found: list[Step] = []
    for segment in (row.journey or [])[:MOST_SEGMENTS]:
        began_at, extension, kind = hearing.instant(segment.start_time), word(segment.extension), word(segment.type).lower()
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
            step.ended_at = _exact(step.began_at, step.began_at + length * 1000, turns, others if step.kind not in GROUPS else ())
    return found


def _exact(began_at: int, rounded: int, *exact: Iterable[int]) -> int:
    """The instant of the first of these that lies in the second after `rounded`; else that second's end."""
    for instants in exact:
        near = [at for at in instants if at > began_at and rounded <= at < rounded + 1000]
        if near:
            return min(near)
    return -(-rounded // 1000) * 1000


def _wait_ends(groups: Sequence[Step], users: Sequence[Step]) -> None:
    """Says of each answered group when it was answered, and of each answered user, putting right whose segment began with the ring."""
    for step in users:
        step.answered_at = step.began_at if step.answered else None
    for place, group in enumerate(groups):
        until = groups[place + 1].began_at if place + 1 < len(groups) else None
        taken = [u for u in users if u.answered and u.began_at >= group.began_at and (until is None or u.began_at <= until)]
        if not group.answered or not taken:
            continue
        user, end = taken[0], group.ended_at
        goes_on = end is not None and end > user.began_at + SLACK_MS
        if goes_on and end is not None and user.ended_at is not None and end < user.ended_at - SLACK_MS:
            group.answered_at = user.answered_at = end
            continue
        group.answered_at = user.began_at
        if not goes_on:
            group.ended_at = user.began_at


def _end(row: Row, started_at: int, steps: Sequence[Step], hearing: Hearing) -> int | None:
    told, length = hearing.instant(row.end_time), count(row.duration)
    if told is not None:
        return told
    ends = [step.ended_at for step in steps if step.ended_at is not None]
    if length is not None:
        return _exact(started_at, started_at + length * 1000, set(ends))
    return max(ends, default=None)


def _journey(
    row: Row,
    started_at: int,
    ended_at: int | None,
    steps: Sequence[Step],
    groups: Sequence[Step],
    users: Sequence[Step],
    visits: Sequence[Visit],
    offers: Sequence[Offer],
    hearing: Hearing,
    *,
    internal: bool | None,
) -> Journey:
    status, direction = word(row.status).lower(), hearing.direction(row.direction)
    answered = any(step.answered for step in (*groups, *users)) if groups or users else status == "answered"
    took = sorted((o for o in offers if o.answered and o.answered_at is not None), key=lambda o: o.answered_at or 0)
    menus = [step for step in steps if step.kind == "autoattendant"]
    over = ended_at is not None or status in ("answered", "missed")
    return Journey(
        active=False if over else None,
        answered=answered if over or answered else None,
        direction=Direction.INTERNAL if internal else direction,
        internal=internal,
        number=hearing.number(row.remote_number),
        started_at=started_at,
        ended_at=ended_at,
        first_agent=took[0].agent if took else None,
        first_answered_at=took[0].answered_at if took else None,
        last_agent=took[-1].agent if took else None,
        last_answered_at=took[-1].answered_at if took else None,
        first_queue=visits[0].queue if visits else None,
        last_queue=visits[-1].queue if visits else None,
        ivr_seen=True if menus else None,
        ivr_name=clean(menus[0].segment.name) if menus else None,
        ivr_at=menus[0].began_at if menus else None,
        ivr_last_name=clean(menus[-1].segment.name) if menus else None,
        transfers=_passed_on(groups, users) if direction is Direction.IN and not internal else None,
        recorded=True if any(step.segment.recording_url for step in steps) else None,
        total_ms=ended_at - started_at if ended_at is not None else None,
        asof=hearing.received_at,
    )


def _passed_on(groups: Sequence[Step], users: Sequence[Step]) -> int:
    took = [step for step in users if step.answered_at is not None]
    stays = [Stay(step.extension, step.began_at, step.answered_at, step.ended_at) for step in groups]
    times = 0
    for place, group in enumerate(groups):
        since = groups[place - 1].began_at if place else 0
        times += any(since <= step.began_at < group.began_at for step in took)
    for user in users:
        times += group_at(stays, user.began_at) is None and any(step.began_at < user.began_at for step in took if step is not user)
    return times


def _bare(row: Row, started_at: int, ended_at: int | None, hearing: Hearing) -> tuple[tuple[Visit, ...], tuple[Offer, ...]]:
    """The one leg of a row without a journey."""
    extension = word(row.extension)
    direction = hearing.direction(row.direction)
    internal, answered = hearing.within(direction, row.remote_number), word(row.status).lower() == "answered"
    if not 0 < len(extension) <= MAX_ID_CHARACTERS or ended_at is None or (internal and direction is Direction.OUT):
        return (), ()
    which = Direction.INTERNAL if internal else direction
    party, number, asof = hearing.party(extension, row.extension_name), hearing.number(row.remote_number), hearing.received_at
    common = {"active": False, "ended_at": ended_at, "direction": which, "internal": internal, "number": number, "asof": asof}
    if extension in hearing.known.groups:
        return (Visit(queue=party, entered_at=started_at, answered=answered or None, **common),), ()  # type: ignore[arg-type]
    return (), (Offer(agent=party, began_at=started_at, answered=answered or None, **common),)  # type: ignore[arg-type]


def _recording_id(address: Loose, host: str) -> str | None:
    """A recording's id out of its address, which may be a path, or lie at the API's own host."""
    text = word(address)
    if not text:
        return None
    try:
        told = urlsplit(text)
    except ValueError:
        return None
    if told.netloc and told.netloc != host:
        return None
    found = _RECORDING.search(told.path)
    return found.group(1) if found is not None else None


def _recordings(id_call: str, steps: Sequence[Step], hearing: Hearing, host: str) -> list[Telling]:
    found: list[Telling] = []
    for step in steps:
        recording = _recording_id(step.segment.recording_url, host)
        if recording is not None:
            length = count(step.segment.duration)
            found.append(
                Recording(
                    source=hearing.source,
                    id_call=id_call,
                    recording_id=recording,
                    locator=recording,
                    agent=party_of(hearing.source, step.extension).key if step.kind == "user" else None,
                    started_at=step.began_at,
                    duration_ms=length * 1000 if length is not None else None,
                    told_at=hearing.received_at,
                )
            )
    return found


def _words(id_call: str, steps: Sequence[Step], hearing: Hearing) -> list[Transcript]:
    """Some rows carry what the event told, or will tell."""
    return [
        transcript(
            Leg(call_id=id_call, extension=step.extension, summary=step.segment.summary, transcription=step.segment.transcription), hearing
        )
        for step in steps
        if word(step.segment.summary) or word(step.segment.transcription)
    ]
