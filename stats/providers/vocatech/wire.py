"""The vendor's documents as they come: events of webhooks, rows of lists, and the envelopes around them (Vocatech Developer Guide).

Rule that holds here: a field that is absent, null or of another plain type never costs the document; what is no plain value at all does.
"""

from typing import Any

import msgspec

from stats.domain.errors import Malformed

Loose = str | int | float | bool | None


class Event(msgspec.Struct):
    """What is posted: an envelope with the same outside for every event."""

    id: Loose = None
    event_type: Loose = None
    timestamp: Loose = None
    company_id: Loose = None
    data: msgspec.Raw = msgspec.Raw(b"{}")


class Leg(msgspec.Struct):
    """The data of call events, and what a row of GET /calls has in common with it."""

    call_id: Loose = None
    direction: Loose = None
    extension: Loose = None
    extension_name: Loose = None
    remote_name: Loose = None
    remote_number: Loose = None
    group_number: Loose = None
    start_time: Loose = None
    end_time: Loose = None
    duration: Loose = None
    summary: Loose = None
    transcription: Loose = None


class Segment(msgspec.Struct):
    """One step of a journey."""

    type: Loose = None
    name: Loose = None
    extension: Loose = None
    extension_name: Loose = None
    start_time: Loose = None
    end_time: Loose = None
    duration: Loose = None
    answered: Loose = None
    recording_url: Loose = None
    summary: Loose = None
    transcription: Loose = None


class Row(Leg):
    """One call of GET /calls."""

    status: Loose = None
    journey: list[Segment] | None = None


class Text(msgspec.Struct):
    """A message, in events and in rows."""

    message_id: Loose = None
    direction: Loose = None
    channel: Loose = None
    sender: Loose = msgspec.field(name="from", default=None)
    recipient: Loose = msgspec.field(name="to", default=None)
    remote_number: Loose = None
    status: Loose = None
    sent_at: Loose = None
    sent_time: Loose = None
    updated_at: Loose = None
    attachments: list[msgspec.Raw] | None = None


class Failure(msgspec.Struct):
    """A delivery the vendor has given up; the guide does not show one."""

    id: Loose = None
    webhook_id: Loose = None
    event_id: Loose = None
    event_type: Loose = None
    url: Loose = None
    error: Loose = None
    payload: msgspec.Raw = msgspec.Raw(b"")
    event: msgspec.Raw = msgspec.Raw(b"")
    body: msgspec.Raw = msgspec.Raw(b"")


class ContactRow(msgspec.Struct):
    """One contact; its fields are the company's own."""

    id: Loose = None
    fields: dict[str, Loose] = {}


class ContactField(msgspec.Struct):
    """One column of contacts."""

    name: Loose = None
    is_phone: Loose = None
    is_integration: Loose = None


class Webhook(msgspec.Struct):
    """A webhook as the vendor has it; how it says that one is switched off is not in the guide."""

    id: Loose = None
    url: Loose = None
    event_filters: list[str] | None = None
    secret_key: Loose = None
    is_active: Loose = None
    active: Loose = None
    enabled: Loose = None
    status: Loose = None


class Made(msgspec.Struct):
    """What surrounds a new webhook, if anything does."""

    webhook: Webhook | None = None
    data: Webhook | None = None


class Media(msgspec.Struct):
    """A recording's signed address."""

    url: Loose = None
    content_type: Loose = None


class Meta(msgspec.Struct):
    """How many pages and rows there are."""

    page: Loose = None
    total_pages: Loose = None
    total_calls: Loose = None
    total_messages: Loose = None
    total_contacts: Loose = None
    total_failures: Loose = None


_events = msgspec.json.Decoder(Event)
_legs = msgspec.json.Decoder(Leg)
_texts = msgspec.json.Decoder(Text)
_rows = msgspec.json.Decoder(Row)
_lists = msgspec.json.Decoder(list[msgspec.Raw] | dict[str, msgspec.Raw])
_raws = msgspec.json.Decoder(list[msgspec.Raw])
_metas = msgspec.json.Decoder(Meta)


def _read(decoder: msgspec.json.Decoder[Any], body: bytes | msgspec.Raw) -> Any:
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as why:
        raise Malformed("wrong_type" if isinstance(why, msgspec.ValidationError) else "not_json") from None


def read_event(body: bytes) -> Event:
    """Raises Malformed."""
    event: Event = _read(_events, body)
    return event


def read_leg(data: msgspec.Raw) -> Leg:
    """Raises Malformed."""
    leg: Leg = _read(_legs, data)
    return leg


def read_text(data: bytes | msgspec.Raw) -> Text:
    """Raises Malformed."""
    text: Text = _read(_texts, data)
    return text


def read_row(data: bytes | msgspec.Raw) -> Row:
    """Raises Malformed."""
    row: Row = _read(_rows, data)
    return row


def read_as(shape: type[Any], data: bytes | msgspec.Raw) -> Any:
    """One document of a shape of this module. Raises Malformed."""
    return _read(msgspec.json.Decoder(shape), data)


def read_list(body: bytes, *names: str) -> tuple[list[msgspec.Raw], Meta | None]:
    """(rows, meta) of a list: under its own name, under "data", or bare. Raises Malformed."""
    told = _read(_lists, body)
    if isinstance(told, list):
        return told, None
    for name in (*names, "data"):
        if name in told:
            inner = told[name]
            if bytes(inner).lstrip()[:1] == b"{":  # one list more inside
                return read_list(bytes(inner), *names)
            meta = _read(_metas, told["meta"]) if "meta" in told else None
            return _read(_raws, inner), meta
    raise Malformed("no_list")


def count(value: Loose) -> int | None:
    """A count or a length in whole seconds, however it is written."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return int(number) if 0 <= number < 1e9 else None


def truth(value: Loose) -> bool | None:
    """A flag, however it is written."""
    if value is None or isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    return True if word in ("1", "true", "yes", "1.0") else False if word in ("0", "false", "no", "", "0.0") else None


def word(value: Loose) -> str:
    """Text, trimmed; "" for none."""
    return "" if value is None or isinstance(value, bool) else str(value).strip()
