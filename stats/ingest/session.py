"""One source, from the first handshake to the last: open the sockets, apply at once, read the past, prove it whole.

The order is the specification:
1. Tell the store's epoch, and read what an earlier worker left.
2. Open the sockets, the first alone (a bad token then costs one handshake), and apply frames as they come.
3. When every needed socket has been tried, read the past: today and six hours before it (fast paint), and again one lag later (proof).
4. After a gap on a needed socket, read from before the gap; every five minutes the last half hour, every hour the day.
5. Calls open without news are looked up, and expire when nobody has known them for four hours.
All the while: one flusher writes, one report every two seconds, the lease is renewed every two and a half, the hourly slots are pulled.
"""

import asyncio
import contextlib

import structlog

from stats.clock import now_ms, steady_ms, stepped_ms
from stats.domain.facts import SourceFacts
from stats.domain.metrics import CountingRules
from stats.history.erased import NOBODY, Erased
from stats.ingest.backoff import Doorstep, delays
from stats.ingest.beside import Beside, company_facts
from stats.ingest.handover import Handover, LostLease, inherit, lost_as_one, readable, since_left
from stats.ingest.health import SourceHealth
from stats.ingest.keeping import Keeping, Keeps
from stats.ingest.listening import Listening
from stats.ingest.ordering import NOTHING_POSTED, Posted
from stats.ingest.past import HOUR_MS, RECENT_MS, Past
from stats.ingest.pipeline import Fenced, Road
from stats.ingest.pulse import Pulse
from stats.ingest.quarantine import Quarantine
from stats.ingest.recorder import Tape
from stats.ingest.seeding import Seeding
from stats.ingest.showing import Showing
from stats.ingest.splitting import REASON
from stats.ingest.tenants import Binding
from stats.live import codec
from stats.live.board_store import Store, StoreAway
from stats.live.leases import Lease
from stats.live.relief import Relief
from stats.live.sweeping import wipe_sums
from stats.providers.base import LiveProvider

log = structlog.get_logger(__name__)

REPORT_EVERY_S = 2.0
RENEW_EVERY_S = 2.5
FLUSH_GAP_S = 0.004
KEEP_MS = 50 * HOUR_MS


