"""The charts of reports as people see them: every number is the API's at the same span, and what is not known is a dash or a gap."""

import html
import re
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth import get_user_model
from django.test import AsyncClient

from stats.clock import now_ms
from stats.domain.records import Party, PresenceSlot, ProfileUse
from stats.history.slots import upsert_slots
from tests.pages.conftest import worker
from tests.pages.members import looks
from tests.push.floor import ANNA, ORGANISATION, PER, SALES, SOURCE, SUPPORT, Worker, ready
from tests.reports_pages.past import at, back, fill
from tests.reports_pages.test_pages import ask, text_of
from tests.rollups.sums import keep_changes, seen
from wallboard.accounts.models import AuditEntry
from wallboard.push import live
from wallboard.reports import table
from wallboard.reports.models import ReportNote

__all__ = ["worker"]
pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]
SPAN = f"from={back(9)}&to={back(1)}"
HEAT_ROW = re.compile(r'<tr data-row="(\d\d:\d\d)–\d\d:\d\d">(.*?)</tr>', re.S)
HEAT_CELL = re.compile(r'<td(?: data-warm="\d")?>(?:<a class="receipt" href="([^"]*)" title="([^"]*)">([^<]*)</a>)?</td>')
POINT = re.compile(r'<tr data-row="(\d+)"[^>]*data-value="([^"]*)" data-before="([^"]*)"([^>]*)>')
HOSTILE = "<script>alert(1)</script> \u202e{{7*7}} 'ny meny'"


@pytest.fixture
async def floor(worker: Worker) -> AsyncIterator[Worker]:
    """Today's few calls in the live store, and past days in the archive, of which everything is known: somebody has listened since."""
    await database_sync_to_async(fill)()
    await database_sync_to_async(keep_changes)([seen("1", at(back(30), 0), "off", queues=0)])
    yield worker
    await live.close()


async def posts(address: str, form: dict[str, str], *, role: str = "supervisor", queues: list[str] | None = None) -> Any:
    """The answer to a form that a member sends."""
    await looks("/", role=role, queues=queues)
    name = f"{role}-{'-'.join(queues) if queues is not None else 'all'}"
    client = AsyncClient()
    await database_sync_to_async(client.force_login)(await get_user_model().objects.aget(username=name))
    return await client.post(address, form)


