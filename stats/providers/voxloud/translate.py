"""The vendor's documents told as our records: the only place that knows both spellings.

Rules that hold here:
- An event tells one instant of one user's ring, and the queue by the number that was dialled. It tells nothing of the whole call.
- A record (PHONE_CALL, CLICK_TO_CALL) tells the whole call. Its instants are its start and whole seconds; whoever answered is an offer
  `told_by` "call", which yields to what events told.
- Talk is the call's length without what came before the first answer: the vendor tells no hold.
- A fax is a message and never a call. No text of the vendor decides anything but where its table lists it.
"""

from stats.domain import rings
from stats.domain.errors import Malformed
from stats.domain.records import Call, Direction, Journey, Offer, Party, Telling, Visit
from stats.providers.base import party_of
from stats.providers.voxloud.hearing import Hearing, agent_of, identity, instant_of
from stats.providers.voxloud.naming import extension, spelled
from stats.providers.voxloud.notes import detail, fax, sounds, spoken
from stats.providers.voxloud.wire import Document, Heard, length_ms, text, texts, truth

EVENTS = frozenset({"INCOMING", "STARTED", "ANSWERED", "HANGUP"})
RECORDS = frozenset({"PHONE_CALL", "CLICK_TO_CALL"})
_DIRECTIONS = {"INBOUND": Direction.IN, "OUTBOUND": Direction.OUT, "INTERNAL": Direction.INTERNAL}
# Last events of a call that somebody may have answered; who is told apart by there being an answerer.
_ANSWERED = frozenset({"CALL_ANSWERED", "CALL_TERMINATED", "CALL_TRANSFERRED", "CALL_LOST_LOSE_RACE"})
_UNANSWERED = frozenset(
    {"CALL_REQUEST", "CALL_STARTED", "CALL_CANCELED_BY_ORIGINATOR", "CALL_REJECTED", "CALL_LOST_NO_ANSWER", "CALL_LOST_USER_BUSY"}
)
_RANG = frozenset({"CALL_CANCELED_BY_ORIGINATOR", "CALL_REJECTED", "CALL_LOST_NO_ANSWER"})


def tell(heard: Heard, hearing: Hearing) -> list[Telling]:
    """Everything a document tells. Raises Malformed."""
    if heard.kind in EVENTS:
        return [_event(heard, hearing)]
    if heard.kind in RECORDS:
        return _record(heard, hearing)
    if heard.kind == "FAX_CALL":
        return [fax(heard.document, hearing)]
    raise Malformed("kind")


# --- events -----------------------------------------------------------------------------------------------------------


def _event(heard: Heard, hearing: Hearing) -> Call:
    document = heard.document
    at = instant_of(document, hearing)
    origin, target = text(document.originator_number), text(document.destination_number)
    subject = extension(text(document.user_extension))
    direction = _direction_of_event(heard.kind, subject, origin, target, hearing)
    agent = _subject(document, subject, hearing)
    started = heard.kind == "STARTED" and subject != extension(target)
    if direction is Direction.INTERNAL and subject is not None and (started or subject == extension(origin)):
        # Who dialled a colleague is not rung; whoever is dialled is told by the call's own document or by this.
        agent = agent_of(hearing.staff.user_of(extension(target)), text(document.destination_name), hearing)
    queue = hearing.queues.of_number(spelled(target, hearing.region)) if direction is Direction.IN else None
    about = (
        spelled(origin, hearing.region)
        if direction in (Direction.IN, Direction.INTERNAL)
        else spelled(target, hearing.region)
        if direction is Direction.OUT
        else None
    )
    internal = direction is Direction.INTERNAL if direction is not None else None
    begins = heard.kind in ("INCOMING", "STARTED")
    offers = (
        (
            Offer(
                agent=agent,
                queue=queue,
                began_at=at if begins else None,
                answered_at=at if heard.kind == "ANSWERED" else None,
                ended_at=at if heard.kind == "HANGUP" else None,
                direction=direction,
                internal=internal,
                number=about,
                asof=hearing.received_at,
                told_by=rings.EVENT,
            ),
        )
        if agent is not None
        else ()
    )
    visits: tuple[Visit, ...] = ()
    if queue is not None:
        visit = Visit(
            queue=queue,
            entered_at=at if begins else None,
            active=True,
            direction=direction,
            internal=False,
            number=about,
            asof=hearing.received_at,
            derived=True,
        )
        visits = (visit,)
    return Call(source=hearing.source, id_call=identity(document), visits=visits, offers=offers, tenant=heard.pbx)


def _direction_of_event(kind: str, subject: str | None, origin: str | None, target: str | None, hearing: Hearing) -> Direction | None:
    if extension(target) and (extension(origin) or kind == "STARTED"):  # a colleague may be shown the number that others are
        return Direction.INTERNAL
    if kind in ("INCOMING", "STARTED"):
        return Direction.IN if kind == "INCOMING" else Direction.OUT
    if subject is not None and subject == extension(origin):
        return Direction.OUT
    dialled, shown = spelled(target, hearing.region), spelled(origin, hearing.region)
    if extension(target) or hearing.queues.of_number(dialled) or (dialled in hearing.staff.own and shown not in hearing.staff.own):
        return Direction.IN
    return Direction.OUT if shown in hearing.staff.own else None


def _subject(document: Document, subject: str | None, hearing: Hearing) -> Party | None:
    if subject is not None:
        for told, name in (
            (document.destination_number, document.destination_name),
            (document.originator_number, document.originator_name),
        ):
            if extension(text(told)) == subject:
                return agent_of(subject, text(name), hearing)
        return agent_of(subject, None, hearing)
    other = text(document.user_email) or text(document.sip_username)
    return party_of(hearing.source, other) if other is not None else None


