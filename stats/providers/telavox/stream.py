"""One live feed over one WebSocket: opened with the token in the header, listened to, and known to be alive.

Rules that hold here:
- Nothing is sent but pings. The token goes to the configured address and nowhere else: no redirect is followed, no proxy
  is taken from the environment, and the library's debug log, which prints the header, is never on.
- A link that has been silent for the ping's interval and then leaves the ping unanswered is dead, unless we ourselves are
  behind: with frames still waiting to be taken the pong may wait behind them.
- How often to dial again is not decided here.
"""

import asyncio
import contextlib
import logging
import socket as sockets
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from stats.domain.errors import ProviderError, Refused, Retry
from stats.providers.telavox import answers

OPEN_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 1.0
PING_EVERY_S = 4.0
PONG_WITHIN_S = 4.0
MAX_FRAME_BYTES = 4 << 20
MAX_BATCH_FRAME_BYTES = 32 << 20
KEEPALIVE_S = 5
UNACKNOWLEDGED_MS = 15_000
FRAMES_AHEAD = 16  # taken from the network before they are asked for; then TCP holds the vendor back


class _NeverDebug(logging.LoggerAdapter[logging.Logger]):
    """The library's log without its lowest level, on which it writes the Authorization header."""

    def isEnabledFor(self, level: int) -> bool:
        """No to DEBUG, whatever the configuration says."""
        return level > logging.DEBUG and self.logger.isEnabledFor(level)


_LOG = _NeverDebug(logging.getLogger("stats.telavox.socket"), {})


class _Dial(connect):
    """A handshake that takes a redirect for the failure it is."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class Feed:
    """An open feed; an asynchronous iterator of frames, in the order and form they came."""

    def __init__(self, socket: ClientConnection, clock: Callable[[], int]) -> None:
        self._socket = socket
        self._clock = clock
        self._alive_at = clock()
        self._taken = 0
        self._listening = False
        self._death: ProviderError | None = None

    @property
    def alive_at(self) -> int:
        """When a frame was last taken, a pong last came, or the handshake ended; epoch ms."""
        return self._alive_at

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        self._listening = True
        try:
            frame = await self._socket.recv(decode=False)
        except ConnectionClosed as closed:
            raise self._death or _closing(closed) from closed
        finally:
            self._listening = False
        self._taken += 1
        self._alive_at = self._clock()
        if answers.is_unknown_path(frame):
            raise Refused("config", "Invalid path.")
        return frame

    async def keep_alive(self, every_s: float, within_s: float) -> None:
        """Ping for ever; abort the socket when the other side is gone."""
        while True:
            await asyncio.sleep(every_s)
            taken = self._taken
            idle = self._listening
            try:
                async with asyncio.timeout(within_s):
                    await (await self._socket.ping())
                self._alive_at = self._clock()
            except ConnectionClosed:
                return
            except TimeoutError:
                if idle and self._listening and taken == self._taken:
                    self._death = Retry("no pong")
                    self._socket.transport.abort()
                    return


@contextlib.asynccontextmanager
async def open_feed(
    url: str,
    *,
    token: str,
    max_bytes: int,
    clock: Callable[[], int],
    ping_every_s: float = PING_EVERY_S,
    pong_within_s: float = PONG_WITHIN_S,
) -> AsyncIterator[Feed]:
    """A feed for as long as the block lasts. Raises Refused("auth"), Refused("config") or Retry; so does its iteration."""
    socket = await _dial(url, token, max_bytes, clock)
    _give_up_early(socket)
    feed = Feed(socket, clock)
    keeper = asyncio.create_task(feed.keep_alive(ping_every_s, pong_within_s))
    try:
        yield feed
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)
        await socket.close()


async def _dial(url: str, token: str, max_bytes: int, clock: Callable[[], int]) -> ClientConnection:
    options: dict[str, Any] = {"proxy": None, "ping_interval": None, "open_timeout": OPEN_TIMEOUT_S, "close_timeout": CLOSE_TIMEOUT_S}
    try:
        return await _Dial(
            url,
            additional_headers={"Authorization": f"Bearer {token}"},
            max_size=max_bytes,
            max_queue=FRAMES_AHEAD,
            logger=_LOG,
            **options,
        )
    except InvalidStatus as refusal:
        # The exception holds the answer alone, not our request; the chain is cut all the same.
        response = refusal.response
        raise answers.of_status(response.status_code, response.headers.get("Retry-After"), now_ms=clock()) from None
    except InvalidURI:
        raise Refused("config", "the live address is not a WebSocket address") from None
    except TimeoutError:
        raise Retry("no answer to the handshake") from None
    except ssl.SSLError as fault:
        raise Retry(f"tls: {answers.short(fault.reason or type(fault).__name__)}") from None
    except (OSError, InvalidHandshake, EOFError) as fault:
        raise Retry(f"cannot connect: {type(fault).__name__}") from None
    except ValueError:  # a token or an address that no header can carry
        raise Refused("config", "the token or the live address holds characters that cannot be sent") from None


def _give_up_early(socket: ClientConnection) -> None:
    """Let the kernel end a link whose other side is gone (a router that forgot us sends no word), where it knows how."""
    raw = socket.transport.get_extra_info("socket")
    if raw is None:
        return
    for level, name, value in (
        (sockets.SOL_SOCKET, "SO_KEEPALIVE", 1),
        (sockets.IPPROTO_TCP, "TCP_KEEPIDLE", KEEPALIVE_S),
        (sockets.IPPROTO_TCP, "TCP_KEEPINTVL", KEEPALIVE_S),
        (sockets.IPPROTO_TCP, "TCP_KEEPCNT", 2),
        (sockets.IPPROTO_TCP, "TCP_USER_TIMEOUT", UNACKNOWLEDGED_MS),
    ):
        option = getattr(sockets, name, None)
        if option is not None:
            with contextlib.suppress(OSError):
                raw.setsockopt(level, option, value)


def _closing(closed: ConnectionClosed) -> ProviderError:
    """An end of the link; the vendor documents no codes, so that none of them means more than "dial again"."""
    code = closed.rcvd.code if closed.rcvd is not None else (closed.sent.code if closed.sent is not None else 1006)
    return Retry(f"closed {code}")
