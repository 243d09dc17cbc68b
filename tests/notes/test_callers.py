"""Contacts put names on numbers for whoever may see numbers, and a lost caller is called back from the list."""

import asyncio
import re
from dataclasses import replace

import pytest
import pytest_asyncio
from django.test import AsyncClient

from stats.clock import now_ms
from tests.notes.conftest import Desk
from tests.notes.told import contact
from tests.push.floor import ended_call
from wallboard.accounts.models import AuditEntry, HandledCaller

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]
NUMBER, NAME = "+46701740605", "Bo <Ek> AB"


async def mark_of(client: AsyncClient) -> str:
    page = (await client.get("/callers/")).content.decode()
    found = re.search(r'name="caller" value="([0-9a-f]+)"', page)
    assert found is not None, page
    return found[1]


@pytest_asyncio.fixture
async def quiet(desk: Desk) -> Desk:
    """A vendor of whose callers one gave up, and was not reached."""
    call = ended_call("gone", since=now_ms() - 90_000, wait_ms=40_000, answered=False)
    assert call.journey is not None
    await desk.worker.tell(replace(call, journey=replace(call.journey, number="+46701740699")))
    return desk


async def test_a_number_has_a_name_on_every_list_for_whoever_may_see_numbers(quiet: Desk) -> None:
    await quiet.told(contact(NUMBER, NAME), contact("+46701740699", "Eva Dal", contact_id="c-9"))
    client, viewer = await quiet.enter(), await quiet.enter("viewer")
    places = {
        "/calls/one/": "Bo &lt;Ek&gt; AB",
        "/callers/": "Eva Dal",
        "/reports/calls/": "Bo &lt;Ek&gt; AB",
        "/numbers/site/calls_in/": "Bo &lt;Ek&gt; AB",
        "/numbers/site/lost_callers/": "Eva Dal",
    }
    for address, name in places.items():
        page = (await client.get(address)).content.decode()
        assert name in page, address
        assert NUMBER not in page
        assert name not in (await viewer.get(address)).content.decode(), address


async def test_a_lost_caller_is_called_back_and_taken_by_whoever_called(quiet: Desk) -> None:
    client = await quiet.enter()
    form = {"do": "dial", "caller": await mark_of(client), "extension": "204"}
    page = (await client.post("/callers/", form)).content.decode()
    assert "Your telephone 204 rings" in page
    (told,) = quiet.house.dialled
    assert (told["number"], told["agent"]) == ("+46701740699", "204")
    handled = await HandledCaller.objects.aget()
    assert handled.handled_by.startswith("supervisor")
    entry = await AuditEntry.objects.aget(action="caller.dialled")
    assert (entry.subject, "0699" in str(entry.detail)) == ("gone", False)
    # It is remembered whose telephone it was, and the same caller is not called twice.
    await client.post("/callers/", {"do": "undo", "caller": form["caller"]})
    assert 'name="extension" value="204"' in (await client.get("/callers/")).content.decode()
    people = [await quiet.enter(role) for role in ("supervisor", "admin")]
    await asyncio.gather(*(each.post("/callers/", form) for each in people))
    assert len(quiet.house.dialled) == 2


async def test_a_call_that_fails_leaves_the_caller_to_others(quiet: Desk) -> None:
    client = await quiet.enter()
    form = {"do": "dial", "caller": await mark_of(client), "extension": "204"}
    quiet.house.down = True
    page = (await client.post("/callers/", form)).content.decode()
    assert "Testco does not answer, and nobody was called" in page
    assert not await HandledCaller.objects.aexists()
    quiet.house.down = False
    quiet.house.refuses = "no user has this extension"
    page = (await client.post("/callers/", form)).content.decode()
    assert "Nobody was called. Testco says: “no user has this extension”" in page
    page = (await client.post("/callers/", {**form, "extension": "<b>"})).content.decode()
    assert "Say which telephone of yours" in page
    viewer = await quiet.enter("viewer")
    assert "Call back" not in (await viewer.get("/callers/")).content.decode()
    assert (await viewer.post("/callers/", form)).status_code == 403
    assert quiet.house.dialled == []
