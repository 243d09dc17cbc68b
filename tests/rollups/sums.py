"""An archive with calls and presence in it, rolled, and its tables as plain values that can be compared."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from stats.domain.presence_changes import PresenceSeen
from stats.domain.records import Call
from stats.history import archive, rolling
from stats.history.changes import upsert_changes
from stats.history.rollup_tables import AgentRollup, ProfileDay, QueueRollup, Restatement, SiteRollup
from stats.history.telling import Telling
from stats.models import Organisation
from tests.history.calls import NOON, SOURCE

ORGANISATION = "default"
HOUR_MS, QUARTER_MS = 3_600_000, 900_000
TABLES = (QueueRollup, AgentRollup, SiteRollup, ProfileDay)


def organisation(timezone: str = "Europe/Stockholm", **values: Any) -> Organisation:
    """The organisation, made when there is none."""
    found, _ = Organisation.objects.update_or_create(slug=ORGANISATION, defaults={"name": "North", "timezone": timezone, **values})
    return found


def keep(calls: Iterable[Call], now_ms: int = NOON) -> None:
    """Into the archive."""
    told = list(calls)
    for source in sorted({call.source for call in told}):
        archive.keep(ORGANISATION, source, [Telling(call) for call in told if call.source == source], now_ms)


def seen(agent: str, at: int, state: str = "ready", queues: int = 1, profile: str = "1") -> PresenceSeen:
    """A change of presence."""
    return PresenceSeen(
        source=SOURCE, agent=agent, at=at, state=state, profile=profile, profile_name="", available=True, wrapup=False, queues=queues,
        told_at=at, queue_keys=(),
    )  # fmt: skip


def keep_changes(changes: Sequence[PresenceSeen]) -> None:
    """Into the archive."""
    upsert_changes(ORGANISATION, changes)


def roll(now_ms: int, owner: Organisation | None = None, **how: Any) -> None:
    """Everything that is due at an instant."""
    assert rolling.work(owner or Organisation.objects.get(slug=ORGANISATION), now_ms, always, **how)


def always() -> bool:
    """There is time."""
    return True


def at_most(times: int) -> Callable[[], bool]:
    """There is time for so many."""
    left = iter(range(times - 1))
    return lambda: next(left, None) is not None


def tables() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table of sums, in order."""
    found = {}
    for model in TABLES:
        names = [field.attname for field in model._meta.concrete_fields if field.column is not None]
        found[model.__name__] = sorted(model._default_manager.values(*names), key=lambda row: str([row[name] for name in names[:6]]))
    return found


def restatements() -> list[tuple[str, str, int, str]]:
    """What was restated: kind, key, quarter, changes."""
    return sorted(Restatement._default_manager.values_list("kind", "key", "quarter_ms", "changes"))


def sums_of(model: Any, grain: int = 15, **where: Any) -> dict[str, Any]:
    """Every amount of a table added up."""
    total: dict[str, Any] = {}
    for row in model._default_manager.filter(organisation=ORGANISATION, grain=grain, **where).values():
        for name, value in row.items():
            if isinstance(value, int) and not isinstance(value, bool) and name not in ("grain", "start_ms", "definitions"):
                total[name] = total.get(name, 0) + value
    return total


def again(call: Call, later_ms: int) -> Call:
    """The same call, told otherwise: answered so much later."""
    assert call.journey is not None
    offers = tuple(replace(o, answered_at=o.answered_at + later_ms) if o.answered_at is not None else o for o in call.offers)
    return replace(
        call, offers=offers, journey=replace(call.journey, asof=call.journey.asof + 1, redirects=(call.journey.redirects or 0) + 1)
    )


def shuffled(dice: random.Random, things: Iterable[Any]) -> list[Any]:
    """In any order."""
    told = list(things)
    dice.shuffle(told)
    return told
