"""Rules that keep secrets, each alone."""

import json
import logging
import os
import stat
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from stats.domain.errors import Retry
from stats.live import server
from stats.models import Organisation, Source
from stats.providers.base import SourceConfig
from stats.providers.telavox.historic import Archive
from stats.providers.telavox.provider import TelavoxProvider
from wallboard.accounts.models import ApiToken, Screen
from wallboard.logging import configure

TOKEN = "a-vendors-token-of-some-length"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_of_the_history_is_not_followed(status: int) -> None:
    """Wherever it leads: whoever is there gets neither the token nor the question."""
    asked: list[tuple[str, str | None]] = []

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append((self.path, self.headers.get("Authorization")))
            self.send_response(status)
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_address[1]}/elsewhere")
            self.end_headers()

        do_GET = do_POST

        def log_message(self, *_: Any) -> None:
            pass

    door = HTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=door.serve_forever, daemon=True).start()
    archive = Archive(f"http://127.0.0.1:{door.server_address[1]}/graphql", TOKEN, lambda: 0)
    try:
        with pytest.raises(Retry, match="redirect"):
            await archive.ask("calls", {"startDate": "2026-05-18T00:00:00.000Z", "endDate": "2026-05-19T00:00:00.000Z", "first": 10})
    finally:
        await archive.close()
        door.shutdown()
        door.server_close()
    assert asked == [("/graphql", f"Bearer {TOKEN}")]


def test_no_table_holds_a_token(transactional_db: None) -> None:
    """Of a vendor, a program or a screen: whoever copies the database can use none of them."""
    organisation = Organisation.objects.create(slug="default", name="Test")
    source = Source(organisation=organisation, name="telavox")
    source.token = TOKEN
    source.save()
    _, program = ApiToken.issue(organisation, "Report")
    _, screen = Screen.issue(organisation, "team", "Hall")
    held = ""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            held += repr(cursor.fetchall())
    assert "telavox" in held
    assert [token for token in (TOKEN, program, screen) if token in held] == []
    assert Source.objects.get().token == TOKEN


@pytest.mark.parametrize("number", ["0701740615", 46701740615, ["0701740615"], {"0701740615": 1}, True])
def test_a_number_in_the_wrong_field_comes_out_of_no_error(number: object) -> None:
    """Whatever it is written as; the field is named, and nothing of what it held."""
    document = {
        "id_call": "c1",
        "active": True,
        "duration": number,
        "internal": number,
        "queue_first": number,
        "agent_last": {"id": number},
    }
    read = TelavoxProvider(SourceConfig(name="s", live_url="ws://127.0.0.1:9", historic_url="http://127.0.0.1:9", token="t")).read
    _told, odd = read("calls", json.dumps(document).encode(), received_at=1)
    assert odd
    assert not [each for each in odd if "1740615" in f"{each} {each.reason} {each.detail}"]


def test_nobody_else_may_speak_to_the_embedded_store(var_dir: Path) -> None:
    """Its socket is the owner's, whatever the directory above allows."""
    process = server.start(var_dir)
    assert process is not None
    try:
        assert stat.S_IMODE(os.stat(server.socket_path(var_dir)).st_mode) & 0o077 == 0
    finally:
        process.kill()
        process.wait()


def test_no_library_that_prints_headers_is_ever_at_debug() -> None:
    """Whatever LOG_LEVEL says."""
    try:
        configure({"level": "debug", "format": "json", "secrets": []})
        levels = {name: logging.getLogger(name).getEffectiveLevel() for name in ("websockets.client", "gql.transport", "aiohttp.client")}
        assert all(level >= logging.WARNING for level in levels.values()), levels
        assert logging.getLogger("stats").getEffectiveLevel() == logging.DEBUG
    finally:
        configure({"level": "info", "format": "plain", "secrets": []})


async def test_the_application_that_is_served_asks_where_a_socket_comes_from(settings: Any) -> None:
    """Not only that such a guard exists: it stands before the boards."""
    from wallboard.asgi import application

    settings.ALLOWED_HOSTS = ["wall.example"]
    scope = {
        "type": "websocket",
        "path": "/ws/boards/team/",
        "headers": [(b"host", b"wall.example"), (b"origin", b"https://evil.example")],
        "scheme": "wss",
        "query_string": b"",
        "subprotocols": [],
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await application(scope, receive, send)  # type: ignore[arg-type]
    assert sent == [{"type": "websocket.close", "code": 4403}]


def test_an_answer_of_the_api_may_not_be_kept() -> None:
    """By no proxy and no browser."""
    from wallboard.api.door import as_json

    assert as_json({"site": {}})["Cache-Control"] == "no-store"
