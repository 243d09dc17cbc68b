"""What waits to be sent to a place that listens to recordings, and what was sent: every step is written before the next is taken.

Rules that hold here:
- A recording is taken in once. Only calls of the named sources, only what was told since the place was there.
- An attempt is claimed by its number: of two who claim the same one, one has it.
- What was sent stays sent. What was parked or has failed waits again when a person says so, or when what was missing may be known now.
Raises django.db.Error throughout.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q

from stats.domain.notes import Recording
from stats.domain.outcomes import SettledCall, settle
from stats.domain.parcels import Reason, identifier_of
from stats.history.archive import archived, lock
from stats.history.note_tables import KeptDetail, KeptRecording
from stats.history.notes_reading import names_of, recording_of
from stats.history.outbox_tables import SinkState, Upload
from stats.models import Source

AT_ONCE = 500
# A recording may be told long after it began, by a worker whose clock is behind, and be kept later still.
LATE_MS = 2 * 86_400_000
OVERLAP_MS = 10 * 60_000
# Reasons that a change of the options may have done away with.
_MAY_BE_KNOWN = (Reason.AGENT_UNMAPPED, Reason.NO_AGENT, Reason.NO_CUSTOMER, Reason.NO_CALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """A recording with its call, as kept: what a parcel is made of. `call` None: not kept, or not over yet."""

    recording: Recording | None
    call: SettledCall | None
    labels: tuple[str, ...] = ()
    customer_name: str | None = None


def begin(organisation: str, sink: str, now_ms: int, expires_ms: int | None) -> SinkState:
    """The place's own row, made at the first start; what was parked for want of something is looked at anew."""
    first = {"from_ms": now_ms, "reached_ms": now_ms, "told_ms": now_ms}
    state, _ = SinkState.objects.get_or_create(organisation=organisation, sink=sink, defaults=first)
    # One that was taken away and is there again was nobody's choice in between.
    since = Source.objects.filter(organisation__slug=organisation, name=sink).values_list("created_at", flat=True).first()
    from_ms = max(state.from_ms, round(since.timestamp() * 1000) if since is not None else 0)
    SinkState.objects.filter(organisation=organisation, sink=sink).update(expires_ms=expires_ms, from_ms=min(from_ms, now_ms))
    mine = Upload.objects.filter(organisation=organisation, sink=sink)
    mine.filter(state="parked", reason__in=_MAY_BE_KNOWN).update(state="waiting", next_ms=now_ms)
    return state


def note_state(organisation: str, sink: str, state: str, words: str, now_ms: int) -> None:
    """How the place is."""
    SinkState.objects.filter(organisation=organisation, sink=sink).update(state=state, words=words[:240], told_ms=now_ms)


def state_of(organisation: str, sink: str) -> SinkState | None:
    """How the place is; None before anybody sent to it."""
    return SinkState.objects.filter(organisation=organisation, sink=sink).first()


def take_in(organisation: str, sink: str, sources: Collection[str], now_ms: int, *, whole: bool = False) -> int:
    """A row for every recording of these sources that was told since the last time. Returns how many.

    `whole`: of two days, whenever it was told: what lay in Redis while the database was away comes late.
    """
    state = SinkState.objects.get(organisation=organisation, sink=sink)
    since = now_ms - LATE_MS if whole else state.reached_ms - OVERLAP_MS
    there = Upload.objects.filter(organisation=organisation, sink=sink, source=OuterRef("source"), recording_id=OuterRef("recording_id"))
    told = KeptRecording.objects.filter(
        ~Exists(there),
        organisation=organisation,
        source__in=list(sources),
        at_ms__gte=max(state.from_ms, since - LATE_MS),
        told_ms__gte=since,
    )
    rows = list(
        told.order_by("told_ms", "source", "recording_id").values_list("source", "id_call", "recording_id", "at_ms", "told_ms")[:AT_ONCE]
    )
    with transaction.atomic():
        lock(f"{organisation}/{sink}/outbox")
        mine = Upload.objects.filter(organisation=organisation, sink=sink)
        for source, id_call, recording_id, at_ms, _told in rows:
            possible = (identifier_of(source, id_call), identifier_of(source, id_call, recording_id))
            free = next((each for each in possible if not mine.filter(identifier=each).exists()), None)
            if free is None:
                continue  # it is there already, or two ids that differ make one identifier: no more than one of them is sent
            row = {"id_call": id_call, "recording_id": recording_id, "identifier": free, "at_ms": at_ms, "next_ms": now_ms}
            if not mine.filter(source=source, recording_id=recording_id).exists():
                Upload.objects.create(organisation=organisation, sink=sink, source=source, **row)
        reached = rows[-1][4] if len(rows) == AT_ONCE else now_ms
        SinkState.objects.filter(organisation=organisation, sink=sink).update(reached_ms=max(state.reached_ms, reached))
    return len(rows)


