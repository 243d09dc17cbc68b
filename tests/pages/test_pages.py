"""The pages for people, over a real Redis and database."""

import re

import pytest
from django.test import AsyncClient

from stats.clock import now_ms
from stats.domain.facts import SocketFacts
from stats.domain.records import Party
from tests.pages.conftest import Look
from tests.push.floor import Worker
from wallboard.pages.words import masked
from wallboard.push import live

PAGES = ("/", "/sources/", "/queues/111834/", "/calls/answered/", "/calls/waiting/", "/screens/")


def text_of(answer: object) -> str:
    """The words of a page."""
    html = answer.content.decode()  # type: ignore[attr-defined]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.mark.parametrize("address", PAGES)
async def test_nobody_sees_a_page_without_a_login(worker: Worker, transactional_db: None, address: str) -> None:
    answer = await AsyncClient().get(address)
    await live.close()
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login/?next=")


@pytest.mark.parametrize("language", ["en", "sv"])
@pytest.mark.parametrize("address", PAGES)
async def test_every_page_is_drawn_without_a_script_or_style_of_its_own(look: Look, address: str, language: str) -> None:
    answer = await look(address, language=language)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    html = answer.content.decode()
    assert f'<html lang="{language}"' in html
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", html), "the content policy would refuse it"


@pytest.mark.acceptance("TX-22")
@pytest.mark.parametrize("address", PAGES)
async def test_no_page_holds_a_whole_phone_number(look: Look, address: str) -> None:
    html = (await look(address)).content.decode()
    assert "46701740605" not in html
    assert "0701740605" not in html


async def test_the_overview_says_in_one_sentence_how_it_is(look: Look) -> None:
    text = text_of(await look("/"))
    assert re.search(r"One caller has waited 1:0\d in Support\. Agents ready: 1 of 1\.", text)


async def test_a_value_on_the_overview_can_be_addressed(look: Look) -> None:
    html = (await look("/")).content.decode()
    for value, text in (("site.waiting", "1"), ("queue:111834.waiting", "1"), ("queue:111834.answered", "1"), ("site.agents_ready", "1")):
        assert re.search(rf'data-value="{re.escape(value)}"[^>]*>{text}<', html), value
    assert 'data-value="queue:111834.longest_wait"' in html
    assert re.search(r'data-link="\w+"', html)


async def test_what_nobody_knows_is_a_dash_with_its_reason(look: Look, worker: Worker) -> None:
    await worker.report(known=False, state="connecting")
    html = (await look("/")).content.decode()
    assert re.search(r'data-freshness="unknown"[^>]*>.*?data-value="site.waiting"[^>]*>–<', html)
    assert "connecting" in html
    assert not re.search(r'data-value="site.waiting"[^>]*>0<', html)


async def test_a_silent_worker_is_on_the_overview_in_words(look: Look, worker: Worker) -> None:
    await worker.report(at=now_ms() - 30_000)
    text = text_of(await look("/"))
    assert "Our collector is silent" in text


async def test_a_call_nobody_knows_is_said_not_to_be_there(look: Look) -> None:
    answer = await look("/calls/nobody/")
    assert answer.status_code == 404
    assert "No such call is kept" in text_of(answer)
    assert (await look("/queues/404/")).status_code == 404


async def test_a_queues_page_leads_to_its_calls(look: Look) -> None:
    html = (await look("/queues/111834/")).content.decode()
    assert 'href="/calls/answered/"' in html
    assert 'href="/calls/waiting/"' in html
    assert 'href="/numbers/queue:111834/answered/?window=today"' in html


@pytest.mark.acceptance("TX-01")
async def test_the_source_page_shows_five_connected_sockets_with_their_last_frames(look: Look) -> None:
    html = (await look("/sources/")).content.decode()
    sockets = re.findall(r'data-socket="(\w+)" data-socket-state="(\w+)"', html)
    assert sockets == [(feed, "open") for feed in ("calls", "queues", "agents", "profile_live", "profile_history")]
    assert len(re.findall(r'<time datetime="[^"]+">\d\d:\d\d:\d\d</time>', html)) == 5


