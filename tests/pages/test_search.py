"""Search: everything is found by what a person remembers of it, and nothing by whom it is not for."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from channels.db import database_sync_to_async

from stats.clock import now_ms
from stats.domain.records import Call, Party
from stats.history.archive import keep
from stats.history.telling import Telling
from tests.pages.members import looks
from tests.push.floor import ORGANISATION, PER, SALES, SOURCE, Worker, ended_call, ready, waiting_call
from wallboard.accounts.models import AuditEntry
from wallboard.pages import finding
from wallboard.push import admission, live

HOSTILE = Party(id=924666, account_id=3467999, name='<img src=x onerror="alert(1)">')


def numbered(call: Call, number: str) -> Call:
    """The call, of another caller."""
    assert call.journey is not None
    return replace(call, journey=replace(call.journey, number=number))


@pytest.fixture
async def floor(redis_server: str, transactional_db: None) -> AsyncIterator[Worker]:
    """Two queues, three agents; one caller waits, two were answered, one of them long ago."""
    admission.forget_all()
    worker = await Worker(redis_server).begin()
    now = now_ms()
    await worker.tell(
        numbered(ended_call("0a1b2c3d-answered-in-support", since=now - 120_000), "+46701740601"),
        numbered(ended_call("0a1b2c3e-answered-in-sales", SALES, PER, since=now - 90_000), "+46701740602"),
        numbered(waiting_call("77777777-waiting-in-sales", SALES, since=now - 5_000), "+46701740603"),
        ready(),
        ready(PER, SALES),
        ready(HOSTILE, SALES),
    )
    old = numbered(ended_call("99999999-long-ago", since=now - 9 * 86_400_000), "+46701740604")
    await database_sync_to_async(keep)(ORGANISATION, SOURCE, [Telling(call=old, lineage="", version=0)], now)
    yield worker
    await live.close()
    await worker.close()


async def found(words: str, **who: object) -> list[tuple[str, str, str]]:
    """Kind, title and address of what is found, over the door of the search box."""
    answer = await looks("/search/?" + urlencode({"q": words, "format": "json"}), **who)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.content
    return [(each["kind"], each["title"], each["address"]) for each in json.loads(answer.content)["results"]]


SUPPORTS, SALESS, WAITS = "0a1b2c3d-answered-in-support", "0a1b2c3e-answered-in-sales", "77777777-waiting-in-sales"


@pytest.mark.parametrize("words", ["+46701740601", "070-174 06 01", "0046 70 174 06 01", "(070) 1740601", "0601", "06 01", "740601"])
async def test_a_number_is_found_in_any_spelling_and_by_its_end(floor: Worker, words: str) -> None:
    assert ("call", "+46 ··· ·· 06 01", f"/calls/{SUPPORTS}/") in await found(words)


async def test_who_waits_is_found_before_the_call_is_over(floor: Worker) -> None:
    assert await found("0603") == [("call", "+46 ··· ·· 06 03", f"/calls/{WAITS}/")]


async def test_an_older_call_is_found_by_its_whole_number_in_the_archive(floor: Worker) -> None:
    assert await found("070 174 06 04") == [("call", "+46 ··· ·· 06 04", "/calls/99999999-long-ago/")]
    assert await found("0604") == []


@pytest.mark.parametrize(("words", "ids"), [("0a1b2c3d", [SUPPORTS]), (SALESS, [SALESS]), ("99999999", ["99999999-long-ago"])])
async def test_a_call_is_found_by_its_id_or_its_beginning(floor: Worker, words: str, ids: list[str]) -> None:
    assert [address for kind, _title, address in await found(words) if kind == "call"] == [f"/calls/{each}/" for each in ids]


async def test_half_an_id_is_no_pattern(floor: Worker) -> None:
    assert await found("0a1b2c3*") == []
    assert await found("????????") == []


@pytest.mark.parametrize("words", ["försälj", "FORSALJ", "111835", "ljning"])
async def test_a_queue_is_found_by_part_of_its_name_or_its_number(floor: Worker, words: str) -> None:
    assert ("queue", "Försäljning", "/queues/111835/") in await found(words)


async def test_an_agent_is_found_by_name_however_it_is_accented(floor: Worker) -> None:
    assert await found("ost") == [("agent", "Per Öst", "/agents/924329/")]
    assert ("agent", "Anna Berg", "/agents/924328/") in await found("berg")


async def test_a_page_is_found_by_its_name_and_by_what_it_is_for(floor: Worker) -> None:
    assert ("page", "Agents", "/agents/") in await found("agen")
    assert ("page", "Sources", "/sources/") in await found("feeds")


async def test_what_matches_best_stands_first(floor: Worker) -> None:
    await floor.tell(waiting_call("b", Party(id=111999, name="Bananer"), since=now_ms()))
    told = [title for kind, title, _address in await found("an") if kind in ("agent", "queue")]
    assert told == ["Anna Berg", "Bananer"]


async def test_a_viewer_finds_no_agent_and_no_page_that_is_not_open_to_them(floor: Worker) -> None:
    assert await found("berg", role="viewer") == []
    assert await found("agents", role="viewer") == []
    assert ("agent", "Anna Berg", "/agents/924328/") in await found("berg", role="supervisor")


@pytest.mark.parametrize("words", ["0602", "0603", "070-174 06 02", "0a1b2c3e", "77777777", "Försäljning", "per", "111835", "924329"])
async def test_nothing_of_a_queue_out_of_sight_is_found(floor: Worker, words: str) -> None:
    assert await found(words) != []
    assert await found(words, role="supervisor", queues=["111834"]) == []


async def test_who_sees_one_queue_finds_the_calls_of_it_in_the_archive_too(floor: Worker) -> None:
    assert len(await found("070 174 06 04", role="supervisor", queues=["111834"])) == 1
    assert await found("070 174 06 04", role="supervisor", queues=["111835"]) == []


async def test_no_answer_holds_a_whole_number(floor: Worker) -> None:
    for words in ("0601", "+46701740601", "070 174 06 04"):
        told = json.loads((await looks("/search/?" + urlencode({"q": words, "format": "json"}))).content)["results"]
        assert "4670174" not in json.dumps(told)


async def test_looking_for_a_number_is_written_down_masked_and_once(floor: Worker) -> None:
    await found("070-174 06 01")
    await found("070-174 06 01")
    await found("berg")
    lines = [line async for line in AuditEntry.objects.filter(action="number.searched").values_list("subject", "actor_name")]
    assert lines == [("+46 ··· ·· 06 01", "admin-all")]


async def test_a_hostile_name_is_text_on_the_page(floor: Worker) -> None:
    html = (await looks("/search/?q=img")).content.decode()
    assert "&lt;img src=x" in html
    assert "<img" not in html


async def test_the_page_says_what_can_be_looked_for_and_when_nothing_is_found(floor: Worker) -> None:
    empty = (await looks("/search/")).content.decode()
    assert "last four digits" in empty
    nothing = (await looks("/search/?q=" + "z" * 300)).content.decode()
    assert "Nothing is found" in nothing
    assert f"“{'z' * 100}”" in nothing


def test_words_are_a_number_only_when_they_are_one() -> None:
    assert finding.read("123").digits == ""
    assert finding.read("1234").digits == "1234"
    assert finding.read("12-34 ab").digits == ""
    assert finding.read("+46 70 174 06 01").number == "+46701740601"
    assert finding.read(" a\x00\n b ").words == "a b"
