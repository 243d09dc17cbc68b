"""/api/v1/reports over a real Redis and database: what programs are told, and what they are not."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.conf import settings
from django.test import AsyncClient

from stats.clock import now_ms
from stats.domain.facts import Facts, SocketFacts, SourceFacts
from stats.domain.periods import business_day, day_bounds, quarter_of
from stats.domain.presence_changes import PresenceSeen
from stats.domain.report import Span
from stats.history import rolling
from stats.history.changes import upsert_changes
from stats.history.rollup_tables import RollupState
from stats.history.shelf import Shelf, let_go
from stats.history.tables import ArchivedCall, DirtyQuarter
from stats.ingest.keeping import Keeping
from stats.models import Organisation
from tests.api.conftest import Ask, ask, token, worker
from tests.push.floor import ORGANISATION, SALES, SOURCE, ZONE, Worker, ended_call
from wallboard.accounts.models import ApiToken
from wallboard.accounts.viewer import Viewer
from wallboard.api import report_rows
from wallboard.api.openapi import DESCRIPTION
from wallboard.push import live
from wallboard.reports import overlay, reading

__all__ = ["ask", "token", "worker"]
pytestmark = pytest.mark.django_db(transaction=True)
COUNTS = ("offered", "answered", "answered_in_target", "abandoned", "short_abandoned", "overflowed", "voicemail", "callbacks")
TIMES = ("time_talking", "time_ringing", "time_wrapup", "time_ready", "time_idle", "time_away", "time_logged_in", "occupancy")
Answer = dict[str, Any]


def seen(at: int) -> PresenceSeen:
    """Anna became ready in a queue at an instant."""
    document = {"profile": "1", "profile_name": "Available", "available": True, "wrapup": False, "queues": 1, "queue_keys": ("111834",)}
    return PresenceSeen(source=SOURCE, agent="924328", at=at, told_at=at, state="ready", **document)  # type: ignore[arg-type]


def today() -> str:
    """The organisation's business day."""
    return business_day(now_ms(), ZONE)


def day_before(day: str, back: int) -> str:
    """So many days earlier."""
    return (datetime.fromisoformat(day) - timedelta(days=back)).date().isoformat()


async def archive(worker: Worker) -> None:
    """Everything that has ended is in the archive, and what is over is added up."""
    assert worker.road is not None
    keeping = Keeping(worker.store, ORGANISATION, SOURCE, worker.road, Shelf(ORGANISATION))
    await keeping.last_words()
    while await keeping.keep_some():
        pass
    await let_go()
    owner = await Organisation.objects.aget(slug=ORGANISATION)
    await database_sync_to_async(rolling.work)(owner, now_ms(), lambda: True)


async def token_of(scopes: list[str], queues: list[str] | None = None) -> dict[str, str]:
    """The header of another token."""
    organisation = await Organisation.objects.aget(slug=ORGANISATION)
    row, secret = await database_sync_to_async(ApiToken.issue)(organisation, "another")
    await ApiToken.objects.filter(pk=row.pk).aupdate(scopes=scopes, queues=queues)
    return {"Authorization": f"Bearer {secret}"}


def summed(answer: Answer, key: str, name: str) -> dict[str, int]:
    """Counts by queue or agent over all rows."""
    found: dict[str, int] = {}
    for row in answer["rows"]:
        found[row[key]] = found.get(row[key], 0) + row[name]
    return found


async def test_rows_of_today_add_up_to_the_live_answer_archived_or_not(ask: Ask, worker: Worker) -> None:
    now = (await ask("/api/v1/live")).json()
    yesterday = day_before(now["day"], 1)
    for archived in (False, True):
        if archived:
            await archive(worker)
        told = (await ask(f"/api/v1/reports/queues?from={now['day']}&to={now['day']}&interval=15m")).json()
        for name in COUNTS:
            wanted = {queue["key"]: queue["today"][name] for queue in now["queues"] if queue["today"]["offered"]}
            assert summed(told, "queue_key", name) == wanted, (archived, name)
        (site,) = (await ask(f"/api/v1/reports/site?from={now['day']}")).json()["rows"]
        for name in ("calls_in", "calls_answered", "true_abandoned", "offered", "asa", "service_level", "service_levels", "att"):
            assert site[name] == now["site"]["today"][name], (archived, name)
        agents = (await ask(f"/api/v1/reports/agents?from={yesterday}&interval=month")).json()
        assert {row["agent_id"] for row in agents["rows"]} == {924328}


