"""Puts what was posted into the store: everything that comes while one step is under way goes together in the next.

Rules that hold here: nobody is told "taken" before the store has it; a step that fails fails for everybody in it.
"""

import asyncio

from stats.live.board_store import StoreAway
from stats.live.inbox import Inbox, Put

# Of one step, so that no step keeps the others waiting long.
MOST_AT_ONCE, MOST_BYTES = 200, 2 * 1024 * 1024

Posting = tuple[str | None, bytes, "asyncio.Future[Put]"]


class Gathering:
    """One source's."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._waiting: list[Posting] = []
        self._work: asyncio.Task[None] | None = None

    async def put(self, delivery_id: str | None, packed: bytes) -> Put:
        """What became of it. Raises StoreAway: it may or may not lie there, and should be posted again."""
        told: asyncio.Future[Put] = asyncio.get_running_loop().create_future()
        self._waiting.append((delivery_id, packed, told))
        if self._work is None or self._work.done():
            # It begins in the loop's next turn, so that what has come in this one goes together.
            self._work = asyncio.create_task(self._empty(), name="posted")
        return await told

    async def _empty(self) -> None:
        while self._waiting:
            batch = self._take()
            try:
                outcomes = await self._inbox.put([(delivery_id, packed) for delivery_id, packed, _told in batch])
            except StoreAway as why:
                _fail(batch, why)
                continue
            except BaseException:
                everybody, self._waiting = batch + self._waiting, []
                _fail(everybody, StoreAway("stopped"))
                raise
            for (_id, _packed, told), outcome in zip(batch, outcomes, strict=True):
                if not told.done():
                    told.set_result(outcome)

    def _take(self) -> list[Posting]:
        number, size = 0, 0
        for _id, packed, _told in self._waiting[:MOST_AT_ONCE]:
            size += len(packed)
            if number and size > MOST_BYTES:
                break
            number += 1
        batch, self._waiting = self._waiting[:number], self._waiting[number:]
        return batch


def _fail(batch: list[Posting], why: StoreAway) -> None:
    for _id, _packed, told in batch:
        if not told.done():
            told.set_exception(why)
