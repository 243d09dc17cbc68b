"""One task and one lease per source, in this worker and in as many others as run: whoever holds the lease does the work.

Rules that hold here: configuration comes from outside and is asked for every few seconds, and when it cannot be had the last known
stays; a changed source starts its session anew, changed targets only restate; a worker that stands by says so, and one that leaves lets
it listen first; this is the one place with a broad `except`.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import structlog

from stats.history.assignments import Assigned
from stats.ingest.backoff import Doorstep
from stats.ingest.departing import Departing
from stats.ingest.handover import LostLease
from stats.ingest.keeping import Keeps
from stats.ingest.ordering import KeepSecret, Posted
from stats.ingest.recorder import Tape
from stats.ingest.resting import Resting
from stats.ingest.session import Session
from stats.ingest.sinking import Sinking, is_sink
from stats.live.board_store import Store, StoreAway
from stats.live.leases import Lease
from stats.live.relief import Relief
from stats.providers.base import LiveProvider
from stats.providers.registry import COMPANIES

log = structlog.get_logger(__name__)

ASK_EVERY_S = 1.0
# While the database is away.
SAY_EVERY_S = 60.0
STANDBY_S = 0.5
LONGEST_PAUSE_S = 5.0


Ask = Callable[[], Awaitable[Sequence[Assigned]]]
Connect = Callable[[Assigned], LiveProvider]
# A mark of how a source is reached, that tells whether address and token are the same as before, and nothing else of them.
Mark = Callable[[Assigned], str]
ShelfOf = Callable[[str], Keeps]
# Keeps the secret a vendor named for what it posts to a source.
SecretKeeper = Callable[[Assigned, str], Awaitable[None]]


class Keeper:
    """Keeps one source: waits for its lease, runs its session, begins again."""

    def __init__(
        self,
        store: Store,
        assignment: Assigned,
        connect: Connect,
        doorstep: Doorstep,
        shelf_of: ShelfOf | None,
        tape: Tape | None,
        mark: Mark,
        keep_secret: SecretKeeper | None,
    ) -> None:
        self._keep_secret = keep_secret
        self.assignment, self._mark = assignment, mark
        self._store, self._connect, self._shelf_of, self._tape = store, connect, shelf_of, tape
        self._doorstep = doorstep
        self._session: Session | None = None
        self._sends = False
        self._relieved = ""  # the worker that was last seen to leave, relieved once whatever came of it
        self.task = asyncio.create_task(self._keep(), name=f"source {assignment.name}")

    def follow(self, assignment: Assigned) -> None:
        """Take over changed rules."""
        if (assignment.rules, assignment.timezone) != (self.assignment.rules, self.assignment.timezone) and self._session is not None:
            self._session.set_rules(assignment.timezone, assignment.rules)
        if assignment.erased != self.assignment.erased and self._session is not None:
            self._session.set_erased(assignment.erased)
        self.assignment = assignment

    @property
    def holds(self) -> bool:
        """Whether this worker does the source's work now."""
        return self._sends or (self._session is not None and self._session.holding)

    async def stop(self, *, leaving: bool = False) -> None:
        """End the session, lease released. When this worker leaves for good, a standby may listen first."""
        if leaving and self._session is not None:
            await self._session.make_room()
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task

    async def _keep(self) -> None:
        # Of this task and its children alone: every line they write says whose it is.
        structlog.contextvars.bind_contextvars(organisation=self.assignment.organisation, source=self.assignment.name)
        pause = 0.5
        while True:
            try:
                if await self._one_life():
                    pause = 0.5
            except asyncio.CancelledError:
                raise
            except StoreAway as why:
                log.warning("store.away", source=self.assignment.name, reason=str(why))
            except Exception:
                # Whatever went wrong inside one source is its own affair: it starts anew, the others never notice.
                log.exception("session.crashed", source=self.assignment.name)
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE_S, pause * 2)

    async def _one_life(self) -> bool:
        assignment = self.assignment
        lease = Lease(self._store, assignment.organisation, assignment.name)
        relief = Relief(self._store, assignment.organisation, assignment.name, lease.holder)
        leaving: str | None = None
        try:
            while not await lease.take():
                told = await relief.stand_by()
                if told is not None and not told.to and told.by != self._relieved:
                    leaving = self._relieved = told.by
                    break
                await asyncio.sleep(STANDBY_S)
        except asyncio.CancelledError:
            with contextlib.suppress(StoreAway):
                await relief.withdraw()
            raise
        assignment = self.assignment
        if is_sink(assignment.provider):
            return await self._send_to(assignment, lease)
        if assignment.paused_at is not None:
            await Resting(self._store, assignment, lease).run()
        log.info("source.taken" if leaving is None else "source.relieving", source=assignment.name)
        try:
            provider = self._connect(assignment)
        except Exception:
            # Whoever can reach the vendor need not wait for our lease to lapse.
            await lease.release()
            raise
        self._session = Session(
            self._store,
            assignment.organisation,
            assignment.name,
            assignment.provider,
            provider,
            lease,
            assignment.timezone,
            assignment.rules,
            shelf=self._shelf_of(assignment.organisation) if self._shelf_of is not None else None,
            tape=self._tape,
            doorstep=self._doorstep,
            reached=self._mark(assignment),
            relieving=leaving is not None,
            erased=assignment.erased,
            posted=Posted(
                address=assignment.hook_address,
                unsigned=_signs(assignment.provider) and not assignment.hook_secret,
                keep_secret=self._secrets_of(assignment),
            ),
        )
        try:
            await self._session.run()
        except LostLease:
            log.warning("source.lost", source=assignment.name)
        finally:
            self._session = None
        return True

    async def _send_to(self, assignment: Assigned, lease: Lease) -> bool:
        """The life of a place that recordings are sent to."""
        self._sends = True
        try:
            await Sinking(assignment, lease).run()
        except LostLease:
            log.warning("source.lost", source=assignment.name)
        finally:
            self._sends = False
        return True

    def _secrets_of(self, assignment: Assigned) -> KeepSecret | None:
        return partial(self._keep_secret, assignment) if self._keep_secret is not None else None


