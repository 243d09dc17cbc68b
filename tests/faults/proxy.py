"""A TCP proxy that does to a link what networks do: cut, reset, stall, swallow, slow down, slice, corrupt.

Rules that hold here: a healthy link passes every byte in order and every end of a stream; a fault holds for the connections whose
label contains `only` (all of them unless told otherwise), those that are open and those to come; what a half-open link has swallowed
stays lost: such a connection is dead for good, healed or not.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Self

CHUNK = 64 * 1024
HELLO = 60  # bytes of a connection's first words that label it
Address = tuple[str, int] | str  # host and port, or the path of a unix socket


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong. `verb`: pass, cut, reset, stall, half_open, slow, limit, slice or corrupt."""

    verb: str = "pass"
    only: str = ""
    bytes_per_s: float = 0.0  # slow: 0 for as fast as it goes
    latency_s: float = 0.0  # slow: for every piece, each way
    after: int = 0  # limit: bytes to the client until the connection is reset; corrupt: the byte that changes; slice: size of a piece


HEALTHY = Fault()


@dataclass(eq=False, slots=True)
class Connection:
    """One client and its other end."""

    label: str
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    dead: bool = False
    told: int = 0  # bytes passed to the client since the fault began
    hello: bool = False


class Link:
    """One listening port of 127.0.0.1 in front of one address. All methods belong to the proxy's loop; `Proxy` calls them from others."""

    def __init__(self, target: Address, *, port: int = 0, owner: Callable[[int], str] = lambda _port: "", host: str = "127.0.0.1") -> None:
        self.target, self.port, self.fault, self._owner, self._host = target, port, HEALTHY, owner, host
        self.connections: set[Connection] = set()
        self.accepted = 0
        self._changed = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._pumps: set[asyncio.Task[None]] = set()

    async def listen(self) -> None:
        """Opens the port, the same one each time."""
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, self._host, self.port, reuse_address=True)
            self.port = int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Shuts the port and drops everybody."""
        self._shut()
        for connection in list(self.connections):
            drop(connection)
        for pump in list(self._pumps):
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def break_(self, fault: Fault) -> None:
        """From now on this is wrong, and nothing else."""
        self.fault = fault
        for connection in list(self.connections):
            connection.told = 0
            if fault.only not in connection.label:
                continue
            if fault.verb in ("cut", "reset"):
                drop(connection, reset=fault.verb == "reset")
            connection.dead = connection.dead or fault.verb == "half_open"
        if fault.verb == "cut" and not fault.only:
            self._shut()
        else:
            await self.listen()
        was, self._changed = self._changed, asyncio.Event()
        was.set()

    def _shut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _of(self, connection: Connection) -> Fault:
        return self.fault if self.fault.only in connection.label else HEALTHY

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        connection = Connection(label=self._owner(int(writer.get_extra_info("peername")[1])), writers=[writer])
        self.connections.add(connection)
        try:
            fault = self._of(connection)
            if fault.verb in ("cut", "reset"):
                drop(connection, reset=fault.verb == "reset")
                return
            connection.dead = fault.verb == "half_open"
            there, back = await self._dial()
        except OSError:
            drop(connection, reset=True)
            self.connections.discard(connection)
            return
        connection.writers.append(back)
        pumps = [
            asyncio.create_task(self._pump(connection, reader, back, down=False)),
            asyncio.create_task(self._pump(connection, there, writer, down=True)),
        ]
        self._pumps.update(pumps)
        await asyncio.wait(pumps)
        self._pumps.difference_update(pumps)
        drop(connection)
        self.connections.discard(connection)

    async def _dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self.target, str):
            return await asyncio.open_unix_connection(self.target)
        return await asyncio.open_connection(*self.target)

    async def _pump(self, connection: Connection, source: asyncio.StreamReader, into: asyncio.StreamWriter, *, down: bool) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(CHUNK):
                if not down and not connection.hello:
                    connection.hello = True
                    connection.label += " " + data[:HELLO].decode("latin-1")
                    connection.dead = connection.dead or self._of(connection).verb == "half_open"
                while self._of(connection).verb == "stall":
                    await self._changed.wait()
                if connection.dead:
                    continue
                await self._pass(connection, data, into, down=down)
                if into.is_closing():
                    return
            while self._of(connection).verb == "stall":
                await self._changed.wait()
            if not connection.dead and into.can_write_eof():
                into.write_eof()
            elif connection.dead:
                # The one end has given up: nobody tells the other, until it gives up as well.
                await asyncio.sleep(3600)

    async def _pass(self, connection: Connection, data: bytes, into: asyncio.StreamWriter, *, down: bool) -> None:
        fault = self._of(connection)
        begins, connection.told = connection.told, connection.told + (len(data) if down else 0)
        if fault.verb == "slow":
            await asyncio.sleep(fault.latency_s + (len(data) / fault.bytes_per_s if fault.bytes_per_s else 0.0))
        elif fault.verb == "limit" and down and connection.told >= fault.after:
            into.write(data[: max(0, fault.after - begins)])
            await into.drain()
            drop(connection, reset=True)
            return
        elif fault.verb == "corrupt" and down and begins <= fault.after < connection.told:
            at = fault.after - begins
            data = data[:at] + bytes((data[at] ^ 0x55,)) + data[at + 1 :]
        size = fault.after if fault.verb == "slice" else len(data)
        for at in range(0, len(data), max(1, size)):
            into.write(data[at : at + size])
            await into.drain()
            if fault.verb == "slice":
                await asyncio.sleep(0)


def drop(connection: Connection, *, reset: bool = False) -> None:
    """Ends both ends of a connection, by FIN or by RST."""
    for writer in connection.writers:
        if reset and not writer.is_closing():
            raw = writer.get_extra_info("socket")
            if raw is not None and raw.family != socket.AF_UNIX:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        else:
            writer.close()


class Proxy:
    """Links in a thread of their own: `with Proxy() as proxy: link = proxy.link(("127.0.0.1", 6379))`."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy", daemon=True)
        self._links: list[Link] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_why: object) -> None:
        for link in self._links:
            self._run(link.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def link(self, target: Address, *, owner: Callable[[int], str] = lambda _port: "") -> Link:
        """A healthy link that listens."""

        async def make() -> Link:
            link = Link(target, owner=owner)
            await link.listen()
            return link

        made: Link = self._run(make())
        self._links.append(made)
        return made

    def break_(self, link: Link, verb: str, **how: Any) -> None:
        """Something is wrong with a link from now on."""
        self._run(link.break_(Fault(verb=verb, **how)))

    def heal(self, link: Link) -> None:
        """Nothing is wrong with it any more; what is lost is lost."""
        self._run(link.break_(HEALTHY))
