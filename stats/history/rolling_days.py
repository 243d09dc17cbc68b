"""A business day's rows: the sums of its quarters, and its agents' time by profile from the hourly slots that began in it.

Rules that hold here:
- A day is made whole from what it is made of, never by adding a difference; made twice it is the same.
- Days are those of one zone, the organisation's. When that changes all are made anew, the newest first (`RollupState.days_from_ms`).
"""

from collections.abc import Callable, Collection, Iterable
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Max, Min, Sum

from stats.domain.periods import business_day, day_bounds
from stats.history.archive import lock, mark
from stats.history.partitions import EARLIEST_MS
from stats.history.rolling_rows import AGENT_AMOUNTS, HISTOGRAMS, QUEUE_AMOUNTS, SITE_AMOUNTS, TABLES, add_counts, insert, take_out
from stats.history.rollup_tables import DAY, QUARTER, AgentRollup, ProfileDay, QueueRollup, RollupState, SiteRollup
from stats.history.settings_in_force import InForce
from stats.models import PresenceSlotRow

LIMITS = ("target_ms", "short_ms", "share", "variant")


def sum_day(organisation: str, timezone: str, day: str) -> None:
    """Make a day's rows of its quarters. In a transaction, under the lock of who adds up; raises django.db.Error."""
    first, end = day_bounds(day, timezone)
    take_out(organisation, DAY, [first])
    _sum(SiteRollup, "", SITE_AMOUNTS, organisation, first, end)
    _sum(AgentRollup, "agent", AGENT_AMOUNTS, organisation, first, end)
    quarters = QueueRollup._default_manager.filter(organisation=organisation, grain=QUARTER, start_ms__gte=first, start_ms__lt=end)
    told: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
    for source, queue, *rest in quarters.order_by("start_ms").values_list("source", "queue", *HISTOGRAMS, *LIMITS):
        told.setdefault((source, queue), []).append(tuple(rest))
    sums = quarters.values("source", "queue").order_by("source", "queue").annotate(
        **{f"{name}_": Sum(name) for name in QUEUE_AMOUNTS}, wait_max_=Max("wait_max"), definitions_=Min("definitions")
    )  # fmt: skip
    days = []
    for row in sums:
        of = told[(row["source"], row["queue"])]
        days.append(
            QueueRollup(
                organisation=organisation,
                grain=DAY,
                start_ms=first,
                **{name.removesuffix("_"): value for name, value in row.items()},
                **{name: add_counts(each[n] for each in of) for n, name in enumerate(HISTOGRAMS)},
                # What its newest quarter was counted by; all of a day are counted by the same.
                **dict(zip(LIMITS, of[-1][len(HISTOGRAMS) :], strict=True)),
            )
        )
    insert(QueueRollup, days)


def _sum(model: type[models.Model], key: str, amounts: Iterable[str], organisation: str, first: int, end: int) -> None:
    """In one statement: the rows of a day as sums of quarters."""
    table, by = model._meta.db_table, ["source", *([key] if key else [])]
    names = list(amounts)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (organisation, grain, start_ms, {', '.join([*by, *names])}, definitions)"  # noqa: S608
            f" SELECT organisation, {DAY}, {first}, {', '.join([*by, *(f'SUM({name})' for name in names)])}, MIN(definitions)"
            f" FROM {table} WHERE organisation = %s AND grain = {QUARTER} AND start_ms >= %s AND start_ms < %s"
            f" GROUP BY organisation, {', '.join(by)}",
            [organisation, first, end],
        )


