"""A source is paused, changed, taken away and put back; the collector is told of it, it is written down, and nobody else can do it."""

import asyncio
import re
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from django.test import AsyncClient

from stats.clock import now_ms
from stats.history import hooks
from stats.history.configuration import read_assignments
from stats.history.hook_tables import SourceHook
from stats.models import Organisation, Source
from stats.providers.voxloud.simulator import VoxloudSimulator
from tests.push.floor import SOURCE, Worker, ended_call, ready
from tests.sources.conftest import As, made, stream, words
from wallboard.accounts.audit_words import ACTIONS
from wallboard.accounts.models import AuditEntry
from wallboard.pages import source_keeping, trial

pytestmark = pytest.mark.django_db(transaction=True)
HERE = "/sources/voxloud/"
SECRET = "a-key-that-no-page-says"


async def kept(house: Organisation, **more: Any) -> Source:
    """A source of Voxloud."""
    return await made(house, "voxloud", "https://developer.voxloud.com/api", SECRET, **more)


async def assigned() -> Any:
    """What the collector is told."""
    return next(iter(await sync_to_async(read_assignments)()), None)


async def written(action: str) -> list[Any]:
    """The lines of the audit log of one kind: who, about what, and what else."""
    assert action in ACTIONS
    return [(each.actor_name, each.subject, each.detail) async for each in AuditEntry.objects.filter(action=action)]


async def test_a_source_is_paused_and_goes_on(admin: AsyncClient, house: Organisation) -> None:
    """Who and since when is said on its page and on the list; the collector is told at once."""
    source = await kept(house)
    answer = await admin.post(HERE, {"do": "pause"})
    assert (answer.status_code, answer["Location"]) == (302, HERE)
    told = await assigned()
    assert (told.paused_by, 0 <= now_ms() - told.paused_at < 60_000) == ("admin", True)
    assert not told.reached_as(await _before(source)), "a session that was open ends"
    for address in (HERE, "/sources/"):
        assert re.search(r"Paused by admin since 20\d\d-", words(await admin.get(address))), address
    await admin.post(HERE, {"do": "pause"})
    assert await written("source.paused") == [("admin", "voxloud", {})], "paused once"
    await admin.post(HERE, {"do": "resume"})
    assert (await assigned()).paused_at is None
    assert "Paused by" not in words(await admin.get(HERE))
    assert await written("source.resumed") == [("admin", "voxloud", {})]


async def _before(source: Source) -> Any:
    await Source.objects.filter(pk=source.pk).aupdate(paused_at=None, paused_by="")
    told = await assigned()
    source = await Source.objects.select_related("organisation").aget(pk=source.pk)
    source.paused_by = "admin"
    source.paused_at = source.created_at
    await sync_to_async(source.save)()
    return told


async def test_options_are_changed_and_reach_the_collector(admin: AsyncClient, house: Organisation) -> None:
    """Which of them changed is written down, never what they say; a wrong one changes nothing and stays on the page."""
    await kept(house, settings={"queues": [{"name": "Sales", "numbers": ["+46701740601"], "rules": []}]}, default_region="IT")
    page = words(await admin.get(HERE))
    assert 'value="Sales"' in page
    form = {"do": "options", "region": "SE", "o-queues-0-name": "Support", "o-queues-0-numbers": "+46701740602", "o-notification_email": ""}
    assert (await admin.post(HERE, form)).status_code == 302
    told = await assigned()
    assert told.settings["queues"] == [{"name": "Support", "numbers": ["+46701740602"], "rules": []}]
    assert told.default_region == "SE"
    assert await written("source.options_changed") == [("admin", "voxloud", {"options": ["notification_email", "queues", "region"]})]
    answer = await admin.post(HERE, {**form, "o-queues-0-name": "Third", "region": "XX"})
    assert (answer.status_code, "Third" in words(answer)) == (400, True)
    assert (await assigned()).settings["queues"][0]["name"] == "Support"
    page = words(await admin.post(HERE, {**form, "do": "row:o-queues"}))
    assert 'name="o-queues-2-name"' in page


