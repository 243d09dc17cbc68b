"""Forgets what records show: all of it, so that it can be shown anew (the first half of a rebuild), or one source's, for it was taken away.

Rules that hold here: it happens whole or not at all, whatever dies meanwhile, and beside workers that write; what records tell is never
touched; after a rebuild every source of the organisation shows its calls again, not only the one whose worker was told to.
"""

import re
import secrets
from collections.abc import Sequence

import msgspec

from stats.live import keys
from stats.live.board_store import Store, text


async def wipe_sums(store: Store, organisation: str) -> None:
    """Forget every sum, in one step, and move to a new generation and epoch. Raises StoreAway, and then it may be asked again."""
    prefix = keys.prefix(organisation)
    pattern = re.sub(r"([\[\]*?\\])", r"\\\1", prefix) + "*"
    await store.connection.run("forget_sums.lua", [prefix + "meta"], [prefix, pattern, secrets.token_hex(8)])


async def take_out_source(store: Store, organisation: str, source: str, holder: str, entries: Sequence[tuple[str, str]]) -> str:
    """Take what a source shows out of every sum, and entries (hash, key) of its, in one step, as the holder of its lease.

    Returns "ok", "fenced" (nothing was done) or "spoilt" (done, but for what could not be read). Raises StoreAway.
    """
    prefix = keys.prefix(organisation)
    arguments = [prefix, source, holder, msgspec.msgpack.encode(list(entries))]
    return text(await store.connection.run("take_out.lua", [prefix + "meta"], arguments))
