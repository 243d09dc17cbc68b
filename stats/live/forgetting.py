"""What the live store holds of one caller beside the records, taken out; and who else's calls carry a number.

Rules that hold here: records, directory and presence are cleaned by the holder of the source, in the one step that writes; here is only
what outlives them, and what is read.
"""

import contextlib
from collections.abc import Callable

from stats.clock import now_ms
from stats.domain.errors import Malformed
from stats.domain.forgetting import numbers_of
from stats.domain.periods import business_day
from stats.domain.records import Call
from stats.live import codec, keys
from stats.live.board_store import Store, StoreAway, text

DAY_MS = 86_400_000
# What a day says of its callers lives 72 hours after its last change.
DAYS = range(-5, 2)


async def drop_callers(store: Store, organisation: str, source: str, is_erased: Callable[[str], bool]) -> int:
    """Take what gone records have said of erased callers out of every day. Returns how many. Raises StoreAway."""
    connection = store.connection
    dropped = 0
    for day in (keys.key(organisation, "callers", business_day(now_ms() + n * DAY_MS, "UTC")) for n in DAYS):
        held = await connection.ask(connection.client.hgetall(day))
        gone = []
        for name, packed in held.items():
            try:
                if text(name).startswith(f"{source}/") and is_erased(codec.unpack_caller(packed).number):
                    gone.append(name)
            except Malformed:
                continue
        if gone:
            dropped += int(await connection.ask(connection.client.hdel(day, *gone)))
    return dropped


async def calls_with(store: Store, organisation: str, is_meant: Callable[[str], bool]) -> list[Call]:
    """Every call of the live store that carries such a number. Raises StoreAway."""
    found = await store.calls_between(organisation, 0, 1 << 52)
    return [call for call in found if any(is_meant(number) for number in numbers_of(call))]


async def forget_file(store: Store) -> None:
    """Ask the server to write its file anew, so that what was taken out is in none of its lines. Where it may not be asked: nothing."""
    with contextlib.suppress(StoreAway):
        await store.connection.ask(store.connection.client.bgrewriteaof())
