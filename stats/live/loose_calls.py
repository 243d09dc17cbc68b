"""The calls the archive cannot answer for yet: those still open, and those that ended and are not kept there.

Rules that hold here: who names more calls than there are is right too, for what a call is comes from its record; a store from before the
index of open calls is told to lack it until it has been made; the database is asked after this, never before, so that a call which is
being kept meanwhile is in one of the two.
"""

from dataclasses import dataclass

from stats.domain.records import Call
from stats.live import keys
from stats.live.board_store import Store, text

_AT_ONCE = 500
_LACKING = """
if redis.call('HGET', KEYS[1], ARGV[1]) == '1' then return 0 end
return 1
"""


@dataclass(frozen=True, slots=True)
class LooseCalls:
    """The calls whose records of now stand in the live store alone. `whole` False: too many, or an index is lacking."""

    calls: list[Call]
    whole: bool


async def loose_calls(store: Store, organisation: str, most: int) -> LooseCalls:
    """Open and unkept calls of every source, at most so many. Raises StoreAway."""
    client, found = store.connection.client, list[Call]()
    for source in await store.entries(organisation, "sources"):
        pipe = client.pipeline(transaction=False)
        pipe.hget(keys.key(organisation, "meta"), f"open:{source}")
        pipe.exists(keys.key(organisation, "i", source))
        for name in ("open", "unkept", "aside"):
            pipe.zrange(keys.key(organisation, name, source), 0, most)
        marked, known, *named = await store.connection.ask(pipe.execute())
        if known and marked != b"1":
            return LooseCalls([], False)
        ids = sorted({text(raw) for each in named for raw in each})
        if len(found) + len(ids) > most:
            return LooseCalls([], False)
        for at in range(0, len(ids), _AT_ONCE):
            held = await store.load(organisation, source, ids[at : at + _AT_ONCE])
            found += [each.call for each in held.values() if each.call is not None]
    return LooseCalls(found, True)


async def index_open(store: Store, organisation: str, source: str) -> int:
    """Name the open calls of a store from before they were named; does nothing where they are. Returns how many. Raises StoreAway."""
    client, meta = store.connection.client, keys.key(organisation, "meta")
    if not await store.connection.ask(client.eval(_LACKING, 1, meta, f"open:{source}")):
        return 0
    number = 0
    ids = await store.connection.ask(client.zrange(keys.key(organisation, "i", source), 0, -1, withscores=True))
    for at in range(0, len(ids), _AT_ONCE):
        starts = {text(raw): score for raw, score in ids[at : at + _AT_ONCE]}
        held = await store.load(organisation, source, list(starts))
        # One that ends meanwhile stays named, and is read as what it then is.
        opened = {id_call: starts[id_call] for id_call, each in held.items() if each.call is not None and not each.call.over}
        if opened:
            await store.connection.ask(client.zadd(keys.key(organisation, "open", source), opened))
        number += len(opened)
    await store.connection.ask(client.hset(meta, f"open:{source}", "1"))
    return number
