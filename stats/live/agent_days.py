"""What the live store alone holds of an agent's day: presence changes on their way to the archive, calls that go on or are not kept yet.

Rules that hold here: read only, bounded, and next to empty a second after everything has been kept.
"""

from collections.abc import Collection

from stats.domain.presence_changes import PresenceSeen
from stats.domain.records import Call
from stats.live.board_store import Store
from stats.live.loose_calls import loose_calls
from stats.live.waiting import Waiting

# While the archive is away more than this may wait; then the oldest are read, and what is missing is in the archive's own time.
MOST_CHANGES = 5_000
MOST_CALLS = 2_000


async def changes_waiting(store: Store, organisation: str, source: str, agents: Collection[str]) -> list[PresenceSeen]:
    """Changes of an agent, under any of its keys, that the database lacks. Raises StoreAway."""
    waiting = await Waiting(store, organisation, source, "changes", PresenceSeen).some(MOST_CHANGES)
    return [change for change in waiting.values() if change is not None and change.agent in agents]


async def calls_loose(store: Store, organisation: str, source: str) -> tuple[list[Call], bool]:
    """The calls of a source that go on, and those that ended but are not in the archive; and whether that is all of them.

    Raises StoreAway.
    """
    found = await loose_calls(store, organisation, MOST_CALLS)
    return [call for call in found.calls if call.source == source], found.whole
