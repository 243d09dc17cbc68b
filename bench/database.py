"""A PostgreSQL of our own in a workplace: with its factory settings, or, while it is being filled, without a thought of its log.

Rules that hold here: it listens on a socket in its own folder alone; it is stopped before its folder goes, however the benchmark ends.
"""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.processes import cpu_s

# Nothing that is filled in needs to survive a fall of the machine. What is made in one transaction is then not written twice.
FILLING = (
    *("fsync=off", "wal_level=minimal", "max_wal_senders=0", "max_wal_size=8GB", "checkpoint_timeout=1h", "autovacuum=off"),
    *("maintenance_work_mem=512MB", "max_parallel_maintenance_workers=0", "jit=off"),
)


class Server:
    """A database server; `address` is its DATABASE_URL."""

    def __init__(self, place: Path, initdb: str) -> None:
        self.address = f"postgres://wallboard@/postgres?host={place / 'pg'}"
        self._initdb, self._control = initdb, str(Path(initdb).with_name("pg_ctl"))
        self._home = place / "pg"
        self._home.mkdir()
        self._user: str | None = None
        self._runs = False
        if os.geteuid() == 0:  # as whom PostgreSQL refuses to run
            self._user = "postgres"
            place.chmod(0o755)
            os.chown(self._home, pwd.getpwnam(self._user).pw_uid, -1)
        self._run(initdb, "-D", self._home / "data", "-A", "trust", "-U", "wallboard", "--no-sync")

    def start(self, *settings: str) -> None:
        """Start it, with settings like "fsync=off" beside the factory's."""
        words = " ".join(f"-c {each}" for each in settings)
        self._run(
            self._control,
            "-D",
            self._home / "data",
            "-w",
            "-l",
            self._home / "log",
            "-o",
            f"-k {self._home} -c listen_addresses= {words}",
            "start",
        )
        self._runs = True

    def stop(self, how: str = "fast") -> None:
        """Stop it; "immediate" writes nothing more."""
        if self._runs:
            self._runs = False
            self._run(self._control, "-D", self._home / "data", "-m", how, "-w", "-t", "600", "stop")

    @property
    def pid(self) -> int:
        """The process whose children do the work."""
        return int((self._home / "data" / "postmaster.pid").read_text().split()[0])

    def _run(self, *words: object) -> None:
        subprocess.run([str(w) for w in words], cwd="/", user=self._user, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, check=True)


def worked_s(pid: int) -> float:
    """CPU seconds of the server so far: of its processes that live (exact), and of those that have ended (in hundredths)."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    worked = (int(words[13]) + int(words[14])) / os.sysconf("SC_CLK_TCK")  # cutime, cstime: of children that were waited for
    for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        with suppress(OSError):  # it ended just now
            worked += cpu_s(int(each))
    return worked


def find_initdb() -> str | None:
    """The program that makes a database; None where no PostgreSQL is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return shutil.which("initdb") or (str(found[-1]) if found else None)


@contextmanager
def postgres(place: Path) -> Iterator[Server | None]:
    """A new server, not started yet; None where none is installed."""
    binary = find_initdb()
    if binary is None:
        yield None
        return
    server = Server(place, binary)
    try:
        yield server
    finally:
        server.stop("immediate")
