"""The whole product with a fault proxy on every link, the vendor as a process, and a Redis that comes back when it is started again.

Rules that hold here: everything listens on 127.0.0.1; only processes started here are signalled, by their pid; `close` leaves none behind.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from stats.deathbed import die_with_parent
from tests.acceptance.product import API_TOKEN, START_S, VENDOR_TOKEN, Product, eventually, free_port
from tests.conftest import ROOT, processes_of
from tests.faults.floor import Told
from tests.faults.proxy import Proxy
from tests.upstream import UpstreamThread


class Vendor:
    """The floor as a process that dies, sleeps and comes back on its port."""

    def __init__(self, told: Told, *, prefix: tuple[str, ...] = (), host: str = "127.0.0.1", port: int = 0) -> None:
        self.told, self.port, self._prefix, self._host = told, port, prefix, host
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it and waits until it listens."""
        words = ["--seed", self.told.seed, "--began", self.told.began_ms, "--seconds", self.told.seconds, "--rate", self.told.rate]
        words += ["--shift", self.told.shift, "--port", self.port, "--token", VENDOR_TOKEN, "--host", self._host]
        command = [*self._prefix, sys.executable, "-m", "tests.faults.floor", *map(str, words)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent())
        assert self.process.stdout is not None
        self.port = int(json.loads(self.process.stdout.readline())["port"])

    def present(self) -> dict[str, Any]:
        """It says again how every agent is."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/control", data=b'{"present": true}')
        with urllib.request.urlopen(request, timeout=10) as reply:
            answer: dict[str, Any] = json.load(reply)
        return answer

    def end(self) -> None:
        """It and all it holds are gone."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait(timeout=10)


class System:
    """A Redis of the system's, on a TCP port, kept on disk as docs/operating.md wants it."""

    def __init__(self, place: Path, *, prefix: tuple[str, ...] = (), host: str = "127.0.0.1") -> None:
        self.place, self.port, self._prefix, self._host = place, free_port(), prefix, host
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it on the data it left."""
        (self.place / "system-redis").mkdir(exist_ok=True)
        options = {
            "bind": self._host,
            "port": self.port,
            "dir": self.place / "system-redis",
            "appendonly": "yes",
            "save": "",
            "protected-mode": "no",
        }
        command = [*self._prefix, "redis-server", *(word for name, value in options.items() for word in (f"--{name}", str(value)))]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent())

    def end(self) -> None:
        """kill -9."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait(timeout=10)


