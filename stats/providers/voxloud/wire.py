"""The vendor's documents as they come: every field may be absent, spelled two ways, or of another kind than its table says.

Rules that hold here:
- One shape for events, call records and faxes: they share their names, and a document does not always say what it is.
- Names are read without their case and underscores (`voicemail_url`, `voicemailUrl`), as tables and samples differ.
- A field of an unexpected kind is not told; what cannot be spared is for `translate` to demand.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from stats.domain.errors import Malformed

EARLIEST_MS = 946_684_800_000  # 2000-01-01
AHEAD_MS = 86_400_000
_SMALLEST_MS = 100_000_000_000  # as seconds this would be the year 5138
_DEEPEST = 4
_LONGEST = 70_000  # a transcription has up to 65,535 characters


class Document(msgspec.Struct, rename=lambda name: name.replace("_", "")):
    """An event of a call, a call's record, or a fax."""

    id: object = None
    timestamp: object = None
    type: object = None
    call_id: object = None
    queue_call_id: object = None
    direction: object = None
    originator_name: object = None
    originator_number: object = None
    destination_name: object = None
    destination_number: object = None
    # of events
    user_email: object = None
    user_extension: object = None
    sip_username: object = None
    # of records
    answerer_name: object = None
    answerer_number: object = None
    mask_caller_number: object = None
    last_event: object = None
    duration: object = None
    ring_time: object = None
    recorded: object = None
    recording_url: object = None
    voicemail: object = None
    voicemail_url: object = None
    labels: object = None
    rule_names: object = None
    contact_crm: object = None
    contact_crm_url: object = None
    transcription: object = None
    summary: object = None
    sentiment_score: object = None
    # of faxes
    sender: object = None
    recipient: object = None
    attachment_url: object = None
    total_pages: object = None


class Heard(msgspec.Struct):
    """A document with what its envelope said; `kind`: INCOMING, STARTED, ANSWERED, HANGUP, PHONE_CALL, CLICK_TO_CALL, FAX_CALL or ""."""

    document: Document
    kind: str
    pbx: str | None = None


class Did(msgspec.Struct):
    """One of the company's numbers."""

    number: str | None = None
    label: str | None = None


class OutboundCli(msgspec.Struct):
    """The numbers a user may show."""

    outbound_did: Did | None = None
    available_dids: list[Did] = []


class User(msgspec.Struct):
    """A user of `GET /v2/users`."""

    id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    extension_number: int | str | None = None
    outbound_cli: OutboundCli | None = None


class Person(msgspec.Struct):
    """A contact of `GET /v1/contacts`."""

    id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    primary_phone: str | None = None
    phones: list[str] | None = None
    company_name: str | None = None


class People(msgspec.Struct):
    """A page of contacts."""

    data: list[Person] = []
    has_next: bool = False


class Subscription(msgspec.Struct):
    """A webhook subscription; a list may say `type` where everything else says `event_type`."""

    id: str | None = None
    event_type: str | None = None
    type: str | None = None
    callback_url: str | None = None
    enabled: bool | None = None
    failed_count: int | None = None
    last_error: str | None = None

    @property
    def event(self) -> str:
        """What it is a subscription to."""
        return (self.event_type or self.type or "").upper()


class ClickToCall(msgspec.Struct):
    """A click-to-call object."""

    id: str | None = None
    name: str | None = None
    extension: str | int | None = None


class Company(msgspec.Struct):
    """Whose key it is."""

    name: str | None = None
    email: str | None = None


class SpringPage(msgspec.Struct, rename="camel"):
    """A page of telephony events."""

    content: list[msgspec.Raw] = []
    last: bool | None = None
    total_elements: int | None = None
    number_of_elements: int | None = None
    number: int | None = None

    @property
    def total(self) -> int | None:
        """Rows of all pages; None where the page miscounts its own rows, as the vendor's own example does."""
        return self.total_elements if self.number_of_elements in (None, len(self.content)) else None


def heard(body: bytes) -> Heard:
    """What was posted, enveloped or flat; raises Malformed."""
    told = _object(body)
    inner = told.get("data")
    document = document_of(inner if isinstance(inner, dict) else told)
    if document.timestamp is None:
        document.timestamp = told.get("timestamp")
    return Heard(
        document=document, kind=_kind(told.get("type"), document), pbx=text(told.get("pbx_id"), 40) if isinstance(inner, dict) else None
    )


def row(body: bytes) -> Heard:
    """A row of the past; raises Malformed."""
    document = document_of(_object(body))
    return Heard(document=document, kind=_kind(None, document))


def document_of(told: Mapping[str, Any]) -> Document:
    """From a JSON object."""
    return msgspec.convert({key.replace("_", "").lower(): value for key, value in told.items()}, Document)


def rows_of(body: bytes) -> list[bytes]:
    """The rows of an answer about one call: an object, a list or a page; raises Malformed."""
    try:
        told = msgspec.json.decode(body, type=list[msgspec.Raw] | dict[str, msgspec.Raw])
        if isinstance(told, list):
            return [bytes(each) for each in told]
        if "content" in told:
            return [bytes(each) for each in msgspec.json.decode(told["content"], type=list[msgspec.Raw])]
    except (msgspec.MsgspecError, UnicodeDecodeError) as why:
        raise Malformed("answer") from why
    return [body] if told else []


def _object(body: bytes) -> dict[str, Any]:
    try:
        told = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as why:
        raise Malformed("json") from why
    return told


def _kind(outer: object, document: Document) -> str:
    told = text(outer, 40) or text(document.type, 40)
    if told is None:
        return "FAX_CALL" if document.total_pages is not None or document.attachment_url is not None else ""
    return told.upper().removeprefix("CALL_")


# --- kinds of values --------------------------------------------------------------------------------------------------


def text(value: object, longest: int = 200) -> str | None:
    """Printable text without blanks around it, or the digits of a whole number; None for anything else, and for none."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    kept = "".join(letter if letter.isprintable() else " " for letter in str(value)).strip()
    return kept[:longest] or None


def words(value: object, longest: int = _LONGEST) -> str | None:
    """The same for running text, which may have lines."""
    if not isinstance(value, str):
        return None
    kept = "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in value).strip()
    return kept[:longest] or None


def texts(value: object, most: int = 40) -> tuple[str, ...]:
    """A list of texts; a bare one is a list of one."""
    told = value if isinstance(value, list) else [value]
    return tuple(kept for each in told[:most] if (kept := text(each)) is not None)


def truth(value: object) -> bool | None:
    """A boolean, also as 0, 1 or a word."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return bool(value)
    return {"true": True, "false": False, "1": True, "0": False}.get(value.strip().lower()) if isinstance(value, str) else None


def number(value: object) -> float | None:
    """A finite number, also as text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        told = float(value)
    except (ValueError, OverflowError):
        return None
    return told if math.isfinite(told) else None


def length_ms(value: object) -> int | None:
    """A length told in seconds, as ms."""
    seconds = number(value)
    return round(seconds * 1000) if seconds is not None and 0 <= seconds < 10_000_000 else None


def instant(value: object, received_at: int) -> int | None:
    """Epoch ms of a number (ms, or s by magnitude) or of ISO 8601 with a zone in any spelling; None when it is not believable."""
    at: float | None = number(value)
    if at is None and isinstance(value, str) and len(value) <= 40:
        try:
            told = datetime.fromisoformat(value.strip())
            at = (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp() * 1000
        except (ValueError, OverflowError):
            return None
    elif at is not None and abs(at) < _SMALLEST_MS:
        at *= 1000
    return round(at) if at is not None and EARLIEST_MS <= at <= received_at + AHEAD_MS else None
