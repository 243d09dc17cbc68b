"""A server that takes a question and never answers hangs nobody, and a page that needs it says so in words."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.test import Client

from tests.history.postgres import Postgres, postgres
from wallboard.databases import database_from
from wallboard.env import Environment
from wallboard.postgresql.base import DatabaseWrapper

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A PostgreSQL to be frozen."""
    with postgres() as made:
        yield made


@pytest.fixture
def link(server: Postgres) -> Iterator[DatabaseWrapper]:
    """A connection as the product makes it, but for being less patient."""
    described = database_from(Environment({"DATABASE_URL": server.url}), Path("/nowhere"))
    rest = {"TIME_ZONE": None, "ATOMIC_REQUESTS": False, "AUTOCOMMIT": True, "TEST": {}}
    made = DatabaseWrapper(rest | described | {"OPTIONS": {**described["OPTIONS"], "answer_within_s": 1.0, "connect_timeout": 2}}, "frozen")
    with made.cursor() as cursor:
        cursor.execute("SELECT 1")
    yield made
    server.signal(signal.SIGCONT)
    made.close()


def seconds_to_fail(link: Any) -> float:
    """How long a question took to be given up."""
    began = time.monotonic()
    with pytest.raises(OperationalError), link.cursor() as cursor:
        cursor.execute("SELECT 1")
    return time.monotonic() - began


@pytest.mark.fault("C10")
def test_a_server_that_stopped_answering_is_given_up_and_found_again(server: Postgres, link: DatabaseWrapper) -> None:
    """By our own clock: its kernel still acknowledges. The connection is not used again."""
    server.signal(signal.SIGSTOP)
    assert 0.9 <= seconds_to_fail(link) < 8
    link.close()
    assert 1.9 <= seconds_to_fail(link) < 12
    server.signal(signal.SIGCONT)
    link.close()
    with link.cursor() as cursor:
        cursor.execute("SELECT 40 + 2")
        assert cursor.fetchone() == (42,)


def test_a_table_is_changed_without_haste_and_any_other_question_is_not(link: DatabaseWrapper) -> None:
    """A migration may take as long as it takes."""
    with link.schema_editor(atomic=False) as editor:
        editor.execute("SELECT pg_sleep(1.5)")
    link.close()
    began = time.monotonic()
    with pytest.raises(OperationalError, match="no answer within 1 s"), link.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(30)")
    assert time.monotonic() - began < 10


def test_no_question_is_compiled_whatever_the_server_is_told(server: Postgres, link: DatabaseWrapper) -> None:
    """A month of a report takes a millisecond to read, and fifty to compile for."""
    with link.cursor() as cursor:
        cursor.execute("SHOW jit")
        assert cursor.fetchone() == ("off",)
    link.close()
    link.settings_dict["AUTOCOMMIT"] = False
    with link.cursor() as cursor:
        cursor.execute("ROLLBACK")
        cursor.execute("SHOW jit")
        assert cursor.fetchone() == ("off",)


@pytest.mark.fault("C10")
@pytest.mark.parametrize(("language", "words"), [("en", "Temporarily unavailable"), ("sv", "Tillfälligt otillgänglig")])
def test_a_page_that_needs_the_database_says_that_it_is_away(language: str, words: str, caplog: pytest.LogCaptureFixture) -> None:
    """503, when to come again, one line in the log and no traceback; a fault of ours stays a fault."""
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create(username="chef", is_staff=True))
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE django_session")
    answer = client.get("/admin/", headers={"Accept-Language": language})
    assert (answer.status_code, answer.headers["Retry-After"], answer.headers["Cache-Control"]) == (503, "10", "no-store")
    assert words in answer.content.decode()
    assert [record.exc_info for record in caplog.records if record.name != "django.db.backends"] == [None]
    assert client.post("/login/", {"username": "chef", "password": "no"}).status_code == 503
