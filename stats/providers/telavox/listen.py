"""A frame of one feed, or a row of the past, read and told: bytes in, tellings and Malformed out, and never an exception."""

from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from stats.domain.errors import Malformed
from stats.domain.records import Call, PresenceSlot, Telling
from stats.providers.telavox import presence, translate
from stats.providers.telavox.casing import camel
from stats.providers.telavox.hearing import Hearing
from stats.providers.telavox.reading import MAX_BATCH_BYTES, MAX_DOCUMENT_BYTES, Reader, check, strictly
from stats.providers.telavox.wire import AgentDocument, CallDocument, CallWords, QueueDocument, Shape
from stats.providers.telavox.wire_presence import PresenceDocument, ProfileTotal, SlotDocument

S = TypeVar("S", bound=Shape)
C = TypeVar("C", bound=CallWords)
Told = tuple[list[Telling], list[Malformed]]

MOST_IN_A_FRAME = 1_000


class Listener(Generic[S]):
    """Reads one kind of document and tells it; a document whose decisive fields are unreadable is not told."""

    def __init__(self, shape: type[S], tell: Callable[[S, Hearing], Telling], decisive: frozenset[str]) -> None:
        self._reader = Reader(shape)
        self._tell = tell
        self._decisive = decisive

    def hear(self, frame: bytes, hearing: Hearing) -> Told:
        """([telling], notes), or ([], [why not])."""
        try:
            document = self._reader.read(frame, hearing.notes)
            telling = self._tell(document, hearing)
        except Malformed as reason:
            return [], [reason]
        if hearing.notes:
            for note in hearing.notes:
                if note.reason == "wrong_type" and note.detail in self._decisive:
                    return [], [note]
        return [telling], hearing.notes


def row_listener(shape: type[C], tell: Callable[[C, Hearing], Call], decisive: frozenset[str]) -> Listener[C]:
    """A listener for rows of the past: camelCase, and lengths in the unit that each row's own instants prove."""

    def tell_row(document: C, hearing: Hearing) -> Telling:
        hearing.scale = translate.lengths_scale(document)
        return tell(document, hearing)

    return Listener(camel(shape), tell_row, decisive)


def hear_frame(listener: Listener[S], frame: bytes, source: str, region: str, received_at: int) -> Told:
    """A frame of one document, or of a few in an array: each is told alone, and a bad one costs only itself."""
    if frame[:64].lstrip()[:1] != b"[":
        return listener.hear(frame, Hearing(source, region, received_at))
    try:
        check(frame, limit=MAX_DOCUMENT_BYTES)
        documents = strictly(_ITEMS, frame)
        if not documents:
            raise Malformed("not_object", "list")
        if len(documents) > MOST_IN_A_FRAME:
            raise Malformed("too_many", f"{len(documents)} documents")
    except Malformed as reason:
        return [], [reason]
    tellings: list[Telling] = []
    malformed: list[Malformed] = []
    for document in documents:
        told, odd = listener.hear(bytes(document), Hearing(source, region, received_at))
        tellings += told
        malformed += odd
    return tellings, malformed


_SLOTS = Reader(SlotDocument)
_EXTRA = Reader(ProfileTotal)
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])


def hear_slots(frame: bytes, source: str, region: str, received_at: int) -> Told:
    """The hourly batch: one document a frame, or all of them in one array; a bad one costs only itself."""
    try:
        check(frame, limit=MAX_BATCH_BYTES)
        documents = [bytes(raw) for raw in strictly(_ITEMS, frame)] if frame.lstrip()[:1] == b"[" else [frame]
    except Malformed as reason:
        return [], [reason]
    tellings: list[Telling] = []
    malformed: list[Malformed] = []
    for document in documents:
        told, odd = _hear_slot(document, Hearing(source, region, received_at))
        tellings += told
        malformed += odd
    return tellings, malformed


def _hear_slot(document: bytes, hearing: Hearing) -> Told:
    try:
        fixed = _SLOTS.read(document, hearing.notes)
        raw = presence.extra_profiles(strictly(_FIELDS, document))
        extras = {name: _EXTRA.read(each, hearing.notes) for name, each in raw.items() if each != b"null"}
        told: PresenceSlot = presence.slot(fixed, extras, hearing)
    except Malformed as reason:
        return [], [reason]
    for note in hearing.notes:
        if note.reason == "wrong_type" and note.detail in presence.DECISIVE_OF_SLOTS:
            return [], [note]
    return [told], hearing.notes


CALLS = Listener(CallDocument, translate.journey, translate.DECISIVE[CallDocument])
QUEUES = Listener(QueueDocument, translate.visit, translate.DECISIVE[QueueDocument])
AGENTS = Listener(AgentDocument, translate.offer, translate.DECISIVE[AgentDocument])
PRESENCE = Listener(PresenceDocument, presence.presence, presence.DECISIVE)

CALL_ROWS = row_listener(CallDocument, translate.journey, translate.DECISIVE[CallDocument])
QUEUE_ROWS = row_listener(QueueDocument, translate.visit, translate.DECISIVE[QueueDocument])
AGENT_ROWS = row_listener(AgentDocument, translate.offer, translate.DECISIVE[AgentDocument])
SLOT_ROWS = Listener(camel(SlotDocument), lambda document, hearing: presence.slot(document, {}, hearing), presence.DECISIVE_OF_SLOTS)
