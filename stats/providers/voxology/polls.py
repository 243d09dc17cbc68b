"""The two feeds that ask: which calls wait in which queue, and which calls there are.

Rules that hold here:
- A frame is what one round of asking gave, as JSON: the vendor's answers as they came, with the instant before the first was asked for.
- Rounds are as close as the source wants and the vendor's limit allows; a refusal ends the feed, and whoever opens it again waits.
- A queue that is not there has nobody in it. A list that may be cut short, or is none, proves nobody's absence.
- Calls that are no longer there are asked for by id, their log first: now, and later, until the vendor's last word of them is there.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from stats.domain.errors import Refused
from stats.providers.voxology import values
from stats.providers.voxology.book import Book
from stats.providers.voxology.errors import Missing
from stats.providers.voxology.rest import Rest
from stats.providers.voxology.wire import Fields, fields, rows

MOST_LIVE = 2_000
ANY_CAP = 500  # the vendor's default, where it does not heed ours
MOST_QUEUES = 200
LOOKS_A_ROUND = 10
AT_ONCE = 4


class Asked:
    """An open feed: rounds of asking, until it is closed."""

    def __init__(self, ask: Callable[[], Awaitable[Fields]], interval_s: Callable[[], float], now_ms: Callable[[], int]) -> None:
        self._ask, self._interval_s, self._now_ms = ask, interval_s, now_ms
        self._alive_at = now_ms()
        self._first: bytes | None = None

    async def begin(self) -> None:
        """The first round, so that an open feed is one that was answered."""
        self._first = await self._round()

    @property
    def alive_at(self) -> int:
        """When the vendor last answered, epoch ms."""
        return self._alive_at

    async def _round(self) -> bytes:
        answer = await self._ask()
        self._alive_at = self._now_ms()
        return msgspec.json.encode(answer)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        began = loop.time()
        if self._first is not None:
            first, self._first = self._first, None
            yield first
        while True:
            await asyncio.sleep(max(0.05, self._interval_s() - (loop.time() - began)))
            began = loop.time()
            yield await self._round()


class Polls:
    """What the feeds of one source ask."""

    def __init__(self, rest: Rest, book: Book, *, every_s: float, now_ms: Callable[[], int]) -> None:
        self._rest, self._book, self._every_s, self._now_ms = rest, book, every_s, now_ms
        self._cost = {"queues": 2, "calls": 1}  # requests of the last round

    def interval_s(self) -> float:
        """From the beginning of one round to that of the next."""
        return max(self._every_s, self._rest.pace.seconds_for(sum(self._cost.values())))

    @asynccontextmanager
    async def open(self, feed: str) -> AsyncIterator[Asked]:
        """One of the two. Raises Retry or Refused."""
        asked = Asked(self.queues if feed == "queues" else self.calls, self.interval_s, self._now_ms)
        await asked.begin()
        yield asked

    async def queues(self) -> Fields:
        """{"at", "queues": [{"name", "hold_times", "calls"}]}: `calls` is None where the vendor could not say."""
        at = self._now_ms()
        try:
            listed = rows(await self._rest.ask("queues"), "queues")
        except Missing:
            raise Refused("config", "there is no list of queues at this address") from None
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(queue: Any) -> Fields | None:
            told = fields(queue)
            name = values.word(told.get("name"), 512)
            if name is None:
                return None
            async with gate:
                try:
                    answer = await self._rest.ask("queued", name)
                except Missing:  # collected since it was listed, or never so named
                    answer = {"calls": []}
            return {
                "name": name,
                "hold_times": told.get("hold_times"),
                "calls": answer.get("calls") if isinstance(answer.get("calls"), list) else None,
            }

        found = await asyncio.gather(*(one(queue) for queue in listed[:MOST_QUEUES]))
        self._cost["queues"] = 1 + len(found)
        return {"at": at, "queues": [queue for queue in found if queue is not None], "whole": len(listed) <= MOST_QUEUES}

    async def calls(self) -> Fields:
        """{"at", "calls", "whole", "gone": [{"id", "at", "detail", "log"}]}."""
        at = self._now_ms()
        try:
            answer = await self._rest.ask("live", max_results=str(MOST_LIVE))
        except Missing:
            raise Refused("config", "there is no list of live calls at this address") from None
        listed = rows(answer, "calls")
        total = values.number(answer.get("total_calls"))
        whole = len(listed) not in (ANY_CAP, MOST_LIVE) and (total is None or total <= max(len(listed), 1) or len(listed) < ANY_CAP)
        self._book.vanished((values.word(fields(call).get("id")) or "" for call in listed), at)
        gone = [await self._gone(id_call, looks) for id_call, looks in self._book.to_look_up(self._now_ms(), LOOKS_A_ROUND)]
        self._cost["calls"] = 1 + sum(1 + ("detail" in each) for each in gone)
        return {"at": at, "calls": listed, "whole": whole, "gone": gone}

    async def _gone(self, id_call: str, looks: int) -> Fields:
        found: Fields = {"id": id_call, "at": self._now_ms(), "looks": looks}
        try:
            found["log"] = await self._rest.ask("log", id_call)
        except Missing:
            # Not logged yet: for five minutes after a call the vendor still tells what became of it. A call that has only just begun
            # may be in no list either, so that nothing is concluded from the first look.
            if looks <= 1:
                try:
                    found["detail"] = await self._rest.ask("live_call", id_call)
                except Missing:
                    found["detail"] = None
        return found
