"""A PostgreSQL server of a test's own, that can be stopped, killed and frozen; and a small disk that can be filled."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

_CONFIGURATION = "-c listen_addresses= -c fsync=off -c max_connections=60"


def _binary(name: str) -> str | None:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(found[-1]) if found else None)


class Postgres:
    """One server on a unix socket in a directory of its own."""

    def __init__(self) -> None:
        self.place = Path(tempfile.mkdtemp(prefix="wbpg-"))
        # PostgreSQL refuses to run as root.
        self._user: str | None = None
        if os.geteuid() == 0:
            self._user = "postgres"
            os.chown(self.place, pwd.getpwnam("postgres").pw_uid, -1)
        self._run("initdb", "-D", str(self.place / "pg"), "-A", "trust", "-U", "wallboard", "--no-sync")
        self.url = f"postgres://wallboard@/postgres?host={self.place}"

    def _run(self, program: str, *words: str) -> None:
        binary = _binary(program)
        assert binary is not None
        log = self.place / "output"
        with log.open("ab") as output:
            subprocess.run([binary, *words], cwd="/", user=self._user, stdout=output, stderr=output, timeout=60, check=True)

    def start(self) -> None:
        """Serve, from what is on its disk. After a kill -9 the kernel may take a moment to let go of what the dead one shared."""
        for _ in range(20):
            try:
                self._start()
            except subprocess.CalledProcessError:
                time.sleep(0.5)
            else:
                return
        self._start()

    def _start(self) -> None:
        self._run(
            "pg_ctl",
            "-D",
            str(self.place / "pg"),
            "-w",
            "-l",
            str(self.place / "pg/log"),
            "-o",
            f"-k {self.place} {_CONFIGURATION}",
            "start",
        )

    def stop(self) -> None:
        """In order, but waiting for nobody."""
        self._run("pg_ctl", "-D", str(self.place / "pg"), "-m", "fast", "-w", "stop")

    def pids(self) -> list[int]:
        """The server's processes, the first of them first."""
        with contextlib.suppress(FileNotFoundError):
            first = int((self.place / "pg/postmaster.pid").read_text().split()[0])
            children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
            return [first, *map(int, children)]
        return []

    def signal(self, order: signal.Signals) -> None:
        """To every process of it."""
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, order)

    def kill(self) -> None:
        """kill -9 of all of it; gone when this returns."""
        for pid in self.pids()[:1]:
            os.kill(pid, signal.SIGSTOP)  # or it would start another child meanwhile
        pids = self.pids()
        self.signal(signal.SIGKILL)
        while any(_state(pid) != "Z" for pid in pids):
            time.sleep(0.01)

    def destroy(self) -> None:
        """Nothing is left."""
        self.signal(signal.SIGCONT)
        self.kill()
        shutil.rmtree(self.place, ignore_errors=True)


def _state(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return "Z"


@contextlib.contextmanager
def postgres() -> Iterator[Postgres]:
    """A server that runs; the test is skipped where none is installed, and fails where CI=true."""
    if _binary("initdb") is None:
        reason = "no PostgreSQL is installed"
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(reason)
        pytest.skip(reason)
    server = Postgres()
    try:
        server.start()
        yield server
    finally:
        server.destroy()


@contextlib.contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """An empty file system of that size; the test is skipped for who may not mount."""
    place = Path(tempfile.mkdtemp(prefix="wbdisk-"))
    try:
        if (
            os.geteuid()
            or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "tmpfs", place], check=False).returncode
        ):
            pytest.skip("mounting a small disk takes root")
        yield place
    finally:
        subprocess.run(["umount", "-l", place], stderr=subprocess.DEVNULL, check=False)
        place.rmdir()


def fill(place: Path) -> Path:
    """Not a byte is left; gives the file to be removed again."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 4096)
    return ballast
