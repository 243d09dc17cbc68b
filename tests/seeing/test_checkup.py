"""The one judgement behind the health page, the API and the doctor: what counts as wrong, and what comes first."""

import inspect
from dataclasses import replace
from typing import Any

import pytest

from stats.domain import checkup
from stats.domain.audit import AuditReport
from stats.domain.checkup import SAY, Vitals, diagnose, headline
from stats.domain.facts import SocketFacts, SourceFacts
from stats.domain.roll import Roll, WebReport, WorkerReport
from wallboard.pages.diagnosis import say

NOW = 1_779_100_022_000
STORE: dict[str, str | int] = {"maxmemory_policy": "noeviction", "role": "master", "used_memory": 5, "maxmemory": 0}


def source(**changes: Any) -> SourceFacts:
    """A source that is well."""
    sockets = {
        feed: SocketFacts(state="open", last_frame=NOW - 2_000, alive_at=NOW - 1_000, calls=feed == "calls") for feed in ("calls", "queues")
    }
    return replace(SourceFacts(name="telavox", provider="telavox", state="live", known=True, exact=True, sockets=sockets), **changes)


def paused() -> SourceFacts:
    """A source that somebody paused ten minutes ago, when one of its feeds had been lost for an hour."""
    sockets = {
        feed: SocketFacts(state="away", last_frame=NOW - 700_000, away_since=NOW - ago, calls=True, overdue=True)
        for feed, ago in (("calls", 600_000), ("queues", 3_600_000))
    }
    return source(name="voxloud", state="paused", reason="Siv", sockets=sockets)


WELL = Vitals(
    now=NOW,
    store=STORE,
    configured=1,
    sources=(source(),),
    worker_seen_at=NOW - 1_000,
    roll=Roll(),
    unkept=0,
    audit=AuditReport(at=NOW - 5_000),
)


def codes(vitals: Vitals, level: str = "bad") -> list[str]:
    """What is found, in order."""
    return [finding.code for finding in diagnose(vitals) if finding.level == level]


def test_nothing_is_said_of_what_is_well() -> None:
    """And the headline says how well."""
    assert diagnose(WELL) == []
    assert say(headline(WELL), NOW, "UTC")[0] == "Everything works. 2 of 2 sockets are open; the last frame came 2 seconds ago."


def test_a_paused_source_is_said_to_be_paused_and_none_of_its_feeds_is_lost() -> None:
    """By whom and since when, without an alarm; the feeds of the others are counted alone."""
    vitals = replace(WELL, configured=2, sources=(source(), paused()))
    (finding,) = diagnose(vitals)
    assert (finding.level, finding.since) == ("note", NOW - 600_000)
    said = "Voxloud is paused, by Siv since 10:17:02. Nothing of it is read or counted."
    assert say(finding, NOW, "UTC")[0] == said
    assert say(headline(vitals), NOW, "UTC")[0].startswith("Everything works. 2 of 2 sockets are open")
    assert say(headline(replace(vitals, sources=(paused(),))), NOW, "UTC")[0] == said, "nothing else is there to work"


@pytest.mark.fault("A16", "C12")
def test_a_shifted_clock_is_shouted_before_everything_else() -> None:
    """Also when much else is wrong."""
    vitals = replace(WELL, clock_offset_s=-60.0, store=None, store_away_since=NOW, sources=(source(state="down"),))
    assert codes(vitals)[0] == "clock_shifted"
    assert "CLOCK_OFFSET_S" in say(headline(vitals), NOW, "UTC")[0]


@pytest.mark.fault("A10")
def test_a_missing_hourly_batch_is_a_note_and_never_staleness() -> None:
    """Silence of that socket alone is no fault of the numbers of now."""
    sockets = {"profile_history": SocketFacts(state="open", silent=True, overdue=True)}
    vitals = replace(WELL, sources=(source(sockets=sockets),))
    assert (codes(vitals), codes(vitals, "note")) == ([], ["batch_overdue"])


