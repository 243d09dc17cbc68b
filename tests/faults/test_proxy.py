"""The fault proxy does what its verbs say, seen through plain sockets."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.faults.proxy import Link, Proxy

QUICK_S = 0.4


class Echo:
    """Sends everything back, and remembers how each of its connections ended."""

    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.ends: list[str] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(peer,), daemon=True).start()

    def _answer(self, peer: socket.socket) -> None:
        with peer:
            try:
                while data := peer.recv(65536):
                    peer.sendall(data)
                self.ends.append("fin")
            except ConnectionError:
                self.ends.append("rst")


@pytest.fixture
def echo() -> Iterator[Echo]:
    """An echo server."""
    made = Echo()
    yield made
    made.listening.close()


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """A proxy without links."""
    with Proxy() as made:
        yield made


@pytest.fixture
def link(proxy: Proxy, echo: Echo) -> Link:
    """A healthy link to the echo."""
    return proxy.link(echo.listening.getsockname())


def dialled(link: Link, first: bytes = b"hej") -> socket.socket:
    """A client that has been answered once."""
    client = socket.create_connection(("127.0.0.1", link.port), timeout=5)
    client.sendall(first)
    assert exactly(client, len(first)) == first
    return client


def exactly(client: socket.socket, n: int) -> bytes:
    """The next n bytes."""
    found = b""
    while len(found) < n:
        piece = client.recv(n - len(found))
        assert piece, found
        found += piece
    return found


def silent(client: socket.socket, for_s: float = QUICK_S) -> bool:
    """Whether nothing comes for a while, neither bytes nor an end."""
    client.settimeout(for_s)
    try:
        client.recv(1)
    except TimeoutError:
        return True
    finally:
        client.settimeout(5)
    return False


def test_a_healthy_link_passes_everything_and_its_end(link: Link, echo: Echo) -> None:
    """A megabyte there and back, then FIN through it."""
    with dialled(link) as client:
        said = bytes(range(256)) * 4096
        threading.Thread(target=client.sendall, args=(said,), daemon=True).start()
        assert exactly(client, len(said)) == said
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""
    assert echo.ends == ["fin"]


def test_cut_ends_what_is_open_and_refuses_what_comes_until_healed(proxy: Proxy, link: Link) -> None:
    """FIN for the open one, ECONNREFUSED for a new one, and the same port afterwards."""
    client = dialled(link)
    proxy.break_(link, "cut")
    assert client.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        dialled(link)
    proxy.heal(link)
    dialled(link).close()


def test_reset_is_an_rst_now_and_for_whoever_comes(proxy: Proxy, link: Link) -> None:
    """Both ends notice a connection reset."""
    client = dialled(link)
    proxy.break_(link, "reset")
    with pytest.raises(ConnectionResetError):
        client.recv(1)
    with pytest.raises((ConnectionError, AssertionError)):
        dialled(link)


def test_stall_holds_bytes_back_and_loses_none(proxy: Proxy, link: Link) -> None:
    """Accepted, silent; healed, everything comes."""
    client = dialled(link)
    proxy.break_(link, "stall")
    client.sendall(b"held")
    newcomer = socket.create_connection(("127.0.0.1", link.port), timeout=5)
    newcomer.sendall(b"also")
    assert silent(client)
    assert silent(newcomer)
    proxy.heal(link)
    assert exactly(client, 4) == b"held"
    assert exactly(newcomer, 4) == b"also"


def test_a_half_open_link_swallows_both_ways_and_stays_dead(proxy: Proxy, link: Link, echo: Echo) -> None:
    """No byte, no FIN, neither then nor later; a new connection works once it is healed."""
    client = dialled(link)
    proxy.break_(link, "half_open")
    client.sendall(b"gone")
    assert silent(client)
    proxy.heal(link)
    client.sendall(b"gone too")
    assert silent(client)
    client.close()
    time.sleep(0.1)
    assert echo.ends == []
    dialled(link).close()


def test_slow_takes_its_time(proxy: Proxy, link: Link) -> None:
    """Latency each way, and bytes a second."""
    client = dialled(link)
    proxy.break_(link, "slow", latency_s=0.1)
    began = time.monotonic()
    client.sendall(b"x")
    exactly(client, 1)
    assert time.monotonic() - began >= 0.2
    proxy.break_(link, "slow", bytes_per_s=10_000)
    began = time.monotonic()
    client.sendall(b"x" * 5_000)
    exactly(client, 5_000)
    assert time.monotonic() - began >= 0.9


def test_limit_resets_after_so_many_bytes(proxy: Proxy, link: Link) -> None:
    """The first seven come, then RST."""
    client = dialled(link)
    proxy.break_(link, "limit", after=7)
    client.sendall(b"0123456789")
    assert exactly(client, 7) == b"0123456"
    with pytest.raises(ConnectionResetError):
        client.recv(1)


def test_slice_makes_tiny_pieces_of_the_same_bytes(proxy: Proxy, link: Link) -> None:
    """Three bytes at a time, all of them."""
    client = dialled(link)
    proxy.break_(link, "slice", after=3)
    client.sendall(bytes(range(100)))
    assert exactly(client, 100) == bytes(range(100))


def test_corrupt_changes_one_byte_on_its_way_to_the_client(proxy: Proxy, link: Link) -> None:
    """The fifth, and no other."""
    client = dialled(link)
    proxy.break_(link, "corrupt", after=4)
    client.sendall(b"aaaaaaaa")
    assert [place for place, byte in enumerate(exactly(client, 8)) if byte != ord("a")] == [4]


def test_a_fault_can_be_for_some_alone(proxy: Proxy, link: Link) -> None:
    """By their first words; the others never notice."""
    calls, queues = dialled(link, b"GET /calls"), dialled(link, b"GET /queues")
    proxy.break_(link, "cut", only="/calls")
    assert calls.recv(1) == b""
    queues.sendall(b"on")
    assert exactly(queues, 2) == b"on"
