"""Finds the records behind a number: those the archive holds, and in their place those the live store alone is right about.

Rules that hold here:
- Redis is read first, then the database: a call that is kept in between is in both, and the live one is believed.
- No day is ever read whole from the archive: totals are one grouped question, a page is as long as it is.
- A database that is away is made up for by the live store as long as that is small; else it is said.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError

from stats.domain import receipts as r
from stats.domain.directory import Directory
from stats.domain.facts import Facts, PartyFacts
from stats.domain.metrics import QueueTargets, plain_key
from stats.domain.outcomes import settle
from stats.domain.receipts import Groups, Row, Totals
from stats.domain.records import Call, Party
from stats.history import receipts as archive
from stats.history.archive import archived_sources
from stats.history.receipts import Question
from stats.live.loose_calls import loose_calls
from wallboard.push import live
from wallboard.push.admission import ArchiveBehind, DatabaseAway

# More calls than these are not read one by one for a look at a list.
MOST_LOOSE = 20_000
MOST_WITHOUT_DATABASE = 20_000
# A visit or offer may begin this long after its call did.
REACH_MS = 6 * 3_600_000
KeyOf = Callable[[Party], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is looked for: records of a kind ("visit", "offer", "call") in [first, end).

    `keys`: of the queues or the agent; None: all queues. `classes` of the rows listed, `fits` what else they must be; `after`: the place
    of the last row of the page before. `longest`: the longest waits first, instead of the newest. `sums` and `by_key`: what is added up
    (`stats.history.receipts.visit_totals`). `pieces`: the stretches of [first, end) that count, none for all of it. `older`: keys under
    which somebody may have been kept -> the key of today, beyond those the live store knows. `count` False: no totals, the page alone.
    `present`: the sources that are counted now, where a number of now is asked for; None: those that were taken away, too.
    """

    kind: str
    first: int
    end: int
    keys: frozenset[str] | None
    classes: frozenset[str]
    fits: Callable[[Row], bool] = lambda row: True
    after: tuple[int, str, int, str] | None = None
    limit: int = 100
    longest: bool = False
    sums: frozenset[str] = archive.EVERY_SUM
    by_key: bool = True
    pieces: tuple[tuple[int, int], ...] = ()
    older: Mapping[str, str] = field(default_factory=dict)
    count: bool = True
    present: frozenset[str] | None = None

    def holds(self, at: int) -> bool:
        """Whether an instant is in its time."""
        return self.first <= at < self.end and (not self.pieces or any(first <= at < end for first, end in self.pieces))

    def place(self, row: Row) -> tuple[int, str, int, str]:
        """Where a row stands in the list, read from the greatest."""
        return (row.wait or 0, *row.place[1:]) if self.longest else row.place


@dataclass(slots=True)
class Found:
    """Totals of all records of the time and keys, whatever their class, and the page. `without_archive`: the database is away."""

    groups: Groups = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    more: bool = False
    without_archive: bool = False


def aliases(parties: Iterable[PartyFacts]) -> dict[str, str]:
    """Every key under which somebody may have been kept -> the key of today."""
    keys: dict[str, str] = {}
    told = list(parties)
    for each in told:
        if each.party.account_id is not None:
            keys[f"a:{each.party.account_id}"] = each.key
        if each.party.name:
            keys.setdefault(f"n:{each.party.name}", each.key)
    keys.update((each.key, each.key) for each in told)
    return keys


async def find(slug: str, facts: Facts, search: Search, as_of: int) -> Found:
    """The records. Raises StoreAway, and DatabaseAway or ArchiveBehind when the live store cannot do without the archive."""
    loose = await loose_calls(live.store(), slug, MOST_LOOSE)
    if not loose.whole:
        return await _without_archive(slug, facts, search, as_of, ArchiveBehind)
    question = _question(slug, facts, search)
    # In that thread too: when much waits to be kept, the loop must not wait for its reading.
    own = partial(_inside_of, loose.calls, facts, search, as_of)
    ids: dict[str, list[str]] = {}
    for call in loose.calls:
        ids.setdefault(call.source, []).append(call.id_call)
    try:
        return await database_sync_to_async(partial(_ask, question, search, own, ids))()
    except (DatabaseError, InterfaceError):
        return await _without_archive(slug, facts, search, as_of)


async def _without_archive(slug: str, facts: Facts, search: Search, as_of: int, why: type[DatabaseAway] = DatabaseAway) -> Found:
    store = live.store()
    number = 0
    for source in await store.entries(slug, "sources"):
        number += len(await store.ids_between(slug, source, search.first - REACH_MS, search.end))
    if number > MOST_WITHOUT_DATABASE:
        raise why
    calls = await store.calls_between(slug, search.first - REACH_MS, search.end)
    rows = await sync_to_async(_inside_of, thread_sensitive=False)(calls, facts, search, as_of)
    return _found(search, r.grouped(rows), _listed(search, rows), without_archive=True)


