"""The page of one queue, over a real Redis and database: who waits, who talks, why agents are as they are, and what it promises."""

import html
import re
from dataclasses import replace

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth import get_user_model
from django.test import AsyncClient
from django.utils import translation

from stats.clock import now_ms
from stats.domain.metrics import VARIANTS
from stats.domain.records import ActiveCall, Direction, Journey, Offer, Party, QueueLogin, Visit
from stats.domain.sums import queue_numbers, sl_budget
from stats.models import QueueSetting
from tests.pages.conftest import Look
from tests.pages.members import looks
from tests.pages.test_pages import text_of
from tests.push.floor import PER, SALES, SUPPORT, Worker, ended_call, ready, waiting_call
from wallboard.accounts.models import AuditEntry
from wallboard.pages.queue import day, levels, people
from wallboard.push import live

ADDRESS = "/queues/111834/"
CHECK = {
    "answered": 1000,
    "answered_in_target": 860,
    "abandoned": 50,
    "short_abandoned": 10,
    "abandoned_in_target": 10,
    "short_in_target": 10,
}


@pytest.fixture(autouse=True)
def anew() -> None:
    """No test sees the day of another."""
    day.forget()


def part(page: str, name: str) -> str:
    """One part of the page."""
    found = re.search(rf'<(\w+)[^>]*data-part="{name}".*', page, re.DOTALL)
    assert found is not None, name
    return found[0].split("data-part=", 2)[1] if name != "lane" else found[0].split('data-part="talks"')[0]


