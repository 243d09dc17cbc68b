"""The auditor: recounts shown numbers from the stored records, for ever and bit by bit, and says for how long any was wrong.

Rules that hold here: an audit takes some hundredths of one core at most, whatever the floor's size; one worker audits an organisation;
whoever cannot audit (Redis away, sums being made anew) says nothing; what is found wrong twice in a row is told, counted and repaired.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Iterable

import structlog

from stats.clock import now_ms
from stats.domain.audit import Finding, Judge
from stats.domain.periods import business_day
from stats.ingest.books import Books
from stats.live.board_store import Store

log = structlog.get_logger(__name__)

LEAST_PAUSE_S, LONGEST_PAUSE_S = 10.0, 90.0
# The share of one core an audit may take, pauses counted in.
SHARE = 0.025
# So many records may change while sums are read; more, and the look is taken again.
FEW, LOOKS = 60, 4


class Auditor:
    """Audits one organisation."""

    def __init__(self, store: Store, organisation: str, *, now: Callable[[], int] = now_ms) -> None:
        self._store, self._organisation, self._now = store, organisation, now
        self.books = Books(store, organisation)
        self.judge: Judge | None = None
        self._epoch = ""

    async def audit(self) -> bool:
        """One audit, reported and acted on; False when none could be made. Raises StoreAway."""
        books, inspection = self.books, self.books.inspection
        books.spent_s = 0.0
        if self.judge is None:
            self.judge = Judge(await inspection.read_report() or Judge().report)
        if not await books.learn():
            self.judge.forget()
            return False
        await books.doubt_some()
        for _ in range(LOOKS):
            epoch, since = await inspection.mark()
            now = self._now()
            if await books.bring_up_to_date(now) <= FEW:
                break
        if epoch != self._epoch:
            self._epoch = epoch
            self.judge.forget()
        seen = await books.compare(since, now, self.judge.suspects)
        if seen.picture.epoch != epoch or not seen.picture.whole:
            return False
        found = Finding(
            at=self._now(),
            day=business_day(now, books.timezone),
            calls=len(books.kept),
            compared=frozenset(seen.compared),
            moved=seen.moved,
            different=seen.different,
            live=any(books.sources.values()),
            took_ms=round(books.spent_s * 1000),
        )
        order = self.judge.take(found, time.monotonic())
        report = self.judge.report
        if report.different:
            log.error(
                "audit.numbers_differ",
                organisation=self._organisation,
                cells=report.different,
                worst=report.worst,
                shown=report.shown,
                recounted=report.recounted,
            )
        await inspection.leave_report(report)
        if order:
            for source in books.sources:
                await self._store.order(self._organisation, source, "rebuild")
            log.error("audit.rebuild_ordered", organisation=self._organisation)
        return True

    def pause_s(self) -> float:
        """How long to rest after an audit."""
        return min(LONGEST_PAUSE_S, max(LEAST_PAUSE_S, self.books.spent_s / SHARE))


class Auditing:
    """One auditor for each organisation of which this worker holds a source, when no other worker audits it."""

    def __init__(self, store: Store, held: Callable[[], Iterable[str]]) -> None:
        self._store, self._held = store, held
        self._me = secrets.token_hex(6)
        self._auditors: dict[str, Auditor] = {}
        self._due: dict[str, float] = {}

    async def run(self) -> None:
        """Until cancelled. Raises StoreAway when Redis goes away; whoever runs it runs it again."""
        while True:
            held = set(self._held())
            for gone in self._auditors.keys() - held:
                del self._auditors[gone]
            for organisation in sorted(held):
                if time.monotonic() >= self._due.get(organisation, 0.0):
                    await self._one(organisation)
            await asyncio.sleep(1.0)

    async def _one(self, organisation: str) -> None:
        auditor = self._auditors.get(organisation) or Auditor(self._store, organisation)
        if not await auditor.books.inspection.may_audit(self._me, LONGEST_PAUSE_S + 30):
            self._auditors.pop(organisation, None)
            self._due[organisation] = time.monotonic() + LEAST_PAUSE_S
            return
        self._auditors[organisation] = auditor
        try:
            await auditor.audit()
        finally:
            self._due[organisation] = time.monotonic() + auditor.pause_s()
