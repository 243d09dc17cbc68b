"""Whether the tasks of a session still run: each that comes round says so, and who has not come round for half a minute ends the session.

Rules that hold here: a task that raises ends the session by itself; one that hangs is found here. Ending is healing: the session is
started anew. A loop that was blocked as a whole, or a process that was stopped, excuses everybody.
"""

import asyncio

from stats.clock import steady_ms

STUCK_MS = 30_000
LOOK_EVERY_S = 0.5


class Stuck(Exception):
    """A task of the session has not come round."""


class Pulse:
    """Watches over the tasks that said they would come round."""

    def __init__(self) -> None:
        self._beats: dict[str, int] = {}

    def beat(self, task: str) -> None:
        """This task has come round."""
        self._beats[task] = steady_ms()

    def rest(self, task: str) -> None:
        """This task waits for something to do."""
        self._beats.pop(task, None)

    def stuck(self, now: int) -> str | None:
        """A task that has not come round for too long."""
        return next((task for task, at in self._beats.items() if now - at > STUCK_MS), None)

    async def watch(self) -> None:
        """Until a task is stuck, which raises Stuck."""
        while True:
            before = steady_ms()
            await asyncio.sleep(LOOK_EVERY_S)
            now = steady_ms()
            late = now - before - round(LOOK_EVERY_S * 1000)
            if late > 1000:
                self._beats = {task: at + late for task, at in self._beats.items()}
            task = self.stuck(now)
            if task is not None:
                raise Stuck(task)
