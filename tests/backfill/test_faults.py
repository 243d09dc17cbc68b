"""A vendor that is busy, slow, broken or miscounts: a backfill waits, asks again, cuts, and never calls a day whole that is not."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from stats.domain.errors import Refused
from stats.history.backfill_tables import BackfillDay
from stats.history.shelf import let_go
from stats.ingest import asking
from stats.models import ArchivedCall, Organisation
from tests.backfill.filling import Heard, fill, in_a_thread
from tests.backfill.month import HOUR_MS, NOW_MS, ORGANISATION, SOURCE, archive_rows, emptied, month, told_by
from tests.upstream import ScriptableUpstream

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]
SPAN: dict[str, Any] = {"first": "2026-10-25", "last": "2026-10-25"}
rows_now, empty = in_a_thread(archive_rows), in_a_thread(emptied)


@in_a_thread
def days() -> list[tuple[str, str]]:
    """State and reason of the days."""
    return list(BackfillDay._default_manager.order_by("from_ms").values_list("state", "why"))


@pytest_asyncio.fixture
async def upstream() -> AsyncIterator[ScriptableUpstream]:
    """A vendor that tells a day of twenty-five hours."""
    one = ScriptableUpstream()
    told_by(one, month(4, calls=60, **SPAN).rows)
    await one.start()
    yield one
    await one.kill()
    await let_go()


async def test_a_vendor_that_stumbles_costs_time_and_nothing_else(upstream: ScriptableUpstream) -> None:
    """429 with Retry-After, 500, 503, errors, junk, half an answer, a page size that is refused: the same rows as without."""
    await fill(upstream.historic_url, **SPAN)
    whole = await rows_now()
    await empty()
    upstream.history.page_cap, upstream.history.cap_refuses = 30, True
    upstream.fail_graphql(1, status=503, text="")
    upstream.fail_graphql(2, status=500, text="<html>")
    upstream.fail_graphql(1, text="<html>not json")
    upstream.fail_graphql(1, errors=["the index is away"])
    heard, seen = Heard(), []

    def cut(variables: Mapping[str, Any], right: dict[str, Any]) -> Any:
        # Rows beside an error are rows, and prove nothing; once for every kind.
        (root, told), *_ = (right.get("data") or {"": None}).items()
        if told and root not in seen:
            seen.append(root)
            half = told | {"data": told["data"][:3], "hasNextPage": False, "cursor": None}
            return {"data": {root: half}, "errors": [{"message": "half"}]} if root != "queues" else {"data": {root: half}}
        return right

    upstream.edit_answer = cut
    outcome = await fill(upstream.historic_url, heard=heard, **SPAN)
    assert set(seen) == {"calls", "queues", "agents", "profile_history"}
    assert (outcome.unproved, await rows_now()) == ([], whole)
    assert {"http 503", "not a GraphQL answer"} <= {line.partition(";")[0] for line in heard.lines}


async def test_what_the_other_side_asks_for_is_waited_for_and_the_same_question_is_asked_again() -> None:
    """429 with Retry-After: one question at a time, never sooner."""
    asked: list[tuple[float, Any]] = []
    at_once = 0

    async def answer(request: web.Request) -> web.Response:
        nonlocal at_once
        at_once += 1
        assert at_once == 1, "two questions at once"
        body = await request.json()
        asked.append((time.monotonic(), body))
        await asyncio.sleep(0.01)
        at_once -= 1
        if len(asked) == 2:
            return web.Response(status=429, headers={"Retry-After": "1.5"})
        root = body["query"].split("{")[1].split("(")[0].strip()
        return web.json_response({"data": {root: {"data": [], "totalCount": 0, "cursor": None, "hasNextPage": False}}})

    app = web.Application()
    app.router.add_post("/graphql", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        await fill(f"http://127.0.0.1:{runner.addresses[0][1]}/graphql", **SPAN)
    finally:
        await runner.cleanup()
        await let_go()
    (refused_at, question), (again_at, again) = asked[1], asked[2]
    assert again == question
    assert again_at - refused_at >= 1.5
    assert await days() == [("done", "")]


async def test_a_day_that_never_proves_complete_is_named_and_not_done(upstream: ScriptableUpstream) -> None:
    """The vendor counts one row more than it sends in one hour: what it sent is kept, and the next run reads that hour again."""

    def one_more(variables: Mapping[str, Any], right: dict[str, Any]) -> Any:
        told = (right.get("data") or {}).get("agents")
        has_noon = str(variables["startDate"]) <= "2026-10-25T12:00" < str(variables["endDate"])
        return {"data": {"agents": told | {"totalCount": told["totalCount"] + 1}}} if told and has_noon else right

    upstream.edit_answer = one_more
    outcome = await fill(upstream.historic_url, most=6 * HOUR_MS, **SPAN)
    ((state, why),) = await days()
    assert (state, "rows came, and the telephone system counts" in why) == ("incomplete", True)
    assert len(outcome.unproved) == 1
    assert await in_a_thread(ArchivedCall.objects.count)() == month(4, calls=60, **SPAN).calls
    upstream.edit_answer = None
    again = await fill(upstream.historic_url, **SPAN)
    assert (again.unproved, again.changed, await days()) == ([], 0, [("done", "")])


async def test_a_schema_without_some_fields_and_without_hours_of_agents_is_read_all_the_same(upstream: ScriptableUpstream) -> None:
    """`Cannot query field`: asked without it; a root that is not there is told, and the calls are kept."""
    upstream.drift(profile_root="elsewhere", without=("QueueOverviewRecord.agentEndReason", "CallOverviewRecord.transfers"))
    outcome = await fill(upstream.historic_url, **SPAN)
    assert outcome.notes == ["no hours of agents: the historic schema has no agentHistory"]
    assert (len((await rows_now())["calls"]), await days()) == (month(4, calls=60, **SPAN).calls, [("done", "")])


async def test_a_refused_token_ends_it_and_an_address_where_nobody_is_does_not_wait_long(
    upstream: ScriptableUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the first answer there is little patience."""
    upstream.tokens = {"another"}
    with pytest.raises(Refused, match="auth"):
        await fill(upstream.historic_url, **SPAN)
    monkeypatch.setattr(asking, "FIRST_PATIENCE_S", 0.5)
    with pytest.raises(asking.Silence, match="http 405"):
        await fill(upstream.historic_url.replace("graphql", "elsewhere"), **SPAN)
    with pytest.raises(asking.Silence, match="cannot ask"):
        await fill("http://127.0.0.1:9/graphql", **SPAN)


