"""One ingest worker's session of one source, watched: when the past was shown, and when the last of so many frames was in Redis.

    python -m bench.worker --redis URL --live URL --historic URL --zone NAME --expect N
Says `seeded` (seconds since the start, CPU seconds), `begun` at the first frame, `done` when that many frames are written.
"""

import argparse
import asyncio
import logging
import time

import structlog

from bench.processes import tell
from stats.domain.errors import Malformed
from stats.domain.metrics import CountingRules
from stats.domain.records import Telling
from stats.ingest.session import Session
from stats.live.board_store import Store
from stats.live.leases import Lease
from stats.providers.base import SourceConfig
from stats.providers.telavox.provider import TelavoxProvider

ORGANISATION, SOURCE = "default", "telavox"
GLANCE_S = 0.002


class Counted(TelavoxProvider):
    """A provider that knows how many frames it was asked to read."""

    frames = faults = 0
    began_s = began_cpu_s = 0.0

    def read(self, feed: str, frame: bytes, *, received_at: int) -> tuple[list[Telling], list[Malformed]]:
        """As the provider does."""
        if not self.frames:
            self.began_s, self.began_cpu_s = time.perf_counter(), time.process_time()
        self.frames += 1
        told = super().read(feed, frame, received_at=received_at)
        self.faults += len(told[1])
        return told


async def work(redis: str, live: str, historic: str, zone: str, expect: int) -> None:
    """Until it is ended."""
    store = Store(redis)
    lease = Lease(store, ORGANISATION, SOURCE)
    assert await lease.take()
    provider = Counted(SourceConfig(name=SOURCE, live_url=live, historic_url=historic, token="bench"))
    session = Session(store, ORGANISATION, SOURCE, "telavox", provider, lease, zone, CountingRules())
    began, cpu = time.perf_counter(), time.process_time()
    running = asyncio.create_task(session.run())
    while not session.health.facts.known and not running.done():  # noqa: ASYNC110 (what is watched knows of no watcher)
        await asyncio.sleep(GLANCE_S)
    tell("seeded", seconds=time.perf_counter() - began, cpu_s=time.process_time() - cpu, malformed=session.quarantine.total)
    while (provider.frames < expect or session.road.dirty) and not running.done():  # noqa: ASYNC110 (as above)
        await asyncio.sleep(GLANCE_S)
    tell(
        "done",
        frames=provider.frames,
        faults=provider.faults,
        seconds=time.perf_counter() - provider.began_s,
        cpu_s=time.process_time() - provider.began_cpu_s,
        calls=len(session.road.calls),
    )
    await running


def main() -> None:
    """See the module."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING), logger_factory=structlog.PrintLoggerFactory())
    parser = argparse.ArgumentParser()
    for name in ("redis", "live", "historic", "zone"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--expect", type=int, default=0)
    asked = parser.parse_args()
    asyncio.run(work(asked.redis, asked.live, asked.historic, asked.zone, asked.expect))


if __name__ == "__main__":
    main()