async def test_a_refused_token_comes_with_the_way_to_a_new_one(look: Look, worker: Worker) -> None:
    await worker.report(state="auth_error")
    text = text_of(await look("/sources/"))
    assert "Refuses our access token" in text
    assert "Manage Token → Create new Statistics Token" in text


async def test_an_hourly_batch_is_missed_after_sixty_five_minutes_and_not_before(look: Look, worker: Worker) -> None:
    def sockets(minutes: int) -> dict[str, SocketFacts]:
        return {"profile_history": SocketFacts(state="open", last_frame=now_ms() - minutes * 60_000, alive_at=now_ms())}

    await worker.report(sockets=sockets(59))
    assert "overdue" not in text_of(await look("/sources/"))
    await live.close()
    await worker.report(sockets=sockets(66))
    assert "The hourly batch is overdue" in text_of(await look("/sources/"))


async def test_a_screen_link_is_made_by_staff_shown_once_and_opens_its_board(look: Look) -> None:
    assert (await look("/screens/", staff=False)).status_code == 403
    html = (await look("/screens/", form={"name": "East wall", "board": "team"})).content.decode()
    address = re.search(r'value="(http://[^"]+/s/[^"]+/)"', html)
    assert address is not None
    assert "East wall" in html
    again = (await look("/screens/")).content.decode()
    assert "East wall" in again
    assert address[1] not in again
    television = AsyncClient()
    opened = await television.get(address[1].partition("testserver")[2])
    assert opened.status_code == 302
    assert opened["Location"].startswith("/boards/team/")


async def test_a_link_without_a_name_still_is_to_the_chosen_board(look: Look) -> None:
    html = (await look("/screens/", form={"name": "", "board": "supervisor"})).content.decode()
    assert '<option value="supervisor" selected>' in html
    assert "selected" not in (await look("/screens/")).content.decode()


@pytest.mark.parametrize("form", [{"name": "", "board": "team"}, {"name": "x" * 81, "board": "team"}, {"name": "Hall", "board": "cellar"}])
async def test_a_wrong_wish_for_a_screen_is_answered_in_words(look: Look, form: dict[str, str]) -> None:
    answer = await look("/screens/", form=form)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.content.decode()


async def test_a_revoked_link_is_gone_from_the_list(look: Look) -> None:
    html = (await look("/screens/", form={"name": "East wall", "board": "team"})).content.decode()
    revoke = re.search(r'action="(/screens/\d+/revoke/)"', html)
    assert revoke is not None
    await look(revoke[1], form={})
    assert "East wall" not in (await look("/screens/")).content.decode()


async def test_a_hostile_name_is_text_and_nothing_else(look: Look, worker: Worker) -> None:
    from tests.push.floor import waiting_call

    await worker.tell(waiting_call("x", Party(id=7, name='"><script>alert(1)</script>'), since=now_ms()))
    html = (await look("/")).content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+46701740605", "+46 ··· ·· 06 05"),
        ("+35840123456", "+358 ··· ·· 34 56"),
        ("+32470624609", "+32 ··· ·· 46 09"),
        ("4711", "··· 11"),
        ("12", "···"),
        ("sip:anna@example.org", "···"),
        (None, "no number"),
    ],
)
def test_a_number_is_masked_so_that_it_can_be_recognised_and_not_called(number: str | None, shown: str) -> None:
    assert masked(number) == shown


async def test_the_pages_speak_swedish_throughout(look: Look) -> None:
    text = text_of(await look("/", language="sv"))
    assert re.search(r"En väntar, sedan 1:0\d i Support\. Lediga agenter: 1 av 1\.", text)
    for english in ("Overview", "Sources", "Queues", "Offered", "Log out", "Screens"):
        assert english not in text
    assert "Ett samtal från +46 ··· ·· 06 05." in text_of(await look("/calls/answered/", language="sv"))
