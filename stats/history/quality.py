"""What places that listen to recordings made of the calls of some days: how many, how long, how silent, by outcome, tag and agent.

Rules that hold here: a call counts on the day it took place; calls that were sent and not listened to yet are told apart; hours are of
calls whose length was told, and say of how many. A call has as many tags as it has, so that those sum up to no total.
"""

import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet, Sum

from stats.history.outbox_tables import Upload
from stats.history.tables import ArchivedVisit

MOST_LINES = 200


@dataclass(frozen=True, slots=True)
class Group:
    """Calls that have something in common. Lengths in ms."""

    name: str
    calls: int
    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Everything. `measured`: how many of those sent have a length; `silence_ms` None: no silence was told."""

    sent: int = 0
    analysed: int = 0
    measured: int = 0
    duration_ms: int = 0
    silence_ms: int | None = None
    by_disposition: Sequence[Group] = ()
    by_tag: Sequence[Group] = ()
    by_agent: Sequence[Group] = ()  # `name` is a key


def quality(
    organisation: str, first_ms: int, end_ms: int, *, queues: Collection[str] | None = None, agents: Collection[str] = ()
) -> Quality:
    """Of calls that took place in [first, end), of these queues (None: whatever their queue) and agents (none: all).

    Raises django.db.Error.
    """
    rows = Upload.objects.filter(organisation=organisation, state="sent", at_ms__gte=first_ms, at_ms__lt=end_ms)
    if queues is not None:
        visits = ArchivedVisit.objects.filter(
            organisation=organisation, source=OuterRef("source"), id_call=OuterRef("id_call"), queue__in=list(queues)
        )
        rows = rows.filter(Exists(visits))
    if agents:
        rows = rows.filter(agent__in=list(agents))
    whole = rows.aggregate(
        sent=Count("pk"),
        analysed=Count("analysed_ms"),
        measured=Count("duration_ms"),
        duration_ms=Sum("duration_ms"),
        silence_ms=Sum("silence_ms"),
    )
    return Quality(
        sent=whole["sent"],
        analysed=whole["analysed"],
        measured=whole["measured"],
        duration_ms=whole["duration_ms"] or 0,
        silence_ms=whole["silence_ms"],
        by_disposition=_groups(rows.exclude(disposition=""), "disposition"),
        by_tag=_tags(rows),
        by_agent=_groups(rows.exclude(agent=""), "agent"),
    )


def _groups(rows: QuerySet[Upload], column: str) -> list[Group]:
    found: Any = rows.order_by().values_list(column).annotate(calls=Count("pk"), length=Sum("duration_ms")).order_by("-calls", column)
    return [Group(name, calls, length or 0) for name, calls, length in found[:MOST_LINES]]


def _tags(rows: QuerySet[Upload]) -> list[Group]:
    """Calls with the very same tags are counted in SQL, and taken apart here."""
    calls: Counter[str] = Counter()
    lengths: Counter[str] = Counter()
    found: Any = rows.exclude(tags="").order_by().values_list("tags").annotate(number=Count("pk"), length=Sum("duration_ms"))
    for written, number, length in found:
        for tag in set(json.loads(written)):
            calls[tag] += number
            lengths[tag] += length or 0
    return [Group(tag, number, lengths[tag]) for tag, number in sorted(calls.items(), key=lambda each: (-each[1], each[0]))[:MOST_LINES]]
