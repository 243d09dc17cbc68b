"""What is needed to understand a document, and the parts that every document has."""

from dataclasses import dataclass

from stats.domain.errors import Malformed
from stats.domain.records import Party
from stats.providers.base import party_of
from stats.providers.voxloud.naming import Queues, Staff
from stats.providers.voxloud.wire import Document, instant, text

_NO_QUEUES, _NOBODY = Queues(), Staff()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """What is needed to understand a document."""

    source: str
    received_at: int
    region: str = "IT"
    queues: Queues = _NO_QUEUES
    staff: Staff = _NOBODY


def agent_of(ext: str | None, name: str | None, hearing: Hearing) -> Party | None:
    """A user by extension, named as the vendor's list of users has it, else as told."""
    return party_of(hearing.source, ext, hearing.staff.name_of(ext) or name) if ext is not None else None


def identity(document: Document) -> str:
    """The call's id; raises Malformed."""
    told = text(document.call_id, 129)
    if told is None or len(told) > 128:
        raise Malformed("no_id")
    return told


def instant_of(document: Document, hearing: Hearing) -> int:
    """When it was, epoch ms; raises Malformed."""
    at = instant(document.timestamp, hearing.received_at)
    if at is None:
        raise Malformed("instant")
    return at
