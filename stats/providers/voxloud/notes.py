"""What the vendor tells beside a call: its details, the words spoken, recordings; and faxes, which are messages."""

from stats.domain.errors import Malformed
from stats.domain.notes import CallDetail, Message, Recording, Transcript
from stats.domain.records import Direction, Journey
from stats.providers.voxloud.hearing import Hearing
from stats.providers.voxloud.naming import spelled
from stats.providers.voxloud.wire import Document, instant, number, text, texts, truth, words

_HUNG_UP = {Direction.IN: "caller", Direction.OUT: "agent"}
_SUFFIXES = {"mp3": "audio/mpeg", "wav": "audio/wav", "ogg": "audio/ogg"}


def detail(document: Document, journey: Journey, hearing: Hearing, id_call: str, rules: tuple[str, ...]) -> CallDetail:
    """What else a record says of its call."""
    outgoing = journey.direction is Direction.OUT
    raw = document.destination_number if outgoing else document.originator_number
    name = text(document.destination_name if outgoing else document.originator_name)
    named = name is not None and name != text(raw) and name.lower() != "anonymous" and journey.number is not None
    parent, url = text(document.queue_call_id), text(document.contact_crm_url, 500)
    called = spelled(text(document.destination_number), hearing.region) if journey.direction is Direction.IN else None
    return CallDetail(
        source=hearing.source,
        id_call=id_call,
        at=journey.started_at,
        direction=str(journey.direction) if journey.direction is not None else None,
        called_number=called,
        customer_name=name if named and journey.direction is not Direction.INTERNAL else None,
        status=journey.end_reason,
        hangup_side=_HUNG_UP.get(journey.direction) if journey.direction and journey.end_reason == "CALL_CANCELED_BY_ORIGINATOR" else None,
        parent_call=parent if parent != id_call else None,
        menus=rules,
        labels=texts(document.labels),
        crm_name=text(document.contact_crm) if not journey.withheld else None,
        crm_url=url if url is not None and not journey.withheld and url.startswith(("https://", "http://")) else None,
        told_at=hearing.received_at,
    )


def spoken(document: Document, hearing: Hearing, id_call: str) -> list[Transcript]:
    """What was said, where the vendor has listened."""
    text_told, short = words(document.transcription), words(document.summary)
    score = number(document.sentiment_score)
    sentiment = score if score is not None and 0 <= score <= 100 else None
    if text_told is None and short is None and sentiment is None:
        return []
    told = Transcript(
        source=hearing.source, id_call=id_call, text=text_told, summary=short, sentiment=sentiment, told_at=hearing.received_at
    )
    return [told]


def sounds(document: Document, journey: Journey, hearing: Hearing, id_call: str) -> list[Recording]:
    """Where they lie is asked when one is played: a posted address is not to be trusted, and may be signed."""
    found: list[Recording] = []
    for kind, there, url in (
        ("call", truth(document.recorded), text(document.recording_url, 2000)),
        ("voicemail", truth(document.voicemail), text(document.voicemail_url, 2000)),
    ):
        if not there and url is None:
            continue
        heard_alone = kind == "call" and journey.answered
        found.append(
            Recording(
                source=hearing.source,
                id_call=id_call,
                recording_id=f"{id_call}:{kind}",
                locator=f"{kind}:{id_call}",
                kind=kind,
                agent=journey.first_agent.key if journey.first_agent is not None and kind == "call" else None,
                started_at=journey.first_answered_at if heard_alone else journey.started_at,
                duration_ms=journey.talk_ms if heard_alone else None,
                content_type=_SUFFIXES.get(url.partition("?")[0].rpartition(".")[2].lower()) if url is not None else None,
                told_at=hearing.received_at,
            )
        )
    return found


def fax(document: Document, hearing: Hearing) -> Message:
    """A fax, posted or as a row of the past; raises Malformed."""
    sent_at, known = instant(document.timestamp, hearing.received_at), text(document.id) or text(document.call_id)
    if known is None:
        raise Malformed("no_id")
    direction = (text(document.direction) or "").upper()
    pages = number(document.total_pages)
    return Message(
        source=hearing.source,
        message_id=f"fax:{known}",
        channel="fax",
        direction={"INBOUND": "in", "OUTBOUND": "out"}.get(direction),
        sender=spelled(text(document.sender) or text(document.originator_number), hearing.region),
        recipient=spelled(text(document.recipient) or text(document.destination_number), hearing.region),
        sent_at=sent_at,
        pages=round(pages) if pages is not None and 0 <= pages < 100_000 else None,
        attachments=1 if text(document.attachment_url, 2000) else None,
        told_at=hearing.received_at,
    )
