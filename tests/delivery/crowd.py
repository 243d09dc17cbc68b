"""Very many screens in one process: `python -m tests.delivery.crowd ADDRESS COOKIE COUNT`, told what to do on standard input.

`storm` drops every socket without a word and opens all of them anew at once; `meet` only opens those that are gone; `part` drops
them; `look` only looks; `end` ends. After each order one line of JSON is printed; after the first two when every screen has had its
snapshot and acknowledged it, or LONGEST_S have passed. A screen whose socket the server closes comes again as the page does, after a
random second. By raw sockets, because the client must not cost more than the server.
"""

import asyncio
import base64
import json
import os
import random
import resource
import struct
import sys
import time
from collections import Counter
from urllib.parse import urlsplit

LONGEST_S = 60.0
OPENING_S = 30.0


class Screen:
    """One television."""

    def __init__(self, crowd: "Crowd") -> None:
        self.crowd = crowd
        self.version = -1
        self.live_at: float | None = None
        self.heard_at = self.acked_at = 0.0
        self.writer: asyncio.StreamWriter | None = None
        self.task: asyncio.Task[None] | None = None

    def dial(self) -> None:
        """Begins anew, whatever was."""
        self.drop()
        self.task = asyncio.create_task(self.live())

    def drop(self) -> None:
        """As a power cut does it."""
        if self.task is not None:
            self.task.cancel()
        if self.writer is not None:
            self.writer.transport.abort()
            self.writer = None
        self.live_at = None

    async def live(self) -> None:
        """Comes, listens, and comes again."""
        while True:
            code = await self.once()
            if code:
                self.crowd.codes[code] += 1
            self.live_at = None
            await asyncio.sleep(random.random())

    async def once(self) -> int:
        """One socket from its opening to its end; the close code, 0 for none."""
        try:
            async with asyncio.timeout(OPENING_S):
                reader, self.writer = await asyncio.open_connection(self.crowd.host, self.crowd.port)
                self.writer.write(self.crowd.handshake())
                head = await reader.readuntil(b"\r\n\r\n")
            status = int(head.split(b" ", 2)[1])
            self.crowd.statuses[status] += 1
            if status != 101:
                return 0
            while True:
                kind, body = await frame(reader)
                if kind == 8:
                    self.writer.write(masked(8, body[:2]))
                    return int(struct.unpack(">H", body[:2])[0]) if len(body) >= 2 else 1005
                if kind == 9:
                    self.writer.write(masked(10, body))
                elif kind == 1:
                    self.hear(json.loads(body))
        except (OSError, EOFError, TimeoutError) as wrong:
            self.crowd.errors[type(wrong).__name__] += 1
            return 0
        finally:
            if self.writer is not None:
                self.writer.close()

    def hear(self, message: dict[str, object]) -> None:
        """Acknowledges at once after a snapshot, then once a second."""
        self.version = int(str(message.get("to", message.get("version"))))
        now = time.monotonic()
        self.heard_at = now
        self.crowd.messages += 1
        if message["type"] == "snapshot":
            self.live_at = now
        elif now - self.acked_at < 0.9:
            return
        self.acked_at = now
        assert self.writer is not None
        self.writer.write(masked(1, json.dumps({"type": "ack", "version": self.version}).encode()))


class Crowd:
    """All of them."""

    def __init__(self, address: str, cookie: str, count: int) -> None:
        parts = urlsplit(address)
        self.host, self.port, self.path, self.cookie = str(parts.hostname), int(parts.port or 80), parts.path, cookie
        self.statuses: Counter[int] = Counter()
        self.codes: Counter[int] = Counter()
        self.errors: Counter[str] = Counter()
        self.messages = 0
        self.screens = [Screen(self) for _ in range(count)]

    def handshake(self) -> bytes:
        """The request that opens a socket."""
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET {self.path} HTTP/1.1",
            f"Host: {self.host}:{self.port}",
            f"Origin: http://{self.host}:{self.port}",
            f"Cookie: {self.cookie}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def are_missing(self) -> bool:
        """Whether somebody has not had the board yet."""
        return any(screen.live_at is None for screen in self.screens)

    async def obey(self, order: str) -> None:
        """Carries out one order and reports."""
        began = time.monotonic()
        if order in ("storm", "meet"):
            for counter in (self.statuses, self.codes, self.errors):
                counter.clear()
        if order in ("storm", "part"):
            for screen in self.screens:
                screen.drop()
            began = time.monotonic()
        if order in ("storm", "meet"):
            for screen in self.screens:
                if screen.live_at is None:
                    screen.dial()
            while time.monotonic() - began < LONGEST_S and self.are_missing():  # noqa: ASYNC110 (a thousand events)
                await asyncio.sleep(0.05)
        at = [screen.live_at - began for screen in self.screens if screen.live_at is not None]
        now = time.monotonic()
        told = {
            "live": len(at),
            "slowest_s": round(max(at, default=LONGEST_S), 2),
            "heard_within_s": round(max((now - screen.heard_at for screen in self.screens), default=0.0), 2),
            "messages": self.messages,
            "statuses": self.statuses,
            "codes": self.codes,
            "errors": self.errors,
        }
        print(json.dumps(told), flush=True)


async def frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """One frame of the server: its kind and its body."""
    head = await reader.readexactly(2)
    size = head[1] & 127
    if size == 126:
        size = struct.unpack(">H", await reader.readexactly(2))[0]
    elif size == 127:
        size = struct.unpack(">Q", await reader.readexactly(8))[0]
    return head[0] & 15, await reader.readexactly(size)


def masked(kind: int, body: bytes) -> bytes:
    """A whole frame of a client, up to 64 KiB; the mask is all zeroes, which is allowed."""
    size = bytes([128 | len(body)]) if len(body) < 126 else bytes([128 | 126]) + struct.pack(">H", len(body))
    return bytes([128 | kind]) + size + bytes(4) + body


async def main() -> None:
    """Obeys until told to end, or until nobody speaks any more."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    crowd = Crowd(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := (await orders.readline()).decode().strip():
        if line == "end":
            return
        await crowd.obey(line)


if __name__ == "__main__":
    asyncio.run(main())
