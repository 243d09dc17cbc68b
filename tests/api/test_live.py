"""The API's answers over a real Redis and database."""

import asyncio
import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from stats.clock import now_ms
from stats.domain.periods import business_day
from stats.live.board_store import Store
from tests.api.conftest import Ask
from tests.push.floor import ZONE, Worker, waiting_call
from wallboard.api import door
from wallboard.push import live


def of_support(document: dict[str, Any]) -> dict[str, Any]:
    """The queue Support of an answer."""
    return next(queue for queue in document["queues"] if queue["id"] == 111834)


async def test_the_answer_has_the_pinned_shape(ask: Ask) -> None:
    asked = now_ms()
    answer = await ask("/api/v1/live")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"
    document = answer.json()
    assert set(document) >= {"as_of", "day", "timezone", "version", "sources", "site", "queues", "agents"}
    assert asked - 3000 < document["as_of"] <= now_ms()
    assert document["timezone"] == ZONE
    assert document["day"] == business_day(document["as_of"], ZONE)
    assert document["sources"][0]["name"] == "telavox"
    assert document["sources"][0]["state"] == "live"
    assert document["sources"][0]["sockets"]["calls"]["state"] == "open"
    assert set(document["site"]) == {"now", "today", "15m", "30m", "60m"}
    support = of_support(document)
    assert {"id", "account_id", "key", "name", "target_s", "now", "today", "15m", "30m", "60m"} <= set(support)
    assert support["key"] == "111834"
    assert support["target_s"] == 20.0
    assert set(support["now"]) >= {"waiting", "longest_wait_since", "talking", "agents_ready", "not_answer_risk"}
    assert not set(support["now"]) & set(support["today"])
    assert set(support["today"]["service_levels"]) == {
        "short_excluded",
        "all_abandons_miss",
        "early_abandons_met",
        "early_abandons_excluded",
        "answered_only",
        "short_met",
    }
    agent = document["agents"][0]
    assert agent["state"] == "ready"
    assert agent["queues_in"] == [111834]
    assert agent["verified"] is True
    assert set(agent["today"]) >= {"offers", "answered", "missed", "withdrawn", "answer_rate", "talk_time", "time_ready", "occupancy"}


async def test_the_numbers_are_those_of_the_calls(ask: Ask) -> None:
    document = (await ask("/api/v1/live")).json()
    support = of_support(document)
    assert support["now"]["waiting"] == 1
    assert support["now"]["agents_ready"] == 1
    window = support["15m"]
    assert (window["offered"], window["answered"], window["answered_in_target"]) == (5, 2, 1)
    assert (window["abandoned"], window["short_abandoned"]) == (1, 1)
    assert window["service_level"] == pytest.approx(1 / 3)
    assert window["asa"] == 17.0
    assert document["site"]["15m"]["offered"] == 6


async def test_a_change_is_in_the_next_answer(ask: Ask, worker: Worker) -> None:
    await ask("/api/v1/live")
    await worker.tell(waiting_call("another", since=now_ms()))
    # What is told is at most a quarter of a second old, and a loaded machine may be later.
    async with asyncio.timeout(10):
        while of_support((await ask("/api/v1/live")).json())["now"]["waiting"] != 2:  # noqa: ASYNC110 (nobody tells it)
            await asyncio.sleep(0.05)


async def test_a_queue_known_by_its_account_alone_has_a_key_and_no_id(ask: Ask, worker: Worker) -> None:
    from stats.domain.records import Party

    await worker.tell(waiting_call("odd", Party(account_id=5551, name="Reception"), since=now_ms()))
    queues = (await ask("/api/v1/live")).json()["queues"]
    odd = next(queue for queue in queues if queue["name"] == "Reception")
    assert odd["id"] is None
    assert odd["account_id"] == 5551
    assert odd["key"] == "a:5551"
    receipt = await ask("/api/v1/queues/a:5551/calls?metric=waiting")
    assert [row["id_call"] for row in receipt.json()["items"]] == ["odd"]


