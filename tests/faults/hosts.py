"""Several machines on this one: network namespaces as hosts, one cable each to a switch of their own, and the product spread over them.

Rules that hold here: nothing of it touches the machine's own network; names are of this run alone; every process is ended by its pid and
every namespace is deleted, however the run ends.
"""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

from cryptography.fernet import Fernet

from stats.deathbed import die_with_parent
from tests.acceptance.product import API_TOKEN, VENDOR_TOKEN, eventually
from tests.conftest import ROOT, environment_of
from tests.faults.floor import Told
from tests.faults.house import System, Vendor

HOSTS = ("db", "in1", "in2", "web1", "web2", "vendor", "look")
OTHER_TOKEN = "api-Ekorre-9876543210fedcba"  # made up
PG_PORT, WEB_PORT = 5432, 8000
# The second organisation, and its source at the second vendor.
SECOND = """
from stats.models import Organisation, Source
from wallboard.accounts.models import ApiToken
other = Organisation.objects.create(slug="other", name="Other", timezone="Europe/Stockholm")
source = Source(organisation=other, name="other", live_url="{live}", historic_url="{historic}")
source.token = "{token}"
source.save()
ApiToken.issue(other, "looks", "{api}")
"""


class CannotSwitch(Exception):
    """This machine lets nobody make networks here; the text says why."""


def run(*words: str) -> str:
    """A command that must succeed; gives what it says."""
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise CannotSwitch(f"{' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


class Network:
    """Hosts at one switch. `with Network() as network: network.at("web1")` is the beginning of a command that runs there."""

    def __init__(self) -> None:
        self.name = f"wbn{os.getpid()}x"
        self.addresses = {host: f"10.77.0.{place}" for place, host in enumerate(HOSTS, 11)}

    def __enter__(self) -> Self:
        if os.geteuid() or shutil.which("ip") is None:
            raise CannotSwitch("network namespaces need root and iproute2")
        _sweep()
        try:
            switch = self._space("sw")
            run("ip", "netns", "add", switch)
            run("ip", "-n", switch, "link", "add", "name", "switch", "type", "bridge")
            run("ip", "-n", switch, "link", "set", "switch", "up")
            for host, address in self.addresses.items():
                space = self._space(host)
                run("ip", "netns", "add", space)
                run("ip", "link", "add", "eth0", "netns", space, "type", "veth", "peer", "name", host, "netns", switch)
                run("ip", "-n", switch, "link", "set", host, "master", "switch", "up")
                run("ip", "-n", space, "addr", "add", f"{address}/24", "dev", "eth0")
                run("ip", "-n", space, "link", "set", "eth0", "up")
                run("ip", "-n", space, "link", "set", "lo", "up")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_why: object) -> None:
        for host in ("sw", *HOSTS):
            _delete(self._space(host))

    def _space(self, host: str) -> str:
        return f"{self.name}{host}"

    def at(self, host: str) -> tuple[str, ...]:
        """What to put before a command so that it runs on a host."""
        return ("ip", "netns", "exec", self._space(host))

    def cut(self, host: str) -> None:
        """Its cable is pulled at the switch: nobody is told, packets are lost."""
        run("ip", "-n", self._space("sw"), "link", "set", host, "down")

    def mend(self, host: str) -> None:
        """It is put back."""
        run("ip", "-n", self._space("sw"), "link", "set", host, "up")


def _delete(space: str) -> None:
    """A namespace and whatever still runs in it, which can only have been started there."""
    if Path(f"/run/netns/{space}").exists():
        for pid in run("ip", "netns", "pids", space).split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        run("ip", "netns", "del", space)


def _sweep() -> None:
    """What a run left that was killed itself: its pid is in the name, and nobody's any more."""
    for entry in Path("/run/netns").glob("wbn*x*"):
        pid = entry.name.removeprefix("wbn").partition("x")[0]
        if pid.isdecimal() and not Path(f"/proc/{pid}").exists():
            _delete(entry.name)


