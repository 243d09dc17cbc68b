"""What the archive holds of some quarter hours: every call with a part in them, whole, and what agents were watched doing.

Rules that hold here: a call is found by its start, by the entries of its visits and by the beginnings of its offers, each along an index;
records alone are believed, rows only say where they are; what nobody can read is passed over; asked inside or outside a transaction.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.db import connection

from stats.domain.errors import Malformed
from stats.domain.outcomes import settle
from stats.domain.periods import QUARTER_MS
from stats.domain.presence_changes import PresenceSeen
from stats.domain.records import Call
from stats.domain.rolling import FARTHEST_MS, Rolling
from stats.history.tables import ArchivedCall, ArchivedOffer, ArchivedVisit, PresenceChange
from stats.history.writing import read_call

AT_ONCE = 400
# Where a call whose part lies at an instant can be filed.
_REACH_MS = FARTHEST_MS + 86_400_000
Without = Mapping[str, Sequence[str]]
_CHANGES = PresenceChange._meta.db_table
_COLUMNS = ("agent", "at_ms", "state", "profile", "queues", "told_ms")


def read_into(
    rolling: Rolling,
    organisation: str,
    without: Without,
    now_ms: int,
    presence_from_ms: int = 0,
    today: Mapping[tuple[str, str], str] | None = None,
) -> None:
    """Add up what the archive holds of the quarters of `rolling`, without some calls (source -> ids). Raises django.db.Error.

    Watched time is told until `now_ms`, and of no quarter that begins before `presence_from_ms`. `today`: (source, stored key of an
    agent) -> key of today, where they differ: who was watched under two keys was one person, whose time goes by once.
    """
    left_out = {(source, id_call) for source, ids in without.items() for id_call in ids}
    taken = set(left_out)
    for first, end in runs(rolling.quarters):
        for call in _calls(organisation, first, end, taken):
            rolling.take(settle(call))
    watched = [quarter for quarter in rolling.quarters if quarter >= presence_from_ms]
    if watched:
        first, end = min(watched), min(max(watched) + QUARTER_MS, now_ms)
        for source, agent, changes in changes_by_agent(organisation, first, end, today):
            rolling.watched(source, agent, changes, first, end)


def runs(quarters: Iterable[int]) -> Iterator[tuple[int, int]]:
    """The stretches [first, end) that quarters make, in order."""
    first = end = None
    for quarter in sorted(quarters):
        if quarter != end:
            if first is not None and end is not None:
                yield first, end
            first = quarter
        end = quarter + QUARTER_MS
    if first is not None and end is not None:
        yield first, end


def _calls(organisation: str, first: int, end: int, taken: set[tuple[str, str]]) -> Iterator[Call]:
    """Calls with a part in [first, end), each once: those of `taken` never, and those given are put there."""
    within = {"organisation": organisation, "at_ms__gte": first, "at_ms__lt": end}
    begun = ArchivedCall.objects.filter(**within).values_list("source", "id_call", "record")
    for source, id_call, record in begun.iterator(AT_ONCE):
        if (source, id_call) not in taken:
            taken.add((source, id_call))
            yield from _readable(record)
    elsewhere: dict[str, set[str]] = {}
    for model in (ArchivedVisit, ArchivedOffer):
        for source, id_call in model._default_manager.filter(**within).values_list("source", "id_call").iterator(2000):
            if (source, id_call) not in taken:
                elsewhere.setdefault(source, set()).add(id_call)
    for source, found in sorted(elsewhere.items()):
        ids = sorted(found)
        for at in range(0, len(ids), AT_ONCE):
            rows = ArchivedCall.objects.filter(
                organisation=organisation,
                source=source,
                id_call__in=ids[at : at + AT_ONCE],
                at_ms__gte=first - _REACH_MS,
                at_ms__lt=end + _REACH_MS,
            )
            for id_call, record in rows.values_list("id_call", "record"):
                if (source, id_call) not in taken:
                    taken.add((source, id_call))
                    yield from _readable(record)


def _readable(record: str) -> Iterator[Call]:
    try:
        yield read_call(record)
    except Malformed:
        return


def changes_by_agent(
    organisation: str, first: int, end: int, today: Mapping[tuple[str, str], str] | None = None
) -> Iterator[tuple[str, str, list[PresenceSeen]]]:
    """(source, agent, the changes told in [first, end) and the last one told before) of every agent who was ever watched."""
    for source in _sources(organisation):
        lanes: dict[str, list[PresenceSeen]] = {}
        for stored, at, state, profile, queues, told_ms in _changes(organisation, source, first, end):
            agent = (today or {}).get((source, stored), stored)
            lanes.setdefault(agent, []).append(
                PresenceSeen(
                    source=source,
                    agent=agent,
                    at=at,
                    state=state,
                    profile=profile,
                    profile_name="",
                    available=None,
                    wrapup=False,
                    queues=queues,
                    told_at=told_ms,
                )
            )
        for agent, changes in lanes.items():
            yield source, agent, changes


def watched_since(organisation: str) -> dict[tuple[str, str], int]:
    """(source, stored key of an agent) -> when the agent's presence was first told of (epoch ms), of all who were ever watched."""
    found: dict[tuple[str, str], int] = {}
    mine = f"SELECT MIN(agent) FROM {_CHANGES} WHERE organisation = %s AND source = %s"  # noqa: S608
    steps = f"{mine} UNION ALL SELECT ({mine} AND agent > who.agent) FROM who WHERE who.agent IS NOT NULL"  # noqa: S608
    since = f"SELECT MIN(told_ms) FROM {_CHANGES} b WHERE b.organisation = %s AND b.source = %s AND b.agent = who.agent"  # noqa: S608
    with connection.cursor() as cursor:
        for source in _sources(organisation):
            cursor.execute(
                f"WITH RECURSIVE who(agent) AS ({steps}) SELECT agent, ({since}) FROM who WHERE who.agent IS NOT NULL",  # noqa: S608
                [organisation, source] * 3,
            )
            found.update(((source, agent), first) for agent, first in cursor.fetchall())
    return found


