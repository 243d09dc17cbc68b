"""The past, asked of a fake: what every question holds, what every answer means, and what a changed schema costs."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from graphql import build_schema, graphql_sync, parse

from stats.domain.errors import ProviderError, Refused, Retry
from stats.domain.records import Call, PresenceSlot
from stats.providers.telavox.provider import TelavoxProvider, iso
from stats.providers.telavox.selection import KINDS, Selection
from tests.telavox.studio import FakeStudio

Dial = Callable[..., TelavoxProvider]

START, END = 1_779_062_400_000, 1_779_148_800_000
NOW = 1_779_100_030_000

SCHEMA = """
scalar DateTime
input OverviewFilter { startDate: DateTime endDate: DateTime callId: String }
type Query {
  calls(filter: OverviewFilter, first: Int!, after: String): CallOverviewConnection!
  queues(filter: OverviewFilter, first: Int!, after: String): QueueOverviewConnection!
  agents(filter: OverviewFilter, first: Int!, after: String): AgentOverviewConnection!
  profile_history(filter: OverviewFilter, first: Int!, after: String): ProfileHistoryOverviewConnection!
}
type CallOverviewConnection { data: [CallOverviewRecord!]! totalCount: Int cursor: String hasNextPage: Boolean }
type QueueOverviewConnection { data: [QueueOverviewRecord!]! totalCount: Int cursor: String hasNextPage: Boolean }
type AgentOverviewConnection { data: [AgentOverviewRecord!]! totalCount: Int cursor: String hasNextPage: Boolean }
type ProfileHistoryOverviewConnection { data: [ProfileHistoryOverviewRecord!]! totalCount: Int cursor: String hasNextPage: Boolean }
type Agent { id: Int accountId: Int name: String answered: DateTime }
type Queue { id: Int accountId: Int name: String strategy: String timestart: DateTime failReason: String }
type Ivr { id: Int accountId: Int name: String timestamp: DateTime }
type Times { start: DateTime end: DateTime }
type OfferTimes { start: DateTime end: DateTime answered: DateTime }
type Spread { first: Int last: Int total: Int }
type Redirected { total: Int }
type OnHooked { noWaitRequest: Int answerWaitRequest: Int customerNoAnswer: Int }
type Target { number: String }
type CallDurations { ring: Spread queue: Spread talk: Spread total: Int onHold: Int wait: Int }
type QueueDurations { total: Int queue: Int ring: Spread talk: Int hold: Int wait: Int }
type AgentDurations { total: Int ring: Int talk: Int hold: Int }
type CallOverviewRecord {
  idCall: String customerTarget: Target callDirection: String onHookedCalls: OnHooked duration: CallDurations answered: Int active: Int
  agentFirst: Agent agentLast: Agent queueFirst: Queue queueLast: Queue ivrFirst: Ivr ivrLast: Ivr time: Times transfers: Int
  redirected: Redirected recorded: Int terminatedCallReason: String internal: Int
}
type QueueOverviewRecord {
  idCall: String callDirection: String active: Int answered: Int agentFirst: Agent agentLast: Agent ivr: Ivr queue: Queue
  customerTarget: Target onHookedCalls: Int transfer: Int recorded: Int time: Times duration: QueueDurations voicemail: Int internal: Int
}
type AgentOverviewRecord {
  idCall: String callDirection: String active: Int answered: Int agent: Agent ivr: Ivr queue: Queue customerTarget: Target transfer: Int
  recorded: Int time: OfferTimes duration: AgentDurations simultaneousDeviceCalls: Int agentEndReason: String voicemail: Int internal: Int
}
type Slot { startDate: Float endDate: Float timeRange: Int busy: Int }
type Profile { id: Int name: String usage: Int busy: Int available: Boolean isWrapup: Boolean timesInProfile: Int }
type Talk { talk: Int }
type Summary { totalCalls: Int totalAnswered: Int duration: Talk }
type ProfileHistoryOverviewRecord { agent: Agent slot: Slot profileAvailable: Profile callSummary: Summary }
"""

ROWS: dict[str, list[dict[str, Any]]] = {
    "calls": [
        {
            "idCall": f"c{n}",
            "active": 0,
            "answered": 1,
            "callDirection": "incoming",
            "time": {"start": "2026-05-18T09:00:00.250Z", "end": "2026-05-18T09:02:50Z"},
            "agentFirst": {"id": 7, "name": "Anna Ek", "answered": 1779094850000.0},
            "customerTarget": {"number": "0701740605"},
            "duration": {"total": 169_750, "talk": {"total": 120_000}, "onHold": 10},
            "transfers": 1,
        }
        for n in range(5)
    ],
    "queues": [
        {
            "idCall": "c1",
            "answered": 0,
            "active": 0,
            "queue": {"id": n, "name": "Support", "timestart": 1779094801000, "failReason": "TIMEOUT"},
            "time": {"start": "1779094800250", "end": 1779094841},
        }
        for n in (111834, 111835)
    ],
    "agents": [
        {"idCall": "c1", "answered": 1, "active": 0, "agent": {"id": 7, "answered": 1779094850000}, "time": {"start": 1779094840000}},
    ],
    "profile_history": [
        {
            "agent": {"id": 7},
            "slot": {"startDate": 1779094800000.0, "endDate": 1779098400000.0, "timeRange": 3600},
            "profileAvailable": {"usage": 1800, "available": False},
        },
    ],
}


def vendor(schema_text: str = SCHEMA, rows: dict[str, list[dict[str, Any]]] = ROWS) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A GraphQL server over rows: pages by an opaque cursor, a filter by call, and `totalCount` of the window alone."""
    schema = build_schema(schema_text)

    def resolve(kind: str) -> Callable[..., dict[str, Any]]:
        def page(_info: Any, first: int, filter: dict[str, Any], after: str | None = None) -> dict[str, Any]:
            assert filter["startDate"]
            assert filter["endDate"]
            wanted = [row for row in rows[kind] if filter.get("callId") in (None, row.get("idCall"))]
            at = int(after or 0)
            return {
                "data": wanted[at : at + first],
                "totalCount": len(rows[kind]),
                "cursor": str(at + first),
                "hasNextPage": at + first < len(wanted),
            }

        return page

    roots = {kind: resolve(kind) for kind in KINDS} | {"agentHistory": resolve("profile_history")}

    def answer(asked: dict[str, Any]) -> dict[str, Any]:
        told = graphql_sync(schema, asked["query"], roots, variable_values=asked.get("variables"))
        return dict(told.formatted)

    return answer