def sum_profiles(organisation: str, timezone: str, day: str, whose: Collection[tuple[str, str]] | None = None) -> None:
    """Make the time by profile of a day, of all agents or of some (source, agent). In a transaction; raises django.db.Error."""
    first, end = day_bounds(day, timezone)
    slots = PresenceSlotRow.objects.filter(organisation=organisation, start_ms__gte=first, start_ms__lt=end)
    there = ProfileDay._default_manager.filter(organisation=organisation, start_ms=first)
    if whose is not None:
        agents = sorted({agent for _, agent in whose})
        slots, there = slots.filter(agent__in=agents), there.filter(agent__in=agents)
    there.delete()
    found: dict[tuple[str, str, str], ProfileDay] = {}
    rows = slots.order_by("start_ms", "source", "agent", "profile")
    for source, agent, profile, name, available, wrapup, usage, busy, times in rows.values_list(
        "source", "agent", "profile", "profile_name", "available", "wrapup", "usage_ms", "busy_ms", "times"
    ):
        place = (source, agent, profile)
        if place not in found:
            found[place] = ProfileDay(organisation=organisation, start_ms=first, source=source, agent=agent, profile=profile)
        row = found[place]
        # As the newest slot calls it.
        row.name, row.available, row.wrapup = name or row.name, available, wrapup
        row.usage_ms += usage or 0
        row.busy_ms += busy or 0
        row.times += times or 0
    insert(ProfileDay, [row for row in found.values() if row.usage_ms or row.busy_ms or row.times])


def profiles_changed(organisation: str, timezone: str, slots: Iterable[tuple[str, str, int]]) -> None:
    """Make the days anew in which slots (source, agent, instant) began. In the transaction that wrote them; raises django.db.Error."""
    days: dict[str, set[tuple[str, str]]] = {}
    for source, agent, start in slots:
        if start >= EARLIEST_MS:
            days.setdefault(business_day(start, timezone), set()).add((source, agent))
    if days:
        lock(f"{organisation}/profiles")
    for day, whose in sorted(days.items()):
        sum_profiles(organisation, timezone, day, whose)


def follow_zone(state: RollupState, timezone: str, now_ms: int) -> None:
    """See that days are those of this zone. In a transaction, under the lock of who adds up; raises django.db.Error."""
    if state.timezone == timezone:
        return
    organisation, before = state.organisation, state.timezone
    for model in TABLES:
        model._default_manager.filter(organisation=organisation, grain=DAY).delete()
    ProfileDay._default_manager.filter(organisation=organisation).delete()
    if before:
        # The quarters between the two midnights of a day on which a setting was changed are counted by another setting now.
        for day in InForce(organisation, timezone, {}).days:
            one, other = sorted((day_bounds(day, before)[0], day_bounds(day, timezone)[0]))
            mark(organisation, range(one, other, QUARTER * 60_000))
    state.timezone = timezone
    state.days_from_ms = day_bounds(business_day(now_ms, timezone), timezone)[1]
    state.save(update_fields=["timezone", "days_from_ms"])


def make_days(organisation: str, go_on: Callable[[], bool]) -> bool:
    """Make what days are not made yet in the organisation's zone. Returns whether it came to the end. Raises django.db.Error."""
    if not RollupState._default_manager.filter(organisation=organisation, days_from_ms__gt=0).exists():
        return True
    oldest = _oldest(organisation)
    while True:
        with transaction.atomic():
            lock(f"{organisation}/rollup")
            state = RollupState._default_manager.filter(organisation=organisation).first()
            if state is None or not state.days_from_ms:
                return True
            if oldest is None or state.days_from_ms <= oldest:
                state.days_from_ms = 0
            else:
                day = business_day(state.days_from_ms - 1, state.timezone)
                sum_day(organisation, state.timezone, day)
                lock(f"{organisation}/profiles")
                sum_profiles(organisation, state.timezone, day)
                state.days_from_ms = day_bounds(day, state.timezone)[0]
            state.save(update_fields=["days_from_ms"])
        if not go_on():
            return False


def _oldest(organisation: str) -> int | None:
    """The first quarter or slot there is."""
    starts = [PresenceSlotRow.objects.filter(organisation=organisation, start_ms__gte=EARLIEST_MS).aggregate(at=Min("start_ms"))["at"]]
    starts += [
        model._default_manager.filter(organisation=organisation, grain=QUARTER).aggregate(at=Min("start_ms"))["at"] for model in TABLES
    ]
    return min((start for start in starts if start is not None), default=None)


def days_from(organisation: str, timezone: str) -> int | None:
    """From which instant on rows of days (`grain` 1440) stand for the business days of this zone; None: none. Raises django.db.Error."""
    state = RollupState._default_manager.filter(organisation=organisation, timezone=timezone).first()
    return state.days_from_ms if state is not None else None
