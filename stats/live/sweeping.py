"""Forgets what records show, so that it can be shown anew: the first half of a rebuild. Records themselves are never touched."""

import secrets

from stats.live import keys
from stats.live.board_store import Store, text


async def wipe_sums(store: Store, organisation: str) -> None:
    """Forget every sum and everything records show, keeping the records: the first half of a rebuild. Moves to a new epoch."""
    client, prefix = store.connection.client, keys.prefix(organisation)
    for pattern in ("day:*:q:*", "day:*:s", "peak:*", "min:*", "mw:*", "living", "callers:*"):
        async for name in client.scan_iter(match=_escaped(prefix) + pattern, count=500):
            await store.connection.ask(client.delete(name))
    async for name in client.scan_iter(match=_escaped(prefix) + "day:*:a:*", count=500):
        amounts = await store.connection.ask(client.hkeys(name))
        shown = [a for a in amounts if not text(a).startswith("time_")]
        if shown:
            await store.connection.ask(client.hdel(name, *shown))
    async for name in client.scan_iter(match=_escaped(prefix) + "r:*", count=500):
        await store.connection.ask(client.hdel(name, "s"))
    await store.connection.ask(client.hset(prefix + "meta", "epoch", secrets.token_hex(8)))


def _escaped(prefix: str) -> str:
    return prefix.replace("[", "\\[")