class Installation:
    """One database, one Redis, two workers, two web servers and two vendors, each on its host."""

    def __init__(self, network: Network, seed: int, seconds: float) -> None:
        self.network, self.place = network, Path(tempfile.mkdtemp(prefix="wbhosts-"))
        began = round(time.time() * 1000)
        at, host = network.at, network.addresses
        self.tolds = [Told(seed=seed + n, began_ms=began, seconds=seconds, rate=1.0, shift=n) for n in (0, 1)]
        self.vendors = [Vendor(told, prefix=at("vendor"), host=host["vendor"], port=9001 + n) for n, told in enumerate(self.tolds)]
        self.redis = System(self.place, prefix=at("db"), host=host["db"])
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        common = {
            "DATABASE_URL": f"postgres://wallboard@{host['db']}:{PG_PORT}/postgres",
            "REDIS_URL": f"redis://{host['db']}:{self.redis.port}/0",
            "SECRET_KEY": secrets.token_hex(32),
            "VAULT_KEYS": Fernet.generate_key().decode(),
            "ALLOWED_HOSTS": ",".join(host.values()),
            "BIND": "0.0.0.0",
            "TELAVOX_TOKEN": VENDOR_TOKEN,
            "TELAVOX_LIVE_URL": f"ws://{host['vendor']}:9001",
            "TELAVOX_HISTORIC_URL": f"http://{host['vendor']}:9001/graphql",
            "BOOTSTRAP_API_TOKEN": API_TOKEN,
        }
        self._environments = {each: environment_of(self.place / each, **common) for each in HOSTS}
        for each in HOSTS:
            (self.place / each).mkdir()

    def __enter__(self) -> Self:
        try:
            self._open()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_why: object) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait(timeout=10)
        for vendor in self.vendors:
            vendor.end()
        self.redis.end()
        # PostgreSQL's own children end with their parent; those that linger are ended with their namespace.
        shutil.rmtree(self.place, ignore_errors=True)

    def _open(self) -> None:
        for vendor in self.vendors:
            vendor.start()
        self.redis.start()
        self._postgres()
        self.manage("migrate", "--verbosity", "0")
        self.manage("bootstrap")
        other = self.network.addresses["vendor"]
        self.manage(
            "shell",
            "-c",
            SECOND.format(live=f"ws://{other}:9002", historic=f"http://{other}:9002/graphql", token=VENDOR_TOKEN, api=OTHER_TOKEN),
        )
        for host in ("web1", "web2"):
            command = [sys.executable, "-m", "daphne", "-b", "0.0.0.0", "-p", str(WEB_PORT), "-v", "0", "--no-server-name"]
            command += ["--websocket_timeout", "-1", "--ping-interval", "15", "--ping-timeout", "20"]
            self.start(host, *command, "--websocket-max-message-size", "4194304", "wallboard.asgi:application")
        for host in ("in1", "in2"):
            self.start(host, sys.executable, "manage.py", "ingest")
        for name, token in (("one", API_TOKEN), ("two", OTHER_TOKEN)):
            command = [sys.executable, "-m", "tests.faults.observer", "--out", str(self.seen(name)), "--token", token]
            for web in ("web1", "web2"):
                address = f"{self.network.addresses[web]}:{WEB_PORT}"
                command += ["--api", f"{web}-api=http://{address}", "--board", f"{web}-board=ws://{address}/ws/boards/supervisor/"]
            self.start("look", *command, name=f"observer {name}")

    def _postgres(self) -> None:
        """Debian's, for nobody but us, without the pains of a disk."""
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not found:
            raise CannotSwitch("no PostgreSQL is installed")
        bin_, data = found[-1].parent, self.place / "pg"
        shutil.chown(self.place, "postgres")
        owner = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
        run(*owner, str(bin_ / "initdb"), "-D", str(data), "-A", "trust", "-U", "wallboard")
        with (data / "pg_hba.conf").open("a") as trusted:
            trusted.write("host all all 10.77.0.0/24 trust\n")
        options = ["-k", str(data), "-p", str(PG_PORT), "-c", "listen_addresses=*", "-c", "fsync=off"]
        command = [*self.network.at("db"), *owner, str(bin_ / "postgres"), "-D", str(data), *options]
        self.processes["postgres"] = subprocess.Popen(
            command, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent()
        )
        ready = [*self.network.at("db"), str(bin_ / "pg_isready"), "-q", "-h", self.network.addresses["db"]]
        eventually(lambda: subprocess.run(ready, check=False).returncode == 0, 30)

    def start(self, host: str, *command: str, name: str = "") -> None:
        """A process on a host, called by the host's name unless given another."""
        with (self.place / f"{host}.output").open("ab") as output:
            self.processes[name or host] = subprocess.Popen(
                [*self.network.at(host), *command],
                cwd=ROOT,
                env=self._environments[host],
                stdout=output,
                stderr=output,
                preexec_fn=die_with_parent(),
            )

    def manage(self, *words: str) -> None:
        """A command of the product, on the database's host."""
        command = [*self.network.at("db"), sys.executable, "manage.py", *words]
        done = subprocess.run(command, cwd=ROOT, env=self._environments["db"], capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr[-2000:]

    def seen(self, name: str) -> Path:
        """Where what is seen of one organisation is written down."""
        return self.place / f"seen-{name}.jsonl"

    def said(self, host: str) -> str:
        """What a host's processes wrote."""
        return (self.place / f"{host}.output").read_text(errors="replace")

    def leases(self) -> dict[str, str]:
        """Who holds each source: the lease's word by its key, as Redis has it this moment."""
        ask = [*self.network.at("db"), "redis-cli", "-h", self.network.addresses["db"], "-p", str(self.redis.port)]
        names = sorted(name for name in run(*ask, "--raw", "keys", "*lease*").splitlines() if name)
        return {name: held for name in names if (held := run(*ask, "--raw", "get", name).strip())}

    def holders(self) -> list[set[str]]:
        """By vendor: the workers' hosts that have sockets open to it, as their own kernels see it."""
        found: list[set[str]] = [set() for _ in self.vendors]
        for host in ("in1", "in2"):
            rows = run(*self.network.at(host), "ss", "-Htn", "state", "established").splitlines()
            for holding, vendor in zip(found, self.vendors, strict=True):
                if any(row.split()[3].endswith(f":{vendor.port}") for row in rows):
                    holding.add(host)
        return found

    def present(self) -> None:
        """Both vendors say again how every agent is."""
        for vendor in self.vendors:
            url = f"http://{self.network.addresses['vendor']}:{vendor.port}/control"
            code = f"import urllib.request as r; r.urlopen(r.Request({url!r}, data=b'{{\"present\": true}}'), timeout=10).read()"
            run(*self.network.at("vendor"), sys.executable, "-c", code)
