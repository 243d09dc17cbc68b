"""Recordings are heard by whoever may hear them, through us, and by nobody else; where they lie is nowhere to be read."""

import asyncio
from contextlib import aclosing
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.test import AsyncClient

from stats.models import Source
from tests.history.keepers import until
from tests.notes.conftest import Desk
from tests.notes.told import detail, recording, transcript
from tests.notes.vendor import SECRET, TOKEN, wave
from tests.push.floor import SALES, SUPPORT
from wallboard.accounts.models import ApiToken, AuditEntry
from wallboard.pages.call import recordings

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]
HERE = "/calls/telavox/one/recordings/rec-one/"


def kept(desk: Desk, **told: Any) -> Any:
    return recording("one", **{"locator": f"{desk.house.origin}/link/one", **told})


async def heard(answer: Any) -> bytes:
    return b"".join([piece async for piece in answer.streaming_content])


async def test_a_recording_is_heard_through_us(desk: Desk) -> None:
    """VL-13, VT-12, VY-11: with permission, by ranges, with a link made anew for each play, kept by no cache."""
    await desk.told(kept(desk))
    client = await desk.enter()
    answer = await client.get(HERE, headers={"Range": "bytes=0-"})
    assert (answer.status_code, answer["Content-Type"], answer["Cache-Control"]) == (206, "audio/wav", "private, no-store")
    assert answer["Content-Range"] == f"bytes 0-{len(wave()) - 1}/{len(wave())}"
    assert await heard(answer) == wave()
    answer = await client.get(HERE, headers={"Range": "bytes=10-19"})
    assert await heard(answer) == wave()[10:20]
    assert not {"Location", "X-Where", "Set-Cookie"} & set(answer.headers)
    played = AuditEntry.objects.filter(action="recording.played", subject="one")
    assert await played.acount() == 1


async def test_one_answer_holds_no_more_than_a_bounded_part(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recordings, "MOST_AT_ONCE", 1000)
    await desk.told(kept(desk))
    client = await desk.enter()
    for asked, told in (("bytes=0-", "bytes=0-999"), ("bytes=500-7000", "bytes=500-1499"), ("bytes=5-9", "bytes=5-9")):
        await heard(await client.get(HERE, headers={"Range": asked}))
        assert desk.house.asked[-1] == told


async def test_a_long_recording_is_not_held(desk: Desk) -> None:
    """VJ-08 in the other direction: who reads slowly has the vendor wait."""
    desk.house.sound = b"\0" * (64 << 20)
    await desk.told(kept(desk))
    answer = await (await desk.enter()).get(HERE)
    # As the server of ours does with a browser that goes away.
    async with aclosing(aiter(answer)) as pieces:
        await anext(pieces)
        await asyncio.sleep(0.3)
        assert desk.house.sent < 16 << 20
    answer.close()
    await until(lambda: desk.house.listening == 0)


@pytest.mark.parametrize(("role", "queues"), [("viewer", None), ("supervisor", [str(SALES.id)])])
async def test_whoever_may_not_hear_it_does_not(desk: Desk, role: str, queues: list[str] | None) -> None:
    await desk.told(kept(desk), transcript("one"))
    client = await desk.enter(role, queues)
    answer = await client.get(HERE)
    assert answer.status_code in (403, 404)
    assert desk.house.asked == []
    page = (await client.get("/calls/one/")).content.decode()
    assert "my bill" not in page
    assert "<audio" not in page
    assert (await AsyncClient().get(HERE)).status_code == 302
    mine = await desk.enter("supervisor", [str(SUPPORT.id)])
    assert (await mine.get(HERE)).status_code == 200


async def test_another_organisations_recording_is_not_there(desk: Desk) -> None:
    await desk.told(kept(desk))
    client = await desk.enter("admin", organisation="other")
    assert (await client.get(HERE)).status_code == 404
    client = await desk.enter()
    # Nor is one of another call of ours.
    assert (await client.get("/calls/telavox/waiting/recordings/rec-one/")).status_code == 404
    assert desk.house.asked == []


async def test_what_is_wrong_is_said_in_words_and_tells_nothing_of_the_vendor(desk: Desk) -> None:
    await desk.told(kept(desk))
    client = await desk.enter()

    async def said() -> str:
        answer = await client.get(HERE)
        text = answer.content.decode()
        assert answer["Content-Type"].startswith("text/plain")
        for secret in (desk.house.origin, SECRET, TOKEN):
            assert secret not in text
        return f"{answer.status_code} {text}"

    desk.house.kind = "text/html; charset=utf-8"
    assert (await said()).startswith("502 The telephone system does not have this recording")
    desk.house.kind, desk.house.down = "audio/wav", True
    assert (await said()).startswith("502 The telephone system does not answer")
    desk.house.down = False
    await tokens("another")
    assert (await said()).startswith("502 The telephone system refuses our access token")
    await Source.objects.all().adelete()
    assert (await said()).startswith("410 The telephone system of this call was taken away")
    assert (await client.post(HERE)).status_code == 405


async def tokens(plain: str) -> None:
    def change() -> None:
        source = Source.objects.get()
        source.token = plain
        source.save()

    await database_sync_to_async(change)()


async def test_no_page_and_no_answer_of_the_api_holds_where_a_recording_lies(desk: Desk) -> None:
    """Must hold 5."""
    await desk.told(kept(desk), transcript("one"), detail("one"))
    client = await desk.enter("admin")
    token = await database_sync_to_async(lambda: ApiToken.issue(desk_organisation(), "test")[1])()
    addresses = ["/calls/one/", "/", "/callers/", "/reports/calls/?period=7d", "/numbers/queue:111834/answered/", "/sources/", "/health/"]
    told = [(await client.get(each)).content.decode() for each in addresses]
    for each in ("/api/v1/calls/one", "/api/v1/live", "/api/v1/openapi.json"):
        answer = await client.get(each, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200
        told.append(answer.content.decode())
    assert "<audio" in told[0]
    for text in told:
        for secret in (desk.house.origin, "/link/", SECRET, TOKEN, "locator"):
            assert secret not in text


def desk_organisation() -> Any:
    return Source.objects.select_related("organisation").get().organisation


async def test_recordings_nobody_told_of_are_looked_for_when_asked(desk: Desk) -> None:
    """VY-11: where a vendor is asked for recordings, one press asks it."""
    client = await desk.enter()
    assert "Look for recordings" in (await client.get("/calls/one/")).content.decode()
    page = (await client.post("/calls/one/", {"do": "seek"})).content.decode()
    assert "has no recording of this call" in page
    desk.house.recordings = ["a/b c", "two"]
    page = (await client.post("/calls/one/", {"do": "seek"})).content.decode()
    assert "2 recordings were found" in page
    assert page.count("<audio") == 2
    assert (await client.get("/calls/telavox/one/recordings/a/b%20c/")).status_code == 200
    assert (await (await desk.enter("viewer")).post("/calls/one/", {"do": "seek"})).status_code == 403
