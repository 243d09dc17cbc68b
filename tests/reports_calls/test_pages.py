"""The list of calls and receipts of spans as people and programs see them."""

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from html import unescape
from re import findall
from typing import Any
from urllib.parse import urlencode

import pytest
from channels.db import database_sync_to_async
from django.test import AsyncClient

from stats.clock import now_ms
from stats.domain.periods import business_day
from stats.domain.records import Party
from stats.models import Organisation
from tests.pages.members import looks
from tests.push.floor import PER, SALES, SUPPORT, Worker, ended_call, ready, waiting_call
from tests.receipts.test_pages import called, text_of
from wallboard.accounts.models import ApiToken, AuditEntry
from wallboard.api import door
from wallboard.push import admission, live
from wallboard.reports import calls as calls_page

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]
WEEK = "/reports/calls/?period=7d"
NUMBER = "+46701740666"
FORMULA = "=HYPERLINK(1)"
HOSTILE = '<script>alert("x")</script>'


@pytest.fixture(autouse=True)
async def worker(redis_server: str) -> AsyncIterator[Worker]:
    """Two queues, one with a hostile name; answered, lost, waiting and outgoing calls."""
    admission.forget_all()
    door._buckets.clear()
    worker = await Worker(redis_server).begin()
    now = now_ms()
    hostile = replace(SALES, name=HOSTILE)
    spreadsheet = replace(PER, name=FORMULA)
    await worker.tell(
        ended_call("answered-1", since=now - 9 * 60_000, wait_ms=4_000),
        called(ended_call("lost-1", since=now - 7 * 60_000, wait_ms=15_000, answered=False), NUMBER),
        called(ended_call("sold", hostile, spreadsheet, since=now - 4 * 60_000), "+46701740677"),
        waiting_call("waiting", since=now - 65_000),
        ready(),
        ready(spreadsheet, hostile),
    )
    yield worker
    await worker.close()
    await live.close()


def ids(answer: Any) -> list[str]:
    """The calls on a page, in order."""
    return [unescape(each) for each in findall(r'<tr data-row="telavox/([^"]*)"', answer.content.decode())]


def days() -> str:
    """A span that holds all calls, whatever the time is."""
    now = now_ms()
    return urlencode({"from": business_day(now - 2 * 86_400_000, "Europe/Stockholm"), "to": business_day(now, "Europe/Stockholm")})


async def test_the_list_tells_each_call_newest_first_with_its_number_masked_and_names_that_harm_nobody() -> None:
    answer = await looks(WEEK, role="viewer")
    html, text = answer.content.decode(), text_of(answer)
    assert answer.status_code == 200
    assert ids(answer) == ["waiting", "sold", "lost-1", "answered-1"]
    assert "Calls 4" in text
    assert "06 66" in text
    assert NUMBER not in html
    assert HOSTILE not in html
    assert unescape(html).count(HOSTILE) > 0
    assert 'href="/calls/lost-1/"' in html


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"outcome": "abandoned"}, ["lost-1"]),
        ({"waited": "10", "waited_most": "20"}, ["lost-1"]),
        ({"queue": str(SALES.id)}, ["sold"]),
        ({"agent": str(PER.id)}, ["sold"]),
        ({"number": "0701-74 06 66"}, ["lost-1"]),
        ({"call": "answered-1", "period": "yesterday"}, ["answered-1"]),
        ({"direction": "out"}, []),
    ],
)
async def test_filters_stand_in_the_address(asked: dict[str, str], found: list[str]) -> None:
    answer = await looks(f"/reports/calls/?{urlencode({'period': '7d', **asked})}", role="supervisor")
    assert ids(answer) == found
    assert ("No call of these days fits" in text_of(answer)) is not found


@pytest.mark.parametrize(
    ("asked", "said"),
    [({"outcome": "gone"}, "outcome"), ({"waited": "-1"}, "waited"), ({"talked": "soon"}, "talked"), ({"before": "x"}, "before")],
)
async def test_what_cannot_be_read_is_a_page_that_says_what_is_allowed(asked: dict[str, str], said: str) -> None:
    answer = await looks(f"{WEEK}&{urlencode(asked)}", role="viewer")
    assert answer.status_code == 400
    assert f"“{said}”" in unescape(text_of(answer))


async def test_pages_lead_on_and_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls_page, "PAGE", 2)
    first = await looks(WEEK)
    assert ids(first) == ["waiting", "sold"]
    address = lambda answer, rel: unescape(findall(rf'href="([^"]*)" data-turn rel="{rel}"', answer.content.decode())[0])  # noqa: E731
    second = await looks(f"/reports/calls/{address(first, 'next')}")
    assert ids(second) == ["lost-1", "answered-1"]
    assert ids(await looks(f"/reports/calls/{address(second, 'prev')}")) == ["waiting", "sold"]


async def test_a_viewer_of_one_queue_sees_the_calls_of_that_queue_alone() -> None:
    assert ids(await looks(WEEK, role="supervisor", queues=[str(SALES.id)])) == ["sold"]
    assert ids(await looks(f"{WEEK}&call=lost-1", role="supervisor", queues=[str(SALES.id)])) == []
    assert ids(await looks(f"{WEEK}&number={urlencode({'': NUMBER})[1:]}", role="supervisor", queues=[str(SALES.id)])) == []
    assert ids(await looks(f"{WEEK}&queue={SUPPORT.id}", role="supervisor", queues=[str(SALES.id)])) == []