class Session:
    """The life of one source in this worker, as long as it holds the lease.

    With `relieving` the lease is another's who is about to go: the sockets are opened first, and nothing is written before it is ours.
    """

    def __init__(
        self,
        store: Store,
        organisation: str,
        source: str,
        provider_name: str,
        provider: LiveProvider,
        lease: Lease,
        timezone: str,
        rules: CountingRules,
        *,
        shelf: Keeps | None = None,
        tape: Tape | None = None,
        doorstep: Doorstep | None = None,
        reached: str = "",
        relieving: bool = False,
        erased: Erased = NOBODY,
        posted: Posted = NOTHING_POSTED,
    ) -> None:
        self._store, self._organisation, self._lease, self._provider = store, organisation, lease, provider
        self._name = source
        self.health = SourceHealth(source, provider_name, provider.feeds, steady_ms())
        self.road = Road(store, organisation, source, lease.holder, timezone, rules, derives=company_facts(self.health, provider))
        self.road.erasure.follow(erased)
        self.quarantine, self._pulse = Quarantine(), Pulse()
        self._binding = Binding(source, reached)
        self.seeding = Seeding(provider, self.road, self.quarantine, self._binding)
        self.holding, self._relieving = False, relieving
        self._left: SourceFacts | None = None  # what the last report before ours says
        self._keeping = Keeping(store, organisation, source, self.road, shelf) if shelf is not None else None
        self._showing = Showing(self.road, self.health, self._write_report)
        self._epoch, self._apart = "", 0  # apart: how far our clock is before that of the worker before us
        # Moved: the store has lost something that it has not been told again.
        self._dirty, self._moved = asyncio.Event(), False
        self._past = Past(
            self.road, self.seeding, self.health, told=self._dirty.set, changed=self._write_report, answers=self._past_answers
        )
        self._beside = Beside(store, organisation, provider, self.road, self.health, posted)
        self._listening = Listening(
            provider,
            self.road,
            self.health,
            self.quarantine,
            told=self._dirty.set,
            changed=self._write_report,
            missed=self._beside.missed(self._past.want),
            ended=self.seeding.lag.ended_live,
            lacking=self._past.look_soon,
            binding=self._binding,
            tape=tape,
            doorstep=doorstep,
            open_feed=lambda feed: self._beside.open(feed, self._keeping),
        )
        self._handover = Handover(Relief(store, organisation, source, lease.holder), lease, self.health, self._listening)

    async def run(self) -> None:
        """Until cancelled, or LostLease. Everything else is healed inside."""
        try:
            await self._begin()
            with lost_as_one(self._name):
                async with asyncio.TaskGroup() as tasks:
                    for feed in self._provider.feeds:
                        tasks.create_task(self._listening.keep_open(feed), name=f"feed {feed}")
                    tasks.create_task(self._hold(tasks), name="hold")
        finally:
            await self._farewell()

    async def _hold(self, tasks: asyncio.TaskGroup) -> None:
        """Once the lease is ours, everything that writes. A task that raises, and one that hangs, ends the session."""
        whole = False
        if self._relieving:
            await self._handover.listen_first()
            await self._begin()  # what the other one wrote to its last
            whole = await self._handover.adopt(self._left, self._apart)
        self.holding = True
        self._beside.begun(self._left, self._apart, whole)
        self._write_report()
        if whole:
            self._past.look(0)
        else:
            self._past.want(since := since_left(self._left, self._apart, self.road.timezone))
            if since:
                self._past.day_soon()
        work = [self._flush, self._report, self._renew, self._read_the_past, self._past.chase_ghosts, self._pulse.watch]
        work += self._beside.works(self.seeding, self._dirty.set, self._write_report, self._past.want, self._past_answers)
        for task in work if self._keeping is None else [*work, self._keeping.run]:
            tasks.create_task(task(), name=task.__name__)

    async def make_room(self) -> None:
        """Before a planned end: let a standby listen first. Bounded."""
        if self.holding:
            await self._handover.make_room()

    def set_rules(self, timezone: str, rules: CountingRules) -> None:
        """Count by other rules; today's numbers follow within seconds."""
        self.road.set_rules(timezone, rules)
        self._dirty.set()

    def set_erased(self, erased: Erased) -> None:
        """Take in nothing more of these; what the store holds of them goes within seconds."""
        self.road.erasure.follow(erased)
        self._dirty.set()

    async def _read_the_past(self) -> None:
        await self._listening.all_tried()
        await self._past.keep_reading()

    def _past_answers(self) -> None:
        if self.health.auth and any(s.state == "open" for s in self.health.facts.sockets.values()):
            self._listening.auth_works()
            self._write_report()

    # --- the store --------------------------------------------------------------------------------------------------

    async def _begin(self) -> None:
        self._epoch = await self._store.begin(self._organisation)
        self._showing.generation = await self._store.generation(self._organisation)
        self._left = readable((await self._store.entries(self._organisation, "sources")).get(self._name))
        self._apart = self.road.steps.apart(await self._lease.compare_clocks(), self._left)
        await self.road.load(self._apart)
        await self._beside.recall()
        if self._left is not None:
            inherit(self.road, self.health, self._binding, self._left)

    async def _flush(self) -> None:
        """Write what is dirty, at once when idle, batched by the time a write takes when busy."""
        waits = delays(first_s=0.1, longest_s=1.0)
        while True:
            if not (self.road.dirty or self.road.who.restate_wanted or self.road.erasure.wanted):
                self._dirty.clear()
                self._pulse.rest("flush")
                await self._dirty.wait()
            try:
                if self.road.who.restate_wanted:
                    self._pulse.rest("flush")  # a long day takes its time
                    await self._showing.restate()
                if self.road.erasure.wanted:
                    self._pulse.rest("flush")
                    await self.road.erasure.clean(self.road)
                self._pulse.beat("flush")
                await self.road.flush()
                waits = delays(first_s=0.1, longest_s=1.0)
                self._showing.follow()
                if self._moved or (self.road.run_id and self.road.run_id != self.road.seen_run_id):
                    await self._store_moved()
            except StoreAway:
                await asyncio.sleep(next(waits))
            except Fenced:
                with contextlib.suppress(StoreAway):  # the next write will say so
                    await self._take_back()
            await asyncio.sleep(FLUSH_GAP_S)

    async def _take_back(self) -> None:
        """Fenced: the lease lapsed, or the store was emptied. Take it back, or leave it to who has it."""
        if not await self._lease.take():
            raise LostLease(self._name)
        await self._store_moved()

    async def _store_moved(self) -> None:
        """Redis is another one than before: it may be empty, or older than what we told it. Tell it everything again, and read the past."""
        self._moved = True  # until all is told again, even if the store goes away in the middle of this
        epoch = await self._store.begin(self._organisation)
        same = epoch == self._epoch and self.road.run_id == self.road.seen_run_id
        if epoch != self._epoch:
            self.health.facts.known, self._epoch = False, epoch
            self._beside.forgot()
        log.warning("store.moved", source=self._name, same=same)
        self.road.doubt()
        # The same store has what everybody wrote; what we were too late to write is told again, and what we slept through is recent.
        self._past.want(now_ms() - RECENT_MS if same else 0)
        self.road.seen_run_id, self._moved = self.road.run_id, False

    async def _renew(self) -> None:
        trimmed_at: int | None = None
        order: str | None = None  # what could not be done yet, the store being away
        while True:
            self._pulse.beat("renew")
            await asyncio.sleep(RENEW_EVERY_S)
            try:
                if trimmed_at is None or steady_ms() - trimmed_at > HOUR_MS:
                    await self._store.trim(self._organisation, self._name, now_ms() - KEEP_MS)
                    trimmed_at = steady_ms()
                if not await self._lease.renew():
                    await self._take_back()
                order = order or await self._store.take_order(self._organisation, self._name)
                if order == "rebuild":
                    await wipe_sums(self._store, self._organisation)
                    self._epoch = await self._store.begin(self._organisation)
                    self.road.doubt()  # whatever made it necessary may have taken identities and presence with it
                    self._dirty.set()
                order = None
            except StoreAway as why:
                log.warning("store.away", source=self._name, reason=str(why))

    async def _report(self) -> None:
        while True:
            self._pulse.beat("report")
            self._write_report()
            refused, self.road.refused = self.road.refused, []
            self.quarantine.put_number(REASON, len(refused))
            counts, notes = self.quarantine.take()
            if counts:
                try:
                    await self._store.quarantine(self._organisation, self._name, counts, notes)
                except StoreAway:
                    self.quarantine.put_back(counts)
            await asyncio.sleep(REPORT_EVERY_S)

    def _write_report(self) -> None:
        self.road.steps.follow()
        facts = self.health.facts
        facts.quarantined, facts.unheard = self.quarantine.total, self.road.silence.stretches
        facts.tenant, facts.reached = self._binding.tenant, self._binding.reached
        self.health.because("tenant", self._binding.alarm(steady_ms()))
        facts.lag_ms = self.seeding.lag.guess_ms
        facts.store_ahead_ms = self._lease.ahead_ms
        facts.vendor_ahead_ms = self._listening.vendor_clock.ahead_ms
        facts.drift = tuple(sorted(getattr(self._provider, "drift", ())))
        self.road.report(self._name, codec.pack_source(self.health.report(steady_ms(), stepped_ms())))
        self._dirty.set()

    async def _farewell(self) -> None:
        """On the way out: write what is in hand, let the lease go, close the sockets."""
        try:
            async with asyncio.timeout(2.0):
                if not self.holding:
                    await self._handover.withdraw()
                    await self._lease.release()
                    return
                self._handover.all_lost()
                self._write_report()
                for _ in range(20):
                    if self.road.dirty:
                        await self.road.flush()
                if self._keeping is not None:
                    await self._keeping.last_words()
                await self._handover.bequeath()
                await self._lease.release()
        except (StoreAway, Fenced, TimeoutError):
            pass
        finally:
            await self._provider.close()
