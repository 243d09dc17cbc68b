"""A vendor is let post to us: ordered, proved, put on again, replaced without a gap, taken back; real look-alikes at the real door."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from django.test import AsyncClient
from django.utils import timezone

from stats.history import hooks
from stats.history.configuration import read_assignments
from stats.history.hook_tables import SourceHook
from stats.models import Organisation, Source
from stats.providers.vocatech.simulator import VocatechSimulator
from stats.providers.voxloud.simulator import VoxloudSimulator
from tests.sources.conftest import As, made, stream, words
from wallboard.accounts.models import AuditEntry
from wallboard.pages import source_errands

pytestmark = pytest.mark.django_db(transaction=True)
VOXLOUD, VOCATECH = "/sources/voxloud/hooks/", "/sources/vocatech/hooks/"


@pytest_asyncio.fixture
async def cloud(house: Organisation, voxloud: VoxloudSimulator) -> AsyncIterator[Source]:
    """A source of Voxloud that is kept, and at which nothing is ordered yet."""
    yield await made(house, "voxloud", voxloud.api_url, next(iter(voxloud.keys)))


@pytest_asyncio.fixture
async def tech(house: Organisation, vocatech: VocatechSimulator) -> AsyncIterator[Source]:
    """A source of Vocatech, likewise."""
    yield await made(house, "vocatech", vocatech.api_url, vocatech.token)


def ends(told: list[dict[str, Any]]) -> dict[str, str]:
    """How each step ended, and the verdict."""
    return {**{event["step"]: event["state"] for event in told if "step" in event}, "": told[-1].get("verdict", "?")}


async def assigned(name: str) -> Any:
    """What the collector is told of a source."""
    return next(each for each in await sync_to_async(read_assignments)() if each.name == name)


def secrets_of(page: str, *secret: str) -> list[str]:
    """Those of the secrets that a page says."""
    return [each for each in secret if each and each in page]


async def test_vl_02_connecting_orders_each_kind_once_and_taking_back_leaves_nothing(
    admin: AsyncClient, cloud: Source, voxloud: VoxloudSimulator, door: str
) -> None:
    """VL-02: one subscription per type at our secret address; again, nothing more; the collector is told where."""
    told = await stream(admin, VOXLOUD, do="connect")
    assert ends(told)[""] == "ok", told
    there = list(voxloud.posting.subscriptions.values())
    kinds = [each.event_type for each in there]
    assert len(kinds) == len(set(kinds)) >= 6
    address = {each.callback_url for each in there}.pop()
    assert address.startswith(f"{door}/hooks/voxloud/")
    assert (await assigned("voxloud")).hook_address == address
    assert not secrets_of(str(told) + words(await admin.get(VOXLOUD)), address.rstrip("/").rpartition("/")[2])
    assert await AuditEntry.objects.filter(action="source.hooks_connected", subject="voxloud").aexists()
    told = await stream(admin, VOXLOUD, do="cancel")
    assert ends(told)[""] == "ok", told
    assert not voxloud.posting.subscriptions
    assert (await assigned("voxloud")).hook_address == ""
    assert not [hook async for hook in SourceHook.objects.all() if hook.lets_in()]


async def test_what_others_ordered_is_never_touched(admin: AsyncClient, cloud: Source, voxloud: VoxloudSimulator, door: str) -> None:
    """Neither by connecting nor by replacing nor by taking back."""
    await stream(admin, VOXLOUD, do="connect")
    other = next(iter(voxloud.posting.subscriptions.values()))
    other.callback_url = "http://127.0.0.1:9/somebody-elses"
    for do in ("connect", "rotate", "cancel"):
        await stream(admin, VOXLOUD, do=do)
    assert list(voxloud.posting.subscriptions.values()) == [other]


async def test_a_refused_order_leaves_nothing_behind(admin: AsyncClient, cloud: Source, voxloud: VoxloudSimulator, door: str) -> None:
    """The vendor's words are shown, no address lets in, and the collector looks after none."""
    voxloud.keys.clear()
    told = await stream(admin, VOXLOUD, do="connect")
    assert ends(told) == {"address": "ok", "order": "refused", "": "refused"}
    assert not await SourceHook.objects.aexists()
    assert (await assigned("voxloud")).hook_address == ""


