"""Who is let in at the door for posts, and what becomes of what they bring."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
import redis as sync_redis
from asgiref.testing import ApplicationCommunicator
from channels.db import database_sync_to_async
from django.utils import timezone

from stats.history import hooks
from stats.history.hook_tables import SourceHook
from stats.live import keys
from stats.live.inbox import Inbox
from stats.models import Organisation, Source
from stats.providers.base import unpack_delivery
from tests.hooks.tiny import NAME, SIGNATURE, sign, tiny_company
from wallboard.hooks import application, asking, heard, known
from wallboard.hooks.counts import counts
from wallboard.push import live

Told = tuple[int, dict[str, str], bytes]
SECRET = "what-tiny-signs-with"
pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Door:
    """The door, with one source of the tiny company behind it."""

    source: Source
    hook: SourceHook
    path: str
    passed_on: list[str] = field(default_factory=list)

    async def ask(
        self, body: bytes | list[bytes], *, path: str = "", method: str = "POST", **more: Any
    ) -> tuple[int, dict[str, str], bytes]:
        """One request; the status, the headers and the body of the answer. A list is sent in pieces, without a length."""
        pieces = body if isinstance(body, list) else [body]
        headers = [(b"host", more.get("host", b"127.0.0.1:8000")), (b"content-type", b"application/json")]
        signature = more.get("signature", sign(b"".join(pieces), more.get("secret", SECRET)))
        headers += [(SIGNATURE.encode(), each.encode()) for each in ([signature] if isinstance(signature, str) else signature)]
        if not isinstance(body, list):
            headers.append((b"content-length", str(len(body)).encode()))
        scope = {
            "type": "http",
            "method": method,
            "path": path or self.path,
            "query_string": b"",
            "headers": headers + more.get("headers", []),
            "scheme": more.get("scheme", "http"),
            "client": [more.get("client", "192.0.2.7"), 4711],
        }
        talk = ApplicationCommunicator(application.before(self._inner), scope)  # type: ignore[no-untyped-call]
        for number, piece in enumerate(pieces):
            await talk.send_input({"type": "http.request", "body": piece, "more_body": number + 1 < len(pieces) or bool(more.get("drips"))})
        start = await talk.receive_output(timeout=20)
        end = await talk.receive_output(timeout=20)
        return start["status"], {name.decode(): value.decode() for name, value in start["headers"]}, end["body"]

    async def post(self, number: int | str = 1, **more: Any) -> int:
        """Posts one event, and gives the status."""
        return (await self.ask(event(number), **more))[0]

    async def lies(self) -> list[bytes]:
        """The bodies that lie in the inbox."""
        return [unpack_delivery(packed).body for _id, packed in await Inbox(live.store(), "default", "tiny").some()]

    async def _inner(self, scope: Any, receive: Any, send: Any) -> None:
        self.passed_on.append(scope["path"])
        await asking.say(send, asking.Reply(299))


def event(number: int | str, **more: object) -> bytes:
    """A body of the tiny company."""
    return json.dumps({"id": f"evt-{number}", "call": f"call-{number}", **more}).encode()


def make() -> tuple[Source, SourceHook, str]:
    """A source with an address."""
    organisation, _made = Organisation.objects.get_or_create(slug="default", defaults={"name": "Default"})
    source = Source.objects.create(organisation=organisation, name="tiny", provider=NAME)
    hook = hooks.new_hook(source, SECRET)
    return source, hook, hooks.address_of(hook, "")


@pytest.fixture
def company() -> Iterator[None]:
    """The tiny one."""
    with tiny_company():
        yield


@pytest_asyncio.fixture
async def door(redis_server: str, company: None) -> AsyncIterator[Door]:
    """As it is when the process begins."""
    counts.total.clear()
    counts._said.clear()
    yield Door(*await database_sync_to_async(make)())
    await live.close()


async def test_what_is_posted_lies_in_the_inbox_as_it_came_before_the_vendor_is_answered(door: Door) -> None:
    """Bytes, headers and instant; without the last slash and in pieces too."""
    assert await door.post(1) == 202
    assert (await door.ask([b'{"id": "evt-', b'2"}'], path=door.path.rstrip("/")))[0] == 202
    first, second = [unpack_delivery(packed) for _id, packed in await Inbox(live.store(), "default", "tiny").some()]
    assert (first.method, first.content_type, first.body) == ("POST", "application/json", event(1))
    assert first.headers == {SIGNATURE: sign(event(1), SECRET)}
    assert second.body == b'{"id": "evt-2"}'
    assert counts.total[("default", "tiny", "taken")] == 2
    assert door.passed_on == []


@pytest.mark.fault("E2")
async def test_a_repetition_is_answered_as_one_and_lies_there_once(door: Door) -> None:
    """One after the other, and many in the same turn of the loop."""
    assert [await door.post(1), await door.post(1)] == [202, 200]
    both = await asyncio.gather(*(door.post(2) for _ in range(20)))
    assert sorted(both) == [200] * 19 + [202]
    assert await door.lies() == [event(1), event(2)]


@pytest.mark.fault("E4", "E6")
async def test_who_is_nobody_and_who_is_not_who_they_say_is_told_so_and_nothing_else(door: Door) -> None:
    """Nothing is kept of it, and no answer says more than its status."""
    elsewhere = door.path.replace("/tiny/", "/telavox/")
    turned_away = [
        (404, await door.ask(event(1), path=f"/hooks/tiny/{'A' * 43}/")),
        (404, await door.ask(event(1), path="/hooks/tiny/short/")),
        (404, await door.ask(event(1), path="/hooks/")),
        (404, await door.ask(event(1), path=elsewhere)),
        (404, await door.ask(event(1), path=f"{door.path}more/")),
        (401, await door.ask(event(1), secret="another")),
        (401, await door.ask(event(1), signature=[])),
        (401, await door.ask(event(1) + b" ", signature=sign(event(1), SECRET))),
        (400, await door.ask(event(1), signature=[sign(event(1), SECRET)] * 2)),
        (400, await door.ask(b"no json")),
        (405, await door.ask(b"", method="GET")),
        (500, await door.ask(event(1, **{"raise": True}))),
    ]
    for status, (told, headers, body) in turned_away:
        assert (told, body) == (status, b"")
        assert headers["cache-control"] == "no-store"
    assert await door.lies() == []
    assert counts.total == {
        ("", "", "unknown"): 5,
        ("default", "tiny", "refused"): 3,
        ("default", "tiny", "malformed"): 2,
        ("default", "tiny", "method"): 1,
        ("default", "tiny", "failed"): 1,
    }


async def test_everything_else_is_left_to_the_pages(door: Door) -> None:
    """By its path alone."""
    assert (await door.ask(b"", path="/healthz", method="GET"))[0] == 299
    assert (await door.ask(b"", path="/hookshop/"))[0] == 299


@pytest.mark.fault("E1")
async def test_a_body_is_measured_before_and_while_it_is_read(door: Door) -> None:
    """With a length and without, and for nobody's address not at all."""
    large = b"x" * (64 * 1024 + 1)
    assert (await door.ask(large))[0] == 413
    assert (await door.ask([large[:40_000], large[40_000:]]))[0] == 413
    assert (await door.ask(b"", headers=[(b"content-length", b"9" * 30)]))[0] == 413
    assert (await door.ask(large, path=f"/hooks/tiny/{'A' * 43}/"))[0] == 404
    exact = event(1, filler="")
    exact = event(1, filler="x" * (64 * 1024 - len(exact)))
    assert len(exact) == 64 * 1024
    assert (await door.ask(exact))[0] == 202


