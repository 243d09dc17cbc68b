"""When nobody listened, kept for good.

Rules that hold here: a stretch only grows; one that began before anybody knows begins where the archive last knew that somebody listened.
"""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Max

from stats.domain.unheard import Unheard
from stats.history.rows import number
from stats.history.tables import ArchivedVisit, PresenceChange
from stats.history.unheard_tables import UnheardStretch


def upsert_unheard(organisation: str, stretches: Sequence[Unheard]) -> int:
    """Write these. Returns how many were asked for. Raises django.db.Error."""
    with transaction.atomic():
        for each in stretches:
            held = UnheardStretch.objects.filter(organisation=organisation, source=each.source, number=each.number).first()
            if held is None:
                held = UnheardStretch(
                    organisation=organisation,
                    source=each.source,
                    number=number(each.number) or 0,
                    start_ms=each.start or _listened_to(organisation, each),
                    end_ms=number(each.end) or 0,
                )
            elif each.start:
                held.start_ms = min(held.start_ms, each.start)
            held.end_ms = max(held.end_ms, each.end)
            held.last_ms = max((at for at in (held.last_ms, each.last) if at is not None), default=None)
            held.save()
    return len(stretches)


def _listened_to(organisation: str, stretch: Unheard) -> int:
    """The last instant before a stretch at which somebody was told of an agent, or at which another stretch ended; 0: never."""
    mine = {"organisation": organisation, "source": stretch.source}
    told = PresenceChange.objects.filter(**mine, at_ms__lt=stretch.end, told_ms__lt=stretch.end).order_by("-at_ms")
    ended = UnheardStretch.objects.filter(**mine, end_ms__lt=stretch.end).aggregate(at=Max("end_ms"))["at"] or 0
    heard = told.values_list("told_ms", flat=True).first() or 0
    if ended and not heard:
        # Where nobody tells of agents, a visit is told to who listens alone.
        visits = ArchivedVisit.objects.filter(**mine, at_ms__lt=stretch.end).order_by("-at_ms")
        heard = visits.values_list("at_ms", flat=True).first() or 0
    return max(heard, ended)


def unheard_stretches(organisation: str, source: str | None = None) -> list[Unheard]:
    """All of them, or those of one source; by source and in order. Raises django.db.Error."""
    found = UnheardStretch.objects.filter(organisation=organisation)
    rows = (found if source is None else found.filter(source=source)).order_by("source", "number")
    told = rows.values_list("source", "number", "start_ms", "end_ms", "last_ms")
    return [Unheard(source=source, number=n, start=start, end=end, last=last) for source, n, start, end, last in told]
