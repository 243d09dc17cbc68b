"""What is kept beside a call, as its page shows it: recordings to play, what was said, and what else the telephone system told.

Rules that hold here: everything says who told it; sound and words are for whoever may hear recordings, names and numbers for whoever may
see numbers; where nothing was told the page says whether anything can come; an address of a vendor's is never in the page.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from stats.domain.notes import CallDetail, Recording, Transcript
from stats.domain.records import Party
from stats.history.notes_reading import CallNotes, names_of, notes_of
from wallboard.boards.figures import whole_seconds
from wallboard.boards.wording import source_title
from wallboard.pages.call.lengths import in_words
from wallboard.pages.call.reading import Reading
from wallboard.pages.call.reasons import reason_words
from wallboard.pages.call.vendor import Told, sources_of
from wallboard.pages.words import clock_time, iso, masked

# What was said comes so long after a call's end; from a place that recordings are sent to, within a day.
WORDS_WITHIN_MS = 2 * 3_600_000
SENT_WITHIN_MS = 24 * 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sounding:
    """A recording to play. `label` says whose and how long, for ears."""

    row: str
    address: str
    label: str
    what: str
    length: str
    time: str
    time_iso: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Something said: who, and how far into the call ("0:02"); "" where nobody told."""

    speaker: str
    at: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What was written down of a call, or of a part of it."""

    part: str
    by: str
    summary: str
    lines: tuple[Line, ...]
    text: str
    silence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A detail: what it is, what was told, and an address outside where there is one."""

    name: str
    value: str
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """Everything beside a call. `hidden`: how many recordings and transcripts this viewer may not have."""

    recordings: tuple[Sounding, ...] = ()
    words: tuple[Words, ...] = ()
    sentiment: str = ""
    facts: tuple[Fact, ...] = ()
    facts_by: str = ""
    hidden: int = 0
    customer: str = ""
    awaiting: bool = False
    may_look: bool = False
    tells_sound: bool = False
    tells_words: bool = False
    erased: bool = False
    answered: bool = True
    sources: Mapping[str, Told] = field(default_factory=dict)

    @property
    def is_shown(self) -> bool:
        """Whether the page has anything to say of recordings and words."""
        return bool(self.recordings or self.words or self.hidden or self.sentiment or self.tells_sound or self.tells_words or self.erased)


async def noted_of(reading: Reading, organisation: str, timezone: str) -> Noted:
    """What is kept beside this call, cut to its viewer."""
    number = reading.settled.number or ""
    try:
        kept, sources, names = await _read(organisation, reading.call.source, reading.call.id_call, number)
    except (DatabaseError, InterfaceError):
        return Noted(answered=False)
    own = sources.get(reading.call.source)
    may_hear, may_see = reading.viewer.may("recordings"), reading.viewer.may("numbers")
    detail = kept.detail
    customer = names.get(number, "") or (detail.customer_name or "" if detail is not None else "")
    tells_words = own is not None and (own.tells("transcripts") or own.tells("summaries"))
    return Noted(
        recordings=tuple(_sounding(reading, each, n, timezone) for n, each in enumerate(kept.recordings, 1)) if may_hear else (),
        words=tuple(_words(each) for each in kept.transcripts if _says(each)) if may_hear else (),
        sentiment=_sentiment(kept) if may_hear else "",
        facts=tuple(_facts(reading, detail, may_see=may_see)) if detail is not None else (),
        facts_by=source_title(reading.call.source),
        hidden=0 if may_hear else len(kept.recordings) + len(kept.transcripts),
        customer=customer if may_see else "",
        awaiting=may_hear and not kept.erased and _may_come(reading, kept, own, sources),
        may_look=may_hear
        and own is not None
        and own.tells("recordings")
        and not kept.recordings
        and not kept.erased
        and not reading.goes_on,
        tells_sound=own is not None and own.tells("recordings"),
        tells_words=tells_words,
        erased=kept.erased,
        sources=sources,
    )


@database_sync_to_async
def _read(organisation: str, source: str, id_call: str, number: str) -> tuple[CallNotes, dict[str, Told], dict[str, str]]:
    return notes_of(organisation, source, id_call), sources_of(organisation), names_of(organisation, [number])


def _may_come(reading: Reading, kept: CallNotes, own: Told | None, sources: Mapping[str, Told]) -> bool:
    """Whether what was said may still be told."""
    if kept.has_words or reading.goes_on or reading.settled.ended_at is None or not reading.settled.answered:
        return False
    past = reading.now - reading.settled.ended_at
    if own is not None and own.tells("transcripts") and past < WORDS_WITHIN_MS:
        return True
    return bool(kept.recordings) and past < SENT_WITHIN_MS and any(each.sinks and each.tells("transcripts") for each in sources.values())