@pytest.mark.fault("C6")
@pytest.mark.parametrize(
    ("store", "code", "level"),
    [
        ({"maxmemory_policy": "allkeys-lru"}, "store_policy", "bad"),
        ({"used_memory": 95, "maxmemory": 100}, "store_full", "bad"),
        ({"used_memory": 80, "maxmemory": 100}, "store_nearly_full", "note"),
        ({"role": "slave"}, "store_replica", "bad"),
    ],
)
def test_a_redis_that_may_lose_or_refuse_numbers_is_named(store: dict[str, str | int], code: str, level: str) -> None:
    """Before it does."""
    assert codes(replace(WELL, store={**STORE, **store}), level) == [code]


@pytest.mark.parametrize(
    ("changes", "found", "level"),
    [
        ({"store": None, "store_away_since": NOW - 9_000, "worker_seen_at": 0}, "store_away", "bad"),
        ({"database_away_since": NOW - 9_000}, "database_away", "bad"),
        ({"migrations": 2}, "migrations", "bad"),
        ({"configured": 0, "sources": (), "worker_seen_at": 0}, "nothing_configured", "bad"),
        ({"worker_seen_at": 0}, "worker_never", "bad"),
        ({"worker_seen_at": NOW - 30_000, "sources": (source(state="stale"),)}, "worker_silent", "bad"),
        ({"sources": (source(state="auth_error"),)}, "source_auth_error", "bad"),
        ({"sources": (source(state="config_error"),)}, "source_config_error", "bad"),
        ({"sources": (source(state="down"),)}, "source_down", "bad"),
        ({"sources": (source(state="stale"),)}, "source_stale", "bad"),
        ({"sources": (source(state="connecting"),)}, "source_connecting", "note"),
        ({"sources": (source(state="seeding"),)}, "source_seeding", "note"),
        ({"sources": (source(state="paused", exact=False),)}, "source_paused_plain", "note"),
        ({"sources": (paused(),)}, "source_paused", "note"),
        ({"sources": (source(exact=False),)}, "not_exact", "note"),
        ({"sources": (source(drift=("ivr",)),)}, "drift", "note"),
        ({"unkept": 300}, "backlog", "note"),
        ({"unkept": 3_000}, "backlog_bad", "bad"),
        ({"quarantined": {("telavox", "foreign_tenant"): 1}}, "foreign_tenant", "bad"),
        ({"quarantined": {("telavox", "not_json"): 1, ("other", "not_json"): 5}}, "quarantine", "note"),
        ({"audit": AuditReport(at=NOW, different=1, since=NOW - 20_000)}, "lies_now", "bad"),
        ({"audit": AuditReport(at=NOW, lie_seconds_today=20)}, "lies_today", "note"),
        ({"audit": AuditReport(at=NOW - 400_000)}, "audit_silent", "note"),
        ({"disk_free_mb": 20, "disk_place": "var"}, "disk_low", "bad"),
        ({"roll": Roll(webs=(WebReport(name="h:1", started_at=0, written_at=NOW, slow=2),))}, "screens_slow", "note"),
        ({"roll": Roll(workers=(WorkerReport(name="h:2", started_at=0, written_at=NOW, loop_lag_ms=1500),))}, "worker_slow", "note"),
    ],
)
def test_each_fault_is_found_alone_and_can_be_said(changes: dict[str, Any], found: str, level: str) -> None:
    """One fault is one finding: what follows from it is not told as well."""
    vitals = replace(WELL, **changes)
    assert codes(vitals, level) == [found]
    assert len(diagnose(vitals)) == 1
    words, do = say(diagnose(vitals)[0], NOW, "Europe/Stockholm")
    assert "{" not in words + do


def test_every_sentence_can_come_up() -> None:
    """None of them waits for a fault that nobody looks for."""
    text = inspect.getsource(checkup).split("@dataclass", 1)[1]
    for code in SAY:
        assert f'"{code}"' in text or code.startswith("source_"), code
