"""One board in one process: every change is encoded once and handed to every socket, past any channel layer.

Rules that hold here:
- Every socket that is not paused has been sent exactly the hub's version, so one patch fits them all.
- A socket that comes back from a pause, and a browser that lost the thread, get one message made of the present, never a queue.
- A new epoch or a new structure of the board is a snapshot for everybody; no snapshot is made of one epoch's name and another's values.
- Nobody is sent more than four patches a second, however it came to be behind.
- Each socket ends at an age of its own, so that those who came together do not leave together.
- A heartbeat says that the values are the present ones: while nothing is computed there is none.
- A process that itself stood still judges nobody by that time.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

import structlog

from stats import clock
from wallboard.boards.board import Board
from wallboard.boards.build import build
from wallboard.boards.topics import counted_as, drawn
from wallboard.push import messages
from wallboard.push.messages import Frame, Whole
from wallboard.push.sights import Shown
from wallboard.push.socket import ROTATED, TOO_SLOW, BoardSocket

log = structlog.get_logger(__name__)

HEARTBEAT_S = 10.0
LOOK_S = 0.5
# After so many sockets others get a turn: a thousand screens take a tenth of a second.
AT_A_TIME = 50
BETWEEN_SNAPSHOTS_S = 0.5
BETWEEN_PATCHES_S = 0.25
# Longer than this between two looks, and it was we who did not listen.
OVERSLEPT_S = 2.0
LEAST_AGE_S, MOST_AGE_S = 8 * 3600.0, 16 * 3600.0


class BoardHub:
    """The sockets of one board of one organisation."""

    def __init__(
        self,
        organisation: Shown,
        slug: str,
        *,
        now: Callable[[], int] = clock.now_ms,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self.organisation, self.slug = organisation, slug
        self.sockets: set[BoardSocket] = set()
        self.messages_sent = self.departed = 0
        self._now, self._steady = now, steady
        # Raises NoSuchBoard.
        self.board: Board = self._drawn()
        self.version, self.epoch = organisation.ledger.version, organisation.ledger.epoch
        self._whole: tuple[tuple[str, int, str], Whole] | None = None
        self._missed: dict[int, Frame] = {}
        self._watch: asyncio.Task[None] | None = None

    # --- coming and going ------------------------------------------------------------------------------------------------

    async def join(self, socket: BoardSocket) -> None:
        """A socket was accepted: it gets the snapshot, and from then on every change."""
        if not self.sockets:
            # Nobody looked, so nothing was followed.
            self.board = self._drawn()
            self._catch_up()
            self.organisation.listeners.append(self.publish)
            self._watch = asyncio.create_task(self._look_after(), name=f"hub:{self.slug}")
        self.sockets.add(socket)
        self.organisation.watchers += 1
        socket.ends_at = self._steady() + random.uniform(LEAST_AGE_S, MOST_AGE_S)
        await self._tell_all(socket)

    def leave(self, socket: BoardSocket) -> None:
        """A socket is gone; a second call does nothing."""
        if socket not in self.sockets:
            return
        socket.closed = True
        self.sockets.discard(socket)
        self.departed += 1
        self.organisation.watchers -= 1
        if not self.sockets:
            self.organisation.listeners.remove(self.publish)
            if self._watch is not None:
                self._watch.cancel()
                self._watch = None

    # --- changes -------------------------------------------------------------------------------------------------------

    async def publish(self) -> None:
        """Tells every socket what changed since the hub's version."""
        ledger = self.organisation.ledger
        before = self.version
        anew = self._drawn()
        if anew.rev != self.board.rev or ledger.epoch != self.epoch:
            self.board = anew
            self._catch_up()
            await self._each(self._tell_all)
            return
        self.board = anew
        news = ledger.since(before, self.board.wants)
        if not news:
            return
        self._catch_up()
        event = messages.frame(messages.patch(self.epoch, before, self.version, self._now(), news))
        version = self.version

        async def tell(socket: BoardSocket) -> None:
            if socket.behind or socket.window.sent != before or not self._may_be_patched(socket):
                # Whoever joined or came back while others were told may have more already.
                socket.behind = socket.behind or socket.window.sent != version
                await self._follow_up(socket)
                return
            self.messages_sent += 1
            await socket.tell(event, version, self._steady())

        await self._each(tell)

    async def acknowledge(self, socket: BoardSocket, version: int) -> None:
        """A browser has applied a version; when something was withheld from it, it gets that now."""
        if socket.window.note_acknowledged(version, self._steady()):
            await self._follow_up(socket)

    async def resync(self, socket: BoardSocket) -> None:
        """A browser asks for everything; more than two a second wait their turn."""
        rest = BETWEEN_SNAPSHOTS_S - (self._steady() - socket.snapshot_at)
        if rest > 0:
            await asyncio.sleep(rest)
        if socket.window.is_paused(self._steady()):
            socket.behind = True
            socket.rev = ""
            return
        await self._tell_all(socket)

    # --- ways of telling -------------------------------------------------------------------------------------------------

    def _may_be_patched(self, socket: BoardSocket) -> bool:
        return self._steady() - socket.sent_at >= BETWEEN_PATCHES_S

    async def _follow_up(self, socket: BoardSocket) -> None:
        """Gives one that is behind what it missed, as soon as it may have it; else a later look does."""
        if socket.behind and self._may_be_patched(socket) and not socket.window.is_paused(self._steady()):
            socket.behind = False
            await self._bring_up_to_date(socket)

    async def _bring_up_to_date(self, socket: BoardSocket) -> None:
        if socket.rev != self.board.rev + self.epoch:
            await self._tell_all(socket)
            return
        since = socket.window.sent
        if since == self.version:
            return
        event = self._missed.get(since)
        if event is None:
            news = self.organisation.ledger.since(since, self.board.wants)
            event = messages.frame(messages.patch(self.epoch, since, self.version, self._now(), news))
            self._missed[since] = event
        self.messages_sent += 1
        await socket.tell(event, self.version, self._steady())

    async def _tell_all(self, socket: BoardSocket) -> None:
        if self.organisation.ledger.epoch != self.epoch:
            # The values are another epoch's already; everybody is about to be told of it.
            socket.behind, socket.rev = True, ""
            return
        key = (self.epoch, self.version, self.board.rev)
        if self._whole is None or self._whole[0] != key:
            values = self.organisation.ledger.whole(self.board.wants)
            self._whole = (key, messages.snapshot(self.epoch, self.version, self.board.as_message(), values))
        socket.rev = self.board.rev + self.epoch
        socket.snapshot_at = self._steady()
        self.messages_sent += 1
        await socket.tell(messages.frame(self._whole[1].at(self._now())), self.version, self._steady())

    async def _each(self, tell: Callable[[BoardSocket], Awaitable[None]]) -> None:
        """Tells every socket that may be told; the others are behind."""
        for count, socket in enumerate(tuple(self.sockets), 1):
            if socket.window.is_paused(self._steady()):
                socket.behind = True
            else:
                await tell(socket)
            if count % AT_A_TIME == 0:
                await asyncio.sleep(0)

    # --- time ----------------------------------------------------------------------------------------------------------

    async def _look_after(self) -> None:
        """Looks at every socket twice a second."""
        looked_at, judges_from = self._steady(), float("-inf")
        while True:
            await asyncio.sleep(LOOK_S)
            now = self._steady()
            if now - looked_at > LOOK_S + OVERSLEPT_S:
                # What was said meanwhile lies unread.
                judges_from = now + OVERSLEPT_S
            looked_at = now
            await self.look(judges=now >= judges_from)

    async def look(self, *, judges: bool = True) -> None:
        """Heartbeats into silence, what was withheld, and an end for those who do not answer or have had their time."""
        beat: Frame | None = None
        for count, socket in enumerate(tuple(self.sockets), 1):
            now = self._steady()
            if socket.window.is_over(now):
                if judges:
                    log.info("screen_too_slow", board=counted_as(self.slug), **socket.entry.for_logs())
                    await socket.close(TOO_SLOW, "nothing acknowledged for 20 s")
            elif now >= socket.ends_at:
                await socket.close(ROTATED, "come again")
            elif socket.behind:
                await self._follow_up(socket)
            elif now - socket.sent_at >= HEARTBEAT_S - LOOK_S / 2 and self._may_be_called_present(socket, now):
                if beat is None:
                    beat = messages.frame(messages.heartbeat(self.epoch, self.version, self._now(), build()))
                self.messages_sent += 1
                await socket.tell(beat, self.version, now)
            if count % AT_A_TIME == 0:
                await asyncio.sleep(0)

    def _may_be_called_present(self, socket: BoardSocket, now: float) -> bool:
        return not socket.window.is_paused(now) and socket.window.sent == self.version and self.organisation.is_computing

    def _drawn(self) -> Board:
        organisation = self.organisation
        return drawn(self.slug, organisation.ledger.values, organisation.language, organisation.mirror.facts.timezone)

    def _catch_up(self) -> None:
        ledger = self.organisation.ledger
        self.version, self.epoch = ledger.version, ledger.epoch
        self._missed.clear()