def _signs(company: str) -> bool:
    """Whether a company signs what it posts with a secret it names when it is ordered."""
    known = COMPANIES.get(company)
    return known is not None and bool(getattr(known.hook, "signs", False))


class Supervisor:
    """Everything one ingest worker does."""

    def __init__(
        self,
        store: Store,
        ask: Ask,
        connect: Connect,
        *,
        shelf_of: ShelfOf | None = None,
        tape: Tape | None = None,
        mark: Mark = lambda _: "",
        keep_secret: SecretKeeper | None = None,
    ) -> None:
        self._keep_secret = keep_secret
        self._store, self._ask, self._connect, self._mark = store, ask, connect, mark
        self._shelf_of, self._tape = shelf_of, tape
        self._keepers: dict[tuple[str, str], Keeper] = {}
        self._doorsteps: dict[tuple[str, str], Doorstep] = {}
        self._departing = Departing(store)

    async def run(self) -> None:
        """Until cancelled; then every session finishes the frame in hand and lets its lease go."""
        said_at: float | None = None
        try:
            while True:
                try:
                    await self._follow(await self._ask())
                except Exception as why:
                    if said_at is None or time.monotonic() - said_at >= SAY_EVERY_S:
                        log.warning("configuration.away", reason=type(why).__name__)
                        said_at = time.monotonic()
                else:
                    said_at = None
                await asyncio.sleep(ASK_EVERY_S)
        finally:
            await asyncio.gather(*(k.stop(leaving=True) for k in self._keepers.values()), return_exceptions=True)

    def duties(self) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
        """By organisation: the sources this worker holds, and those it stands by for."""
        found: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        for (organisation, name), keeper in sorted(self._keepers.items()):
            held, standby = found.get(organisation, ((), ()))
            found[organisation] = ((*held, name), standby) if keeper.holds else (held, (*standby, name))
        return found

    async def _follow(self, assignments: Sequence[Assigned]) -> None:
        wanted = {(a.organisation, a.name): a for a in assignments}
        for name, keeper in list(self._keepers.items()):
            if name not in wanted or not keeper.assignment.reached_as(wanted[name]):
                await keeper.stop()
                del self._keepers[name]
                if name not in wanted:
                    self._departing.let_go(keeper.assignment)
        await self._departing.clear(wanted)
        for name, assignment in wanted.items():
            if name in self._keepers:
                self._keepers[name].follow(assignment)
            else:
                doorstep = self._doorsteps.setdefault(name, Doorstep())
                self._keepers[name] = Keeper(
                    self._store, assignment, self._connect, doorstep, self._shelf_of, self._tape, self._mark, self._keep_secret
                )


async def keep_going(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """What runs beside the sources, for ever: it begins again after whatever ended it, and no source ever notices."""
    while True:
        try:
            await work()
        except asyncio.CancelledError:
            raise
        except StoreAway as why:
            log.debug("beside.waits", work=name, reason=str(why))
        except Exception:
            log.exception("beside.crashed", work=name)
        await asyncio.sleep(LONGEST_PAUSE_S)