async def page_of(look: Look, address: str = ADDRESS) -> str:
    """The page as it is drawn now, by a process that has read nothing before."""
    day.forget()
    await live.close()
    answer = await look(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


async def test_the_longest_wait_stands_first_in_the_lane_and_the_newest_last(look: Look, worker: Worker) -> None:
    now = now_ms()
    await worker.tell(
        waiting_call("second", since=now - 30_000),
        waiting_call("other", SALES, since=now - 90_000),
        waiting_call("last", since=now - 1_000),
        waiting_call("oldest", since=now - 200_000),
    )
    lane = part(await page_of(look), "lane")
    assert re.findall(r'<tr role="row" data-row="(\w+)" data-severity="(\w+)"', lane) == [
        ("oldest", "act"),
        ("waiting", "attention"),
        ("second", "calm"),
        ("last", "calm"),
    ]
    assert "+46 ··· ·· 06 05" in lane
    widths = [float(width) for width in re.findall(r'class="waited"[^>]*width="([\d.]+)"', lane)]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 0


async def test_sixty_callers_are_shown_as_forty_and_twenty_more(look: Look, worker: Worker) -> None:
    now = now_ms()
    await worker.tell(*(waiting_call(f"w{n}", since=now - 1_000 * n) for n in range(1, 60)))
    lane = part(await page_of(look), "lane")
    assert len(re.findall(r"<tr role=\"row\" data-row", lane)) == 40
    assert "and 20 more, who came later" in lane
    assert 'href="/numbers/queue:111834/waiting/?window=today"' in lane


async def test_nobody_waiting_is_said_calmly_and_nothing_heard_is_not_nobody(look: Look, worker: Worker) -> None:
    await worker.tell(ended_call("sold", SALES, since=now_ms() - 60_000))
    assert "Nobody waits." in part(await page_of(look, "/queues/111835/"), "lane")
    await worker.report(known=False, state="connecting")
    lane = part(await page_of(look), "lane")
    assert "Not known just now." in lane
    assert "Nobody waits." not in lane


async def test_a_call_in_talk_names_its_agent_its_wait_and_since_when(look: Look, worker: Worker) -> None:
    now = now_ms()
    talking = replace(
        ended_call("talk", since=now - 40_000, wait_ms=7_000),
        journey=Journey(active=True, answered=True, direction=Direction.IN, number="+46701740611", started_at=now - 40_000),
        visits=(
            Visit(queue=SUPPORT, entered_at=now - 40_000, answered_at=now - 33_000, active=True, answered=True, direction=Direction.IN),
        ),
        offers=(Offer(agent=PER, queue=SUPPORT, began_at=now - 39_000, answered_at=now - 33_000, active=True, answered=True),),
    )
    await worker.tell(talking)
    talks = part(await page_of(look), "talks")
    assert "+46 ··· ·· 06 11" in talks
    assert "Per Öst" in talks
    assert "<td>0:07</td>" in talks
    assert f'data-since="{now - 33_000}"' in talks
    assert 'href="/calls/talk/"' in talks


async def test_of_more_than_a_hundred_agents_the_page_shows_a_hundred_and_the_way_to_the_rest(look: Look, worker: Worker) -> None:
    for number in range(people.MOST + 1):
        await worker.tell(ready(Party(id=700_000 + number, name=f"Agent {number:03d}")))
    drawn = part(await page_of(look), "people").split("</table>")
    assert drawn[0].count("data-row=") == people.MOST
    more = re.search(r'<a href="/agents/\?queue=111834">and (\d+) more</a>', drawn[1])
    assert more is not None
    assert int(more[1]) >= 1


async def test_an_agents_state_says_which_word_of_the_telephone_system_it_stands_on(look: Look, worker: Worker) -> None:
    shown = part(await page_of(look), "people")
    assert "Available, and logged in to a queue: ready." in shown
    assert "Profile: Tillgänglig (available)" in shown
    now = now_ms()
    lunch = replace(ready(), status="unavailable", profile_name="Lunch", profile_since=now - 20_000, until=now + 600_000, told_at=now)
    await worker.report()  # a loaded machine draws pages for longer than a lease
    await worker.tell(lunch)
    shown = part(await page_of(look), "people")
    assert "The profile is unavailable, and the agent is logged in: away" in shown
    assert 'data-state="away"' in shown
    assert f'data-until="{now + 600_000}"' in shown
    assert f'data-grow-full="{620_000}"' in shown
    call = ActiveCall(id_call="answered", answered=True, queue=SUPPORT, started_at=now, answered_at=now)
    await worker.report()
    await worker.tell(replace(lunch, active_call=call, told_at=now + 1))
    shown = part(await page_of(look), "people")
    assert "An answered call goes on, which counts before everything else: talking." in shown


async def test_an_agent_nobody_has_confirmed_since_a_gap_is_marked_with_since_when(look: Look, worker: Worker) -> None:
    lost = now_ms()
    await worker.report(presence_lost_at=lost, presence_open_at=lost + 1)
    shown = part(await page_of(look), "people")
    assert "Not confirmed since" in shown
    assert "no newer document of this agent has come since" in shown


def test_the_six_variants_of_the_worked_check() -> None:
    told: dict[str, object] = {
        **queue_numbers(CHECK, "early_abandons_met"),
        "variant": "early_abandons_met",
        "target_s": 20.0,
        "short_s": 5.0,
    }
    told |= {"share": 0.8, "sl_budget": sl_budget([(CHECK, QueueSetting().share)])}
    with translation.override("en"):
        shown = levels.levels_of(told, "queue:1", "en")
    assert [(each.id, each.percent) for each in shown.variants] == list(
        zip(VARIANTS, ("81.90", "81.13", "83.02", "82.69", "86.00", "82.08"), strict=True)
    )
    assert [each.id for each in shown.variants if each.chosen] == ["early_abandons_met"]
    assert [(each.letter, each.number) for each in shown.parts] == [("A", "1000"), ("A_T", "860"), ("B", "60"), ("S", "10"), ("B_T", "20")]
    assert shown.budget == "20 more calls may miss the target today."
    assert shown.sum == "⌊(1 − 80 %) × 1050⌋ − 190 = 20"


def test_a_day_without_calls_has_no_service_level_of_any_kind() -> None:
    told: dict[str, object] = {**queue_numbers({}, "short_excluded"), "variant": "short_excluded", "sl_budget": 0}
    shown = levels.levels_of(told, "queue:1", "sv")
    assert {each.percent for each in shown.variants} == {"–"}
    assert [each.number for each in shown.parts] == ["0"] * 5
    unknown = levels.levels_of(dict.fromkeys(told), "queue:1", "en")
    assert {each.number for each in unknown.parts} == {"–"}
    assert unknown.left is None
    assert unknown.sum == ""


async def test_the_page_marks_the_queues_own_variant_and_every_part_leads_to_its_calls(look: Look) -> None:
    shown = part(await page_of(look), "levels")
    assert re.findall(r'data-variant="(\w+)" aria-current="true"', shown) == ["short_excluded"]
    assert len(re.findall(r"data-variant=", shown)) == 6
    assert 'href="/numbers/queue:111834/answered_in_target/?window=today"' in shown


async def test_a_viewer_of_one_queue_gets_404_for_another_and_no_word_of_it(look: Look, worker: Worker) -> None:
    now = now_ms()
    moved = replace(
        ended_call("moved", SALES, since=now - 50_000),
        visits=(
            Visit(queue=SUPPORT, entered_at=now - 60_000, ended_at=now - 50_000, active=False, answered=False, direction=Direction.IN),
            Visit(queue=SALES, entered_at=now - 50_000, answered_at=now - 46_000, ended_at=now - 36_000, active=False, answered=True),
        ),
    )
    await worker.tell(moved)
    day.forget()
    mine = await looks("/queues/111835/", role="viewer", queues=["111835"])
    assert mine.status_code == 200
    page = mine.content.decode()
    assert "queues you do not see" in part(page, "flows")
    assert "111834" not in page
    assert ">Support<" not in page
    assert (await looks(ADDRESS, role="viewer", queues=["111835"])).status_code == 404
    assert (await looks(f"{ADDRESS}targets/", role="supervisor", queues=["111835"])).status_code == 404


async def test_the_call_an_agent_has_for_another_queue_is_not_named_to_who_does_not_see_that(look: Look, worker: Worker) -> None:
    """Anna is at both queues, and talks to a caller of Försäljning."""
    now = now_ms()
    both = (QueueLogin(queue=SUPPORT), QueueLogin(queue=SALES))
    call = ActiveCall(id_call="elsewhere", answered=True, queue=SALES, started_at=now - 5000, answered_at=now)
    await worker.tell(replace(ready(), logged_in=both, active_call=call, told_at=now))
    day.forget()
    assert "elsewhere" in (await looks(ADDRESS, role="supervisor")).content.decode()
    mine = (await looks(ADDRESS, role="supervisor", queues=["111834"])).content.decode()
    assert "In a call, answered at" in mine
    assert "elsewhere" not in mine


async def test_callers_who_went_on_are_told_by_where_and_whether_they_were_answered_first(look: Look, worker: Worker) -> None:
    now = now_ms()
    both = ended_call("moved", SALES, since=now - 50_000)
    await worker.tell(
        replace(
            both,
            visits=(
                Visit(queue=SUPPORT, entered_at=now - 60_000, ended_at=now - 50_000, active=False, answered=False, direction=Direction.IN),
                *both.visits,
            ),
        )
    )
    flows = text_of_part(await page_of(look), "flows")
    assert re.search(r"Went on to Queue Unanswered After an answer Försäljning 1 0", flows)
    came = text_of_part(await page_of(look, "/queues/111835/"), "flows")
    assert re.search(r"Came here from Queue Unanswered After an answer Support 1 0", came)
    assert "Nobody went on to another queue." in came


def text_of_part(page: str, name: str) -> str:
    """The words of a part."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", part(page, name))))


async def test_without_an_archive_there_is_no_ghost_and_the_page_says_so(look: Look) -> None:
    page = part(await page_of(look), "day")
    assert 'data-ghost="none"' in page
    assert "There is no archive of" in page
    assert 'class="ghost"' not in page


# --- what is promised ---------------------------------------------------------------------------------------------------


async def as_member(role: str) -> AsyncClient:
    """Somebody with this role, signed in."""
    await looks("/", role=role)
    client = AsyncClient()
    person = await get_user_model().objects.aget(username=f"{role}-all")
    await database_sync_to_async(client.force_login)(person)
    return client


NEW = {"target_s": "30", "short_s": "7", "share": "75,5", "variant": "answered_only"}


async def test_a_supervisor_changes_what_a_queue_promises_it_is_written_down_and_can_be_undone(look: Look) -> None:
    client = await as_member("supervisor")
    answer = await client.post(f"{ADDRESS}targets/", NEW)
    assert answer.status_code == 302
    setting = await QueueSetting.objects.aget(queue_key="111834")
    assert (setting.target_s, setting.short_s, f"{setting.share:f}", setting.variant) == (30, 7, "0.755", "answered_only")
    entry = await AuditEntry.objects.aget(action="queue.targets")
    assert entry.subject == "111834"
    assert entry.detail["before"] == {"target_s": "20", "short_s": "5", "share": "0.8", "variant": "short_excluded"}
    assert entry.detail["after"]["share"] == "0.755"
    page = (await client.get(answer["Location"].partition("#")[0])).content.decode()
    assert "Today is counted anew within ten seconds" in page
    assert 'value="75.5"' in page
    undo = page.split('class="undo"')[1].split("</form>")[0]
    given = dict(re.findall(r'name="(target_s|short_s|share|variant)" value="([^"]*)"', undo))
    assert (await client.post(f"{ADDRESS}targets/", given)).status_code == 302
    setting = await QueueSetting.objects.aget(queue_key="111834")
    assert (setting.target_s, setting.short_s, f"{setting.share:f}", setting.variant) == (20, 5, "0.800", "short_excluded")
    assert await AuditEntry.objects.filter(action="queue.targets").acount() == 2


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("target_s", "0", "Whole seconds from 1 to 3600."),
        ("target_s", "x", "Whole seconds from 1 to 3600."),
        ("short_s", "601", "Whole seconds from 0 to 600."),
        ("share", "101", "Per cent from 0 to 100, with one decimal at most."),
        ("share", "80.55", "Per cent from 0 to 100, with one decimal at most."),
        ("share", "NaN", "Per cent from 0 to 100, with one decimal at most."),
        ("variant", "mine", "One of the six."),
    ],
)
async def test_a_wrong_promise_is_answered_with_what_is_allowed_and_changes_nothing(look: Look, name: str, value: str, words: str) -> None:
    answer = await look(f"{ADDRESS}targets/", form={**NEW, name: value})
    assert answer.status_code == 400
    page = answer.content.decode()
    assert words in page
    assert 'aria-invalid="true"' in page
    assert not await QueueSetting.objects.aexists()
    assert not await AuditEntry.objects.filter(action="queue.targets").aexists()


async def test_a_viewer_sees_no_form_and_may_not_send_one(look: Look) -> None:
    client = await as_member("viewer")
    page = (await client.get(ADDRESS)).content.decode()
    assert "What this queue promises" not in page
    assert (await client.post(f"{ADDRESS}targets/", NEW)).status_code == 403
    assert not await QueueSetting.objects.aexists()


async def test_the_page_of_a_queue_is_whole_in_swedish(look: Look) -> None:
    answer = await look(ADDRESS, language="sv")
    assert answer.status_code == 200
    assert "Ingen" in text_of(answer) or "Väntar" in text_of(answer)
