"""Receipts, lost callers and definitions as people and programs see them."""

import asyncio
import csv
import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth import get_user_model
from django.test import AsyncClient

from stats.clock import now_ms
from stats.domain.periods import business_day
from stats.history.archive import archived_sources, keep
from stats.history.telling import Telling
from stats.models import Organisation
from tests.push.floor import ANNA, PER, SALES, SOURCE, SUPPORT, ZONE, Worker, ended_call, ready, waiting_call
from wallboard.accounts.models import ApiToken, AuditEntry, HandledCaller, Membership
from wallboard.api import door
from wallboard.push import admission, live

Look = Callable[..., Awaitable[Any]]
pytestmark = [pytest.mark.asyncio]
LOST = "+46701740666"


def called(call: Any, number: str) -> Any:
    """The same call from another number."""
    return replace(call, journey=replace(call.journey, number=number))


@pytest.fixture
async def worker(redis_server: str) -> AsyncIterator[Worker]:
    """A floor with answered calls, callers who gave up (one of them was reached later), somebody waiting, and two agents."""
    admission.forget_all()
    door._buckets.clear()
    worker = await Worker(redis_server).begin()
    now = now_ms()
    await worker.tell(
        ended_call("answered-1", since=now - 9 * 60_000, wait_ms=4_000),
        ended_call("answered-2", since=now - 8 * 60_000, wait_ms=30_000),
        called(ended_call("lost-1", since=now - 7 * 60_000, wait_ms=15_000, answered=False), LOST),
        called(ended_call("lost-2", SALES, since=now - 6 * 60_000, wait_ms=25_000, answered=False), LOST),
        called(ended_call("lost-3", SALES, since=now - 5 * 60_000, wait_ms=9_000, answered=False), "+46701740677"),
        called(ended_call("sold", SALES, PER, since=now - 4 * 60_000), "+46701740677"),
        waiting_call("waiting", since=now - 5_000),
        ready(),
        ready(PER, SALES),
    )
    yield worker
    await worker.close()


@pytest.fixture
async def look(worker: Worker, transactional_db: None) -> AsyncIterator[Look]:
    """Looks at a page as a member with a role, of all queues or some."""
    organisation, _made = await Organisation.objects.aget_or_create(slug="default", defaults={"name": "Test"})

    async def looked(
        address: str, *, role: str = "supervisor", queues: list[str] | None = None, form: dict[str, str] | None = None, language: str = "en"
    ) -> Any:
        person, _made = await get_user_model().objects.aget_or_create(username=f"{role}{queues}")
        await Membership.objects.aget_or_create(user=person, organisation=organisation, defaults={"role": role, "queues": queues})
        client = AsyncClient()
        await database_sync_to_async(client.force_login)(person)
        headers = {"accept-language": language}
        return await (client.post(address, form, headers=headers) if form is not None else client.get(address, headers=headers))

    yield looked
    await live.close()


def text_of(answer: Any) -> str:
    """What a reader of the page reads."""
    html = answer.content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.split("<main")[1]))


def mark_of(answer: Any, place: int = 0) -> str:
    """The hidden name of a lost caller on the page."""
    return str(re.findall(r'name="caller" value="(\w+)"', answer.content.decode())[place])


