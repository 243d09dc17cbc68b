"""A vendor without a floor: five WebSockets that push frames encoded beforehand, and a GraphQL of rows encoded beforehand.

It costs as little as can be, so that on a small machine the worker is measured and not its company: frames lie in memory as
the bytes of the wire, and are written in the order of the file as fast as the slowest socket takes them.
    python -m bench.upstream --frames FILE --rows FILE
Says `ready` (live, historic) and takes orders: `send N [RATE]` sends the next N frames (RATE a second; else as fast as taken) and
says `sent`; `marks` says at which instant (epoch ms) each new incoming call was first told.
"""

import argparse
import asyncio
import bisect
import re
import sys
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import msgspec
from aiohttp import web
from websockets.frames import Frame as WireFrame
from websockets.frames import Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from bench.material import Row, read_frames, read_rows
from bench.processes import tell
from stats.providers.telavox.instants import epoch_ms

FEEDS = ("calls", "queues", "agents", "profile_live", "profile_history")
AHEAD_BYTES = 64 * 1024
_KIND = re.compile(r"\b(calls|queues|agents|profile_history)\s*\(")


class _Beginning(msgspec.Struct):
    """What is looked at in a call's document, to know when a new incoming call was told."""

    id_call: str
    call_direction: str = ""
    internal: int = 0


class Line(asyncio.Protocol):
    """One client on one path."""

    def __init__(self, lines: dict[str, "Line"]) -> None:
        self._lines = lines
        self._protocol = ServerProtocol()
        self.can_take = asyncio.Event()
        self.can_take.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.set_write_buffer_limits(high=AHEAD_BYTES)

    def data_received(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._protocol.send_response(self._protocol.accept(event))
                self._lines[event.path.rpartition("/")[2]] = self
        for answer in self._protocol.data_to_send():
            if answer:
                self.transport.write(answer)
            else:
                self.transport.close()

    def pause_writing(self) -> None:
        self.can_take.clear()

    def resume_writing(self) -> None:
        self.can_take.set()

    def connection_lost(self, _why: Exception | None) -> None:
        self.can_take.set()


class Upstream:
    """The sockets and what they will say."""

    def __init__(self, frames: Path | None) -> None:
        self.lines: dict[str, Line] = {}
        self._frames: list[tuple[str, bytes]] = []
        self._begins: set[int] = set()  # places of frames that tell a new incoming call
        self.marks: list[int] = []
        seen: set[str] = set()
        decode = msgspec.json.Decoder(_Beginning).decode
        for place, (feed, frame) in enumerate(read_frames(frames) if frames else ()):
            self._frames.append((feed, WireFrame(Opcode.TEXT, frame).serialize(mask=False)))
            if feed == "calls":
                said = decode(frame)
                if said.id_call not in seen:
                    seen.add(said.id_call)
                    if said.call_direction == "incoming" and not said.internal:
                        self._begins.add(place)
        self._at = 0

    async def send(self, number: int, rate: float | None) -> None:
        """The next frames of the file."""
        began, first = time.monotonic(), self._at
        for feed, frame in islice(self._frames, first, first + number):
            if rate is not None:
                rest = began + (self._at - first) / rate - time.monotonic()
                if rest > 0:
                    await asyncio.sleep(rest)
            line = self.lines[feed]
            if not line.can_take.is_set():
                await line.can_take.wait()
            if self._at in self._begins:
                self.marks.append(time.time_ns() // 1_000_000)
            if not line.transport.is_closing():
                line.transport.write(frame)
            self._at += 1
            if not self._at & 63:
                await asyncio.sleep(0)


class History:
    """Rows by kind in the order of their start; a cursor is a place."""

    def __init__(self, rows: dict[str, list[Row]]) -> None:
        self._starts = {kind: [at for at, _ in of_kind] for kind, of_kind in rows.items()}
        self._rows: dict[str, Sequence[bytes]] = {kind: [row for _, row in of_kind] for kind, of_kind in rows.items()}
        self.asked = 0

    async def answer(self, request: web.Request) -> web.Response:
        """One page."""
        asked = msgspec.json.decode(await request.read())
        kind = _KIND.search(asked["query"])
        assert kind is not None
        name, variables = kind[1], asked["variables"]
        starts = self._starts.get(name, [])
        low = bisect.bisect_left(starts, epoch_ms(variables["startDate"]) or 0)
        high = bisect.bisect_left(starts, epoch_ms(variables["endDate"]) or 0)
        at = int(variables.get("after") or low)
        end = min(high, at + variables["first"])
        body = b'{"data":{"%s":{"data":[%s],"totalCount":%d,"cursor":"%d","hasNextPage":%s}}}' % (
            name.encode(),
            b",".join(self._rows.get(name, [])[at:end]),
            max(0, high - low),
            end,
            b"true" if end < high else b"false",
        )
        self.asked += 1
        return web.Response(body=body, content_type="application/json")


async def serve(frames: Path | None, rows: Path | None) -> None:
    """Until its orders end."""
    loop = asyncio.get_running_loop()
    upstream = Upstream(frames)
    history = History(read_rows(rows) if rows else {})
    sockets = await loop.create_server(lambda: Line(upstream.lines), "127.0.0.1", 0)
    app = web.Application(client_max_size=1 << 20)
    app.router.add_post("/graphql", history.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    live = sockets.sockets[0].getsockname()[1]
    tell("ready", live=f"ws://127.0.0.1:{live}", historic=f"http://127.0.0.1:{runner.addresses[0][1]}/graphql")
    while order := (await orders.readline()).decode().split():
        if order[0] == "send":
            await upstream.send(int(order[1]), float(order[2]) if len(order) > 2 else None)
            tell("sent", at=time.time_ns() // 1_000_000)
        elif order[0] == "marks":
            tell("marks", marks=upstream.marks)
        elif order[0] == "connected":
            tell("connected", feeds=sorted(upstream.lines))
    await runner.cleanup()


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--frames", type=Path)
    parser.add_argument("--rows", type=Path)
    asked = parser.parse_args()
    asyncio.run(serve(asked.frames, asked.rows))


if __name__ == "__main__":
    main()
