"""Clears away what an organisation no longer wants kept: whole calls with their notes, telephone numbers in calls, presence.

Rules that hold here:
- Nothing goes before somebody set a number of days; nothing younger than SHORTEST_DAYS ever goes, for the live store still tells it.
- Work goes in parts, each a transaction that ends with its answer to `go_on`; cut short and begun again it ends the same.
- A call without any instant is as old as its keeping. Days are counted back from `now_ms`, in whole days of 24 hours.
- Sums outlive calls (`rolling_clearing`). An agent's last change stays as long as it is in force, or time could not be told any more.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from django.db import models, transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from stats.domain.agent_states import AgentState
from stats.domain.errors import Malformed
from stats.domain.forgetting import without_numbers
from stats.domain.periods import QUARTER_MS, quarter_of
from stats.history import archive, notes_forgetting, rolling_clearing
from stats.history.partitions import EARLIEST_MS
from stats.history.tables import ArchivedCall, PresenceChange
from stats.history.writing import read_call, write_call
from stats.models import Organisation, PresenceSlotRow

DAY_MS = 86_400_000
# The live store holds a call for 50 hours and hands on what changes in it.
SHORTEST_DAYS = 3
LONGEST_DAYS = 3_650
AT_ONCE = 500

_OFF = {"state": AgentState.OFF, "queues": 0}

# Called between two parts with what the last one removed; False: stop here.
GoOn = Callable[[str, int], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """For how many days each is kept; None: for ever."""

    calls: int | None = None
    numbers: int | None = None
    presence: int | None = None
    audit: int | None = None

    @classmethod
    def of(cls, organisation: Organisation) -> "Keep":
        """As the organisation set it."""
        return cls(
            calls=organisation.keep_calls_days,
            numbers=organisation.keep_numbers_days,
            presence=organisation.keep_presence_days,
            audit=organisation.keep_audit_days,
        )

    def before(self, what: str, now_ms: int) -> int | None:
        """The instant before which `what` goes, epoch ms; None where it stays."""
        days: int | None = getattr(self, what)
        return None if days is None else now_ms - max(days, SHORTEST_DAYS) * DAY_MS


def preview(organisation: str, keep: Keep, now_ms: int) -> dict[str, int]:
    """How many rows would go now: calls, numbers (calls that lose theirs), presence. Raises django.db.Error."""
    found = {"calls": 0, "numbers": 0, "presence": 0}
    for what, rows in _going(organisation, keep, now_ms):
        found[what] += rows.count()
    return found


def clear(organisation: str, keep: Keep, now_ms: int, go_on: GoOn) -> bool:
    """Remove it. Returns whether it came to the end. Raises django.db.Error; what was removed stays removed."""
    before = keep.before("calls", now_ms)
    if before is not None:
        rolling_clearing.raise_horizon(organisation, "calls_from_ms", quarter_of(before))
        if not _in_parts(organisation, "calls", _calls(organisation, before), _remove_calls, go_on):
            return False
    before = keep.before("numbers", now_ms)
    if before is not None and not _in_parts(organisation, "numbers", _numbers(organisation, before), _blank_numbers, go_on):
        return False
    if not _clear_notes(organisation, keep, now_ms, go_on):
        return False
    if not _clear_presence(organisation, keep.before("presence", now_ms), go_on):
        return False
    timezone = Organisation.objects.filter(slug=organisation).values_list("timezone", flat=True).first()
    if timezone is not None:
        calls, presence = keep.before("calls", now_ms), keep.before("presence", now_ms)
        rolling_clearing.clear_agents(organisation, timezone, calls_before=calls, presence_before=presence)
    return True


def _clear_notes(organisation: str, keep: Keep, now_ms: int, go_on: GoOn) -> bool:
    def some(what: str, rows: QuerySet[models.Model], by: str) -> bool:
        return clear_rows(what, rows, by, go_on)

    calls, numbers = keep.before("calls", now_ms), keep.before("numbers", now_ms)
    return notes_forgetting.clear(organisation, calls, numbers, now_ms - SHORTEST_DAYS * DAY_MS, some)


def _clear_presence(organisation: str, before: int | None, go_on: GoOn) -> bool:
    if before is None:
        return True
    last = _followed(organisation, before).aggregate(at=Max("told_ms"))["at"]
    rolling_clearing.raise_horizon(organisation, "presence_from_ms", quarter_of(max(before, last or 0)) + QUARTER_MS)
    return (
        clear_rows("presence", _followed(organisation, before), "at_ms", go_on)
        # Now of each agent one is left: who is off, and in no queue, is done with.
        and clear_rows("presence", _old_changes(organisation, before).filter(**_OFF), "at_ms", go_on)
        and clear_rows("presence", _slots(organisation, before), "start_ms", go_on)
    )


def clear_rows(what: str, rows: QuerySet[models.Model], by: str, go_on: GoOn) -> bool:
    """Delete these rows, oldest first by the column `by`, some at a time. Returns whether it came to the end."""
    while True:
        with transaction.atomic():
            some = list(rows.order_by(by).values_list(by, flat=True)[:AT_ONCE])
            if not some:
                return True
            gone = rows.filter(**{f"{by}__lte": some[-1]}).delete()[0]
        if not go_on(what, gone):
            return False


def _going(organisation: str, keep: Keep, now_ms: int) -> Iterator[tuple[str, QuerySet[models.Model]]]:
    calls, numbers, presence = (keep.before(what, now_ms) for what in ("calls", "numbers", "presence"))
    if calls is not None:
        yield "calls", _calls(organisation, calls)
    if numbers is not None:
        found = _numbers(organisation, numbers)
        yield "numbers", found if calls is None else found.exclude(_older(calls))
    if presence is not None:
        yield "presence", _changes(organisation, presence)
        yield "presence", _slots(organisation, presence)


def _older(before: int) -> Q:
    return Q(at_ms__gte=EARLIEST_MS, at_ms__lt=before) | Q(at_ms__lt=EARLIEST_MS, kept_ms__lt=before)


def _calls(organisation: str, before: int) -> QuerySet[models.Model]:
    return ArchivedCall._default_manager.filter(_older(before), organisation=organisation)


def _numbers(organisation: str, before: int) -> QuerySet[models.Model]:
    # The column is empty where no document of the call tells a number.
    return ArchivedCall._default_manager.filter(_older(before), organisation=organisation, number__gt="")


def _old_changes(organisation: str, before: int) -> QuerySet[models.Model]:
    return PresenceChange._default_manager.filter(organisation=organisation, at_ms__lt=before)


def _followed(organisation: str, before: int) -> QuerySet[models.Model]:
    """Old changes that are in force no more: another old one of the same agent was told later."""
    later = Q(told_ms__gt=OuterRef("told_ms")) | Q(told_ms=OuterRef("told_ms"), at_ms__gt=OuterRef("at_ms"))
    following = _old_changes(organisation, before).filter(later, source=OuterRef("source"), agent=OuterRef("agent"))
    return _old_changes(organisation, before).filter(Exists(following))


def _changes(organisation: str, before: int) -> QuerySet[models.Model]:
    return _followed(organisation, before) | _old_changes(organisation, before).filter(**_OFF)


def _slots(organisation: str, before: int) -> QuerySet[models.Model]:
    return PresenceSlotRow._default_manager.filter(organisation=organisation, start_ms__lt=before)


Part = Mapping[str, list[tuple[str, int]]]


def _in_parts(organisation: str, what: str, rows: QuerySet[models.Model], remove: Callable[[str, Part], int], go_on: GoOn) -> bool:
    while True:
        by_source: dict[str, list[tuple[str, int]]] = {}
        for source, id_call, at_ms in rows.values_list("source", "id_call", "at_ms")[:AT_ONCE]:
            by_source.setdefault(source, []).append((id_call, at_ms))
        if not by_source:
            return True
        if not go_on(what, remove(organisation, by_source)):
            return False


def _remove_calls(organisation: str, part: Part) -> int:
    for source, gone in part.items():
        with transaction.atomic():
            archive.lock(f"{organisation}/{source}")
            rolling_clearing.calls_go(organisation, source, gone)
            archive.remove(organisation, source, gone)
            notes_forgetting.remove_of_calls(organisation, source, [id_call for id_call, _ in gone])
    return sum(len(gone) for gone in part.values())


def _blank_numbers(organisation: str, part: Part) -> int:
    for source, found in part.items():
        with transaction.atomic():
            archive.lock(f"{organisation}/{source}")
            notes_forgetting.blank_of_calls(organisation, source, [id_call for id_call, _ in found])
            for id_call, at_ms in found:
                mine = ArchivedCall.objects.filter(organisation=organisation, source=source, id_call=id_call, at_ms=at_ms)
                for record in list(mine.values_list("record", flat=True)):
                    try:
                        bare = write_call(without_numbers(read_call(record)))
                    except Malformed:
                        mine.delete()  # nobody can read it, and it may hold what must go
                    else:
                        mine.update(record=bare, number="")
    return sum(len(found) for found in part.values())
