"""Pages of a place that recordings are sent to: how it is, what waits for somebody, and what was listened to."""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest
import pytest_asyncio
from channels.db import database_sync_to_async
from django.contrib.auth import get_user_model
from django.test import AsyncClient

from stats.clock import now_ms
from stats.history import outbox
from stats.history.archive import keep
from stats.history.notes_forgetting import remove_of_calls
from stats.history.outbox_tables import SinkState, Upload
from stats.history.telling import Telling
from stats.models import Organisation, Source
from tests.push.floor import Worker
from tests.voxjar.parcels import ANNA, recorded
from wallboard.accounts.models import AuditEntry, Membership
from wallboard.push import admission, live

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]
Enter = Callable[..., Awaitable[AsyncClient]]
DAY_MS = 86_400_000


def made(number: int, **told: Any) -> Upload:
    """A row of the outbox."""
    values = {"source": "vocatech", "id_call": f"call-{number}", "recording_id": f"r{number}", "identifier": f"vocatech:call-{number}"}
    times = {"at_ms": now_ms() - 60_000, "next_ms": 0}
    return Upload.objects.create(organisation="default", sink="voxjar", **{**values, **times, **told})


@pytest_asyncio.fixture
async def enter(redis_server: str) -> AsyncIterator[Enter]:
    """Lets somebody in, by role."""
    admission.forget_all()
    worker = await Worker(redis_server).begin()

    def place() -> None:
        organisation, _ = Organisation.objects.get_or_create(slug="default", defaults={"name": "Test"})
        source = Source(organisation=organisation, name="voxjar", provider="voxjar", live_url="http://127.0.0.1:9")
        source.token = "a.b.c"
        source.save()

    await database_sync_to_async(place)()

    async def entered(role: str = "admin", queues: list[str] | None = None) -> AsyncClient:
        organisation = await Organisation.objects.aget(slug="default")
        person = await get_user_model().objects.acreate(username=f"{role}-{queues}")
        await Membership.objects.acreate(user=person, organisation=organisation, role=role, queues=queues)
        client = AsyncClient()
        await database_sync_to_async(client.force_login)(person)
        return client

    yield entered
    await worker.close()
    await live.close()


async def text(client: AsyncClient, address: str, status: int = 200, language: str = "en") -> str:
    """A page."""
    answer = await client.get(address, headers={"accept-language": language})
    assert answer.status_code == status, answer.content.decode()
    return answer.content.decode()


@pytest.mark.parametrize(("days", "says"), [(200, ""), (12, "The token ends within 13 days"), (-1, "The token has ended")])
async def test_the_end_of_a_token_is_shown_and_warned_of_in_time(enter: Enter, days: int, says: str) -> None:
    """VJ-01: within thirty days."""
    ends = now_ms() + days * DAY_MS + 3_600_000
    await SinkState.objects.acreate(
        organisation="default", sink="voxjar", state="sending", from_ms=0, reached_ms=0, told_ms=now_ms(), expires_ms=ends
    )
    page = await text(await enter(), "/sources/voxjar/")
    assert datetime.fromtimestamp(ends / 1000).astimezone().strftime("%Y-%m-") in page
    assert ("data-token-ends" in page) is bool(says)
    assert says in page


async def test_a_refusal_is_shown_in_the_places_own_words(enter: Enter) -> None:
    """VJ-07."""
    words = "http 401: jwt <b>expired</b>"
    state = {"state": "auth_error", "words": words, "from_ms": 0, "reached_ms": 0, "told_ms": now_ms()}
    await SinkState.objects.acreate(organisation="default", sink="voxjar", **state)
    page = await text(await enter(), "/sources/")
    assert "jwt &lt;b&gt;expired&lt;/b&gt;" in page
    assert "Refuses our access token." in page


async def test_what_is_set_aside_is_listed_with_its_reason_and_sent_again_by_a_person(enter: Enter) -> None:
    """VJ-04, VJ-07."""
    parked = await database_sync_to_async(made)(1, state="parked", reason="agent_unmapped")
    await database_sync_to_async(made)(2, state="failed", reason="refused", words="no <i>such</i> sound", tries=3, unsure=True)
    await database_sync_to_async(made)(3, state="skipped", reason="internal")
    client = await enter()
    page = await text(client, "/sources/voxjar/sent/")
    assert "no e-mail address or employee number" in page
    assert "no &lt;i&gt;such&lt;/i&gt; sound" in page
    assert page.count("data-held=") == 2
    answer = await client.post("/sources/voxjar/sent/", {"again": str(parked.pk)})
    assert answer.status_code == 302
    assert [row.state async for row in Upload.objects.order_by("id_call")] == ["waiting", "failed", "skipped"]
    await client.post("/sources/voxjar/sent/", {"again": "all"})
    rows = [(row.state, row.tries, row.unsure) async for row in Upload.objects.order_by("id_call")]
    assert rows == [("waiting", 0, False), ("waiting", 0, False), ("skipped", 0, False)]
    assert await AuditEntry.objects.filter(action="source.sent_again").acount() == 2
    assert (await client.post("/sources/voxjar/sent/", {"again": "everything"})).status_code == 404


