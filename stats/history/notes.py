"""Keeps what vendors tell beside the calls: each note in the row of its own key, put together with what was told of it before.

Rules that hold here:
- What is not told clears nothing. Of two tellings the later one's words stand, in whatever order they come; the earlier one fills gaps.
- One writer of a source at a time, under the lock of its calls; told again it is the same row.
- Whoever was erased is kept out: of a message the number goes, a contact is not kept, and of a call whose caller was erased nothing is.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

from django.db import models, transaction

from stats.domain.notes import CallDetail, CallErased, Contact, Message, Note, Recording, Transcript, Turn
from stats.history.archive import lock
from stats.history.erased import Forgetting
from stats.history.marks import forgetting
from stats.history.note_tables import KeptContact, KeptDetail, KeptMessage, KeptRecording, KeptTranscript
from stats.history.rows import LONGEST_ID, number, small, word

AT_ONCE = 200
LONGEST_TEXT = 400_000
MOST_TURNS = 5_000
MOST_WORDS = 50
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Table:
    """A kind of note: its table, the columns of its key beside organisation and source, and those that hold an instant of its own."""

    model: type[models.Model]
    key: tuple[str, ...]
    own_instant: str = ""


_TABLES: Mapping[type[Note], _Table] = {
    Recording: _Table(KeptRecording, ("recording_id",), "started_ms"),
    Transcript: _Table(KeptTranscript, ("id_call", "part")),
    CallDetail: _Table(KeptDetail, ("id_call",), "began_ms"),
    Message: _Table(KeptMessage, ("message_id",), "sent_ms"),
    Contact: _Table(KeptContact, ("contact_id", "number")),
}


def upsert_notes(organisation: str, notes: Sequence[Note]) -> int:
    """Keep notes. Returns how many were asked for. Raises django.db.Error, or ValueError for one that can never be kept."""
    by_source: dict[str, list[Note]] = {}
    for note in notes:
        by_source.setdefault(note.source, []).append(note)
    for source in sorted(by_source):
        with transaction.atomic():
            lock(f"{organisation}/{source}")
            # Asked under the lock, so that no erasing comes in between.
            forget = forgetting(organisation)
            mine = by_source[source]
            for note in mine:
                if isinstance(note, CallErased):
                    forget_call(organisation, source, note.id_call, note.told_at)
            shut = _shut(organisation, source, {note.id_call for note in mine if isinstance(note, Recording | Transcript | CallDetail)})
            for kind, table in _TABLES.items():
                told = [note for note in mine if type(note) is kind and getattr(note, "id_call", None) not in shut]
                for at in range(0, len(told), AT_ONCE):
                    _keep(organisation, source, table, told[at : at + AT_ONCE], forget)
            for note in mine:
                if isinstance(note, Contact) and not note.number and not note.name:
                    _remove_contact(organisation, note)
    return len(notes)


def forget_call(organisation: str, source: str, id_call: str, told_ms: int) -> int:
    """Take everything away that is kept beside a call, and take nothing in any more. Returns how many rows went. Under the lock."""
    where = {"organisation": organisation, "source": source, "id_call": _id(id_call)}
    gone = sum(table._default_manager.filter(**where).delete()[0] for table in (KeptRecording, KeptTranscript))
    gone += KeptDetail._default_manager.filter(**where, erased=False).delete()[0]
    KeptDetail._default_manager.get_or_create(**where, defaults={"erased": True, "at_ms": told_ms, "told_ms": told_ms})
    return gone


def _shut(organisation: str, source: str, ids: Iterable[str]) -> set[str]:
    found = KeptDetail._default_manager.filter(organisation=organisation, source=source, id_call__in=list(ids), erased=True)
    return set(found.values_list("id_call", flat=True))


def _remove_contact(organisation: str, contact: Contact) -> None:
    """The vendor has removed a contact and does not say which numbers it had."""
    mine = KeptContact._default_manager.filter(organisation=organisation, source=contact.source, contact_id=_id(contact.contact_id))
    mine.filter(told_ms__lte=contact.told_at).update(name="", told_ms=contact.told_at)


def _keep(organisation: str, source: str, table: _Table, notes: Sequence[Note], forget: Forgetting) -> None:
    rows = [row for note in notes if (row := row_of(note, forget)) is not None]
    if not rows:
        return
    names = [field.name for field in table.model._meta.concrete_fields if field.name not in ("pk", "organisation", "source")]
    first = table.key[0]
    there = table.model._default_manager.filter(organisation=organisation, source=source, **{f"{first}__in": [row[first] for row in rows]})
    held: dict[tuple[Any, ...], Row] = {tuple(row[name] for name in table.key): row for row in there.values(*names)}
    touched: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        place = tuple(row[name] for name in table.key)
        before = held.get(place)
        merged = row if before is None else together(before, row)
        merged["at_ms"] = merged.get(table.own_instant) or merged.get("at_ms") or merged["told_ms"]
        held[place] = touched[place] = merged
    table.model._default_manager.bulk_create(
        [table.model(organisation=organisation, source=source, **{k: v for k, v in row.items() if k in names}) for row in touched.values()],
        batch_size=100,
        update_conflicts=True,
        unique_fields=["organisation", "source", *table.key],
        update_fields=[name for name in names if name not in table.key],
    )


def together(before: Row, told: Row) -> Row:
    """Two tellings of one note: the later one's words, and the other's where it has none."""
    later, earlier = (told, before) if _age(told) >= _age(before) else (before, told)
    # An empty name of a contact is told: the vendor has removed it.
    return {**earlier, **{name: value for name, value in later.items() if value not in (None, "") or name == "name"}}


def _age(row: Row) -> tuple[int, int]:
    """A message that says when it changed is as old as that, however late it is told."""
    return row.get("updated_ms") or row["told_ms"], row["told_ms"]


# --- from a note to its columns ---------------------------------------------------------------------------------------


@singledispatch
def row_of(note: Note, forget: Forgetting) -> Row | None:
    """A note's columns, without those that were not told; None where nothing of it may be kept."""
    return None