# --- the heat map ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", ["offered", "service_level", "asa", "calls_in"])
async def test_a_cell_of_the_heat_map_is_made_of_the_sums_of_its_half_hours(floor: Worker, metric: str) -> None:
    page = text_of(await looks(f"/reports/heat/?{SPAN}&metric={metric}"))
    shown = {
        (weekday, clock): (html.unescape(cell[2]), html.unescape(cell[1]))
        for clock, rest in HEAT_ROW.findall(page)
        for weekday, cell in enumerate(HEAT_CELL.findall(rest), 1)
        if cell[0]
    }
    kind = "site" if metric == "calls_in" else "queues"
    wanted: dict[tuple[int, str], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for row in await ask(f"/api/v1/reports/{kind}?{SPAN}&interval=30m"):
        start = datetime.fromisoformat(row["from"])
        place = wanted[(start.isoweekday(), start.strftime("%H:%M"))]
        for name in ("offered", "answered", "abandoned", "answered_in_target", "calls_in"):
            place[name] += row.get(name) or 0
        place["wait"] += (row.get("asa") or 0) * (row.get("answered") or 0)
    assert shown
    for place, (text, words) in shown.items():
        sums = wanted[place]
        over = sums["answered"] + sums["abandoned"]
        value: float | None = sums[metric]
        if metric == "service_level":
            value = sums["answered_in_target"] / over if over else None
        elif metric == "asa":
            value = sums["wait"] / sums["answered"] if sums["answered"] else None
        assert text == table.text_of(metric, value, "en"), place
        assert re.search(r"of one day|of 2 days together", words), words
    assert {place for place, sums in wanted.items() if sums[metric if metric == "calls_in" else "offered"]} <= set(shown)


async def test_a_cell_of_the_heat_map_opens_its_half_hours_day_by_day(floor: Worker) -> None:
    page = text_of(await looks(f"/reports/heat/?{SPAN}&queue={SUPPORT.id}"))
    for _clock, rest in HEAT_ROW.findall(page):
        for address, words, text in HEAT_CELL.findall(rest):
            if text in ("", "0"):
                continue
            opened = text_of(await looks(html.unescape(address)))
            whole = opened.split('data-row="whole"', 1)[1]
            assert re.search(r'data-number="offered">(\d+)<', whole).group(1) == text, words  # type: ignore[union-attr]
            return
    raise AssertionError("no cell with a number")


async def test_the_heat_map_says_what_it_cannot_add_up(floor: Worker) -> None:
    refused = await looks(f"/reports/heat/?from={back(900)}&to={back(1)}")
    assert refused.status_code == 400
    assert "at most 400 days" in text_of(refused)
    assert (await looks("/reports/heat/?metric=occupancy")).status_code == 400
    assert "No call came on these days." in text_of(await looks(f"/reports/heat/?from={back(20)}&to={back(20)}"))


# --- the trend ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("metric", "interval"), [("offered", "day"), ("service_level", "1h"), ("answered", "week")])
async def test_every_point_of_the_trend_is_the_number_of_the_api(floor: Worker, metric: str, interval: str) -> None:
    page = text_of(await looks(f"/reports/trend/?{SPAN}&interval={interval}&metric={metric}&queue={SUPPORT.id}"))
    shown = {int(start): value for start, value, _before, _rest in POINT.findall(page)}
    rows = await ask(f"/api/v1/reports/queues?{SPAN}&interval={interval}&queue={SUPPORT.id}")
    told = {round(datetime.fromisoformat(row["from"]).timestamp() * 1000): row[metric] for row in rows}
    assert told
    for start, value in shown.items():
        known = told.pop(start, 0 if metric in ("offered", "answered") else None)
        assert value == ("" if known is None else str(known)), start
    assert told == {}
    assert "uPlot.iife.min" in page
    assert '<path class="trend-line" d="M' in page


async def test_the_trend_stops_where_nothing_is_known_and_marks_what_goes_on(floor: Worker) -> None:
    page = text_of(await looks(f"/reports/trend/?from={back(40)}&to={back(0)}&interval=day&compare=previous"))
    points = POINT.findall(page)
    assert next(int(start) for start, *_ in points) == at(back(30), 0), "nothing before the archive"
    assert [("data-open" in rest) for *_, rest in points] == [False] * 30 + [True]
    assert points[-1][1] != ""
    assert "The archive begins on" in page
    shares = POINT.findall(text_of(await looks(f"/reports/trend/?{SPAN}&interval=day&metric=service_level")))
    assert {value for _start, value, *_ in shares} >= {""}, "a share of nothing is a gap"


async def test_the_trend_stands_beside_what_it_is_compared_with(floor: Worker) -> None:
    page = text_of(await looks(f"/reports/trend/?from={back(2)}&to={back(1)}&interval=day&compare=weekdays&metric=service_level"))
    before = [was for _start, _value, was, _rest in POINT.findall(page)]
    alone = text_of(await looks(f"/reports/trend/?from={back(9)}&to={back(8)}&interval=day&metric=service_level"))
    assert before == [value for _start, value, *_ in POINT.findall(alone)]
    assert "" not in before
    assert "Promised: 80 %" in page


# --- waits ----------------------------------------------------------------------------------------------------------------------


async def test_bins_of_waits_hold_every_call_and_the_promise_is_told_of_exact_sums(floor: Worker) -> None:
    page = text_of(await looks(f"/reports/waits/?{SPAN}&queue={SUPPORT.id}"))
    [row] = await ask(f"/api/v1/reports/queues?{SPAN}&interval=month&queue={SUPPORT.id}") if back(9)[:7] == back(1)[:7] else [None]
    sides = {side: [int(count) for count in re.findall(f'data-side="{side}">(\\d+)<', page)] for side in ("answered", "abandoned")}
    # On each of five days two were answered, after four seconds and after more than thirty, and one gave up after a minute.
    assert (sum(sides["answered"]), sum(sides["abandoned"])) == (10, 5)
    assert row is None or (row["answered"], row["abandoned"]) == (10, 5)
    assert "80/20: 33.3 % within 20 s" in page
    told = dict(re.findall(r'data-percentile="(\d+)">([^<]+)<', page))
    assert told["50"] == "0:04"
    assert told["80"] in {"0:31", "0:32", "0:33", "0:34"}
    assert re.search(r'<th scope="row">0:00–0:05</th><td data-side="answered">5</td>', page)
    assert re.search(r'<th scope="row">1:00–1:05</th><td data-side="answered">0</td><td data-side="abandoned">5</td>', page)


async def test_waits_of_nobody_are_said_to_be_none(floor: Worker) -> None:
    page = text_of(await looks(f"/reports/waits/?from={back(20)}&to={back(20)}"))
    assert "No call came on these days." in page
    assert "0 %" not in page.split("data-report-body", 1)[1]


# --- time by profile ------------------------------------------------------------------------------------------------------------


def slot(agent: Party, start: int, **used: int) -> PresenceSlot:
    """An hour of an agent: minutes available, at lunch and after calls."""
    known = {"available": ("Available", True, False), "lunch": ("<b>Lunch</b>", False, False), "after": ("After work", False, True)}
    uses = tuple(
        ProfileUse(profile_id=None, name=known[name][0], available=known[name][1], wrapup=known[name][2], usage_ms=minutes * 60_000)
        for name, minutes in used.items()
    )
    return PresenceSlot(source=SOURCE, agent=agent, start=start, end=start + 3_600_000, profiles=uses)


async def test_time_by_profile_is_told_by_agent_and_by_hour_and_by_day(floor: Worker) -> None:
    day, before = back(1), back(2)
    hours = [
        slot(ANNA, at(before, 9), available=60),
        slot(ANNA, at(day, 9), available=30, lunch=20, after=10),
        slot(ANNA, at(day, 10), available=60),
        slot(PER, at(day, 9), available=20),
    ]
    await database_sync_to_async(upsert_slots)(ORGANISATION, hours)
    page = text_of(await looks(f"/reports/profiles/?from={before}&to={day}&interval=day"))
    agents = rows(page, "agents")
    assert agents[str(ANNA.id)] == ["2h30", "0:10:00"[2:], "20:00", "3h00"]
    assert agents[str(PER.id)] == ["20:00", "–", "–", "20:00"]
    assert list(rows(page, "times").values()) == [["1h00", "–", "–", "1h00"], ["1h50", "10:00", "20:00", "2h20"]]
    assert "<b>Lunch" not in page
    assert "Of one hour nothing was told but the time available" in page
    assert "Complete to" in page
    by_hour = text_of(await looks(f"/reports/profiles/?from={day}&to={day}&interval=1h&agent={ANNA.id}"))
    assert list(rows(by_hour, "times").values()) == [["30:00", "10:00", "20:00", "1h00"], ["1h00", "–", "–", "1h00"]]
    opened = text_of(await looks(f"/reports/profiles/?from={day}&to={day}&hours=10:00-12:00"))
    assert list(rows(opened, "agents")) == [str(ANNA.id)]
    assert await AuditEntry.objects.filter(action="agents.reported").aexists()


def rows(page: str, name: str) -> dict[str, list[str]]:
    """A table of profiles: what stands in each row."""
    found = page.split(f'data-sheet="{name}"', 1)[1].split("</table>", 1)[0]
    return {
        key: [html.unescape(re.sub(r"<[^>]+>", "", cell)) for cell in re.findall(r"<td>(.*?)</td>", rest)]
        for key, rest in re.findall(r'<tr data-row="([^"]*)">(.*?)</tr>', found, re.S)
    }


async def test_time_by_profile_is_of_agents_one_may_see(floor: Worker) -> None:
    await floor.tell(ready())
    await database_sync_to_async(upsert_slots)(
        ORGANISATION, [slot(ANNA, at(back(1), 9), available=60), slot(PER, at(back(1), 9), lunch=60)]
    )
    address = f"/reports/profiles/?from={back(1)}&to={back(1)}"
    assert (await looks(address, role="viewer")).status_code == 403
    scoped = text_of(await looks(address, role="supervisor", queues=[str(SUPPORT.id)]))
    assert list(rows(scoped, "agents")) == [str(ANNA.id)]
    assert "Per Öst" not in scoped
    assert "Lunch" not in scoped
    none = text_of(await looks(address, role="supervisor", queues=["4711"]))
    assert "No hour of these days was told" in none


async def test_before_the_first_hour_it_is_said_that_none_has_come(floor: Worker) -> None:
    page = text_of(await looks("/reports/profiles/"))
    assert "no hour has come yet" in page
    assert "Complete to" not in page


# --- notes ----------------------------------------------------------------------------------------------------------------------


async def test_a_note_is_written_changed_and_removed_and_all_of_it_is_written_down(floor: Worker) -> None:
    day = back(1)
    query = f"from={back(2)}&to={day}"
    answer = await posts("/reports/notes/", {"day": day, "text": HOSTILE, "tab": "trend", "query": query})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/reports/trend/?{query}#notes")
    note = await ReportNote.objects.aget()
    assert note.text == "<script>alert(1)</script> {{7*7}} 'ny meny'"
    for tab in ("trend", "interval"):
        page = text_of(await looks(f"/reports/{tab}/?{query}&interval=day"))
        assert "<script>alert" not in page
        assert html.escape(note.text) in page
        assert "supervisor-all" in page
    assert "data-noted" in text_of(await looks(f"/reports/trend/?{query}&interval=day"))
    elsewhere = text_of(await looks(f"/reports/trend/?from={back(8)}&to={back(7)}"))
    assert "ny meny" not in elsewhere
    await posts(f"/reports/notes/{note.pk}/", {"day": day, "text": "New menu", "tab": "interval", "query": "https://evil.example/"})
    assert (await ReportNote.objects.aget()).text == "New menu"
    gone = await posts(f"/reports/notes/{note.pk}/", {"do": "remove", "tab": "nonsense", "query": "//evil.example/\r\nX: y"})
    assert gone.headers["Location"].startswith("/reports/trend/?")
    assert "\n" not in gone.headers["Location"]
    assert not await ReportNote.objects.aexists()
    actions = [entry.action async for entry in AuditEntry.objects.filter(subject_kind="note").order_by("id")]
    assert actions == ["report.noted", "report.note_changed", "report.note_removed"]


async def test_only_who_may_writes_notes_and_only_of_queues_they_see(floor: Worker) -> None:
    form = {"day": back(1), "text": "New menu"}
    assert (await posts("/reports/notes/", form, role="viewer")).status_code == 403
    mine = [str(SALES.id)]
    assert (await posts("/reports/notes/", {**form, "queue": str(SUPPORT.id)}, queues=mine)).status_code == 400
    assert (await posts("/reports/notes/", {**form, "queue": str(SALES.id)}, queues=mine)).status_code == 302
    assert (await posts("/reports/notes/", {**form, "text": "Other", "queue": str(SUPPORT.id)})).status_code == 302
    other = await ReportNote.objects.aget(queue=str(SUPPORT.id))
    assert (await posts(f"/reports/notes/{other.pk}/", {"do": "remove"}, queues=mine)).status_code == 404
    page = text_of(await looks(f"/reports/trend/?{SPAN}", role="viewer", queues=mine))
    assert "New menu" in page
    assert "Other" not in re.sub(r"<option.*?</option>", "", page)
    assert "Write a note" not in page
    for wrong in ({"day": "2026-02-30", "text": "x"}, {"day": back(1), "text": " \u202e "}, {"day": back(1), "text": "x" * 201}):
        assert (await posts("/reports/notes/", wrong)).status_code == 400
    assert await ReportNote.objects.acount() == 2
    assert (await posts("/reports/notes/4711/", form)).status_code == 404


async def test_charts_speak_swedish(floor: Worker) -> None:
    for tab in ("heat", "trend", "waits", "profiles"):
        page = text_of(await looks(f"/reports/{tab}/?{SPAN}", language="sv"))
        assert 'lang="sv"' in page
    assert now_ms() - at(back(1), 0) > timedelta(hours=20).total_seconds() * 1000
