"""Forgets what records show, so that it can be shown anew: the first half of a rebuild. Records themselves are never touched.

Rules that hold here: it happens whole or not at all, whatever dies meanwhile, and beside workers that write; every source of the
organisation shows its calls again, not only the one whose worker was told to.
"""

import re
import secrets

from stats.live import keys
from stats.live.board_store import Store


async def wipe_sums(store: Store, organisation: str) -> None:
    """Forget every sum, in one step, and move to a new generation and epoch. Raises StoreAway, and then it may be asked again."""
    prefix = keys.prefix(organisation)
    pattern = re.sub(r"([\[\]*?\\])", r"\\\1", prefix) + "*"
    await store.connection.run("forget_sums.lua", [prefix + "meta"], [prefix, pattern, secrets.token_hex(8)])