def rows_of(calls: Iterable[Call], facts: Facts, search: Search, as_of: int) -> Iterable[Row]:
    """The records of these calls as everything known today names them."""
    agents = agent_keys(facts) if search.kind == "offer" else {}
    for call in calls:
        settled = settle(call)
        queue_key = queue_key_of(facts, call.source)
        told_by = facts.sources.get(call.source)
        ahead = told_by.vendor_ahead_ms if told_by is not None else 0
        if search.kind == "visit":
            for row in r.visits_of(settled, facts.rules, queue_key):
                yield waiting_until(row, as_of + ahead)
        elif search.kind == "offer":
            yield from r.offers_of(settled, agents.get(call.source, plain_key), queue_key)
        elif (row_of := r.call_of(settled, facts.rules, queue_key)) is not None:
            yield row_of


def waiting_until(row: Row, as_of: int) -> Row:
    """A visit that waits has waited up to now, by the clock that dates it."""
    if row.klass != "waiting":
        return row
    return replace(row, wait=max(0, as_of - row.at))


def queue_key_of(facts: Facts, source: str) -> KeyOf:
    """The keys of a source's queues."""
    directory = facts.queue_directories.get(source)
    return directory.key if directory is not None else plain_key


def agent_keys(facts: Facts) -> Mapping[str, KeyOf]:
    """The keys of agents, by source."""
    directories: dict[str, Directory] = {}
    for agent in facts.agents.values():
        directories.setdefault(agent.source, Directory()).learn(agent.party)
    return {source: directory.key for source, directory in directories.items()}


def _question(slug: str, facts: Facts, search: Search) -> Question:
    queues = {**search.older, **aliases(facts.queues.values())} if search.kind != "offer" else aliases(facts.queues.values())
    limits: dict[str, QueueTargets] = {kept: facts.rules.targets[key] for kept, key in queues.items() if key in facts.rules.targets}
    limits |= facts.rules.targets
    if search.kind == "call":
        keys = None
    elif search.kind == "visit":
        keys = queues if search.keys is None else _under(queues, search.keys)
    else:
        keys = _under({**search.older, **aliases(facts.agents.values())}, search.keys or frozenset())
    return Question(
        organisation=slug,
        first=search.first,
        end=search.end,
        rules=facts.rules,
        keys=keys,
        everything=search.kind == "visit" and search.keys is None,
        limits=limits,
        pieces=search.pieces,
    )


def _under(keys: Mapping[str, str], wanted: frozenset[str]) -> dict[str, str]:
    """Every key under which these may be kept."""
    return {kept: key for kept, key in keys.items() if key in wanted} | {key: key for key in wanted}


def _inside_of(calls: Iterable[Call], facts: Facts, search: Search, as_of: int) -> list[Row]:
    return [row for row in rows_of(calls, facts, search, as_of) if _inside(search, row)]


def _inside(search: Search, row: Row) -> bool:
    if not search.holds(row.at):
        return False
    return search.kind == "call" or search.keys is None or row.key in search.keys


def _listed(search: Search, rows: Iterable[Row]) -> list[Row]:
    return [
        row
        for row in rows
        if row.klass in search.classes and search.fits(row) and (search.after is None or search.place(row) < search.after)
        if not (search.longest and row.wait is None)
    ]


def _found(search: Search, groups: Groups, candidates: list[Row], *, without_archive: bool = False) -> Found:
    rows = sorted(candidates, key=search.place, reverse=True)
    return Found(groups, rows[: search.limit], len(rows) > search.limit, without_archive)


def _ask(question: Question, search: Search, own_rows: Callable[[], list[Row]], ids: Mapping[str, list[str]]) -> Found:
    own = own_rows()
    if search.present is not None:
        question = replace(question, without=tuple(s for s in archived_sources(question.organisation) if s not in search.present))
    loose = {(source, id_call) for source, named in ids.items() for id_call in named}
    if search.kind == "offer":
        kept = [row for row in archive.offer_rows(question) if (row.source, row.id_call) not in loose and search.holds(row.at)]
        rows = kept + own
        return _found(search, r.grouped(rows), _listed(search, rows))
    if search.kind == "visit":
        groups = archive.visit_totals(question, search.sums, by_key=search.by_key) if search.count else {}
        r.grouped(archive.visits_of_calls(question, ids), groups, -1)
        fetch: Callable[[int | None, int], list[Row]] = lambda before, limit: archive.visit_rows(  # noqa: E731
            question, search.classes, before, limit, longest=search.longest
        )
    else:
        groups = archive.call_totals(question) if search.count else {}
        for row in archive.calls_of_ids(question, ids):
            groups.setdefault((row.key, row.klass), Totals()).n -= 1
        fetch = lambda before, limit: archive.call_rows(question, search.classes, before, limit)  # noqa: E731
    r.grouped(own, groups)
    return _found(search, groups, _listed(search, own) + _page(search, fetch, loose))


def _page(search: Search, fetch: Callable[[int | None, int], list[Row]], loose: set[tuple[str, str]]) -> list[Row]:
    """Enough of the archive's rows to fill the page, whatever is left out of them."""
    limit = search.limit + 20
    while True:
        rows = fetch(search.after[0] if search.after is not None else None, limit)
        good = _listed(search, [row for row in rows if (row.source, row.id_call) not in loose])
        if len(good) > search.limit or len(rows) < limit:
            return good
        limit *= 4
