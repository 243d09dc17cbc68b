"""Browsers that do not read, and worse, at a real Daphne and the largest board at full speed: what they cost, and when they are gone."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stats.clock import now_ms
from stats.domain.records import Party
from tests.delivery import misuse
from tests.delivery.misuse import Misuser
from tests.push.floor import ready, waiting_call
from tests.push.web import ROOT, Server, serving

GONE_WITHIN_S = 30.0
MOST_BYTES = 5_000_000
QUEUES = [Party(id=111000 + n, account_id=911000 + n, name=f"Kundtjänst {n}") for n in range(24)]
AGENTS = [Party(id=222000 + n, account_id=922000 + n, name=f"Någon Persson {n}") for n in range(80)]


@pytest.fixture
async def web(var_dir: Path, free_port: int) -> AsyncIterator[Server]:
    """A real web process, showing the supervisor board of a large floor."""
    async with serving(var_dir, free_port, "supervisor") as found:
        await found.worker.tell(*(ready(agent, QUEUES[n % 24]) for n, agent in enumerate(AGENTS)))
        yield found


async def full_speed(web: Server) -> None:
    """Callers in every queue, in every message; about as fast as the boards are told."""
    for number in range(10_000):
        await web.worker.report()
        await web.worker.tell(*(waiting_call(f"c{number}-{queue.id}", queue, since=now_ms()) for queue in QUEUES[number % 2 :: 2]))
        await asyncio.sleep(0.2)


class Good:
    """One that behaves, and sees whether the others are felt."""

    def __init__(self) -> None:
        self.version, self.messages, self.longest_s, self.bytes = -1, 0, 0.0, 0

    async def look(self, web: Server) -> None:
        """Reads and acknowledges everything."""
        async with web.browser() as socket:
            last = time.monotonic()
            async for text in socket:
                message = json.loads(text)
                self.version = message.get("to", message.get("version"))
                self.messages += 1
                self.bytes = max(self.bytes, len(text))
                self.longest_s, last = max(self.longest_s, time.monotonic() - last), time.monotonic()
                await socket.send(json.dumps({"type": "ack", "version": self.version}))
                await asyncio.sleep(0.2)


@pytest.mark.heavy
@pytest.mark.fault("D1", "D2")
@pytest.mark.timeout(150)
async def test_whoever_does_not_read_costs_little_and_is_gone_in_half_a_minute(web: Server) -> None:
    """Silent, chatty, begging and lying ones, eight of each; the one that behaves goes on."""
    good = Good()
    floor, looking = asyncio.create_task(full_speed(web)), asyncio.create_task(good.look(web))
    try:
        await asyncio.sleep(4)
        before = peak = web.rss()
        kinds = [misuse.silent, misuse.chatty, misuse.begging, misuse.lying(lambda: good.version)]
        gone = [asyncio.create_task(Misuser(web).until_gone(kind, 40)) for kind in kinds for _ in range(8)]
        while not all(task.done() for task in gone):
            peak = max(peak, web.rss())
            await asyncio.sleep(0.2)
        took = [task.result() for task in gone]
        messages = good.messages
        await asyncio.sleep(3)
        assert good.messages > messages + 3
        assert not looking.done(), "who reads is not sent away"
    finally:
        floor.cancel()
        looking.cancel()
        await asyncio.gather(floor, looking, return_exceptions=True)
    print("gone after", [round(each, 1) for each in took], "bytes each", (peak - before) // len(took), "largest message", good.bytes)
    assert max(took) < GONE_WITHIN_S
    assert (peak - before) / len(took) < MOST_BYTES
    assert good.longest_s < 5


@pytest.mark.heavy
@pytest.mark.fault("D2")
@pytest.mark.timeout(120)
async def test_floods_giants_endless_messages_and_unfinished_handshakes_are_cut_off(web: Server) -> None:
    """None of them is felt by anybody else, or in the memory."""
    good = Good()
    looking = asyncio.create_task(good.look(web))
    unfinished = [
        socket_of(web, beginning) for beginning in (b"", b"GET /ws/boards/supervisor/ HTTP/1.1\r\nHost: 127.0", b"POST / HTTP/1.1\r\n")
    ]
    try:
        await asyncio.sleep(1)
        before = peak = web.rss()
        kinds = (misuse.flooding, misuse.gigantic, misuse.in_pieces)
        gone = [asyncio.create_task(Misuser(web, reads_little=False).until_gone(kind, 35)) for kind in kinds for _ in range(4)]
        while not all(task.done() for task in gone):
            peak = max(peak, web.rss())
            await asyncio.sleep(0.1)
        took = [task.result() for task in gone]
        await web.change(1)
        await asyncio.sleep(1)
        assert not looking.done()
        assert good.messages >= 2
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        for each in unfinished:
            each[1].close()
    print("gone after", [round(each, 1) for each in took], "bytes each", (peak - before) // len(took))
    assert max(took) < GONE_WITHIN_S
    assert (peak - before) / len(took) < MOST_BYTES


def socket_of(web: Server, beginning: bytes) -> tuple[bytes, "misuse.socket.socket"]:
    """A connection that says only the beginning of something."""
    half = misuse.socket.create_connection(("127.0.0.1", web.port))
    half.sendall(beginning)
    return beginning, half


STOPPED = """
import sys, time
from websockets.sync.client import connect
with connect(sys.argv[1], additional_headers={"Cookie": sys.argv[2]}, ping_interval=None) as socket:
    socket.recv(); print("open", flush=True)
    time.sleep(3600)
"""


@pytest.mark.heavy
@pytest.mark.fault("D1", "D2")
@pytest.mark.timeout(90)
async def test_a_screen_whose_machine_stands_still_is_let_go(web: Server) -> None:
    """Its kernel goes on acknowledging for it, until its buffers are full."""
    floor = asyncio.create_task(full_speed(web))
    command = [sys.executable, "-c", STOPPED, web.address, web.cookie]
    stopped = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: ASYNC220 (returns at once)
    try:
        assert stopped.stdout is not None
        assert await asyncio.to_thread(stopped.stdout.readline) == "open\n"
        stopped.send_signal(signal.SIGSTOP)
        open_before, began = web.descriptors(), time.monotonic()
        while web.descriptors() >= open_before:
            assert time.monotonic() - began < GONE_WITHIN_S
            await asyncio.sleep(0.2)
    finally:
        floor.cancel()
        stopped.kill()
        stopped.wait()
        await asyncio.gather(floor, return_exceptions=True)
