"""The hubs of this process, and the guard that ends what a revoked key had opened and lets everybody go when that is ordered.

Rules that hold here: what the guard acts on it finds by looking, so that no lost message can keep a screen on; it looks at keys every
few seconds and at the order to drain twice a second; it ends when there is nobody to guard.
"""

import asyncio
import weakref
from pathlib import Path

import structlog
from django.conf import settings

from wallboard.accounts.viewer import Sight
from wallboard.push import admission, drain, leaving, live, orders, sights
from wallboard.push.hub import BoardHub
from wallboard.push.socket import NOT_ADMITTED, ROTATED, BoardSocket
from wallboard.push.tidy import Tidy

log = structlog.get_logger(__name__)

MOST_HUBS = 200


class _Hall:
    """The hubs of one event loop, by organisation, sight and board."""

    def __init__(self) -> None:
        self.hubs: dict[tuple[str, Sight, str], BoardHub] = {}
        self.guard: asyncio.Task[None] | None = None
        self.tidy = Tidy()


_halls: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Hall]" = weakref.WeakKeyDictionary()


def _hall() -> _Hall:
    return _halls.setdefault(asyncio.get_running_loop(), _Hall())


def hubs() -> list[BoardHub]:
    """Every hub of this process."""
    return list(_hall().hubs.values())


def sockets() -> list[BoardSocket]:
    """Every socket of this process that has not been closed."""
    return [socket for hub in _hall().hubs.values() for socket in hub.sockets if not socket.closed]


async def enter(organisation_slug: str, board: str, socket: BoardSocket) -> BoardHub:
    """Puts an accepted socket to its board; it has had its snapshot then. Raises NoSuchBoard."""
    sight = socket.entry.viewer.sight
    organisation = sights.of(await live.organisation(organisation_slug), sight)
    await organisation.current()
    hall = _hall()
    hub = hall.hubs.get((organisation_slug, sight, board))
    if hub is None or hub.organisation is not organisation:
        _forget_empty(hall)
        hub = hall.hubs[(organisation_slug, sight, board)] = BoardHub(organisation, board)
    try:
        await hub.join(socket)
    except BaseException:
        hub.leave(socket)
        raise
    if hall.guard is None or hall.guard.done():
        hall.guard = asyncio.create_task(_guard(hall), name="guard")
    return hub


def _forget_empty(hall: _Hall) -> None:
    """Pages of queues and agents come and go; a hub that nobody is at is made anew when somebody comes."""
    if len(hall.hubs) >= MOST_HUBS:
        for key in [key for key, hub in hall.hubs.items() if not hub.sockets]:
            del hall.hubs[key]


async def _guard(hall: _Hall) -> None:
    """One question for all sockets; ends when there are none."""
    loop = asyncio.get_running_loop()
    checked_at = loop.time()
    while sockets() or hall.tidy.is_due:
        await asyncio.sleep(drain.LOOK_EVERY_S)
        hall.tidy.look(sum(hub.departed for hub in hall.hubs.values()), loop.time())
        try:
            if (order := leaving.order()) is not None:
                await let_everybody_go(order)
            elif loop.time() - checked_at >= admission.RECHECK_S:
                checked_at = loop.time()
                # First, so that a screen that was given another board hears of it before its socket ends.
                await orders.tell(sockets())
                await end_revoked(list(hall.hubs.values()))
        except Exception:
            # A guard that died would leave revoked screens on for ever.
            log.exception("guard_failed")


async def let_everybody_go(order: drain.Order) -> None:
    """Closes every socket, spread over the order's pace; returns early when the order is withdrawn."""
    var_dir = Path(settings.VAR_DIR)
    log.info("draining", screens=len(sockets()))
    drain.note_left(var_dir, order, len(sockets()))
    await asyncio.sleep(min(leaving.begins_in(), order.after_s))
    while (those := sockets()) and leaving.order() == order:
        for socket in those[: max(1, round(order.per_s / 5))]:
            await leaving.let_go(socket)
            await asyncio.sleep(1 / order.per_s)
        drain.note_left(var_dir, order, len(sockets()))
    drain.note_left(var_dir, order, len(sockets()))


async def end_revoked(those: list[BoardHub]) -> None:
    """Closes the sockets whose key opens nothing any more, and lets those come again whose key now opens something else."""
    sockets = [socket for hub in those for socket in hub.sockets]
    alive = await admission.still_open(socket.entry for socket in sockets)
    for socket in sockets:
        if socket.entry.digest not in alive:
            log.info("key_revoked", **socket.entry.for_logs())
            await socket.close(NOT_ADMITTED, "this key was revoked")
        elif not alive[socket.entry.digest]:
            log.info("key_changed", **socket.entry.for_logs())
            await socket.close(ROTATED, "what this key opens has changed")
