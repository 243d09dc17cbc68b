"""A real web process over an embedded Redis and a fresh database, with a worker that is driven by hand."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import websockets

from stats.clock import now_ms
from stats.live import server
from tests.push.floor import Worker, waiting_call

PASSWORD = "a-password-of-the-tests"
API_TOKEN = "an-api-token-of-the-tests"
ROOT = Path(__file__).resolve().parents[2]
MAKE_A_SCREEN = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from wallboard.accounts.bootstrap import bootstrap
from wallboard.accounts.models import ScreenToken
print(ScreenToken.issue(bootstrap(), "team", "test")[1])
"""


class Server:
    """A web process with its worker; `address` is the team board's socket, `key` opens it."""

    def __init__(self, port: int, key: str, worker: Worker) -> None:
        self.origin = f"http://127.0.0.1:{port}"
        self.address, self.key, self.worker = f"ws://127.0.0.1:{port}/ws/boards/team/", key, worker

    def browser(self) -> Any:
        """A new socket."""
        return websockets.connect(self.address, additional_headers={"Cookie": f"wb_screen={self.key}"}, ping_interval=None)

    async def change(self, number: int) -> None:
        """Something happens on the floor."""
        await self.worker.report()
        await self.worker.tell(waiting_call(f"c{number}", since=now_ms()))


@asynccontextmanager
async def serving(var_dir: Path, free_port: int) -> AsyncIterator[Server]:
    """A Daphne over an embedded Redis and a fresh database."""
    environment = {
        **os.environ,
        "VAR_DIR": str(var_dir),
        "ENV_FILE": "",
        "DJANGO_SETTINGS_MODULE": "wallboard.settings",
        "ADMIN_PASSWORD": PASSWORD,
        "BOOTSTRAP_API_TOKEN": API_TOKEN,
        "PORT": str(free_port),
    }
    made = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", MAKE_A_SCREEN], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    redis = await asyncio.to_thread(server.start, var_dir)
    assert redis is not None
    worker = await Worker(server.embedded_url(var_dir)).begin()
    command = [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(free_port), "wallboard.asgi:application"]
    daphne = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: ASYNC220 (returns at once)
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                _reader, writer = await asyncio.open_connection("127.0.0.1", free_port)
                writer.close()
                break
            except OSError:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.1)
        yield Server(free_port, made.stdout.split()[-1], worker)
    finally:
        await worker.close()
        for process in (daphne, redis):
            process.kill()
            process.wait()
