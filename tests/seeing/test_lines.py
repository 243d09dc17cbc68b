"""What the product writes and answers when something is wrong: one line for each event, and pages in its own look."""

import io
import json
import logging
import sys
from typing import Any

import pytest
import structlog
from django.conf import settings as configured
from django.test import AsyncClient, Client

from wallboard.logging import StruckFormatter, configure


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What is written to standard error, which is no terminal, line by line."""
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    configure({"level": "info", "format": "auto", "secrets": []})

    def read() -> list[dict[str, Any]]:
        return [json.loads(line) for line in written.getvalue().splitlines()]

    yield read
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each.formatter, StruckFormatter)]:
        root.removeHandler(handler)
    monkeypatch.undo()
    configure(configured.LOGGING)
    assert not sys.stderr.closed


def test_away_from_a_terminal_each_event_is_one_line_of_json(lines: Any) -> None:
    """A traceback is inside its line; a library's words are an event too."""
    with structlog.contextvars.bound_contextvars(organisation="default", source="telavox"):
        structlog.get_logger("stats.anything").warning("feed.away", feed="calls")
    logging.getLogger("a.library").warning("it says %s", "so")
    try:
        raise ValueError("two\nlines")
    except ValueError:
        structlog.get_logger("stats.anything").exception("session.crashed")
    first, second, third = lines()
    assert {
        "event": "feed.away",
        "organisation": "default",
        "source": "telavox",
        "feed": "calls",
        "level": "warning",
    }.items() <= first.items()
    assert second["event"] == "it says so"
    assert "ValueError: two\nlines" in third["exception"]
    assert {"timestamp", "logger"} <= first.keys()


def test_a_wrong_host_header_writes_one_short_line_and_answers_in_our_look(lines: Any) -> None:
    """Not a page of traceback, and not a line for each of a stranger's attempts."""
    for _ in range(5):
        answer = Client(raise_request_exception=False).get("/", headers={"host": "evil.example.org"})
    assert answer.status_code == 400
    text = answer.content.decode()
    assert "ALLOWED_HOSTS" in text
    assert "evil" not in text
    told = [line for line in lines() if line["logger"] == "django.security.DisallowedHost"]
    assert [line["event"] for line in told] == ["host.refused"]
    assert "exception" not in told[0]
    assert "evil" not in json.dumps(lines())


@pytest.mark.parametrize(("language", "words"), [("en", "That page does not exist"), ("sv", "Den sidan finns inte")])
async def test_an_address_that_leads_nowhere_is_said_in_our_look(language: str, words: str) -> None:
    """Without asking the database who it was."""
    answer = await AsyncClient().get("/no/such/page", headers={"accept-language": language})
    assert answer.status_code == 404
    text = answer.content.decode()
    assert words in text
    assert "app/app.css" in text


def test_a_fault_of_ours_is_said_in_our_look_without_its_inside(settings: Any) -> None:
    """The traceback is for the log."""
    settings.ROOT_URLCONF = "tests.seeing.urls_of_faults"
    answer = Client(raise_request_exception=False).get("/breaks")
    assert answer.status_code == 500
    text = answer.content.decode()
    assert "Something went wrong here" in text
    assert "canary" not in text