async def test_a_row_says_whose_it_is_from_when_to_when_and_by_which_settings(ask: Ask) -> None:
    answer = (await ask("/api/v1/reports/queues?interval=30m&queue=111834")).json()
    told = {"timezone", "first", "last", "interval", "definitions", "rows", "as_of", "complete_to", "recounting", "unread", "unheard"}
    assert set(answer) == told
    assert (answer["timezone"], answer["first"], answer["last"], answer["recounting"]) == (ZONE, today(), today(), 0)
    for row in answer["rows"]:
        assert list(row) == list(report_rows.COLUMNS["queue"])
        assert (row["queue_id"], row["queue_key"], row["account_id"], row["name"]) == (111834, "111834", 998877, "Support")
        begin, end = datetime.fromisoformat(row["from"]), datetime.fromisoformat(row["to"])
        assert (end - begin, begin.utcoffset() is not None) == (timedelta(minutes=30), True)
        assert (row["target_s"], row["short_s"], row["share"], row["variant"]) == (20.0, 5.0, 0.8, "short_excluded")
        assert row["in_progress"] is (end > datetime.fromisoformat(answer["as_of"]))
    assert datetime.fromisoformat(answer["complete_to"]) == datetime.fromisoformat(answer["as_of"])


async def test_a_time_in_which_nothing_was_counted_has_no_row(ask: Ask) -> None:
    answer = (await ask("/api/v1/reports/queues?from=2020-01-01&to=2020-01-31&interval=day")).json()
    assert answer["rows"] == []
    future = day_before(today(), -2)
    assert (await ask(f"/api/v1/reports/site?from={future}&to={future}")).json()["rows"] == []


async def test_rows_of_a_long_span_come_piece_by_piece_in_order(ask: Ask, worker: Worker) -> None:
    old = now_ms() - 2 * 86_400_000
    await worker.tell(ended_call("old", since=old), ended_call("old-sold", SALES, since=old + 1_000))
    first = business_day(old, ZONE)
    response = await ask(f"/api/v1/reports/queues?from={first}&interval=15m")
    assert response.streaming
    assert response["Cache-Control"] == "no-store"
    rows = json.loads(b"".join([part async for part in response.streaming_content]))["rows"]
    places = [(datetime.fromisoformat(row["from"]), row["queue_id"]) for row in rows]
    assert places == sorted(places)
    assert [row["queue_id"] for row in rows[:2]] == [111834, 111835]
    assert len(rows) >= 4


async def test_time_before_an_agent_was_first_watched_is_unknown_and_not_none_at_all(ask: Ask, worker: Worker) -> None:
    now = now_ms()
    await worker.tell(ended_call("long-ago", since=now - 3 * 86_400_000))
    await archive(worker)
    await database_sync_to_async(upsert_changes)(ORGANISATION, [seen(now - 86_400_000)])
    before, after = day_before(today(), 3), day_before(today(), 1)
    (row,) = (await ask(f"/api/v1/reports/agents?from={before}&to={before}")).json()["rows"]
    assert (row["offers"], row["talk_time"]) == (1, 10.0)
    assert {row[name] for name in TIMES} == {None}
    (row,) = (await ask(f"/api/v1/reports/agents?from={after}&to={after}")).json()["rows"]
    assert row["time_logged_in"] > 0
    assert row["time_talking"] == 0.0


@pytest.mark.parametrize(
    ("asked", "status", "named"),
    [
        ("queues?from=2026-5-1", 400, "from"),
        ("queues?from=2026-02-30", 400, "from"),
        ("queues?to=tomorrow", 400, "to"),
        ("queues?from=2026-05-18&to=2026-05-01", 400, "to"),
        ("queues?from=2100-01-01", 400, "from"),
        ("site?from=2010-01-01&to=2026-05-01", 400, "from"),
        ("agents?interval=2h", 400, "interval"),
        ("agents?format=pdf", 400, "format"),
        ("site?queue=111834", 400, "queue"),
        ("queues?agent=924328", 400, "agent"),
        ("queues?queue=4711", 404, None),
        ("agents?agent=4711", 404, None),
    ],
)
async def test_what_cannot_be_asked_is_said_by_name(ask: Ask, asked: str, status: int, named: str | None) -> None:
    answer = await ask(f"/api/v1/reports/{asked}")
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    problem = answer.json()
    assert problem.get("parameter") == named
    assert len(problem["detail"]) > 30


async def test_a_token_sees_what_its_scopes_and_queues_let_it_see(ask: Ask) -> None:
    client = AsyncClient()
    only_live = await token_of(["live"])
    assert (await client.get("/api/v1/reports/site", headers=only_live)).status_code == 403
    without_agents = await token_of(["reports"])
    assert (await client.get("/api/v1/reports/queues", headers=without_agents)).status_code == 200
    assert (await client.get("/api/v1/reports/agents", headers=without_agents)).status_code == 403
    of_sales = await token_of(["live", "reports"], ["111835"])
    since = day_before(today(), 1)
    rows = (await client.get(f"/api/v1/reports/queues?from={since}", headers=of_sales)).json()["rows"]
    assert {row["queue_id"] for row in rows} == {111835}
    site = (await client.get(f"/api/v1/reports/site?from={since}", headers=of_sales)).json()["rows"]
    assert sum(row["offered"] for row in site) == 1
    assert {(row["calls_in"], row["true_abandoned"]) for row in site} == {(None, None)}
    assert (await client.get("/api/v1/reports/queues?queue=111834", headers=of_sales)).status_code == 404
    # Anna is logged in to Support alone.
    assert (await client.get("/api/v1/reports/agents", headers=of_sales)).json()["rows"] == []


