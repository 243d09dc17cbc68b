"""The hubs of this process, and the guard that ends what a revoked key had opened."""

import asyncio
import weakref

import structlog

from wallboard.push import admission, live
from wallboard.push.hub import BoardHub
from wallboard.push.socket import NOT_ADMITTED, BoardSocket

log = structlog.get_logger(__name__)


class _Hall:
    """The hubs of one event loop, by organisation and board."""

    def __init__(self) -> None:
        self.hubs: dict[tuple[str, str], BoardHub] = {}
        self.guard: asyncio.Task[None] | None = None


_halls: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Hall]" = weakref.WeakKeyDictionary()


def _hall() -> _Hall:
    return _halls.setdefault(asyncio.get_running_loop(), _Hall())


def hubs() -> list[BoardHub]:
    """Every hub of this process."""
    return list(_hall().hubs.values())


async def enter(organisation_slug: str, board: str, socket: BoardSocket) -> BoardHub:
    """Puts an accepted socket to its board; it has had its snapshot then. Raises NoSuchBoard."""
    organisation = await live.organisation(organisation_slug)
    await organisation.current()
    hall = _hall()
    hub = hall.hubs.get((organisation_slug, board))
    if hub is None or hub.organisation is not organisation:
        hub = hall.hubs[(organisation_slug, board)] = BoardHub(organisation, board)
    try:
        await hub.join(socket)
    except BaseException:
        hub.leave(socket)
        raise
    if hall.guard is None or hall.guard.done():
        hall.guard = asyncio.create_task(_guard(hall), name="guard")
    return hub


async def _guard(hall: _Hall) -> None:
    """Every few seconds, one question for all sockets; ends when there are none."""
    while any(hub.sockets for hub in hall.hubs.values()):
        await asyncio.sleep(admission.RECHECK_S)
        try:
            await end_revoked(list(hall.hubs.values()))
        except Exception:
            # A guard that died would leave revoked screens on for ever.
            log.exception("guard_failed")


async def end_revoked(those: list[BoardHub]) -> None:
    """Closes the sockets whose key opens nothing any more."""
    sockets = [socket for hub in those for socket in hub.sockets]
    alive = await admission.still_open(socket.entry for socket in sockets)
    for socket in sockets:
        if socket.entry.digest not in alive:
            log.info("key_revoked", **socket.entry.for_logs())
            await socket.close(NOT_ADMITTED, "this key was revoked")