# --- records of whole calls -------------------------------------------------------------------------------------------


def _record(heard: Heard, hearing: Hearing) -> list[Telling]:
    document = heard.document
    id_call, started_at = identity(document), instant_of(document, hearing)
    origin, target = text(document.originator_number), text(document.destination_number)
    direction = _DIRECTIONS.get((text(document.direction) or "").upper())
    length, ring = length_ms(document.duration), length_ms(document.ring_time)
    last = (text(document.last_event) or "").upper()
    answered = _answered(document, heard.kind, direction, last, length, ring)
    talk = max(0, length - (ring or 0)) if answered and length is not None else None
    ended_at = started_at + length if length is not None else None
    answered_at = started_at + (ring or 0) if answered and (ring is not None or length is not None) else None
    rules = texts(document.rule_names)
    queue = None
    if direction is Direction.IN:
        queue = hearing.queues.of_number(spelled(target, hearing.region)) or hearing.queues.of_rules(rules)
    agent = _party_of_record(document, direction, answered, hearing)
    voicemail = truth(document.voicemail) or bool(text(document.voicemail_url))
    hidden = direction is Direction.IN and truth(document.mask_caller_number)
    about = None if hidden else spelled(target if direction is Direction.OUT else origin, hearing.region)
    journey = Journey(
        active=False,
        answered=answered,
        direction=direction,
        internal=direction is Direction.INTERNAL if direction is not None else None,
        number=about,
        started_at=started_at,
        ended_at=ended_at,
        first_agent=agent if answered else None,
        first_answered_at=answered_at,
        first_queue=queue,
        ivr_seen=True if rules else None,
        ivr_name=rules[0] if rules else None,
        ivr_last_name=rules[-1] if rules else None,
        voicemail=voicemail or None,
        transfers=1 if last == "CALL_TRANSFERRED" else None,
        recorded=truth(document.recorded),
        end_reason=last or None,
        total_ms=length,
        wait_ms=ring if answered else None,
        talk_ms=talk,
        withheld=hidden or None,
        asof=hearing.received_at,
    )
    dialled = hearing.staff.user_of(extension(target)) if direction is not Direction.OUT and last in _RANG else None
    rang = agent if answered else agent_of(dialled, None, hearing)
    if direction is Direction.OUT:
        rang = agent
    offers: tuple[Offer, ...] = ()
    if rang is not None:
        offer = Offer(
            agent=rang,
            queue=queue,
            # Nobody tells since when the one rang who answered a caller in the end: it was not long before.
            began_at=answered_at if answered and direction is Direction.IN else started_at,
            answered_at=answered_at,
            ended_at=ended_at,
            active=False,
            answered=answered or None,
            direction=direction,
            internal=journey.internal,
            number=about,
            talk_ms=talk,
            asof=hearing.received_at,
            told_by=rings.CALL,
        )
        offers = (offer,)
    visits: tuple[Visit, ...] = ()
    if queue is not None:
        unnamed = bool(answered) and agent is None
        visit = Visit(
            queue=queue,
            entered_at=started_at,
            active=False,
            ended_at=ended_at if not voicemail and _waited_until_the_end(last, length, ring) else None,
            answered=answered or None,
            direction=direction,
            internal=False,
            number=about,
            ivr_seen=journey.ivr_seen,
            queue_ms=ring if unnamed else None,
            talk_ms=talk if unnamed else None,
            voicemail=(voicemail and not answered) or None,
            # By the vendor's word somebody answered, whom it does not name: who waited was not lost, nor answered by anybody known.
            moved_on=(answered is None and last in _ANSWERED and not voicemail and length is not None and length > (ring or 0)) or None,
            asof=hearing.received_at,
            derived=True,
        )
        visits = (visit,)
    call = Call(source=hearing.source, id_call=id_call, journey=journey, visits=visits, offers=offers, tenant=heard.pbx)
    return [
        call,
        detail(document, journey, hearing, id_call, rules),
        *spoken(document, hearing, id_call),
        *sounds(document, journey, hearing, id_call),
    ]


def _answered(document: Document, kind: str, direction: Direction | None, last: str, length: int | None, ring: int | None) -> bool | None:
    """Whether somebody answered; None where the vendor's words leave it open."""
    answerer = bool(text(document.answerer_name) or text(document.answerer_number))
    talked = length is not None and length > (ring or 0)
    if last in _UNANSWERED:
        return False
    if kind == "CLICK_TO_CALL":
        return talked and ring is not None
    if last in _ANSWERED:
        return True if answerer or (direction is Direction.OUT and talked) else None
    return True if answerer and talked else None


def _waited_until_the_end(last: str, length: int | None, ring: int | None) -> bool:
    """Whether a caller waited for as long as the call lasted, rung for or not; else it may have gone on with a message or a voicemail."""
    return last == "CALL_CANCELED_BY_ORIGINATOR" or (
        last in _UNANSWERED and length is not None and ring is not None and length - ring < rings.ROUNDED_MS
    )


def _party_of_record(document: Document, direction: Direction | None, answered: bool | None, hearing: Hearing) -> Party | None:
    """The user a record is about: who dialled, else who answered."""
    if direction is Direction.OUT:
        raw, name = text(document.originator_number), text(document.originator_name)
    elif answered:
        raw, name = text(document.answerer_number), text(document.answerer_name)
    else:
        return None
    return agent_of(extension(raw) or hearing.staff.extension_of(name), name, hearing)
