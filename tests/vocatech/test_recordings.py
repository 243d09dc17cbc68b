"""Recordings: a link of half an hour, made anew for each play and never kept (VT-12)."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp import web

from stats.domain.errors import Refused, Retry
from stats.domain.notes import Recording
from stats.providers.vocatech.provider import VocatechProvider
from stats.providers.vocatech.rest import Rest
from stats.providers.vocatech.simulator import VocatechSimulator
from stats.simulation import records
from tests.vocatech.conftest import Dial, config

HOUR_MS = 3_600_000


@pytest.fixture
def kept(house: VocatechSimulator, recorded: records.Call) -> records.Call:
    house.live = False
    house.hear(recorded.ended_at or 0, recorded)
    return recorded


async def recordings(provider: VocatechProvider, call: records.Call) -> list[Recording]:
    start = call.started_at
    return list(await provider.recordings(call.id, start_ms=start - HOUR_MS, end_ms=start + HOUR_MS, received_at=start + HOUR_MS))


async def hear(provider: VocatechProvider, recording: Recording, byte_range: str | None = None) -> tuple[int, dict[str, str], bytes]:
    async with provider.sound(recording, byte_range=byte_range) as sound:
        return sound.status, dict(sound.headers), b"".join([chunk async for chunk in sound.chunks])


async def test_each_play_has_a_link_of_its_own_and_none_is_kept(house: VocatechSimulator, dial: Dial, kept: records.Call) -> None:
    """VT-12: what is known of a recording is its id alone; half an hour later the same play works, and an old link would not."""
    provider = dial()
    recording = (await recordings(provider, kept))[0]
    assert recording.locator == recording.recording_id
    assert "http" not in repr(recording)
    assert recording.duration_ms
    for play_number in (1, 2):
        status, headers, sound = await hear(provider, recording)
        assert (status, headers["content-type"], sound[:2]) == (200, "audio/mpeg", b"\xff\xfb")
        assert len([each for each in house.asked if "/media/" in each]) == play_number
        house.advance(31 * 60_000)
    assert len(house.storage.heard) == 2


async def test_a_part_of_the_sound_may_be_asked_for(dial: Dial, kept: records.Call) -> None:
    """VT-12: a player that seeks."""
    provider = dial()
    recording = (await recordings(provider, kept))[0]
    whole = (await hear(provider, recording))[2]
    status, headers, part = await hear(provider, recording, "bytes=100-199")
    assert (status, part, headers["content-range"]) == (206, whole[100:200], f"bytes 100-199/{len(whole)}")


async def test_the_key_is_never_sent_to_where_the_sound_lies(house: VocatechSimulator, dial: Dial, kept: records.Call) -> None:
    """ "No auth header needed for the download itself", and none is given to a host the vendor names."""
    provider = dial()
    recording = (await recordings(provider, kept))[0]
    await hear(provider, recording)
    assert house.storage.heard == [None]


@pytest.mark.parametrize("locator", ["rec_0", "rec_../../x", "att_456", "https://evil.example/x", ""])
async def test_what_is_no_recording_of_ours_is_refused_in_words(dial: Dial, kept: records.Call, locator: str) -> None:
    """VT-12: nobody else's sound, and no path of our own making."""
    provider = dial()
    recording = replace((await recordings(provider, kept))[0], locator=locator)
    with pytest.raises(Refused) as why:
        await hear(provider, recording)
    assert why.value.kind == "config"


async def test_another_companys_recording_is_not_played(house: VocatechSimulator, dial: Dial, kept: records.Call) -> None:
    """VT-12: "ownership is verified automatically"."""
    recording = (await recordings(dial(), kept))[0]
    with pytest.raises(Refused) as why:
        await hear(dial(house.other_token), recording)
    assert why.value.kind == "config"


@pytest.mark.parametrize(
    ("api", "link", "may"),
    [
        ("https://api.vocatech.com/v1", "https://storage.googleapis.com/x?signed=1", True),
        ("https://api.vocatech.com/v1", "http://storage.googleapis.com/x", False),
        ("https://api.vocatech.com/v1", "http://127.0.0.1/x", False),
        ("http://127.0.0.1:9/v1", "http://127.0.0.1:8/x", True),
        ("http://127.0.0.1:9/v1", "http://169.254.169.254/x", False),
        ("https://api.vocatech.com/v1", "file:///etc/passwd", False),
        ("https://api.vocatech.com/v1", "https:///x", False),
        ("https://api.vocatech.com/v1", "http://[", False),
        ("https://api.vocatech.com/v1", "", False),
    ],
)
def test_a_signed_link_leads_only_where_the_vendor_may_send_us(api: str, link: str, may: bool) -> None:
    """VT-12: HTTPS, or this machine when the API itself is on it."""
    assert Rest(api, "x", steady_ms=lambda: 0).may_lead_to(link) is may


@pytest.fixture
async def storage() -> AsyncIterator[tuple[str, list[web.Response]]]:
    """A vendor whose storage answers as a test says."""
    answers: list[web.Response] = []
    app = web.Application()

    async def media(request: web.Request) -> web.Response:
        return web.json_response({"url": f"http://127.0.0.1:{request.url.port}/storage/x", "content_type": "audio/mp3"})

    async def sound(_request: web.Request) -> web.Response:
        return answers.pop(0)

    app.router.add_get("/v1/media/rec_1", media)
    app.router.add_get("/storage/x", sound)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1", answers
    await runner.cleanup()


@pytest.mark.parametrize(("status", "fault"), [(302, Refused), (400, Refused), (403, Refused), (404, Refused), (500, Retry)])
async def test_a_storage_that_does_not_answer_with_sound_is_told_in_words(
    storage: tuple[str, list[web.Response]], status: int, fault: type[Exception]
) -> None:
    """VT-12: never a redirect that is followed."""
    url, answers = storage
    answers.append(web.Response(status=status, headers={"Location": "http://127.0.0.1:1/"} if status == 302 else {}))
    provider = VocatechProvider(config(url))
    recording = Recording(source="voca", id_call="c", recording_id="rec_1", locator="rec_1")
    with pytest.raises(fault):
        await hear(provider, recording)
    await provider.close()