async def test_vt_02_a_webhook_is_verified_by_a_valid_test_delivery_alone(
    admin: AsyncClient, tech: Source, vocatech: VocatechSimulator, door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """VT-02: the secret lies sealed; a test that never comes proves nothing."""
    monkeypatch.setattr(source_errands, "PROOF_S", 0.5)
    await stream(admin, VOCATECH, do="connect")
    webhook = next(iter(vocatech.postman.webhooks.values()))
    hook = await SourceHook.objects.select_related("source").aget()
    assert hook.secret == webhook.secret_key
    assert webhook.secret_key not in hook.sealed_secret
    page = words(await admin.get(VOCATECH))
    assert "Verified on" in page
    assert not secrets_of(page, webhook.secret_key, hook.key)
    # Signed with another secret it is no proof.
    await SourceHook.objects.aupdate(verified_at=None)
    webhook.secret_key = "another-secret-altogether"
    told = await stream(admin, VOCATECH, do="test")
    assert ends(told) == {"test": "away", "": "away"}
    assert "Not verified yet" in words(await admin.get(VOCATECH))
    assert "Not verified yet" in words(await admin.get("/sources/"))


async def test_vt_16_a_secret_is_replaced_without_a_gap(admin: AsyncClient, tech: Source, vocatech: VocatechSimulator, door: str) -> None:
    """VT-16: the new one is proved before the old one is cancelled; both let in meanwhile, and the old one for ten minutes more."""
    await stream(admin, VOCATECH, do="connect")
    first = next(iter(vocatech.postman.webhooks.values()))
    told = await stream(admin, VOCATECH, do="rotate")
    assert ends(told) == {"address": "ok", "order": "ok", "secret": "ok", "test": "ok", "old": "ok", "": "ok"}, told
    (second,) = vocatech.postman.webhooks.values()
    assert (second.url != first.url, second.secret_key != first.secret_key) == (True, True)
    old, new = [hook async for hook in SourceHook.objects.select_related("source").order_by("created_at")]
    assert (new.secret, new.retires_at) == (second.secret_key, None)
    assert old.retires_at is not None
    assert timedelta(minutes=9) < old.retires_at - timezone.now() <= timedelta(minutes=10)
    posted = await database_sync_to_async(hooks.by_mark)(old.mark)
    assert posted is not None
    assert set(posted.secrets) == {first.secret_key, second.secret_key}
    assert (await assigned("vocatech")).hook_address == second.url


async def test_an_address_that_is_not_proved_takes_no_others_place(
    admin: AsyncClient, tech: Source, vocatech: VocatechSimulator, door: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is changed: the old one stays ordered, lets in, and is looked after."""
    monkeypatch.setattr(source_errands, "PROOF_S", 0.3)
    await stream(admin, VOCATECH, do="connect")
    first = next(iter(vocatech.postman.webhooks.values()))
    settings.PUBLIC_URL = "http://127.0.0.1:9"
    assert "PUBLIC_URL now says" in words(await admin.get(VOCATECH))
    told = await stream(admin, VOCATECH, do="rotate")
    assert ends(told)[""] == "partly"
    assert list(vocatech.postman.webhooks.values()) == [first]
    assert [hook.retires_at async for hook in SourceHook.objects.all()] == [None]
    assert (await assigned("vocatech")).hook_address == first.url
    settings.PUBLIC_URL = door
    told = await stream(admin, VOCATECH, do="rotate")
    assert ends(told)[""] == "ok", told
    assert len(vocatech.postman.webhooks) == 1


async def test_vl_14_what_the_vendor_switched_off_is_switched_on_by_one_press(
    admin: AsyncClient, cloud: Source, voxloud: VoxloudSimulator, door: str
) -> None:
    """VL-14: the form of the page alone, without a script."""
    await stream(admin, VOXLOUD, do="connect")
    for each in voxloud.posting.subscriptions.values():
        each.enabled, each.failed_count, each.last_error = False, 10, "HTTP 503"
    page = words(await admin.post(VOXLOUD, {"do": "revive"}))
    assert 'data-step="revive" data-state="ok"' in page
    assert all(each.enabled for each in voxloud.posting.subscriptions.values())
    assert await AuditEntry.objects.filter(action="source.hooks_revived").aexists()


async def test_where_nobody_said_how_we_are_found_the_person_is_asked(
    admin: AsyncClient, cloud: Source, voxloud: VoxloudSimulator, settings: Any
) -> None:
    """Without PUBLIC_URL nothing is ordered before somebody agrees to the address their browser came by."""
    settings.PUBLIC_URL = ""
    assert 'name="agreed"' in words(await admin.get(VOXLOUD))
    told = await stream(admin, VOXLOUD, do="connect")
    assert "PUBLIC_URL" in told[0]["fault"]
    assert not voxloud.posting.subscriptions
    await stream(admin, VOXLOUD, do="connect", agreed="on")
    assert all(each.callback_url.startswith("http://testserver/hooks/") for each in voxloud.posting.subscriptions.values())


async def test_vy_07_an_address_to_be_pasted_is_shown_once_with_its_key_and_a_warning(
    admin: AsyncClient, house: Organisation, door: str
) -> None:
    """VY-07 asks that people are warned of callback.url; replaced, both let in; at last nobody."""
    await made(house, "voxology", "https://api.voxolo.gy/v1", "some-key")
    page = words(await admin.get("/sources/voxology/hooks/"))
    assert "callback.url" in page
    assert "onLeaveQueue" in page
    page = words(await admin.post("/sources/voxology/hooks/", {"do": "connect"}))
    hook = await SourceHook.objects.select_related("source").aget()
    assert secrets_of(page, hook.key, hook.secret) == [hook.key, hook.secret]
    assert secrets_of(words(await admin.get("/sources/voxology/hooks/")), hook.key, hook.secret) == []
    await admin.post("/sources/voxology/hooks/", {"do": "rotate"})
    old, new = [each async for each in SourceHook.objects.order_by("created_at")]
    assert (old.lets_in(), old.retires_at is None, new.lets_in(), new.retires_at) == (True, False, True, None)
    await admin.post("/sources/voxology/hooks/", {"do": "cancel"})
    assert not (await SourceHook.objects.aget(pk=new.pk)).lets_in()


async def test_an_errand_is_done_to_its_end_by_whoever_left(admin: AsyncClient, cloud: Source, door: str) -> None:
    answer = await admin.post(VOXLOUD, {"do": "connect"}, headers={"accept": "application/x-ndjson"})
    lines = answer.streaming_content.__aiter__()
    await anext(lines)
    await lines.aclose()
    for _turn in range(500):
        if (await Source.objects.aget()).hook_mark:
            break
        await asyncio.sleep(0.02)
    assert (await assigned("voxloud")).hook_address


async def test_of_two_who_connect_at_once_one_is_told_to_wait(
    admin: AsyncClient, cloud: Source, voxloud: VoxloudSimulator, door: str
) -> None:
    told = await asyncio.gather(*(stream(admin, VOXLOUD, do="connect") for _ in range(3)))
    assert any("fault" in each[0] for each in told)
    kinds = [each.event_type for each in voxloud.posting.subscriptions.values()]
    assert len(kinds) == len(set(kinds))


@pytest.mark.parametrize("role", ["viewer", "supervisor"])
async def test_who_may_not_change_sources_orders_nothing(
    somebody: As, role: str, cloud: Source, voxloud: VoxloudSimulator, door: str
) -> None:
    client = await somebody(role)
    assert (await client.get(VOXLOUD)).status_code == 403
    for do in ("connect", "rotate", "test", "revive", "cancel"):
        assert (await client.post(VOXLOUD, {"do": do})).status_code == 403
    assert not voxloud.posting.subscriptions
    assert not await SourceHook.objects.aexists()
