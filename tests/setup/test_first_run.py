"""The first run: who has the code makes the first account, names the organisation and tries a token; nobody else does anything."""

import json
import logging
import stat
from collections.abc import AsyncIterator
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.test import AsyncClient

from stats.models import Organisation, Source
from stats.providers.telavox.simulator import DEFAULT_TOKEN, TelavoxSimulator
from stats.providers.telavox.simulator.switches import Switches
from wallboard.accounts import first_run
from wallboard.accounts.models import AuditEntry, Membership
from wallboard.pages import trial
from wallboard.push import admission, live

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]
PASSWORD = "four plain words here"
ACCOUNT = {"username": "anna", "password": PASSWORD, "again": PASSWORD}


@pytest_asyncio.fixture
async def house(redis_server: str, settings: Any, var_dir: Path) -> AsyncIterator[Path]:
    """An installation nobody has an account at; yields its VAR_DIR."""
    settings.VAR_DIR = var_dir
    admission.forget_all()
    await Organisation.objects.aget_or_create(slug="default", defaults={"name": "Wallboard"})
    yield var_dir
    await live.close()


@pytest_asyncio.fixture
async def vendor(settings: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TelavoxSimulator]:
    """A contact centre where the environment says the vendor is."""
    switches = Switches()
    switches.set("snapshot_on_connect", "true")
    async with TelavoxSimulator(seed=3, agents=8, history_ms=600_000, switches=switches) as running:
        settings.TELAVOX_LIVE_URL, settings.TELAVOX_HISTORIC_URL = running.live_url, running.historic_url
        monkeypatch.setattr("stats.ingest.door.LISTEN_S", 0.5)
        monkeypatch.setattr("stats.ingest.door.knock.__kwdefaults__", {"listen_s": 0.5})
        yield running


async def printed() -> str:
    """The address that is printed at the start."""
    out = StringIO()
    await sync_to_async(call_command)("setup_code", stdout=out)
    return out.getvalue().strip()


async def opened(client: AsyncClient) -> None:
    """The browser has opened the printed address."""
    parts = urlsplit(await printed())
    answer = await client.get(f"{parts.path}?{parts.query}")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/setup/"), "the code goes out of the address"


async def insider() -> AsyncClient:
    """Somebody who has made the first account."""
    client = AsyncClient()
    await opened(client)
    answer = await client.post("/setup/", ACCOUNT)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/setup/organisation/")
    return client


def forms(answer: Any) -> str:
    """The page."""
    return str(answer.content.decode())


async def test_the_code_is_private_and_the_same_until_it_is_used(house: Path) -> None:
    """Several processes, several starts."""
    address = await printed()
    assert address == await printed()
    assert stat.S_IMODE((house / "setup_code").stat().st_mode) == 0o600


async def test_whoever_is_sent_to_log_in_is_sent_to_the_first_run(house: Path) -> None:
    """While there is nobody who could; and a stranger gets words there and no form."""
    client = AsyncClient()
    assert (await client.get("/login/")).status_code == 200, "nobody has begun a first run"
    await printed()
    for address in ("/", "/login/", "/sources/"):
        answer = await client.get(address)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/setup/"), address
    for address in ("/setup/", "/setup/?code=wrong"):
        answer = await client.get(address)
        assert answer.status_code == 403
        assert "setup_code" in forms(answer)
        assert 'name="password"' not in forms(answer)
    answer = await client.post("/setup/", ACCOUNT)
    assert answer.status_code == 403
    assert not await get_user_model().objects.aexists()
    assert (await client.get("/healthz")).status_code == 200


