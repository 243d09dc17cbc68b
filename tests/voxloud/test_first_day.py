"""The whole product on the day a source of Voxloud was added, and after a pause: what nobody heard is null, and the pages say so."""

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from stats.clock import now_ms
from tests.acceptance.product import eventually, queue
from tests.voxloud.telling import event, key_of, record
from tests.voxloud.whole import WITHIN_S, PostedTo, ready

RINGS = ("offers", "missed", "withdrawn", "answer_rate", "ring_time")
AGENT = "s:vl:101"


@pytest.fixture(scope="module")
def late() -> Iterator[PostedTo]:
    """It was added when two had called already: one was answered, one gave up, and nobody knows whose telephones rang in vain."""
    at = now_ms() - 30 * 60_000
    answered = record(at, 64, 4, "CALL_TERMINATED", callId="early-1", answererName="Anna Ek", answererNumber="101")
    gave_up = record(at + 60_000, 41, 41, "CALL_CANCELED_BY_ORIGINATOR", callId="early-2", id=8396)
    for product in ready(answered, gave_up):
        product.called_at = at
        yield product


@pytest.fixture(scope="module")
def early() -> Iterator[PostedTo]:
    """It was added before anybody called."""
    yield from ready()


def rings(product: PostedTo, key: str = AGENT) -> dict[str, Any]:
    """Nothing while nobody knows the agent."""
    today = next((row["today"] for row in product.live()["agents"] if row["key"] == key), {})
    return {name: today[name] for name in RINGS if name in today}


def offered(product: PostedTo) -> int:
    return int(queue(product.live(), key_of("Support"))["today"]["offered"])


def answered(product: PostedTo) -> object:
    return next((row["today"]["answered"] for row in product.live()["agents"] if row["key"] == AGENT), None)


def miss(product: PostedTo, id_call: str, ext: int = 101) -> None:
    """A telephone rings for nine seconds, and another one after it, until the caller gives up."""
    began = now_ms() - 16_000
    product.tell(event("INCOMING", began, ext, call=id_call))
    product.tell(event("HANGUP", began + 9_000, ext, call=id_call))
    product.tell(event("INCOMING", began + 9_000, ext + 1, call=id_call))
    product.tell(event("HANGUP", began + 15_000, ext + 1, call=id_call))
    product.tell(record(began, 15, 15, "CALL_CANCELED_BY_ORIGINATOR", callId=id_call))


def lets_go(product: PostedTo) -> bool:
    """Whether the door has heard of the pause: what is posted does not lie in the inbox."""
    with product.redis() as store:
        before = store.xlen("wb:{default}:inbox:vl")
        product.deed("fax")
        time.sleep(0.7)
        return int(store.xlen("wb:{default}:inbox:vl")) == before


def test_of_calls_before_it_was_added_only_what_history_tells_is_a_number(late: PostedTo) -> None:
    """Who answered is known, and every queue's number; whose telephone rang in vain is not, live and in the report alike."""
    eventually(lambda: answered(late) == 1, WITHIN_S, late.said)
    assert rings(late) == dict.fromkeys(RINGS)
    shown = queue(late.live(), key_of("Support"))["today"]
    assert (shown["offered"], shown["answered"], shown["abandoned"]) == (2, 1, 1)
    (source,) = late.live()["sources"]
    assert source["heard_from"] <= now_ms()
    assert source["lacks"]["agent_past"] == list(RINGS)
    miss(late, "heard-1")
    eventually(lambda: offered(late) == 3, WITHIN_S, late.said)
    assert rings(late) == dict.fromkeys(RINGS), "one of the day's misses is not the day's misses"


