"""What passes between the product and the world: log lines, origins of sockets, response headers, the clock."""

import io
import logging
from typing import Any

import pytest
import structlog
from django.conf import settings as configured
from django.test import Client

from stats import clock
from wallboard.logging import STRUCK, StruckFormatter, configure, strike
from wallboard.origins import OwnOrigin, same_origin

# Made up; 070-174 06 xx and +46 70 174 06 xx are numbers that the Swedish authority keeps for fiction.
CANARIES = ["+46701740615", "+46 70 174 06 15", "+46 (70) 174-06-15", "0046701740615", "tel:0701740615"]


@pytest.mark.parametrize("number", CANARIES)
def test_no_phone_number_leaves_in_a_log_line(number: str) -> None:
    """However people write it."""
    line = strike(f"call from {number} failed")
    assert "174" not in line.replace(" ", "").replace("-", "")
    assert STRUCK in line


@pytest.mark.parametrize(
    "line",
    [
        "now=1779100022081 id_call=5f1c-0046 agent=924328",
        "2026-11-21T04:26:30.767Z offset +02:00",
        "delta +15 of 20000000 in 0.0046701740615 s",
        "visit 00:46:12 +3",
    ],
)
def test_ids_and_instants_stay_readable(line: str) -> None:
    """A log without them is of no use."""
    assert strike(line) == line


@pytest.mark.parametrize(
    "line",
    ["Authorization: Bearer abcdef0123456789", "token=abcdef0123456789", '{"password": "abcdef0123456789"}', "x-api-key: abcdef0123456789"],
)
def test_no_credential_leaves_in_a_log_line(line: str) -> None:
    """By its name, whoever printed it."""
    assert "abcdef0123456789" not in strike(line)


def test_a_configured_secret_is_struck_from_every_logger_and_every_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours, a library's, and the text of an exception."""
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    try:
        configure({"level": "debug", "format": "json", "secrets": ["canary-canary"]})
        structlog.get_logger("stats.anything").warning("odd", said="canary-canary +46701740615")
        logging.getLogger("some.library").error("handshake canary-canary")
        logging.getLogger("websockets.client").debug("> Authorization: canary-canary")
        try:
            raise ValueError("canary-canary")
        except ValueError:
            logging.getLogger("some.library").exception("it broke")
    finally:
        root = logging.getLogger()
        for handler in [each for each in root.handlers if isinstance(each.formatter, StruckFormatter)]:
            root.removeHandler(handler)
        monkeypatch.undo()
        configure(configured.LOGGING)
    text = written.getvalue()
    assert "canary" not in text
    assert "46701740615" not in text
    assert "odd" in text
    assert "it broke" in text
    assert "ValueError" in text
    assert "websockets.client" not in text


@pytest.mark.parametrize(
    ("origin", "host", "secure", "same"),
    [
        ("http://wall.example.org", "wall.example.org", False, True),
        ("http://wall.example.org:80", "wall.example.org", False, True),
        ("http://wall.example.org:8000", "wall.example.org:8000", False, True),
        ("http://[::1]:8000", "[::1]:8000", False, True),
        ("https://wall.example.org", "wall.example.org:443", True, True),
        ("http://wall.example.org:8001", "wall.example.org:8000", False, False),
        ("https://wall.example.org", "wall.example.org", False, False),
        ("ftp://wall.example.org", "wall.example.org", False, False),
        ("http://evil.example.org", "wall.example.org", False, False),
        ("http://wall.example.org.evil.example.org", "wall.example.org", False, False),
        ("null", "wall.example.org", False, False),
        ("http://wall.example.org:port", "wall.example.org", False, False),
    ],
)
def test_an_origin_is_ours_by_scheme_host_and_port(origin: str, host: str, secure: bool, same: bool) -> None:
    """All three of them."""
    assert same_origin(origin, host, secure=secure) is same


@pytest.mark.parametrize(
    ("headers", "welcome"),
    [
        ([(b"host", b"wall.example.org"), (b"origin", b"http://wall.example.org")], True),
        ([(b"host", b"wall.example.org")], True),
        ([(b"host", b"wall.example.org"), (b"origin", b"https://proxy.example.org")], True),
        ([(b"host", b"wall.example.org"), (b"origin", b"http://evil.example.org")], False),
        ([(b"host", b"evil.example.org"), (b"origin", b"http://evil.example.org")], False),
        ([(b"host", b"wall.example.org"), (b"origin", b"http://wall.example.org"), (b"origin", b"http://evil.example.org")], False),
        ([(b"host", b"wall.example.org"), (b"host", b"evil.example.org")], False),
        ([(b"origin", b"http://wall.example.org")], False),
    ],
)
async def test_a_socket_of_another_site_is_closed_before_it_opens(headers: list[tuple[bytes, bytes]], welcome: bool, settings: Any) -> None:
    """The application behind never hears of it."""
    settings.ALLOWED_HOSTS, settings.CSRF_TRUSTED_ORIGINS = ["wall.example.org"], ["https://proxy.example.org"]
    heard: list[str] = []
    sent: list[dict[str, Any]] = []

    async def board(_scope: Any, _receive: Any, _send: Any) -> None:
        heard.append("board")

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await OwnOrigin(board)({"type": "websocket", "scheme": "ws", "headers": headers}, receive, send)
    assert (heard, sent) == ((["board"], []) if welcome else ([], [{"type": "websocket.close", "code": 4403}]))


@pytest.mark.django_db
def test_pages_name_their_own_socket_and_allow_nothing_inline() -> None:
    """The policy that every page is born with."""
    response = Client().get("/admin/login/", headers={"host": "localhost"})
    policy = response.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "connect-src 'self' ws://localhost" in policy
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"


def test_the_clock_follows_a_step_of_the_machines_clock_and_smooths_a_slew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second is the line between the two."""
    wall, monotonic = 1_779_100_000_000, 5_000
    monkeypatch.setattr(clock, "_wall_ms", lambda: wall)
    monkeypatch.setattr(clock, "_monotonic_ms", lambda: monotonic)
    shifted = clock.Clock(offset_ms=3_600_000)
    assert shifted.now_ms() == 1_779_103_600_000
    wall, monotonic = wall + 100, monotonic + 300
    assert shifted.now_ms() == 1_779_103_600_300
    wall -= 150
    assert shifted.now_ms() == 1_779_103_600_300
    wall += 8 * 3_600_000
    assert shifted.now_ms() == wall + 3_600_000