async def test_the_first_account_administers_everything_and_ends_the_code(house: Path) -> None:
    """Logged in at once; the same address opens nothing afterwards."""
    address = await printed()
    client = await insider()
    membership = await Membership.objects.select_related("user").aget()
    assert (membership.role, membership.user.get_username(), membership.user.is_superuser) == ("admin", "anna", True)
    assert not (house / "setup_code").exists()
    assert await printed() == ""
    parts = urlsplit(address)
    stranger = AsyncClient()
    answer = await stranger.get(f"{parts.path}?{parts.query}")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/setup/organisation/")
    assert (await stranger.get("/setup/organisation/")).headers["Location"].startswith("/login/")
    assert (await stranger.post("/setup/", {**ACCOUNT, "username": "eve"})).status_code == 302
    assert await get_user_model().objects.acount() == 1
    assert (await client.get("/")).status_code == 200
    assert await AuditEntry.objects.filter(action="setup.first_account", subject="anna").aexists()


async def test_a_browser_that_opened_the_first_run_has_a_key_that_nobody_knew_before(house: Path) -> None:
    """Whoever planted the key in that browser is not let in with it."""
    client = AsyncClient()
    session = await client.asession()
    session["planted"] = "yes"
    await session.asave()
    client.cookies["sessionid"] = planted = session.session_key
    await opened(client)
    assert client.cookies["sessionid"].value not in (planted, "")
    thief = AsyncClient()
    thief.cookies["sessionid"] = planted
    assert (await thief.get("/setup/")).status_code == 403


async def test_of_two_who_hold_the_code_one_is_too_late(house: Path) -> None:
    """Both had opened it before either was done."""
    one, other = AsyncClient(), AsyncClient()
    await opened(one)
    await opened(other)
    assert (await one.post("/setup/", ACCOUNT)).status_code == 302
    assert (await other.post("/setup/", {**ACCOUNT, "username": "eve"})).status_code in (302, 409)
    assert [person.username async for person in get_user_model().objects.all()] == ["anna"]
    organisation = await Organisation.objects.aget(slug="default")
    with pytest.raises(first_run.TooLate):
        await database_sync_to_async(first_run.make_first)(organisation, "eve", PASSWORD)


@pytest.mark.parametrize(
    "wrong", [{"again": "another one entirely"}, {"password": "short", "again": "short"}, {"username": ""}, {"password": "", "again": ""}]
)
async def test_a_weak_password_or_no_name_makes_no_account(house: Path, wrong: dict[str, str]) -> None:
    """It says what is wrong, and keeps the name."""
    client = AsyncClient()
    await opened(client)
    answer = await client.post("/setup/", {**ACCOUNT, **wrong})
    assert answer.status_code == 400
    assert 'role="alert"' in forms(answer)
    assert PASSWORD not in forms(answer)
    assert not await get_user_model().objects.aexists()


async def test_the_organisation_is_named_and_goes_by_its_own_clock(house: Path) -> None:
    """A zone that there is not is refused in words."""
    client = await insider()
    known = {"name": "Ekströms", "timezone": "Europe/Helsinki", "language": "sv"}
    assert (await client.post("/setup/organisation/", {**known, "timezone": "Mars"})).status_code == 400
    answer = await client.post("/setup/organisation/", known)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/setup/source/")
    row = await Organisation.objects.aget(slug="default")
    assert (row.name, row.timezone, row.language) == ("Ekströms", "Europe/Helsinki", "sv")


async def stream(client: AsyncClient, address: str, **form: str) -> list[dict[str, Any]]:
    """What the page's script hears."""
    answer = await client.post(address, {"do": "try", **form}, headers={"accept": "application/x-ndjson"})
    assert answer.status_code == 200
    body = b"".join([part async for part in answer.streaming_content]) if answer.streaming else answer.content
    assert form.get("token", "?").encode() not in body
    return [json.loads(line) for line in body.splitlines()]


