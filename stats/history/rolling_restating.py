"""What moved after it was final, and what is carried over where its ground was cleared away.

Rules that hold here:
- A quarter is final six hours after its end, once it was added up by then; a first adding up restates nothing, nor does one by other
  definitions; who was erased or what was cleared away by its term restates nothing, because sums stay what they were.
- An agent who turned out to be known by two keys is one, so that rows which move from one key to the other restate nothing.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec
from django.db import models

from stats.history.party_names import agents_today
from stats.history.rolling_rows import AGENT_COUNTS, AGENT_TIMES, Rows, Told, differences, key_of, kind_of, stored, told_of
from stats.history.rollup_tables import QUARTER, AgentRollup, Restatement

FINAL_MS = 6 * 3_600_000


def restate(organisation: str, final: Collection[int], rows: Rows, now_ms: int) -> None:
    """Write down what of final quarters is about to become something else. In a transaction; raises django.db.Error."""
    if not final:
        return
    today = agents_today(organisation)
    moved: list[Restatement] = []
    for (model, was), (_, now) in zip(stored(organisation, final).all(), rows.all(), strict=True):
        known = today if model is AgentRollup else {}
        before = _added(model, was, known)
        after = _added(model, [row for row in now if row.start_ms in final], known)
        for place in sorted({*before, *after}):
            changes = differences(model, before.get(place), after.get(place))
            if changes:
                start, source, key = place
                moved.append(
                    Restatement(
                        organisation=organisation,
                        quarter_ms=start,
                        kind=kind_of(model),
                        source=source,
                        key=key,
                        at_ms=now_ms,
                        changes=msgspec.json.encode(changes).decode(),
                    )
                )
    Restatement._default_manager.bulk_create(moved, batch_size=200)


def _added(model: type[models.Model], rows: Iterable[Any], today: Mapping[tuple[str, str], str]) -> dict[tuple[int, str, str], Told]:
    """Amounts by time, source and key of today."""
    found: dict[tuple[int, str, str], Told] = {}
    for row in rows:
        start, source, key = _place(row)
        place, told = (start, source, today.get((source, key), key)), told_of(model, row)
        held = found.get(place)
        found[place] = told if held is None else {name: (held[name] or 0) + (amount or 0) for name, amount in told.items()}
    return found


def _place(row: Any) -> tuple[int, str, str]:
    return row.start_ms, row.source, key_of(row)


def time_of_before(organisation: str, rows: Rows, presence_from_ms: int, quarters: Collection[int]) -> None:
    """Where presence was cleared away by its term, watched time stays what it was added up to. Raises django.db.Error."""
    before = [quarter for quarter in quarters if quarter < presence_from_ms]
    if not before:
        return
    there = {_place(row): row for row in rows.agents}
    kept = AgentRollup._default_manager.filter(organisation=organisation, grain=QUARTER, start_ms__in=before)
    for row in kept:
        told = there.get(_place(row))
        if told is None:
            if not any(getattr(row, name) for name in AGENT_TIMES):
                continue
            told = row
            for name in AGENT_COUNTS:
                setattr(told, name, 0)
            rows.agents.append(told)
        for name in AGENT_TIMES:
            setattr(told, name, getattr(row, name))
