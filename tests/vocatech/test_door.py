"""Vocatech at the product's own door: what is let in lies safe before it is answered (VT-03, VT-04, VT-05)."""

import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from asgiref.testing import ApplicationCommunicator
from channels.db import database_sync_to_async

from stats.clock import now_ms
from stats.history import hooks
from stats.live.inbox import Inbox
from stats.models import Organisation, Source
from stats.providers.base import unpack_delivery
from stats.providers.vocatech.simulator import VocatechSimulator
from tests.vocatech.day import reader
from tests.vocatech.made import event, leg
from wallboard.hooks import application
from wallboard.push import live

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "whsec_made_up_0001"


@dataclass
class Door:
    """One source of Vocatech's, and who signs for it."""

    path: str
    signer: VocatechSimulator

    async def post(self, document: dict[str, Any], *, secret: str = SECRET, altered: bytes = b"", signed: bool = True) -> int:
        """The status that the vendor gets."""
        body = json.dumps(document, ensure_ascii=False).encode()
        headers = self.signer.postman.signature(secret, body) if signed else {}
        told = [
            (b"host", b"127.0.0.1:8000"),
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body + altered)).encode()),
        ]
        told += [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "method": "POST", "path": self.path, "query_string": b"", "headers": told, "scheme": "http"}
        talk = ApplicationCommunicator(application.before(_nobody), {**scope, "client": ["192.0.2.7", 4711]})  # type: ignore[no-untyped-call]
        await talk.send_input({"type": "http.request", "body": body + altered, "more_body": False})
        return int((await talk.receive_output(timeout=20))["status"])

    async def lies(self) -> list[tuple[bytes, bytes]]:
        """What the inbox holds: (where, the packed delivery)."""
        return [(where, packed) for where, packed in await Inbox(live.store(), "default", "voca").some()]  # type: ignore[misc]


async def _nobody(_scope: Any, _receive: Any, _send: Any) -> None:
    raise AssertionError("a post that is no page's business has reached the pages")


def _source() -> str:
    organisation, _ = Organisation.objects.get_or_create(slug="default", defaults={"name": "Default"})
    source = Source.objects.create(organisation=organisation, name="voca", provider="vocatech")
    return hooks.address_of(hooks.new_hook(source, SECRET), "")


@pytest_asyncio.fixture
async def door(redis_server: str) -> AsyncIterator[Door]:
    """As the vendor finds it."""
    yield Door(await database_sync_to_async(_source)(), VocatechSimulator(start=False, now=now_ms))
    await live.close()


async def test_a_signed_event_is_taken_and_a_repetition_changes_nothing(door: Door) -> None:
    """VT-03 and VT-04: 202 once, 200 ever after; the bytes are those that were signed."""
    document = leg("call.ended", 45, 0, end=70, id="evt_1") | {"id": "evt_1"}
    document["data"]["extension_name"] = "Åsa Öberg"
    assert [await door.post(document), await door.post(document)] == [202, 200]
    (lying,) = await door.lies()
    assert unpack_delivery(lying[1]).body == json.dumps(document, ensure_ascii=False).encode()


async def test_what_is_not_signed_is_told_so_and_nothing_of_it_is_kept(door: Door) -> None:
    """VT-03: another secret, an altered body, no header, and an instant more than five minutes off."""
    document = leg("call.started", 0, 0)
    turned_away = [
        await door.post(document, secret="whsec_other"),
        await door.post(document, altered=b" "),
        await door.post(document, signed=False),
    ]
    for skew in (-301.5, 302):
        door.signer.switches.skew_s = skew
        turned_away.append(await door.post(document))
    assert turned_away == [401] * 5
    assert await door.lies() == []


async def test_an_event_is_answered_when_it_lies_safe_and_read_again_until_it_is_done(door: Door) -> None:
    """VT-05: nobody reads yet, and the vendor waits for nobody; a reader that dies leaves the event to the next."""
    began = time.monotonic()
    assert await door.post(leg("call.started", 0, 0)) == 202
    took_s = time.monotonic() - began
    for _ in range(2):  # the first reader never says that it is done
        ((_, packed),) = await door.lies()
        tellings, odd = reader().read("events", packed, received_at=unpack_delivery(packed).at)
        assert (len(tellings), odd) == (2, [])
    assert took_s < 5  # the guide's vendor gives up later; measured under load in the flood


async def test_a_test_delivery_is_answered_and_not_kept(door: Door) -> None:
    """VT-02 and VT-A19: it proves the address, and is nothing to count."""
    assert await door.post(event("webhook.test", 0, message="hej")) == 202
    assert await door.lies() == []
