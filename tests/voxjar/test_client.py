"""The vendor's published client (PyPI `voxjar` 0.5.0) and our uploader send the same, and one endpoint takes both."""

import asyncio
import io
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
import voxjar
from aiohttp import web

from stats.providers.base import SourceConfig
from stats.providers.sinks import NotTaken
from stats.providers.voxjar.simulator import VoxjarSimulator
from stats.providers.voxjar.sink import VoxjarSink
from stats.providers.voxjar.translate import metadata_of
from tests.voxjar.parcels import parcel, sound

pytestmark = pytest.mark.asyncio
SOUND = b"RIFF" + bytes(range(256)) * 200


async def push(url: str, token: str, metadata: dict[str, Any]) -> Any:
    """By the published client, as its documentation does it."""
    client = voxjar.Client(url=url, token=token)
    return await asyncio.to_thread(client.push, metadata, io.BytesIO(SOUND))


@pytest_asyncio.fixture
async def ear() -> AsyncIterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """A port that keeps every request as it came."""
    heard: list[tuple[dict[str, str], bytes]] = []

    async def hear(request: web.Request) -> web.Response:
        heard.append(({"path": request.path, **{name.lower(): value for name, value in request.headers.items()}}, await request.read()))
        return web.json_response({})

    app = web.Application()
    app.router.add_post("/{path:.*}", hear)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", heard
    await runner.cleanup()


def bare(headers: dict[str, str], body: bytes) -> bytes:
    """A body with its boundary, which is drawn by lot, called the same."""
    found = re.search(r"boundary=(\S+)", headers["content-type"])
    assert found is not None
    return body.replace(found[1].encode(), b"BOUNDARY")


async def test_the_published_client_can_push_to_the_look_alike(simulator: VoxjarSimulator) -> None:
    """VJ-03, must hold 3."""
    metadata = metadata_of(parcel()) | {"timestamp": datetime(2026, 5, 18, 12, tzinfo=UTC)}
    assert (await push(simulator.url, simulator.token, metadata))["status"] == "enqueued"
    kept = simulator.library.calls["vocatech:call-1"]
    assert (kept.size, kept.at) == (len(SOUND), 1_779_105_600_000)


@pytest.mark.parametrize("length", [len(SOUND), None], ids=["length-known", "length-unknown"])
@pytest.mark.parametrize("identifier", ["vocatech:call-1", 'källa:"1"/\n2'])
async def test_our_bytes_are_those_of_the_published_client(ear: tuple[str, list[Any]], length: int | None, identifier: str) -> None:
    """VJ-03: two parts in their order, headers in theirs, the file named by the identifier, the token in the header alone."""
    url, heard = ear
    sent = parcel(identifier=identifier)
    await push(url, "a-token", metadata_of(sent))
    ours = VoxjarSink(SourceConfig(name="voxjar", live_url=url, historic_url="", token="a-token"))
    await ours.send(sent, sound(SOUND[:7], SOUND[7:]), length)
    await ours.close()
    (theirs, their_body), (our, our_body) = heard
    assert bare(our, our_body) == bare(theirs, their_body)
    assert (our["path"], our["authorization"]) == (theirs["path"], theirs["authorization"]) == ("/enqueue", "Bearer a-token")
    assert ("content-length" in our) is (length is not None)
    assert b"a-token" not in our_body


async def test_the_endpoint_that_takes_the_client_takes_us(simulator: VoxjarSimulator, sink: VoxjarSink) -> None:
    """Must hold 3."""
    await push(simulator.url, simulator.token, metadata_of(parcel(1)))
    await sink.send(parcel(2), sound(SOUND), len(SOUND))
    theirs, ours = (simulator.library.calls[f"vocatech:call-{n}"] for n in (1, 2))
    assert (theirs.size, theirs.digest) == (ours.size, ours.digest)
    assert theirs.metadata.keys() == ours.metadata.keys()


async def test_the_look_alike_names_what_an_upload_lacks(simulator: VoxjarSimulator) -> None:
    """The guide's required fields, and the two parts of each of them."""
    answer = await push(simulator.url, simulator.token, {"identifier": "x", "direction": "INCOMING", "agents": [{"name": "Anna"}]})
    assert answer["missing"] == ["type", "timestamp", "customers", "agents[0].identifier"]


async def test_the_example_of_the_guide_is_refused_where_placeholders_are(simulator: VoxjarSimulator, sink: VoxjarSink) -> None:
    """One of the guide's common mistakes."""
    simulator.switches.set("refuse_placeholders", True)
    with pytest.raises(NotTaken, match="placeholder"):
        await sink.send(parcel(kind=("typeIdentifier", "typeName")), sound(SOUND), len(SOUND))
    await sink.send(parcel(), sound(SOUND), len(SOUND))
