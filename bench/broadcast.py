"""The floor under the hub: a bare server of the `websockets` library that sends the same bytes to everybody, and does nothing else.

    python -m bench.broadcast
Says `ready` (port); at the order `send PATH` it sends what that file holds, as far apart as it was, and says `sent`.
"""

import asyncio
import sys
from pathlib import Path

import msgspec
from websockets.asyncio.server import ServerConnection, broadcast, serve

from bench.processes import tell


def read(path: str) -> bytes:
    """A small file, whole."""
    return Path(path).read_bytes()


async def run() -> None:
    """Until its orders end."""
    there: set[ServerConnection] = set()

    async def welcome(socket: ServerConnection) -> None:
        there.add(socket)
        await socket.wait_closed()
        there.discard(socket)

    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    # Without compression, as the product's server sends; the pings of both are far apart.
    async with serve(welcome, "127.0.0.1", 0, compression=None) as server:
        tell("ready", port=next(iter(server.sockets)).getsockname()[1])
        while order := (await orders.readline()).decode().split():
            messages = msgspec.msgpack.decode(read(order[1]), type=list[tuple[float, bytes]])
            before = messages[0][0] if messages else 0.0
            for at, message in messages:
                await asyncio.sleep(at - before)
                before = at
                broadcast(there, message.decode())
            tell("sent", messages=len(messages))


def main() -> None:
    """See the module."""
    asyncio.run(run())


if __name__ == "__main__":
    main()
