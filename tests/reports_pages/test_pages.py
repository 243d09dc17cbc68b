"""The pages of reports as people of each role see them: every number is the API's, every cell leads on, and what is not known is said."""

import html
import json
import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from channels.db import database_sync_to_async
from django.test import AsyncClient

from stats.clock import now_ms
from stats.domain.periods import business_day
from stats.history.rollup_tables import Restatement
from stats.models import Organisation
from tests.pages.conftest import worker
from tests.pages.members import looks
from tests.push.floor import ORGANISATION, SALES, SUPPORT, ZONE, Worker
from tests.reports_pages.past import HOSTILE, as_of, at, back, fill
from wallboard.accounts.keys import ApiToken
from wallboard.accounts.models import AuditEntry
from wallboard.push import live
from wallboard.reports import table

__all__ = ["worker"]
pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]
WEEK = "from={}&to={}"
ROW = re.compile(r'<tr data-row="([^"]*)"(.*?)</tr>', re.S)
CELL = re.compile(r'data-number="([a-z0-9_]+)">([^<]*)<')


@pytest.fixture
async def floor(worker: Worker) -> AsyncIterator[Worker]:
    """Today's few calls in the live store, and past days in the archive."""
    await database_sync_to_async(fill)()
    yield worker
    await live.close()


def text_of(answer: Any) -> str:
    """What was answered."""
    return str(answer.content.decode())


def sheet(page: str, name: str = "") -> str:
    """One of a page's tables: that by time, or "queues", "agents", "alone"."""
    mark = f'data-sheet="{name}"' if name else "data-sheet>"
    return page.split(mark, 1)[1].split("</table>", 1)[0]


def cells(page: str, name: str = "") -> dict[str, dict[str, str]]:
    """The numbers of a table by row and metric, as written."""
    return {
        html.unescape(key): {metric: html.unescape(text) for metric, text in CELL.findall(rest)}
        for key, rest in ROW.findall(sheet(page, name))
    }


async def ask(address: str) -> list[dict[str, Any]]:
    """The rows that the API tells a program."""
    organisation = await Organisation.objects.aget(slug=ORGANISATION)
    _row, token = await database_sync_to_async(ApiToken.issue)(organisation, "tests")
    answer = await AsyncClient().get(address, headers={"Authorization": f"Bearer {token}"})
    body = b"".join([part async for part in answer]) if answer.streaming else answer.content
    assert answer.status_code == 200, body
    rows: list[dict[str, Any]] = json.loads(body)["rows"]
    return rows


def written(row: dict[str, Any], metrics: tuple[str, ...]) -> dict[str, str]:
    """A row of the API as a page writes it."""
    return {metric: table.text_of(metric, row[metric], "en") for metric in metrics}


@pytest.mark.parametrize("interval", ["15m", "1h", "day", "week"])
async def test_every_cell_by_time_is_the_number_of_the_api_at_the_same_span(floor: Worker, interval: str) -> None:
    days = WEEK.format(back(6 if interval == "15m" else 9), back(1))
    every = "&".join(f"column={name}" for name in (*table.SITE_COLUMNS, *table.EVERY_QUEUE_COLUMN))
    shown = cells(text_of(await looks(f"/reports/interval/?{days}&interval={interval}&{every}")))
    rows = await ask(f"/api/v1/reports/site?{days}&interval={interval}")
    told = {str(as_of(row["from"])): written(row, (*table.SITE_COLUMNS, *table.EVERY_QUEUE_COLUMN)) for row in rows}
    assert len(told) >= 2
    assert {key: shown.get(key) for key in told} == told
    empty = [row for key, row in shown.items() if key.isdigit() and key not in told]
    assert all(row["offered"] == "0" and row["service_level"] == "–" for row in empty)


async def test_every_cell_by_queue_and_by_agent_is_the_number_of_the_api(floor: Worker) -> None:
    days = WEEK.format(back(9), back(0))
    for kind, every, tab in (("queues", table.EVERY_QUEUE_COLUMN, "interval"), ("agents", table.EVERY_AGENT_COLUMN, "agents")):
        columns = "&".join(f"column={name}" for name in every)
        page = text_of(await looks(f"/reports/{tab}/?{days}&{columns}"))
        rows = await ask(f"/api/v1/reports/{kind}?{days}&interval=month")
        key = "queue_key" if kind == "queues" else "agent_key"
        if len({row["from"] for row in rows}) == 1:
            counted = {row[key]: written(row, every) for row in rows}
            # Somebody waits while the one is asked after the other.
            moving = ("time_", "occupancy", "longest_wait")
            still = {name: {k: v for k, v in row.items() if not k.startswith(moving)} for name, row in counted.items()}
            found = {name: {k: v for k, v in row.items() if not k.startswith(moving)} for name, row in cells(page, kind).items()}
            assert found == still
        else:
            # The days lie in two months: their counts add up.
            totals: dict[str, int] = {}
            first = "offered" if kind == "queues" else "offers"
            for row in rows:
                totals[row[key]] = totals.get(row[key], 0) + row[first]
            assert {name: row[first] for name, row in cells(page, kind).items()} == {name: str(n) for name, n in totals.items()}


