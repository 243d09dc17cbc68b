"""Ended calls that the archive has not taken yet: named in the step that ends them, struck out when the database has them.

Rules that hold here: a call is named again whenever it changes after its end; it is struck out only when the version it was named at, or a
later one, was kept, so a change that came meanwhile stays named; a record that is still wanted does not expire.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from stats.live import keys
from stats.live.board_store import Store, StoredCall, text

_AT_ONCE = 1_000
_STRIKE = """
local struck = 0
for i = 1, #ARGV, 2 do
  local named = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[i]) or '')
  if named and named <= tonumber(ARGV[i + 1]) then
    struck = struck + redis.call('ZREM', KEYS[1], ARGV[i])
  end
end
return struck
"""

_SET_ASIDE = """
for i = 2, #ARGV, 2 do
  local named = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[i]) or '')
  if named and named <= tonumber(ARGV[i + 1]) then
    redis.call('ZREM', KEYS[1], ARGV[i])
    redis.call('ZADD', KEYS[2], ARGV[i + 1], ARGV[i])
  end
end
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -1 - tonumber(ARGV[1]))
"""


@dataclass(frozen=True, slots=True)
class Unkept:
    """One source's list. Every method raises StoreAway."""

    store: Store
    organisation: str
    source: str

    @property
    def _name(self) -> str:
        return keys.key(self.organisation, "unkept", self.source)

    @property
    def _aside(self) -> str:
        return keys.key(self.organisation, "aside", self.source)

    async def number(self) -> int:
        """How many calls wait."""
        connection = self.store.connection
        return int(await connection.ask(connection.client.zcard(self._name)))

    async def some(self, most: int, *, beside: Collection[str] = ()) -> dict[str, StoredCall | None]:
        """Up to `most` waiting calls other than `beside`, as the store holds them now; None for one whose record is gone."""
        connection = self.store.connection
        raw = await connection.ask(connection.client.zrange(self._name, 0, most + len(beside) - 1))
        named = [name for each in raw if (name := text(each)) not in beside][:most]
        held = await self.store.load(self.organisation, self.source, named) if named else {}
        return {id_call: held.get(id_call) for id_call in named}

    async def strike(self, kept: Mapping[str, int]) -> int:
        """These calls were kept at these versions. Returns how many need no more keeping."""
        if not kept:
            return 0
        connection = self.store.connection
        pairs: list[str | int] = [x for pair in kept.items() for x in pair]
        return int(await connection.ask(connection.client.eval(_STRIKE, 1, self._name, *pairs)))

    async def drop(self, gone: Sequence[str]) -> None:
        """Calls whose records no longer exist."""
        if gone:
            connection = self.store.connection
            await connection.ask(connection.client.zrem(self._name, *gone))

    async def set_aside(self, refused: Mapping[str, int]) -> None:
        """The archive cannot take these at these versions: they stand in nobody's way, and are tried again by `again`."""
        if refused:
            connection = self.store.connection
            pairs: list[str | int] = [x for pair in refused.items() for x in pair]
            await connection.ask(connection.client.eval(_SET_ASIDE, 2, self._name, self._aside, keys.ASIDE_ENTRIES, *pairs))

    async def aside(self) -> int:
        """How many are set aside."""
        connection = self.store.connection
        return int(await connection.ask(connection.client.zcard(self._aside)))

    async def again(self) -> None:
        """What was set aside is to be tried again: another worker may know better."""
        connection = self.store.connection
        pipe = connection.client.pipeline(transaction=True)
        pipe.zunionstore(self._name, [self._name, self._aside], aggregate="MAX")
        pipe.delete(self._aside)
        await connection.ask(pipe.execute())

    async def hold(self) -> None:
        """The database is away for long: let no record that waits for it expire."""
        connection = self.store.connection
        for name in (self._name, self._aside):
            names = await connection.ask(connection.client.zrange(name, 0, -1))
            for at in range(0, len(names), _AT_ONCE):
                pipe = connection.client.pipeline(transaction=False)
                for raw in names[at : at + _AT_ONCE]:
                    reference = keys.call_reference(self.source, text(raw))
                    pipe.expire(keys.key(self.organisation, "r", reference), keys.RECORD_TTL_S)
                await connection.ask(pipe.execute())
