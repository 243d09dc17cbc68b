"""The page of one call: what it tells, of whom, to whom, and what of it is written down."""

import json
import re
from dataclasses import replace

import pytest
from channels.db import database_sync_to_async
from django.test import AsyncClient
from django.utils import translation

from stats.clock import now_ms
from stats.domain.facts import Facts
from stats.domain.records import Call, Direction, Journey, Offer, Party, Visit
from stats.history.archive import keep
from stats.history.telling import Telling
from tests.oracle.days import day
from tests.pages.conftest import Look
from tests.pages.members import looks
from tests.pages.told import NOON, calls_of_documents, calls_of_frames, doc_example
from tests.push import floor
from tests.push.floor import ANNA, PER, SALES, SOURCE, SUPPORT, Worker, ended_call
from wallboard.accounts.models import ApiToken, AuditEntry
from wallboard.accounts.viewer import Viewer
from wallboard.pages.call.drawing import drawing_of
from wallboard.pages.call.reading import Reading, read
from wallboard.pages.call.steps import steps_of
from wallboard.pages.story import story_of
from wallboard.push import live
from wallboard.push.naming import Naming

LENA = Party(id=924330, account_id=3467674, name="Lena Ek")
NUMBER = "+46701740605"
ZONE = "Europe/Stockholm"
ADMIN = Viewer(kind="person", organisation="default", role="admin", abilities=frozenset({"look", "calls", "agents", "numbers"}))


def example(id_call: str = "worked-example") -> Call:
    """The vendor's worked example: one call, two queues, three agents."""
    (call,) = calls_of_documents(doc_example(), NOON + 200_000).values()
    assert call.journey is not None
    journey = replace(call.journey, number=NUMBER, end_reason="CALLER_HANGUP", ivr_name="Huvudmeny", menu_digit="1")
    return replace(call, id_call=id_call, journey=journey)


def rows(html: str) -> list[tuple[str, ...]]:
    """The steps of the table: time, what, who, how long, how it ended."""
    table = html.split("data-steps")[1].split("</table>")[0]
    return [
        tuple(
            re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", cell)).strip() for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)
        )
        for row in re.findall(r"<tr data-row.*?</tr>", table, re.DOTALL)
    ]


def story_in(html: str) -> str:
    """The paragraph of a page."""
    found = re.search(r"data-story>([^<]+)", html)
    assert found is not None
    return found[1]


async def page(look: Look, id_call: str, **wishes: object) -> str:
    """The HTML of a call's page."""
    answer = await look(f"/calls/{id_call}/", **wishes)
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.acceptance("TX-04")
async def test_the_vendors_example_is_told_and_listed_in_order_with_the_right_seconds(look: Look, worker: Worker) -> None:
    await worker.tell(example())
    await worker.move_to(ZONE)
    html = await page(look, "worked-example")
    assert story_in(html) == (
        "A call from +46 ··· ·· 06 05. It was in the menu Huvudmeny for 8 seconds. "
        "Rang without answer: A1 (15 seconds), A2 (15 seconds). After 32 seconds in Ett it moved on without an answer. "
        "After 10 seconds in Två it was answered by A3. They talked for 2 min 0 s. "
        "The caller hung up. From beginning to end it took 2 min 50 s."
    )
    assert rows(html) == [
        ("12:00:00", "The call begins", "+46 ··· ·· 06 05", "", ""),
        ("12:00:00", "In the menu", "Huvudmeny", "8 seconds", "pressed 1"),
        ("12:00:08", "Waiting in the queue", "Ett", "32 seconds", "Overflowed"),
        ("12:00:10", "Phone rings", "A1", "15 seconds", "No answer"),
        ("12:00:25", "Phone rings", "A2", "15 seconds", "No answer"),
        ("12:00:40", "Waiting in the queue", "Två", "10 seconds", "Answered"),
        ("12:00:42", "Phone rings", "A3", "8 seconds", "Answered"),
        ("12:00:50", "Talking", "A3", "2 minutes", ""),
        ("12:02:50", "The call ends", "", "2 minutes 50 seconds in all", "the caller hung up"),
    ]


