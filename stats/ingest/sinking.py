"""One place that recordings are sent to: what was recorded is taken in, sent once, and what was heard in it is read back.

Rules that hold here: who holds the lease does it; the database that is away is waited for; a refused token stops everything until the
place lets us in again, or another token begins another life; a source that is paused is left alone.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import structlog

from stats.clock import now_ms
from stats.domain.errors import ProviderError, Retry
from stats.domain.notes import Recording
from stats.history import outbox
from stats.history.assignments import Assigned
from stats.history.configuration import read_assignments
from stats.history.shelf import ask
from stats.history.telling import Away
from stats.ingest import sounding
from stats.ingest.backoff import delays
from stats.ingest.handover import LostLease, lost_as_one
from stats.ingest.sink_options import options_of
from stats.ingest.sink_reading import ReadingBack
from stats.ingest.sink_sending import Sending, SoundOf
from stats.ingest.sink_standing import Paces, Standing
from stats.live.board_store import StoreAway
from stats.live.leases import Lease
from stats.providers.base import Sound, SourceConfig
from stats.providers.registry import COMPANIES
from stats.providers.sinks import Sink

log = structlog.get_logger(__name__)

RENEW_EVERY_S = 2.5
EXPIRES_SOON_MS = 30 * 86_400_000
SENDERS = 2


def is_sink(provider: str) -> bool:
    """Whether sources of this company are places to send to."""
    company = COMPANIES.get(provider)
    return company is not None and company.sinks


class Sinking:
    """The sending to one place, as long as this worker holds its lease."""

    def __init__(
        self, assignment: Assigned, lease: Lease, *, sink: Sink | None = None, sound_of: SoundOf | None = None, paces: Paces | None = None
    ) -> None:
        self._assignment, self._lease = assignment, lease
        self._standing = Standing(assignment.organisation, assignment.name, paces or Paces())
        self._sink = sink or _opened(assignment)
        options = options_of(assignment.settings, assignment.default_region)
        self._sources = options.choice.sources & options.choice.consented
        self._sending = Sending(self._standing, self._sink, options, sound_of or partial(sound_of_source, assignment.organisation))
        self._reading = ReadingBack(self._standing, self._sink)
        self._whole_at = 0.0

    async def run(self) -> None:
        """Until cancelled. Raises LostLease."""
        paces = self._standing.paces
        try:
            with lost_as_one(self._assignment.name):
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._renew(), name="renew")
                    if self._assignment.paused_at is None:
                        await self._begin()
                        tasks.create_task(self._forever(self._look, paces.look), name="take in")
                        tasks.create_task(self._forever(self._reading.some, paces.read), name="read back")
                        for number in range(SENDERS):
                            tasks.create_task(self._forever(self._sending.some, paces.idle), name=f"send {number}")
                        tasks.create_task(self._let_in(), name="let in")
        finally:
            await self._sink.close()
            with contextlib.suppress(StoreAway):
                await self._lease.release()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY_S)
            try:
                held = await self._lease.renew()
            except StoreAway:
                continue  # nobody else can take it either; whoever did meanwhile is found when the store is back
            if not held:
                raise LostLease(self._assignment.name)

    async def _begin(self) -> None:
        standing, expires, waits = self._standing, self._sink.expires_at, delays(0.5, 30.0)
        while True:
            try:
                await ask(partial(outbox.begin, standing.organisation, standing.sink, now_ms(), expires))
                break
            except Away:
                await asyncio.sleep(next(waits))
        if expires is not None and expires - now_ms() < EXPIRES_SOON_MS:
            log.warning("sink.token_ends", sink=standing.sink, days=max(0, (expires - now_ms()) // 86_400_000))
        standing.open.set()

    async def _forever(self, work: Callable[[], Awaitable[None]], pause_s: float) -> None:
        waits = delays(0.5, 30.0)
        while True:
            await self._standing.open.wait()
            try:
                await work()
                waits = delays(0.5, 30.0)
            except Away as why:
                log.warning("sink.waits", sink=self._standing.sink, reason=str(why))
                await asyncio.sleep(next(waits))
            await asyncio.sleep(max(pause_s, self._standing.rest_s()))

    async def _look(self) -> None:
        """A row in the outbox for whatever was recorded since."""
        now_s = asyncio.get_running_loop().time()
        whole = now_s >= self._whole_at
        take_in = partial(outbox.take_in, self._standing.organisation, self._standing.sink, self._sources, whole=whole)
        while self._sources and await ask(partial(take_in, now_ms())) == outbox.AT_ONCE:
            pass
        if whole:
            self._whole_at = now_s + self._standing.paces.whole_look

    async def _let_in(self) -> None:
        """Knocks while we are refused."""
        while True:
            await asyncio.sleep(self._standing.paces.refused)
            if not self._standing.open.is_set():
                with contextlib.suppress(ProviderError, Away):
                    await self._sink.knows("wallboard")
                    await self._standing.answers()
                    self._standing.open.set()


def config_of(assigned: Assigned) -> SourceConfig:
    """How a source is reached."""
    return SourceConfig(
        name=assigned.name,
        live_url=assigned.live_url,
        historic_url=assigned.historic_url,
        token=assigned.token,
        default_region=assigned.default_region,
        second_token=assigned.second_token,
        settings=assigned.settings,
    )


def _opened(assigned: Assigned) -> Sink:
    open_sink = COMPANIES[assigned.provider].open_sink
    assert open_sink is not None
    return open_sink(config_of(assigned))


@asynccontextmanager
async def sound_of_source(organisation: str, recording: Recording) -> AsyncIterator[Sound]:
    """The sound of a recording of another source of the organisation, fetched anew. Raises Retry or Refused."""

    def read() -> Assigned | None:
        found = (each for each in read_assignments() if (each.organisation, each.name) == (organisation, recording.source))
        return next(found, None)

    try:
        assigned = await ask(read)
    except Away as why:
        raise Retry("database") from why
    if assigned is None or assigned.paused_at is not None:
        raise Retry("its source is paused or gone")
    async with sounding.sound(assigned.provider, config_of(assigned), recording) as sound:
        yield sound
