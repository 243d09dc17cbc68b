"""One person's file holds what was told beside their calls, and nothing of where recordings lie."""

import io
import json
import zipfile
from dataclasses import replace

import pytest
from channels.db import database_sync_to_async

from stats.clock import now_ms
from stats.history.archive import keep
from stats.history.telling import Telling
from tests.notes.conftest import Desk
from tests.notes.told import CALLER, contact, detail, message, recording, transcript
from tests.push.floor import SOURCE, ended_call

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]


async def test_a_callers_file_holds_words_messages_and_names(desk: Desk) -> None:
    call = ended_call("theirs", since=now_ms() - 7_200_000)
    assert call.journey is not None
    call = replace(call, journey=replace(call.journey, number=CALLER))
    await database_sync_to_async(keep)("default", SOURCE, [Telling(call, "a", 1)], now_ms())
    await desk.told(
        recording("theirs"), transcript("theirs"), detail("theirs"), message("m"), contact(), transcript("one", text="Not theirs")
    )
    client = await desk.enter("admin")
    looked = (await client.post("/privacy/person/", {"kind": "number", "who": CALLER, "do": "look"})).content.decode()
    assert "text messages and faxes" in looked
    answer = await client.post("/privacy/person/", {"kind": "number", "who": CALLER, "do": "export"})
    found = zipfile.ZipFile(io.BytesIO(b"".join([part async for part in answer.streaming_content])))
    (notes,) = json.loads(found.read("notes.json"))
    assert notes["transcripts"][0]["turns"][0]["speaker"] == "Anna E"
    assert notes["recordings"][0]["duration_ms"] == 62_000
    (sent,) = json.loads(found.read("messages.json"))
    assert (sent["sender"], "0600" in sent["recipient"]) == (CALLER, False)
    assert json.loads(found.read("contacts.json"))[0]["name"] == "Bo Ek"
    everything = b"".join(found.read(name) for name in found.namelist()).decode()
    for other in ("Not theirs", "vendor.test", "locator"):
        assert other not in everything