@row_of.register
def _(note: Recording, forget: Forgetting) -> Row:
    return {
        "recording_id": _id(note.recording_id),
        "id_call": _id(note.id_call),
        "locator": word(note.locator, 4_000),
        "kind": word(note.kind, 20) if note.kind != "call" else "",  # what is said where nothing else is known
        "agent": word(forget.key(note.agent)) if note.agent else "",
        "started_ms": number(note.started_at),
        "duration_ms": number(note.duration_ms),
        "content_type": word(note.content_type, 100),
        "told_ms": note.told_at,
    }


@row_of.register
def _(note: Transcript, forget: Forgetting) -> Row:
    return {
        "id_call": _id(note.id_call),
        "part": word(note.part, 200),
        "by_source": word(note.by, 60),
        "text": word(note.text, LONGEST_TEXT),
        "summary": word(note.summary, LONGEST_TEXT),
        "turns": _turns(note.turns),
        "sentiment": note.sentiment,
        "silence_ms": number(note.silence_ms),
        "told_ms": note.told_at,
    }


@row_of.register
def _(note: CallDetail, forget: Forgetting) -> Row:
    called = note.called_number or ""
    return {
        "id_call": _id(note.id_call),
        "began_ms": number(note.at),
        "direction": word(note.direction, 10),
        "called_number": "" if called and forget.is_erased(called) else word(called),
        "customer_name": word(note.customer_name),
        "status": word(note.status, 100),
        "hangup_side": word(note.hangup_side, 20),
        "error_code": word(note.error_code, 60),
        "error": word(note.error, 2_000),
        "sub_account": word(note.sub_account),
        "parent_call": word(note.parent_call, LONGEST_ID),
        "menus": _listed(note.menus),
        "keys": _listed(note.keys),
        "labels": _listed(note.labels),
        "crm_name": word(note.crm_name),
        "crm_url": word(note.crm_url, 2_000),
        "told_ms": note.told_at,
    }


@row_of.register
def _(note: Message, forget: Forgetting) -> Row:
    ends = {"sender": note.sender or "", "recipient": note.recipient or ""}
    return {
        "message_id": _id(note.message_id),
        "channel": word(note.channel, 20),
        "direction": word(note.direction, 10),
        **{name: "" if end and forget.is_erased(end) else word(end) for name, end in ends.items()},
        "status": word(note.status, 100),
        "sent_ms": number(note.sent_at),
        "updated_ms": number(note.updated_at),
        "pages": small(note.pages),
        "attachments": small(note.attachments),
        "told_ms": note.told_at,
    }


@row_of.register
def _(note: Contact, forget: Forgetting) -> Row | None:
    if not note.number or forget.is_erased(note.number):
        return None
    return {"contact_id": _id(note.contact_id), "number": word(note.number), "name": word(note.name), "told_ms": note.told_at}


def _id(told: str) -> str:
    if len(told) > LONGEST_ID:
        raise ValueError("id")
    return word(told, LONGEST_ID)


def _turns(turns: Sequence[Turn]) -> str:
    kept: list[list[Any]] = []
    room = LONGEST_TEXT
    for turn in turns[:MOST_TURNS]:
        room -= len(turn.text)
        if room < 0:
            break
        kept.append([word(turn.text, LONGEST_TEXT), word(turn.speaker), turn.start_ms, turn.length_ms, turn.confidence])
    return json.dumps(kept, ensure_ascii=False) if kept else ""


def _listed(words: Sequence[str]) -> str:
    return json.dumps([word(each) for each in words[:MOST_WORDS]], ensure_ascii=False) if words else ""


def turns_of(written: str) -> tuple[Turn, ...]:
    """The turns a column holds."""
    return tuple(
        Turn(text=t, speaker=who or None, start_ms=at, length_ms=ms, confidence=sure)
        for t, who, at, ms, sure in json.loads(written or "[]")
    )
