"""A recording of a real vendor's provider plays in Chromium, and an open page learns of what was said by itself."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from stats.clock import now_ms
from tests.history.keepers import until
from tests.notes.vendor import SECRET, TOKEN, House, standing, wave
from tests.pages.test_every_page import accusations
from tests.pages.test_in_a_browser import chromium, log_in, opened
from tests.push.floor import ended_call
from tests.push.web import Server, serving

__all__ = ["chromium"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]
SOON_MS = 20_000
TELL = """
import sys
import django; django.setup()
from stats.clock import now_ms
from stats.domain.notes import Recording, Transcript, Turn
from stats.history.notes import upsert_notes
from stats.models import Organisation, Source
what, address, token = sys.argv[1:]
if what == "sound":
    source, _ = Source.objects.get_or_create(organisation=Organisation.objects.get(), name="telavox")
    source.provider, source.live_url, source.token = "voxloud", address, token
    source.save()
    told = {"source": "telavox", "id_call": "one", "told_at": now_ms()}
    upsert_notes("default", [Recording(recording_id="r", locator="call:one", agent="924328", duration_ms=20_000, **told)])
elif what == "details":
    from stats.domain.notes import CallDetail, Message
    told = {"source": "telavox", "told_at": now_ms()}
    told["status"] = "BUSY"
    detail = CallDetail(id_call="one", direction="in", called_number="+4681740600", crm_name="x", crm_url="https://crm.test/", **told)
    del told["status"]
    upsert_notes("default", [detail, Message(message_id="m", channel="fax", **told), Transcript(id_call="one", sentiment=12.0, **told)])
else:
    words = (Turn(text="Hello <b>there</b>", speaker="Anna", start_ms=61_000),)
    upsert_notes("default", [Transcript(source="telavox", id_call="one", turns=words, summary="Greeted.", told_at=now_ms())])
"""


@pytest.fixture
async def house() -> AsyncIterator[House]:
    """The vendor, with twenty seconds of silence."""
    async with standing() as found:
        found.sound = wave(20)
        yield found


@pytest.fixture
async def web(var_dir: Path, free_port: int, house: House) -> AsyncIterator[Server]:
    """A real web process, and a call of a minute ago with a recording."""
    async with serving(var_dir, free_port) as found:
        await found.worker.report()
        await found.worker.tell(ended_call("one", since=now_ms() - 200_000))
        found.run(TELL, "sound", house.origin, TOKEN)
        yield found


async def test_a_recording_plays_and_what_was_said_comes_by_itself(web: Server, house: House, chromium: Browser) -> None:
    """VL-13, VT-08, must hold 5: by keys, with words for a fault; no address of the vendor's in page, requests or storage."""
    complaints: list[str] = []
    page = await opened(chromium, complaints, viewport={"width": 390, "height": 844})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.clock.install()
    await log_in(page, web)
    await page.goto(f"{web.origin}/calls/one/")
    player = page.get_by_label("Recording 1, Anna Berg, 20 seconds")
    await expect(player).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await player.focus()
    await page.keyboard.press("Space")
    await until(lambda: page.evaluate("document.querySelector('audio').currentTime > 0.2"))
    assert await player.evaluate("player => Math.round(player.duration)") == 20
    # It plays on while the page is renewed around it.
    await page.evaluate("document.querySelector('audio').same = true")
    web.run(TELL, "words", "", "")
    await page.clock.fast_forward(25_000)
    await expect(page.locator(".turns")).to_have_text("1:01Anna: Hello <b>there</b>", timeout=SOON_MS)
    await expect(page.locator("[data-awaited]")).to_have_count(0)
    assert await page.evaluate("document.querySelector('audio').same && document.querySelector('audio').currentTime > 0.2")
    html = await page.content()
    for secret in (house.origin, SECRET, TOKEN):
        assert secret not in html
        assert not any(secret in each for each in asked)
    assert {each.split("/")[2] for each in asked if each.startswith("http")} == {web.origin.removeprefix("http://")}
    assert complaints == []
    web.run(TELL, "details", "", "")
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of these two
        for path in ("/calls/one/", "/reports/details/", "/reports/details/?status=BUSY"):
            await page.goto(web.origin + path)
            assert await accusations(page) == [], f"{path} {scheme}"
    await page.goto(f"{web.origin}/calls/one/")
    house.down = True
    await page.reload()
    await page.locator("audio").focus()
    await page.keyboard.press("Space")
    await expect(page.locator("[data-sound-fault]")).to_have_text(
        "The telephone system does not have this recording, or not any more.", timeout=SOON_MS
    )