async def test_totals_are_ratios_of_sums(floor: Worker) -> None:
    shown = cells(text_of(await looks(f"/reports/interval/?{WEEK.format(back(2), back(1))}&interval=1h")))
    whole = shown["whole"]
    # Of two days: two of four answered in time, two given up, and four more answered: 5 met of 7 answered and 2 abandoned.
    assert (whole["offered"], whole["answered"], whole["abandoned"], whole["service_level"]) == ("9", "7", "2", "56 %")
    assert shown[back(1)]["offered"] == "5"
    assert shown[back(2)]["offered"] == "4"


async def test_every_cell_leads_to_its_calls_and_they_are_as_many(floor: Worker) -> None:
    day = back(1)
    page = text_of(await looks(f"/reports/interval/?from={day}&to={day}&interval=30m&queue={SUPPORT.id}&hours=08:00-12:00"))
    address = html.unescape(re.search(r'href="(/numbers/[^"]*answered[^"]*)"', sheet(page).split(f'data-row="{at(day, 9)}"')[1]).group(1))  # type: ignore[union-attr]
    assert address.startswith(f"/numbers/queue:{SUPPORT.id}/answered/?from={day}T09")
    assert parse_qs(urlsplit(address).query)["hours"] == ["08:00-12:00"]
    receipt = text_of(await looks(address))
    assert '<strong data-receipt="value">2</strong>' in receipt
    assert 'data-agrees="yes"' in receipt


async def test_what_is_open_is_marked_and_the_report_says_up_to_when_it_is_complete(floor: Worker) -> None:
    page = text_of(await looks("/reports/interval/"))
    assert re.search(r"data-complete>Complete to \d\d:\d\d<", page)
    assert f"Times of {ZONE}" in page
    assert "in progress" in sheet(page)
    # The worker's two calls, unless midnight was between.
    mine = sum(business_day(now_ms() - ago, ZONE) == back(0) for ago in (120_000, 65_000))
    assert cells(page)["whole"]["offered"] == str(mine)
    assert "80 % within 20 s" in page


async def test_numbers_stand_beside_those_of_the_same_weekdays_before(floor: Worker) -> None:
    page = text_of(await looks(f"/reports/interval/?{WEEK.format(back(2), back(1))}&compare=weekdays&interval=day"))
    row = sheet(page).split(f'data-row="{at(back(1), 0)}"')[1].split("</tr>")[0]
    assert '<span>▲ 1</span> <span>from 4</span></span><span class="unseen">1 more, from 4 to 5</span>' in row
    assert "as before" in row
    assert "Compared with" in page


async def test_half_a_day_never_stands_beside_a_whole_one(floor: Worker) -> None:
    page = text_of(await looks("/reports/interval/?interval=day&period=7d&compare=weekdays"))
    today = sheet(page).split(f'data-row="{at(back(0), 0)}"')[1].split("</tr>")[0]
    assert "from" not in re.sub(r'href="[^"]*"', "", today)


async def test_a_viewer_of_one_queue_sees_that_queue_and_no_calls_of_the_site(floor: Worker) -> None:
    address = f"/reports/interval/?{WEEK.format(back(1), back(1))}&column=calls_in&column=offered"
    page = text_of(await looks(address, role="supervisor", queues=[str(SALES.id)]))
    assert cells(page)["whole"] == {"calls_in": "–", "offered": "1"}
    assert list(cells(page, "queues")) == [str(SALES.id)]
    assert "Support" not in page
    other = text_of(await looks(f"{address}&queue={SUPPORT.id}", role="supervisor", queues=[str(SALES.id)]))
    assert "Support" not in other
    assert "data-sheet" not in other


async def test_agents_are_for_those_who_may_see_them_and_the_look_is_written_down(floor: Worker) -> None:
    refused = await looks("/reports/agents/", role="viewer")
    assert refused.status_code == 403
    assert "/reports/agents/" not in text_of(await looks("/reports/interval/", role="viewer"))
    page = text_of(await looks(f"/reports/agents/?{WEEK.format(back(1), back(1))}", role="supervisor"))
    assert "Anna Berg" in page
    assert "Per Öst" in page
    alone = text_of(await looks(f"/reports/agents/?{WEEK.format(back(1), back(1))}&agent=924328&interval=1h", role="supervisor"))
    assert cells(alone, "alone")["whole"]["offers"] == "3"
    assert list(cells(alone, "agents")) == ["924328"]
    actions = [entry.action async for entry in AuditEntry.objects.filter(organisation=ORGANISATION).order_by("pk")]
    assert actions == ["agents.reported", "agent.opened"]


async def test_rows_are_sorted_by_any_column_without_a_script(floor: Worker) -> None:
    days = WEEK.format(back(9), back(1))
    for sort, first in (("-offered", SUPPORT.id), ("offered", HOSTILE.id), ("name", HOSTILE.id), ("-asa", SUPPORT.id)):
        page = text_of(await looks(f"/reports/interval/?{days}&sort={sort}"))
        assert next(iter(cells(page, "queues"))) == str(first), sort
    assert 'aria-sort="descending"' in page


