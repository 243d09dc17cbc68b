"""The report of details counts what vendors told, opens the calls behind each count, and averages what was told alone."""

import csv
import io
import re
from dataclasses import replace
from typing import Any

import pytest
from channels.db import database_sync_to_async

from stats.clock import now_ms
from stats.history.archive import keep
from stats.history.telling import Telling
from tests.notes.conftest import Desk
from tests.notes.told import detail, message, transcript
from tests.push.floor import PER, SALES, SOURCE, SUPPORT, ended_call

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True), pytest.mark.engines]
ADDRESS = "/reports/details/?period=7d"
TRUNK = "+4681740600"


async def archived(*calls: Any) -> None:
    tellings = [Telling(call, "a", 1) for call in calls]
    await database_sync_to_async(keep)("default", SOURCE, tellings, now_ms())


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def part(html: str, mark: str) -> str:
    """The text of the table behind a mark."""
    return plain(html.split(mark, 1)[1].split("</table>")[0].partition(">")[2])


async def test_calls_are_counted_by_number_direction_status_side_and_fault_and_open(desk: Desk) -> None:
    """VY-16: by dialled number, direction and status, with who hung up and the error code."""
    at = now_ms() - 3_600_000
    await desk.told(
        *(detail(f"c{n}", at=at + n) for n in range(3)),
        detail("busy", at=at, status="BUSY", hangup_side="system", error_code="404711", error="Queue is gone"),
        detail("out", at=at, direction="out", called_number="+46701740633"),
        detail("old", at=at - 40 * 86_400_000),
    )
    client = await desk.enter()
    page = (await client.get(ADDRESS)).content.decode()
    assert "+46701740633" not in page
    assert f"{TRUNK} 4 calls" in part(page, 'data-facet="called"')
    assert "incoming 4 calls, show them outgoing 1" in part(page, 'data-facet="direction"')
    assert "ANSWERED 4 calls, show them BUSY 1" in part(page, 'data-facet="status"')
    assert "the telephone system 1" in part(page, 'data-facet="side"')
    assert "404711 1" in part(page, 'data-facet="error"')
    page = (await client.get(f"{ADDRESS}&status=BUSY")).content.decode()
    calls = part(page, 'data-details="calls"')
    assert "404711 Queue is gone" in calls
    assert page.count("/calls/busy/?source=telavox") == 1
    assert "/calls/c1/" not in page
    # A count of what was not told opens those of which it was not told.
    page = (await client.get(f"{ADDRESS}&error=none&direction=in")).content.decode()
    assert 'data-details="number">3<' in page


async def test_messages_are_counted_by_channel_direction_and_status(desk: Desk) -> None:
    """VT-14, VY-16: WhatsApp that was read counts as read, once; a fax is no call."""
    at = now_ms() - 3_600_000
    await desk.told(
        *(message(f"m{n}", sent_at=at) for n in range(2)),
        message("w", channel="whatsapp", direction="out", status="delivered", sent_at=at, updated_at=at + 1),
        message("w", channel="whatsapp", direction="out", status="read", sent_at=None, updated_at=at + 2),
        message("f", channel="fax", status="failed", sent_at=at),
    )
    page = (await (await desk.enter()).get(ADDRESS)).content.decode()
    told = part(page, 'data-details="messages"')
    assert "Fax incoming failed 1 Text message incoming received 2 WhatsApp outgoing read 1" in told
    assert 'data-details="number">0<' in page
    scoped = (await (await desk.enter("supervisor", [str(SALES.id)])).get(ADDRESS)).content.decode()
    assert "Messages belong to no queue" in scoped
    assert 'data-details="messages"' not in scoped


async def test_sentiment_is_the_mean_of_what_was_told(desk: Desk) -> None:
    """VL-12: by queue, agent and day, nulls ignored, zero counted."""
    at = now_ms() - 7_200_000
    await archived(
        *(ended_call(f"s{n}", since=at + n * 1000) for n in range(3)),
        ended_call("p", SALES, PER, since=at),
        ended_call("lost", since=at, answered=False),
    )
    marks = {"s0": 0.0, "s1": 80.0, "s2": None, "p": 30.0, "lost": 100.0}
    await desk.told(*(transcript(id_call, sentiment=mark) for id_call, mark in marks.items()))
    page = (await (await desk.enter()).get(ADDRESS)).content.decode()
    by_queue, by_agent = part(page, 'data-mean="queue"'), part(page, 'data-mean="agent"')
    assert "Support 40 2" in by_queue
    assert "#111835 30 1" in by_queue
    assert "Anna Berg 40 2" in by_agent
    assert re.search(r"\d{4}-\d\d-\d\d 37 3 ", part(page, 'data-mean="day"'))
    mine = (await (await desk.enter("supervisor", [str(SALES.id)])).get(ADDRESS)).content.decode()
    assert part(mine, 'data-mean="queue"').count("30 1") == 1
    assert "Support 40" not in mine
    assert "data-mean" not in (await (await desk.enter("viewer")).get(ADDRESS)).content.decode()


async def test_a_viewer_of_some_queues_counts_the_calls_of_those(desk: Desk) -> None:
    at = now_ms() - 7_200_000
    await archived(ended_call("mine", SALES, since=at), ended_call("theirs", SUPPORT, since=at))
    await desk.told(detail("mine", at=at), detail("theirs", at=at, status="BUSY"), detail("nobodys", at=at))
    page = (await (await desk.enter("supervisor", [str(SALES.id)])).get(f"{ADDRESS}&direction=in")).content.decode()
    assert 'data-details="number">1<' in page
    assert "BUSY" not in page


async def test_it_is_taken_away_as_a_file_and_says_what_could_be_told(desk: Desk) -> None:
    client = await desk.enter()
    page = (await client.get(ADDRESS)).content.decode()
    assert "no telephone system told more" in page
    assert "No message of these days was told; Testco could." in page
    assert "format=csv" not in page
    await desk.told(replace(detail("c", at=now_ms() - 1000), status="=1+1"))
    rows = list(csv.reader(io.StringIO((await client.get(f"{ADDRESS}&format=csv")).content.decode("utf-8-sig"))))
    assert rows[1][:4] == ["calls", f"'{TRUNK}", "in", "'=1+1"]
    assert (await (await desk.enter("viewer")).get(f"{ADDRESS}&format=csv")).status_code == 403
