"""An organisation with an administrator, the real look-alikes of every vendor, and a port at which they find the door for posts."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from channels.db import database_sync_to_async
from django.contrib.auth import get_user_model
from django.test import AsyncClient

from stats.models import Organisation, Source
from stats.providers.vocatech.simulator import VocatechSimulator
from stats.providers.voxloud.simulator import VoxloudSimulator
from wallboard.accounts.models import Membership
from wallboard.hooks import application
from wallboard.pages import source_errands
from wallboard.push import admission, live

As = Callable[..., Awaitable[AsyncClient]]
NO_FLOOR: dict[str, Any] = {"start": False}


@pytest_asyncio.fixture
async def house(redis_server: str, settings: Any, var_dir: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Organisation]:
    """An organisation on a machine whose look-alikes may be named in forms."""
    settings.VAR_DIR = var_dir
    settings.SOURCE_HOSTS = ("127.0.0.1",)
    monkeypatch.setattr(source_errands, "COLLECTOR_S", 0.05)
    monkeypatch.setattr(source_errands, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr("stats.ingest.door.knock.__kwdefaults__", {"listen_s": 0.3})
    admission.forget_all()
    organisation, _made = await Organisation.objects.aget_or_create(slug="default", defaults={"name": "Ekströms"})
    yield organisation
    await live.close()


@pytest_asyncio.fixture
async def somebody(house: Organisation) -> As:
    """Signs somebody of a role in."""

    async def signed_in(role: str = "admin", name: str = "") -> AsyncClient:
        person, made = await get_user_model().objects.aget_or_create(username=name or role)
        if made:
            await Membership.objects.acreate(user=person, organisation=house, role=role)
        client = AsyncClient()
        await database_sync_to_async(client.force_login)(person)
        return client

    return signed_in


@pytest_asyncio.fixture
async def admin(somebody: As) -> AsyncClient:
    """An administrator's browser."""
    return await somebody()


@pytest_asyncio.fixture
async def door(house: Organisation, settings: Any) -> AsyncIterator[str]:
    """The product's own door for posts on a port of its own; PUBLIC_URL says where."""

    async def nobody(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    app = web.Application(client_max_size=4_000_000)

    async def through(request: web.Request) -> web.Response:
        return await _through(application.before(nobody), request)

    app.router.add_route("*", "/{rest:.*}", through)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    settings.PUBLIC_URL = f"http://127.0.0.1:{port}"
    yield settings.PUBLIC_URL
    await runner.cleanup()


async def _through(inner: Any, request: web.Request) -> web.Response:
    """One request through an ASGI application."""
    body, told = await request.read(), []
    scope = {
        "type": "http",
        "method": request.method,
        "path": request.path,
        "query_string": request.query_string.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in request.headers.items()],
        "scheme": "http",
        "client": ["127.0.0.1", 4711],
    }
    sent = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        return sent.pop() if sent else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        told.append(message)

    await inner(scope, receive, send)
    return web.Response(status=told[0]["status"], body=b"".join(each.get("body", b"") for each in told[1:]))


@pytest_asyncio.fixture
async def voxloud(house: Organisation) -> AsyncIterator[VoxloudSimulator]:
    """Voxloud without a floor."""
    async with VoxloudSimulator(**NO_FLOOR) as running:
        yield running


@pytest_asyncio.fixture
async def vocatech(house: Organisation) -> AsyncIterator[VocatechSimulator]:
    """Vocatech without a floor."""
    async with VocatechSimulator(**NO_FLOOR) as running:
        yield running


def words(answer: Any) -> str:
    """The page."""
    return str(answer.content.decode())


async def stream(client: AsyncClient, address: str, **form: str) -> list[dict[str, Any]]:
    """What the page's script hears."""
    answer = await client.post(address, form, headers={"accept": "application/x-ndjson"})
    assert answer.status_code == 200, answer.content
    body = b"".join([part async for part in answer.streaming_content]) if answer.streaming else answer.content
    assert "token" not in form or form["token"].encode() not in body
    return [json.loads(line) for line in body.splitlines()]


async def keep(client: AsyncClient, address: str, **form: str) -> Any:
    """Tries a token, and keeps it."""
    told = await stream(client, address, do="try", **form)
    assert told[-1].get("verdict") == "ok", told
    return await client.post(address, {"do": "keep", "keep": told[-1]["keep"]})


async def made(house: Organisation, provider: str, live_url: str, token: str, **more: Any) -> Source:
    """A source that is kept already."""

    def make() -> Source:
        source = Source(organisation=house, provider=provider, live_url=live_url, **{"name": provider, **more})
        source.token = token
        source.save()
        return source

    return await database_sync_to_async(make)()