async def ask(provider: TelavoxProvider, kind: str = "calls", first: int = 100, after: str | None = None) -> Any:
    return await provider.page(kind, start_ms=START, end_ms=END, first=first, after=after, received_at=NOW)


async def failure(provider: TelavoxProvider, kind: str = "calls") -> ProviderError:
    with pytest.raises(ProviderError) as error:
        await ask(provider, kind)
    return error.value


@pytest.mark.fault("B2")
@pytest.mark.acceptance("TX-10")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("of_one_call", [False, True])
def test_TX_10_every_question_requires_its_window_and_its_page_size(kind: str, of_one_call: bool) -> None:
    """A missing filter is impossible by construction."""
    selection = Selection(kind)
    text = selection.of_one_call() if of_one_call else selection.text
    parse(text)
    head = text[: text.index("data {")]
    for variable in ("$startDate: DateTime!", "$endDate: DateTime!", "$first: Int!", "$after: String"):
        assert variable in head
    assert re.search(r"startDate: \$startDate, endDate: \$endDate", head)
    assert "first: $first" in head
    assert "after: $after" in head
    assert ("callId: $callId" in head and "$callId: String!" in head) is of_one_call


@pytest.mark.acceptance("TX-10")
async def test_TX_10_the_window_is_sent_in_utc_with_milliseconds(studio: FakeStudio, dial: Dial) -> None:
    """And the page size as it was given."""
    studio.answer = vendor()
    await ask(dial(), first=3)
    assert studio.asked[0]["variables"] == {"startDate": "2026-05-18T00:00:00.000Z", "endDate": "2026-05-19T00:00:00.000Z", "first": 3}
    assert iso(1_779_099_997_234) == "2026-05-18T10:26:37.234Z"


@pytest.mark.fault("B2")
@pytest.mark.acceptance("TX-10")
@pytest.mark.parametrize(
    "answer",
    [
        {"errors": [{"message": "java.io.too_long_http_line_exception: x"}]},
        {"data": None, "errors": [{"message": "too_long_http_line_exception"}]},
        web.Response(status=400, text="too_long_http_line_exception"),
        web.Response(status=414, text='{"error": "too_long_http_line_exception"}'),
        web.Response(status=200, text="too_long_http_line_exception"),
        web.Response(status=500, text="too_long_http_line_exception"),
    ],
)
async def test_TX_10_a_missing_filter_is_our_own_fault_in_whatever_form_it_is_told(studio: FakeStudio, dial: Dial, answer: Any) -> None:
    """Asked once, refused, never again."""
    studio.answer = lambda asked: answer
    error = await failure(dial())
    assert isinstance(error, Refused)
    assert (error.kind, error.reason) == ("config", "too_long_http_line_exception")
    assert len(studio.asked) == 1


