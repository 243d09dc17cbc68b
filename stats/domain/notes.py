"""What vendors tell beside the calls themselves: recordings, words spoken, details of a call, messages, contacts.

Rules that hold here:
- A note belongs to a source, and by `id_call` to a call of that source, told before it or after it; neither waits for the other.
- No number is counted from a note: whatever decides an outcome is in the call's own record.
- Instants are epoch ms, durations ms, None is "not told". A note told again replaces what is known of its own key, field by field: what is
  not told clears nothing.
- `number`, `sender` and `recipient` are E.164 where that can be derived, else as the vendor wrote it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """Sound of a call; key (source, recording_id). `locator` finds it at the vendor and is never a signed link; it stays on the server."""

    source: str
    id_call: str
    recording_id: str
    locator: str
    kind: str = "call"  # call, voicemail
    agent: str | None = None  # key of the agent who is heard
    started_at: int | None = None
    duration_ms: int | None = None
    content_type: str | None = None
    told_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Something said."""

    text: str
    speaker: str | None = None
    start_ms: int | None = None  # from the beginning of the sound
    length_ms: int | None = None
    confidence: float | None = None  # 0 to 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """The words of a call, or of a part of it; key (source, id_call, part). `sentiment`: 0 (bad) to 100, by the vendor."""

    source: str
    id_call: str
    part: str = ""
    by: str | None = None  # who wrote it down, where that is not the call's own vendor: the name of a source
    text: str | None = None
    summary: str | None = None
    turns: tuple[Turn, ...] = ()
    sentiment: float | None = None
    silence_ms: int | None = None
    told_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDetail:
    """What else a vendor says of a call; key (source, id_call)."""

    source: str
    id_call: str
    at: int | None = None  # when the call began
    direction: str | None = None  # in, out, internal
    called_number: str | None = None  # the number that was dialled (a DID)
    customer_name: str | None = None
    status: str | None = None  # the vendor's own word for how it ended
    hangup_side: str | None = None  # caller, agent, system
    error_code: str | None = None
    error: str | None = None
    sub_account: str | None = None
    parent_call: str | None = None
    menus: tuple[str, ...] = ()  # menus or routing rules it went through, in order
    keys: tuple[str, ...] = ()  # what the caller pressed or said, as "name: digits"
    labels: tuple[str, ...] = ()
    crm_name: str | None = None
    crm_url: str | None = None
    told_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A text message or a fax; key (source, message_id). Its body is not kept."""

    source: str
    message_id: str
    channel: str  # text, whatsapp, fax
    direction: str | None = None  # in, out
    sender: str | None = None
    recipient: str | None = None
    status: str | None = None  # the vendor's word: delivered, failed, read ...
    sent_at: int | None = None
    updated_at: int | None = None
    pages: int | None = None
    attachments: int | None = None
    told_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whose number it is; key (source, contact_id, number). `name` "": the vendor has removed the contact."""

    source: str
    contact_id: str
    number: str
    name: str
    told_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallErased:
    """Who called was erased (told by the road, by no vendor): what is kept beside the call goes, and nothing more is taken in."""

    source: str
    id_call: str
    told_at: int = 0


Note = Recording | Transcript | CallDetail | Message | Contact | CallErased
NOTES: tuple[type[Note], ...] = (Recording, Transcript, CallDetail, Message, Contact, CallErased)
