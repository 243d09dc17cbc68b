"""Finds what is kept beside a call, whose a number is, and one recording.

Rules that hold here: one question a table and a page, however many calls are on it; what comes out are the records that went in, and a
recording's `locator` is for the server alone.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stats.domain.notes import CallDetail, Recording, Transcript
from stats.history.note_tables import KeptContact, KeptDetail, KeptRecording, KeptTranscript
from stats.history.notes import turns_of

MOST_RECORDINGS = 100
MOST_PARTS = 100
NUMBERS_AT_ONCE = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class CallNotes:
    """What is kept beside one call. `erased`: its caller was erased, and there will be nothing."""

    recordings: Sequence[Recording] = ()
    transcripts: Sequence[Transcript] = ()
    detail: CallDetail | None = None
    erased: bool = False

    @property
    def sentiment(self) -> float | None:
        """The vendor's mark of the whole call; the mean of its parts where only those have one."""
        told = [each for each in self.transcripts if each.sentiment is not None]
        whole = [each.sentiment for each in told if not each.part] or [each.sentiment for each in told]
        marks = [mark for mark in whole if mark is not None]
        return sum(marks) / len(marks) if marks else None

    @property
    def has_words(self) -> bool:
        """Whether anything that was said is written down."""
        return any(each.text or each.turns for each in self.transcripts)


def notes_of(organisation: str, source: str, id_call: str) -> CallNotes:
    """What is kept beside a call. Raises django.db.Error."""
    where = {"organisation": organisation, "source": source, "id_call": id_call}
    recordings = KeptRecording.objects.filter(**where).order_by("at_ms", "recording_id")[:MOST_RECORDINGS]
    parts = KeptTranscript.objects.filter(**where).order_by("part")[:MOST_PARTS]
    detail = KeptDetail.objects.filter(**where).first()
    return CallNotes(
        recordings=[_recording(row) for row in recordings],
        transcripts=[_transcript(row) for row in parts],
        detail=_detail(detail) if detail is not None and not detail.erased else None,
        erased=detail is not None and detail.erased,
    )


def recording_of(organisation: str, source: str, id_call: str, recording_id: str) -> Recording | None:
    """One recording of a call; None where there is none. Raises django.db.Error."""
    row = KeptRecording.objects.filter(organisation=organisation, source=source, recording_id=recording_id, id_call=id_call).first()
    return _recording(row) if row is not None else None


def names_of(organisation: str, numbers: Iterable[str]) -> dict[str, str]:
    """Whose these numbers are, of those that are somebody's. The name that was told last wins. Raises django.db.Error."""
    wanted = sorted({number for number in numbers if number})
    found: dict[str, str] = {}
    for at in range(0, len(wanted), NUMBERS_AT_ONCE):
        rows = KeptContact.objects.filter(organisation=organisation, number__in=wanted[at : at + NUMBERS_AT_ONCE]).exclude(name="")
        found.update(rows.order_by("told_ms", "source", "contact_id").values_list("number", "name"))
    return found


def _recording(row: KeptRecording) -> Recording:
    return Recording(
        source=row.source,
        id_call=row.id_call,
        recording_id=row.recording_id,
        locator=row.locator,
        kind=row.kind or "call",
        agent=row.agent or None,
        started_at=row.started_ms,
        duration_ms=row.duration_ms,
        content_type=row.content_type or None,
        told_at=row.told_ms,
    )


def _transcript(row: KeptTranscript) -> Transcript:
    return Transcript(
        source=row.source,
        id_call=row.id_call,
        part=row.part,
        by=row.by_source or None,
        text=row.text or None,
        summary=row.summary or None,
        turns=turns_of(row.turns),
        sentiment=row.sentiment,
        silence_ms=row.silence_ms,
        told_at=row.told_ms,
    )


def _detail(row: KeptDetail) -> CallDetail:
    menus, keys, labels = (tuple(json.loads(written or "[]")) for written in (row.menus, row.keys, row.labels))
    return CallDetail(
        source=row.source,
        id_call=row.id_call,
        at=row.began_ms,
        direction=row.direction or None,
        called_number=row.called_number or None,
        customer_name=row.customer_name or None,
        status=row.status or None,
        hangup_side=row.hangup_side or None,
        error_code=row.error_code or None,
        error=row.error or None,
        sub_account=row.sub_account or None,
        parent_call=row.parent_call or None,
        menus=menus,
        keys=keys,
        labels=labels,
        crm_name=row.crm_name or None,
        crm_url=row.crm_url or None,
        told_at=row.told_ms,
    )
