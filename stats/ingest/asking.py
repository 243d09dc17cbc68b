"""Asks a telephone system about its past as somebody polite does: one question at a time, a pause after each, and patience when it is busy.

Rules that hold here: what the other side asks for (Retry-After) is waited for; a question is asked again as it was, in smaller pages
where they may have been too large; before the first answer nobody waits long, for then the address is probably wrong.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from stats.domain.errors import Retry
from stats.domain.records import Telling
from stats.ingest.backoff import delays
from stats.providers.base import LiveProvider, Only, Page

PAGE = 200
SMALLEST_PAGE = 25
# As long as the last answer took, halved: whoever is slow has something else to do.
PAUSE_SHARE = 0.5
LONGEST_PAUSE_S = 1.0
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 60.0
# Until the first answer, and later without any.
FIRST_PATIENCE_S = 15.0
PATIENCE_S = 20 * 60.0
# A question that is answered with nothing but errors so often will not be answered by asking it once more.
TRIES = 5

Answer = TypeVar("Answer")
Say = Callable[[str], None]


class Silence(Exception):
    """Nobody has answered for as long as we wait; the words say what came instead."""


class NoSense(Exception):
    """This question is answered with errors alone."""


class TooMuch(Exception):
    """A window is too long to be read at once; `share` of it may be enough."""

    def __init__(self, share: float) -> None:
        super().__init__(share)
        self.share = share


class Asking:
    """The questions of one run to one source."""

    def __init__(self, provider: LiveProvider, say: Say) -> None:
        self._provider, self._say = provider, say
        self.page = PAGE
        self.answered = 0

    async def pages(
        self, kind: str, start_ms: int, end_ms: int, received_at: int, *, most: int | None = None, only: Only | None = None
    ) -> "Window":
        """Every page of one window, or of a queue or agent in it (then nobody says how many rows there are).

        Raises Refused, Silence or NoSense, and TooMuch where it has more than `most` rows.
        """
        window = Window()
        cursor: str | None = None
        while True:
            page = await self._ask(lambda after=cursor: self._page(kind, start_ms, end_ms, after, received_at, only))  # type: ignore[misc]
            window.take(page)
            rows = window.rows if window.total is None else window.total
            if most is not None and rows > most:
                raise TooMuch(most / rows / 2)
            if not page.more:
                return window
            cursor = page.cursor

    async def look_up(self, id_call: str, start_ms: int, end_ms: int, received_at: int) -> Sequence[Telling]:
        """Everything the past knows of one call. Raises Refused, Silence or NoSense."""
        return await self._ask(lambda: self._provider.look_up(id_call, start_ms=start_ms, end_ms=end_ms, received_at=received_at))

    async def _page(self, kind: str, start_ms: int, end_ms: int, after: str | None, received_at: int, only: Only | None) -> Page:
        asked: dict[str, Any] = {"start_ms": start_ms, "end_ms": end_ms, "first": self.page, "after": after, "received_at": received_at}
        if only is None:
            page = await self._provider.page(kind, **asked)
        else:
            page = replace(await self._provider.report(kind, **asked, only=only), total=None)
        if after is None and page.more | page.partial and not page.rows:
            raise Retry("graphql: no rows, and yet no end")
        return page

    async def _ask(self, question: Callable[[], Awaitable[Answer]]) -> Answer:
        began, waits, nonsense = time.monotonic(), self._waits(), 0
        while True:
            asked = time.monotonic()
            try:
                answer = await question()
            except Retry as why:
                if why.reason.startswith(("graphql", "timeout", "answer too large")):
                    self.page = max(SMALLEST_PAGE, self.page // 2)
                nonsense += why.reason.startswith("graphql")
                if nonsense >= TRIES:
                    raise NoSense(why.reason) from None
                # Who says "not now", or speaks GraphQL, is the one we meant to ask.
                busy = why.after_s is not None or why.reason.startswith(("http 429", "http 503", "graphql"))
                patience = PATIENCE_S if self.answered or busy else FIRST_PATIENCE_S
                wait = max(next(waits), why.after_s or 0.0)
                if time.monotonic() + (0.0 if why.after_s else wait) - began > patience:
                    raise Silence(why.reason) from None
                self._say(f"{why.reason}; asking again in {wait:.0f} s" if wait >= 1 else why.reason)
                await asyncio.sleep(wait)
            else:
                self.answered += 1
                await asyncio.sleep(min(LONGEST_PAUSE_S, (time.monotonic() - asked) * PAUSE_SHARE))
                return answer

    @staticmethod
    def _waits() -> Iterator[float]:
        return delays(first_s=FIRST_WAIT_S, longest_s=LONGEST_WAIT_S)


class Window:
    """What all pages of one window told. `fault`: why it does not prove complete, where its pages did not say so themselves."""

    def __init__(self) -> None:
        self.tellings: list[Telling] = []
        self.rows = self.unreadable = 0
        self.total: int | None = None
        self.fault = ""
        self._malformed = 0
        self._whole = self._first = True
        self._keys: set[str] = set()

    def take(self, page: Page) -> None:
        """One more page."""
        if self._first:
            self.total, self._first = page.total, False
        self.tellings += page.tellings
        self.unreadable += len(page.unreadable)
        self.rows += page.rows
        self._malformed += len(page.malformed)
        self._keys.update(page.keys)
        self._whole = self._whole and not page.partial

    @property
    def lacking(self) -> str:
        """What does not prove complete, in words; "" when every page came whole, and there are as many rows as the vendor counts."""
        if self.fault:
            return self.fault
        if not self._whole:
            return "the answers came with errors"
        if self.total is None or len(self._keys) + self._malformed >= self.total or self.rows >= self.total:
            return ""
        return f"{len(self._keys)} rows came, and the telephone system counts {self.total}"


def joined(one: Window, other: Window) -> Window:
    """Two halves of a window."""
    both = Window()
    both.tellings = [*one.tellings, *other.tellings]
    both.unreadable = one.unreadable + other.unreadable
    both.fault = one.lacking or other.lacking
    return both
