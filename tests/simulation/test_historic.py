"""The historic layer: windows, pages, filters and errors as the vendor's document has them."""

from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from stats.providers.telavox.simulator import DEFAULT_TOKEN, TelavoxSimulator

START = 1_779_100_000_000
HOUR = 3_600_000


def iso(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat()


def call(number: int, **fields: object) -> dict[str, Any]:
    at = START + number * 1_000
    return {"id_call": f"c-{number}", "active": 0, "answered": 1, "time": {"start": at + 234, "end": at + 900}, **fields}


@pytest.fixture
async def simulator():
    async with TelavoxSimulator(start=False) as running:
        yield running


@pytest.fixture
async def ask(simulator):
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {DEFAULT_TOKEN}"}) as client:

        async def question(query: str, **variables: object) -> tuple[int, Any]:
            async with client.post(simulator.historic_url, json={"query": query, "variables": variables}) as response:
                plain = response.content_type == "text/plain"
                return response.status, await (response.text() if plain else response.json())

        yield question


WINDOW = "filter: {startDate: $s, endDate: $e%s}"
CALLS = (
    "query($s: DateTime, $e: DateTime, $first: Int!, $after: String) { calls(" + WINDOW % "" + ", first: $first, after: $after)"
    " { data { idCall time { start } } totalCount cursor hasNextPage } }"
)


async def test_pages_follow_each_other_without_gap_or_overlap(simulator, ask):
    for number in (5, 3, 0, 6, 1, 4, 2):
        await simulator.send("calls", call(number))
    seen, after, pages = [], None, 0
    while True:
        status, body = await ask(CALLS, s=iso(START), e=iso(START + HOUR), first=3, after=after)
        assert status == 200
        page = body["data"]["calls"]
        assert page["totalCount"] == 7
        seen += [row["idCall"] for row in page["data"]]
        pages += 1
        after = page["cursor"]
        if not page["hasNextPage"]:
            break
    assert (pages, seen) == (3, [f"c-{number}" for number in range(7)])


async def test_a_window_is_half_open_on_the_start(simulator, ask):
    for number in range(3):
        await simulator.send("calls", call(number))
    _, body = await ask(CALLS, s=iso(START + 234), e=iso(START + 2_234), first=10)
    assert [row["idCall"] for row in body["data"]["calls"]["data"]] == ["c-0", "c-1"]


async def test_a_document_told_twice_is_one_row_with_the_newest_telling(simulator, ask):
    await simulator.send("calls", call(1, active=1))
    await simulator.send("calls", call(1, active=0, transfers=2))
    _, body = await ask(
        "query($s: DateTime, $e: DateTime) { calls(" + WINDOW % "" + ", first: 9) { data { active transfers } } }",
        s=iso(START),
        e=iso(START + HOUR),
    )
    assert body["data"]["calls"]["data"] == [{"active": 0, "transfers": 2}]


async def test_filters_are_added_up_and_leave_total_count_alone(simulator, ask):
    for number, (queue, agent) in enumerate([(1, 7), (1, 8), (2, 7)]):
        document = call(
            number, queue={"id": queue, "account_id": 100 + queue, "name": f"Kö {queue}"}, agent={"id": agent, "name": f"A {agent}"}
        )
        await simulator.send("agents", document)
    for extra, expected in (
        (", queueId: 1", 2),
        (", queueAccountId: 102", 1),
        (', queueName: "Kö 1", agentId: 7', 1),
        (', agentName: "A 9"', 0),
        (', callId: "c-1"', 1),
        (', callId: "c-1", agentId: 7', 0),
    ):
        query = "query($s: DateTime, $e: DateTime) { agents(" + WINDOW % extra + ", first: 9) { data { idCall } totalCount hasNextPage } }"
        _, body = await ask(query, s=iso(START), e=iso(START + HOUR))
        answer = body["data"]["agents"]
        assert (len(answer["data"]), answer["totalCount"], answer["hasNextPage"]) == (expected, 3, False), extra


@pytest.mark.parametrize("given", ["", "filter: {startDate: $s}, ", "filter: {endDate: $s}, ", "filter: {queueId: 1}, "])
async def test_without_both_dates_the_line_is_too_long(simulator, ask, given):
    query = ("query($s: DateTime) { " if "$s" in given else "{ ") + "calls(" + given + "first: 1) { totalCount } }"
    status, body = await ask(query, s=iso(START))
    assert status == 200
    assert "too_long_http_line_exception" in body["errors"][0]["message"]
    simulator.switches.set("too_long_status", 414)
    status, body = await ask(query, s=iso(START))
    assert (status, body) == (414, "too_long_http_line_exception")


@pytest.mark.parametrize(
    "query",
    [
        "{ calls(filter: {startDate: 1, endDate: 2}, first: 1) { data { id_call } } }",
        "{ calls(filter: {startDate: 1, endDate: 2}) { totalCount } }",
        "{ agentHistory(filter: {startDate: 1, endDate: 2}, first: 1) { totalCount } }",
        '{ calls(filter: {startDate: "yesterday", endDate: 2}, first: 1) { totalCount } }',
        '{ calls(filter: {startDate: 1, endDate: 2}, first: 1, after: "made up") { totalCount } }',
        "{ calls(",
    ],
)
async def test_a_question_it_cannot_answer_is_200_with_errors(ask, query):
    status, body = await ask(query)
    assert status == 200
    assert body["errors"][0]["message"]
    assert body["data"] is None


async def test_a_bad_token_is_401(simulator):
    wrong = {"Authorization": "Bearer wrong"}
    query = {"query": "{ __typename }"}
    async with aiohttp.ClientSession(headers=wrong) as client, client.post(simulator.historic_url, json=query) as response:
        assert response.status == 401


async def test_the_next_answers_can_be_made_to_fail(simulator, ask):
    simulator.fail_next(503, 2)
    assert [(await ask("{ __typename }"))[0] for _ in range(3)] == [503, 503, 200]


async def test_introspection_names_the_records(ask):
    _, body = await ask('{ __type(name: "CallOverviewRecord") { fields { name } } __schema { queryType { fields { name } } } }')
    assert "terminatedCallReason" in {field["name"] for field in body["data"]["__type"]["fields"]}
    assert [field["name"] for field in body["data"]["__schema"]["queryType"]["fields"]] == ["calls", "queues", "agents", "profile_history"]


async def test_the_fourth_root_may_be_called_agent_history(simulator, ask):
    simulator.switches.set("history_root", "agentHistory")
    await simulator.send("profile_history", {"agent": {"id": 1}, "slot": {"start_date": START, "end_date": START + HOUR}})
    query = "{ %s(filter: {startDate: %d, endDate: %d}, first: 1) { data { slot { startDate } } } }"
    assert (await ask(query % ("profile_history", START, START + 1)))[1]["data"] is None
    assert (await ask(query % ("agentHistory", START, START + 1)))[1]["data"] == {
        "agentHistory": {"data": [{"slot": {"startDate": float(START)}}]}
    }


async def test_a_lost_field_breaks_the_question_that_asks_for_it(simulator, ask):
    simulator.switches.set("absent_fields", "CallOverviewRecord.menuDigit")
    window = "(filter: {startDate: 1, endDate: 2}, first: 1)"
    assert "menuDigit" in (await ask(f"{{ calls{window} {{ data {{ idCall menuDigit {{ type }} }} }} }}"))[1]["errors"][0]["message"]
    assert "errors" not in (await ask(f"{{ calls{window} {{ data {{ idCall }} }} }}"))[1]


async def test_what_was_told_becomes_visible_after_the_lag(ask, simulator):
    now = [START + HOUR]
    simulator._teller._now = simulator.counter._historic._now = lambda: now[0]
    simulator.switches.set("lag_s", 60)
    query = "query($s: DateTime, $e: DateTime) { calls(" + WINDOW % "" + ", first: 9) { data { active } totalCount } }"

    async def known() -> object:
        return (await ask(query, s=iso(START), e=iso(START + HOUR)))[1]["data"]["calls"]

    await simulator.send("calls", call(1, active=1))
    assert await known() == {"data": [], "totalCount": 0}
    now[0] += 60_000
    assert await known() == {"data": [{"active": 1}], "totalCount": 1}
    await simulator.send("calls", call(1, active=0))
    now[0] += 59_999
    assert await known() == {"data": [{"active": 1}], "totalCount": 1}
    now[0] += 1
    assert await known() == {"data": [{"active": 0}], "totalCount": 1}


@pytest.mark.parametrize(
    ("form", "rounded", "expected"),
    [
        ("iso", False, "2026-05-18T10:26:41.234Z"),
        ("iso", True, "2026-05-18T10:26:41Z"),
        ("number", False, 1_779_100_001_234),
        ("string", True, "1779100001000"),
    ],
)
async def test_instants_come_out_as_the_switches_say(simulator, ask, form, rounded, expected):
    simulator.switches.update({"instants": form, "round_to_seconds": rounded})
    await simulator.send("calls", call(1))
    _, body = await ask(CALLS, s=iso(START), e=iso(START + HOUR), first=1)
    assert body["data"]["calls"]["data"][0]["time"]["start"] == expected


async def test_a_plain_question_is_answered_exactly_as_the_engine_would():
    """The short cut for plain selections must not be another dialect: the same fields through a fragment go the long way."""
    fields = (
        "idCall active duration { total ring { first last } } agentFirst { id answered licence { type } }"
        " queueList saveKeyInput { input } ivrList timestamp"
    )
    async with TelavoxSimulator(seed=2, agents=10, history_ms=2 * HOUR) as simulator:
        variables = {"s": simulator.now() - HOUR, "e": simulator.now()}
        ask = simulator.counter._historic.answer
        head = "query($s: DateTime, $e: DateTime) { mine: calls(" + WINDOW % "" + ", first: 80) { totalCount rows: data { "
        short = ask(head + fields + " } hasNextPage } }", variables, None)
        long = ask(head + "...F } hasNextPage } } fragment F on CallOverviewRecord { " + fields + " }", variables, None)
    assert short.errors is long.errors is None
    assert len(short.data["mine"]["rows"]) > 20
    assert short.data == long.data


async def test_the_floors_past_and_its_frames_are_one_story():
    """Every ended call of the past is a row; the rows of its visits and offers carry its id."""
    async with TelavoxSimulator(seed=2, agents=10, history_ms=3 * HOUR) as simulator:
        calls, queues, agents = (simulator.rows(root) for root in ("calls", "queues", "agents"))
    assert len(calls) > 100
    for row in calls:
        if not row["active"]:
            mine = [visit for visit in queues if visit["id_call"] == row["id_call"]]
            assert [visit["queue"]["name"] for visit in mine][:1] == row.get("queue_list", [])[:1]
            assert sum(offer["answered"] for offer in agents if offer["id_call"] == row["id_call"]) == row["offered_and_answered"]
