"""What becomes of sums when calls are cleared away by their term, or a person is erased.

Rules that hold here:
- Sums of queues and of the site outlive calls. What lies before the horizon is never added up anew, and a horizon never goes back.
- An agent's sums go as what they were made of goes: counts of rings and talks as calls, time in states and profiles as presence; in whole
  business days, so that a day and its quarters say the same.
- An erased agent's sums stay, under the pseudonym. Whoever read archive rows before that writes nothing after (`RollupState.erasures`).
"""

from collections.abc import Sequence
from typing import Any

from django.db import models, transaction
from django.db.models import Max, Q

from stats.domain.periods import QUARTER_MS, business_day, day_bounds, quarter_of
from stats.history.archive import lock
from stats.history.rolling_due import state_of
from stats.history.rolling_rows import AGENT_AMOUNTS, AGENT_COUNTS, AGENT_TIMES, insert
from stats.history.rollup_tables import AgentRollup, PartyName, ProfileDay, Restatement, RollupState
from stats.history.tables import ArchivedOffer, ArchivedVisit

_PROFILE_AMOUNTS = ("usage_ms", "busy_ms", "times")


def calls_go(organisation: str, source: str, gone: Sequence[tuple[str, int]]) -> None:
    """Calls (id, start) are about to be removed by their term: where they counted, sums stay as they are. In their transaction."""
    instants = [at for _, at in gone]
    for model in (ArchivedVisit, ArchivedOffer):
        parts = model._default_manager.filter(
            organisation=organisation, source=source, id_call__in=[id_call for id_call, _ in gone], dated=True
        )
        last = parts.aggregate(at=Max("at_ms"))["at"]
        instants += [last] if last is not None else []
    raise_horizon(organisation, "calls_from_ms", quarter_of(max(instants)) + QUARTER_MS)


def raise_horizon(organisation: str, which: str, to: int) -> None:
    """Never add up anew what lies before. Raises django.db.Error."""
    state_of(organisation)
    RollupState._default_manager.filter(Q((f"{which}__lt", to)), organisation=organisation).update(**{which: to})


def clear_agents(organisation: str, timezone: str, *, calls_before: int | None, presence_before: int | None) -> None:
    """Take away what agents' sums say of days that are past the terms, epoch ms; None: no term. Raises django.db.Error."""
    for before, names in ((calls_before, AGENT_COUNTS), (presence_before, AGENT_TIMES)):
        if before is None:
            continue
        first = day_bounds(business_day(before, timezone), timezone)[0]
        old = AgentRollup._default_manager.filter(organisation=organisation, start_ms__lt=first)
        with transaction.atomic():
            lock(f"{organisation}/rollup")
            _any_of(old, names).update(**dict.fromkeys(names, 0))
            old.filter(**dict.fromkeys(AGENT_AMOUNTS, 0)).delete()
    if presence_before is not None:
        first = day_bounds(business_day(presence_before, timezone), timezone)[0]
        ProfileDay._default_manager.filter(organisation=organisation, start_ms__lt=first).delete()
    if calls_before is not None:
        mine = {"organisation": organisation, "kind": "agent"}
        PartyName._default_manager.filter(**mine, told_ms__lt=calls_before).delete()
        Restatement._default_manager.filter(**mine, quarter_ms__lt=calls_before).delete()


def _any_of(rows: Any, names: Sequence[str]) -> Any:
    told = Q()
    for name in names:
        told |= Q((f"{name}__gt", 0))
    return rows.filter(told)


def rename_agent(organisation: str, keys: Sequence[str], key: str) -> int:
    """Put a pseudonym's key in the place of an agent's in all sums. Returns how many rows. Raises django.db.Error."""
    with transaction.atomic():
        lock(f"{organisation}/rollup")
        state_of(organisation)
        RollupState._default_manager.filter(organisation=organisation).update(erasures=models.F("erasures") + 1)
        moved = _rename(AgentRollup, organisation, keys, key, ("grain", "start_ms", "source"), AGENT_AMOUNTS)
        lock(f"{organisation}/profiles")
        _rename(ProfileDay, organisation, keys, key, ("start_ms", "source", "profile"), _PROFILE_AMOUNTS)
        mine = {"organisation": organisation, "kind": "agent"}
        PartyName._default_manager.filter(**mine, key__in=keys).delete()
        Restatement._default_manager.filter(**mine, key__in=keys).update(key=key)
    return moved


def _rename(model: type[models.Model], organisation: str, keys: Sequence[str], key: str, by: Sequence[str], amounts: Sequence[str]) -> int:
    """Rows of several keys become rows of one; of one time they are added."""
    mine = model._default_manager.filter(organisation=organisation, agent__in=[*keys, key])
    there = set(mine.order_by().values_list("agent", flat=True).distinct())
    if not there - {key}:
        return 0
    if len(there) == 1:
        return mine.update(agent=key)
    found: dict[tuple[Any, ...], Any] = {}
    rows = list(mine)
    for row in rows:
        place = tuple(getattr(row, name) for name in by)
        held = found.setdefault(place, row)
        if held is not row:
            for name in amounts:
                setattr(held, name, getattr(held, name) + getattr(row, name))
        held.agent = key
    mine.delete()
    insert(model, list(found.values()))
    return len(rows)
