"""Adds up the archive by quarter hour: quarters that closed, and those whose calls changed, are told to the tables of reports.

Rules that hold here:
- A quarter is claimed ("started"), read outside any transaction, and written in one: all of its rows, its day's, and "done", or nothing.
  Who finds itself overtaken writes nothing; whoever dies leaves "started", which is taken up again after CLAIMED_MS.
- A mark of a quarter is taken away only at the count at which it was read, so that what changes meanwhile is added up again.
- Sums outlive calls: what lies before `RollupState.calls_from_ms` is never added up anew.
- The open quarter is not written; what is not over is the reader's.
"""

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from stats.domain.metrics import DEFINITIONS
from stats.domain.periods import QUARTER_MS, business_day
from stats.domain.rolling import Rolling
from stats.history import party_names, rolling_days, rolling_due, rolling_rows
from stats.history.archive import lock
from stats.history.rolling_reading import Without, read_into
from stats.history.rolling_restating import FINAL_MS, restate, time_of_before
from stats.history.rolling_rows import Rows
from stats.history.rollup_tables import QUARTER, AgentRollup, QueueRollup, RolledQuarter, RollupState
from stats.history.rows import word
from stats.history.settings_in_force import InForce
from stats.history.tables import DirtyQuarter
from stats.models import Organisation