async def test_a_source_is_taken_away_by_its_name_and_put_back(admin: AsyncClient, house: Organisation) -> None:
    """Its addresses let nobody in; what puts it back says no token, and is its own person's, for half an hour."""
    source = await kept(house, settings={"queues": [{"name": "Sales", "numbers": [], "rules": []}]})
    assert (await admin.post(f"{HERE}remove/", {"name": "voxlout"})).status_code == 400
    assert await Source.objects.aexists()
    page = words(await admin.post(f"{HERE}remove/", {"name": "Voxloud "}))
    assert not await Source.objects.aexists()
    assert SECRET not in page
    assert await assigned() is None
    keep = re.search(r'name="keep" value="([^"]+)"', page)
    assert keep is not None
    assert (await admin.post("/sources/removed/", {"keep": keep[1][:-3] + "AAA"})).status_code == 404
    answer = await admin.post("/sources/removed/", {"keep": keep[1]})
    assert (answer.status_code, answer["Location"]) == (302, HERE)
    back = await Source.objects.aget()
    assert await sync_to_async(lambda: back.token)() == SECRET
    assert (back.settings, back.live_url) == (source.settings, source.live_url)
    assert re.search(r"Set on [^.]+ by admin\.", words(await admin.get(HERE))), "whoever put it back set its token"
    assert (await admin.post("/sources/removed/", {"keep": keep[1]})).status_code == 404, "it is there already"
    assert len(await written("source.removed")) == len(await written("source.put_back")) == 1