async def test_a_token_is_tried_live_shown_masked_and_then_kept(house: Path, vendor: TelavoxSimulator) -> None:
    """Step by step; then it is in the database sealed, and nowhere in the page."""
    client = await insider()
    told = await stream(client, "/setup/source/", token=DEFAULT_TOKEN)
    assert {event["step"] for event in told if event.get("state") == "ok"} >= {"calls", "queues", "agents", "profile_live", "history"}
    assert told[-1]["verdict"] == "ok"
    glimpses = [event for event in told if "glimpse" in event]
    assert glimpses
    assert all("···" in event["number"] for event in glimpses if event["number"])
    assert all(len(event["agent"].split()[-1]) == 1 for event in glimpses if " " in event["agent"])
    assert not await Source.objects.aexists(), "trying keeps nothing"
    answer = await client.post("/setup/source/", {"do": "keep", "keep": told[-1]["keep"]})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    source = await Source.objects.aget()
    assert await sync_to_async(lambda: source.token)() == DEFAULT_TOKEN
    assert DEFAULT_TOKEN not in source.sealed_token
    assert (source.token_set_by, source.live_url) == ("anna", vendor.live_url)
    for address in ("/sources/", "/sources/telavox/token/", "/setup/source/"):
        page = forms(await client.get(address))
        assert DEFAULT_TOKEN not in page
        assert "anna" in page
    kept = [entry async for entry in AuditEntry.objects.filter(action="source.added")]
    told = {"test": "ok", "company": "telavox"}
    assert [(entry.subject, entry.actor_name, entry.detail) for entry in kept] == [("telavox", "anna", told)]


async def test_the_form_alone_gives_the_same_answer(house: Path, vendor: TelavoxSimulator) -> None:
    """A browser without scripts waits, and then has the whole page."""
    client = await insider()
    page = forms(await client.post("/setup/source/", {"do": "try", "token": DEFAULT_TOKEN}))
    assert 'data-step="history" data-state="ok"' in page
    assert 'data-result="ok"' in page
    assert DEFAULT_TOKEN not in page


async def test_a_refused_token_is_not_kept_by_the_way(house: Path, vendor: TelavoxSimulator) -> None:
    """Only by whoever says that it is to be kept although it failed."""
    client = await insider()
    told = await stream(client, "/setup/source/", token="a-wrong-token")
    assert (told[-1]["verdict"], told[-1]["sure"]) == ("refused", False)
    assert any("401" in event.get("words", "") for event in told)
    handed = {"do": "keep", "keep": told[-1]["keep"]}
    assert (await client.post("/setup/source/", handed)).status_code == 400
    assert not await Source.objects.aexists()
    assert (await client.post("/setup/source/", {**handed, "anyway": "on"})).status_code == 302
    assert await Source.objects.acount() == 1


