"""A request is measured by the web server itself, before an application is asked."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stats.providers.registry import COMPANIES
from tests.acceptance.product import eventually, free_port
from tests.conftest import ROOT
from tests.hooks.measured import LARGEST, WHOLE_WITHIN_S
from wallboard.hooks import measuring

HEAD = b"POST /hooks/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


class Server:
    """A Daphne in a process of its own."""

    def __init__(self) -> None:
        self.port = free_port()
        self.process = subprocess.Popen([sys.executable, "-m", "tests.hooks.measured", str(self.port)], cwd=ROOT)

    def connect(self) -> socket.socket:
        """A new connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def listens(self) -> bool:
        """Whether it has begun."""
        try:
            self.connect().close()
        except OSError:
            return False
        return True

    def memory(self) -> int:
        """Bytes it holds, the part on disk included."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        held = next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS:"))
        files = [Path(f"/proc/{self.process.pid}/fd/{number.name}") for number in Path(f"/proc/{self.process.pid}/fd").iterdir()]
        return held + sum(file.stat().st_size for file in files if file.exists() and file.is_file())


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One for all of these tests."""
    made = Server()
    try:
        eventually(made.listens, 30)
        yield made
    finally:
        made.process.kill()
        made.process.wait()


def answer(connection: socket.socket) -> bytes:
    """Everything until the other side hangs up, or has said a whole answer."""
    heard = b""
    while b"\r\n\r\n" not in heard or heard.startswith(b"HTTP/1.1 100"):
        piece = connection.recv(4096)
        if not piece:
            break
        heard += piece
    return heard


def test_a_body_up_to_the_limit_reaches_the_application_whole(server: Server) -> None:
    """With a length, without one, and one request after the other on one connection."""
    with server.connect() as connection:
        for _ in range(2):
            connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % LARGEST + b"x" * LARGEST)
            said = answer(connection)
            assert said.startswith(b"HTTP/1.1 200")
            while not said.endswith(str(LARGEST).encode()):
                said += connection.recv(4096)
        connection.sendall(CHUNKED + b"5\r\nhello\r\n0\r\n\r\n")
        assert answer(connection).startswith(b"HTTP/1.1 200")


@pytest.mark.fault("E1")
def test_a_larger_one_is_turned_away_before_it_came_by_the_length_it_names(server: Server) -> None:
    """Whoever asks first whether to go on is told so too; nothing of it is kept."""
    for expect in (b"", b"Expect: 100-continue\r\n"):
        with server.connect() as connection:
            connection.sendall(HEAD + expect + b"Content-Length: 1000000000\r\n\r\n")
            assert answer(connection).startswith(b"HTTP/1.1 413")
            assert connection.recv(1) == b""


@pytest.mark.fault("E1")
def test_a_larger_one_without_a_length_is_turned_away_at_the_limit_and_takes_no_room(server: Server) -> None:
    """However much follows."""
    before = server.memory()
    chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    with server.connect() as connection:
        connection.sendall(CHUNKED)
        with pytest.raises(OSError):
            connection.sendall(chunk * 2_000)
    assert server.memory() - before < 10 * LARGEST
    with server.connect() as connection:
        connection.sendall(CHUNKED + chunk * 4)
        assert answer(connection).startswith(b"HTTP/1.1 413")


@pytest.mark.fault("E1")
def test_one_that_drips_ends_and_others_do_not_wait_for_it(server: Server) -> None:
    """Headers or body; a connection that waits between two requests is not one that drips."""
    idle, slow_head, slow_body = (server.connect() for _ in range(3))
    idle.sendall(HEAD + b"Content-Length: 2\r\n\r\nok")
    assert answer(idle).startswith(b"HTTP/1.1 200")
    slow_head.sendall(HEAD)
    slow_body.sendall(HEAD + b"Content-Length: 1000\r\n\r\n")
    until = time.monotonic() + WHOLE_WITHIN_S + 0.5
    try:
        while time.monotonic() < until:
            slow_head.sendall(b"X-Drip: 1\r\n")
            slow_body.sendall(b"x")
            time.sleep(0.1)
    except OSError:
        pass
    assert answer(slow_head).startswith(b"HTTP/1.1 408")
    assert answer(slow_body).startswith(b"HTTP/1.1 408")
    idle.sendall(HEAD + b"Content-Length: 2\r\n\r\nok")
    assert answer(idle).startswith(b"HTTP/1.1 200")
    for connection in (idle, slow_head, slow_body):
        connection.close()


def test_the_limit_leaves_room_for_what_any_company_may_post() -> None:
    """Else its posts would be turned away at the door of the house, not at its own."""
    assert all(company.hook.largest <= measuring.LARGEST for company in COMPANIES.values() if company.hook is not None)
