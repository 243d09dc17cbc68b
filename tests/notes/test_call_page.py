"""A call's page tells what was told beside it, by whom, to whoever may know; and what may still come."""

import re

import pytest

from stats.clock import now_ms
from stats.domain.notes import Turn
from tests.notes.conftest import Desk
from tests.notes.told import detail, recording, transcript
from tests.push.floor import ended_call
from wallboard.pages.call.noted import WORDS_WITHIN_MS

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


async def page(desk: Desk, role: str = "supervisor", call: str = "one") -> str:
    return (await (await desk.enter(role)).get(f"/calls/{call}/")).content.decode()


async def test_recordings_words_and_sentiment_are_on_the_page(desk: Desk) -> None:
    """VL-12, VT-08, VJ-10: transcript with speaker and time, summary, sentiment with its scale."""
    await desk.told(
        recording("one", agent="924328"),
        recording("one", recording_id="v", kind="voicemail", agent=None, duration_ms=None),
        transcript("one", by="voxjar-1"),
    )
    html = await page(desk)
    assert re.search(r'aria-label="Recording [12], Anna Berg, 1 minute 2 seconds"', html)
    assert "Voicemail" in html
    assert html.count('<audio controls preload="none" src="/calls/telavox/one/recordings/') == 2
    told = text(html)
    assert "Sentiment 71 of 100" in told
    assert "0 is bad, 100 is good" in told
    assert "In short: Asked about a bill." in told
    assert "0:02 Caller: Yes, about my bill." in told
    assert "told by Voxjar 1" in told


async def test_what_is_told_is_text_and_an_address_outside_is_followed_over_https_alone(desk: Desk) -> None:
    evil = "<script>alert(1)</script>"
    await desk.told(
        transcript("one", turns=(Turn(text=evil, speaker=evil),), summary=evil, part=evil),
        detail("one", crm_name=evil, crm_url="javascript:alert(1)", labels=(evil,), customer_name=evil, status=evil),
    )
    html = await page(desk)
    assert "<script>alert" not in html
    assert "javascript:" not in html
    for bad in ("http://crm.test/1", "https://user@crm.test/", "https://", "//crm.test", "https://[x"):
        await desk.told(detail("one", crm_url=bad, told_at=now_ms()))
        assert f'href="{bad}' not in await page(desk)
    await desk.told(detail("one", crm_name="The card", crm_url="https://crm.test/1?a=b", told_at=now_ms()))
    html = await page(desk)
    assert '<a href="https://crm.test/1?a=b" rel="noopener noreferrer" target="_blank">The card' in html
    assert "crm.test" not in await page(desk, "viewer")


async def test_details_are_told_in_words_with_who_told_them(desk: Desk) -> None:
    await desk.told(detail("one", menus=("Main", "Sales"), error_code="404711", error="Queue is gone", parent_call="zero"))
    told = text(await page(desk))
    assert "What else was told told by Telavox" in told
    for words in (
        "Dialled number +4681740600",
        "Who hung up the caller",
        "Fault Queue is gone (404711)",
        "Menus Main → Sales",
        "Labels billing",
    ):
        assert words in told
    assert "Customer Bo Ek" in told
    assert "Bo Ek" not in text(await page(desk, "viewer"))


async def test_the_page_waits_for_words_as_long_as_they_may_come(desk: Desk) -> None:
    """VT-08: while something may come the page looks for it; afterwards it says that there is nothing."""
    html = await page(desk)
    assert "data-awaiting" in html
    assert "may still come" in html
    assert "data-socket" in html
    assert "data-awaiting" not in await page(desk, "viewer")
    await desk.told(transcript("one"))
    html = await page(desk)
    assert "data-awaiting" not in html
    await desk.worker.tell(ended_call("yesterday", since=now_ms() - WORDS_WITHIN_MS - 120_000))
    html = await page(desk, call="yesterday")
    assert "data-awaiting" not in html
    assert "Nothing that was said was written down." in html
    assert "No recording of this call is known." in html