async def test_an_address_that_cannot_be_read_says_what_is_allowed_and_keeps_the_rest(floor: Worker) -> None:
    for query, said, kept in (
        (f"from=2026-5-1&to=2026-05-02&queue={SALES.id}&compare=year", "written like 2026-05-18", f"?compare=year&amp;queue={SALES.id}"),
        ("period=week&column=nonsense", "there is no nonsense", "?period=week"),
        ("period=7d&sort=nonsense", "sort", "?period=7d"),
        ("period=nonsense&interval=nonsense", "period", "?"),
    ):
        answer = await looks(f"/reports/interval/?{query}")
        page = text_of(answer)
        assert answer.status_code == 400, query
        assert said in page.split("data-unfit")[1].split("</p>")[0]
        assert f'<a href="{kept}">Show the report without it</a>' in page


async def test_days_before_the_archive_and_days_without_calls_are_told_apart(floor: Worker) -> None:
    older = text_of(await looks(f"/reports/interval/?{WEEK.format(back(60), back(50))}"))
    assert "The archive begins on" in older
    assert f"backfill --from {back(60)}" in older
    assert "The archive knows nothing of these days." in older
    assert "backfill" not in text_of(await looks(f"/reports/interval/?{WEEK.format(back(60), back(50))}", role="viewer"))
    assert "No call came on these days." in text_of(await looks(f"/reports/interval/?{WEEK.format(back(20), back(20))}"))
    filtered = text_of(await looks(f"/reports/interval/?{WEEK.format(back(1), back(1))}&queue=4711&hours=02:00-03:00"))
    assert "Take all filters away" in filtered


async def test_a_hostile_name_is_text_everywhere(floor: Worker) -> None:
    day = back(1)
    for address in (f"/reports/interval/?from={day}&to={day}", f"/reports/interval/?from={day}&to={day}&queue={HOSTILE.id}"):
        page = text_of(await looks(address))
        assert "<img" not in page
        assert "&lt;img src=x" in page


async def test_what_was_restated_is_told_on_the_report_and_listed_newest_first(floor: Worker) -> None:
    quarter = at(back(1), 9)
    rows = [
        Restatement(
            organisation=ORGANISATION, quarter_ms=quarter, kind=kind, source="telavox", key=key, at_ms=now_ms() - 1000 + n, changes=changes
        )
        for n, (kind, key, changes) in enumerate(
            [
                ("queue", str(SUPPORT.id), '{"answered": [1, 2], "wait_sum": [4000, 64000]}'),
                ("site", "", '{"calls_in": [3, 4]}'),
                ("agent", "924328", '{"time_ready": [60000, 0]}'),
            ]
        )
    ]
    await Restatement.objects.abulk_create(rows)
    page = text_of(await looks(f"/reports/interval/?{WEEK.format(back(2), back(1))}"))
    assert "3 numbers of this period were restated" in page
    listed = text_of(await looks("/reports/restatements/"))
    places = [listed.index(words) for words in ("Anna Berg", "The whole organisation", "Queue Support")]
    assert places == sorted(places)
    for words in ("Answered: from 1 to 2", "Time ready: from 1:00 to 0:00", "Calls in: from 3 to 4", "09:00–09:15"):
        assert words in listed
    assert "restated" not in text_of(await looks("/reports/interval/"))
    scoped = text_of(await looks("/reports/restatements/", role="viewer", queues=[str(SALES.id)]))
    assert "Nothing was ever restated." in scoped
    viewer = text_of(await looks("/reports/restatements/", role="viewer"))
    assert "Queue Support" in viewer
    assert "Anna Berg" not in viewer


async def test_the_list_of_restatements_is_read_page_by_page(floor: Worker) -> None:
    moved = [
        Restatement(
            organisation=ORGANISATION, quarter_ms=at(back(1), 9), kind="queue", source="telavox", key=str(SUPPORT.id), at_ms=5, changes="{}"
        )
        for _ in range(60)
    ]
    await Restatement.objects.abulk_create(moved)
    address, seen = "/reports/restatements/", list[str]()
    while address:
        page = text_of(await looks(address))
        seen += [key for key, _rest in ROW.findall(page)]
        further = re.search(r'href="(\?[^"]*)" rel="next"', page)
        address = "/reports/restatements/" + html.unescape(further.group(1)) if further else ""
    assert len(seen) == len(set(seen)) == 60
    assert (await looks("/reports/restatements/?before=nonsense")).status_code == 404


async def test_a_share_moves_by_points_and_a_day_is_written_in_the_readers_language(floor: Worker) -> None:
    page = text_of(await looks(f"/reports/interval/?{WEEK.format(back(2), back(1))}&compare=previous&queue={SUPPORT.id}", language="sv"))
    assert 'lang="sv"' in page
    assert re.search(r"(måndag|tisdag|onsdag|torsdag|fredag|lördag|söndag|mån|tis|ons|tors|fre|lör|sön)\w* \d", page)
