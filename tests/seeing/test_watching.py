"""What others watch us with: the dashboard and the alarms ask for nothing that a real scrape does not tell."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import redis
import yaml
from django.test import AsyncClient

from stats.clock import now_ms
from stats.domain.audit import AuditReport
from stats.domain.facts import SourceFacts
from stats.domain.roll import WorkerReport
from stats.live.board_store import Batch, Store
from stats.live.codec import pack_source
from stats.live.inspection import Inspection
from stats.live.leases import Lease
from stats.live.rollcall import RollCall
from stats.models import Organisation
from tests.push.conftest import Open, open_board, token, worker
from tests.push.floor import Worker
from wallboard.api import examination
from wallboard.api.meters import FAMILIES
from wallboard.hooks.counts import counts
from wallboard.push import live

__all__ = ["open_board", "token", "worker"]

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = re.compile(r"^(wallboard_\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
# Labels that Prometheus itself adds.
OWN = {"instance", "job"}
Scrape = dict[str, set[str]]


async def scraped() -> tuple[str, Scrape]:
    """A scrape: its text, and the labels of each metric."""
    text = (await AsyncClient().get("/metrics")).content.decode()
    found: Scrape = {}
    for name, labels, _ in SAMPLE.findall(text):
        found.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))
    return text, found


async def everything(worker: Worker, url: str) -> None:
    """Has everything happen that a scrape can tell of."""
    store = worker.store
    await worker.report(lag_ms=90_000, slots_to=now_ms() - 3_600_000)
    await store.quarantine("default", "telavox", {"not_json": 1}, [])
    await Inspection(store, "default").leave_report(AuditReport(at=now_ms(), lie_seconds=1.5))
    await RollCall(store, "default").leave(
        WorkerReport(name="host:1", started_at=now_ms() - 9000, written_at=now_ms(), held=("telavox",), memory_mb=80)
    )
    counts.add("default", "telavox", "taken")
    with redis.Redis.from_url(url) as client:
        client.config_set("maxmemory", "500mb")


def expressions() -> list[tuple[str, str]]:
    """Every query of the dashboard and the alarms, with where it stands."""
    board = json.loads((ROOT / "deploy/grafana/wallboard.json").read_text(encoding="utf-8"))
    found = [(panel["title"], target["expr"]) for panel in board["panels"] for target in panel.get("targets", ())]
    rules = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text(encoding="utf-8"))
    return found + [(rule["alert"], rule["expr"]) for group in rules["groups"] for rule in group["rules"]]


async def test_the_dashboard_and_the_alarms_ask_for_what_a_real_scrape_tells(open_board: Open, worker: Worker, redis_server: str) -> None:
    """By metric and by label; a browser is at a board, another was refused."""
    await open_board()
    stranger = await open_board(key="of-nobody")
    assert (await stranger.receive_output(20))["code"] == 4003
    await everything(worker, redis_server)
    try:
        await (await live.organisation("default")).fresh(0.0)
        _text, told = await scraped()
    finally:
        with redis.Redis.from_url(redis_server) as client:
            client.config_set("maxmemory", "0")
    wrong: list[str] = []
    asked = expressions()
    for where, expression in asked:
        names = set(re.findall(r"\bwallboard_\w+", expression))
        wrong += [f"{where}: {name} is told by nobody" for name in names - told.keys()]
        known = set().union(*(told.get(name, set()) for name in names)) | OWN | {"organisation"}
        used = set(re.findall(r"(\w+)\s*(?:=~|!=|!~|=)\s*\"", expression))
        used |= {label.strip() for listed in re.findall(r"\bby \(([^)]*)\)", expression) for label in listed.split(",")}
        wrong += [f"{where}: no metric of it has the label {label}" for label in used - known]
        if expression.count("(") != expression.count(")") or expression.count("{") != expression.count("}"):
            wrong.append(f"{where}: brackets")
    assert wrong == []
    assert len(asked) > 25
    assert {f"{name}_total" if kind == "counter" else name for name, (kind, _) in FAMILIES.items()} == set(told), "told, or not yet shown"


def test_the_dashboard_can_be_imported() -> None:
    """Grafana 10 and later: a schema, a data source that is asked for, panels that do not lie upon each other."""
    board: dict[str, Any] = json.loads((ROOT / "deploy/grafana/wallboard.json").read_text(encoding="utf-8"))
    assert board["schemaVersion"] >= 38
    assert [each["type"] for each in board["templating"]["list"]] == ["datasource", "query"]
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
        for target in panel.get("targets", ()):
            assert target["datasource"]["uid"] == "${datasource}"


def test_every_alarm_says_what_is_so_and_what_to_do() -> None:
    """And how loud it is."""
    rules = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text(encoding="utf-8"))["groups"][0]["rules"]
    for rule in rules:
        assert {"summary", "description"} <= rule["annotations"].keys(), rule["alert"]
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert re.fullmatch(r"\d+[sm]", rule.get("for", "0s"))
    assert len({rule["alert"] for rule in rules}) == len(rules)


async def test_every_organisation_is_told_and_the_default_one_without_a_label(
    worker: Worker, redis_server: str, transactional_db: None
) -> None:
    await Organisation.objects.acreate(slug="other", name="Other")
    store = Store(redis_server)
    await store.begin("other")
    lease = Lease(store, "other", "second")
    assert await lease.take()
    facts = SourceFacts(name="second", provider="telavox", state="live", known=True, written_at=now_ms())
    await store.apply("other", "second", lease.holder, Batch(entries=[("sources", "second", pack_source(facts))]))
    await store.quarantine("other", "second", {"not_json": 4}, [])
    await worker.store.quarantine("default", "telavox", {"not_json": 2}, [])
    text, _told = await scraped()
    await store.close()
    await live.close()
    assert 'wallboard_quarantined_total{reason="not_json",source="telavox"} 2.0' in text
    assert 'wallboard_quarantined_total{organisation="other",reason="not_json",source="second"} 4.0' in text
    assert 'wallboard_source_state{organisation="other",source="second",state="live"} 1.0' in text


@pytest.mark.fault("C4", "C10")
async def test_a_scrape_tells_that_redis_is_away_and_makes_nothing_up(redis_server: str, transactional_db: None, settings: Any) -> None:
    settings.REDIS_URL = "unix:///nonexistent/redis.sock"
    _text, told = await scraped()
    await live.close()
    assert "wallboard_store_up" in told
    assert not {"wallboard_store_memory_used_bytes", "wallboard_lie_seconds_total", "wallboard_worker_heartbeat_age_seconds"} & told.keys()
    assert examination.ASK_S < 5