async def test_a_receipt_shows_the_number_its_formula_in_figures_and_the_calls(look: Look) -> None:
    answer = await look("/numbers/site/service_level/?window=today")
    html, text = answer.content.decode(), text_of(answer)
    assert answer.status_code == 200
    assert "2 / (3 + 3) = 33.3 %" in text
    assert 'data-agrees="yes"' in html
    assert "Answered in target / (Answered + Abandoned)" in text
    assert set(re.findall(r'href="/calls/([\w-]+)/"', html)) == {"answered-1", "answered-2", "lost-1", "lost-2", "lost-3", "sold"}
    assert html.index("/calls/sold/") < html.index("/calls/answered-1/"), "the newest first"
    assert html.count('data-counted="yes"') == 2


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/numbers/queue:111834/answered/", "/calls/answered-1/"),
        ("/numbers/queue:111834/waiting/?window=today", "/calls/waiting/"),
        ("/numbers/site/longest_wait/", "/calls/waiting/"),
        ("/numbers/site/30m.asa/", "newest 30 minutes"),
        ("/numbers/site/agents_ready/", "Anna Berg"),
        ("/numbers/agent:924328/talk_time/", "/calls/answered-2/"),
        ("/numbers/agent:924328/time_ready/", "Lasted"),
        ("/numbers/agent:924328/state/", "Ready"),
        ("/numbers/site/calls_in/", "/calls/lost-2/"),
        ("/numbers/site/lost_callers/", "/callers/"),
        ("/numbers/queue:111834/not_answer_risk/", "as the telephone system sends it"),
        ("/numbers/queue:111834/sl_budget/", "Service-level budget"),
        ("/numbers/site/voicemail/", "the list is empty"),
    ],
)
@pytest.mark.parametrize("language", ["en", "sv"])
async def test_every_kind_of_number_has_a_page(look: Look, address: str, words: str, language: str) -> None:
    answer = await look(address, language=language)
    html = answer.content.decode()
    assert answer.status_code == 200
    assert language == "sv" or words in html
    assert 'data-agrees="no"' not in html
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", html)
    assert "701740666" not in html


@pytest.mark.parametrize("address", ["/numbers/site/nonsense/", "/numbers/queue:9/answered/", "/numbers/agent:9/offers/", "/numbers/x/y/"])
async def test_a_number_that_does_not_exist_is_not_there(look: Look, address: str) -> None:
    assert (await look(address)).status_code == 404


async def test_a_viewer_of_one_queue_finds_nothing_of_another(look: Look) -> None:
    mine = await look("/numbers/site/abandoned/", role="viewer", queues=["111834"])
    assert re.findall(r'href="/calls/([\w-]+)/"', mine.content.decode()) == ["lost-1"]
    assert 'data-agrees="yes"' in mine.content.decode()
    for address in ("/numbers/queue:111835/abandoned/", "/numbers/site/calls_in/", "/numbers/site/lost_callers/"):
        assert (await look(address, role="viewer", queues=["111834"])).status_code == 404
    assert (await look("/numbers/agent:924328/offers/", role="viewer")).status_code == 403
    callers = await look("/callers/", role="viewer", queues=["111834"])
    assert "lost-2" not in callers.content.decode()


async def test_a_ring_of_another_queue_is_counted_and_not_named(look: Look, worker: Worker) -> None:
    """Anna is in sight by one queue, and was rung from another too."""
    await worker.tell(ended_call("elsewhere", SALES, since=now_ms() - 3 * 60_000))
    answer = await look("/numbers/agent:924328/offers/?window=today", queues=["111834"])
    html = answer.content.decode()
    assert set(re.findall(r'href="/calls/([\w-]+)/"', html)) == {"answered-1", "answered-2", "lost-1"}
    assert len(re.findall(r"<tr[^>]* data-counted=", html)) == 6
    assert not re.search("lost-2|lost-3", html)
    for trace in ("elsewhere", "Försäljning"):
        assert trace not in html
    file = (await look("/numbers/agent:924328/offers/?format=csv", queues=["111834"])).content.decode("utf-8-sig")
    assert sorted(row[0] for row in csv.reader(io.StringIO(file)))[:5] == ["", "", "", "answered-1", "answered-2"]


