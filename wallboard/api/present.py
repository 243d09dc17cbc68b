"""Receipts of what is going on now, and of what agents were watched doing: from the live store's picture and presence changes.

Rules that hold here: the same survey of living calls, the same states and the same stretches as the boards and pages count by.
"""

from collections.abc import Iterable, Sequence
from functools import partial

from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError

from stats.domain.agent_day import Watched, time_by_state, watch, within
from stats.domain.agent_states import LOGGED_IN_STATES, AgentState
from stats.domain.board import survey
from stats.domain.facts import Facts
from stats.domain.metrics import Caller
from stats.domain.periods import business_day
from stats.domain.presence_changes import PresenceSeen
from stats.domain.receipts import Row
from stats.domain.sums import TIME_METRICS, seconds
from stats.history.agent_days import Kept, changes_of_agent
from stats.live.agent_days import changes_waiting
from wallboard.accounts.viewer import Viewer
from wallboard.api import counting
from wallboard.api.gathering import aliases
from wallboard.api.receipt_shape import ALL, COUNTED, Line, Receipt
from wallboard.push import live
from wallboard.push.admission import DatabaseAway
from wallboard.push.sights import logged_in_to

_BUSY = ("talking", "ringing", "wrapup")
_AT_ONCE_MS = 7 * 86_400_000


def living(told: Receipt, facts: Facts, viewer: Viewer) -> None:
    """Who waits, and who talks."""
    key = told.wish.scope.partition(":")[2]
    rows = talking(facts, key, viewer) if told.definition.id == "talking" else waiting(facts, key, viewer, told.as_of)
    longest = told.definition.id == "longest_wait"
    rows.sort(key=lambda row: row.at, reverse=not longest)
    waits = [row.wait for row in rows if row.wait is not None]
    told.recounted = (seconds(max(waits)) if waits else None) if longest else len(rows)
    _page(told, rows, (row is rows[0] for row in rows) if longest else (True for _ in rows))


def waiting(facts: Facts, key: str, viewer: Viewer, as_of: int) -> list[Row]:
    """The visits that wait, of one queue or (key "") of all in scope, by our clock."""
    rows: list[Row] = []
    for reference, held in facts.living.items():
        for number, (queue, entered_at) in enumerate(held.waiting):
            if (key and queue != key) or (not key and queue not in facts.queues) or not viewer.sees_queue(queue):
                continue
            source, _, id_call = reference.partition("/")
            party = facts.queues.get(queue)
            told_by = facts.sources.get(party.source) if party is not None else None
            at = entered_at - (told_by.vendor_ahead_ms if told_by is not None else 0)
            wait = max(0, as_of - at)
            row = Row(
                source=source, id_call=id_call, number=number, at=entered_at, key=queue, outcome="waiting", klass="waiting", wait=wait
            )
            rows.append(row)
    return rows


def talking(facts: Facts, key: str, viewer: Viewer) -> list[Row]:
    """The calls in talk, each with an agent once; `queue` is where the caller came from."""
    found: dict[tuple[str, str], str] = {}
    for queue, pairs in survey(facts).talking.items():
        if (not key or queue == key) and queue in facts.queues and viewer.sees_queue(queue):
            found.update(dict.fromkeys(pairs, queue))
    rows: list[Row] = []
    for (reference, agent), queue in found.items():
        source, _, id_call = reference.partition("/")
        presence = facts.presence.get(agent)
        call = presence.document.active_call if presence is not None else None
        since = call.answered_at if call is not None and call.id_call == id_call else None
        at = since if since is not None else presence.since if presence is not None else None
        rows.append(Row(source=source, id_call=id_call, number=0, at=at or 0, key=agent, outcome="talking", klass="talking", queue=queue))
    return rows


def agents(told: Receipt, facts: Facts, viewer: Viewer) -> None:
    """The agents of a count, or one agent's state, with since when."""
    kind, _, key = told.wish.scope.partition(":")
    rows: list[Row] = []
    for agent, presence in facts.presence.items():
        if kind == "agent":
            state = str(presence.state)
            fits = agent == key
        else:
            state = str(presence.state if presence.state in LOGGED_IN_STATES else AgentState.UNKNOWN)
            mine = logged_in_to(facts, agent)
            there = bool(presence.document.logged_in) if not key and viewer.queues is None else bool(mine & (viewer.queues or mine))
            fits = there and (not key or key in mine) and told.definition.id in ("agents_logged_in", f"agents_{state}")
        if fits:
            since = presence.since if presence.since is not None else presence.document.told_at
            rows.append(Row(source=presence.document.source, id_call="", number=0, at=since, key=agent, outcome=state, klass=state))
    rows.sort(key=lambda row: row.at)
    told.recounted = told.value if kind == "agent" else len(rows)
    told.figures = {f"agents_{state}": sum(row.klass == state for row in rows) for state in LOGGED_IN_STATES}
    _page(told, rows, (True for _ in rows))


