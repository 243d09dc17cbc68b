"""Which calls of the live store have an id that begins so: for people who have half of one, from a log line or a colleague.

Rules that hold here: the index is walked in short steps, so that no question of ours keeps a board waiting; the walk ends as soon as enough
are found, and after so many steps whatever it found.
"""

from stats.live import keys
from stats.live.board_store import Store, text

STEP = 2_000
# 50 h of calls at 50,000 a day are 52 steps.
MOST_STEPS = 120


async def ids_beginning(store: Store, organisation: str, prefix: str, limit: int) -> list[tuple[str, str]]:
    """(source, id_call) of at most `limit` calls whose id begins with `prefix`. Raises StoreAway."""
    found: list[tuple[str, str]] = []
    pattern = "".join(f"\\{letter}" if letter in r"*?[]\^-" else letter for letter in prefix) + "*"
    client, ask = store.connection.client, store.connection.ask
    for source in await store.entries(organisation, "sources"):
        cursor, steps = 0, 0
        while len(found) < limit and steps < MOST_STEPS:
            cursor, entries = await ask(client.zscan(keys.key(organisation, "i", source), cursor, match=pattern, count=STEP))
            found += [(source, text(name)) for name, _start in entries]
            steps += 1
            if not cursor:
                break
    # A walk may meet an entry twice.
    return list(dict.fromkeys(found))[:limit]