def _sources(organisation: str) -> list[str]:
    """The sources that ever told of anybody: a step along the index for each."""
    found: list[str] = []
    with connection.cursor() as cursor:
        while True:
            cursor.execute(
                f"SELECT source FROM {_CHANGES} WHERE organisation = %s AND source > %s ORDER BY source LIMIT 1",  # noqa: S608
                [organisation, found[-1] if found else ""],
            )
            row = cursor.fetchone()
            if row is None:
                return found
            found.append(row[0])


def _changes(organisation: str, source: str, first: int, end: int) -> list[tuple[str, int, str, str, int, int]]:
    """Rows of every agent of a source, agent by agent, as told. Agents are found by steps along the index, not by reading years of them."""
    mine = f"SELECT MIN(agent) FROM {_CHANGES} WHERE organisation = %s AND source = %s"  # noqa: S608
    columns = ", ".join(f"p.{name}" for name in _COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE who(agent) AS ({mine} UNION ALL SELECT ({mine} AND agent > who.agent) FROM who WHERE who.agent IS NOT NULL),"  # noqa: S608
            " since(agent, told_ms) AS MATERIALIZED (SELECT who.agent,"
            f" (SELECT told_ms FROM {_CHANGES} b WHERE b.organisation = %s AND b.source = %s AND b.agent = who.agent AND b.told_ms < %s"
            " ORDER BY b.told_ms DESC LIMIT 1) FROM who WHERE who.agent IS NOT NULL)"
            f" SELECT {columns} FROM since JOIN {_CHANGES} p ON p.organisation = %s AND p.source = %s AND p.agent = since.agent"
            " AND p.told_ms >= COALESCE(since.told_ms, %s) AND p.told_ms < %s"
            " ORDER BY p.agent, p.told_ms, p.at_ms, p.state, p.profile",
            [organisation, source, organisation, source, organisation, source, first, organisation, source, first, end],
        )
        return list(cursor.fetchall())
