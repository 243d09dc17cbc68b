"""`manage.py up`: the whole product on one machine, in one terminal."""

import errno
import fcntl
import os
import secrets
import socket
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError

from stats import turn
from stats.live import server
from stats.management.demo import OtherSystems
from stats.processes import Child, Household, Process, Stopped, spawn

log = structlog.get_logger(__name__)

# Boards send a dozen bytes a second; whoever sends a larger frame than this is not one of ours.
LARGEST_BROWSER_FRAME = 8192
# Daphne holds its own messages to this limit too, and drops larger ones without a word: a snapshot must fit.
LARGEST_MESSAGE = 4 * 1024 * 1024
# Browsers that come back together, or while the web server is being replaced, wait in this queue instead of being refused.
WAITING_ROOM = 2048
# A browser that takes nothing in for so long is gone, whatever it may say meanwhile; the kernel sees to it.
UNREAD_MS = 25_000
# What every Daphne of ours is told, wherever it listens.
DAPHNE = [
    # No access log (-v 0): it would hold the screen tokens of televisions.
    *("-v", "0", "--no-server-name"),
    # A socket's age is drawn by us; a television that vanished is noticed after 35 s. A storm may keep a handshake waiting.
    *("--websocket_timeout", "-1", "--websocket_connect_timeout", "20", "--ping-interval", "15", "--ping-timeout", "20"),
    *("--websocket-max-message-size", str(LARGEST_MESSAGE), "--websocket-max-frame-size", str(LARGEST_BROWSER_FRAME)),
]
# Busy enough that something changes every second; the past lags a little, as the vendor's does.
DEMO_FLOOR = ("--agents", "48", "--queues", "6", "--calls-per-hour", "560", "--switch", "snapshot_on_connect=true", "--switch", "lag_s=3")


class Command(BaseCommand):
    """Migrates, starts what is needed, keeps it alive, and ends all of it within five seconds of SIGTERM or Ctrl-C."""

    help = "Starts the web server, the ingest worker, the housekeeping worker and, where none is given, Redis; keeps them alive."
    requires_system_checks = "__all__"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The port; and what `manage.py demo` adds."""
        parser.add_argument("--port", type=_port, default=None, help="where to listen (default: PORT, which is 8000 by default)")
        parser.add_argument("--simulated", type=_port, default=None, metavar="PORT", help="with a simulated contact centre on this port")
        parser.add_argument("--others", type=_ports, default=(), metavar="PORT,...", help="and a second one, on the other four systems")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Runs until told to stop."""
        port: int = options["port"] or settings.PORT
        settings.PORT = port
        os.environ["PORT"] = str(port)
        # The children are started by short names, from wherever `up` itself was.
        os.chdir(settings.BASE_DIR)
        claim = _claim(Path(settings.VAR_DIR))
        try:
            with open_door(settings.BIND, port) as door, Household() as household:
                others = OtherSystems(options["others"], f"http://127.0.0.1:{port}") if options["others"] else None
                self._run(household, port, door, options["simulated"], others)
        except Stopped:
            pass
        except server.RedisAway as away:
            raise CommandError(str(away)) from None
        finally:
            os.close(claim)

    def _run(self, household: Household, port: int, door: socket.socket, simulated: int | None, others: OtherSystems | None) -> None:
        environment = dict(os.environ)
        if not settings.REDIS_URL_IS_GIVEN:
            household.raise_child(Child("redis", _redis_of(household), goes_last=True))
            # So that a worker which loses the server waits for it to come back, instead of starting one of its own.
            environment["REDIS_URL"] = settings.REDIS_URL
        if simulated:
            # First of all: it has a day to play before it listens.
            floor = floor_command(simulated, settings.TELAVOX_TOKEN)
            household.raise_child(Child("simulator", lambda: spawn(floor, environment)))
        password = secrets.token_urlsafe(9) if simulated else ""
        try:
            call_command("migrate", interactive=False, verbosity=0)
            call_command("bootstrap", demo_password=password, demo_sources=others)
        except (OperationalError, InterfaceError) as wrong:
            # A driver's first line says why, and repeats no password.
            raise CommandError(f"DATABASE_URL: the database cannot be used. {str(wrong).strip().partition(chr(10))[0]}") from None

        if others is not None:
            household.raise_child(Child("others", lambda: spawn(_manage(*others.command()), environment)))

        def ingest() -> Process | None:
            if simulated and not _listens("127.0.0.1", simulated):
                return None
            return spawn(_manage("ingest"), environment)

        web = _daphne(door, port)
        # The door stays ours while one web server goes and the next comes: whoever knocks meanwhile waits, and is let in.
        held = [door.fileno()] if door.fileno() >= 0 else []
        number = settings.WEB_PROCESSES if held else 1
        waiting_for_web = True

        def standby() -> Process | None:
            return None if waiting_for_web else spawn(web, turns, held)

        turns = environment if number > 1 else {**environment, turn.VARIABLE: str(Path(settings.VAR_DIR) / "web.lock")}
        for _ in range(number):
            household.raise_child(Child("daphne", lambda: spawn(web, turns, held)))
        if number == 1:
            # Fully started, it waits for the end of the one that serves: the oldest always does.
            household.raise_child(Child("daphne", standby))
        household.raise_child(Child("ingest", ingest))
        household.raise_child(Child("housekeeping", lambda: spawn(_manage("housekeeping"), environment)))

        def greet_once() -> None:
            nonlocal waiting_for_web
            if waiting_for_web and _answers(_nearest(settings.BIND), port):
                waiting_for_web = False
                self._greet(port, password)

        household.tend(greet_once)

    def _greet(self, port: int, password: str) -> None:
        home = f"http://127.0.0.1:{port}"
        lines = ["", f"  Wallboard        {home}/"]
        if settings.BIND not in ("127.0.0.1", "localhost", "::1"):
            lines.append(f"  on the network   http://{socket.gethostname()}:{port}/")
        if password:
            lines.append(f"  TV board         {_board_address('team')}")
            lines.append(f"  supervisor board {_board_address('supervisor')}")
            lines.append(f"  supervisor pages {home}/login/   user: demo   password: {password}")
            lines.append("  The contact centre is simulated; a second one, on four systems, is in your menu.\n  Ctrl-C ends everything.")
        else:
            lines += [f"  first run        {address}" for address in _printed("setup_code").splitlines()]
            lines.append("  TV board         python manage.py screen_url team")
            if not settings.TELAVOX_TOKEN:
                lines.append(
                    "  No TELAVOX_TOKEN is given: the boards show the sources kept earlier, or none. `make demo` shows a simulated one."
                )
        self.stdout.write("\n".join(lines) + "\n")
        self.stdout.flush()


