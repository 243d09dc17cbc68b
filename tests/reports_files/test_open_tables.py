"""What other programs may read: SQL views of one organisation, a role that sees nothing else, and Parquet files of the same columns."""

import hashlib
import json
import os
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as parquet
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from stats.clock import now_ms
from stats.history.archive import keep
from stats.history.open_tables import OPEN_TABLES
from stats.history.rollup_tables import PartyName
from stats.history.sql_views import drop, grants, make, role_statements, schema_of
from stats.history.telling import Telling
from stats.models import Organisation
from tests.history.calls import NOON, SOURCE, plain
from tests.reports_files.sums import agent, year

pytestmark = [pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).resolve().parents[2]
ON_POSTGRESQL = pytest.mark.skipif(not os.environ.get("TEST_DATABASE_URL"), reason="roles are PostgreSQL's")


@pytest.fixture
def history() -> None:
    """Sums of three days, calls of a noon, an agent with a name; and another organisation with the same."""
    year(queues=2, days=3)
    agent("Anna Ek")
    PartyName.objects.create(organisation="default", source="telavox", kind="queue", key="100", number=100, name="Support", told_ms=1)
    keep("default", SOURCE, [Telling(plain(n, NOON + n * 1000)) for n in range(5)], now_ms())
    Organisation.objects.create(slug="other-one", name="Other")
    keep("other-one", SOURCE, [Telling(plain(7, NOON))], now_ms())


def view(name: str, slug: str = "default") -> str:
    """A view's name in SQL."""
    return f'"{schema_of(slug)}"."{name}"' if connection.vendor == "postgresql" else f'"{schema_of(slug)}_{name}"'


