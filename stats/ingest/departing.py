"""What becomes of a source that was taken away: boards show nothing of it any more, and its past stays where it is kept.

Rules that hold here: nobody else holds the source while it is done; calls that were going on are expired and kept as they are; what it
counted goes from every sum in the one step that takes its entries, so that no look finds one without the other; whatever failed is tried
again, until the source is back or gone.
"""

import contextlib
from collections.abc import Collection

import structlog

from stats.history.assignments import Assigned
from stats.ingest.pipeline import Fenced, Road
from stats.live import codec
from stats.live.board_store import Store, StoreAway
from stats.live.leases import Lease
from stats.live.sweeping import take_out_source, wipe_sums

log = structlog.get_logger(__name__)


class Departing:
    """The sources this worker has let go of because nobody wants them any more."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._left: dict[tuple[str, str], Assigned] = {}

    def let_go(self, assignment: Assigned) -> None:
        """Its session has ended."""
        self._left[(assignment.organisation, assignment.name)] = assignment

    async def clear(self, wanted: Collection[tuple[str, str]]) -> None:
        """Take what is left of them out of the store, but for those that are wanted again."""
        for name, assignment in list(self._left.items()):
            if name in wanted or await self._is_out(assignment):
                del self._left[name]

    async def _is_out(self, assignment: Assigned) -> bool:
        lease = Lease(self._store, assignment.organisation, assignment.name)
        try:
            if not await lease.take():
                return False
            try:
                await take_out(self._store, assignment, lease.holder)
            finally:
                with contextlib.suppress(StoreAway):
                    await lease.release()
        except (StoreAway, Fenced):
            return False
        log.info("source.departed", source=assignment.name, organisation=assignment.organisation)
        return True


async def take_out(store: Store, assignment: Assigned, holder: str) -> None:
    """Everything that the store shows of a source. Raises StoreAway, Fenced."""
    organisation, name = assignment.organisation, assignment.name
    road = Road(store, organisation, name, holder, assignment.timezone, assignment.rules)
    await store.begin(organisation)
    await road.load()
    await _write(road)  # reads the calls that go on
    for id_call, _held in road.open_calls():
        road.expire(id_call)
    await _write(road)
    entries = [("sources", name), ("flags", f"restate:{name}")]
    for kind in ("queues", "agents"):
        for key, packed in (await store.entries(organisation, kind)).items():
            if codec.unpack_party(packed)[1] == name:
                entries.append((kind, key))
    for agent, held in (await store.load_presence(organisation)).items():
        if held.document.source == name:
            entries += [("presence", agent), ("presence_v", agent)]
    outcome = await take_out_source(store, organisation, name, holder, entries)
    if outcome == "fenced":
        raise Fenced(name)
    if outcome == "spoilt":
        # Something of what it showed could not be read, so nobody knows what to take off: the others show theirs anew.
        await wipe_sums(store, organisation)


async def _write(road: Road) -> None:
    while road.dirty:
        await road.flush()