async def test_only_who_may_change_sources_sends_again(enter: Enter) -> None:
    """A supervisor sees how the place is, and no buttons."""
    await database_sync_to_async(made)(1, state="parked", reason="no_agent")
    client = await enter("supervisor")
    await text(client, "/sources/voxjar/sent/", 403)
    assert "/sources/voxjar/sent/" not in await text(client, "/sources/")


def listened() -> None:
    """Three calls that were listened to, one that is not yet, and one of another day."""
    for number, (minutes, disposition, tags, queue) in enumerate(
        [(30, "Answered", ["billing", "vip"], "sales"), (60, "Answered", ["billing"], "sales"), (30, "Deal won", [], "")]
    ):
        made(
            number,
            state="sent",
            analysed_ms=1,
            duration_ms=minutes * 60_000,
            silence_ms=minutes * 6_000,
            disposition=disposition,
            tags=json.dumps(tags),
            agent=ANNA.key,
        )
        if queue:
            keep("default", "vocatech", [Telling(recorded(f"call-{number}", now_ms() - 80_000))], now_ms())
    made(8, state="sent")
    made(9, state="sent", analysed_ms=1, duration_ms=9_000_000, at_ms=now_ms() - 40 * DAY_MS)


def figures(page: str) -> list[str]:
    """The figures of the report, in their order."""
    return re.findall(r"<dd>([^<]*)", page[page.index('data-row="listened"') :])[:4]


def table(page: str, name: str) -> list[tuple[str, str, str]]:
    """A table of the report: name, calls, hours."""
    part = page[page.index(f'data-row="{name}"') :].partition("</section>")[0]
    return re.findall(r'<th scope="row">([^<]*)</th><td class="number">([^<]*)</td><td class="number">([^<]*)', part)


async def test_a_report_tells_hours_and_counts_by_outcome_tag_and_agent(enter: Enter) -> None:
    """VJ-12."""
    await database_sync_to_async(listened)()
    page = await text(await enter(), "/reports/quality/?period=7d")
    assert figures(page) == ["2.00 h", "3", "1", "10 %"]
    assert table(page, "dispositions") == [("Answered", "2", "1.50 h"), ("Deal won", "1", "0.50 h")]
    assert table(page, "tags") == [("billing", "2", "1.50 h"), ("vip", "1", "0.50 h")]
    assert [line[1:] for line in table(page, "agents")] == [("3", "2.00 h")]
    assert figures(await text(await enter("supervisor"), "/reports/quality/?period=7d", language="sv"))[0].startswith("2,00")


async def test_who_sees_one_queue_is_told_of_its_calls_alone_and_of_no_agent(enter: Enter) -> None:
    """VJ-12, and the rules of who sees what."""
    await database_sync_to_async(listened)()
    page = await text(await enter("viewer", ["s:vocatech:sales"]), "/reports/quality/?period=7d")
    assert figures(page)[:2] == ["1.50 h", "2"]
    assert 'data-row="agents"' not in page
    assert "Nothing was listened to" in await text(await enter("viewer", ["other"]), "/reports/quality/?period=7d")


async def test_a_report_of_nothing_says_why(enter: Enter) -> None:
    """An empty state for who has such a place, and for who has none."""
    client = await enter()
    assert "No recording of a call of these days was sent" in await text(client, "/reports/quality/")
    await Source.objects.all().adelete()
    assert "Nobody has added it yet" in await text(client, "/reports/quality/")


async def test_an_outbox_goes_with_its_calls(enter: Enter) -> None:
    """What is kept beside a call is kept no longer than it."""
    await database_sync_to_async(made)(1, state="sent")
    await database_sync_to_async(remove_of_calls)("default", "vocatech", ["call-1"])
    assert await database_sync_to_async(outbox.counts)("default", "voxjar") == {"analysed": 0}