@pytest.mark.acceptance("TX-09")
async def test_TX_09_pages_follow_the_cursor_until_there_are_no_more(studio: FakeStudio, dial: Dial) -> None:
    """Three pages of two, two and one; the total is the window's."""
    studio.answer = vendor()
    provider = dial()
    cursor: str | None = None
    seen: list[str] = []
    for expected in (2, 2, 1):
        page = await ask(provider, first=2, after=cursor)
        assert (page.rows, page.total, page.partial, page.malformed) == (expected, 5, False, [])
        cursor = page.cursor
        seen += page.keys
        assert page.more is (len(seen) < 5)
    assert seen == ["c0", "c1", "c2", "c3", "c4"]


async def test_rows_of_each_kind_are_told_as_live_documents_are(studio: FakeStudio, dial: Dial) -> None:
    """Dates as ISO, as numbers, as text, in seconds; one identity per row."""
    studio.answer = vendor()
    provider = dial()
    (call, *_) = (await ask(provider, "calls")).tellings
    assert isinstance(call, Call)
    assert call.journey is not None
    assert (call.journey.started_at, call.journey.first_answered_at, call.journey.number) == (1779094800250, 1779094850000, "+46701740605")
    assert (call.journey.talk_ms, call.journey.hold_ms, call.journey.transfers, call.journey.asof) == (120_000, 10, 1, NOW)
    queues = await ask(provider, "queues")
    assert queues.keys == ["c1|111834|1779094801000", "c1|111835|1779094801000"]
    visit = queues.tellings[0].visits[0]
    assert (visit.entered_at, visit.started_at, visit.ended_at, visit.fail_reason) == (
        1779094801000,
        1779094800250,
        1779094841000,
        "TIMEOUT",
    )
    agents = await ask(provider, "agents")
    assert agents.keys == ["c1|7|1779094840000"]
    assert agents.tellings[0].offers[0].answered_at == 1779094850000
    (slot,) = (await ask(provider, "profile_history")).tellings
    assert isinstance(slot, PresenceSlot)
    assert (slot.start, slot.unit, slot.profiles[0].usage_ms, slot.profiles[0].available) == (1779094800000, "s", 1_800_000, False)


@pytest.mark.fault("B7")
async def test_a_row_that_cannot_be_read_is_counted_and_the_rest_told(studio: FakeStudio, dial: Dial) -> None:
    """It still has an identity, for the completeness check."""
    studio.answer = lambda asked: {
        "data": {"calls": {"data": [{"idCall": "c1"}, {"idCall": None}, None, {"idCall": "c2", "duration": 5.5}], "totalCount": 4}}
    }
    page = await ask(dial())
    assert [telling.id_call for telling in page.tellings] == ["c1", "c2"]
    assert [each.reason for each in page.malformed] == ["no_id", "not_object", "wrong_type"]
    assert (page.rows, page.total, len(set(page.keys))) == (4, 4, 4)


@pytest.mark.acceptance("TX-11")
async def test_TX_11_two_hundred_with_errors_and_no_rows_is_an_error(studio: FakeStudio, dial: Dial) -> None:
    """Never an empty day."""
    for answer in (
        {"errors": [{"message": "database is away"}]},
        {"data": {"calls": None}, "errors": [{"message": "database is away"}]},
        {"data": {}},
        {"data": {"calls": {"totalCount": 3}}},
    ):
        studio.answer = lambda asked, answer=answer: answer
        assert isinstance(await failure(dial()), Retry)


@pytest.mark.fault("B1")
@pytest.mark.acceptance("TX-11")
async def test_TX_11_rows_beside_errors_are_kept_and_the_page_is_partial(studio: FakeStudio, dial: Dial) -> None:
    """Apply, but prove nothing by it."""
    page = {"data": [{"idCall": "c1"}, None], "totalCount": 2, "cursor": "2", "hasNextPage": False}
    studio.answer = lambda asked: {"data": {"calls": page}, "errors": [{"message": "row 2", "path": ["calls", "data", 1]}]}
    told = await ask(dial())
    assert told.partial is True
    assert [telling.id_call for telling in told.tellings] == ["c1"]


