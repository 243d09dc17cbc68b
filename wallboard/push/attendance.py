"""This web process' report of itself, left in Redis so that any process can show all: its browsers and how far they follow.

Rules that hold here: the report is of one organisation at a time, and of nobody's name; a process that cannot report works all the same.
"""

import asyncio
import time
import weakref
from collections import Counter

import msgspec
import structlog

from stats.clock import now_ms
from stats.domain.roll import ScreenReport, WebReport
from stats.live.connection import StoreAway
from stats.live.rollcall import EVERY_S, RollCall
from stats.live.vitals import LoopWatch, memory_mb, process_name
from wallboard.boards.topics import counted_as
from wallboard.push import hubs, live
from wallboard.push.hub import BoardHub
from wallboard.push.socket import BoardSocket, refusals

log = structlog.get_logger(__name__)

# Screens told singly; a process may have a thousand.
MOST_SCREENS = 200
# A heartbeat comes every ten seconds, and is acknowledged.
ANSWERS_WITHIN_S = 15.0


class _Clerk:
    """Of one event loop."""

    def __init__(self) -> None:
        self.watch = LoopWatch()
        self.tasks: list[asyncio.Task[None]] = []
        self.sent: dict[str, int] = {}
        self.last: dict[str, WebReport] = {}
        self.lag_ms = 0
        self.counted_at = time.monotonic()


_clerks: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Clerk]" = weakref.WeakKeyDictionary()


def begin() -> None:
    """From now on this process reports; does nothing when it does already."""
    loop = asyncio.get_running_loop()
    clerk = _clerks.setdefault(loop, _Clerk())
    if not clerk.tasks or any(task.done() for task in clerk.tasks):
        for task in clerk.tasks:
            task.cancel()
        clerk.tasks = [
            loop.create_task(clerk.watch.run(), name="attendance:loop"),
            loop.create_task(_report_for_ever(clerk), name="attendance"),
        ]


def own(slug: str) -> WebReport | None:
    """This process' last report of an organisation, for when nobody can be asked."""
    clerk = _clerks.get(asyncio.get_running_loop())
    return clerk.last.get(slug) if clerk is not None else None


def loop_lag_s() -> float:
    """The longest the event loop was late between the last two reports."""
    clerk = _clerks.get(asyncio.get_running_loop())
    return clerk.lag_ms / 1000 if clerk is not None else 0.0


def slow_sockets() -> int:
    """How many browsers of this process do not answer."""
    now = time.monotonic()
    return sum(1 for hub in hubs.hubs() for socket in hub.sockets if not socket.closed and socket.window.is_paused(now))


async def _report_for_ever(clerk: _Clerk) -> None:
    while True:
        try:
            await report_once(clerk)
        except StoreAway:
            # Those who look say so themselves.
            pass
        except Exception:
            log.exception("attendance_failed")
        # At first there may be no organisation to report of.
        await asyncio.sleep(EVERY_S if clerk.last else 1.0)


async def report_once(clerk: _Clerk) -> None:
    """One report for each organisation that lives here. Raises StoreAway."""
    lag = clerk.lag_ms = clerk.watch.take_ms()
    passed = time.monotonic() - clerk.counted_at
    clerk.counted_at = time.monotonic()
    for organisation in live.organisations():
        slug = organisation.slug
        boards = [hub for hub in hubs.hubs() if hub.organisation.slug == slug]
        clerk.last[slug] = _report_of(slug, boards, clerk, lag, max(passed, 0.1))
    for slug, report in clerk.last.items():
        roll = RollCall(live.store(), slug)
        await roll.leave(report)
        answering = (each.row for each in report.screens if each.acknowledged_s is not None and each.acknowledged_s <= ANSWERS_WITHIN_S)
        await roll.beat({row for row in answering if row is not None}, report.written_at)


def _report_of(slug: str, boards: list[BoardHub], clerk: _Clerk, lag_ms: int, passed_s: float) -> WebReport:
    now, sockets = time.monotonic(), [(hub, socket) for hub in boards for socket in hub.sockets if not socket.closed]
    sent = sum(hub.messages_sent for hub in boards)
    rate = max(0, sent - clerk.sent.get(slug, sent)) / passed_s
    clerk.sent[slug] = sent
    # The slow ones first: if anybody is left out, it is those who are well.
    sockets.sort(key=lambda pair: not pair[1].window.is_paused(now))
    return WebReport(
        name=process_name(),
        started_at=clerk.watch.started_at,
        written_at=now_ms(),
        loop_lag_ms=lag_ms,
        memory_mb=memory_mb(),
        boards=dict(Counter(counted_as(hub.slug) for hub, _ in sockets)),
        messages=sent,
        messages_per_s=round(rate, 1),
        slow=sum(1 for _, socket in sockets if socket.window.is_paused(now)),
        rejected=sum(refusals.values()),
        screens=tuple(_screen(hub, socket, now) for hub, socket in sockets[:MOST_SCREENS]),
        unlisted=max(0, len(sockets) - MOST_SCREENS),
    )


def _screen(hub: BoardHub, socket: BoardSocket, now: float) -> ScreenReport:
    window = socket.window
    # What it has not acknowledged it may not show; what it has is as old as what came after it.
    age = 0.0 if window.owed_since is None and window.sent >= hub.version else now - (window.owed_since or socket.sent_at)
    told = socket.report
    said = {} if told is None else {**msgspec.structs.asdict(told), "reported_at": socket.reported_at}
    return ScreenReport(
        **said,
        kind=socket.entry.kind,
        row=socket.entry.row if socket.entry.kind == "screen" else None,
        board=counted_as(hub.slug),
        acknowledged_s=None if window.acknowledged_at is None else round(now - window.acknowledged_at, 1),
        data_age_s=round(max(0.0, age), 1),
        slow=window.is_paused(now),
    )
