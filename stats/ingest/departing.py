"""What becomes of a source that was taken away: boards show nothing of it any more, and its past stays where it is kept.

Rules that hold here: nobody else holds the source while it is done; calls that were going on are expired and kept as they are; sums of the
day are left alone, for they are of the past; whatever failed is tried again, until the source is back or gone.
"""

import contextlib
from collections.abc import Collection

import structlog

from stats.history.assignments import Assigned
from stats.ingest.pipeline import Fenced, Road
from stats.live import codec
from stats.live.board_store import Store, StoreAway
from stats.live.leases import Lease

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
    """Everything of now that the store shows of a source. Raises StoreAway, Fenced."""
    organisation, name = assignment.organisation, assignment.name
    road = Road(store, organisation, name, holder, assignment.timezone, assignment.rules)
    await store.begin(organisation)
    await road.load()
    await _write(road)  # reads the calls that go on
    for id_call, _held in road.open_calls():
        road.expire(id_call)
    await _write(road)
    # Its report last: until then everything else is still explained by it.
    for kind in ("queues", "agents"):
        for key, packed in (await store.entries(organisation, kind)).items():
            if codec.unpack_party(packed)[1] == name:
                road.who.entries[(kind, key)] = ""
    for agent, held in (await store.load_presence(organisation)).items():
        if held.document.source == name:
            road.who.entries[("presence", agent)] = road.who.entries[("presence_v", agent)] = ""
    await _write(road)
    road.who.entries[("sources", name)] = ""
    await _write(road)


async def _write(road: Road) -> None:
    while road.dirty:
        await road.flush()
