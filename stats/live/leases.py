"""Who may write for a source: one holder at a time, checked again inside every write.

A lease is a string in Redis with a short life. The writing script compares it, so a worker that slept through its lease is
fenced whatever it believes; a flushed Redis has no lease, so nobody writes into it unaware. Redis ends lives by the clock on its
wall: set back, it would let a dead worker's lease live on for as long, so whoever waits cuts a life that is too long.
"""

import secrets

from stats.clock import now_ms
from stats.live import keys
from stats.live.board_store import Store

_RENEW = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0"
_TAKE = """
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
if redis.call('PTTL', KEYS[1]) > tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
"""
_CLOCK = "return redis.call('TIME')"
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"

QUICK_MS = 1_000


class Lease:
    """One worker's claim to one source."""

    def __init__(self, store: Store, organisation: str, source: str) -> None:
        self._ask, self._client = store.connection.ask, store.connection.client
        self._name = keys.key(organisation, "lease", source)
        self.holder = secrets.token_hex(12)
        self.ahead_ms: int | None = None  # our clock before the store's, by which two workers can compare theirs

    async def take(self) -> bool:
        """Take the lease when nobody holds it (or we do). Raises StoreAway."""
        taken = await self._ask(self._client.eval(_TAKE, 1, self._name, self.holder, keys.LEASE_TTL_MS))
        return bool(taken) or await self.renew()

    async def renew(self) -> bool:
        """Hold it for another while; False when it is another's or gone. Raises StoreAway."""
        held = bool(await self._ask(self._client.eval(_RENEW, 1, self._name, self.holder, keys.LEASE_TTL_MS)))
        if held:
            await self.compare_clocks()
        return held

    async def compare_clocks(self) -> int | None:
        """Learn how far our clock is before the store's; an answer that took long teaches nothing. Raises StoreAway."""
        before = now_ms()
        seconds, micros = await self._ask(self._client.eval(_CLOCK, 1, self._name))
        after = now_ms()
        if 0 <= after - before <= QUICK_MS:
            self.ahead_ms = (before + after) // 2 - (int(seconds) * 1000 + int(micros) // 1000)
        return self.ahead_ms

    async def release(self) -> None:
        """Let another take it at once. Raises StoreAway."""
        await self._ask(self._client.eval(_RELEASE, 1, self._name, self.holder))
