"""The health page and its document, over a real Redis and database, in every state that matters."""

import asyncio
import json
import re
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth import get_user_model
from django.db import OperationalError
from django.test import AsyncClient
from django.utils import translation

from stats.clock import now_ms
from stats.domain.audit import AuditReport
from stats.domain.checkup import SAY
from stats.live.inspection import Inspection
from stats.models import Organisation, Source
from tests.api.test_live import check
from tests.pages.conftest import Look
from tests.pages.test_pages import text_of
from tests.push.floor import Worker
from wallboard.accounts.models import ApiToken, Membership
from wallboard.api import examination
from wallboard.api.schemas import SCHEMAS
from wallboard.push import admission, live

SECRET = "studio-token-that-nobody-may-see"


async def configured() -> Organisation:
    """An organisation with a source."""
    organisation, _made = await Organisation.objects.aget_or_create(slug="default", defaults={"name": "Test"})
    source = Source(organisation=organisation, name="telavox", live_url="ws://127.0.0.1:9", historic_url="http://127.0.0.1:9/graphql")
    source.token = SECRET
    await source.asave()
    return organisation


async def document(organisation: Organisation) -> dict[str, Any]:
    """What a program is told."""
    _row, token = await database_sync_to_async(ApiToken.issue)(organisation, "test")
    answer = await AsyncClient().get("/api/v1/health", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.content
    told: dict[str, Any] = answer.json()
    return told


def codes(told: dict[str, Any]) -> set[str]:
    """The codes of the findings that are bad."""
    return {finding["code"] for finding in told["findings"] if finding["level"] == "bad"}


async def test_when_everything_works_the_first_words_say_so(look: Look) -> None:
    organisation = await configured()
    told = await document(organisation)
    text = text_of(await look("/health/"))
    assert "Everything works. 5 of 5 sockets are open" in text
    assert (told["state"], codes(told)) == ("good", set()), told["findings"]
    assert told["store"]["maxmemory_policy"] == "noeviction"
    assert told["sources"][0]["sockets"]["calls"]["state"] == "open"
    assert SECRET not in json.dumps(told) + text


async def test_the_page_is_no_dead_end(look: Look) -> None:
    """It has the menu of every page, and stands in it."""
    await configured()
    html = (await look("/health/")).content.decode()
    assert '<a href="/health/" aria-current="page">' in html
    assert '<a href="/sources/">' in html


async def test_a_paused_source_is_named_as_paused_and_its_feeds_too(look: Look, worker: Worker) -> None:
    """On the page and in the document; nothing of it is lost, and nothing is an alarm."""
    organisation = await configured()
    for socket in worker.facts.sockets.values():
        socket.state, socket.away_since = "away", now_ms()
    await worker.report(state="paused", reason="Siv")
    told = await document(organisation)
    assert [(each["code"], each["level"]) for each in told["findings"]] == [("source_paused", "note")]
    html = (await look("/health/")).content.decode()
    text = text_of(await look("/health/"))
    assert "Telavox is paused, by Siv since" in text
    assert re.findall(r'data-socket-state="(\w+)"', html) == ["paused"] * 5
    assert "Lost, reconnecting" not in text
    assert "sockets are open" not in text


@pytest.mark.fault("C1")
async def test_a_dead_collector_is_said_with_since_when_and_what_to_do(look: Look, worker: Worker) -> None:
    organisation = await configured()
    await worker.report(at=now_ms() - 600_000)
    told = await document(organisation)
    assert "worker_silent" in codes(told)
    assert now_ms() - told["findings"][0]["since"] > 500_000
    text = text_of(await look("/health/"))
    assert re.search(r"The collector has been silent; it last reported \d\d:\d\d:\d\d", text)
    assert "What to do:" in text
    assert "manage.py ingest" in text


@pytest.mark.fault("C4", "C7")
async def test_the_page_stands_while_redis_is_away(look: Look, settings: Any) -> None:
    organisation = await configured()
    settings.REDIS_URL = "unix:///nonexistent/redis.sock"
    told = await document(organisation)
    assert "store_away" in codes(told)
    assert told["store"]["answers"] is False
    text = text_of(await look("/health/"))
    assert "The store of numbers (Redis) does not answer" in text
    assert "The collector has been silent" not in text, "nobody knows while Redis is away"


@pytest.mark.fault("C10")
async def test_the_page_stands_while_the_database_is_away(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    await configured()
    person, _made = await get_user_model().objects.aget_or_create(username="again")
    await Membership.objects.acreate(user=person, organisation=await Organisation.objects.aget(slug="default"))
    client = AsyncClient()
    await database_sync_to_async(client.force_login)(person)
    assert (await client.get("/health/")).status_code == 200

    def gone(*_args: object, **_options: object) -> None:
        raise OperationalError("gone")

    stranger = AsyncClient()
    stranger.cookies["sessionid"] = "nobody-has-seen-this-one-before-x"
    with monkeypatch.context() as away:
        # Every question of every connection, as when the server has been stopped.
        away.setattr("django.db.backends.base.base.BaseDatabaseWrapper.cursor", gone)
        away.setattr(admission, "REMEMBERED_S", 0.0)
        away.setattr(examination, "DATABASE_EVERY_S", 0.0)
        answer = await client.get("/health/")
        told_stranger = (await stranger.get("/health/")).status_code
    assert answer.status_code == 200
    assert "The database does not answer, since" in text_of(answer)
    assert told_stranger == 503


async def test_what_the_vendor_refuses_is_said_with_the_way_out(look: Look, worker: Worker) -> None:
    organisation = await configured()
    await worker.report(state="auth_error")
    assert codes(await document(organisation)) == {"source_auth_error"}
    assert "Telavox refuses our token (401)." in text_of(await look("/health/"))


async def test_without_a_telephone_system_it_says_how_to_connect_one(redis_server: str, transactional_db: None) -> None:
    admission.forget_all()
    organisation, _made = await Organisation.objects.aget_or_create(slug="default", defaults={"name": "Test"})
    told = await document(organisation)
    await live.close()
    assert codes(told) == {"nothing_configured"}
    assert "TELAVOX_TOKEN" in told["findings"][0]["do"]


async def test_a_number_that_differs_from_its_recount_is_named(look: Look, worker: Worker) -> None:
    organisation = await configured()
    report = AuditReport(
        at=now_ms(), different=1, worst="queue:111834.answered today", shown=9, recounted=2, since=now_ms() - 30_000, lie_seconds_today=30
    )
    await Inspection(worker.store, "default").leave_report(report)
    assert codes(await document(organisation)) == {"lies_now"}
    assert "queue:111834.answered today: 9 is shown, 2 is right" in text_of(await look("/health/"))


async def test_frames_of_another_customer_are_an_alarm_and_unreadable_ones_a_note(look: Look, worker: Worker) -> None:
    organisation = await configured()
    await worker.store.quarantine("default", "telavox", {"foreign_tenant": 2, "not_json": 3}, [])
    told = await document(organisation)
    assert codes(told) == {"foreign_tenant"}
    assert {finding["code"] for finding in told["findings"]} == {"foreign_tenant", "quarantine"}
    assert told["sources"][0]["quarantined"] == {"foreign_tenant": 2, "not_json": 3}
    assert "not_json 3" in text_of(await look("/health/"))


async def test_a_page_asks_for_a_login_and_the_document_for_a_login_or_a_token(worker: Worker, transactional_db: None) -> None:
    await configured()
    assert (await AsyncClient().get("/health/")).status_code == 302
    refused = await AsyncClient().get("/api/v1/health")
    assert (refused.status_code, refused["Content-Type"]) == (401, "application/problem+json")
    person, _made = await get_user_model().objects.aget_or_create(username="someone")
    await Membership.objects.acreate(user=person, organisation=await Organisation.objects.aget(slug="default"))
    client = AsyncClient()
    await database_sync_to_async(client.force_login)(person)
    assert (await client.get("/api/v1/health")).status_code == 200
    assert (await client.get("/api/v1/live")).status_code == 401, "a login opens no more than it must"
    await live.close()


async def test_the_document_is_as_described(look: Look) -> None:
    told = await document(await configured())
    faults: list[str] = []
    check(told, {"$ref": "#/components/schemas/Health"}, SCHEMAS, "Health", faults)
    assert faults == []


async def test_the_part_that_is_renewed_is_no_whole_page(look: Look) -> None:
    await configured()
    html = (await look("/health/?part")).content.decode()
    assert "<html" not in html
    assert 'role="status"' in html


def test_every_sentence_of_a_diagnosis_has_its_swedish() -> None:
    """With the same words in braces, so that none can fail to be filled in."""
    with translation.override("sv"):
        for pair in SAY.values():
            for words in filter(None, pair):
                swedish = translation.gettext(words)
                assert swedish != words, words
                assert set(re.findall(r"{\w+}", swedish)) == set(re.findall(r"{\w+}", words)), swedish


async def test_a_question_that_hangs_is_asked_once(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that takes a question and never answers costs one thread, however often somebody looks."""
    organisation = await configured()
    asked = 0

    async def hang(_ask: object) -> object:
        nonlocal asked
        asked += 1
        await asyncio.sleep(30)
        raise AssertionError

    monkeypatch.setattr(examination, "_off_loop", hang)
    monkeypatch.setattr(examination, "ASK_S", 0.1)
    for _ in range(3):
        found = await examination.examine(organisation.slug)
        assert found.vitals.database_away_since is not None
    assert asked == 1
