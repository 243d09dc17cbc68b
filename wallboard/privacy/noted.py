"""What vendors told beside a person's calls, as it is packed for them: words, details, recordings, messages, contacts.

Rules that hold here: where a recording lies is not theirs to know, that there is one is; of a message the other end is masked.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from typing import Any

from stats.domain.notes import Transcript
from stats.domain.records import Call
from stats.history.note_tables import KeptContact, KeptRecording
from stats.history.notes_forgetting import contacts_of, messages_of
from stats.history.notes_reading import notes_of
from wallboard.pages.words import masked
from wallboard.privacy.person import Wanted
from wallboard.push.naming import shortened

AT_ONCE = 500
_AT_THE_VENDOR = "locator"
RECORDINGS = ("source", "id_call", "recording_id", "kind", "agent", "started_ms", "duration_ms", "content_type")
MESSAGES = (
    "source",
    "message_id",
    "channel",
    "direction",
    "sender",
    "recipient",
    "status",
    "sent_ms",
    "updated_ms",
    "pages",
    "attachments",
)
CONTACTS = ("source", "contact_id", "number", "name", "told_ms")


def of_calls(wanted: Wanted, calls: Iterable[tuple[str, Call]]) -> Iterator[str]:
    """What is kept beside each call that has anything, one JSON object each."""
    for _, call in calls:
        kept = notes_of(wanted.organisation.slug, call.source, call.id_call)
        told: dict[str, Any] = {
            "recordings": [{k: v for k, v in asdict(each).items() if k != _AT_THE_VENDOR} for each in kept.recordings],
            "transcripts": [asdict(_theirs(each)) for each in kept.transcripts],
            "detail": asdict(kept.detail) if kept.detail is not None else None,
        }
        if any(told.values()):
            yield json.dumps({"source": call.source, "id_call": call.id_call, **told}, ensure_ascii=False)


def _theirs(words: Transcript) -> Transcript:
    """Others are named by first name and initial here too."""
    return replace(words, turns=tuple(replace(turn, speaker=shortened(turn.speaker) if turn.speaker else None) for turn in words.turns))


def recordings(wanted: Wanted) -> Iterator[str]:
    """Recordings on which an agent is heard."""
    found = KeptRecording.objects.filter(organisation=wanted.organisation.slug, agent__in=wanted.person.agents).order_by("at_ms")
    return _written(RECORDINGS, found.values_list(*RECORDINGS).iterator(AT_ONCE))


def messages(wanted: Wanted) -> Iterator[str]:
    """Messages from and to a number."""
    number = wanted.person.number
    for row in messages_of(wanted.organisation.slug, number).order_by("at_ms").values_list(*MESSAGES).iterator(AT_ONCE):
        told = dict(zip(MESSAGES, row, strict=True))
        for end in ("sender", "recipient"):
            told[end] = told[end] if told[end] in ("", number) else masked(told[end])
        yield json.dumps(told, ensure_ascii=False)


def contacts(wanted: Wanted) -> Iterator[str]:
    """The names a number has."""
    found: Any = contacts_of(wanted.organisation.slug, wanted.person.number).order_by("told_ms")
    return _written(CONTACTS, found.values_list(*CONTACTS).iterator(AT_ONCE))


def held(wanted: Wanted) -> dict[str, int]:
    """How much of it there is, beside what hangs on calls. Raises django.db.Error."""
    slug = wanted.organisation.slug
    if wanted.is_agent:
        counts = {"notes": KeptRecording.objects.filter(organisation=slug, agent__in=wanted.person.agents).count()}
    else:
        number = wanted.person.number
        counts = {
            "messages": messages_of(slug, number).count(),
            "contacts": KeptContact.objects.filter(organisation=slug, number=number).count(),
        }
    return {what: number for what, number in counts.items() if number}


def _written(columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    return (json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) for row in rows)