@pytest.mark.acceptance("TX-11")
@pytest.mark.parametrize("status", [401, 403])
async def test_TX_11_a_401_on_graphql_is_the_same_auth_refusal_as_on_a_socket(studio: FakeStudio, dial: Dial, status: int) -> None:
    """One token, one state."""
    studio.answer = lambda asked: web.Response(status=status)
    error = await failure(dial())
    assert isinstance(error, Refused)
    assert error.kind == "auth"
    assert isinstance(await failure(dial("wrong")), Refused)


@pytest.mark.acceptance("TX-11")
async def test_TX_11_two_hundred_that_says_unauthenticated_is_an_auth_refusal(studio: FakeStudio, dial: Dial) -> None:
    """How many GraphQL servers spell 401."""
    studio.answer = lambda asked: {"data": None, "errors": [{"message": "no", "extensions": {"code": "UNAUTHENTICATED"}}]}
    error = await failure(dial())
    assert isinstance(error, Refused)
    assert error.kind == "auth"


@pytest.mark.fault("B5")
@pytest.mark.parametrize(
    ("answer", "after_s"),
    [
        (web.Response(status=429, headers={"Retry-After": "3"}), 3.0),
        (web.Response(status=503), None),
        (web.Response(status=502, text="<html>"), None),
        (web.Response(status=500, text="oops"), None),
        (web.Response(status=200, text="<html>"), None),
        (web.Response(status=200, text='{"data": 5}'), None),
        (web.Response(status=302, headers={"Location": "/elsewhere"}), None),
    ],
)
async def test_any_other_failure_is_passing(studio: FakeStudio, dial: Dial, answer: web.Response, after_s: float | None) -> None:
    """Asked once: when to ask again is the road's business; a redirect is not followed."""
    studio.answer = lambda asked: answer
    error = await failure(dial())
    assert isinstance(error, Retry)
    assert error.after_s == after_s
    assert len(studio.asked) == 1
    assert studio.handshakes == []


async def test_nobody_answering_is_passing(studio: FakeStudio, dial: Dial) -> None:
    """Connection refused."""
    provider = dial()
    await studio.stop()
    assert isinstance(await failure(provider), Retry)


@pytest.mark.fault("B3")
@pytest.mark.parametrize(
    "pages",
    [
        [{"data": [], "cursor": "1", "hasNextPage": True}],
        [{"data": [{"idCall": "c1"}], "cursor": None, "hasNextPage": True}],
        [{"data": [{"idCall": "c1"}], "cursor": "1", "hasNextPage": True}] * 2,
        [{"data": [{"idCall": "c1"}], "cursor": cursor, "hasNextPage": True} for cursor in ("1", "2", "1")],
    ],
)
async def test_pages_that_would_never_end_stop_here_and_prove_nothing(studio: FakeStudio, dial: Dial, pages: list[dict[str, Any]]) -> None:
    """An empty page with more to come, no cursor, the same cursor again, a ring of cursors."""
    answers = iter(pages)
    studio.answer = lambda asked: {"data": {"calls": next(answers)}}
    provider = dial()
    cursor: str | None = None
    for _ in pages[1:]:
        cursor = (await ask(provider, after=cursor)).cursor
    page = await ask(provider, after=cursor)
    assert page.rows == len(pages[-1]["data"])
    assert not page.more
    assert page.partial


async def test_a_pass_begun_again_may_see_the_same_cursors_again(studio: FakeStudio, dial: Dial) -> None:
    """And a page asked again after a fault is no loop."""
    studio.answer = vendor()
    provider = dial()
    for _ in range(2):
        first = await ask(provider, first=2)
        for _ in range(2):
            second = await ask(provider, first=2, after=first.cursor)
        assert (await ask(provider, first=2, after=second.cursor)).more is False


@pytest.mark.acceptance("TX-23")
@pytest.mark.parametrize("places", [True, False])
async def test_TX_23_a_field_the_schema_has_lost_is_left_out_of_its_own_question_alone(
    studio: FakeStudio, dial: Dial, places: bool
) -> None:
    """Asked again at once, remembered, flagged; found by its place in our text where the vendor tells it."""
    lost = (
        SCHEMA.replace("transfers: Int", "")
        .replace("redirected: Redirected", "")
        .replace("AgentDurations { total: Int", "AgentDurations {")
    )
    real = vendor(lost)

    def answer(asked: dict[str, Any]) -> dict[str, Any]:
        told = real(asked)
        for error in told.get("errors", ()) if not places else ():
            del error["locations"]
        return told

    studio.answer = answer
    provider = dial()
    page = await ask(provider)
    assert page.rows == 5
    assert page.partial is False
    assert page.tellings[0].journey.transfers is None
    assert page.tellings[0].journey.total_ms == 169_750
    assert len(studio.asked) == 2
    await ask(provider)
    assert len(studio.asked) == 3
    assert (await ask(provider, "queues")).rows == 2
    assert len(studio.asked) == 4
    assert provider.drift == {"calls.data.transfers", "calls.data.redirected"}
    if places:
        assert (await ask(provider, "agents")).rows == 1
        assert provider.drift == {"calls.data.transfers", "calls.data.redirected", "agents.data.duration.total"}
    assert dial().drift == provider.drift, "another provider of the same endpoint need not learn it again"


