"""The doctor, with each fault made for real: what is wrong, since when, and what to do, on one line."""

import asyncio
import os
import re
import signal
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import redis

from stats.clock import now_ms
from stats.domain.audit import AuditReport
from stats.live import server
from stats.live.board_store import Batch, Row, show_of
from stats.live.inspection import Inspection
from stats.management import doctoring
from stats.models import Organisation
from tests.pages.test_commands import SECRET, Report, doctor, organisation, report
from tests.push.floor import Worker, ended_call

__all__ = ["organisation", "report"]


def wrong(said: str) -> str:
    """The one line that is wrong."""
    lines = [line for line in said.splitlines() if line.startswith("WRONG")]
    assert len(lines) == 1, said
    return lines[0]


def test_a_healthy_product_is_described_line_by_line(organisation: Organisation, report: Report) -> None:
    """Redis with its role, policy and memory; the database with its size; the disk; the archive."""
    report()
    said, code = doctor()
    assert code == 0, said
    for words in ("master, noeviction", "is up to date; it holds", "MB left", "0 ended calls wait", "source telavox: live"):
        assert words in said
    assert SECRET not in said


@pytest.mark.fault("C6")
def test_a_redis_that_evicts_or_is_full_is_wrong(organisation: Organisation, report: Report, redis_server: str) -> None:
    """A wrong policy throws numbers away without a word."""
    report()
    with redis.Redis.from_url(redis_server) as client:
        used = int(client.info()["used_memory"])
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            assert "allkeys-lru" in wrong(doctor()[0])
            client.config_set("maxmemory-policy", "noeviction")
            client.config_set("maxmemory", int(used * 1.02) + 200_000)
            assert re.search(r"Redis is full: 9\d %|Redis is full: 1\d\d %", wrong(doctor()[0]))
        finally:
            client.config_set("maxmemory", "0")
            client.config_set("maxmemory-policy", "noeviction")


@pytest.mark.fault("C7")
def test_a_redis_that_hangs_is_told_from_one_that_is_gone(organisation: Organisation, var_dir: Path, settings: Any) -> None:
    """Stopped, it still takes connections."""
    process = server.start(var_dir)
    assert process is not None
    settings.REDIS_URL, settings.REDIS_URL_IS_GIVEN = server.embedded_url(var_dir), True
    os.kill(process.pid, signal.SIGSTOP)
    try:
        assert "it hangs, or is loading" in wrong(doctor()[0])
    finally:
        os.kill(process.pid, signal.SIGCONT)
        process.kill()
        process.wait()
    gone = wrong(doctor()[0])
    assert "No Redis answers" in gone
    assert "hangs" not in gone


@pytest.mark.skipif(bool(os.environ.get("TEST_DATABASE_URL")), reason="it is SQLite that is locked")
@pytest.mark.fault("C10")
def test_a_database_that_is_locked_keeps_nothing_else_from_being_looked_at(
    report: Report, var_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real file, held by somebody else; what is in Redis is judged all the same."""
    report(state="down")
    holder = sqlite3.connect(var_dir / "held.sqlite3", isolation_level=None)
    holder.execute("CREATE TABLE held (n)")
    holder.execute("BEGIN EXCLUSIVE")

    def held(*_args: object, **_options: object) -> sqlite3.Cursor:
        from django.db import OperationalError

        try:
            return sqlite3.connect(var_dir / "held.sqlite3", timeout=0.1).execute("SELECT * FROM held")
        except sqlite3.OperationalError as why:
            raise OperationalError(str(why)) from why

    with monkeypatch.context() as away:
        away.setattr("django.db.backends.base.base.BaseDatabaseWrapper.cursor", held)
        said, code = doctor()
    holder.close()
    assert code == 1
    assert "sqlite3 does not answer (OperationalError). See that it runs" in said
    assert "Telavox cannot be reached; last heard" in said


def test_a_disk_without_room_is_wrong(organisation: Organisation, report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    """As much must be left as is wanted, whatever the machine has."""
    report()
    monkeypatch.setattr(doctoring.checkup, "DISK_LOW_MB", 1 << 40)
    assert "MB left. Make room." in wrong(doctor()[0])


def test_numbers_that_were_wrong_calls_that_wait_and_foreign_frames_are_told(organisation: Organisation, redis_server: str) -> None:
    """From what the worker left in Redis."""

    async def happen() -> None:
        worker = await Worker(redis_server).begin()
        now = now_ms()
        for at in range(0, 2_000, 400):
            assert await worker.lease.take()
            rows = [
                Row(ended_call(f"c{n}", since=now - 60_000), 0, show_of(Contribution(), "UTC"), now - 60_000) for n in range(at, at + 400)
            ]
            shown = await worker.store.apply("default", "telavox", worker.lease.holder, Batch(records=rows))
            assert not shown.fenced
        await worker.store.quarantine("default", "telavox", {"foreign_tenant": 2, "not_json": 3}, [])
        await Inspection(worker.store, "default").leave_report(
            AuditReport(at=now, different=2, worst="site.calls_in today", shown=5, recounted=4, since=now - 40_000)
        )
        await worker.report()
        await worker.close()

    from stats.domain.metrics import Contribution

    asyncio.run(happen())
    said, code = doctor()
    lines = [line for line in said.splitlines() if line.startswith("WRONG")]
    assert code == 1
    assert any("2000 ended calls wait" in line for line in lines), said
    assert any("sent 2 documents of another customer" in line for line in lines)
    assert any(
        re.search(r"2 numbers differ from their recount since \d\d:\d\d:\d\d \(4\d s ago\).*site.calls_in today", line) for line in lines
    )
    assert any(line.startswith(" note") and "not_json 3" in line for line in said.splitlines())


def test_a_silent_worker_is_told_with_since_when_and_what_to_do(organisation: Organisation, report: Report) -> None:
    report(at=now_ms() - 600_000)
    said, code = doctor()
    assert code == 1
    assert re.search(
        r"WRONG  worker of default: The collector has been silent; it last reported [\d :-]+\(10 min ago\)\..*manage.py ingest", said
    )
