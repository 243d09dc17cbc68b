"""A board's WebSocket as a plain ASGI application: let in or refuse, join the hub, listen for acknowledgements.

A refused socket is accepted first and then closed, because a browser is only told the code of a socket that was open: 4003 not
admitted, 4404 no such board, or none of this screen, 4400 unreadable message, 4429 too many of them, 4008 nothing acknowledged for 20 s,
4000 and 4012 come again.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from stats import clock
from wallboard.boards.board import NoSuchBoard
from wallboard.boards.topics import PAGE, counted_as
from wallboard.push import admission, attendance, hubs, leaving, messages
from wallboard.push.admission import DatabaseAway
from wallboard.push.hub import BoardHub
from wallboard.push.messages import Ack, Report, Unreadable
from wallboard.push.rates import Bucket
from wallboard.push.socket import NO_SUCH_BOARD, NOT_ADMITTED, RESTART, TOO_MANY, UNREADABLE, BoardSocket, Send, refusals

log = structlog.get_logger(__name__)

# A browser acknowledges once a second; five leave room for a screen that catches up after sleep.
INBOUND_PER_S = 5.0
INBOUND_BURST = 20
TRY_AGAIN_LATER = 4013

Receive = Callable[[], Awaitable[dict[str, Any]]]


async def board_socket(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """One browser at one board, from its handshake to its end."""
    event = await receive()
    if event["type"] != "websocket.connect":
        return
    if leaving.is_closed():
        await _refuse(send, RESTART, leaving.COME_AGAIN)
        return
    attendance.begin()
    asked = scope["url_route"]["kwargs"]
    slug = str(asked["slug"]) if "slug" in asked else PAGE + str(asked["topic"])
    # A television's own page says so: then its key alone counts, and not somebody's login beside it.
    is_device = scope.get("query_string", b"") == b"device"
    try:
        entry = await (admission.admit_device(scope["headers"]) if is_device else admission.admit(scope["headers"], slug))
    except DatabaseAway:
        await _refuse(send, TRY_AGAIN_LATER, "the database is away")
        return
    if entry is None:
        await _refuse(send, NOT_ADMITTED, "log in, or open the screen's link again")
        return
    if not entry.opens(slug):
        await _refuse(send, NO_SUCH_BOARD, "this screen shows another board")
        return
    await send({"type": "websocket.accept"})
    socket = BoardSocket(send, entry, is_device=is_device)
    try:
        hub = await hubs.enter(entry.organisation, slug, socket)
    except NoSuchBoard as none:
        await socket.close(NO_SUCH_BOARD, str(none)[:120])
        return
    resyncs: set[asyncio.Task[None]] = set()
    try:
        await _listen(receive, hub, socket, resyncs)
    except asyncio.CancelledError:
        if leaving.is_ending():
            await leaving.take_leave(socket, receive)
        raise
    finally:
        hub.leave(socket)
        for task in resyncs:
            task.cancel()


async def _listen(receive: Receive, hub: BoardHub, socket: BoardSocket, resyncs: "set[asyncio.Task[None]]") -> None:
    allowed = Bucket(INBOUND_PER_S, INBOUND_BURST)
    while True:
        event = await receive()
        if event["type"] == "websocket.disconnect" or socket.closed:
            return
        if allowed.take(time.monotonic()) > 0:
            await socket.close(TOO_MANY, "too many messages")
            return
        try:
            message = messages.read(event.get("text"))
        except Unreadable as wrong:
            log.info("browser_message_unreadable", board=counted_as(hub.slug), **socket.entry.for_logs())
            await socket.close(UNREADABLE, str(wrong)[:120])
            return
        if isinstance(message, Ack):
            await hub.acknowledge(socket, message.version)
        elif isinstance(message, Report):
            socket.report, socket.reported_at = message, clock.now_ms()
        elif not resyncs:
            # One at a time; a second wish while one waits is the same wish.
            task = asyncio.create_task(hub.resync(socket))
            resyncs.add(task)
            task.add_done_callback(resyncs.discard)


async def _refuse(send: Send, code: int, reason: str) -> None:
    refusals[code] += 1
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": code, "reason": reason})


async def no_such_socket(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Any other WebSocket address."""
    if (await receive())["type"] == "websocket.connect":
        await _refuse(send, NO_SUCH_BOARD, "no such address")
