"""A company is chosen and its token tried before it is kept: what the vendor says is heard, and nothing that was typed is lost."""

import json
import re

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from stats.ingest.door import companies
from stats.models import Organisation, Source
from stats.providers.vocatech.simulator import VocatechSimulator
from stats.providers.voxjar.simulator import VoxjarSimulator
from stats.providers.voxloud.simulator import VoxloudSimulator
from stats.providers.voxology.simulator import VoxologySimulator
from tests.sources.conftest import As, keep, stream, words
from wallboard.accounts.models import AuditEntry
from wallboard.pages.company_words import FACTS

pytestmark = pytest.mark.django_db(transaction=True)


async def test_every_company_there_is_can_be_chosen_and_says_what_it_can_tell(admin: AsyncClient) -> None:
    page = words(await admin.get("/sources/new/"))
    for company in companies():
        assert company.title in page
        assert f"/sources/new/{company.name}/" in page
        told = words(await admin.get(f"/sources/companies/{company.name}/"))
        assert [fact for fact in FACTS if f'id="can-{fact}"' not in told] == []
    assert (await admin.get("/sources/new/nobody/")).status_code == 404
    assert (await admin.get("/sources/companies/nobody/")).status_code == 404


async def test_vl_01_voxlouds_test_says_whose_account_it_is_and_who_is_refused(admin: AsyncClient, voxloud: VoxloudSimulator) -> None:
    """VL-01."""
    token = next(iter(voxloud.keys))
    told = await stream(admin, "/sources/new/voxloud/", do="try", token=token, live_url=voxloud.api_url)
    steps = {event["step"]: event for event in told if "step" in event}
    assert (steps["greeting"]["state"], "Exempelbolaget" in steps["greeting"]["said"]) == ("ok", True)
    assert steps["events"]["state"] == "later"
    assert told[-1]["verdict"] == "ok"
    told = await stream(admin, "/sources/new/voxloud/", do="try", token="not-the-key", live_url=voxloud.api_url)
    assert (told[-1]["verdict"], told[-1]["sure"]) == ("refused", False)
    assert "Voxloud refuses" in told[-1]["words"]


async def test_vt_01_vocatechs_own_words_are_shown_when_it_refuses(admin: AsyncClient, vocatech: VocatechSimulator) -> None:
    """VT-01."""
    told = await stream(admin, "/sources/new/vocatech/", do="try", token=vocatech.token, live_url=vocatech.api_url)
    assert told[-1]["verdict"] == "ok"
    told = await stream(admin, "/sources/new/vocatech/", do="try", token="not-the-key", live_url=vocatech.api_url)
    assert told[-1]["verdict"] == "refused"
    assert any("Invalid or missing API key." in event.get("words", "") for event in told if "step" in event)


async def test_vy_01_voxologys_help_is_shown_when_it_refuses(admin: AsyncClient) -> None:
    """VY-01."""
    async with VoxologySimulator(start=False) as voxology:
        address = voxology.api_url
        told = await stream(admin, "/sources/new/voxology/", do="try", token="not-the-key", live_url=address)
        assert told[-1]["verdict"] == "refused"
        said = " ".join(event.get("words", "") for event in told if "step" in event)
        assert re.search("API key|X-API-Key|credential", said, re.IGNORECASE), said
        told = await stream(admin, "/sources/new/voxology/", do="try", token="demo-voxology-key", live_url=address)
        assert told[-1]["verdict"] in ("ok", "partly"), told


