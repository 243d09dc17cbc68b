"""Sums of a quarter hour as rows of the tables of reports, and rows put in, taken out, compared.

Rules that hold here: the same sums always give the same row, to the letter; amounts alone are compared, and the limits told beside them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import msgspec
from django.db import connection, models

from stats.domain.metrics import DEFINITIONS, Amounts
from stats.domain.rolling import QueueSums, Rolling
from stats.history.rollup_tables import QUARTER, AgentRollup, QueueRollup, SiteRollup

TABLES: tuple[type[models.Model], ...] = (QueueRollup, AgentRollup, SiteRollup)
QUEUE_AMOUNTS = (
    *("offered", "answered", "answered_in_target", "abandoned", "short_abandoned", "abandoned_in_target", "short_in_target"),
    *("overflowed", "voicemail", "callbacks", "transferred", "wait_n", "wait_sum", "abandon_wait_n", "abandon_wait_sum"),
    *("talk_n", "talk_sum", "hold_sum"),
)
AGENT_COUNTS = ("offers", "answered", "missed", "withdrawn", "outgoing", "ring_sum", "talk_n", "talk_sum", "hold_sum")
AGENT_TIMES = ("time_talking", "time_ringing", "time_wrapup", "time_ready", "time_idle", "time_away", "time_logged_in")
AGENT_AMOUNTS = (*AGENT_COUNTS, *AGENT_TIMES)
SITE_AMOUNTS = ("calls_in", "calls_out", "calls_internal", "calls_answered", "ivr_abandoned", "true_abandoned")
HISTOGRAMS = ("waits", "answered_bins", "abandoned_bins")
_COMPARED: Mapping[type[models.Model], tuple[str, ...]] = {
    QueueRollup: (*QUEUE_AMOUNTS, "wait_max"),
    AgentRollup: AGENT_AMOUNTS,
    SiteRollup: SITE_AMOUNTS,
}
# What explains a difference, told beside it.
_LIMITS: Mapping[type[models.Model], tuple[str, ...]] = {QueueRollup: ("target_ms", "short_ms")}
_counts = msgspec.json.Decoder(dict[int, int])
_write = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Rows:
    """Unsaved rows of quarter hours, of the three kinds, by time, source and key."""

    queues: list[QueueRollup] = field(default_factory=list)
    agents: list[AgentRollup] = field(default_factory=list)
    site: list[SiteRollup] = field(default_factory=list)

    def all(self) -> list[tuple[type[models.Model], Sequence[Any]]]:
        """By table."""
        return [(QueueRollup, self.queues), (AgentRollup, self.agents), (SiteRollup, self.site)]


def rows_of(organisation: str, rolling: Rolling) -> Rows:
    """The rows that sums make."""
    rows = Rows()
    for start in sorted(rolling.quarters):
        sums = rolling.quarters[start]
        common = {"organisation": organisation, "grain": QUARTER, "start_ms": start, "definitions": DEFINITIONS}
        for (source, queue), held in sorted(sums.queues.items(), key=lambda item: item[0]):
            rows.queues.append(QueueRollup(**common, source=source, queue=queue, **_queue(held)))
        for (source, agent), amounts in sorted(sums.agents.items(), key=lambda item: item[0]):
            if any(amounts.values()):
                rows.agents.append(AgentRollup(**common, source=source, agent=agent, **_told(amounts, AGENT_AMOUNTS)))
        for source, amounts in sorted(sums.site.items()):
            if any(amounts.values()):
                rows.site.append(SiteRollup(**common, source=source, **_told(amounts, SITE_AMOUNTS)))
    return rows


def only(rows: Rows, starts: Collection[int]) -> Rows:
    """Those of some times."""
    return Rows(
        queues=[row for row in rows.queues if row.start_ms in starts],
        agents=[row for row in rows.agents if row.start_ms in starts],
        site=[row for row in rows.site if row.start_ms in starts],
    )


def _told(amounts: Amounts, names: Iterable[str]) -> dict[str, int]:
    return {name: amounts.get(name, 0) for name in names}


def _queue(held: QueueSums) -> dict[str, Any]:
    return {
        **_told(held.amounts, QUEUE_AMOUNTS),
        "wait_max": held.wait_max,
        "waits": write_counts({int(name[1:]): count for name, count in held.amounts.items() if name[0] == "h" and name[1:].isdigit()}),
        "answered_bins": write_counts(held.answered_bins),
        "abandoned_bins": write_counts(held.abandoned_bins),
        "target_ms": held.targets.target_ms,
        "short_ms": held.targets.short_ms,
        "share": held.targets.share,
        "variant": held.targets.variant,
    }


def write_counts(counts: Mapping[int, int]) -> str:
    """A histogram as JSON, in order."""
    return _write({str(place): counts[place] for place in sorted(counts) if counts[place]}).decode()


def read_counts(written: str) -> dict[int, int]:
    """A histogram from its JSON."""
    return _counts.decode(written) if written != "{}" else {}


def add_counts(told: Iterable[str]) -> str:
    """The sum of histograms, as they are written."""
    added: dict[int, int] = {}
    for each in told:
        for place, number in read_counts(each).items():
            added[place] = added.get(place, 0) + number
    return write_counts(added)


def columns_of(model: type[models.Model]) -> tuple[str, ...]:
    """The columns of a table, in its order."""
    return tuple(f.attname for f in model._meta.concrete_fields if f.column is not None)


def insert(model: type[models.Model], rows: Sequence[Any]) -> None:
    """Many rows, none of which is there. Raises django.db.Error."""
    if not rows:
        return
    columns = columns_of(model)
    read = attrgetter(*columns)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})",  # noqa: S608
            [read(row) for row in rows],
        )


def take_out(organisation: str, grain: int, starts: Sequence[int]) -> None:
    """Delete every row of these times. Raises django.db.Error."""
    for model in TABLES:
        model._default_manager.filter(organisation=organisation, grain=grain, start_ms__in=starts).delete()


def stored(organisation: str, quarters: Iterable[int]) -> Rows:
    """The rows of quarters as they are kept. Raises django.db.Error."""
    asked = {"organisation": organisation, "grain": QUARTER, "start_ms__in": list(quarters)}
    return Rows(
        queues=list(QueueRollup._default_manager.filter(**asked)),
        agents=list(AgentRollup._default_manager.filter(**asked)),
        site=list(SiteRollup._default_manager.filter(**asked)),
    )


def key_of(row: Any) -> str:
    """Of which queue or agent; "" of the site."""
    return str(getattr(row, "queue", None) or getattr(row, "agent", None) or "")


def kind_of(model: type[models.Model]) -> str:
    """queue, agent or site."""
    return {QueueRollup: "queue", AgentRollup: "agent"}.get(model, "site")


Told = Mapping[str, int | None]


def told_of(model: type[models.Model], row: Any) -> dict[str, int | None]:
    """A row's amounts and limits."""
    return {name: getattr(row, name) for name in (*_COMPARED[model], *_LIMITS.get(model, ()))}


def differences(model: type[models.Model], was: Told | None, now: Told | None) -> dict[str, list[int | None]]:
    """Column -> [what it was, what it is], of amounts that differ; a row that is not there has 0 of everything."""
    found: dict[str, list[int | None]] = {}
    for name in _COMPARED[model]:
        nothing = None if name == "wait_max" else 0
        pair = [row[name] if row is not None else nothing for row in (was, now)]
        if pair[0] != pair[1]:
            found[name] = pair
    if found and was is not None and now is not None:
        limits = {name: [was[name], now[name]] for name in _LIMITS.get(model, ())}
        found |= {name: pair for name, pair in limits.items() if pair[0] != pair[1]}
    return found
