"""A real web process over an embedded Redis and a fresh database, with a worker that is driven by hand."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import websockets

from stats.clock import now_ms
from stats.live import server
from stats.management.commands import up
from tests.conftest import environment_of
from tests.midday import ZONE
from tests.push.floor import Worker, waiting_call

PASSWORD = "a-password-of-the-tests"
API_TOKEN = "an-api-token-of-the-tests"
ROOT = Path(__file__).resolve().parents[2]
MAKE_SCREENS = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from wallboard.accounts.bootstrap import bootstrap
from wallboard.accounts.models import Screen
organisation = bootstrap()
for board in ("team", "supervisor"):
    print(Screen.issue(organisation, board, "test")[1])
"""


# A web process that starts on a busy machine.
START_S = 60.0


class Server:
    """A web process with its worker; `address` is the socket of `board`, `key` opens it."""

    def __init__(self, var_dir: Path, port: int, keys: dict[str, str], worker: Worker, board: str) -> None:
        self.var_dir, self.port, self.keys, self.board, self.worker = var_dir, port, keys, board, worker
        self.origin = f"http://127.0.0.1:{port}"
        self.address, self.key = f"ws://127.0.0.1:{port}/ws/boards/{board}/", keys[board]
        self.door = up.open_door("127.0.0.1", port)
        self.process: subprocess.Popen[bytes] | None = None
        self.redis: subprocess.Popen[bytes] | None = None

    @property
    def cookie(self) -> str:
        """What opens the socket."""
        return f"wb_screen={self.key}"

    @property
    def pid(self) -> int:
        """The web process's."""
        assert self.process is not None
        return self.process.pid

    def begin(self) -> None:
        """Starts a web process at the door, as `up` does."""
        command = [sys.executable, "-m", "daphne", "--fd", str(self.door.fileno()), *up.DAPHNE, "wallboard.asgi:application"]
        with (self.var_dir / "web.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment(self.var_dir, self.port), stdout=log, stderr=log, pass_fds=[self.door.fileno()]
            )

    def end(self, by: signal.Signals = signal.SIGKILL) -> None:
        """Ends the web process and waits."""
        assert self.process is not None
        self.process.send_signal(by)
        self.process.wait(10)

    def manage(self, *words: str) -> "subprocess.Popen[str]":
        """Starts a command of the product beside it."""
        command = [sys.executable, "manage.py", *words]
        return subprocess.Popen(
            command, cwd=ROOT, env=environment(self.var_dir, self.port), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def get(self, path: str, within_s: float = 10.0, **headers: str) -> tuple[int, str]:
        """Asks the web process; the status and the body."""
        try:
            with urllib.request.urlopen(urllib.request.Request(self.origin + path, headers=headers), timeout=within_s) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    def browser(self) -> Any:
        """A new socket; a web process that is being started lets nobody in before it is there."""
        return websockets.connect(self.address, additional_headers={"Cookie": self.cookie}, ping_interval=None, open_timeout=START_S)

    def other_browser(self, board: str) -> Any:
        """A new socket to a board that is not this server's own."""
        address = f"ws://127.0.0.1:{self.port}/ws/boards/{board}/"
        return websockets.connect(address, additional_headers={"Cookie": f"wb_screen={self.keys[board]}"}, ping_interval=None)

    def run(self, program: str, *words: str) -> None:
        """Runs a few lines beside it, to their end."""
        subprocess.run([sys.executable, "-c", program, *words], cwd=ROOT, env=environment(self.var_dir, self.port), check=True)

    async def change(self, number: int) -> None:
        """Something happens on the floor."""
        await self.worker.report()
        await self.worker.tell(waiting_call(f"c{number}", since=now_ms()))

    def rss(self) -> int:
        """Bytes of memory the web process holds."""
        return rss_of(self.pid)

    def descriptors(self) -> int:
        """How many descriptors it has open."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))


async def behave(socket: Any, heard: list[dict[str, Any]]) -> None:
    """Acknowledges whatever comes, and keeps it, until the socket ends."""
    async for text in socket:
        message = json.loads(text)
        heard.append(message)
        await socket.send(json.dumps({"type": "ack", "version": message.get("to", message.get("version"))}))


def rss_of(pid: int) -> int:
    """Bytes of memory a process holds."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(pid)


def environment(var_dir: Path, port: int) -> dict[str, str]:
    """Of every process that belongs to the web process."""
    site = {"DJANGO_SETTINGS_MODULE": "wallboard.settings", "ORG_TIMEZONE": ZONE}
    return environment_of(var_dir, ADMIN_PASSWORD=PASSWORD, BOOTSTRAP_API_TOKEN=API_TOKEN, PORT=str(port), **site)


@asynccontextmanager
async def serving(var_dir: Path, free_port: int, board: str = "team") -> AsyncIterator[Server]:
    """A Daphne, as `up` starts it, over an embedded Redis and a fresh database."""
    made = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", MAKE_SCREENS],
        cwd=ROOT,
        env=environment(var_dir, free_port),
        capture_output=True,
        text=True,
        check=True,
    )
    keys = dict(zip(("team", "supervisor"), made.stdout.split()[-2:], strict=True))
    redis = await asyncio.to_thread(server.start, var_dir)
    assert redis is not None
    worker = await Worker(server.embedded_url(var_dir)).begin()
    web = Server(var_dir, free_port, keys, worker, board)
    web.redis = redis
    web.begin()
    try:
        deadline = time.monotonic() + 60
        while (await asyncio.to_thread(web.get, "/healthz", 60))[0] != 200:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)
        yield web
    finally:
        await worker.close()
        web.door.close()
        for process in (web.process, redis):
            assert process is not None
            process.kill()
            process.wait()