def asked(sql: str) -> list[Any]:
    """What the database answers."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def test_every_view_can_be_read_and_holds_its_own_organisation_alone(history: None) -> None:
    make("default")
    make("other-one")
    for each in OPEN_TABLES:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {view(each.name)}")
            assert [column[0] for column in cursor.description] == [column.name for column in each.columns]
    assert asked(f"SELECT COUNT(*) FROM {view('calls')}") == [(5,)]
    assert asked(f"SELECT COUNT(*) FROM {view('calls', 'other-one')}") == [(1,)]
    assert asked(f"SELECT COUNT(*) FROM {view('queue_days')}") == asked(f"SELECT COUNT(*) FROM {view('queue_quarters')}") == [(6,)]
    (row,) = asked(f"SELECT SUM(answered), SUM(wait_seconds), MAX(queue_name), MIN(target_seconds) FROM {view('queue_days')}")
    assert (int(row[0]), float(row[1]), row[2], float(row[3])) == (12, 183.0, "Support", 20.0)
    assert asked(f"SELECT agent_name, talks FROM {view('agent_days')}") == [("Anna Ek", 3)]
    ((begins,),) = asked(f"SELECT MIN(starts_at) FROM {view('queue_days')}")
    told = begins if isinstance(begins, datetime) else datetime.fromisoformat(begins)
    assert told == datetime(2024, 12, 31, 23, tzinfo=UTC)


def test_no_view_has_a_telephone_number_or_a_record(history: None) -> None:
    make("default")
    numbers = {call.journey.number for n in range(5) if (call := plain(n, NOON)).journey is not None and call.journey.number}
    assert numbers
    for each in OPEN_TABLES:
        text = repr(asked(f"SELECT * FROM {view(each.name)}"))
        assert not any(number in text for number in numbers)
        assert "journey" not in text


def test_views_are_made_anew_and_taken_away(history: None) -> None:
    make("default")
    make("default")
    drop("default")
    with pytest.raises(Exception, match="bi_default"):
        asked(f"SELECT 1 FROM {view('calls')}")
    connection.rollback() if connection.in_atomic_block else None


@ON_POSTGRESQL
def test_the_role_reads_its_views_and_nothing_else(history: None) -> None:
    make("default")
    make("other-one")
    with connection.cursor() as cursor:
        for statement in role_statements("default", "bi_reader_of_test", "secret-word"):
            cursor.execute(statement)
    try:
        # Views made anew are still open to who could read them.
        make("default")
        with connection.cursor() as cursor:
            cursor.execute('SET ROLE "bi_reader_of_test"')
            cursor.execute('SELECT COUNT(*) FROM "bi_default"."calls"')
            assert cursor.fetchall() == [(5,)]
        for table in ("stats_archivedcall", "stats_source", "auth_user", '"bi_other_one"."calls"', "accounts_apitoken"):
            with pytest.raises(Exception, match="permission denied"):
                asked(f"SELECT * FROM {table}")
        for statement in ("DELETE FROM bi_default.site_days", "CREATE TABLE bi_default.mine (a int)", "CREATE TABLE public.mine (a int)"):
            with pytest.raises(Exception, match=r"permission denied|cannot delete"):
                asked(statement)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")
            drop("default")
            cursor.execute('DROP ROLE "bi_reader_of_test"')


def test_the_command_says_what_it_made_and_what_it_cannot(history: None) -> None:
    out = StringIO()
    call_command("sql_views", stdout=out)
    assert "bi_default" in out.getvalue()
    with pytest.raises(CommandError, match="no organisation"):
        call_command("sql_views", organisation="nobody")
    if connection.vendor == "postgresql":
        with pytest.raises(CommandError, match="small letters"):
            call_command("sql_views", role='x" SUPERUSER; --')
    else:
        with pytest.raises(CommandError, match="PostgreSQL"):
            call_command("sql_views", role="reader")
    printed = StringIO()
    call_command("sql_views", print=True, stdout=printed)
    assert printed.getvalue().count("CREATE VIEW") == len(OPEN_TABLES)
    assert grants("default", "x")


def export(folder: Path, **more: Any) -> str:
    """What the command says."""
    out = StringIO()
    call_command("export", first="2025-01-01", last="2026-12-31", out=folder, stdout=out, **more)
    return out.getvalue()


def test_parquet_has_the_same_rows_and_says_what_they_are(history: None, tmp_path: Path) -> None:
    export(tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["definitions"] == 1
    assert manifest["timezone"] == "Europe/Stockholm"
    for name, file in manifest["files"].items():
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == file["sha256"]
    duck = duckdb.connect()
    of_days = duck.execute(
        f"SELECT COUNT(*), SUM(answered), SUM(wait_seconds), MAX(queue_name) FROM '{tmp_path}/queue_days-*.parquet'"
    ).fetchone()
    # The first of the three days began in December by UTC.
    assert of_days == (6, 12, 183.0, "Support")
    assert duck.execute(f"SELECT COUNT(*), COUNT(DISTINCT call) FROM '{tmp_path}/calls-*.parquet'").fetchone() == (5, 5)
    assert not list(tmp_path.glob("*.part"))
    assert not any("+46" in repr(parquet.read_table(path).to_pydict()) for path in tmp_path.glob("*.parquet"))


def test_an_export_goes_on_where_it_was_cut_off(history: None, tmp_path: Path) -> None:
    first = export(tmp_path, what="queue_days,calls")
    assert "queue_days-2025-01.parquet: " in first
    written = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("queue_days-2025-*.parquet")}
    (tmp_path / "manifest.json").write_text(
        json.dumps(
            {
                **json.loads((tmp_path / "manifest.json").read_text()),
                "files": {n: f for n, f in json.loads((tmp_path / "manifest.json").read_text())["files"].items() if n.startswith("queue")},
            }
        )
    )
    again = export(tmp_path, what="queue_days,calls")
    assert "queue_days-2025-01" not in again
    assert "calls-2026-05.parquet" in again or "calls-" in again
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("queue_days-2025-*.parquet")} == written


def test_an_export_says_what_is_wrong_with_it(history: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no table 'secrets'"):
        export(tmp_path, what="secrets")
    with pytest.raises(CommandError, match="is before"):
        call_command("export", first="2025-01-02", last="2025-01-01", out=tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match="Begun again"):
        export(tmp_path / "file" / "folder")


def test_every_column_is_described_in_the_documents() -> None:
    text = (ROOT / "docs" / "reports.md").read_text(encoding="utf-8")
    for each in OPEN_TABLES:
        assert f"`{each.name}`" in text, each.name
    for name in {column.name for each in OPEN_TABLES for column in each.columns}:
        assert f"`{name}`" in text, name
