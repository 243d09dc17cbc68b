"""What is to be added up: quarters that closed, quarters that were marked, quarters of other definitions, and in which order.

Rules that hold here: a quarter that closed is taken note of once ("due"), however long nobody looked; marks are taken away at the count at
which they were read, in the order of time, so that two who mark and take away never wait for each other.
"""

from collections.abc import Collection, Iterable, Mapping

from django.db import transaction
from django.db.models import Max, Min, Q

from stats.domain.metrics import DEFINITIONS
from stats.domain.periods import QUARTER_MS, business_day, day_bounds, quarter_of
from stats.history.archive import lock, mark
from stats.history.backfill_tables import BackfillDay
from stats.history.partitions import EARLIEST_MS
from stats.history.rolling_days import follow_zone
from stats.history.rollup_tables import RolledQuarter, RollupState
from stats.history.tables import DirtyQuarter, PresenceChange

AT_ONCE = 2_000
# No more quarters than these rest at a time: those that have just closed.
RESTING = 50
# So long a quarter must have stayed as it was added up, before it is taken for final.
RESTED_MS = 10 * 60_000
# Quarters of so long ago are wanted before all older ones, where the business day has just begun.
RECENT_MS = 6 * 3_600_000


def state_of(organisation: str) -> RollupState:
    """How far the sums of an organisation are. Raises django.db.Error."""
    return RollupState._default_manager.get_or_create(organisation=organisation)[0]


def take_note(organisation: str, timezone: str, now_ms: int) -> None:
    """Write down which quarters have closed since somebody last looked. Raises django.db.Error."""
    closed = quarter_of(now_ms)
    known = RollupState._default_manager.filter(organisation=organisation, timezone=timezone).first()
    if known is not None and known.rolled_to_ms is not None and known.rolled_to_ms >= closed:
        # Nothing is written every few seconds for nothing.
        return
    while True:
        with transaction.atomic():
            lock(f"{organisation}/rollup")
            state = state_of(organisation)
            follow_zone(state, timezone, now_ms)
            begin = state.rolled_to_ms if state.rolled_to_ms is not None else _first_watched(organisation, closed)
            until = min(closed, begin + AT_ONCE * QUARTER_MS)
            make_due(organisation, range(max(begin, quarter_of(state.calls_from_ms)), until, QUARTER_MS), now_ms)
            state.rolled_to_ms = max(begin, until)
            state.save(update_fields=["rolled_to_ms"])
            gone = RolledQuarter._default_manager.filter(organisation=organisation, quarter_ms__lt=state.calls_from_ms)
            gone.filter(state__in=("due", "started")).update(state="done")
            # Nothing is added up of what has no instant, or was cleared away.
            DirtyQuarter._default_manager.filter(organisation=organisation, quarter_ms__lt=max(EARLIEST_MS, state.calls_from_ms)).delete()
        if until >= closed:
            return


def _first_watched(organisation: str, closed: int) -> int:
    """From when on time goes by that may have to be counted without a call."""
    changes = PresenceChange.objects.filter(organisation=organisation, at_ms__gte=EARLIEST_MS).order_by("at_ms")
    first = changes.values_list("told_ms", flat=True).first()
    return min(closed, quarter_of(first)) if first is not None and first >= EARLIEST_MS else closed


def make_due(organisation: str, quarters: Iterable[int], now_ms: int) -> None:
    """Have quarters added up; those that wait or are being added up already stay as they are. Raises django.db.Error."""
    rows = [RolledQuarter(organisation=organisation, quarter_ms=q, state="due", definitions=0, at_ms=now_ms) for q in quarters]
    RolledQuarter._default_manager.bulk_create(rows, batch_size=200, ignore_conflicts=True)


def of_other_definitions(organisation: str) -> int:
    """Have everything added up anew that was added up by other definitions. Returns how many quarters. Raises django.db.Error."""
    with transaction.atomic():
        lock(f"{organisation}/rollup")
        others = RolledQuarter._default_manager.filter(
            organisation=organisation, state="done", quarter_ms__gte=state_of(organisation).calls_from_ms
        )
        return others.exclude(definitions=DEFINITIONS).update(state="due")


def next_due(
    organisation: str, timezone: str, now_ms: int, tried: Collection[int], at_once: int, claimed_ms: int, rest_ms: int = 0
) -> list[int]:
    """Some quarters of one business day to be added up next, none of `tried`, and no marked one that was added up within `rest_ms`.

    Raises django.db.Error.
    """
    today = day_bounds(business_day(now_ms, timezone), timezone)[0]
    state = RollupState._default_manager.filter(organisation=organisation).first()
    ever = max(EARLIEST_MS, state.calls_from_ms if state is not None else 0)
    for begin in (max(ever, min(today, quarter_of(now_ms - RECENT_MS))), ever):
        time = Q(organisation=organisation, quarter_ms__gte=begin, quarter_ms__lt=quarter_of(now_ms))
        free = Q(state="due") | Q(state="started", at_ms__lte=now_ms - claimed_ms)
        limit = at_once + len(tried) + RESTING
        due = set(RolledQuarter._default_manager.filter(time & free).order_by("quarter_ms").values_list("quarter_ms", flat=True)[:limit])
        due |= set(DirtyQuarter._default_manager.filter(time).order_by("quarter_ms").values_list("quarter_ms", flat=True)[:limit])
        lately = RolledQuarter._default_manager.filter(time, state="done", at_ms__gt=now_ms - rest_ms) if rest_ms else None
        resting = set(lately.filter(quarter_ms__in=due).values_list("quarter_ms", flat=True)) if lately is not None else set()
        some = sorted(due - set(tried) - resting)
        if some:
            day = business_day(some[0], timezone)
            return [quarter for quarter in some[:at_once] if business_day(quarter, timezone) == day]
    return []


