"""Events told as our records: a user's leg is an offer, a group's a visit, words and messages are notes (guide: Webhook Payloads).

Rules that hold here:
- An event tells what it knows and nothing else: no journey, for a leg does not know of the others; no end before call.ended.
- A leg of a known group is a visit, one of a known menu is nothing, any other is a user's. What was mistaken, the row of the past corrects.
- An answer has no instant of its own: it is the envelope's, which is in whole seconds.
- The leg of who dials a colleague is told by the colleague's: it is no offer. Whether a short number is a colleague's, the row knows.
"""

from stats.domain.errors import Malformed
from stats.domain.notes import CallDetail, Message, Transcript
from stats.domain.records import Call, Direction, Offer, Telling, Visit
from stats.providers.vocatech.hearing import Hearing, clean
from stats.providers.vocatech.wire import Event, Leg, Loose, Text, count, read_leg, read_text, word

MAX_ID_CHARACTERS = 128
MOST_TEXT = 400_000
_WORDS = {"incoming": "in", "outgoing": "out", "internal": "internal"}


def tell(event: Event, hearing: Hearing) -> list[Telling]:
    """Everything one event tells; nothing for an event of no interest. Raises Malformed."""
    kind = word(event.event_type)
    if kind.startswith("message."):
        return [message(read_text(event.data), hearing)]
    if kind == "call.transcription":
        return [transcript(read_leg(event.data), hearing)]
    if kind in ("call.started", "call.answered", "call.ended"):
        return leg(kind.removeprefix("call."), read_leg(event.data), event, hearing)
    if kind == "webhook.test":
        return []
    raise Malformed("unknown_event", kind[:40])


def leg(step: str, told: Leg, event: Event, hearing: Hearing) -> list[Telling]:
    """A leg that has started, was answered or has ended."""
    id_call, extension = identity(told.call_id), word(told.extension)
    if not extension or len(extension) > MAX_ID_CHARACTERS:
        raise Malformed("no_extension")
    happened_at = hearing.instant(event.timestamp)
    began_at, ended_at = hearing.instant(told.start_time), hearing.instant(told.end_time)
    if began_at is None and step == "started":
        began_at = happened_at
    if step == "ended" and ended_at is None:
        length = count(told.duration)
        ended_at = began_at + length * 1000 if began_at is not None and length is not None else happened_at
    known = hearing.known
    direction = hearing.direction(told.direction)
    # An event that comes late says how things were when it was written.
    asof = min(hearing.received_at, happened_at) if happened_at is not None else hearing.received_at
    internal = hearing.within(direction, told.remote_number)
    number = hearing.number(told.remote_number)
    tenant = word(event.company_id) or None
    if extension in known.menus:
        return []
    answered = True if step == "answered" else None
    answered_at = happened_at if step == "answered" else None
    ended = step == "ended"
    active = False if ended else True if step == "started" else None
    tellings: list[Telling] = []
    if extension in known.groups:
        known.groups_post = True
        visit = Visit(
            queue=hearing.party(extension, told.extension_name),
            entered_at=began_at,
            started_at=began_at,
            active=active,
            answered=answered,
            answered_at=answered_at,
            ended_at=ended_at if ended else None,
            direction=Direction.INTERNAL if internal else direction,
            internal=internal,
            number=number,
            asof=asof,
        )
        tellings.append(Call(source=hearing.source, id_call=id_call, visits=(visit,), tenant=tenant))
    else:
        known.met(extension)
        if direction is Direction.OUT and hearing.short(told.remote_number):
            return []
        offer = Offer(
            agent=hearing.party(extension, told.extension_name),
            began_at=began_at,
            active=active,
            answered=answered,
            answered_at=answered_at,
            ended_at=ended_at if ended else None,
            direction=Direction.INTERNAL if internal else direction,
            internal=internal,
            number=number,
            asof=asof,
        )
        tellings.append(Call(source=hearing.source, id_call=id_call, offers=(offer,), tenant=tenant))
    if step == "started" and direction is not Direction.OUT:
        tellings.append(detail(id_call, told, hearing))
    return tellings


def detail(
    id_call: str, told: Leg, hearing: Hearing, *, at: int | None = None, menus: tuple[str, ...] = (), status: str = ""
) -> CallDetail:
    """What else an event or a row says of its call."""
    return CallDetail(
        source=hearing.source,
        id_call=id_call,
        at=at,
        direction=_WORDS.get(word(told.direction).lower()),
        called_number=hearing.number(told.group_number),
        customer_name=clean(told.remote_name),
        status=status or None,
        menus=menus,
        told_at=hearing.received_at,
    )


def transcript(told: Leg, hearing: Hearing) -> Transcript:
    """The words of a leg, 5 to 30 minutes after its end."""
    text, summary = _text(told.transcription), _text(told.summary)
    if text is None and summary is None:
        raise Malformed("no_words")
    return Transcript(
        source=hearing.source,
        id_call=identity(told.call_id),
        part=word(told.extension)[:MAX_ID_CHARACTERS],
        text=text,
        summary=summary,
        told_at=hearing.received_at,
    )


def message(told: Text, hearing: Hearing) -> Message:
    """A text message, without what it says."""
    message_id = word(told.message_id)
    if not message_id or len(message_id) > MAX_ID_CHARACTERS:
        raise Malformed("no_id")
    status, channel = word(told.status).lower(), word(told.channel).lower()
    incoming = word(told.direction).lower() in ("incoming", "inbound", "in")
    outgoing = word(told.direction).lower() in ("outgoing", "outbound", "out")
    sender, recipient, remote = hearing.number(told.sender), hearing.number(told.recipient), hearing.number(told.remote_number)
    sent_at = hearing.instant(told.sent_at)
    return Message(
        source=hearing.source,
        message_id=message_id,
        # Only WhatsApp tells that a message was read.
        channel=channel or ("whatsapp" if status == "read" or message_id.startswith("wa") else "text"),
        direction="in" if incoming else "out" if outgoing else None,
        sender=sender if sender is not None or not incoming else remote,
        recipient=recipient if recipient is not None or not outgoing else remote,
        status=status or None,
        sent_at=sent_at if sent_at is not None else hearing.instant(told.sent_time),
        updated_at=hearing.instant(told.updated_at),
        attachments=len(told.attachments) if told.attachments is not None else None,
        told_at=hearing.received_at,
    )


def identity(call_id: Loose) -> str:
    """A call's id, fit to be a key. Raises Malformed."""
    text = word(call_id)
    if not 0 < len(text) <= MAX_ID_CHARACTERS or not text.isprintable():
        raise Malformed("no_id")
    return text


def _text(value: Loose) -> str | None:
    text = word(value)[:MOST_TEXT]
    return "".join(c for c in text if c.isprintable() or c == "\n") or None