async def test_a_call_is_told_in_order_with_its_outcomes(ask: Ask) -> None:
    call = (await ask("/api/v1/calls/answered-2")).json()
    assert call["number"] == "+46701740605"
    assert call["direction"] == "in"
    assert call["ended"] is True
    assert call["visits"][0]["queue_id"] == 111834
    assert call["visits"][0]["outcome"] == "answered"
    assert call["visits"][0]["wait"] == 30.0
    assert call["offers"][0]["agent_id"] == 924328
    assert call["offers"][0]["outcome"] == "answered"
    assert call["offers"][0]["ring"] == 30.0
    short = (await ask("/api/v1/calls/given-up-at-once")).json()
    assert short["visits"][0]["outcome"] == "short_abandoned"
    assert (await ask("/api/v1/calls/given-up")).json()["visits"][0]["outcome"] == "abandoned"
    waiting = (await ask("/api/v1/calls/waiting")).json()["visits"][0]
    assert waiting["outcome"] == "waiting"
    assert waiting["wait"] >= 5.0
    assert waiting["left_at"] is None


@pytest.mark.parametrize(
    "metric",
    [
        "offered",
        "answered",
        "answered_in_target",
        "abandoned",
        "abandoned_in_target",
        "short_abandoned",
        "overflowed",
        "voicemail",
        "callbacks",
    ],
)
@pytest.mark.parametrize("window", ["15m", "60m"])
async def test_every_number_is_the_length_of_its_receipt(ask: Ask, metric: str, window: str) -> None:
    number = of_support((await ask("/api/v1/live")).json())[window][metric]
    rows = (await ask(f"/api/v1/queues/111834/calls?metric={metric}&window={window}")).json()["items"]
    assert len(rows) == number
    assert [row["entered_at"] for row in rows] == sorted((row["entered_at"] for row in rows), reverse=True)


async def test_a_receipt_is_paged_to_its_end(ask: Ask) -> None:
    seen, address = [], "/api/v1/queues/111834/calls?window=60m&limit=2"
    while address:
        page = (await ask(address.replace("http://testserver", ""))).json()
        assert len(page["items"]) <= 2
        seen += [row["id_call"] for row in page["items"]]
        address = page["next"]
    assert seen == ["waiting", "given-up-at-once", "given-up", "answered-2", "answered-1"]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("metric=asa", "metric"),
        ("window=2h", "window"),
        ("limit=0", "limit"),
        ("limit=x", "limit"),
        ("before=7", "before"),
        ("metric=", "metric"),
    ],
)
async def test_a_wrong_parameter_is_named_with_what_is_allowed(ask: Ask, query: str, parameter: str) -> None:
    answer = await ask(f"/api/v1/queues/111834/calls?{query}")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["parameter"] == parameter
    assert problem["allowed"]
    assert problem["status"] == 400


@pytest.mark.parametrize(
    ("address", "method", "headers", "status"),
    [
        ("/api/v1/live", "GET", {"Authorization": ""}, 401),
        ("/api/v1/live", "GET", {"Authorization": "Bearer wrong"}, 401),
        ("/api/v1/live", "GET", {"Authorization": "Basic YTpi"}, 401),
        ("/api/v1/live", "POST", {}, 405),
        ("/api/v1/openapi.json", "DELETE", {}, 405),
        ("/api/v1/calls/nobody", "GET", {}, 404),
        ("/api/v1/queues/404/calls", "GET", {}, 404),
        ("/api/v1/nothing", "GET", {}, 404),
        ("/api/", "GET", {}, 404),
    ],
)
async def test_every_failure_is_a_problem_document(ask: Ask, address: str, method: str, headers: dict[str, str], status: int) -> None:
    answer = await ask(address, method, **headers)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert answer.json()["detail"]
    if status == 401:
        assert answer["WWW-Authenticate"].startswith("Bearer")
    if status == 405:
        assert "GET" in answer["Allow"]


async def test_a_screens_token_is_forbidden_here(ask: Ask) -> None:
    from channels.db import database_sync_to_async

    from stats.models import Organisation
    from wallboard.accounts.models import Screen

    organisation = await Organisation.objects.aget(slug="default")
    _row, screen = await database_sync_to_async(Screen.issue)(organisation, "team", "Hall")
    assert (await ask("/api/v1/live", Authorization=f"Bearer {screen}")).status_code == 403