@pytest.mark.acceptance("TX-23")
async def test_TX_23_an_object_whose_last_field_is_lost_is_left_out_whole(studio: FakeStudio, dial: Dial) -> None:
    """An empty pair of braces is no question."""
    studio.answer = vendor(SCHEMA.replace("type Redirected { total: Int }", "type Redirected { sum: Int }"))
    provider = dial()
    assert (await ask(provider)).rows == 5
    assert provider.drift == {"calls.data.redirected.total"}
    assert "redirected" not in studio.asked[-1]["query"]


@pytest.mark.acceptance("TX-23")
async def test_TX_23_a_look_up_learns_of_drift_too(studio: FakeStudio, dial: Dial) -> None:
    """Its text is longer, so that places differ."""
    studio.answer = vendor(SCHEMA.replace("Ivr { id: Int", "Ivr {"))
    provider = dial()
    assert len(await provider.look_up("c1", start_ms=START, end_ms=END, received_at=NOW)) == 4
    assert provider.drift == {"calls.data.ivrFirst.id", "calls.data.ivrLast.id", "queues.data.ivr.id", "agents.data.ivr.id"}


@pytest.mark.acceptance("TX-23")
async def test_TX_23_a_field_that_became_an_object_or_stopped_being_one_is_adapted_to(studio: FakeStudio, dial: Dial) -> None:
    """The shapes read both."""
    studio.answer = vendor(
        SCHEMA.replace("CallDurations { ring: Spread", "CallDurations { ring: Int").replace("recorded: Int term", "recorded: Spread term")
    )
    page = await ask(dial())
    assert page.rows == 5


@pytest.mark.acceptance("TX-23")
async def test_TX_23_profile_history_falls_back_to_agent_history_once_and_remembers(studio: FakeStudio, dial: Dial) -> None:
    """TX-A8: one note of the vendor's calls it so."""
    studio.answer = vendor(SCHEMA.replace("  profile_history(", "  agentHistory("))
    provider = dial()
    for asked in (2, 3):
        assert (await ask(provider, "profile_history")).rows == 1
        assert len(studio.asked) == asked
    assert provider.drift == {"profile_history=agentHistory"}
    studio.answer = vendor(SCHEMA.replace("  profile_history(", "  presence_history("))
    assert isinstance(await failure(provider, "profile_history"), Refused)


@pytest.mark.acceptance("TX-23")
@pytest.mark.parametrize(
    "lost", ["idCall: String", "cursor: String", "  calls(filter: OverviewFilter, first: Int!, after: String): CallOverviewConnection!"]
)
async def test_TX_23_a_schema_that_lost_what_identifies_a_row_is_refused(studio: FakeStudio, dial: Dial, lost: str) -> None:
    """Nothing can be counted without it."""
    studio.answer = vendor(SCHEMA.replace(lost, "" if "calls" in lost else lost.replace(lost.split(":")[0], "renamed")))
    error = await failure(dial())
    assert isinstance(error, Refused)
    assert error.kind == "config"


async def test_a_look_up_asks_all_three_angles_for_one_call_and_window(studio: FakeStudio, dial: Dial) -> None:
    """And answers with nothing when nothing is known."""
    studio.answer = vendor()
    provider = dial()
    found = await provider.look_up("c1", start_ms=START, end_ms=END, received_at=NOW)
    assert [(bool(each.journey), len(each.visits), len(each.offers)) for each in found] == [  # type: ignore[union-attr]
        (True, 0, 0),
        (False, 1, 0),
        (False, 1, 0),
        (False, 0, 1),
    ]
    assert {asked["variables"]["callId"] for asked in studio.asked} == {"c1"}
    assert await provider.look_up("nobody", start_ms=START, end_ms=END, received_at=NOW) == []


async def test_a_provider_closed_twice_is_closed(studio: FakeStudio, dial: Dial) -> None:
    """And closing one that never asked is nothing."""
    provider = dial()
    await provider.close()
    studio.answer = vendor()
    await ask(provider)
    await provider.close()
    await provider.close()