async def test_a_trial_is_its_own_persons_and_grows_old(house: Path, vendor: TelavoxSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the browser holds opens for nobody else, unchanged, for half an hour."""
    client = await insider()
    kept = (await stream(client, "/setup/source/", token=DEFAULT_TOKEN))[-1]["keep"]
    person = await get_user_model().objects.acreate(username="eve")
    organisation = await Organisation.objects.aget(slug="default")
    await Membership.objects.acreate(user=person, organisation=organisation, role="admin")
    other = AsyncClient()
    await database_sync_to_async(other.force_login)(person)
    assert (await other.post("/setup/source/", {"do": "keep", "keep": kept})).status_code == 400
    assert (await client.post("/setup/source/", {"do": "keep", "keep": kept[:-4] + "AAAA"})).status_code == 400
    later = trial.now_ms() + trial.KEPT_MS + 1
    monkeypatch.setattr(trial, "now_ms", lambda: later)
    assert (await client.post("/setup/source/", {"do": "keep", "keep": kept})).status_code == 400
    assert not await Source.objects.aexists()


@pytest.mark.parametrize(
    ("live_url", "is_fine"),
    [
        ("wss://statistics-webhook.telavox.se", True),
        ("wss://other.telavox.se:443/x", True),
        ("ws://statistics-webhook.telavox.se", False),
        ("wss://telavox.se.example.org", False),
        ("wss://eviltelavox.se", False),
        ("wss://169.254.169.254/latest", False),
        ("wss://localhost:6379", False),
        ("wss://statistics-webhook.telavox.se@10.0.0.1", False),
        ("wss://10.0.0.1#.telavox.se", False),
        ("wss://10.0.0.1\\.telavox.se", False),
        ("wss://a.telavox.se:8443", False),
        ("https://a.telavox.se", False),
        ("wss://[::1]/.telavox.se", False),
        ("file:///etc/passwd", False),
    ],
)
async def test_only_the_vendors_own_addresses_may_be_typed(live_url: str, is_fine: bool, settings: Any) -> None:
    """Ours would otherwise knock wherever somebody likes, from inside the house."""
    settings.TELAVOX_LIVE_URL, settings.TELAVOX_HISTORIC_URL = "ws://127.0.0.1:9", "https://statistics-api.telavox.se/graphql"
    assert (trial.why_not(live_url, settings.TELAVOX_HISTORIC_URL, None) == "") is is_fine
    assert trial.why_not("ws://127.0.0.1:9", settings.TELAVOX_HISTORIC_URL, None) == "", "what the environment says may"


async def test_an_address_of_the_house_is_not_knocked_at(house: Path, vendor: TelavoxSimulator) -> None:
    """By the page as by the rule; the vendor hears nothing."""
    client = await insider()
    before = len(vendor.sockets.handshakes)
    told = await stream(client, "/setup/source/", token=DEFAULT_TOKEN, live_url=vendor.live_url + "/elsewhere")
    assert list(told[0]) == ["fault", "faults"]
    assert len(vendor.sockets.handshakes) == before


@pytest.mark.parametrize("role", ["viewer", "supervisor"])
async def test_who_may_not_change_sources_tries_no_token(house: Path, vendor: TelavoxSimulator, role: str) -> None:
    """Neither by the page nor by its stream; and is not told when a token was set."""
    await insider()
    person = await get_user_model().objects.acreate(username="bo")
    organisation = await Organisation.objects.aget(slug="default")
    await Membership.objects.acreate(user=person, organisation=organisation, role=role)
    client = AsyncClient()
    await database_sync_to_async(client.force_login)(person)
    for address in ("/setup/source/", "/setup/organisation/", "/sources/telavox/token/", "/sources/new/token/"):
        assert (await client.get(address)).status_code == 403
        assert (await client.post(address, {"do": "try", "token": DEFAULT_TOKEN})).status_code == 403
    assert vendor.sockets.handshakes == []


async def test_a_token_of_the_environment_is_changed_there(house: Path, vendor: TelavoxSimulator, settings: Any) -> None:
    """It would be back at the next start."""
    settings.TELAVOX_TOKEN = "from-the-environment"
    client = await insider()
    organisation = await Organisation.objects.aget(slug="default")
    await Source.objects.acreate(organisation=organisation, name="telavox", from_environment=True)
    page = forms(await client.post("/sources/telavox/token/", {"do": "try", "token": DEFAULT_TOKEN}))
    assert "TELAVOX_TOKEN" in page
    assert 'name="token"' not in page
    assert vendor.sockets.handshakes == []


async def test_a_token_is_in_no_log_no_table_and_no_store(
    house: Path, vendor: TelavoxSimulator, caplog: pytest.LogCaptureFixture, redis_server: str
) -> None:
    """Tried, refused, kept: with every log of every library at its most talkative."""
    caplog.set_level(logging.DEBUG)
    for name in ("websockets", "websockets.client", "aiohttp", "aiohttp.client", "gql", "gql.transport.aiohttp", "stats.telavox.socket"):
        caplog.set_level(logging.DEBUG, logger=name)
    client = await insider()
    wrong = "canary-of-a-wrong-token"
    await stream(client, "/setup/source/", token=wrong)
    told = await stream(client, "/setup/source/", token=DEFAULT_TOKEN)
    await client.post("/setup/source/", {"do": "keep", "keep": told[-1]["keep"]})
    tables = await database_sync_to_async(every_row)()
    assert "telavox" in tables
    store = live.store().connection.client
    held = repr([(name, await store.dump(name)) for name in await store.keys("*")])
    for token in (wrong, DEFAULT_TOKEN):
        for where in (caplog.text, tables, held):
            assert token not in where


def every_row() -> str:
    """The database, whole."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            found.append(repr(cursor.fetchall()))
    return "\n".join(found)
