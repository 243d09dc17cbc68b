"""What the archive knows of callers by their numbers: how often each called in a day, and of lost calls where and how long they waited."""

from collections.abc import Iterable, Mapping, Sequence

from django.db.models import Count

from stats.history.tables import ArchivedCall

_AT_ONCE = 400
# By call (source, id): the key of the last queue as it was kept, and the wait there in ms.
LastVisit = tuple[str, int | None]


def last_visits(organisation: str, calls: Mapping[str, Sequence[str]], first: int, end: int) -> dict[tuple[str, str], LastVisit]:
    """Of calls (ids by source) that started in [first, end). Raises django.db.Error."""
    found: dict[tuple[str, str], LastVisit] = {}
    kept = ArchivedCall.objects.filter(organisation=organisation, at_ms__gte=first, at_ms__lt=end)
    for source, ids in calls.items():
        for part in _parts(ids):
            rows = kept.filter(source=source, id_call__in=part).values_list("id_call", "last_queue", "last_wait_ms")
            found.update(((source, id_call), (queue, wait)) for id_call, queue, wait in rows)
    return found


def calls_by_number(organisation: str, numbers: Sequence[str], first: int, end: int) -> dict[str, int]:
    """How many incoming calls of each number started in [first, end). Raises django.db.Error."""
    kept = ArchivedCall.objects.filter(organisation=organisation, at_ms__gte=first, at_ms__lt=end, direction="in", internal=False)
    found: dict[str, int] = {}
    for part in _parts(numbers):
        found.update(kept.filter(number__in=part).order_by().values_list("number").annotate(n=Count("*")))
    return found


def _parts(values: Sequence[str]) -> Iterable[list[str]]:
    return (list(values[at : at + _AT_ONCE]) for at in range(0, len(values), _AT_ONCE))
