"""A hole in the archive is no day without calls: it is said, on pages and to programs, until it has been read."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from django.contrib.auth import get_user_model
from django.test import AsyncClient

from stats.domain.periods import QUARTER_MS, day_bounds
from stats.history.backfills import begin_day, write_day
from stats.history.rollup_tables import RolledQuarter
from stats.history.unread import unread_days
from tests.history.calls import SOURCE
from tests.rollups.sums import ORGANISATION, keep_changes, organisation, seen
from wallboard.accounts.models import ApiToken, Membership
from wallboard.api import door
from wallboard.push import admission, live

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engines]
ZONE, TODAY = "Europe/Stockholm", "2026-05-18"


def read(*days: str) -> None:
    """These days were read whole out of the past; each had a call at its noon."""
    for day in days:
        bounds = day_bounds(day, ZONE)
        row = begin_day(ORGANISATION, SOURCE, bounds, 0, again=False)
        assert row is not None
        row.state = "done"
        write_day(row)
        called(day)


def called(day: str, quarters: int = 1) -> None:
    """So many of the day's quarters were added up."""
    first = day_bounds(day, ZONE)[0]
    RolledQuarter.objects.bulk_create(
        RolledQuarter(organisation=ORGANISATION, quarter_ms=first + n * QUARTER_MS, state="done", definitions=1, at_ms=0)
        for n in range(quarters)
    )


def unread(first: str = "2026-04-01", last: str = TODAY) -> list[str]:
    """What is said of these days."""
    return unread_days(ORGANISATION, ZONE, first, last, TODAY)


def test_a_day_between_read_ones_is_unread_until_it_is_read() -> None:
    organisation(ZONE)
    assert unread() == [], "of nothing nothing is said"
    read("2026-05-10", "2026-05-13", "2026-05-17")
    assert unread() == ["2026-05-11", "2026-05-12", "2026-05-14", "2026-05-15", "2026-05-16"]
    assert unread("2026-05-12", "2026-05-14") == ["2026-05-12", "2026-05-14"]
    read("2026-05-11", "2026-05-12", "2026-05-14", "2026-05-15", "2026-05-16")
    assert unread() == []


def test_a_neighbours_call_reads_no_day_and_a_day_that_was_watched_needs_no_reading() -> None:
    organisation(ZONE)
    called("2026-05-14", 3)
    # A day of a year ago that was watched, and whose changes of presence are past their term. It had 23 hours.
    called("2026-03-29", 92)
    read("2026-05-16")
    keep_changes([seen("1", day_bounds("2026-05-17", ZONE)[0] + 9 * 4 * QUARTER_MS)])
    assert unread("2026-05-13", TODAY) == ["2026-05-13", "2026-05-14", "2026-05-15"]
    assert unread("2026-03-28", "2026-03-29") == []


def test_a_day_that_is_just_being_read_is_not_whole_yet() -> None:
    organisation(ZONE)
    read("2026-05-15", "2026-05-17")
    assert begin_day(ORGANISATION, SOURCE, day_bounds("2026-05-16", ZONE), 0, again=False) is not None
    assert unread() == ["2026-05-16"]


@pytest_asyncio.fixture
async def client(redis_server: str) -> AsyncIterator[AsyncClient]:
    """A person who is signed in; and the hole of 2 May 2025 between two days that were read."""
    admission.forget_all()
    door._buckets.clear()

    def made() -> Any:
        owner = organisation(ZONE)
        read("2025-05-01", "2025-05-03")
        person = get_user_model()._default_manager.create_user(username="anna")
        Membership.objects.create(user=person, organisation=owner, role="supervisor")
        return person

    browser = AsyncClient()
    await database_sync_to_async(browser.force_login)(await sync_to_async(made)())
    yield browser
    await live.close()


@pytest.mark.asyncio
async def test_pages_say_it_and_the_curve_has_a_gap_there(client: AsyncClient) -> None:
    english = {"accept-language": "en"}
    page = (await client.get("/reports/interval/?from=2025-05-01&to=2025-05-03&interval=day", headers=english)).content.decode()
    assert "data-unread" in page
    assert "manage.py backfill --from 2025-05-02 --to 2025-05-02" in page
    whole = (await client.get("/reports/interval/?from=2025-05-03&to=2025-05-03", headers=english)).content.decode()
    assert "data-unread" not in whole
    trend = (await client.get("/reports/trend/?from=2025-05-01&to=2025-05-03&interval=day&metric=offered", headers=english)).context
    assert [(point.first, point.value) for point in trend["points"]] == [("2025-05-01", 0), ("2025-05-02", None), ("2025-05-03", 0)]


@pytest.mark.asyncio
async def test_programs_are_told_it(client: AsyncClient) -> None:
    _row, secret = await sync_to_async(lambda: ApiToken.issue(organisation(ZONE), "unread"))()
    answer = await client.get("/api/v1/reports/site?from=2025-05-01&to=2025-05-03", headers={"authorization": f"Bearer {secret}"})
    body = answer.content if not answer.streaming else b"".join([part async for part in answer])
    assert json.loads(body)["unread"] == ["2025-05-02"]