def take_marks(organisation: str, read: Mapping[int, int], put: Collection[int]) -> None:
    """Take marks away that are still what was read, and put others. In a transaction; raises django.db.Error."""
    for quarter in sorted({*read, *put}):
        if quarter in read:
            DirtyQuarter._default_manager.filter(organisation=organisation, quarter_ms=quarter, marks=read[quarter]).delete()
        if quarter in put:
            mark(organisation, [quarter])


def settle_final(organisation: str, now_ms: int, final_ms: int) -> None:
    """Take for final what was over so long ago, waits for nothing and has rested. Raises django.db.Error."""
    marked = DirtyQuarter._default_manager.filter(organisation=organisation).values("quarter_ms")
    over = RolledQuarter._default_manager.filter(
        organisation=organisation, final_ms__isnull=True, state="done", quarter_ms__lte=now_ms - QUARTER_MS - final_ms
    )
    over = over.exclude(quarter_ms__in=marked)
    # What was read whole needs no rest; what a collector reads of its first day comes bit by bit.
    over = over.filter(Q(at_ms__lte=now_ms - RESTED_MS) | _in_days(organisation, "done")).exclude(_in_days(organisation, "reading"))
    if over.exists():
        over.update(final_ms=now_ms)


def _in_days(organisation: str, state: str) -> Q:
    """The quarters of days of a telephone system's past that are in this state of being read."""
    waits = RolledQuarter._default_manager.filter(organisation=organisation, final_ms__isnull=True)
    span = waits.aggregate(first=Min("quarter_ms"), last=Max("quarter_ms"))
    found = Q(quarter_ms__in=[])
    if span["first"] is None:
        return found
    days = BackfillDay._default_manager.filter(organisation=organisation, state=state, to_ms__gt=span["first"], from_ms__lte=span["last"])
    stretches: list[list[int]] = []
    for first, end in days.order_by("from_ms").values_list("from_ms", "to_ms"):
        if stretches and first <= stretches[-1][1]:
            stretches[-1][1] = max(end, stretches[-1][1])
        else:
            stretches.append([first, end])
    for first, end in stretches:
        found |= Q(quarter_ms__gte=first, quarter_ms__lt=end)
    return found


def dirty_in(organisation: str, first: int, end: int) -> list[int]:
    """See `rolling.dirty_in`."""
    state = RollupState._default_manager.filter(organisation=organisation).first() or RollupState(organisation=organisation)
    begin = max(first, state.calls_from_ms)
    time = Q(organisation=organisation, quarter_ms__gte=begin, quarter_ms__lt=end)
    found = set(DirtyQuarter._default_manager.filter(time).values_list("quarter_ms", flat=True))
    found |= set(RolledQuarter._default_manager.filter(time, state__in=("due", "started")).values_list("quarter_ms", flat=True))
    others = RolledQuarter._default_manager.filter(time, state="done").exclude(definitions=DEFINITIONS)
    found |= set(others.values_list("quarter_ms", flat=True))
    if state.rolled_to_ms is not None:
        known = set(RolledQuarter._default_manager.filter(time, quarter_ms__gte=state.rolled_to_ms).values_list("quarter_ms", flat=True))
        found |= set(range(max(quarter_of(begin), state.rolled_to_ms), end, QUARTER_MS)) - known
    return sorted(found)


def waits_since(organisation: str, timezone: str, now_ms: int) -> int | None:
    """When the oldest quarter of today closed that is not added up yet, epoch ms; None where none waits. Raises django.db.Error."""
    today = min(day_bounds(business_day(now_ms, timezone), timezone)[0], quarter_of(now_ms - RECENT_MS))
    state = RollupState._default_manager.filter(organisation=organisation).first()
    if state is None or state.rolled_to_ms is None:
        return None
    rows = RolledQuarter._default_manager.filter(organisation=organisation, quarter_ms__gte=today, quarter_ms__lt=quarter_of(now_ms))
    waiting = rows.filter(state__in=("due", "started"), final_ms=None).order_by("quarter_ms").values_list("quarter_ms", flat=True).first()
    closed = [*([waiting] if waiting is not None else []), *([state.rolled_to_ms] if state.rolled_to_ms < quarter_of(now_ms) else [])]
    return min(closed) + QUARTER_MS if closed else None
