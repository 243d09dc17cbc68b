"""Browsers that do what none should, by raw sockets: each from its handshake until the server has had enough of it."""

import asyncio
import json
import os
import socket
import time
from collections.abc import Awaitable, Callable

from tests.delivery.crowd import Crowd, masked
from tests.push.web import Server

Misuse = Callable[["Misuser"], Awaitable[None]]


class Misuser:
    """One raw socket with a tiny window, so that what it does not read stays with the server."""

    def __init__(self, web: Server, *, reads_little: bool = True) -> None:
        self.web = web
        self.socket = socket.socket()
        if reads_little:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.setblocking(False)
        self.began = time.monotonic()
        self.gone_after: float | None = None

    async def open(self) -> None:
        """The handshake, of which only the first line of the answer is read."""
        loop = asyncio.get_running_loop()
        await loop.sock_connect(self.socket, ("127.0.0.1", self.web.port))
        await self.send(Crowd(self.web.address, self.web.cookie, 0).handshake())
        answer = await asyncio.wait_for(loop.sock_recv(self.socket, 12), 20)
        assert answer == b"HTTP/1.1 101", answer
        self.began = time.monotonic()

    async def send(self, data: bytes) -> None:
        """Says something; waits at most a second when the server does not take it."""
        try:
            await asyncio.wait_for(asyncio.get_running_loop().sock_sendall(self.socket, data), 1.0)
        except TimeoutError:
            pass

    async def say(self, **message: object) -> None:
        """A message of the protocol."""
        await self.send(masked(1, json.dumps(message).encode()))

    def has_ended(self) -> bool:
        """Whether the server has given the connection up, by the kernel's own table: nothing is read to find out."""
        here, there = self.socket.getsockname()[1], self.web.port
        wanted = f":{there:04X} ", f":{here:04X} "
        with open("/proc/net/tcp", encoding="ascii") as table:
            for line in table:
                local, remote, state = line.split()[1:4] if line.strip()[:1].isdigit() else ("", "", "")
                if f"{local} ".endswith(wanted[0]) and f"{remote} ".endswith(wanted[1]) and state == "01":
                    return False
        return True

    async def until_gone(self, misuse: Misuse, at_most_s: float) -> float:
        """Misbehaves until the server has had enough; in how many seconds that was."""
        await self.open()
        doing = asyncio.ensure_future(misuse(self))
        try:
            while not self.has_ended():
                if time.monotonic() - self.began > at_most_s:
                    break
                await asyncio.sleep(0.25)
            return time.monotonic() - self.began
        finally:
            doing.cancel()
            await asyncio.gather(doing, return_exceptions=True)
            self.socket.close()


async def silent(_one: Misuser) -> None:
    """Neither reads nor speaks."""
    await asyncio.sleep(3600)


async def chatty(one: Misuser) -> None:
    """Speaks as fast as it may, of versions it had long ago, and never reads."""
    while True:
        await one.say(type="ack", version=0)
        await asyncio.sleep(0.4)


async def begging(one: Misuser) -> None:
    """Wants everything again and again, and never reads any of it."""
    while True:
        await one.say(type="resync")
        await asyncio.sleep(0.4)


def lying(newest: Callable[[], int]) -> Misuse:
    """Acknowledges what another one has read, and never reads itself."""

    async def lie(one: Misuser) -> None:
        while True:
            await one.say(type="ack", version=newest())
            await asyncio.sleep(0.3)

    return lie


async def flooding(one: Misuser) -> None:
    """As many messages as go through."""
    while True:
        await one.send(masked(1, b'{"type":"ack","version":1}') * 500)
        await asyncio.sleep(0)


async def gigantic(one: Misuser) -> None:
    """One frame of thirty megabytes, by its own account, and as much of it as is taken."""
    await one.send(bytes([0x81, 0xFF]) + (30_000_000).to_bytes(8, "big") + bytes(4))
    while True:
        await one.send(os.urandom(65536))
        await asyncio.sleep(0)


async def in_pieces(one: Misuser) -> None:
    """A message without an end, in small frames."""
    await one.send(bytes([0x01, 0x80 | 100]) + bytes(4) + b"x" * 100)
    while True:
        await one.send((bytes([0x00, 0x80 | 100]) + bytes(4) + b"x" * 100) * 100)
        await asyncio.sleep(0)