async def test_the_example_is_told_in_swedish_without_a_word_of_english(look: Look, worker: Worker) -> None:
    await worker.tell(example())
    html = await page(look, "worked-example", language="sv")
    assert story_in(html).startswith("Ett samtal från +46 ··· ·· 06 05.")
    words = re.sub(r"<[^>]+>", " ", html.split("<main")[1].split('<section class="card records"')[0])
    for english in ("Phone", "rings", "Waiting", "Talking", "seconds", "call", "answer", "Step", "hung", "Nobody", "Copy", "number"):
        assert not re.search(rf"\b{english}\b", words), english


@pytest.fixture
async def transferred(look: Look, worker: Worker) -> str:
    """A call that Anna answered, kept on hold, and handed to another queue, where the caller gave up while Per's phone rang."""
    told = {"direction": Direction.IN, "active": False}
    call = Call(
        source=SOURCE,
        id_call="transferred",
        journey=Journey(
            number=NUMBER, answered=True, started_at=NOON, ended_at=NOON + 100_000, transfers=1, transfer_first="blind", **told
        ),
        visits=(
            Visit(queue=SUPPORT, entered_at=NOON, answered=True, answered_at=NOON + 10_000, ended_at=NOON + 10_000, **told),
            Visit(queue=SALES, entered_at=NOON + 60_000, answered=False, ended_at=NOON + 100_000, **told),
        ),
        offers=(
            Offer(
                agent=ANNA,
                queue=SUPPORT,
                began_at=NOON + 5_000,
                answered_at=NOON + 10_000,
                ended_at=NOON + 60_000,
                answered=True,
                talk_ms=49_000,
                hold_ms=1_000,
                ring_ms=5_000,
                end_reason="TRANSFERRED",
                **told,
            ),
            Offer(agent=PER, queue=SALES, began_at=NOON + 90_000, ended_at=NOON + 100_000, answered=False, end_reason="CANCELLED", **told),
        ),
    )
    await worker.tell(call)
    await worker.move_to(ZONE)
    return "transferred"


async def test_a_hold_and_a_transfer_are_in_the_story_and_in_the_table(look: Look, transferred: str) -> None:
    html = await page(look, transferred)
    assert story_in(html) == (
        "A call from +46 ··· ·· 06 05. After 10 seconds in Support it was answered by Anna Berg. "
        "They talked for 49 seconds, and 1 second more the caller was on hold. "
        "Anna Berg handed the caller on to Försäljning. Rang without answer: Per Öst (10 seconds). "
        "The caller gave up after 40 seconds in Försäljning. From beginning to end it took 1 min 40 s."
    )
    steps = [(time, what, who, ended) for time, what, who, _length, ended in rows(html)]
    assert ("–", "On hold", "Anna Berg", "") in steps, "nobody tells when somebody was on hold"
    assert ("12:01:00", "Handed on", "Anna Berg → Försäljning", "without asking first") in steps
    assert ("12:01:30", "Phone rings", "Per Öst", "The caller hung up") in steps


async def test_queues_and_agents_of_a_call_are_links_for_whom_they_are_open(look: Look) -> None:
    html = await page(look, "answered")
    assert 'href="/queues/111834/"' in html
    assert 'href="/agents/924328/"' in html
    assert 'href="/agents/924328/"' not in await page(look, "answered", staff=False)


async def test_a_viewer_is_told_agents_by_their_short_names_in_every_part_of_the_page(look: Look, worker: Worker) -> None:
    await worker.tell(ended_call("per", agent=PER, since=now_ms() - 60_000))
    html = await page(look, "per", staff=False)
    assert "Per Ö" in html
    assert "Per Öst" not in html
    assert "Per Öst" in await page(look, "per")