CLAIMED_MS = 60_000
# Who adds up must not keep others from writing: quarters are written some at a time, more of them where little happened in them.
FEWEST, MOST, SHORT_S = 4, 32, 0.5
GoOn = Callable[[], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Quarters that are ours to add up, for as long as they bear our mark (`token`), and how things stood when they became so."""

    organisation: str
    timezone: str
    token: int
    quarters: tuple[int, ...]
    marks: Mapping[int, int]
    erasures: int
    presence_from_ms: int


def rolled_quarters(organisation: str, quarters: Iterable[int], *, without: Without | None = None, now_ms: int) -> Rows:
    """The rows of quarters as the archive gives them at this moment, without some calls (source -> ids). Writes nothing.

    Time in states is told until `now_ms`, from what the archive knows. The same code, and so the same rows, as those that are kept;
    of quarters whose calls were cleared away by their term there are none. Raises django.db.Error.
    """
    owner = Organisation.objects.filter(slug=organisation).first()
    state = RollupState._default_manager.filter(organisation=organisation).first() or RollupState(organisation=organisation)
    if owner is None:
        return Rows()
    asked = [quarter for quarter in quarters if quarter >= state.calls_from_ms]
    rolling = Rolling(asked, _in_force(organisation, owner.timezone).rules_at, word)
    read_into(rolling, organisation, without or {}, now_ms, state.presence_from_ms, party_names.agents_today(organisation))
    rows = rolling_rows.rows_of(organisation, rolling)
    time_of_before(organisation, rows, state.presence_from_ms, asked)
    return rows


def dirty_in(organisation: str, first: int, end: int) -> list[int]:
    """The quarters of [first, end) whose rows do not stand for what the archive holds: marked, not added up yet, by other definitions, or
    (where `end` reaches so far) not closed. In order. Raises django.db.Error.
    """
    return rolling_due.dirty_in(organisation, first, end)


def _in_force(organisation: str, timezone: str) -> InForce:
    return InForce(organisation, timezone, party_names.aliases(organisation, "queue"))


def claim(organisation: str, timezone: str, quarters: Collection[int], now_ms: int) -> Claim | None:
    """Take quarters to be added up; None where others are at all of them. Raises django.db.Error."""
    with transaction.atomic():
        lock(f"{organisation}/rollup")
        state = rolling_due.state_of(organisation)
        rows = {
            row.quarter_ms: row for row in RolledQuarter._default_manager.filter(organisation=organisation, quarter_ms__in=list(quarters))
        }
        busy = {q for q, row in rows.items() if row.state == "started" and row.at_ms > now_ms - CLAIMED_MS}
        mine = [q for q in sorted(quarters) if q not in busy and q >= state.calls_from_ms]
        if not mine:
            return None
        token = max(now_ms, *(row.at_ms + 1 for row in rows.values()), 0)
        RolledQuarter._default_manager.bulk_create(
            [RolledQuarter(organisation=organisation, quarter_ms=q, state="started", definitions=0, at_ms=token) for q in mine],
            update_conflicts=True,
            unique_fields=["organisation", "quarter_ms"],
            update_fields=["state", "at_ms"],
        )
        marks = DirtyQuarter._default_manager.filter(organisation=organisation, quarter_ms__in=mine)
        return Claim(
            organisation=organisation,
            timezone=timezone,
            token=token,
            quarters=tuple(mine),
            marks=dict(marks.values_list("quarter_ms", "marks")),
            erasures=state.erasures,
            presence_from_ms=state.presence_from_ms,
        )


def compute(claimed: Claim) -> tuple[Rolling, Rows]:
    """Add the claimed quarters up, whole. Reads alone; raises django.db.Error."""
    rolling = Rolling(claimed.quarters, _in_force(claimed.organisation, claimed.timezone).rules_at, word)
    last = max(claimed.quarters) + QUARTER_MS
    read_into(rolling, claimed.organisation, {}, last, claimed.presence_from_ms, party_names.agents_today(claimed.organisation))
    return rolling, rolling_rows.rows_of(claimed.organisation, rolling)


def write(claimed: Claim, rolling: Rolling, rows: Rows, now_ms: int) -> int:
    """Put the rows in the place of those there are, but where it was overtaken. Returns of how many quarters. Raises django.db.Error."""
    slug = claimed.organisation
    with transaction.atomic():
        lock(f"{slug}/rollup")
        state = rolling_due.state_of(slug)
        mine = RolledQuarter._default_manager.filter(
            organisation=slug, quarter_ms__in=claimed.quarters, state="started", at_ms=claimed.token
        )
        if state.erasures != claimed.erasures:
            # Somebody was erased since these were read, and may be in them.
            mine.update(state="due")
            return 0
        held = {row.quarter_ms: row for row in mine if row.quarter_ms >= state.calls_from_ms}
        if not held:
            return 0
        rows = rolling_rows.only(rows, held)
        time_of_before(slug, rows, claimed.presence_from_ms, held)
        final = [q for q, row in held.items() if row.final_ms is not None and row.definitions == DEFINITIONS]
        restate(slug, final, rows, now_ms)
        rolling_rows.take_out(slug, QUARTER, list(held))
        for model, those in rows.all():
            rolling_rows.insert(model, those)
        done = mine.filter(quarter_ms__in=list(held))
        done.update(state="done", definitions=DEFINITIONS, at_ms=now_ms)
        joined = party_names.learn(slug, [rolling.names[place] for place in sorted(rolling.names)])
        rolling_due.take_marks(slug, {q: n for q, n in claimed.marks.items() if q in held}, _under(slug, claimed.timezone, joined))
        for day in sorted({business_day(q, claimed.timezone) for q in held}):
            rolling_days.sum_day(slug, claimed.timezone, day)
        return len(held)


def _under(organisation: str, timezone: str, joined: Mapping[str, Collection[str]]) -> set[int]:
    """The quarters with rows under keys that turned out to be another's, where that makes a difference: a queue's that has settings, an
    agent's that was watched."""
    quarters: set[int] = set()
    if keys := joined.get("queue"):
        known = party_names.aliases(organisation, "queue")
        with_settings = _in_force(organisation, timezone).queues
        those = [key for key in keys if {key, known.get(key, key)} & with_settings]
        queues = QueueRollup._default_manager.filter(organisation=organisation, grain=QUARTER, queue__in=those)
        quarters |= set(queues.values_list("start_ms", flat=True)) if those else set()
    if keys := joined.get("agent"):
        times = Q()
        for name in rolling_rows.AGENT_TIMES:
            times |= Q((f"{name}__gt", 0))
        agents = AgentRollup._default_manager.filter(times, organisation=organisation, grain=QUARTER, agent__in=list(keys))
        quarters |= set(agents.values_list("start_ms", flat=True))
    return quarters


def roll(organisation: Organisation, quarters: Collection[int], now_ms: int) -> int:
    """Add up quarters of one business day that are over. Returns of how many there are rows now. Raises django.db.Error."""
    claimed = claim(organisation.slug, organisation.timezone, quarters, now_ms)
    return write(claimed, *compute(claimed), now_ms) if claimed is not None else 0


def work(organisation: Organisation, now_ms: int, go_on: GoOn, *, at_once: int = FEWEST, rest_ms: int = 0) -> bool:
    """Add up what is due: what lies in today first, then the oldest. Returns whether all of it is done. Raises django.db.Error.

    `at_once`: quarters in the first transaction; then as many as take about SHORT_S. `rest_ms`: what was added up so lately waits, however
    often it is marked.
    """
    slug, timezone = organisation.slug, organisation.timezone
    rolling_due.take_note(slug, timezone, now_ms)
    tried: set[int] = set()
    while quarters := rolling_due.next_due(slug, timezone, now_ms, tried, at_once, CLAIMED_MS, rest_ms):
        began = time.monotonic()
        roll(organisation, quarters, now_ms)
        took_s = time.monotonic() - began
        at_once = min(MOST, at_once * 2) if took_s < SHORT_S / 2 else max(FEWEST, at_once // 2) if took_s > SHORT_S else at_once
        tried.update(quarters)
        if not go_on():
            return False
    rolling_due.settle_final(slug, now_ms, FINAL_MS)
    return rolling_days.make_days(slug, go_on)
