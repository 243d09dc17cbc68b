"""Who is at work: each process' report, and one page that shows them all."""

import asyncio

import pytest
import redis

from stats.clock import now_ms
from stats.domain.roll import Roll, WebReport
from stats.live import rollcall
from stats.live.keys import key
from stats.live.rollcall import RollCall
from tests.push.conftest import Open, open_board, token, worker
from tests.push.floor import Worker
from wallboard.accounts.models import Screen
from wallboard.api.examination import examine
from wallboard.pages.health import told
from wallboard.push import attendance, hubs, window

__all__ = ["open_board", "token", "worker"]


async def roll(worker: Worker, within_s: float = 10.0) -> Roll:
    """The roll, once this process is on it with a browser."""
    for _ in range(int(within_s * 10)):
        found = await RollCall(worker.store, "default").read()
        if any(web.screens for web in found.webs):
            return found
        await asyncio.sleep(0.1)
    raise AssertionError("this process never reported")


async def test_a_browser_at_a_board_is_on_the_page_by_its_links_name_whatever_process_it_is_at(open_board: Open, worker: Worker) -> None:
    """And so are those of another process, on another machine."""
    browser = await open_board()
    await browser.ack(await browser.hear())
    other = WebReport(name="elsewhere:7", started_at=now_ms(), written_at=now_ms(), boards={"team": 3}, messages_per_s=1.5, unlisted=3)
    await RollCall(worker.store, "default").leave(other)
    found = await roll(worker)
    (mine,) = (web for web in found.webs if web.name != "elsewhere:7")
    (screen,) = mine.screens
    assert (mine.boards, screen.kind, screen.board) == ({"team": 1}, "screen", "team")
    assert screen.acknowledged_s is not None
    assert screen.data_age_s < 5
    row = await Screen.objects.aget()
    assert screen.row == row.pk
    page = told(await examine("default"))
    assert [each["name"] for each in page["screens"]] == ["Hall"]
    assert {each["name"]: each["sockets"] for each in page["webs"]} == {"elsewhere:7": 3, mine.name: 1}
    assert page["unlisted"] == 3


@pytest.mark.fault("D1", "D2")
async def test_a_browser_that_does_not_answer_is_named_and_its_numbers_grow_old(
    open_board: Open, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was told something, and has said nothing since."""
    monkeypatch.setattr(window, "PAUSE_S", 0.2)
    monkeypatch.setattr(attendance, "EVERY_S", 0.3)
    await open_board()
    await asyncio.sleep(0.5)
    assert sum(len(hub.sockets) for hub in hubs.hubs()) == 1
    for _ in range(100):
        (mine,) = (await roll(worker)).webs
        if mine.slow:
            break
        await asyncio.sleep(0.1)
    assert mine.slow == 1
    assert mine.screens[0].slow
    assert mine.screens[0].acknowledged_s is None
    assert mine.screens[0].data_age_s > 0.1
    page = told(await examine("default"))
    assert "does not answer" not in page["headline"]
    assert any(each["code"] == "screens_slow" for each in page["findings"])


async def test_a_process_that_stops_reporting_is_gone(worker: Worker, redis_server: str) -> None:
    """Its report ends by itself; one that cannot be read is nobody's."""
    call = RollCall(worker.store, "default")
    for name in ("h:1", "h:2"):
        await call.leave(WebReport(name=name, started_at=0, written_at=now_ms()))
    assert [web.name for web in (await call.read()).webs] == ["h:1", "h:2"]
    with redis.Redis.from_url(redis_server) as client:
        assert all(0 < client.ttl(name) <= rollcall.LIVES_S for name in client.keys("*roll:web*"))
        client.set(key("default", "roll", "web:h:1"), b"not a report")
    assert [web.name for web in (await call.read()).webs] == ["h:2"]
