"""The page of one agent, over a real Redis and database: who may see it, and what it says."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from channels.db import database_sync_to_async

from stats.clock import now_ms
from stats.domain.presence_changes import PresenceSeen
from stats.domain.records import Party, PresenceSlot, ProfileUse
from stats.history.changes import upsert_changes
from stats.history.slots import upsert_slots
from stats.live.keys import key
from tests.pages.members import looks
from tests.push.floor import ANNA, PER, SALES, SUPPORT, ZONE, Worker, ended_call, ready, waiting_call
from wallboard.accounts.models import AuditEntry
from wallboard.push import admission, live

ADDRESS = f"/agents/{ANNA.id}/"
MINUTE = 60_000


@pytest.fixture
async def floor(redis_server: str, transactional_db: None) -> AsyncIterator[Worker]:
    """Anna is ready in Support; she answered a call, missed one, and rang for one that its caller gave up."""
    admission.forget_all()
    worker = await Worker(redis_server).begin()
    now = now_ms()
    await worker.tell(
        ended_call("answered", since=now - 120_000),
        ended_call("given-up", since=now - 60_000, answered=False),
        ready(),
    )
    yield worker
    await live.close()
    await worker.close()


def text_of(html: str) -> str:
    """The words of a page."""
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)))


async def page(query: str = "", **who: object) -> str:
    """The page as an admin, or somebody else, sees it."""
    answer = await looks(ADDRESS + query, **who)  # type: ignore[arg-type]
    assert answer.status_code == 200
    return str(answer.content.decode())


async def test_a_viewer_may_not_see_an_agent(floor: Worker) -> None:
    assert (await looks(ADDRESS, role="viewer")).status_code == 403


async def test_a_supervisor_sees_the_agents_of_their_queues_and_no_others(floor: Worker) -> None:
    assert (await looks(ADDRESS, role="supervisor", queues=["111834"])).status_code == 200
    answer = await looks(ADDRESS, role="supervisor", queues=["111835"])
    assert answer.status_code == 404
    assert "Anna" not in answer.content.decode()


@pytest.mark.parametrize("address", ["/agents/404/", "/agents/n:nobody/there/", "/agents/%00/", "/agents/a:/"])
async def test_an_agent_who_is_not_there_is_not_found(floor: Worker, address: str) -> None:
    assert (await looks(address)).status_code == 404


async def test_who_looked_at_whom_is_written_down_once(floor: Worker) -> None:
    for _ in range(3):
        await page()
    await looks(ADDRESS, role="supervisor")
    await looks("/agents/404/")
    entries = [e async for e in AuditEntry.objects.filter(action="agent.opened").values_list("actor_name", "subject_kind", "subject")]
    assert sorted(entries) == [("admin-all", "agent", "924328"), ("supervisor-all", "agent", "924328")]


@pytest.mark.parametrize("language", ["en", "sv"])
async def test_the_page_says_what_the_agent_does_and_since_when(floor: Worker, language: str) -> None:
    html = await page(language=language)
    assert re.search(r'<p class="state" data-feed="presence" data-source="telavox" data-freshness="live">', html)
    assert re.search(r'data-since="\d+">0:3\d<', html)
    assert re.search(r"data-profile>Tillgänglig<", html)
    assert 'href="/queues/111834/">Support</a>' in html
    assert "data-doubt" not in html
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", html), "the content policy would refuse it"


async def test_every_number_of_today_is_the_live_one_and_leads_to_what_it_was_counted_from(floor: Worker) -> None:
    html = await page()
    for metric, text in (("offers", "2"), ("answered", "1"), ("withdrawn", "1"), ("missed", "0"), ("talk_time", "0:10"), ("aht", "0:10")):
        address = f"/numbers/agent:924328/{metric}/"
        assert re.search(rf'href="{address}\?window=today" data-value="agent:924328.{metric}"[^>]*>{text}<', html), metric


async def test_every_ring_says_how_it_ended_and_why(floor: Worker) -> None:
    html = (await page()).split("data-rings")[1]
    assert re.findall(r'<tr[^>]* data-outcome="(\w+)"', html) == ["withdrawn", "answered"]
    assert "the caller hung up" in html
    assert 'href="/calls/given-up/"' in html
    assert "46701740605" not in html
    assert "06 05" in html


async def test_the_timeline_tells_not_recorded_from_off(floor: Worker) -> None:
    html = await page("?zoom=day")
    assert 'data-kind="unrecorded"' in html
    assert "Not recorded: the wallboard had not heard of this agent" in html
    assert 'data-kind="off"' not in html
    assert re.search(r'data-lane="presence" data-kind="ready" data-start="\d+"><title>Since [\d:]+, [^<]+ so far: Ready, profile', html)
    assert re.search(r'data-lane="login"[^>]*><title>Since [\d:]+, [^<]+: Logged in to Support<', html)
    assert re.search(
        r'data-lane="calls" data-kind="talk"[^>]*data-address="/calls/answered/"><title>[^<]*10 seconds: Talked, Support<', html
    )


async def test_the_table_holds_every_piece_of_the_drawing(floor: Worker) -> None:
    html = await page()
    drawn = re.findall(r'<g class="piece" data-row="([^"]+)"', html)
    listed = re.findall(r'<tr data-row="([^"]+)"', html.split("data-segments")[1].split("</table>")[0])
    assert drawn
    assert sorted(drawn) == sorted(listed)


async def test_an_unconfirmed_state_says_since_when_and_why(floor: Worker) -> None:
    now = now_ms()
    await floor.tell(replace(ready(PER), told_at=now - 10 * MINUTE))
    await floor.report(presence_lost_at=now - 5 * MINUTE, presence_open_at=now - MINUTE)
    html = str((await looks(f"/agents/{PER.id}/")).content.decode())
    doubt = re.search(r"data-doubt>.*?</p>", html, re.DOTALL)
    assert doubt is not None
    assert re.search(r"Not confirmed since [\d:]+, 5 min \d+ s ago\. The connection was away, and is back since", text_of(doubt[0]))
    assert 'data-kind="doubted"' in html
    assert re.search(r'class="since">', html), "its clock stands"
    assert "From " in text_of(html.split('data-part="gaps"')[1].split("</ul>")[0])


async def test_a_gap_that_is_over_is_listed(floor: Worker) -> None:
    now = now_ms()
    await floor.tell(replace(ready(PER), told_at=now - 10 * MINUTE))
    await floor.report(presence_lost_at=now - 5 * MINUTE, presence_open_at=now - 3 * MINUTE)
    await floor.tell(replace(ready(PER), told_at=now - 2 * MINUTE))
    assert floor.road is not None
    await database_sync_to_async(upsert_changes)("default", floor.road.people.changes)
    html = str((await looks(f"/agents/{PER.id}/")).content.decode())
    gaps = text_of(html.split('data-part="gaps"')[1].split("</ul>")[0])
    assert "the connection was away: changes in between were not heard" in gaps
    assert "data-doubt" not in html


async def test_before_we_listened_there_are_hourly_accounts(floor: Worker) -> None:
    hour = now_ms() // 3_600_000 * 3_600_000 - 3_600_000
    uses = (
        ProfileUse(profile_id=1, name="Lunch", available=False, usage_ms=20 * MINUTE),
        ProfileUse(profile_id=2, name="Tillgänglig", available=True, usage_ms=40 * MINUTE),
    )
    slot = PresenceSlot(source="telavox", agent=ANNA, start=hour, end=hour + 3_600_000, profiles=uses)
    await database_sync_to_async(upsert_slots)("default", [slot])
    html = await page()
    assert "20 min 0 s in profile Lunch, at what times within the hour is not told" in html
    assert 'data-kind="slot-away"' in html
    assert "hourly accounts alone" in text_of(html)


async def test_a_name_is_text_whatever_it_is(floor: Worker) -> None:
    evil = "<img src=x onerror=alert(1)>" + "M" * 200
    await floor.tell(
        replace(ready(Party(id=924400, name=evil)), profile_name=evil),
        ended_call("evil", Party(id=111900, name=evil), Party(id=924400, name=evil), since=now_ms() - MINUTE),
    )
    html = str((await looks("/agents/924400/")).content.decode())
    assert "<img" not in html
    assert html.count("&lt;img src=x onerror=alert(1)&gt;") > 5


async def test_an_agent_known_by_a_call_alone_has_a_page_without_presence(floor: Worker) -> None:
    await floor.tell(ended_call("per", SALES, PER, since=now_ms() - MINUTE))
    html = str((await looks(f"/agents/{PER.id}/")).content.decode())
    words = text_of(html)
    assert "No presence of this agent has been heard yet" in words
    assert "No change of presence was recorded on this day" in words
    assert re.search(r'data-value="agent:924329.time_ready"[^>]*>–<', html)
    assert re.search(r'data-value="agent:924329.answered"[^>]*>1<', html)


async def test_rings_are_paged_newest_first(floor: Worker) -> None:
    now = now_ms()
    await floor.tell(*(ended_call(f"c{n:02d}", since=now - 130_000 - n * 1000) for n in range(60)))
    first, third = await page(), await page("?page=3")
    assert "1–25 of 62" in text_of(first)
    assert '?page=2#rings" rel="next"' in first
    assert 'href="/calls/given-up/"' in first.split("data-rings")[1]
    assert "51–62 of 62" in text_of(third)
    assert "51–62 of 62" in text_of(await page("?page=99"))
    assert "1–25 of 62" in text_of(await page("?page=x"))


async def test_a_day_that_is_over_is_recounted_and_the_way_leads_there_and_back(floor: Worker) -> None:
    noon = datetime.now(ZoneInfo(ZONE)).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
    at = round(noon.timestamp() * 1000)
    told = {"source": "telavox", "agent": "924328", "profile": "1", "wrapup": False}
    lunch = PresenceSeen(at=at, told_at=at, state="away", profile_name="Lunch", available=False, queues=0, queue_keys=(), **told)
    home = replace(lunch, at=at + 30 * MINUTE, told_at=at + 30 * MINUTE, state="off", profile_name="Hem")
    await database_sync_to_async(upsert_changes)("default", [lunch, home])
    today = await page()
    yesterday = noon.date().isoformat()
    assert f'href="?day={yesterday}" rel="prev"' in today
    html = await page(f"?day={yesterday}&zoom=day")
    words = text_of(html)
    assert "12:00:00 to 12:30:00, 30 min 0 s: Away, profile Lunch" in html
    assert re.search(r"<dt>Away</dt><dd>30:00</dd>", html)
    assert "/numbers/agent:924328/time_away/" not in html, "no receipt is told of a day that is over"
    assert "Lunch 30 min 0 s" in words
    assert 'href="?zoom=day" rel="next"' in html
    assert "data-now-line" not in html
    assert "Last hour" not in words
    assert f'href="?day={(noon.date() - timedelta(days=1)).isoformat()}' not in html, "nothing is kept of the day before"


async def test_the_waiting_call_of_others_is_no_ring_of_this_agent(floor: Worker) -> None:
    before = await page()
    await floor.tell(waiting_call("somebody", SUPPORT, since=now_ms()))
    after = await page()
    assert re.findall(r'<tr[^>]* data-outcome="(\w+)"', before) == re.findall(r'<tr[^>]* data-outcome="(\w+)"', after)


async def test_a_list_that_may_lack_rings_says_so(floor: Worker) -> None:
    """More waits for the archive than a page can read: here because the store does not know its open calls."""
    client, meta = floor.store.connection.client, key("default", "meta")
    assert "data-incomplete" not in await page()
    await floor.store.connection.ask(client.hdel(meta, "open:telavox"))
    assert "data-incomplete" in await page()
