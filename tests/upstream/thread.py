"""Runs a ScriptableUpstream in a thread with a loop of its own, for tests that have none or that block theirs."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from tests.upstream.server import ScriptableUpstream

Result = TypeVar("Result")


class UpstreamThread:
    """`with UpstreamThread() as thread: thread.send("calls", document)`; `thread.upstream` for what is only read or set."""

    def __init__(self, upstream: ScriptableUpstream | None = None) -> None:
        self.upstream = upstream or ScriptableUpstream()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="scriptable-upstream", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.run(self.upstream.start())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.run(self.upstream.kill())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, Result], within_s: float = 30.0) -> Result:
        """Runs a coroutine of the upstream in its own loop and waits for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(within_s)

    def send(self, datasource: str, document: Any) -> int:
        return self.run(self.upstream.send(datasource, document))

    def soon(self, act: Callable[[], object]) -> None:
        """Changes the script inside the loop, between two of its steps."""
        self._loop.call_soon_threadsafe(act)