def _sounding(reading: Reading, recording: Recording, n: int, timezone: str) -> Sounding:
    who = _agent(reading, recording.agent)
    what = _("Voicemail") if recording.kind == "voicemail" else pgettext("recording", "Recording %(n)d") % {"n": n}
    told = in_words(recording.duration_ms) if recording.duration_ms is not None else ""
    heard = _("%(what)s, %(agent)s") % {"what": what, "agent": who} if who else what
    return Sounding(
        row=f"r{n}",
        address=reverse("recording", args=[recording.source, recording.id_call, recording.recording_id]),
        label=f"{heard}, {told}" if told else heard,
        what=heard,
        length=whole_seconds(round(recording.duration_ms / 1000)) if recording.duration_ms is not None else "",
        time=clock_time(recording.started_at, timezone) if recording.started_at is not None else "",
        time_iso=iso(recording.started_at, timezone),
        by=source_title(recording.source),
    )


def _agent(reading: Reading, key: str | None) -> str:
    """An agent by the key a recording gives, as this viewer is told agents' names."""
    if not key:
        return ""
    for offer in reading.call.offers:
        party, known = reading.who.agent(reading.call.source, offer.agent)
        if key in (known, offer.agent.key):
            return reading.agent(party).name
    return reading.agent(_party(key)).name


def _party(key: str) -> Party:
    kind, _colon, rest = key.partition(":")
    if kind == "s" and rest:
        return Party(ref=rest)
    if kind == "a" and rest.isdecimal():
        return Party(account_id=int(rest))
    return Party(id=int(key)) if key.isdecimal() else Party(name=rest if kind == "n" else key)


def _says(words: Transcript) -> bool:
    return bool(words.text or words.turns or words.summary)


def _words(words: Transcript) -> Words:
    lines = [
        Line(
            speaker=turn.speaker or "",
            at=whole_seconds(turn.start_ms // 1000) if turn.start_ms is not None else "",
            text=turn.text,
        )
        for turn in words.turns
    ]
    return Words(
        part=words.part,
        by=source_title(words.by or words.source),
        summary=words.summary or "",
        lines=tuple(lines),
        text="" if lines else words.text or "",
        silence=in_words(words.silence_ms) if words.silence_ms is not None else "",
    )


def _sentiment(kept: CallNotes) -> str:
    """`71 of 100`; the page says what the ends of the scale mean."""
    return "" if kept.sentiment is None else f"{kept.sentiment:.0f}"


_SIDES = {
    "caller": lambda: _("the caller"),
    "agent": lambda: _("the agent"),
    "system": lambda: _("the telephone system"),
}


def _facts(reading: Reading, detail: CallDetail, *, may_see: bool) -> list[Fact]:
    called = detail.called_number or ""
    # Of a call that went out it is the customer's number.
    shown = called if detail.direction == "in" or may_see else masked(called)
    side = _SIDES.get(detail.hangup_side or "")
    told: list[tuple[str, str]] = [
        (_("Dialled number"), shown if called else ""),
        (_("Customer"), (detail.customer_name or "") if may_see else ""),
        (_("Status, in the telephone system's word"), detail.status or ""),
        (_("Who hung up"), side() if side is not None else detail.hangup_side or ""),
        (_("Fault"), _fault(detail)),
        (_("Menus"), " → ".join(detail.menus)),
        (_("Pressed or said"), ", ".join(detail.keys) if may_see else ""),
        (_("Labels"), ", ".join(detail.labels)),
        (_("Sub-account"), detail.sub_account or ""),
    ]
    facts = [Fact(name=name, value=value) for name, value in told if value]
    if detail.parent_call:
        facts.append(Fact(name=_("Belongs to call"), value=detail.parent_call))
    if may_see and (detail.crm_name or detail.crm_url):
        address = _outside(detail.crm_url)
        facts.append(Fact(name=_("In the customer register"), value=detail.crm_name or _("Open it there"), address=address))
    return facts


def _fault(detail: CallDetail) -> str:
    words = detail.error or reason_words(detail.error_code)
    return f"{words} ({detail.error_code})" if detail.error and detail.error_code else words


def _outside(address: str | None) -> str:
    """An address that may be followed: over https, to a host, and nothing that a browser would run."""
    if not address:
        return ""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return address if parts.scheme == "https" and parts.hostname and not parts.username else ""