async def test_a_number_is_masked_until_it_is_asked_for_and_only_then_and_written_down(look: Look) -> None:
    assert NUMBER not in await page(look, "answered")
    uncovered = await look("/calls/answered/", form={})
    assert uncovered.status_code == 200
    html = uncovered.content.decode()
    assert f"Call {NUMBER}" in html
    assert json.loads(_json(html, "call"))["journey"]["number"] == NUMBER
    assert NUMBER not in await page(look, "answered")
    (shown,) = [entry async for entry in AuditEntry.objects.filter(action="number.shown")]
    assert (shown.subject_kind, shown.subject, shown.actor_name) == ("call", "answered", "pTrue")
    assert NUMBER not in json.dumps(shown.detail)


async def test_who_may_not_call_back_is_not_offered_the_number_and_does_not_get_it(look: Look) -> None:
    assert "Show number" in await page(look, "answered")
    assert "Show number" not in await page(look, "answered", staff=False)
    refused = await look("/calls/answered/", staff=False, form={})
    assert refused.status_code == 403
    assert NUMBER not in refused.content.decode()
    assert not await AuditEntry.objects.filter(action="number.shown").aexists()


async def test_opening_a_call_is_written_down_once_for_each_person(look: Look) -> None:
    for _ in range(2):
        await page(look, "answered")
    await page(look, "answered", staff=False)
    await page(look, "waiting")
    entries = [(entry.actor_name, entry.subject) async for entry in AuditEntry.objects.filter(action="call.opened").order_by("id")]
    assert entries == [("pTrue", "answered"), ("pFalse", "answered"), ("pTrue", "waiting")]


async def test_a_call_outside_ones_queues_is_not_there(look: Look) -> None:
    assert (await looks("/calls/answered/", role="viewer", queues=["111834"])).status_code == 200
    refused = await looks("/calls/answered/", role="viewer", queues=["111835"])
    assert refused.status_code == 404
    assert "Anna" not in refused.content.decode()
    assert (await looks("/calls/answered/", role="admin", queues=[])).status_code == 404


def _json(html: str, name: str) -> str:
    """The text of one of the records."""
    found = re.search(rf'<pre id="json-{name}"[^>]*>(.*?)</pre>', html, re.DOTALL)
    assert found is not None
    return found[1].replace("&quot;", '"').replace("&amp;", "&").replace("&#x27;", "'")


async def test_the_record_is_shown_as_it_is_held_with_its_number_masked(look: Look) -> None:
    html = await page(look, "answered")
    call, visits, offers = (json.loads(_json(html, name)) for name in ("call", "visits", "offers"))
    assert (call["id_call"], call["journey"]["number"]) == ("answered", "+46 ··· ·· 06 05")
    assert [visit["queue"]["name"] for visit in visits] == ["Support"]
    assert [(offer["agent"]["name"], offer["talk_ms"]) for offer in offers] == [("Anna Berg", 10_000)]


async def test_a_call_the_live_store_has_forgotten_is_read_from_the_archive_by_page_and_api(look: Look) -> None:
    await database_sync_to_async(keep)("default", SOURCE, [Telling(example("old"))], now_ms())
    html = await page(look, "old")
    assert len(rows(html)) == 9
    told = (await _asked("/api/v1/calls/old", "calls", "numbers")).json()
    assert (told["id_call"], len(told["visits"]), len(told["offers"])) == ("old", 2, 3)
    assert [offer["end_reason"] for offer in told["offers"]] == ["NO_ANSWER", "NO_ANSWER", None]


async def _asked(address: str, *scopes: str, queues: list[str] | None = None) -> "object":
    """The answer of the API to a token with these scopes."""
    from stats.models import Organisation

    organisation = await Organisation.objects.aget(slug="default")
    row, token = await database_sync_to_async(ApiToken.issue)(organisation, "test")
    await ApiToken.objects.filter(pk=row.pk).aupdate(scopes=list(scopes), queues=queues)
    return await AsyncClient().get(address, headers={"authorization": f"Bearer {token}"})