async def test_a_file_is_safe_masked_and_written_down(look: Look) -> None:
    """Whoever may not uncover numbers gets none; no cell is a formula."""
    refused = await look("/numbers/site/calls_in/?format=csv", role="viewer")
    assert refused.status_code == 403
    answer = await look("/numbers/site/calls_in/?format=csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 1 + 7
    assert {row[5] for row in rows[1:]} == {"'+46701740605", "'" + LOST, "'+46701740677"}
    assert [entry.detail async for entry in AuditEntry.objects.filter(action="receipt.exported")] == [{"window": "today", "lines": 7}]


async def test_lost_callers_are_the_oldest_first_and_flagged_when_they_called_again(look: Look) -> None:
    """One number called twice and was never reached; the other was reached later."""
    answer = await look("/callers/")
    text = text_of(answer)
    assert "1 to call back" in text
    assert "Called 2 times" in text
    assert "+46 ··· ·· 06 66" in text
    assert LOST not in answer.content.decode()
    assert "Försäljning" in text
    assert "waited 0:25" in text


async def test_a_caller_is_handled_with_a_note_and_that_is_undone(look: Look) -> None:
    mark = mark_of(await look("/callers/"))
    assert (await look("/callers/", role="viewer", form={"caller": mark, "do": "handle"})).status_code == 403
    done = await look("/callers/", form={"caller": mark, "do": "handle", "note": "left <b>word</b>"})
    assert done.status_code == 303
    kept = await HandledCaller.objects.aget()
    assert LOST[-6:] not in f"{kept.mark}{kept.note}{kept.handled_by}"
    answer = await look("/callers/")
    assert "0 to call back" in text_of(answer)
    assert "left &lt;b&gt;word&lt;/b&gt;" in answer.content.decode()
    assert "Not reached: 1" in text_of(answer), "nobody has talked to them"
    await look("/callers/", form={"caller": mark, "do": "undo"})
    assert not await HandledCaller.objects.aexists()
    assert [each.action async for each in AuditEntry.objects.filter(action__startswith="caller.").order_by("pk")] == [
        "caller.handled",
        "caller.unhandled",
    ]


async def test_a_handled_caller_who_gives_up_once_more_is_lost_anew(look: Look, worker: Worker) -> None:
    mark = mark_of(await look("/callers/"))
    await look("/callers/", form={"caller": mark, "do": "handle"})
    await worker.tell(called(ended_call("lost-4", since=now_ms() - 60_000, wait_ms=20_000, answered=False), LOST))
    # What a page shows is at most a second old.
    for _look in range(50):
        if "1 to call back" in (text := text_of(await look("/callers/"))):
            break
        await asyncio.sleep(0.2)
    assert "1 to call back" in text


async def test_to_uncover_a_number_is_written_down_and_lasts_one_look(look: Look) -> None:
    mark = mark_of(await look("/callers/"))
    assert (await look("/callers/", role="viewer", form={"caller": mark, "do": "uncover"})).status_code == 403
    assert LOST in (await look("/callers/", form={"caller": mark, "do": "uncover"})).content.decode()
    assert LOST not in (await look("/callers/")).content.decode()
    assert [each.subject async for each in AuditEntry.objects.filter(action="number.uncovered")] == ["lost-2"]


async def test_the_file_of_lost_callers_is_for_those_who_may(look: Look) -> None:
    assert (await look("/callers/?format=csv", role="viewer")).status_code == 403
    rows = list(csv.reader(io.StringIO((await look("/callers/?format=csv")).content.decode("utf-8-sig"))))
    assert [row[0] for row in rows[1:]] == ["'" + LOST]


@pytest.mark.parametrize("language", ["en", "sv"])
async def test_definitions_are_listed_found_and_shown_one_by_one(look: Look, language: str) -> None:
    whole = (await look("/definitions/", language=language)).content.decode()
    assert 'id="queue.service_level"' in whole
    assert 'id="agent.occupancy"' in whole
    found = (await look("/definitions/?q=occupancy")).content.decode()
    assert re.findall(r'<article[^>]* id="([\w.]+)"', found) == ["agent.occupancy"]
    part = (await look("/definitions/?of=queue:111834&metric=30m.asa&fragment=1", language=language)).content.decode()
    assert part.lstrip().startswith("<article")
    assert 'id="queue.asa"' in part
    assert (await look("/definitions/?of=site&metric=nonsense")).status_code == 404


async def _token(scopes: list[str], queues: list[str] | None = None) -> str:
    organisation = await Organisation.objects.aget(slug="default")
    row, token = await database_sync_to_async(ApiToken.issue)(organisation, "tests")
    row.scopes, row.queues = scopes, queues
    await row.asave()
    return token


async def test_a_program_gets_the_same_number_and_its_list_page_by_page(look: Look) -> None:
    """Whole telephone numbers only for a token that may."""
    client = AsyncClient()

    async def ask(address: str, token: str) -> Any:
        return await client.get(address, headers={"authorization": f"Bearer {token}"})

    token = await _token(["live", "calls", "numbers"])
    ids: list[str] = []
    address: str | None = "/api/v1/numbers/site/calls_in?limit=3"
    now = (await ask("/api/v1/live", token)).json()
    while address is not None:
        told = (await ask(address, token)).json()
        assert told["value"] == told["recounted"] == told["total"] == now["site"]["today"]["calls_in"] == 7
        assert told["agrees"]
        ids += [item["id_call"] for item in told["items"]]
        address = told["next"].partition("testserver")[2] if told["next"] else None
    assert ids == ["waiting", "sold", "lost-3", "lost-2", "lost-1", "answered-2", "answered-1"]
    assert {item["number"] for item in told["items"]} == {"+46701740605"}
    blind = await _token(["calls"])
    told = (await ask("/api/v1/numbers/site/calls_in", blind)).json()
    assert {item["number"] for item in told["items"]} == {None}
    assert (await ask("/api/v1/numbers/site/calls_in", await _token(["live"]))).status_code == 403
    assert (await ask("/api/v1/numbers/agent:924328/offers", blind)).status_code == 403
    assert (await ask("/api/v1/numbers/site/asa?window=now", token)).json()["allowed"] == ["today", "15m", "30m", "60m"]
    assert (await ask("/api/v1/numbers/site/calls_in", await _token(["calls"], ["111834"]))).status_code == 404
    told = (await ask("/api/v1/numbers/queue:111834/service_level", token)).json()
    assert (told["filled"], told["total"], told["counted"]) == ("1 / (2 + 1)", 3, 1)
    assert SUPPORT.id == 111834


async def _told_now(number: str, *scopes: str) -> Any:
    token = await _token(list(scopes))
    return (await AsyncClient().get(f"/api/v1/numbers/{number}", headers={"authorization": f"Bearer {token}"})).json()


@pytest.mark.engines
async def test_a_call_of_a_source_that_was_taken_away_is_found_from_its_receipt_and_by_its_id(look: Look, worker: Worker) -> None:
    """Its history stays: our own link leads there, the id alone does too, and one that is there now is not mistaken for it."""
    since = now_ms() - 9 * 60_000
    calls = [replace(ended_call(name, since=since), source="before") for name in ("gone", "answered-1")]
    await database_sync_to_async(keep)("default", "before", [Telling(call) for call in calls], now_ms())
    assert await database_sync_to_async(archived_sources)("default") == ["before"]
    for metric, number in (("site/calls_in", "7"), (f"queue:{SUPPORT.id}/answered", "2"), (f"agent:{ANNA.id}/answered", "2")):
        told = await _told_now(metric, "live", "calls")
        assert (str(told["value"]), told["recounted"], told["total"] >= told["value"], told["agrees"]) == (
            number,
            told["value"],
            True,
            True,
        )
        assert {item["source"] for item in told["items"]} == {SOURCE}, "boards count nothing of it now"
    day = business_day(since, ZONE)
    page = (await look(f"/numbers/queue:{SUPPORT.id}/answered/?from={day}&to={day}")).content.decode()
    assert sorted(re.findall(r'href="(/calls/(?:gone|answered-1)/[^"]*)"', page)) == [
        *("/calls/answered-1/", "/calls/answered-1/?source=before", "/calls/gone/?source=before"),
    ]
    for address in ("/calls/gone/", "/calls/gone/?source=before", "/calls/answered-1/", "/calls/answered-1/?source=before"):
        assert (await look(address)).status_code == 200, address
    token = await _token(["calls"])
    answer = await AsyncClient().get("/api/v1/calls/gone", headers={"authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["source"]) == (200, "before")
    assert (await look("/calls/nobodys/")).status_code == 404
