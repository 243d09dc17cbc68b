"""Real Redis servers to be stopped, killed, filled, demoted and restored: one, a watched pair, or a Cluster.

Rules that hold here: 127.0.0.1 and free ports only; every server ends with its test, by its own process; nothing is shared.
"""

import contextlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from stats.deathbed import die_with_parent

PROGRAM = "redis-server"
UP_WITHIN_S = 20.0


def free_port() -> int:
    """A port of the loopback that is free, and whose neighbour for a Cluster's bus (10,000 higher) is a port too."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port < 55_000:
            return port


class Server:
    """One redis-server process and its directory."""

    def __init__(self, directory: Path, *, sentinel: bool = False, **options: str) -> None:
        self.directory, self.sentinel, self.options = directory, sentinel, options
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        directory.mkdir(parents=True, exist_ok=True)

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self, timeout_s: float = 5.0) -> Any:
        """A client of the test's own."""
        return redis.Redis(port=self.port, socket_timeout=timeout_s, decode_responses=True)

    def start(self, *, wait: bool = True) -> "Server":
        """Starts it, on the port and the directory it had before."""
        settings = self.directory / "server.conf"
        if not settings.exists():
            words = {"port": str(self.port), "bind": "127.0.0.1", "dir": str(self.directory), "save": '""', **self.options}
            settings.write_text("".join(f"{name.replace('_', '-')} {value}\n" for name, value in words.items()))
        command = [PROGRAM, str(settings), *(["--sentinel"] if self.sentinel else [])]
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=die_with_parent())
        if wait:
            self.until_up()
        return self

    def until_up(self) -> None:
        """Until it answers."""
        deadline = time.monotonic() + UP_WITHIN_S
        while time.monotonic() < deadline:
            with contextlib.suppress(redis.RedisError), self.client(1.0) as client:
                if client.ping():
                    return
            time.sleep(0.05)
        raise AssertionError((self.directory / "log").read_text()[-2000:])

    def kill(self) -> None:
        """Ends it without a word; a stopped one too."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def pause(self) -> None:
        """It hangs: the kernel goes on accepting for it."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """It hangs no more."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)


class Room:
    """Makes servers, and ends them all."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.servers: list[Server] = []

    def server(self, *, sentinel: bool = False, start: bool = True, **options: str) -> Server:
        """One more server."""
        made = Server(self.directory / str(len(self.servers)), sentinel=sentinel, **options)
        self.servers.append(made)
        return made.start() if start else made

    def watched_pair(self) -> "Pair":
        """A primary, its replica, and three Sentinels that need two to agree."""
        primary = self.server(min_replicas_to_write="0", repl_diskless_sync_delay="0")
        replica = self.server(replicaof=f"127.0.0.1 {primary.port}", repl_diskless_sync_delay="0")
        until(lambda: replica.client().info("replication")["master_link_status"] == "up")
        sentinels = [self.server(sentinel=True, start=False, sentinel_monitor=f"wall 127.0.0.1 {primary.port} 2") for _ in range(3)]
        for each in sentinels:
            conf = each.directory / "server.conf"
            conf.write_text(
                f"port {each.port}\nbind 127.0.0.1\ndir {each.directory}\nsentinel monitor wall 127.0.0.1 {primary.port} 2\n"
                "sentinel down-after-milliseconds wall 1000\nsentinel failover-timeout wall 4000\n"
            )
            each.start()
        for each in sentinels:
            until(lambda each=each: _master(each)["num-other-sentinels"] == 2 and _master(each)["num-slaves"] == 1)  # type: ignore[misc]
        return Pair(primary, replica, sentinels)

    def cluster(self) -> "Cluster":
        """Three primaries, and a replica of the one that holds the organisation's keys."""
        options = {"cluster_enabled": "yes", "cluster_node_timeout": "2000", "repl_diskless_sync_delay": "0"}
        nodes = [self.server(**options) for _ in range(4)]
        for first, last, node in ((0, 5460, nodes[0]), (5461, 10922, nodes[1]), (10923, 16383, nodes[2])):
            node.client().execute_command("CLUSTER", "ADDSLOTSRANGE", first, last)
        for node in nodes[1:]:
            node.client().execute_command("CLUSTER", "MEET", "127.0.0.1", nodes[0].port)
        until(lambda: all(n.client().execute_command("CLUSTER INFO")["cluster_known_nodes"] == "4" for n in nodes))
        slot = int(nodes[0].client().execute_command("CLUSTER", "KEYSLOT", "wb:{default}:meta"))
        home = nodes[0] if slot <= 5460 else nodes[1] if slot <= 10922 else nodes[2]
        until(lambda: _replicates(nodes[3], str(home.client().execute_command("CLUSTER", "MYID"))))
        until(lambda: nodes[3].client().info("replication").get("master_link_status") == "up")
        until(lambda: all(n.client().execute_command("CLUSTER INFO")["cluster_state"] == "ok" for n in nodes))
        return Cluster(nodes, home, nodes[3])

    def end(self) -> None:
        """Ends every server, and takes its files away."""
        for server in self.servers:
            server.kill()
        shutil.rmtree(self.directory, ignore_errors=True)


class Pair:
    """A primary that Sentinels watch."""

    def __init__(self, primary: Server, replica: Server, sentinels: list[Server]) -> None:
        self.primary, self.replica, self.sentinels = primary, replica, sentinels
        self.url = f"redis+sentinel://{','.join(f'127.0.0.1:{s.port}' for s in sentinels)}/wall?db=0"

    def until_promoted(self) -> None:
        """Until every Sentinel names the former replica."""
        until(lambda: self.replica.client().info("replication")["role"] == "master")
        until(lambda: all(int(_master(s)["port"]) == self.replica.port for s in self.sentinels if s.process))


class Cluster:
    """`home` holds the organisation's slot, `spare` is its replica."""

    def __init__(self, nodes: list[Server], home: Server, spare: Server) -> None:
        self.nodes, self.home, self.spare = nodes, home, spare
        self.url = f"redis+cluster://{','.join(f'127.0.0.1:{n.port}' for n in nodes[:2])}"


def until(true: Any, within_s: float = 30.0) -> None:
    """Waits for what will be."""
    deadline = time.monotonic() + within_s
    why: object = "never"
    while time.monotonic() < deadline:
        try:
            if true():
                return
        except redis.RedisError as error:
            why = error
        time.sleep(0.05)
    raise AssertionError(f"not within {within_s} s: {why}")


def _master(sentinel: Server) -> dict[str, Any]:
    with sentinel.client() as client:
        return dict(client.sentinel_master("wall"))


def _replicates(node: Server, home: str) -> bool:
    node.client().execute_command("CLUSTER", "REPLICATE", home)
    return True


@contextlib.contextmanager
def a_room() -> Iterator[Room]:
    """A room of servers; the test is skipped where there is no redis-server."""
    if shutil.which(PROGRAM) is None:
        pytest.skip("no redis-server on PATH; on Debian: apt install redis-server")
    room = Room(Path(tempfile.mkdtemp(prefix="wb-engines-")))
    try:
        yield room
    finally:
        room.end()