def test_the_report_of_the_first_day_says_the_same_and_names_the_time(late: PostedTo) -> None:
    def told() -> bool:
        answer = late.json("/api/v1/reports/agents")
        rows = [row for row in answer["rows"] if row["agent_key"] == AGENT]
        return len(rows) == 1 and rows[0]["answered"] == 1 and [rows[0][name] for name in RINGS] == [None] * len(RINGS)

    eventually(told, WITHIN_S, late.said)
    (stretch,) = late.json("/api/v1/reports/agents")["unheard"]
    assert stretch["source"] == "vl"
    assert stretch["from"] < late.called_at + 60_000 < stretch["to"] < late.live()["sources"][0]["heard_from"]
    (row,) = late.json("/api/v1/reports/queues")["rows"]
    assert row["offered"] == offered(late) >= 2, "queues are told whole"


def test_who_listens_before_the_first_call_knows_every_number(early: PostedTo) -> None:
    miss(early, "m-1")
    eventually(lambda: rings(early).get("missed") == 1, WITHIN_S, early.said)
    assert rings(early) == {"offers": 1, "missed": 1, "withdrawn": 0, "answer_rate": 0.0, "ring_time": 9.0}

    def reported() -> list[int]:
        return [row["missed"] for row in early.json("/api/v1/reports/agents")["rows"] if row["agent_key"] == AGENT]

    eventually(lambda: reported() == [1], WITHIN_S, early.said)
    assert early.json("/api/v1/reports/agents")["unheard"] == []


def test_a_store_that_was_emptied_is_told_again_what_the_worker_remembers(early: PostedTo) -> None:
    """Rings and all: nothing went unheard."""
    before = rings(early).get("missed", 0)
    miss(early, "m-2")
    eventually(lambda: rings(early).get("missed") == before + 1, WITHIN_S, early.said)
    epoch = early.live()["epoch"]
    with early.redis() as store:
        store.flushall()
    eventually(lambda: early.live()["epoch"] != epoch, 40, early.said)
    eventually(lambda: rings(early).get("missed") == before + 1, 40, early.said)
    early.until("live", 40)
    assert rings(early)["offers"] == before + 1


def test_a_pause_without_a_call_costs_nothing_and_one_with_a_call_the_days_rings(early: PostedTo) -> None:
    """What is posted to a paused source is not kept."""
    before = rings(early).get("missed", 0)
    miss(early, "m-3")
    eventually(lambda: rings(early).get("missed") == before + 1, WITHIN_S, early.said)
    came = offered(early)
    early.pause(True)
    early.until("paused", 20)
    early.pause(False)
    early.until("live", 30)
    assert rings(early)["missed"] == before + 1
    early.pause(True)
    early.until("paused", 20)
    eventually(lambda: lets_go(early), 30, early.said)
    began = now_ms()
    early.tell(event("INCOMING", began, 101, call="unheard-1"))
    early.tell(event("HANGUP", began + 200, 101, call="unheard-1"))
    early.keep(record(began, 0.4, 0.4, "CALL_CANCELED_BY_ORIGINATOR", callId="unheard-1"))
    time.sleep(1.0)
    early.pause(False)
    early.until("live", 30)
    eventually(lambda: offered(early) == came + 1, WITHIN_S, early.said)
    eventually(lambda: rings(early) == dict.fromkeys(RINGS), WITHIN_S, early.said)
    assert answered(early) == 0
    eventually(lambda: len(early.json("/api/v1/reports/agents")["unheard"]) == 1, WITHIN_S, early.said)
    (stretch,) = early.json("/api/v1/reports/agents")["unheard"]
    assert stretch["from"] <= began <= stretch["to"]


def test_a_worker_that_died_has_missed_nothing_that_was_posted(early: PostedTo) -> None:
    """And remembers what went unheard before, if anything did."""
    miss(early, "m-4", ext=105)
    eventually(lambda: "missed" in rings(early, "s:vl:105"), WITHIN_S, early.said)
    since, came, told = early.live()["sources"][0]["heard_from"], offered(early), rings(early, "s:vl:105")
    early.kill("ingest")
    miss(early, "m-5", ext=102)
    eventually(lambda: offered(early) == came + 1, 40, early.said)
    early.until("live", 40)
    assert early.live()["sources"][0]["heard_from"] == since
    assert rings(early, "s:vl:105") == told
    assert not re.search(r"Traceback", early.said())
