"""A row of GET /calls told as our records: the whole call, its menus, its stays in groups and its users' rings (guide: Call Journey).

Rules that hold here:
- A row is about a whole call, and tells its journey; what its segments mean is read in `steps`.
- An end is a start and a rounded length, or what `steps` found to be exact.
- Who dialled a colleague was not rung, and tells no offer.
"""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from stats.domain.errors import Malformed
from stats.domain.notes import Recording, Transcript
from stats.domain.records import Call, Direction, Journey, Offer, Party, Telling, Visit
from stats.providers.base import party_of
from stats.providers.vocatech.events import MAX_ID_CHARACTERS, detail, identity, transcript
from stats.providers.vocatech.hearing import Hearing, clean
from stats.providers.vocatech.steps import GROUPS, Step, exact, passed_on, steps_of, wait_ends
from stats.providers.vocatech.wire import Leg, Loose, Row, count, word

_RECORDING = re.compile(r"(?:^|/)(rec_[\w-]{1,80})(?:[/?#]|$)")


def tell(row: Row, hearing: Hearing, *, host: str = "") -> list[Telling]:
    """Everything a row tells. `host`: where recordings may lie when their address names a host. Raises Malformed."""
    id_call, started_at = identity(row.call_id), hearing.instant(row.start_time)
    if started_at is None:
        raise Malformed("no_start")
    direction = hearing.direction(row.direction)
    known = hearing.known
    steps = steps_of(row, hearing)
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
    wait_ends(groups, users, known)
    which = Direction.INTERNAL if internal else direction
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


def _end(row: Row, started_at: int, steps: Sequence[Step], hearing: Hearing) -> int | None:
    told, length = hearing.instant(row.end_time), count(row.duration)
    if told is not None:
        return told
    ends = [step.ended_at for step in steps if step.ended_at is not None]
    if length is not None:
        return exact(started_at, started_at + length * 1000, set(ends))
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
        transfers=passed_on(groups, users) if direction is Direction.IN and not internal else None,
        recorded=True if any(step.segment.recording_url for step in steps) else None,
        total_ms=ended_at - started_at if ended_at is not None else None,
        asof=hearing.received_at,
    )


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