async def test_what_puts_a_source_back_is_nobody_elses_and_grows_old(
    admin: AsyncClient, somebody: As, house: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    await kept(house)
    keep = re.search(r'name="keep" value="([^"]+)"', words(await admin.post(f"{HERE}remove/", {"name": "voxloud"})))
    assert keep is not None
    other = await somebody("admin", "another")
    assert (await other.post("/sources/removed/", {"keep": keep[1]})).status_code == 404
    later = now_ms() + trial.KEPT_MS + 1
    monkeypatch.setattr(source_keeping, "now_ms", lambda: later)
    assert (await admin.post("/sources/removed/", {"keep": keep[1]})).status_code == 404
    assert not await Source.objects.aexists()


async def test_taking_a_source_away_takes_its_orders_back_first(
    admin: AsyncClient, house: Organisation, voxloud: VoxloudSimulator, door: str
) -> None:
    """A vendor that does not let us is said so, and the source stays until somebody wants it gone all the same."""
    key = next(iter(voxloud.keys))
    await made(house, "voxloud", voxloud.api_url, key)
    await stream(admin, "/sources/voxloud/hooks/", do="connect")
    voxloud.keys.clear()
    answer = await admin.post(f"{HERE}remove/", {"name": "voxloud"})
    assert (answer.status_code, "could not be taken back" in words(answer)) == (409, True)
    assert await Source.objects.aexists()
    voxloud.keys.add(key)
    assert (await admin.post(f"{HERE}remove/", {"name": "voxloud"})).status_code == 200
    assert not voxloud.posting.subscriptions
    assert not await SourceHook.objects.aexists()
    assert await database_sync_to_async(hooks.by_mark)("0" * 64) is None


@pytest.mark.parametrize("role", ["viewer", "supervisor"])
async def test_everybody_sees_a_source_and_who_may_not_change_it_changes_nothing(somebody: As, house: Organisation, role: str) -> None:
    source = await kept(house)
    client = await somebody(role)
    page = words(await client.get(HERE))
    assert "What Voxloud can tell" in page
    for hidden in ("Pause it", "Save the options", "Take this source away", "Replace it", "Set on", SECRET):
        assert hidden not in page, hidden
    for address, form in ((HERE, {"do": "pause"}), (HERE, {"do": "options"}), (f"{HERE}remove/", {"name": "voxloud"})):
        assert (await client.post(address, form)).status_code == 403
    after = await Source.objects.aget(pk=source.pk)
    assert (after.paused_at, after.settings) == (None, source.settings)


async def test_another_organisations_source_is_not_there(admin: AsyncClient, house: Organisation) -> None:
    foreign = await Organisation.objects.acreate(slug="other", name="Other")
    await made(foreign, "voxloud", "https://developer.voxloud.com/api", SECRET)
    for address in (HERE, f"{HERE}hooks/", f"{HERE}remove/", f"{HERE}token/"):
        assert (await admin.get(address)).status_code == 404, address
    for address, form in ((HERE, {"do": "pause"}), (f"{HERE}hooks/", {"do": "cancel"}), (f"{HERE}remove/", {"name": "voxloud"})):
        assert (await admin.post(address, form)).status_code == 404, address
    assert await Source.objects.aexists()


async def test_forms_from_elsewhere_are_not_believed(house: Organisation, somebody: As) -> None:
    """A page of another site posts without the word against forgery."""
    await kept(house)
    client = await somebody()
    strict = AsyncClient(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    for address in (HERE, f"{HERE}hooks/", f"{HERE}remove/", "/sources/removed/", "/sources/new/voxloud/"):
        assert (await strict.post(address, {"do": "pause", "name": "voxloud"})).status_code == 403, address
    assert (await Source.objects.aget()).paused_at is None


async def test_vl_14_a_card_says_what_the_vendor_switched_off_in_the_vendors_words(
    admin: AsyncClient, somebody: As, house: Organisation, redis_server: str
) -> None:
    """VL-14: as the collector reported it; the button is for who may press it."""
    await kept(house, name=SOURCE)
    worker = await Worker(redis_server).begin()
    told = (("CALL_STARTED", "on", ""), ("CALL_HANGUP", "off", "<b>HTTP 503</b> from us"))
    await worker.report(provider="voxloud", hooks=told, reason="switched off by the vendor: CALL_HANGUP")
    page = words(await admin.get("/sources/"))
    assert re.search(r'data-hook-state="off".*CALL_HANGUP.*&lt;b&gt;HTTP 503&lt;/b&gt; from us', page)
    assert "<b>HTTP" not in page
    assert "switched off by the vendor: CALL_HANGUP" in page
    assert 'value="revive"' in page
    assert 'value="revive"' not in words(await (await somebody("viewer")).get("/sources/"))
    await worker.close()


async def test_where_a_number_cannot_be_told_the_way_to_the_reason_is_one_press(
    admin: AsyncClient, house: Organisation, redis_server: str
) -> None:
    """On a queue's page, an agent's, and on the number's own."""
    await kept(house, name=SOURCE)
    worker = await Worker(redis_server).begin()
    await worker.tell(ended_call("over", since=now_ms() - 60_000), ready())
    way = f'href="/sources/{SOURCE}/#lacks"'
    pages = ("/queues/111834/", "/agents/924328/", "/numbers/queue:111834/avg_hold/")
    for address in pages:
        assert way not in words(await admin.get(address)), address
    await worker.report(provider="voxloud", lacks={"queue": ("avg_hold",), "agent": ("hold_time",)})
    for _turn in range(100):
        if way in words(await admin.get(pages[0])):
            break
        await asyncio.sleep(0.1)
    for address in pages:
        assert way in words(await admin.get(address)), address
    assert way not in words(await admin.get("/numbers/queue:111834/offered/"))
    assert 'id="lacks"' in words(await admin.get(f"/sources/{SOURCE}/"))
    await worker.close()


async def test_a_board_says_who_paused_what_it_shows(admin: AsyncClient, house: Organisation, redis_server: str) -> None:
    """The page as it is drawn; its script is told the same."""
    worker = await Worker(redis_server).begin()
    await worker.report(state="paused", reason="Anna <Berg>", at=now_ms() - 70_000)
    page = words(await admin.get("/boards/team/"))
    assert re.search(r"Telavox: paused by Anna &lt;Berg&gt; since \d\d:\d\d", page)
    assert "Telavox: paused by Anna &lt;Berg&gt;" in words(await admin.get("/"))
    await worker.close()
