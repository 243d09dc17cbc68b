"""Reads what the report of details shows, in one look at the database.

Rules that hold here: never more queues than the viewer sees; messages only for who sees all; means are of what was told alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stats.domain.periods import business_day
from stats.history import notes_reports
from stats.history.notes_reports import BY, Mean, Told
from stats.history.rollup_tables import PartyName
from wallboard.pages.call.vendor import Told as Source
from wallboard.pages.call.vendor import sources_of
from wallboard.pages.frame import Visit
from wallboard.reports.asked import Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """The mean of `number` marks, 0 to 100, of a queue, an agent or a day."""

    key: str
    number: int
    mean: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Everything of the report. `number`: calls of which anything was told; `calls`: a page of them and one more."""

    number: int = 0
    by: Mapping[str, list[tuple[str, int]]] = field(default_factory=dict)
    together: list[tuple[dict[str, str], int]] = field(default_factory=list)
    calls: list[Told] = field(default_factory=list)
    messages: list[tuple[dict[str, str], int]] = field(default_factory=list)
    sentiment: Mapping[str, list[Means]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)

    @property
    def anything(self) -> bool:
        """Whether there is any of it."""
        return bool(self.number or self.messages or any(self.sentiment.values()))


def read_details(visit: Visit, asked: Asked, only: Mapping[str, str], before: tuple[int, str] | None) -> Found:
    """What was told of the days asked for, narrowed by `only`. Raises django.db.Error."""
    organisation = visit.viewer.organisation
    span = asked.span(organisation, visit.timezone, visit.viewer)
    first, end = span.bounds
    kept = notes_reports.kept_details(organisation, first, end, span.queues, only)
    sentiment = means_of(visit, asked) if visit.may("recordings") else {}
    keys = {mean.key for by, means in sentiment.items() if by != "day" for mean in means}
    names = PartyName._default_manager.filter(organisation=organisation, key__in=keys).exclude(name="") if keys else None
    return Found(
        number=kept.count(),
        by={name: notes_reports.counted_by(kept, name) for name in BY if name not in only},
        together=notes_reports.counted_together(kept),
        calls=notes_reports.calls_of(kept, before) if only else [],
        messages=notes_reports.messages(organisation, first, end) if visit.viewer.queues is None and not span.queues else [],
        sentiment=sentiment,
        names=dict(names.values_list("key", "name")) if names is not None else {},
        sources=sources_of(organisation),
    )


def means_of(visit: Visit, asked: Asked) -> dict[str, list[Means]]:
    """Mean sentiment by queue, by agent (for who may see agents) and by business day."""
    organisation = visit.viewer.organisation
    span = asked.span(organisation, visit.timezone, visit.viewer)
    first, end = span.bounds
    found = {
        by: _means(notes_reports.sentiment(organisation, first, end, span.queues, by))
        for by in ("queue", *(("agent",) if visit.may("agents") else ()))
    }
    days: dict[str, list[Mean]] = {}
    for mean in notes_reports.sentiment(organisation, first, end, span.queues, "time"):
        days.setdefault(business_day(int(mean.key), visit.timezone), []).append(mean)
    found["day"] = _means(
        [Mean(key=day, number=sum(each.number for each in some), sum=sum(each.sum for each in some)) for day, some in sorted(days.items())]
    )
    return found


def _means(told: list[Mean]) -> list[Means]:
    return [Means(key=each.key, number=each.number, mean=each.sum / each.number) for each in told if each.key and each.number]