def callers(told: Receipt, facts: Facts) -> None:
    """The callers who gave up today and were not reached since: one row a number, the last time each gave up."""
    rows = lost_rows(facts.callers.get(business_day(told.as_of, facts.timezone), {}).items())
    told.recounted = len(rows)
    _page(told, rows, (True for _ in rows))


def lost_rows(told: Iterable[tuple[str, Caller]]) -> list[Row]:
    """The rule of `stats.domain.board.lost_callers`, with the calls: oldest first; `number` says how often the caller gave up."""
    lost: dict[str, tuple[int, str]] = {}
    reached: dict[str, int] = {}
    times: dict[str, int] = {}
    for reference, caller in told:
        if caller.lost:
            lost[caller.number] = max((caller.started_at, reference), lost.get(caller.number, (0, "")))
            times[caller.number] = times.get(caller.number, 0) + 1
        if caller.answered:
            reached[caller.number] = max(caller.started_at, reached.get(caller.number, caller.started_at))
    rows = [
        Row(
            source=reference.partition("/")[0],
            id_call=reference.partition("/")[2],
            number=times[number],
            at=at,
            key="",
            outcome="abandoned",
            klass="lost",
            caller=number,
        )
        for number, (at, reference) in lost.items()
        if reached.get(number, at) <= at
    ]
    return sorted(rows, key=lambda row: (row.at, row.id_call))


async def times(
    told: Receipt,
    slug: str,
    facts: Facts,
    *,
    source: str = "",
    kept: frozenset[str] = frozenset(),
    pieces: Sequence[tuple[int, int]] = (),
) -> None:
    """An agent's stretches in the states of a number; `ended_at` None while one goes on. Raises StoreAway, DatabaseAway.

    `source` and `kept`: who tells of the agent, and under which keys, where the live store does not know. `pieces`: of the time these
    stretches alone.
    """
    assert told.first is not None
    assert told.end is not None
    key = told.wish.scope.partition(":")[2]
    if not source:
        agent = facts.agents[key]
        source, kept = agent.source, frozenset(aliases([agent])) | {key}
    waits = await changes_waiting(live.store(), slug, source, kept)
    try:
        asked = partial(_changes, Kept(slug, source, kept), told.first, told.end)
        changes = await database_sync_to_async(asked)()
    except (DatabaseError, InterfaceError) as why:
        raise DatabaseAway from why
    fed = facts.sources.get(source)
    until = told.as_of + (fed.clock_ahead_ms if fed is not None else 0)
    watched = watch([*changes, *waits], facts.presence.get(key), key, told.first, told.end, until)
    if pieces:
        watched = within(watched, pieces)
    told.recounted, told.figures = counting.times_again(told.definition, time_by_state(watched))
    rows = _stretches(told.definition.id, watched, source, key)
    busy = {f"time_{state}" for state in _BUSY}
    counted = (told.definition.id != "occupancy" or f"time_{row.klass}" in busy for row in rows)
    _page(told, rows, counted)


def _changes(whose: Kept, first: int, end: int) -> list[PresenceSeen]:
    """The changes of a time, some days at once: a question has a limit."""
    found: dict[PresenceSeen, None] = {}
    for begin in range(first, end, _AT_ONCE_MS):
        found.update(dict.fromkeys(changes_of_agent(whose, begin, min(end, begin + _AT_ONCE_MS))))
    return list(found)


def _stretches(metric: str, watched: Watched, source: str, key: str) -> list[Row]:
    states = {*_BUSY, "ready"} if metric == "occupancy" else {metric.removeprefix("time_")}
    spans = (
        [(each.start, each.end, "logged_in") for each in watched.logins]
        if metric == TIME_METRICS[-1]
        else [(each.start, each.end, each.state) for each in watched.presence if each.state in states]
    )
    rows = [
        Row(source=source, id_call="", number=n, at=start, key=key, outcome=state, klass=state, ended_at=end, talk=end - start)
        for n, (start, end, state) in enumerate(spans)
    ]
    return sorted(rows, key=lambda row: row.at, reverse=True)


def _page(told: Receipt, rows: list[Row], counted: Iterable[bool]) -> None:
    """The page of a list that is short enough to be at hand whole; its cursor is a place in it."""
    lines = [Line(row, is_counted) for row, is_counted in zip(rows, counted, strict=True)]
    told.total, told.counted = len(lines), sum(line.counted for line in lines)
    wish = told.wish
    if wish.part != ALL:
        lines = [line for line in lines if line.counted == (wish.part == COUNTED)]
    begin = wish.after[0] if wish.after is not None else 0
    told.lines = lines[begin : begin + wish.limit]
    told.next = (begin + wish.limit, "", 0, "") if len(lines) > begin + wish.limit else None