def next_due(organisation: str, sink: str, now_ms: int, beside: Iterable[int]) -> Upload | None:
    """What has waited for its turn the longest, but for those that somebody has in hand."""
    waiting = Upload.objects.filter(organisation=organisation, sink=sink, state="waiting", next_ms__lte=now_ms)
    return waiting.exclude(pk__in=list(beside)).order_by("next_ms", "pk").first()


def filed(organisation: str, row: Upload) -> Filed:
    """What is known of an upload's call and recording."""
    recording = recording_of(organisation, row.source, row.id_call, row.recording_id)
    call = archived(organisation, row.source, row.id_call)
    settled = settle(call) if call is not None and call.over else None
    detail = KeptDetail.objects.filter(organisation=organisation, source=row.source, id_call=row.id_call, erased=False).first()
    names = names_of(organisation, [settled.number] if settled is not None and settled.number else [])
    return Filed(
        recording=recording,
        call=settled,
        labels=tuple(json.loads(detail.labels or "[]")) if detail is not None else (),
        customer_name=next(iter(names.values()), None) or (detail.customer_name or None if detail is not None else None),
    )


def claim(pk: int, tries: int, *, at_ms: int, agent: str, next_ms: int) -> bool:
    """Begin the attempt after so many; False when another has begun it, or it is not to be sent any more.

    `next_ms`: when to ask what became of it, should nobody live to say.
    """
    mine = Upload.objects.filter(pk=pk, tries=tries, state="waiting")
    return bool(mine.update(tries=tries + 1, unsure=True, at_ms=at_ms, agent=agent, next_ms=next_ms))


def settle_upload(pk: int, **changes: Any) -> None:
    """How it stands now; what was sent stays sent."""
    Upload.objects.filter(pk=pk).exclude(state="sent").update(**changes)


def unread(organisation: str, sink: str, now_ms: int, limit: int) -> Sequence[Upload]:
    """What was sent and is to be asked for now, oldest call first."""
    sent = Upload.objects.filter(organisation=organisation, sink=sink, read_next_ms__lte=now_ms)
    return list(sent.order_by("at_ms", "pk")[:limit])


def note_read(pk: int, **changes: Any) -> None:
    """What the place made of one, or when to ask again."""
    Upload.objects.filter(pk=pk).update(reads=F("reads") + 1, **changes)


def counts(organisation: str, sink: str) -> dict[str, int]:
    """How many are in each state; "analysed" of those sent."""
    mine = Upload.objects.filter(organisation=organisation, sink=sink)
    found = dict(mine.order_by().values_list("state").annotate(number=Count("pk")))
    found["analysed"] = mine.filter(analysed_ms__isnull=False).count()
    return found


def standing(organisation: str, sink: str, states: Sequence[str], limit: int) -> list[Upload]:
    """Those in these states, the newest call first."""
    return list(Upload.objects.filter(organisation=organisation, sink=sink, state__in=states).order_by("-at_ms", "pk")[:limit])


def reasons(organisation: str, sink: str) -> list[tuple[str, str, int]]:
    """(state, reason, how many) of what was not sent, the most first."""
    mine = Upload.objects.filter(organisation=organisation, sink=sink, state__in=("parked", "failed", "skipped"))
    return list(mine.order_by().values_list("state", "reason").annotate(number=Count("pk")).order_by("-number", "reason"))


def again(organisation: str, sink: str, now_ms: int, pks: Collection[int] | None = None) -> int:
    """Let what was parked or has failed wait again (`pks` None: all of it). Returns how many.

    One whose end is unknown is sent as if it had never gone out: whoever says so has looked.
    """
    mine = Upload.objects.filter(Q(state="parked") | Q(state="failed"), organisation=organisation, sink=sink)
    if pks is not None:
        mine = mine.filter(pk__in=list(pks))
    return mine.update(state="waiting", reason="", words="", tries=0, unsure=False, next_ms=now_ms)