def _redis_of(household: Household) -> Callable[[], Process | None]:
    """Starts the embedded server: the first failure is told to whoever typed `up`, a later one is tried again."""
    has_run = False

    def start() -> Process | None:
        nonlocal has_run
        try:
            process = server.start(Path(settings.VAR_DIR), keep_waiting=lambda: not household.is_stopping)
        except server.RedisAway as away:
            if not has_run:
                raise
            log.error("redis_not_started", reason=str(away))
            return None
        has_run = True
        return process

    return start


def _ports(text: str) -> tuple[int, ...]:
    return tuple(_port(each) for each in text.split(","))


def _port(text: str) -> int:
    """A TCP port from the command line."""
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise ValueError(text)
    return int(text)


def floor_command(port: int, token: str) -> list[str]:
    """What starts the demo's contact centre."""
    # In one word: a random token may begin with a dash, and would be taken for an option.
    return _manage("simulate", "telavox", "--port", str(port), f"--token={token}", *DEMO_FLOOR)


def _manage(*arguments: str) -> list[str]:
    # `manage.py` by its short name: that is how these processes are looked for in a process list.
    return [sys.executable, "manage.py", *arguments]


def _daphne(door: socket.socket, port: int) -> list[str]:
    where = ["--fd", str(door.fileno())]
    if door.family == socket.AF_INET6:
        # Daphne takes over IPv4 sockets alone; elsewhere a browser that comes while it is being replaced is refused, and comes again.
        door.close()
        where = ["-b", settings.BIND, "-p", str(port)]
    command = [sys.executable, "-m", "daphne", *where, *DAPHNE]
    if settings.BEHIND_PROXY:
        command.append("--proxy-headers")
    return [*command, "wallboard.asgi:application"]


def _claim(var_dir: Path) -> int:
    """Takes VAR_DIR for this `up`, for as long as the returned descriptor is open."""
    descriptor = os.open(var_dir / "up.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise CommandError(f"Another `manage.py up` runs on {var_dir}. End it, or give this one a VAR_DIR of its own.") from None
    return descriptor


def open_door(bind: str, port: int) -> socket.socket:
    """A listening socket for the web server, or a CommandError that says why there can be none."""
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            door.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MS)
        door.bind((bind, port))
        door.listen(WAITING_ROOM)
    except OSError as wrong:
        door.close()
        if isinstance(wrong, PermissionError):
            raise CommandError(f"PORT: {port} may not be opened by this user. Give a PORT of 1024 or more.") from None
        if wrong.errno == errno.EADDRINUSE:
            raise CommandError(f"PORT: {port} is in use by another program. Give another PORT.") from None
        raise CommandError(f"BIND: cannot listen on {bind} ({wrong.strerror}).") from None
    return door


def _nearest(bind: str) -> str:
    """An address of this machine that reaches what listens on `bind`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bind, bind)  # noqa: S104 (compared, not bound)


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=0.5):
            return True
    except OSError:
        return False


def _answers(host: str, port: int) -> bool:
    """Whether the web server lives: that somebody may knock says nothing, because the door is ours."""
    try:
        with socket.create_connection((host, port), timeout=0.5) as knock:
            knock.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
            return knock.recv(5) == b"HTTP/"
    except OSError:
        return False


def _board_address(board: str) -> str:
    """What `manage.py screen_url BOARD` prints."""
    return _printed("screen_url", board)


def _printed(command: str, *words: str) -> str:
    """What a command of ours prints, or why it does not."""
    said = StringIO()
    try:
        call_command(command, *words, stdout=said)
    except CommandError as wrong:
        return f"({wrong})"
    return said.getvalue().strip()
