"""What vendors posted to us and the road has not taken in yet: it lies here before the vendor gets its answer.

Rules that hold here: what has an id is let in once, however often it is posted within SEEN_DAYS; there is room for INBOX_ENTRIES and
INBOX_BYTES, and what does not fit is refused, never dropped; an entry goes by its own id, only when everything it told is in the store,
so that a worker's death loses none and the next holder reads it again; entries are read from the oldest on, whatever was read before.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import TypeVar

import structlog

from stats.live import keys
from stats.live.board_store import Store, StoreAway

log = structlog.get_logger(__name__)

Answer = TypeVar("Answer")

AT_ONCE = 400
# Less than a feed may be silent for; a word in between costs one question a second.
BLOCK_MS = 1_000
AGAIN_S = 0.5


class Put(IntEnum):
    """What became of something posted."""

    FULL = -1
    AGAIN = 0
    TAKEN = 1


@dataclass(frozen=True, slots=True)
class Inbox:
    """One source's. Every method raises StoreAway."""

    store: Store
    organisation: str
    source: str

    @property
    def _names(self) -> list[str]:
        return [keys.key(self.organisation, kind, self.source) for kind in ("inbox", "inboxed")]

    async def put(self, posted: Sequence[tuple[str | None, bytes]]) -> list[Put]:
        """Take these in, in one step and in this order: each with the id by which the vendor repeats it, None if it never does."""
        bounds = [keys.INBOX_ENTRIES, keys.INBOX_BYTES, keys.SEEN_DAYS, keys.SEEN_A_DAY, keys.RECORD_TTL_S]
        arguments: list[str | int | bytes] = [keys.key(self.organisation, "seen", self.source, ""), *bounds]
        for delivery_id, packed in posted:
            arguments += [_mark(delivery_id), packed]
        outcomes = await self.store.connection.run("inbox_put.lua", self._names, arguments)
        return [Put(outcome) for outcome in outcomes]

    async def some(self, count: int = AT_ONCE, *, block_ms: int = 0) -> list[tuple[bytes, bytes]]:
        """The oldest entries, (id, what was posted), oldest first. While there are none, wait for so long; 0: do not."""
        connection, name = self.store.connection, self._names[0]
        if block_ms:
            asked = connection.listener.xread({name: "0-0"}, count=count, block=block_ms)
            streams = await connection.ask(asked, lingers=True)
            found = streams[0][1] if streams else []
        else:
            found = await connection.ask(connection.client.xrange(name, count=count))
        return [(number, entry.get(b"d", b"")) for number, entry in found]

    async def done(self, ids: Sequence[bytes]) -> None:
        """These need to lie here no more."""
        if ids:
            await self.store.connection.run("inbox_done.lua", self._names, list(ids))

    async def number(self) -> int:
        """How many lie here."""
        return int(await self.store.connection.ask(self.store.connection.client.xlen(self._names[0])))


class InboxFrames:
    """An inbox as the frames of a feed. Before it reads on, it waits until what it gave is in the store, and strikes it out.

    `settled`: returns once everything told so far is in the store. While Redis is away it tries again, and gives no sign of life.
    """

    def __init__(self, inbox: Inbox, settled: Callable[[], Awaitable[None]], now_ms: Callable[[], int]) -> None:
        self._inbox, self._settled, self._now_ms = inbox, settled, now_ms
        self._alive_at = now_ms()

    @property
    def alive_at(self) -> int:
        """When nothing older than this lay unread, epoch ms: while more lies there than is read at once, it stands still."""
        return self._alive_at

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Every entry, for ever."""
        while True:
            asked_at = self._now_ms()
            entries = await self._surely(partial(self._inbox.some, block_ms=BLOCK_MS))
            for _number, packed in entries:
                yield packed
            if len(entries) < AT_ONCE:
                # Whoever waited for something to come heard so until the answer.
                self._alive_at = asked_at if entries else self._now_ms()
            if entries:
                await self._settled()
                await self._surely(partial(self._inbox.done, [number for number, _packed in entries]))

    async def _surely(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        while True:
            try:
                return await ask()
            except StoreAway as why:
                log.debug("inbox.waits", source=self._inbox.source, reason=str(why))
                await asyncio.sleep(AGAIN_S)


def _mark(delivery_id: str | None) -> bytes:
    """As much of an id as tells it from others; ids may be long."""
    if delivery_id is None:
        return b""
    return hashlib.blake2b(delivery_id.encode("utf-8", "surrogatepass"), digest_size=12).digest()