@pytest.mark.fault("E1")
async def test_a_body_that_drips_is_not_waited_for(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nobody waits behind it."""
    monkeypatch.setattr(asking, "BODY_WITHIN_S", 0.3)
    dripping = asyncio.create_task(door.ask([b"{"], drips=True))
    assert await door.post(1) == 202
    assert (await dripping)[0] == 408


@pytest.mark.fault("E1")
async def test_one_sources_flood_leaves_the_others_theirs_and_forged_posts_cost_nobody(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is over the share is to come again, and nothing of it is kept or remembered."""
    monkeypatch.setattr(application, "BURST", 5.0)
    monkeypatch.setattr(application, "RATE", 0.001)
    other = await database_sync_to_async(another_source)()
    for _ in range(20):
        assert await door.post("forged", secret="another") == 401
    answers = [await door.ask(event(number)) for number in range(8)]
    assert [status for status, _headers, _body in answers] == [202] * 5 + [503] * 3
    assert answers[-1][1]["retry-after"] == "1"
    assert len(await door.lies()) == 5
    assert await door.post(1, path=other) == 202


def another_source() -> str:
    """The address of a second source of the tiny company."""
    source = Source.objects.create(organisation=Organisation.objects.get(), name="tiny-2", provider=NAME)
    return hooks.address_of(hooks.new_hook(source, SECRET), "")


@pytest.mark.fault("E1", "E6")
async def test_who_guesses_addresses_asks_the_database_seldom_and_is_never_told_that_a_new_one_is_nobodys(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another address of the network is not slowed down by it, nor is who is known already."""
    monkeypatch.setattr(known, "UNKNOWN_RATE", 0.001)
    assert await door.post(1, client="192.0.2.66") == 202
    guesses = [await door.post(1, path=f"/hooks/tiny/{number:043}/", client="192.0.2.66") for number in range(30)]
    assert guesses == [404] * 19 + [503] * 11
    other = await database_sync_to_async(another_source)()
    assert await door.post(2, path=other, client="192.0.2.66") == 503
    assert await door.post(2, path=other, client="192.0.2.67") == 202
    assert await door.post(3, client="192.0.2.66") == 202


@pytest.mark.fault("E5")
async def test_while_redis_cannot_take_it_the_vendor_is_told_to_come_again(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Away or full: 503 with a time, never a 2xx and never a 429; afterwards the same post is taken."""
    monkeypatch.setattr(keys, "INBOX_ENTRIES", 1)
    assert [await door.post(1), await door.post(2)] == [202, 503]
    monkeypatch.setattr(keys, "INBOX_ENTRIES", 10)
    with sync_redis.Redis.from_url(live.store().connection.url) as client:
        name = keys.key("default", "inbox", "tiny")
        client.rename(name, "elsewhere")
        client.set(name, "no stream")
        status, headers, _body = await door.ask(event(2))
        assert (status, headers["retry-after"]) == (503, "1")
        client.delete(name)
    assert await door.post(2) == 202
    assert counts.total[("default", "tiny", "full")] == 1
    assert counts.total[("default", "tiny", "store_away")] == 1


@pytest.mark.fault("C10", "E5")
async def test_while_the_database_is_away_who_is_known_is_let_in_and_who_is_not_comes_again(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not knowing is never called nobody."""
    other = await database_sync_to_async(another_source)()
    assert await door.post(1) == 202
    monkeypatch.setattr(known, "FRESH_S", 0.0)
    monkeypatch.setattr(known, "STALE_S", 0.0)
    monkeypatch.setattr(known, "by_mark", away)
    assert await door.post(2) == 202
    status, headers, _body = await door.ask(event(3), path=other)
    assert (status, headers["retry-after"]) == (503, "10")


def away(_mark: str) -> None:
    """A database that is not there."""
    from django.db import OperationalError

    raise OperationalError


async def test_while_a_secret_is_replaced_both_let_in_and_a_retired_address_ends_at_its_instant(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new address beside the old; whichever secret the vendor signs with counts at both."""
    new = await database_sync_to_async(hooks.new_hook)(door.source, "the-next-secret")
    path = await database_sync_to_async(hooks.address_of)(new, "")
    await database_sync_to_async(hooks.retire)(door.hook, timedelta(minutes=10))
    assert [await door.post(1), await door.post(2, secret="the-next-secret"), await door.post(3, path=path)] == [202] * 3
    monkeypatch.setattr(timezone, "now", lambda now=timezone.now: now() + timedelta(minutes=11))
    assert await door.post(4) == 404
    monkeypatch.setattr(known, "FRESH_S", 0.0)
    monkeypatch.setattr(known, "STALE_S", 0.0)
    assert await door.post(4, path=path, secret="the-next-secret") == 202
    assert await door.post(5, path=path) == 401, "the old secret has ended with its address"


async def test_an_address_goes_with_its_source(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within seconds, although it was known."""
    assert await door.post(1) == 202
    await database_sync_to_async(door.source.delete)()
    monkeypatch.setattr(known, "FRESH_S", 0.0)
    monkeypatch.setattr(known, "STALE_S", 0.0)
    assert await door.post(2) == 404


async def test_a_source_that_is_switched_off_keeps_its_vendor_friendly_and_nothing_else(door: Door) -> None:
    """Refused too often, the vendor would switch the address off."""
    await database_sync_to_async(Source.objects.filter(pk=door.source.pk).update)(enabled=False)
    assert await door.post(1) == 202
    assert await door.lies() == []
    assert counts.total[("default", "tiny", "unheeded")] == 1


async def test_a_source_that_goes_on_loses_no_post(door: Door) -> None:
    """Its worker needs a second to begin; the door knows before that, however lately it has asked, and the first post counts."""
    mine = Source.objects.filter(pk=door.source.pk)
    await database_sync_to_async(mine.update)(paused_at=timezone.now())
    assert await door.post(1) == 202
    await database_sync_to_async(mine.update)(paused_at=None)
    assert known.RESTING_S < 0.5
    await asyncio.sleep(known.RESTING_S + 0.05)
    assert [await door.post(2), await door.post(3)] == [202, 202]
    assert await door.lies() == [event(2), event(3)]


async def test_when_something_last_came_is_written_down_and_a_proof_at_once(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test proves the address and is not kept; a forged one shows nothing."""
    monkeypatch.setattr(heard, "EVERY_S", 0.4)
    assert await door.post(1, secret="another") == 401
    assert await heard_at(door, lambda hook: hook.last_at is not None, within_s=0.3) is None
    assert await door.post(1) == 202
    first = await heard_at(door, lambda hook: hook.last_at is not None)
    assert first is not None
    assert first.verified_at is None
    assert (await door.ask(event("t", test=True)))[0] == 202
    assert await heard_at(door, lambda hook: hook.verified_at is not None) is not None
    assert await door.post(2) == 202
    assert await heard_at(door, lambda hook: hook.last_at > first.last_at and hook.last_at > hook.verified_at) is not None
    assert await door.lies() == [event(1), event(2)]


async def heard_at(door: Door, holds: Any, within_s: float = 5.0) -> SourceHook | None:
    """The hook as the database has it, once it is so; None when it does not become so."""
    loop = asyncio.get_running_loop()
    until = loop.time() + within_s
    while loop.time() < until:
        hook = await SourceHook.objects.aget(pk=door.hook.pk)
        if holds(hook):
            return hook
        await asyncio.sleep(0.05)
    return None


async def test_the_name_and_the_scheme_are_asked_for_as_everywhere(door: Door, settings: Any) -> None:
    """ALLOWED_HOSTS and HTTPS_ONLY hold here too."""
    assert await door.post(1, host=b"evil.example") == 400
    assert await door.post(1, headers=[(b"host", b"127.0.0.1")]) == 400
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 60
    assert await door.post(1) == 403
    status, headers, _body = await door.ask(event(1), scheme="https")
    assert (status, headers["strict-transport-security"]) == (202, "max-age=60")
    settings.BEHIND_PROXY = True
    assert await door.post(2, scheme="https") == 403
    assert await door.post(2, headers=[(b"x-forwarded-proto", b"https")]) == 202


async def test_no_line_of_the_log_holds_a_key_a_secret_or_what_was_posted(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    """And strangers cause few lines."""
    for number in range(50):
        await door.post("canary-body", secret=f"canary-{number}")
        await door.post(1, path=f"/hooks/tiny/{number:043}/")
    await door.ask(event("canary-body", **{"raise": True}))
    lines = [record.getMessage() for record in caplog.records if "hook." in record.getMessage()]
    assert 2 <= len(lines) <= 5
    everything = caplog.text
    for word in (SECRET, door.hook.key, "canary", f"{7:043}"):
        assert word not in everything