async def test_today_is_read_as_far_as_it_is_and_is_never_done(upstream: ScriptableUpstream) -> None:
    """A call that goes on is not kept; one that the vendor calls open a day later has expired."""
    rows = month(4, calls=60, **SPAN).rows
    first, second = rows["calls"][0], rows["calls"][-1]
    for row in (first, second):
        row_id = row["idCall"]
        for root in ("calls", "queues", "agents"):
            told = [r | ({"active": 1, "time": {"start": r["time"]["start"]}} if r["idCall"] == row_id else {}) for r in rows[root]]
            rows = {**rows, root: told}
    told_by(upstream, rows)
    outcome = await fill(upstream.historic_url, now_ms=NOW_MS - 15 * 24 * HOUR_MS, **SPAN)
    assert (await days())[0][0] == "open"
    assert outcome.open >= 1
    outcome = await fill(upstream.historic_url, **SPAN)
    assert (await days(), outcome.open) == ([("done", "")], 0)
    expired = ArchivedCall.objects.filter(record__contains='"expired":true').values_list("id_call", flat=True)
    assert await in_a_thread(lambda: set(expired))() == {first["idCall"], second["idCall"]}


async def test_what_is_past_its_term_and_who_was_erased_does_not_come_back(upstream: ScriptableUpstream) -> None:
    """Numbers of old calls stay away, hours of agents past their term too; a second run changes nothing."""
    await fill(upstream.historic_url, **SPAN)
    await empty()
    numbers = Organisation.objects.filter(slug=ORGANISATION)
    await in_a_thread(lambda: numbers.update(keep_numbers_days=5, keep_presence_days=5))()
    outcome = await fill(upstream.historic_url, **SPAN)
    assert (outcome.slots_changed, len((await rows_now())["slots"])) == (0, 0)
    told = await in_a_thread(lambda: set(ArchivedCall.objects.filter(source=SOURCE).values_list("number", flat=True)))()
    assert told == {""}
    assert (await fill(upstream.historic_url, again=True, **SPAN)).changed == 0
