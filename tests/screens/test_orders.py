"""What paired screens are told beside their board, what they say of themselves, and how soon an order arrives."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.test import AsyncClient
from django.utils import timezone

from stats.clock import now_ms
from stats.live.rollcall import BEAT_MS, RollCall
from tests.screens.conftest import Wall
from wallboard.accounts.models import AuditEntry, Screen
from wallboard.push import attendance, live, messages
from wallboard.push.routing import websocket_urlpatterns

pytestmark = pytest.mark.django_db(transaction=True)
REPORT = {
    "type": "report",
    "heap": 4_000_000,
    "nodes": 700,
    "engine": "Chromium 94, Tizen 7.0",
    "width": 1920,
    "height": 1080,
    "skew_ms": -3_600_000,
    "build": "abcdef12",
    "visible": True,
    "since": 1_790_000_000_000,
}


class Television(WebsocketCommunicator):
    """A television at a board, by its own key."""

    def __init__(self, tv: AsyncClient, board: str = "team", *, query: str = "?device", **more: str) -> None:
        cookies = {"wb_device": tv.cookies["wb_device"].value, **more}
        header = "; ".join(f"{name}={value}" for name, value in cookies.items()).encode()
        super().__init__(URLRouter(websocket_urlpatterns), f"/ws/boards/{board}/{query}", [(b"cookie", header)])

    async def hear(self, kind: str, within_s: float = 20.0) -> dict[str, Any]:
        """The next message of a kind; everything before it is acknowledged."""
        async with asyncio.timeout(within_s):
            while True:
                event = await self.receive_output(within_s)
                if event["type"] == "websocket.close":
                    return {"type": "closed", "code": event["code"]}
                message: dict[str, Any] = json.loads(event["text"])
                if message["type"] == kind:
                    return message
                if "version" in message or "to" in message:
                    await self.send_json_to({"type": "ack", "version": message["to" if "to" in message else "version"]})


@pytest.fixture
async def tv(wall: Wall) -> AsyncClient:
    """A television that was paired."""
    client = AsyncClient()
    await wall.pair(client)
    return client


@pytest.fixture
async def hall(tv: AsyncClient) -> AsyncIterator[Television]:
    """Its socket."""
    television = Television(tv)
    assert (await television.connect(5))[0]
    yield television
    await television.disconnect()


async def test_a_paired_screen_is_told_what_it_is_and_each_order_within_five_seconds(wall: Wall, tv: AsyncClient, hall: Television) -> None:
    first = await hall.hear("screen")
    assert (first["name"], first["steps"], first["blanked"]) == ("Hall", [{"board": "team", "seconds": 30}], False)
    screen, person = await Screen.objects.aget(), await wall.person()
    for do in ("identify", "reload", "blank", "unblank"):
        assert (await person.post(f"/screens/{screen.pk}/order/", {"do": do})).status_code == 302
        told = await hall.hear("screen", 5)
        match do:
            case "identify":
                assert 15_000 < told["identify_until"] - now_ms() <= 20_000
            case "reload":
                assert abs(told["reload_at"] - now_ms()) < 10_000
            case _:
                assert told["blanked"] is (do == "blank")
    form = {"name": "Lobby", "board": ["team", "supervisor"], "seconds-supervisor": "20", "theme": "light", "names": "pseudonym"}
    assert (await person.post(f"/screens/{screen.pk}/", form)).status_code == 302
    told = await hall.hear("screen", 5)
    assert told["name"] == "Lobby"
    assert told["steps"] == [{"board": "team", "seconds": 30}, {"board": "supervisor", "seconds": 20}]
    assert told["look"] != first["look"]
    written = [each.action async for each in AuditEntry.objects.order_by("pk")]
    assert written == ["screen.paired", "screen.blanked", "screen.unblanked", "screen.renamed", "screen.assigned", "screen.changed"]


async def test_a_revoked_screen_is_closed_within_five_seconds(wall: Wall, tv: AsyncClient, hall: Television) -> None:
    await hall.hear("snapshot")
    screen = await Screen.objects.aget()
    await (await wall.person()).post(f"/screens/{screen.pk}/revoke/")
    assert await hall.hear("never", 5) == {"type": "closed", "code": 4003}


async def test_a_login_on_the_same_browser_does_not_keep_a_revoked_screen_on(wall: Wall, tv: AsyncClient) -> None:
    person = await wall.person("admin")
    television = Television(tv, sessionid=person.cookies["sessionid"].value)
    assert (await television.connect(5))[0]
    await database_sync_to_async((await Screen.objects.aget()).revoke)()
    assert await television.hear("never", 5) == {"type": "closed", "code": 4003}


async def test_a_screen_that_was_given_another_board_is_told_before_its_socket_ends(tv: AsyncClient, hall: Television) -> None:
    await hall.hear("screen")
    # The guard has its look behind it, and asks again in two seconds.
    await asyncio.sleep(0.5)
    await Screen.objects.aupdate(board="supervisor")
    assert (await hall.hear("screen", 5))["steps"] == [{"board": "supervisor", "seconds": 30}]
    assert await hall.hear("never", 5) == {"type": "closed", "code": 4000}
    moved = Television(tv)
    assert (await moved.connect(5))[0]
    assert await moved.hear("never", 5) == {"type": "closed", "code": 4404}


async def test_only_who_says_it_is_a_television_is_told_of_screens(wall: Wall, tv: AsyncClient) -> None:
    person = await wall.person("admin")
    desk = Television(tv, query="", sessionid=person.cookies["sessionid"].value)
    assert (await desk.connect(5))[0]
    await desk.hear("snapshot")
    with pytest.raises(TimeoutError):
        await desk.hear("screen", 3.0)


async def test_a_report_reaches_the_page_of_screens(wall: Wall, tv: AsyncClient, hall: Television) -> None:
    await hall.hear("screen")
    await hall.send_json_to(REPORT)
    await asyncio.sleep(0.2)
    await attendance.report_once(attendance._clerks[asyncio.get_running_loop()])
    page = (await (await wall.person()).get("/screens/")).content.decode()
    for words in ("Chromium 94, Tizen 7.0", "1920 × 1080", "4.0 MB", "1 h 0 min slow", "1 of 1 screen is on."):
        assert words in page
    (slot,) = {each for each in await RollCall(live.store(), "default").beats(now_ms() + BEAT_MS) if each}
    assert slot == {(await Screen.objects.aget()).pk}


async def test_a_report_out_of_bounds_is_refused(hall: Television) -> None:
    for wrong in ({"engine": "x" * 81}, {"width": -1}, {"heap": "much"}, {"nodes": 2**60}, {"skew_ms": 1.5}, {"visible": None}):
        with pytest.raises(messages.Unreadable):
            messages.read(json.dumps({**REPORT, **wrong}))
    assert isinstance(messages.read(json.dumps(REPORT)), messages.Report)
    await hall.send_json_to({**REPORT, "width": -1})
    assert await hall.hear("never", 5) == {"type": "closed", "code": 4400}


async def test_a_screen_that_is_switched_off_is_said_to_be_in_words(wall: Wall, tv: AsyncClient) -> None:
    await Screen.objects.aupdate(paired_at=timezone.now() - timedelta(days=9), last_seen_at=timezone.now() - timedelta(days=8))
    page = (await (await wall.person()).get("/screens/")).content.decode()
    assert "Not seen since 20" in page
    assert ": is it switched on?" in page
    assert "0 of 1 screen is on." in page