async def test_a_token_that_asks_too_often_is_told_when_to_come_back(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (door.PER_SECOND, door.BURST) == (20.0, 25)
    # A slow machine might never ask too often by itself.
    monkeypatch.setattr(door, "PER_SECOND", 0.1)
    monkeypatch.setattr(door, "BURST", 3)
    statuses = [(answer := await ask("/api/v1/live")).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    assert answer["Content-Type"] == "application/problem+json"
    assert 1 <= int(answer["Retry-After"]) <= 10


async def test_a_store_that_is_away_is_503_and_never_500(ask: Ask, settings: Any) -> None:
    settings.REDIS_URL = "unix:///nonexistent/redis.sock"
    for address in ("/api/v1/live", "/api/v1/calls/answered-1", "/api/v1/queues/111834/calls"):
        answer = await ask(address)
        assert answer.status_code == 503
        assert answer["Content-Type"] == "application/problem+json"
    assert (await ask("/healthz")).status_code == 200
    ready = await ask("/readyz")
    assert ready.status_code == 503
    assert ready.json()["checks"]["redis"] != "ok"
    assert ready.json()["checks"]["database"] == "ok"
    assert b"wallboard_store_up 0.0" in (await ask("/metrics")).content


async def test_ready_says_what_is_missing(ask: Ask, worker: Worker) -> None:
    assert (await ask("/readyz")).json() == {"status": "ok", "checks": {"database": "ok", "redis": "ok", "worker": "ok"}}
    # Whoever sees a report come takes it for just written, so the old one is left to a reader who comes later.
    await live.close()
    await worker.report(at=now_ms() - 60_000)
    ready = await ask("/readyz")
    assert ready.status_code == 503
    assert ready.json()["checks"]["worker"].startswith("silent for")
    sources = (await ask("/api/v1/live")).json()["sources"]
    assert sources[0]["state"] == "stale"
    assert sources[0]["reason"] == "worker_silent"


async def test_quarantined_frames_are_counted_for_prometheus(ask: Ask, redis_server: str) -> None:
    store = Store(redis_server)
    await store.quarantine("default", "telavox", {"not_json": 1}, ["{}"])
    await store.close()
    text = (await ask("/metrics")).content.decode()
    assert 'wallboard_quarantined_total{reason="not_json",source="telavox"} 1.0' in text
    assert 'wallboard_source_state{source="telavox",state="live"} 1.0' in text
    assert 'wallboard_socket_open{feed="calls",source="telavox"} 1.0' in text


async def test_the_description_names_every_address(ask: Ask) -> None:
    from wallboard.api.urls import urlpatterns

    described = set((await ask("/api/v1/openapi.json", Authorization="")).json()["paths"])
    routes = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", f"/{route.pattern}") for route in urlpatterns if route.name}
    assert described == routes


async def test_the_answers_are_as_described(ask: Ask) -> None:
    schemas = (await ask("/api/v1/openapi.json")).json()["components"]["schemas"]
    faults: list[str] = []
    for name, address in (("Live", "live"), ("Call", "calls/answered-1"), ("Receipt", "queues/111834/calls")):
        check((await ask(f"/api/v1/{address}")).json(), {"$ref": f"#/components/schemas/{name}"}, schemas, name, faults)
    assert faults == []


async def test_the_examples_are_as_described(ask: Ask) -> None:
    """Somebody writes a program after them."""
    document = (await ask("/api/v1/openapi.json")).json()
    schemas, faults, seen = document["components"]["schemas"], [], 0
    for address, methods in document["paths"].items():
        for answer in methods["get"]["responses"].values():
            for content in answer.get("content", {}).values():
                if "example" in content:
                    check(content["example"], content["schema"], schemas, address, faults)
                    seen += 1
    assert (faults, seen > 3) == ([], True)


KINDS: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
    "null": type(None),
}


def check(value: Any, schema: dict[str, Any], schemas: dict[str, Any], where: str, faults: list[str]) -> None:
    """What of a value is not as its schema says, undescribed members included."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[1]]
    if "oneOf" in schema:
        schema = schema["oneOf"][0] if value is not None else schema["oneOf"][1]
    kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    if not any(isinstance(value, KINDS[kind]) and not (isinstance(value, bool) and kind != "boolean") for kind in kinds):
        faults.append(f"{where} is {value!r}, not {kinds}")
    if "enum" in schema and value not in schema["enum"]:
        faults.append(f"{where} is {value!r}, not one of {schema['enum']}")
    if isinstance(value, dict):
        faults.extend(f"{where}.{name} is missing" for name in schema.get("required", ()) if name not in value)
        for name, member in value.items():
            inner = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            if inner is None:
                faults.append(f"{where}.{name} is not described")
            else:
                check(member, inner, schemas, f"{where}.{name}", faults)
    if isinstance(value, list):
        for member in value:
            check(member, schema["items"], schemas, f"{where}[]", faults)


async def test_the_days_numbers_follow_the_organisations_day(ask: Ask) -> None:
    document = (await ask("/api/v1/live")).json()
    local = datetime.fromtimestamp(document["as_of"] / 1000, UTC).astimezone(ZoneInfo(ZONE))
    assert document["day"] == local.date().isoformat()
