"""The audit log: unchangeable, an organisation's own, narrowed by the address, and harmless as a file."""

import ast
import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from tests.accounts.conftest import ON_THIS_ENGINE, actions, words_of
from wallboard.accounts import journal
from wallboard.accounts.audit_page import LINES
from wallboard.accounts.audit_words import ACTIONS, action_in_words
from wallboard.accounts.models import AuditEntry, Unchangeable
from wallboard.spreadsheet import as_text

ROOT = Path(__file__).resolve().parents[2]
WRITERS = ("note", "note_look", "anote", "anote_look", "write", "note_failure")
pytestmark = [ON_THIS_ENGINE, pytest.mark.engines]


def written(action: str, organisation: str = "default", **fields: Any) -> AuditEntry:
    """A line of the log."""
    return AuditEntry.objects.create(organisation=organisation, action=action, **fields)


def test_a_line_is_changed_neither_by_the_model_nor_in_the_database() -> None:
    entry = written("call.opened", subject="one")
    entry.subject = "another"
    with pytest.raises(Unchangeable):
        entry.save()
    with pytest.raises(DatabaseError, match="not changed"), transaction.atomic():
        AuditEntry.objects.update(subject="another")
    with pytest.raises(DatabaseError, match="not changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_auditentry SET actor_name = 'nobody'")
    assert AuditEntry.objects.get().subject == "one"


def test_newest_lines_come_first_and_only_ones_own(admin: Client) -> None:
    written("call.opened", actor_name="anna", subject_kind="call", subject="first")
    written("tokens.made", actor_name="bert", subject_kind="token", subject="second", detail={"scopes": ["live"], "queues": None})
    written("call.opened", "other", actor_name="stranger", subject="theirs")
    written("sign_in.failed", "", actor_name="")
    words = words_of(admin.get("/audit/"))
    assert words.index("Made an API token") < words.index("Opened a call", words.index("From"))
    assert "all queues" in words
    assert "theirs" not in words
    assert "stranger" not in words


@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ("who=ANN", {"first", "third"}),
        ("action=tokens.made", {"second"}),
        ("action=tokens", {"second"}),
        ("subject=ir", {"first", "third"}),
        ("who=anna&action=call.opened", {"first"}),
        ("day=2001-01-01", set()),
        ("who=%00", {"first", "second", "third"}),
    ],
)
def test_the_address_narrows_it_down(admin: Client, query: str, seen: set[str]) -> None:
    written("call.opened", actor_name="anna", subject="first")
    written("tokens.made", actor_name="bert", subject="second")
    written("agent.opened", actor_name="anna", subject="third")
    html = admin.get(f"/audit/?{query}").content.decode().partition("<tbody>")[2]
    assert {name for name in ("first", "second", "third") if name in html} == seen


def test_a_day_is_the_organisations_own(admin: Client) -> None:
    written("call.opened", subject="now")
    today = timezone.now().astimezone(ZoneInfo("Europe/Stockholm")).date()
    assert "Opened a call" in words_of(admin.get(f"/audit/?day={today}")).partition("From")[2]
    answer = admin.get("/audit/?day=yesterday")
    assert (answer.status_code, "2026-05-18" in words_of(answer)) == (400, True)


def test_older_lines_are_reached_and_none_twice_while_new_ones_come(admin: Client) -> None:
    for n in range(LINES + 5):
        written("call.opened", subject=f"call-{n:03d}.")
    first = admin.get("/audit/").content.decode()
    written("call.opened", subject="meanwhile")
    older = first.partition('href="?before=')[2].partition('"')[0]
    second = admin.get(f"/audit/?before={older}").content.decode()
    shown = [n for n in range(LINES + 5) if f"call-{n:03d}." in second]
    assert shown == [0, 1, 2, 3, 4]
    assert sum(f"call-{n:03d}." in first for n in range(LINES + 5)) == LINES
    assert admin.get("/audit/?before=nonsense").status_code == 200


def test_the_file_holds_no_formula_and_is_itself_written_down(admin: Client) -> None:
    for hostile in ("=HYPERLINK(1)", "+46", "-1", "@SUM(1)", "\t=1", "\r=1"):
        written("call.opened", actor_name=hostile, subject=hostile)
    answer = admin.get("/audit/audit.csv?action=call.opened")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert len(rows) == 7
    assert all(not cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row)
    assert actions()[-1] == "audit.exported"
    assert as_text("plain") == "plain"


def test_an_action_that_nobody_has_named_shows_its_code() -> None:
    assert action_in_words("something.new") == "something.new"
    assert action_in_words("tokens.made") == "Made an API token"


def test_a_line_longer_than_its_column_is_cut_and_not_refused() -> None:
    journal.write("default", "call.opened", actor_name="n" * 300, subject="s" * 300, address="a" * 100)
    entry = AuditEntry.objects.get()
    assert (len(entry.actor_name), len(entry.subject), len(entry.address)) == (200, 200, 64)


def actions_in_code() -> Iterator[tuple[str, str]]:
    """Every action that the code names where it writes to the log, with its file."""
    for path in sorted((ROOT / "wallboard").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or ast.unparse(node.func).rpartition(".")[2] not in WRITERS:
                continue
            for each in node.args[:3]:
                if isinstance(each, ast.Constant) and re.fullmatch(r"[a-z_]+\.[a-z_]+", str(each.value)):
                    yield str(each.value), path.name


def test_every_action_that_is_written_has_words() -> None:
    found = list(actions_in_code())
    assert ("tokens.made", "token_page.py") in found
    assert [each for each in found if each[0] not in ACTIONS] == []
