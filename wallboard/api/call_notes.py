"""What is kept beside a call, as programs are told it: how many recordings and how long, what was said, and what else the vendor told.

Rules that hold here: null is "not told", or not open to the token; where a recording lies, or what opens it, is told to nobody; a number
that one of ours dialled, a customer's name and what leads to them are for tokens with the scope `numbers`.
"""

from dataclasses import dataclass
from functools import partial

from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError

from stats.domain.notes import CallDetail, Transcript
from stats.domain.sums import seconds
from stats.history.notes_reading import CallNotes, notes_of
from wallboard.accounts.viewer import Viewer

NOTHING = CallNotes()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingsLine:
    """How many recordings there are, and how long each is in seconds, in the order of time."""

    count: int
    lengths: list[float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnLine:
    """Something said; times in seconds from the beginning of the sound."""

    speaker: str | None
    text: str
    start: float | None
    length: float | None
    confidence: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptLine:
    """What was written down of the call, or of a part of it. `by`: the source that did."""

    part: str
    by: str
    summary: str | None
    text: str | None
    turns: list[TurnLine]
    silence: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailsLine:
    """What else the vendor told of the call, in its own words."""

    called_number: str | None
    customer_name: str | None
    status: str | None
    hangup_side: str | None
    error_code: str | None
    error: str | None
    sub_account: str | None
    parent_call: str | None
    menus: list[str]
    keys: list[str]
    labels: list[str]
    crm_name: str | None
    crm_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotesLines:
    """What a call's document says of its notes."""

    recordings: RecordingsLine | None = None
    transcript: list[TranscriptLine] | None = None
    sentiment: float | None = None
    details: DetailsLine | None = None


async def call_notes(organisation: str, source: str, id_call: str, viewer: Viewer) -> NotesLines:
    """What the viewer may have of a call's notes; without an answer of the database nothing was told."""
    try:
        kept = await database_sync_to_async(partial(notes_of, organisation, source, id_call))()
    except (DatabaseError, InterfaceError):
        kept = NOTHING
    hears = viewer.may("recordings")
    lengths = [_seconds(each.duration_ms) for each in kept.recordings]
    return NotesLines(
        recordings=RecordingsLine(count=len(lengths), lengths=lengths) if lengths else None,
        transcript=[_transcript(each) for each in kept.transcripts if each.text or each.turns or each.summary] or None if hears else None,
        sentiment=kept.sentiment if hears else None,
        details=_details(kept.detail, whole=viewer.may("numbers")) if kept.detail is not None else None,
    )


def _transcript(told: Transcript) -> TranscriptLine:
    return TranscriptLine(
        part=told.part,
        by=told.by or told.source,
        summary=told.summary,
        text=told.text,
        turns=[
            TurnLine(
                speaker=turn.speaker,
                text=turn.text,
                start=_seconds(turn.start_ms),
                length=_seconds(turn.length_ms),
                confidence=turn.confidence,
            )
            for turn in told.turns
        ],
        silence=_seconds(told.silence_ms),
    )


def _details(told: CallDetail, *, whole: bool) -> DetailsLine:
    return DetailsLine(
        called_number=told.called_number if whole or told.direction == "in" else None,
        customer_name=told.customer_name if whole else None,
        status=told.status,
        hangup_side=told.hangup_side,
        error_code=told.error_code,
        error=told.error,
        sub_account=told.sub_account,
        parent_call=told.parent_call,
        menus=list(told.menus),
        keys=list(told.keys) if whole else [],
        labels=list(told.labels),
        crm_name=told.crm_name if whole else None,
        crm_url=told.crm_url if whole else None,
    )


def _seconds(ms: int | None) -> float | None:
    return None if ms is None else seconds(ms)
