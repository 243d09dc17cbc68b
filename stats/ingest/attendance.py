"""A worker's report of itself, left every few seconds with each organisation it works for."""

import asyncio
from collections.abc import Callable, Mapping

from stats.clock import now_ms
from stats.domain.roll import WorkerReport
from stats.live.board_store import Store
from stats.live.rollcall import EVERY_S, RollCall
from stats.live.vitals import LoopWatch, memory_mb, process_name

# organisation -> (sources held, sources stood by for)
Duties = Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]


class Attendance:
    """Reports until cancelled; `watch` is kept running beside it."""

    def __init__(self, store: Store, duties: Callable[[], Duties], watch: LoopWatch) -> None:
        self._store, self._duties, self._watch = store, duties, watch

    async def run(self) -> None:
        """Raises StoreAway when Redis goes away; whoever runs it runs it again."""
        while True:
            lag = self._watch.take_ms()
            for organisation, (held, standby) in self._duties().items():
                report = WorkerReport(
                    name=process_name(),
                    started_at=self._watch.started_at,
                    written_at=now_ms(),
                    loop_lag_ms=lag,
                    memory_mb=memory_mb(),
                    held=held,
                    standby=standby,
                )
                await RollCall(self._store, organisation).leave(report)
            await asyncio.sleep(EVERY_S)
