"""Finds a call by its id, wherever it is kept: in the live store for two days, in the archive for good.

Rules that hold here: two sources may use the same id, so that what is found is a list; the archive is asked only for sources whose live
store does not know the call; one that was taken away keeps its calls, which are looked for when no source of now has such a call; a
database that is away hides no call that the live store holds.
"""

from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError

from stats.domain.errors import Malformed
from stats.domain.facts import Facts
from stats.domain.records import Call
from stats.history.archive import archived, archived_sources
from wallboard.push import live


class ArchiveAway(Exception):
    """The live store does not know the call, and the archive does not answer."""


async def calls_with_id(organisation: str, facts: Facts, id_call: str, source: str = "") -> list[Call]:
    """Every call with this id, by source; with `source` that source's alone. Raises StoreAway, ArchiveAway."""
    store = live.store()
    sources = sorted({*await store.entries(organisation, "sources"), *facts.sources})
    named = bool(source) and "\0" not in source
    wanted = [source] if named else sources
    found: dict[str, Call] = {}
    for name in wanted:
        held = (await store.load(organisation, name, [id_call])).get(id_call)
        if held is not None and held.call is not None:
            found[name] = held.call
    missing = [name for name in wanted if name not in found]
    try:
        found.update(await database_sync_to_async(_archived)(organisation, missing, id_call) if missing else {})
        if not found and not named:
            found.update(await database_sync_to_async(_of_departed)(organisation, wanted, id_call))
    except (DatabaseError, InterfaceError):
        if not found:
            raise ArchiveAway from None
    return [found[name] for name in sorted(found)]


def _of_departed(organisation: str, present: list[str], id_call: str) -> dict[str, Call]:
    return _archived(organisation, [name for name in archived_sources(organisation) if name not in present], id_call)


def _archived(organisation: str, sources: list[str], id_call: str) -> dict[str, Call]:
    found: dict[str, Call] = {}
    for source in sources:
        try:
            call = archived(organisation, source, id_call)
        except Malformed:
            continue
        if call is not None:
            found[source] = call
    return found