async def test_a_program_gets_a_number_only_with_the_scope_for_it(look: Look) -> None:
    whole = (await _asked("/api/v1/calls/answered", "calls", "numbers")).json()
    assert (whole["number"], whole["number_masked"]) == (NUMBER, "+46 ··· ·· 06 05")
    masked = await _asked("/api/v1/calls/answered", "calls")
    assert (masked.json()["number"], masked.json()["number_masked"]) == (None, "+46 ··· ·· 06 05")
    assert NUMBER not in masked.content.decode()
    assert (await _asked("/api/v1/calls/answered", "live")).status_code == 403
    assert (await _asked("/api/v1/calls/answered", "calls", queues=["111835"])).status_code == 404


async def test_an_id_that_two_telephone_systems_use_is_a_choice(
    look: Look, worker: Worker, redis_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(floor, "SOURCE", "other")
    other = await Worker(redis_server).begin()
    await other.tell(replace(ended_call("answered", SALES, PER, since=now_ms() - 50_000), source="other"))
    await other.close()
    both = await look("/calls/answered/")
    assert both.status_code == 300
    links = re.findall(r'href="(/calls/answered/\?source=\w+)"', both.content.decode())
    assert links == ["/calls/answered/?source=other", "/calls/answered/?source=telavox"]
    assert "Försäljning" in story_in((await look(links[0])).content.decode())
    assert "Support" in story_in((await look(links[1])).content.decode())
    # Whoever sees one of the two alone has nothing to choose.
    alone = await looks("/calls/answered/", role="viewer", queues=["111835"])
    assert alone.status_code == 200
    assert "Försäljning" in story_in(alone.content.decode())


async def test_other_calls_of_the_caller_are_listed_and_that_they_called_again(look: Look, worker: Worker) -> None:
    now = now_ms()
    await worker.tell(ended_call("again", SALES, since=now - 30_000))
    await database_sync_to_async(keep)("default", SOURCE, [Telling(example("old"))], now)
    html = (await page(look, "answered")).split("data-others")[1].split("</section>")[0]
    assert re.findall(r'href="(/calls/[^"]+/)"', html)[:2] == ["/calls/again/", "/calls/old/"]
    assert "The caller called again" in html
    assert NUMBER not in html
    # `waiting` has the same number, but is another queue's affair for some.
    scoped = (await looks("/calls/answered/", role="viewer", queues=["111834"])).content.decode().split("data-others")[1]
    assert "/calls/again/" not in scoped


async def test_a_call_without_a_number_has_no_other_calls_and_says_that_it_is_hidden(look: Look, worker: Worker) -> None:
    for name in ("hidden", "also-hidden"):
        call = ended_call(name, since=now_ms() - 60_000)
        assert call.journey is not None
        await worker.tell(replace(call, journey=replace(call.journey, number=None)))
    html = await page(look, "hidden")
    assert story_in(html).startswith("A call from a hidden number.")
    assert "also-hidden" not in html
    assert "not known" in html.split("data-others")[1]
    assert "Show number" not in html


async def test_a_call_that_goes_on_is_told_up_to_the_last_sign_of_life_and_is_marked(look: Look, worker: Worker) -> None:
    fresh = await page(look, "waiting")
    assert 'data-freshness="live"' in fresh.split('data-part="tale"')[1].split(">")[0]
    assert re.search(r"It has been waiting in Support for 1 min \d+ s\.", story_in(fresh))
    await live.close()
    await worker.report(at=now_ms() - 62_000)
    old = await page(look, "waiting")
    assert 'data-freshness="stale"' in old.split('data-part="tale"')[1].split(">")[0]
    assert re.search(r"It has been waiting in Support for \d seconds?\.", story_in(old)), "nobody knows whether it still waits"
    ended = await page(look, "answered")
    assert "data-freshness" not in ended.split('data-part="tale"')[1].split(">")[0], "what is over does not grow old"


async def test_a_hostile_name_is_text_in_every_part_of_the_page(look: Look, worker: Worker) -> None:
    evil = Party(id=924399, account_id=1, name='<img src=x onerror="alert(1)">')
    await worker.tell(ended_call("evil", Party(id=7, name="</title><svg onload=alert(1)>"), evil, since=now_ms() - 60_000))
    html = await page(look, "evil")
    assert "<img src=x" not in html
    assert "<svg onload" not in html
    assert "&lt;img src=x" in html


async def test_a_phone_that_rang_when_the_caller_hung_up_is_in_the_story(look: Look, worker: Worker) -> None:
    await worker.tell(ended_call("gone", agent=PER, since=now_ms() - 60_000, wait_ms=9_000, answered=False))
    assert story_in(await page(look, "gone")) == (
        "A call from +46 ··· ·· 06 05. The caller gave up after 9 seconds in Support. It was ringing then at: Per Öst. "
        "From beginning to end it took 9 seconds."
    )


def reading_of(call: Call, now: int) -> Reading:
    """A call as an administrator reads it."""
    return read(call, Facts(timezone=ZONE), ADMIN, Naming("default", "full"), now)


@pytest.mark.parametrize("seed", range(4))
def test_any_call_of_any_day_can_be_told_drawn_and_listed(seed: int) -> None:
    told = day(seed, n_calls=100, controversial=True)
    stories = set()
    for call in calls_of_frames(told.frames()).values():
        reading = reading_of(call, told.now_ms)
        for language in ("en", "sv"):
            with translation.override(language):
                story = story_of(reading)
                assert story.endswith(".")
                assert "%(" not in story
                assert "  " not in story
        drawing = drawing_of(reading, ZONE)
        for track in drawing.tracks:
            edges = [(float(bar.x[:-1]), float(bar.width[:-1])) for bar in track.bars]
            assert all(0 <= x <= 100 and x + width <= 100.5 for x, width in edges)
        assert len(drawing.ticks) <= 9
        listed = [step.time_iso for step in steps_of(reading, ZONE) if step.time_iso]
        assert listed == sorted(listed)
        # Everybody who was rung is named, and nobody twice in one sentence.
        named = {reading.of_offer(n).name for n in range(len(call.offers))}
        assert all(name in story for name in named)
        stories.add(re.sub(r"\d+", "", story))
    assert len(stories) > 30


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        ({"offers": (), "ivr_seen": True}, "After 30 seconds in the menu Menu it ended."),
        ({"offers": (), "voicemail": True}, "It went to voicemail."),
        ({"offers": (), "callback_ordered": True}, "The caller ordered a callback."),
        ({"offers": (), "end_reason": "INACTIVE_NUMBER"}, "The number is not in use."),
        ({"offers": (), "end_reason": "STRANGE"}, "It ended, says the telephone system: “STRANGE”."),
        ({"offers": (), "redirects": 1}, "It was redirected once."),
        ({"offers": (), "redirects": 2}, "It was redirected 2 times."),
        ({"direction": Direction.OUT, "answered": False}, "Anna Berg called, and nobody answered."),
        ({"direction": Direction.IN, "answered": False}, "Anna Berg was rung and did not answer."),
    ],
)
def test_what_a_call_without_a_queue_came_to_is_said(call: dict[str, object], sentence: str) -> None:
    rung = Offer(agent=ANNA, began_at=NOON, ended_at=NOON + 10_000, active=False, answered=False)
    offers = call.pop("offers", (rung,))
    journey = Journey(**{"active": False, "direction": Direction.IN, "started_at": NOON, "ended_at": NOON + 30_000, **call})  # type: ignore[arg-type]
    told = story_of(reading_of(Call(source=SOURCE, id_call="c", journey=journey, offers=offers), NOON + 60_000))  # type: ignore[arg-type]
    assert sentence in told
    assert told.endswith("From beginning to end it took 30 seconds.")