async def test_numbers_agents_and_files_are_for_those_who_may() -> None:
    assert ids(await looks(f"{WEEK}&{urlencode({'number': NUMBER})}", role="viewer")) == ["waiting", "sold", "lost-1", "answered-1"]
    assert (await looks(f"{WEEK}&agent={PER.id}", role="viewer")).status_code == 403
    assert (await looks(f"{WEEK}&format=csv", role="viewer")).status_code == 403
    await looks(f"{WEEK}&{urlencode({'number': NUMBER})}", role="supervisor")
    told = [entry async for entry in AuditEntry.objects.filter(action="number.searched")]
    assert [entry.subject for entry in told] == ["+46 ··· ·· 06 66"]


async def test_a_file_has_every_call_whole_numbers_for_who_may_see_them_and_no_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls_page, "AT_ONCE_IN_A_FILE", 1)
    answer = await looks(f"{WEEK}&format=csv", role="supervisor")
    assert answer.status_code == 200
    rows = list(csv.DictReader(io.StringIO("".join([part.decode("utf-8-sig") async for part in answer.streaming_content]))))
    assert [row["id_call"] for row in rows] == ["waiting", "sold", "lost-1", "answered-1"]
    assert [row["number"] for row in rows][1:3] == ["'+46701740677", f"'{NUMBER}"]
    assert rows[1]["agent"] == f"'{FORMULA}"
    assert rows[2]["wait_s"] == "15.000"
    assert await AuditEntry.objects.filter(action="calls.exported").acount() == 1


async def test_a_cell_opens_its_receipt_with_the_span_in_words_and_keeps_it_from_page_to_page() -> None:
    answer = await looks(f"/numbers/queue:{SUPPORT.id}/offered/?{days()}")
    html, text = answer.content.decode(), text_of(answer)
    assert answer.status_code == 200
    assert 'data-agrees="yes"' in html
    assert findall(r'data-receipt="value">3<', html)
    assert "within 20 s" in text
    assert "data-socket" not in html
    assert f'href="?{days()}&format=csv"' in unescape(html)
    assert f"/reports/interval/?{days()}&queue={SUPPORT.id}" in unescape(html)
    narrowed = await looks(f"/numbers/queue:{SUPPORT.id}/offered/?{days()}&hours=08:00-08:15&weekdays=7")
    assert "08:00–08:15, Sun" in text_of(narrowed)
    file = await looks(f"/numbers/queue:{SUPPORT.id}/service_level/?{days()}&format=csv", role="supervisor")
    assert len(file.content.decode().splitlines()) == 3


@pytest.mark.parametrize("address", ["/numbers/site/waiting/", "/numbers/site/lost_callers/", "/numbers/queue:4711/offered/"])
async def test_a_number_that_no_span_has_is_not_there(address: str) -> None:
    assert (await looks(f"{address}?{days()}")).status_code == 404


async def test_a_span_that_cannot_be_read_is_said() -> None:
    answer = await looks("/numbers/site/offered/?from=yesterday")
    assert answer.status_code == 400
    assert "“from”" in unescape(text_of(answer))


async def test_programs_get_receipts_of_spans_and_their_next_pages() -> None:
    organisation = await Organisation.objects.aget_or_create(slug="default", defaults={"name": "Test"})
    _row, token = await database_sync_to_async(ApiToken.issue)(organisation[0], "a program")
    client, headers = AsyncClient(), {"authorization": f"Bearer {token}"}

    async def ask(path: str) -> Any:
        return await client.get(path, headers=headers)

    told = (await ask(f"/api/v1/numbers/queue:{SUPPORT.id}/offered?{days()}&limit=2")).json()
    assert (told["value"], told["recounted"], told["agrees"], told["window"], told["uncounted"]) == (3, 3, True, "span", False)
    assert [each["id_call"] for each in told["items"]] == ["waiting", "lost-1"]
    more = (await ask(told["next"].partition("testserver")[2])).json()
    assert ([each["id_call"] for each in more["items"]], more["next"]) == (["answered-1"], None)
    calls = (await ask(f"/api/v1/queues/{SUPPORT.id}/calls?metric=abandoned&{days()}")).json()
    assert [each["id_call"] for each in calls["items"]] == ["lost-1"]
    refused = await ask(f"/api/v1/numbers/site/offered?{days()}&window=today")
    assert (refused.status_code, refused.json()["parameter"]) == (400, "window")
    wrong = await ask("/api/v1/numbers/site/offered?from=2026-05-18T10:07")
    assert (wrong.status_code, wrong.json()["parameter"]) == (400, "from")


async def test_a_party_known_by_its_account_alone_is_named_as_its_call_named_it(worker: Worker) -> None:
    """The live store may not know the queue under any key."""
    nameless = Party(account_id=4711, name="Not in the directory")
    await worker.tell(ended_call("odd", nameless, since=now_ms() - 60_000))
    answer = await looks(WEEK)
    assert "Not in the directory" in text_of(answer)