async def test_a_live_store_that_is_away_costs_completeness_and_not_the_answer(
    ask: Ask, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    await archive(worker)
    await live.close()
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:9/0")
    answer = (await ask(f"/api/v1/reports/queues?from={day_before(today(), 1)}")).json()
    assert summed(answer, "queue_id", "offered") == {111834: 4, 111835: 1}
    assert datetime.fromisoformat(answer["complete_to"]) < datetime.fromisoformat(answer["as_of"])


async def test_more_loose_calls_than_can_be_read_cost_completeness_and_not_the_answer(
    ask: Ask, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    await archive(worker)
    monkeypatch.setattr(reading, "MOST_LOOSE", 0)
    answer = (await ask(f"/api/v1/reports/queues?from={day_before(today(), 1)}")).json()
    assert summed(answer, "queue_id", "offered") == {111834: 4, 111835: 1}
    assert datetime.fromisoformat(answer["complete_to"]) < datetime.fromisoformat(answer["as_of"])


def test_while_a_source_is_read_for_the_first_time_today_is_not_complete() -> None:
    """Rows of today grow with every page; what is before today stands."""
    now = now_ms()
    midnight = day_bounds(business_day(now, ZONE), ZONE)[0]

    def complete_to(**more: Any) -> int:
        source = SourceFacts(name=SOURCE, provider="voxloud", written_at=now, **more)
        source.sockets["events"] = SocketFacts(state="open", alive_at=now, calls=True)
        facts = Facts(timezone=ZONE, sources={SOURCE: source})
        return reading._complete_to(overlay.Live(as_of=now, facts=facts), "queue", now)

    assert complete_to(state="seeding") == midnight
    assert complete_to(state="live", known=True) == now
    assert complete_to(state="auth_error") > midnight, "it has told nothing"


async def test_quarters_that_wait_are_as_before_and_no_call_counts_twice(ask: Ask, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no time to add anything up anew; a call that changed after it was archived stands in the sums as it was."""
    since = now_ms() - 3 * 3_600_000
    await worker.tell(ended_call("early", since=since))
    await archive(worker)
    await worker.tell(ended_call("early", since=since, wait_ms=9_000))
    monkeypatch.setattr(overlay, "MOST_QUARTERS", 0)
    day = business_day(since, ZONE)
    answer = (await ask(f"/api/v1/reports/queues?from={day}&to={day}&queue=111834&interval=15m")).json()
    first = answer["rows"][0]
    assert (first["offered"], first["asa"]) == (1, 4.0)
    assert answer["recounting"] >= 1
    monkeypatch.undo()
    answer = (await ask(f"/api/v1/reports/queues?from={day}&to={day}&queue=111834&interval=15m")).json()
    assert (answer["rows"][0]["offered"], answer["rows"][0]["asa"], answer["recounting"]) == (1, 9.0, 0)


def test_the_description_names_every_member_of_a_row() -> None:
    schemas: Any = DESCRIPTION["components"]["schemas"]  # type: ignore[index]
    for kind, name in (("queue", "QueueReport"), ("agent", "AgentReport"), ("site", "SiteReport")):
        row = schemas[name]["properties"]["rows"]["items"]["properties"]
        assert set(row) == set(report_rows.COLUMNS[kind])  # type: ignore[index]


async def test_sums_outlive_the_calls_they_were_made_of(ask: Ask, worker: Worker) -> None:
    """What was cleared away by its term is not counted again, whatever marks its quarter."""
    since = now_ms() - 5 * 3_600_000
    await worker.tell(ended_call("early", since=since))
    await archive(worker)
    await RollupState._default_manager.aupdate(calls_from_ms=now_ms() - 3 * 3_600_000)
    await ArchivedCall.objects.filter(id_call="early").adelete()
    await DirtyQuarter.objects.acreate(organisation=ORGANISATION, quarter_ms=quarter_of(since))
    day = business_day(since, ZONE)
    answer = (await ask(f"/api/v1/reports/queues?from={day}&to={day}&queue=111834&interval=15m")).json()
    assert (answer["rows"][0]["offered"], answer["recounting"]) == (1, 0)


@pytest.mark.parametrize(
    ("names", "key", "name"), [("short", "924328", "Anna B"), ("pseudonym", "p-", "Agent "), ("full", "924328", "Anna Berg")]
)
async def test_agents_are_called_as_the_viewer_may_call_them(ask: Ask, names: str, key: str, name: str) -> None:
    viewer = Viewer(kind="person", organisation=ORGANISATION, role="viewer", names=names)
    span = Span(organisation=ORGANISATION, timezone=ZONE, first=day_before(today(), 1), last=today())
    report = await reading.read(ORGANISATION, span, "agent", viewer)
    assert {line.key[: len(key)] for line in report.lines} == {key}
    (party,) = report.names.values()
    assert str(party.name).startswith(name)
    assert (party.id is None) == (names == "pseudonym")
