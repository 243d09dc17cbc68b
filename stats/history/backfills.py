"""Puts what a telephone system tells of its past into the archive, and remembers which days were told whole.

Rules that hold here:
- The past is merged with what is kept, as on the road: what it ends or changes is taken over, what it does not tell stays.
- What is written depends on what was told and on what was kept, never on when it was asked: told again, it changes nothing.
- Nobody who was erased comes back, and nothing that is past its term: neither whole calls, nor numbers, nor presence.
- A call that goes on is not the archive's yet; one that the vendor still calls open a day later has expired.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.db import transaction

from stats.domain.forgetting import slot_of, without_numbers
from stats.domain.merge import Told, merge_call
from stats.domain.outcomes import settle
from stats.domain.periods import QUARTER_MS, quarter_of
from stats.domain.records import Call, Journey, Offer, PresenceSlot, ProfileUse, Visit
from stats.history import archive, rows
from stats.history.backfill_tables import BackfillDay
from stats.history.marks import forgetting
from stats.history.partitions import EARLIEST_MS
from stats.history.retention import DAY_MS, Keep
from stats.history.rollup_tables import RolledQuarter
from stats.history.slots import upsert_slots
from stats.history.tables import ArchivedCall
from stats.history.telling import Telling
from stats.models import Organisation, PresenceSlotRow

# The past follows the stream by no more than this; what is older than that is older than what the past told.
LAG_MS = 15 * 60_000
STATES_TO_GO_ON = ("reading", "open", "incomplete")


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of calls: how many rows are new or changed, and how many calls still go on and were not kept."""

    changed: int
    open: int


def keep_told(organisation: str, source: str, told: Sequence[Call], now_ms: int) -> Kept:
    """Keep whole calls of the past, whose documents' `asof` is the instant they were asked for. Raises django.db.Error and ValueError."""
    with transaction.atomic():
        archive.lock(f"{organisation}/{source}")
        keep = Keep.of(Organisation.objects.get(slug=organisation))
        gone_before, bare_before = keep.before("calls", now_ms), keep.before("numbers", now_ms)
        forget = forgetting(organisation)
        starts = {call.id_call: rows.filed_at(settle(call).started_at) for call in told}
        held = archive._held(organisation, source, [rows.id_of(call) for call in told], list(starts.values()))
        tellings: list[Telling] = []
        replaced: list[tuple[str, int]] = []
        quarters: set[int] = set()
        still_open = 0
        for call in told:
            start = starts[call.id_call]
            if gone_before is not None and start < gone_before:
                continue
            call = forget.call(call if bare_before is None or start >= bare_before else without_numbers(call))
            there = held.get(rows.id_of(call), [])
            before: Call | None = None
            for each in there:
                if each.call is not None:
                    before = merge_call(before, each.call)
            whole = merge_call(before, call, Told("historic", LAG_MS))
            if not whole.over:
                if now_ms - _last_instant(whole) < DAY_MS:
                    still_open += 1
                    continue
                whole = replace(whole, expired=True)
            if len(there) == 1 and whole == before:
                continue
            tellings.append(Telling(as_known(whole)))
            for each in there:
                replaced.append((rows.id_of(call), each.at_ms))
                if each.call is not None:
                    quarters |= rows.rows_of(organisation, each.call)[3]
        if replaced:
            # `whole` has all that lay there: it stands in its place, even where the vendor now tells less than before.
            archive.remove(organisation, source, replaced)
            archive.mark(organisation, quarters)
        return Kept(archive.keep(organisation, source, tellings, now_ms) if tellings else 0, still_open)


def unknown_of(organisation: str, source: str, parts: Mapping[str, Call]) -> list[str]:
    """Of calls of which only parts were told, by id: those whose kept record lacks them. Raises django.db.Error."""
    if not parts:
        return []
    starts = [rows.filed_at(settle(call).started_at) for call in parts.values()]
    held = archive._held(organisation, source, list(parts), starts)
    forget = forgetting(organisation)
    lacking = []
    for id_call, part in parts.items():
        before = next((each.call for each in held.get(id_call, []) if each.call is not None), None)
        if before is None or before.journey is None or merge_call(before, forget.call(part), Told("historic", LAG_MS)) != before:
            lacking.append(id_call)
    return lacking


def as_known(call: Call) -> Call:
    """The call with each document known up to its own last instant: whoever tells it again, at whatever time, tells the same."""

    def known(document: Journey | Visit | Offer) -> int:
        return max((at for at in _instants(document)), default=0)

    return replace(
        call,
        journey=replace(call.journey, asof=known(call.journey)) if call.journey is not None else None,
        visits=tuple(replace(visit, asof=known(visit)) for visit in call.visits),
        offers=tuple(replace(offer, asof=known(offer)) for offer in call.offers),
    )


def _instants(document: Journey | Visit | Offer) -> list[int]:
    told: list[int | None] = [document.ended_at]
    if isinstance(document, Journey):
        told += [document.started_at, document.first_answered_at, document.last_answered_at]
    elif isinstance(document, Visit):
        told += [document.entered_at, document.started_at, document.answered_at]
    else:
        told += [document.began_at, document.answered_at]
    return [at for at in told if at is not None]


def _last_instant(call: Call) -> int:
    documents = (*call.visits, *call.offers, *((call.journey,) if call.journey is not None else ()))
    return max((at for document in documents for at in _instants(document)), default=0)


# --- presence slots ---------------------------------------------------------------------------------------------------

_OF_SLOT = ("calls_total", "calls_answered", "talk_ms")
_OF_USE = ("usage_ms", "busy_ms", "times")