async def test_vj_01_voxjars_test_says_when_the_token_ends(admin: AsyncClient) -> None:
    """VJ-01: and warns when that is soon."""
    async with VoxjarSimulator() as voxjar:
        answer = await keep(admin, "/sources/new/voxjar/", token=voxjar.token, live_url=voxjar.url)
        assert answer.status_code == 302
        told = await stream(admin, "/sources/new/voxjar/", do="try", token=voxjar.token, live_url=voxjar.url, name="another")
        assert re.search(r"The token ends on 20\d\d-\d\d-\d\d\.", json.dumps(told))
        soon = voxjar.tokens.make(voxjar.now() // 1000, lives_s=5 * 86_400)
        told = await stream(admin, "/sources/new/voxjar/", do="try", token=soon, live_url=voxjar.url, name="another")
        assert "in 5 days: make a new one" in json.dumps(told)


async def test_what_was_tried_is_what_is_kept_with_its_options(admin: AsyncClient, house: Organisation, voxloud: VoxloudSimulator) -> None:
    """Sealed; and the way goes on to its posts."""
    form = {
        "token": next(iter(voxloud.keys)),
        "live_url": voxloud.api_url,
        "name": "voxloud-oslo",
        "region": "NO",
        "o-queues-0-name": "  Sales   north ",
        "o-queues-0-numbers": "+4670174 0601, +46701740602",
        "o-queues-1-name": "",
        "o-queues-2-name": "Support",
        "o-queues-2-rules": "Evening\nWeekend, late",
        "o-notification_email": "ops@example.org",
    }
    answer = await keep(admin, "/sources/new/voxloud/", **form)
    assert answer["Location"] == "/sources/voxloud-oslo/hooks/"
    source = await Source.objects.aget(name="voxloud-oslo")
    assert (source.provider, source.default_region, source.live_url, source.token_set_by) == ("voxloud", "NO", voxloud.api_url, "admin")
    assert source.settings["queues"] == [
        {"name": "Sales north", "numbers": ["+4670174 0601", "+46701740602"], "rules": []},
        {"name": "Support", "numbers": [], "rules": ["Evening", "Weekend, late"]},
    ]
    assert await sync_to_async(lambda: source.token)() == form["token"]
    assert await AuditEntry.objects.filter(action="source.added", subject="voxloud-oslo").aexists()
    assert await AuditEntry.objects.filter(action="source.token_tried", subject="voxloud-oslo").aexists()
    for address in ("/sources/", "/sources/voxloud-oslo/", "/sources/voxloud-oslo/token/", "/sources/voxloud-oslo/hooks/"):
        assert form["token"] not in words(await admin.get(address)), address


async def test_nothing_that_was_typed_is_lost_when_something_is_wrong(admin: AsyncClient, voxloud: VoxloudSimulator) -> None:
    """But the token, which no page ever holds; another row is given without a script."""
    form = {
        "do": "try",
        "token": "some-token",
        "name": "Two Words",
        "region": "FI",
        "live_url": "https://example.org/api",
        "o-queues-0-name": "Sales",
        "o-queues-0-numbers": "+46701740601",
        "o-notification_email": "ops@example.org",
    }
    answer = await admin.post("/sources/new/voxloud/", form)
    page = words(answer)
    assert answer.status_code == 400
    for typed in ("two words", "https://example.org/api", "Sales", "+46701740601", "ops@example.org", "<option selected>FI</option>"):
        assert typed in page, typed
    assert "some-token" not in page
    assert "small letters, digits and hyphens" in page
    assert ".voxloud.com is the only kind of address" in page
    page = words(await admin.post("/sources/new/voxloud/", {**form, "do": "row:o-queues"}))
    assert 'name="o-queues-2-name"' in page
    assert "Sales" in page
    assert 'role="alert" data-fault hidden' in page
    assert not await Source.objects.aexists()


async def test_a_name_that_is_taken_is_said_so_before_anything_is_asked(admin: AsyncClient, voxloud: VoxloudSimulator) -> None:
    form = {"token": next(iter(voxloud.keys)), "live_url": voxloud.api_url, "name": "ours"}
    await keep(admin, "/sources/new/voxloud/", **form)
    for name in ("ours", "new", "companies", "removed", "-x", "å"):
        told = await stream(admin, "/sources/new/voxloud/", do="try", **{**form, "name": name})
        assert list(told[0]["faults"]) == ["name"], name
    assert await Source.objects.acount() == 1


async def test_a_token_is_replaced_and_its_options_stay(admin: AsyncClient, house: Organisation, voxloud: VoxloudSimulator) -> None:
    first, second = next(iter(voxloud.keys)), "a-second-key"
    await keep(admin, "/sources/new/voxloud/", token=first, live_url=voxloud.api_url, **{"o-queues-0-name": "Sales"})
    voxloud.keys.add(second)
    answer = await keep(admin, "/sources/voxloud/token/", token=second, live_url=voxloud.api_url)
    assert answer["Location"] == "/sources/"
    source = await Source.objects.aget()
    assert await sync_to_async(lambda: source.token)() == second
    assert source.settings["queues"][0]["name"] == "Sales"
    assert await AuditEntry.objects.filter(action="source.token_set").acount() == 1


async def test_the_first_run_offers_the_other_companies(admin: AsyncClient, voxloud: VoxloudSimulator) -> None:
    page = words(await admin.get("/setup/source/"))
    assert "?company=voxloud" in page
    assert "Statistics Token" in page
    answer = await keep(admin, "/setup/source/?company=voxloud", token=next(iter(voxloud.keys)), live_url=voxloud.api_url)
    assert answer["Location"] == "/sources/voxloud/hooks/"


@pytest.mark.parametrize("role", ["viewer", "supervisor"])
async def test_who_may_not_change_sources_tries_and_changes_nothing(somebody: As, role: str, voxloud: VoxloudSimulator) -> None:
    client = await somebody(role)
    for address in ("/sources/new/", "/sources/new/voxloud/"):
        assert (await client.get(address)).status_code == 403
        assert (await client.post(address, {"do": "try", "token": "x", "live_url": voxloud.api_url})).status_code == 403
    assert (await client.get("/sources/companies/voxloud/")).status_code == 200
