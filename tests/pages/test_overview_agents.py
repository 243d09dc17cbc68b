"""The list of every agent: who is there, chosen and ordered as the address says, a hundred a page."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from stats.clock import now_ms
from stats.domain.records import Party
from tests.pages.members import looks
from tests.push.floor import PER, SALES, SUPPORT, Worker, ended_call, ready
from wallboard.pages.roster import wish_of
from wallboard.push import admission, live


@pytest.fixture
async def floor(redis_server: str, transactional_db: None) -> AsyncIterator[Worker]:
    """Anna is ready in one queue, Per away in another with three calls behind him."""
    admission.forget_all()
    worker = await Worker(redis_server).begin()
    now = now_ms()
    await worker.tell(
        *(ended_call(f"e{n}", SALES, PER, since=now - 100_000 * (n + 1)) for n in range(3)),
        ready(),
        replace(ready(PER, SALES), status="unavailable", profile_name="Lunch", profile_since=now - 900_000),
    )
    yield worker
    await live.close()
    await worker.close()


async def names(query: str = "", **who: object) -> list[str]:
    """Who is listed, in order."""
    html = (await looks(f"/agents/{query}", **who)).content.decode()  # type: ignore[arg-type]
    return re.findall(r'<th scope="row" role="rowheader"><a href="/agents/[^"]+" title="([^"]*)"', html)


async def test_every_agent_is_listed_with_state_and_day(floor: Worker) -> None:
    html = (await looks("/agents/")).content.decode()
    row = re.search(r'<tr role="row" data-row="924329".*?</tr>', html, re.DOTALL)
    assert row is not None
    assert re.search(r'class="state" role="cell"><span[^>]*></span>Away <small>Lunch</small>', row[0])
    assert re.search(r'data-since="\d+">15:0\d<', row[0])
    assert 'href="/queues/111835/">Försäljning</a>' in row[0]
    assert re.search(r'href="/numbers/agent:924329/answered/\?window=today" data-number="agent:924329.answered">3<', row[0])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Anna Berg", "Per Öst"]),
        ("?sort=answered", ["Per Öst", "Anna Berg"]),
        ("?sort=since", ["Per Öst", "Anna Berg"]),
        ("?state=away", ["Per Öst"]),
        ("?state=talking", []),
        ("?queue=111834", ["Anna Berg"]),
        ("?q=ost", ["Per Öst"]),
        ("?state=nonsense&sort=nonsense&page=nonsense&queue=", ["Anna Berg", "Per Öst"]),
        ("?page=99999", ["Anna Berg", "Per Öst"]),
    ],
)
async def test_the_address_says_who_is_listed_and_in_which_order(floor: Worker, query: str, expected: list[str]) -> None:
    assert await names(query) == expected


async def test_states_are_counted_over_all_pages_and_can_be_chosen(floor: Worker) -> None:
    await floor.tell(*(ready(Party(id=930_000 + n, name=f"Agent {n:03d}"), SUPPORT) for n in range(150)))
    html = (await looks("/agents/")).content.decode()
    assert re.search(r'href="\?state=ready">.*?Ready <b>151</b>', html)
    assert re.search(r"1–100 of 152", html)
    assert len(await names()) == 100
    assert len(await names("?page=2")) == 52
    assert 'href="?page=2" rel="next"' in html


async def test_a_supervisor_of_one_queue_sees_those_who_are_in_it(floor: Worker) -> None:
    assert await names(role="supervisor", queues=["111834"]) == ["Anna Berg"]


async def test_a_list_without_anybody_says_how_agents_come_about_or_how_to_see_them_again(floor: Worker) -> None:
    assert "No agent is like that" in (await looks("/agents/?q=nobody")).content.decode()
    assert "Stats Tracked User" in (await looks("/agents/", role="supervisor", queues=["404"])).content.decode()


async def test_an_unconfirmed_state_is_shown_with_its_time(floor: Worker) -> None:
    # Told before the connection that is open now was opened.
    await floor.tell(replace(ready(Party(id=924400, name="Olle Ek")), told_at=now_ms() - 200_000))
    html = (await looks("/agents/")).content.decode()
    assert re.search(r'data-row="924400"[^>]*data-freshness="stale"', html)
    assert re.search(r"<small>as of \d\d:\d\d</small>", html)
    assert "data-since" not in html.split('data-row="924400"')[1].split("</tr>")[0]


def test_an_address_holds_what_was_wished_and_nothing_that_is_usual() -> None:
    wish = wish_of({"state": "away", "q": " a  b ", "sort": "name", "page": "3"})
    assert wish.address() == "?state=away&q=a+b&page=3"
    assert wish.address(state="", q="", page=1) == "?"
