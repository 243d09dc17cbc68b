"""Many browsers at a board that cost next to nothing: they count what comes, and acknowledge it as a board's page does.

    python -m bench.browsers HOST:PORT PATH N [TOKEN ...]
Says `connected`; at the order `count` it counts anew, at `stop [PATH]` it says `counted` (messages, bytes), and writes what the first
of them was sent meanwhile to PATH with its times, for somebody else to send again.
"""

import asyncio
import base64
import os
import re
import sys
import time
from functools import partial
from pathlib import Path

import msgspec

from bench.processes import tell

ACK_S, TURNS = 1.0, 10
_VERSION = re.compile(rb'"(?:to|version)":(\d+)')
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class Browser(asyncio.Protocol):
    """One socket: a handshake, then frames; a frame of a server is not masked."""

    def __init__(self, request: bytes, opened: asyncio.Event) -> None:
        self._request, self._opened = request, opened
        self._buffer = b""
        self._is_open = False
        self.messages = self.bytes = 0
        self.newest = b""
        self.owed = self.is_snapshot = self.is_closed = False
        self.kept: list[tuple[float, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self._request)

    def connection_lost(self, _why: Exception | None) -> None:
        self.is_closed = True
        self._opened.set()

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        if not self._is_open:
            head, end, rest = buffer.partition(b"\r\n\r\n")
            if not end:
                self._buffer = buffer
                return
            assert b" 101 " in head[:16], head[:200]
            self._is_open, buffer = True, rest
            self._opened.set()
        at = 0
        while len(buffer) - at >= 2:
            length, begins = buffer[at + 1], at + 2
            if length >= 126:
                wide = 2 if length == 126 else 8
                length, begins = int.from_bytes(buffer[begins : begins + wide], "big"), begins + wide
            if len(buffer) < begins + length:
                break
            self._take(buffer[at] & 15, buffer[begins : begins + length])
            at = begins + length
        self._buffer = buffer[at:]

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == TEXT:
            self.messages += 1
            self.bytes += len(payload)
            self.newest, self.owed = payload, True
            if payload.startswith(b'{"type":"snapshot"'):
                self.acknowledge()
            elif self.kept is not None:
                self.kept.append((time.monotonic(), payload))
        elif opcode == PING:
            self._send(PONG, payload)
        elif opcode == CLOSE:
            self.is_closed = True

    def acknowledge(self) -> None:
        """The newest version it has seen."""
        found = _VERSION.search(self.newest) if self.owed else None
        if found is not None:
            self.owed = False
            self._send(TEXT, b'{"type":"ack","version":%s}' % found[1])

    def _send(self, opcode: int, payload: bytes) -> None:
        # Masked with zeros: the bytes of a masked frame, and nothing to compute.
        self.transport.write(bytes((0x80 | opcode, 0x80 | len(payload))) + bytes(4) + payload)


def keep(path: str, told: list[tuple[float, bytes]] | None) -> None:
    """Writes what somebody was told."""
    Path(path).write_bytes(msgspec.msgpack.encode(told))


async def look(host: str, port: int, path: str, number: int, tokens: list[str]) -> None:
    """Until its orders end."""
    loop = asyncio.get_running_loop()
    browsers: list[Browser] = []
    for count in range(number):
        opened = asyncio.Event()
        head = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        head += f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n"
        if tokens:
            head += f"Cookie: wb_screen={tokens[count % len(tokens)]}\r\n"
        _, browser = await loop.create_connection(partial(Browser, f"{head}\r\n".encode(), opened), host, port)
        browsers.append(browser)
        await opened.wait()
    acks = loop.create_task(_acknowledge(browsers)) if tokens else None
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    tell("connected", open=sum(not b.is_closed for b in browsers))
    while order := (await orders.readline()).decode().split():
        if order[0] == "count":
            for browser in browsers:
                browser.messages = browser.bytes = 0
            browsers[0].kept = []
        elif order[0] == "stop":
            if len(order) > 1:
                keep(order[1], browsers[0].kept)
            browsers[0].kept = None
            tell(
                "counted",
                messages=sum(b.messages for b in browsers),
                bytes=sum(b.bytes for b in browsers),
                least=min(b.messages for b in browsers),
                most=max(b.messages for b in browsers),
                open=sum(not b.is_closed for b in browsers),
            )
    if acks is not None:
        acks.cancel()


async def _acknowledge(browsers: list[Browser]) -> None:
    """Once a second each, not all at once."""
    while True:
        for turn in range(TURNS):
            for browser in browsers[turn::TURNS]:
                browser.acknowledge()
            await asyncio.sleep(ACK_S / TURNS)


def main() -> None:
    """See the module."""
    host, _, port = sys.argv[1].partition(":")
    asyncio.run(look(host, int(port), sys.argv[2], int(sys.argv[3]), sys.argv[4:]))


if __name__ == "__main__":
    main()