def keep_slots(organisation: str, source: str, slots: Sequence[PresenceSlot], now_ms: int) -> int:
    """Keep slots of the past: what it tells is written, what it leaves out stays as the hourly batch told it. Returns how many changed."""
    if not slots:
        return 0
    with transaction.atomic():
        archive.lock(f"{organisation}/{source}")
        before = Keep.of(Organisation.objects.get(slug=organisation)).before("presence", now_ms)
        rename = forgetting(organisation).rename
        first, last = min(slot.start for slot in slots), max(slot.start for slot in slots)
        held = {
            (row.agent, row.start_ms, row.profile): row
            for row in PresenceSlotRow.objects.filter(organisation=organisation, source=source, start_ms__gte=first, start_ms__lte=last)
        }
        changed: list[PresenceSlot] = []
        for slot in slots:
            slot = slot_of(slot, rename)
            key = slot.agent.key
            if key is None or (before is not None and slot.start < before):
                continue
            for use in slot.profiles:
                row = held.get((rows.word(key, 64), slot.start, _profile(use)))
                if row is None:
                    changed.append(replace(slot, profiles=(use,)))
                elif (filled := _filled(slot, use, row)) is not None:
                    changed.append(filled)
        upsert_slots(organisation, changed)
        archive.mark(organisation, {quarter_of(slot.start) for slot in changed})
        return len(changed)


def _profile(use: ProfileUse) -> str:
    return rows.word(str(use.profile_id) if use.profile_id is not None else (use.name or "*"))


def _filled(slot: PresenceSlot, use: ProfileUse, row: PresenceSlotRow) -> PresenceSlot | None:
    """The told with what only the row knows; None where that is what the row says already."""
    use = replace(use, **{name: getattr(row, name) for name in _OF_USE if getattr(use, name) is None})
    if use.name is None and row.profile_name:
        use = replace(use, name=row.profile_name)
    if use.available is None:
        use = replace(use, available=row.available)
    slot = replace(slot, **{name: getattr(row, name) for name in _OF_SLOT if getattr(slot, name) is None})
    slot = replace(slot, end=slot.end if slot.end is not None else row.end_ms, profiles=(use,))
    if not slot.agent.name and row.agent_name:
        slot = replace(slot, agent=replace(slot.agent, name=row.agent_name))
    says = (row.agent_name, row.end_ms, row.profile_name, row.available, row.wrapup, row.unit)
    told = (rows.word(slot.agent.name), rows.number(slot.end), rows.word(use.name), use.available, use.wrapup, slot.unit)
    same = all(getattr(use, name) == getattr(row, name) for name in _OF_USE)
    same = same and all(getattr(slot, name) == getattr(row, name) for name in _OF_SLOT)
    return None if same and told == says else slot


# --- days -------------------------------------------------------------------------------------------------------------


def begin_day(organisation: str, source: str, bounds: tuple[int, int], now_ms: int, *, again: bool) -> BackfillDay | None:
    """The day's row, to be read from `reached_ms` on; None where it is done, and not to be done again."""
    row = BackfillDay._default_manager.filter(organisation=organisation, source=source, from_ms=bounds[0]).first()
    if row is not None and not again and row.to_ms == bounds[1]:
        return row if row.state in STATES_TO_GO_ON else None
    fresh = BackfillDay(
        organisation=organisation,
        source=source,
        from_ms=bounds[0],
        to_ms=bounds[1],
        reached_ms=bounds[0],
        state="reading",
        at_ms=now_ms,
    )
    with transaction.atomic():
        if row is None:
            _not_final(organisation, bounds)
        fresh.save(force_insert=row is None, force_update=row is not None)
    return fresh


def _not_final(organisation: str, bounds: tuple[int, int]) -> None:
    """A day that nobody watched whole is not final before it has been read: what a neighbour's calls made of it was never the truth."""
    quarters = RolledQuarter._default_manager.filter(organisation=organisation, quarter_ms__gte=bounds[0], quarter_ms__lt=bounds[1])
    if quarters.count() < (bounds[1] - bounds[0]) // QUARTER_MS:
        quarters.update(final_ms=None)


def write_day(day: BackfillDay) -> None:
    """The day as far as it came; what it says of the archive is in the archive already."""
    day.save(force_update=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far back the archive goes. Instants in epoch ms; None: nothing there.

    `first_call`: the start of the organisation's first kept call, of whichever source. `first`, `last`: first instant and last of the days
    that were told whole. `gaps`: [from, to) between those two that were not, first to last.
    """

    first_call: int | None = None
    first: int | None = None
    last: int | None = None
    gaps: tuple[tuple[int, int], ...] = ()


def reach(organisation: str, source: str) -> Reach:
    """See Reach. Raises django.db.Error."""
    calls = ArchivedCall._default_manager.filter(organisation=organisation, at_ms__gte=EARLIEST_MS)
    first_call = calls.order_by("at_ms").values_list("at_ms", flat=True).first()
    days = BackfillDay._default_manager.filter(organisation=organisation, source=source).order_by("from_ms")
    read = list(days.values_list("from_ms", "to_ms", "state"))
    done = [(first, end) for first, end, state in read if state == "done"]
    if not done:
        return Reach(first_call=first_call)
    gaps: list[tuple[int, int]] = []
    at = done[0][0]
    for first, end in done:
        if first > at:
            gaps.append((at, first))
        at = max(at, end)
    return Reach(first_call=first_call, first=done[0][0], last=at, gaps=tuple(gaps))
