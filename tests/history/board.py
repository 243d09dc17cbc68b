"""A board that is open while the database is away, and what it showed its calls as."""

import asyncio
import threading
from collections import Counter
from types import TracebackType
from typing import Self

from tests.faults.browser import Screen


class OpenBoard:
    """`with OpenBoard(url, token) as board: ...; board.seen` counts how calls were marked, four times a second since the first "live"."""

    def __init__(self, url: str, token: str) -> None:
        self._screen = Screen(url, token)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._look()), daemon=True)
        self.seen: Counter[str] = Counter()

    @property
    def dialled(self) -> int:
        """How often it opened a socket."""
        return self._screen.dialled

    async def _look(self) -> None:
        running = asyncio.create_task(self._screen.run())
        while not self._stop.is_set():
            level = self._screen.level("telavox", "calls")
            if self.seen or level == "live":
                self.seen[level] += 1
            await asyncio.sleep(0.25)
        running.cancel()

    def value(self, scope: str, name: str) -> object:
        """What it shows."""
        return self._screen.values.get(scope, {}).get(name)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join(timeout=10)
