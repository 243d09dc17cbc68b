"""How a web process parts from its screens: told, spread out, and never by a connection that merely breaks.

Rules that hold here:
- A screen that is let go is told to come again (4012); who comes while we leave is told the same.
- After SIGTERM everything is said within FAREWELL_S, because `up` gives its children three seconds.
- An answer that was begun is finished.
Daphne itself cancels every application and drops every socket on SIGTERM, without a word.
"""

import asyncio
import random
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings

from wallboard.push.drain import Ear, Order
from wallboard.push.socket import RESTART, BoardSocket

log = structlog.get_logger(__name__)

SPREAD_S = 0.8
# For the browser's own close frame, after which the connection ends cleanly.
GOODBYE_S = 0.3
FAREWELL_S = SPREAD_S + 2 * GOODBYE_S
# For the same while we live on: cut off before it answers, a browser hears of a broken connection. Autobahn's one second is short for a
# television on a busy network.
ANSWER_S = 3.0
COME_AGAIN = "this process is being replaced, come again"

Receive = Callable[[], Awaitable[dict[str, Any]]]
Application = Callable[[Any, Any, Any], Awaitable[None]]


class _Leaving:
    """What this process knows of its end."""

    def __init__(self) -> None:
        self.ending = False
        self.partings = 0  # screens that are being told
        self.ear: Ear | None = None


_state = _Leaving()


def prepare(var_dir: Path | None = None) -> None:
    """To be called when the process begins: orders to drain that are older than it are not for it."""
    _state.ear = Ear(var_dir if var_dir is not None else Path(settings.VAR_DIR))
    _state.ending = False


def order() -> Order | None:
    """The order to drain this process is under."""
    return _ear().order()


def begins_in() -> float:
    """In how many seconds the order to drain lets screens go; infinite without one."""
    return _ear().begins_in()


def is_parting() -> bool:
    """Whether this process is not to be sent anybody any more, though it may still let in who comes."""
    return _state.ending or order() is not None


def is_closed() -> bool:
    """Whether nobody is let in any more: SIGTERM has come, or the order to drain is being carried out."""
    return _state.ending or begins_in() <= 0.0


def is_ending() -> bool:
    """Whether SIGTERM has come."""
    return _state.ending


def _ear() -> Ear:
    if _state.ear is None:
        prepare()
    assert _state.ear is not None
    return _state.ear


async def let_go(socket: BoardSocket) -> None:
    """Tells one screen to come again."""
    await socket.close(RESTART, COME_AGAIN)


async def take_leave(socket: BoardSocket, receive: Receive) -> None:
    """After SIGTERM: some moment within the spread, then the word, then the browser's own."""
    _state.partings += 1
    try:
        await asyncio.sleep(random.random() * SPREAD_S)
        await let_go(socket)
        async with asyncio.timeout(GOODBYE_S):
            while (await receive())["type"] != "websocket.disconnect":
                pass
    except TimeoutError:
        pass
    finally:
        _state.partings -= 1


async def farewell(sockets: Callable[[], list[BoardSocket]]) -> None:
    """Lasts until every screen is gone; whoever was not let go in time is let go at the end. Never longer than FAREWELL_S."""
    _state.ending = True
    loop = asyncio.get_running_loop()
    began = loop.time()
    until = began + SPREAD_S + GOODBYE_S
    log.info("leaving", screens=len(sockets()))
    while (sockets() or _state.partings) and loop.time() < until:  # noqa: ASYNC110 (each ends in its own time)
        await asyncio.sleep(0.05)
    rest = sockets()
    for socket in rest:
        await let_go(socket)
    # Who was taken in just before the end has a moment to say what he wants.
    await asyncio.sleep(GOODBYE_S if rest else max(0.0, began + GOODBYE_S - loop.time()))


def wait_for_goodbyes() -> None:
    """To be called once, before Daphne listens. Other servers wait as they are told to."""
    server = sys.modules.get("daphne.server")
    if server is None:
        return
    from daphne import ws_protocol

    class Patient(ws_protocol.WebSocketFactory):  # type: ignore[misc]  # Daphne has no types
        """Sockets that wait for the answer to their last word."""

        def resetProtocolOptions(self) -> None:
            """Autobahn's own, but for how long it waits."""
            super().resetProtocolOptions()
            self.closeHandshakeTimeout = ANSWER_S

    server.WebSocketFactory = Patient  # type: ignore[attr-defined]


def hear_sigterm(sockets: Callable[[], list[BoardSocket]]) -> None:
    """Under Daphne: its shutdown waits for `farewell`. Other servers say goodbye themselves."""
    if "daphne.server" not in sys.modules:
        return
    from twisted.internet import reactor as running
    from twisted.internet.defer import Deferred
    from twisted.internet.tcp import Port

    reactor: Any = running

    def before_shutdown() -> Any:
        _state.ending = True
        if "--fd" in sys.argv:
            # The door is our parent's: who knocks from now on waits for the next process. A connection taken in the last moment would
            # be dropped before its question was read.
            ports: list[Any] = [each for each in reactor.getReaders() if isinstance(each, Port)]
            for port in ports:
                port.stopListening()
        return Deferred.fromFuture(asyncio.ensure_future(farewell(sockets)))

    reactor.addSystemEventTrigger("before", "shutdown", before_shutdown)


def unhurried(inner: Application) -> Application:
    """An application whose answers are finished although the process ends; for HTTP."""

    async def answered(scope: Any, receive: Any, send: Any) -> None:
        work = asyncio.ensure_future(inner(scope, receive, send))
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            if is_ending():
                await asyncio.wait([work], timeout=SPREAD_S)
            work.cancel()
            raise

    return answered