class House:
    """`up` with its neighbours; `embedded` has the Redis of `up` itself (and so no link to it), `standby` a second worker."""

    def __init__(self, seed: int, seconds: float, *, embedded: bool, standby: bool, rate: float = 2.0) -> None:
        self.embedded = embedded
        self.told = Told(seed=seed, began_ms=round(time.time() * 1000), seconds=seconds, rate=rate)
        self.vendor = Vendor(self.told)
        self.proxy = Proxy()
        self.product = Product(UpstreamThread())
        self.redis = System(self.product.var_dir)
        self._wants_standby = standby
        self.standby: subprocess.Popen[bytes] | None = None
        self.observer: subprocess.Popen[bytes] | None = None
        self.seen = self.product.var_dir / "seen.jsonl"

    def __enter__(self) -> Self:
        self.proxy.__enter__()
        try:
            self._open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_why: object) -> None:
        self.close()

    def _open(self) -> None:
        self.vendor.start()
        environment = self.product.environment
        self.stream = self.proxy.link(("127.0.0.1", self.vendor.port))
        self.history = self.proxy.link(("127.0.0.1", self.vendor.port))
        self.store = self.proxy.link(("127.0.0.1", self.redis.port), owner=self._owner)
        self.web = self.proxy.link(("127.0.0.1", self.product.port))
        environment["TELAVOX_LIVE_URL"] = f"ws://127.0.0.1:{self.stream.port}"
        environment["TELAVOX_HISTORIC_URL"] = f"http://127.0.0.1:{self.history.port}/graphql"
        if not self.embedded:
            self.redis.start()
            environment["REDIS_URL"] = f"redis://127.0.0.1:{self.store.port}/0"
        self.product.start()
        if self._wants_standby:
            with self.product.output.open("ab") as output:
                self.standby = subprocess.Popen(
                    [sys.executable, "manage.py", "ingest"], cwd=ROOT, env=environment, stdout=output, stderr=output
                )
        self.product.until("live", 40)
        self.vendor.present()
        command = [sys.executable, "-m", "tests.faults.observer", "--out", str(self.seen), "--token", API_TOKEN]
        command += ["--api", f"api=http://127.0.0.1:{self.product.port}"]
        for board in ("team", "supervisor"):
            command += ["--board", f"{board}=ws://127.0.0.1:{self.web.port}/ws/boards/{board}/"]
        self.observer = subprocess.Popen(command, cwd=ROOT, preexec_fn=die_with_parent())
        eventually(lambda: self.seen.exists() and self.seen.stat().st_size > 50_000, START_S)

    def close(self) -> None:
        """Ends everything."""
        for process in (self.observer, self.standby):
            if process is not None:
                process.kill()
                process.wait(timeout=10)
        for pid in processes_of(self.product.var_dir):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self.product.destroy()
        self.redis.end()
        self.vendor.end()
        self.proxy.__exit__()
        shutil.rmtree(self.product.var_dir, ignore_errors=True)

    def _owner(self, port: int) -> str:
        """Which of the product's processes holds the client's end of a connection, by its command line."""
        inode = _inode_of(port)
        for pid in processes_of(self.product.var_dir) if inode else ():
            with contextlib.suppress(OSError):
                for entry in os.scandir(f"/proc/{pid}/fd"):
                    with contextlib.suppress(OSError):
                        if os.readlink(entry.path) == f"socket:[{inode}]":
                            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        return "unknown"

    # --- its processes ---------------------------------------------------------------------------------------------------

    def pid_of(self, who: str) -> int:
        """The pid of worker, web, store, housekeeping or vendor."""
        if who == "vendor":
            assert self.vendor.process is not None
            return self.vendor.process.pid
        if who == "store" and not self.embedded:
            assert self.redis.process is not None
            return self.redis.process.pid
        words = {"worker": "manage.py ingest", "web": "daphne", "store": "redis.sock", "housekeeping": "manage.py housekeeping"}[who]
        children = [pid for pid in self.product.children(words) if self.standby is None or pid != self.standby.pid]
        if who == "worker" and self.standby is not None:
            children = [self.holder() or children[0]]
        return children[0]

    def holder(self) -> int | None:
        """The pid of the worker that has the vendor's sockets open."""
        workers = self.product.children("manage.py ingest")
        return next((pid for pid in workers if self._is_open(pid, self.stream.port)), None)

    def _is_open(self, pid: int, port: int) -> bool:
        wanted = {inode for theirs, inode in _connections() if theirs == port}
        with contextlib.suppress(OSError):
            for entry in os.scandir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    if os.readlink(entry.path).removeprefix("socket:[").rstrip("]") in wanted:
                        return True
        return False

    def signal(self, who: str, order: signal.Signals) -> int:
        """Signals one of them; gives its pid."""
        pid = self.pid_of(who)
        os.kill(pid, order)
        return pid


def _rows() -> list[list[str]]:
    return [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]


def _inode_of(port: int) -> str | None:
    return next((row[9] for row in _rows() if int(row[1].rpartition(":")[2], 16) == port and row[9] != "0"), None)


def _connections() -> list[tuple[int, str]]:
    """Remote port and inode of every established connection."""
    return [(int(row[2].rpartition(":")[2], 16), row[9]) for row in _rows() if row[3] == "01"]


Undo = Callable[[], object]
