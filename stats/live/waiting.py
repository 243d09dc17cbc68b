"""What waits in Redis for the database: presence slots and presence changes, in the order told, so that a worker's death loses none.

Rules that hold here: an entry goes by its own id, only when it has been kept, so that two workers that overlap take nothing of each
other; at most `most` entries wait, the oldest go first; an entry nobody can read goes, and is counted by whoever takes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from stats.live import keys
from stats.live.board_store import Store, text

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class Waiting(Generic[Record]):
    """One source's waiting entries of one kind. Every method raises StoreAway."""

    store: Store
    organisation: str
    source: str
    what: str  # the first word of the key
    kind: type[Record]
    most: int = keys.WAITING_ENTRIES

    @property
    def _name(self) -> str:
        return keys.key(self.organisation, self.what, self.source)

    async def put(self, records: Sequence[Record]) -> None:
        """Let these wait."""
        pipe = self.store.connection.client.pipeline(transaction=False)
        for record in records:
            pipe.xadd(self._name, {"r": msgspec.json.encode(record)}, maxlen=self.most, approximate=True)
        await self.store.connection.ask(pipe.execute())

    async def number(self) -> int:
        """How many wait."""
        return int(await self.store.connection.ask(self.store.connection.client.xlen(self._name)))

    async def some(self, most: int) -> dict[str, Record | None]:
        """The oldest entries by their ids; None for one that cannot be read."""
        found = await self.store.connection.ask(self.store.connection.client.xrange(self._name, count=most))
        return {text(number): self._read(entry.get(b"r", b"")) for number, entry in found}

    async def done(self, ids: Sequence[str]) -> None:
        """These need to wait no more."""
        if ids:
            await self.store.connection.ask(self.store.connection.client.xdel(self._name, *ids))

    def _read(self, packed: bytes) -> Record | None:
        try:
            return msgspec.json.decode(packed, type=self.kind)
        except (msgspec.MsgspecError, ValueError):
            return None


async def which_wait(kinds: Sequence[Waiting[Record]]) -> list[Waiting[Record]]:
    """Those of some kinds of one store of which anything waits, by one question. Raises StoreAway."""
    if not kinds:
        return []
    connection = kinds[0].store.connection
    pipe = connection.client.pipeline(transaction=False)
    for kind in kinds:
        pipe.xlen(kind._name)
    return [kind for kind, number in zip(kinds, await connection.ask(pipe.execute()), strict=True) if number]
