"""The privacy page: retention with a preview, names on screens; one person's file and erasing; and for whom it is not."""

import csv
import io
import json
import zipfile
from dataclasses import replace
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.management import CommandError, call_command

from stats.clock import now_ms
from stats.domain.records import Call, Party
from stats.history.archive import keep
from stats.history.retention import DAY_MS
from stats.history.tables import ArchivedCall
from stats.history.telling import Telling
from stats.models import ErasedNumber, Organisation
from stats.vault import number_mark
from tests.history.calls import SOURCE, plain
from tests.privacy.conftest import Enter, page_of
from wallboard.accounts.models import AuditEntry, HandledCaller
from wallboard.privacy import nightly
from wallboard.spreadsheet import as_text

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True), pytest.mark.engines]
CANARY, OTHER = "+46701740688", "+46701740677"
FORM = {"numbers": "", "calls": "", "presence": "", "audit": ""}


def _asked(question: Any) -> Any:
    return sync_to_async(question, thread_sensitive=True)


async def tell(*calls: Call) -> None:
    """Into the archive."""
    await _asked(keep)("default", SOURCE, [Telling(call) for call in calls], now_ms())


def from_(number: str, place: int, days: int = 0) -> Call:
    """A caller's call, so many days ago."""
    call = plain(place, now_ms() - days * DAY_MS - 600_000)
    assert call.journey is not None
    return replace(call, journey=replace(call.journey, number=number))


async def organisation() -> Organisation:
    """As it is now."""
    return await Organisation.objects.aget(slug="default")


async def test_a_setting_is_kept_only_after_what_it_deletes_was_shown(enter: Enter) -> None:
    """And the night then deletes just that."""
    client = await enter()
    await tell(from_(CANARY, 1, 40), from_(CANARY, 2, 1))
    wanted = {**FORM, "numbers": "30"}
    page = page_of(await client.post("/privacy/", {**wanted, "do": "preview"}))
    assert 'data-going="1"' in page
    assert (await organisation()).keep_numbers_days is None, "a look changes nothing"
    assert (await client.post("/privacy/", {**wanted, "do": "keep"})).status_code == 400
    assert (await organisation()).keep_numbers_days is None
    assert (await client.post("/privacy/", {**wanted, "do": "keep", "sure": "on"})).status_code == 302
    assert (await organisation()).keep_numbers_days == 30
    entry = await AuditEntry.objects.aget(action="privacy.retention")
    assert (entry.actor_name, entry.detail) == ("admin", {"days": {"numbers": 30}})

    await _asked(nightly.work)(now_ms())
    found = {row.id_call: row.number async for row in ArchivedCall.objects.all()}
    assert found == {"call-1": "", "call-2": CANARY}
    told = await AuditEntry.objects.aget(action="retention.done")
    assert told.detail == {"numbers": 1}
    assert "done" in page_of(await client.get("/privacy/"))
    await _asked(nightly.work)(now_ms())
    assert await AuditEntry.objects.filter(action="retention.done").acount() == 1, "once a night"


@pytest.mark.parametrize("days", ["0", "2", "-5", "ten", "3651", "1e3", "٣٣"])
async def test_days_that_are_none_change_nothing(enter: Enter, days: str) -> None:
    """It says what may stand there, and keeps what was typed to be mended."""
    client = await enter()
    answer = await client.post("/privacy/", {**FORM, "calls": days, "do": "keep", "sure": "on"})
    assert answer.status_code == 400
    assert 'role="alert"' in page_of(answer)
    assert (await organisation()).keep_calls_days is None


async def test_the_audit_log_and_marks_of_numbers_grow_old_too(enter: Enter) -> None:
    """The log by its own days, marks of handled callers by those of numbers."""
    await enter()
    row = await organisation()
    row.keep_audit_days, row.keep_numbers_days = 30, 30
    await row.asave()
    await AuditEntry.objects.acreate(organisation="default", action="old")
    await AuditEntry.objects.acreate(organisation="other", action="old")
    await HandledCaller.objects.acreate(organisation=row, day="2026-01-01", mark="a" * 64, lost_at_ms=1, handled_by="anna")
    later = now_ms() + 40 * DAY_MS
    await _asked(nightly.work)(later)
    assert [entry.organisation async for entry in AuditEntry.objects.filter(action="old")] == ["other"]
    assert not await HandledCaller.objects.aexists()


async def test_how_new_screens_name_agents_is_the_organisations_choice(enter: Enter) -> None:
    """One of three ways."""
    client = await enter()
    assert (await client.post("/privacy/", {"do": "names", "names": "pseudonym"})).status_code == 302
    assert (await organisation()).screen_names == "pseudonym"
    assert (await client.post("/privacy/", {"do": "names", "names": "loud"})).status_code == 400


@pytest.mark.parametrize("role", ["viewer", "supervisor"])
async def test_it_is_open_to_administrators_alone(enter: Enter, role: str) -> None:
    """The page, its changes, and everything about one person."""
    client = await enter(role)
    await tell(from_(CANARY, 1))
    for address in ("/privacy/", "/privacy/person/"):
        assert (await client.get(address)).status_code == 403
        for do in ("keep", "export", "erase", "look"):
            answer = await client.post(address, {**FORM, "calls": "3", "sure": "on", "who": CANARY, "confirm": CANARY, "do": do})
            assert answer.status_code == 403
    assert await ArchivedCall.objects.filter(number=CANARY).aexists()


async def taken(client: Any, **form: str) -> zipfile.ZipFile:
    """The file somebody takes away."""
    answer = await client.post("/privacy/person/", {"do": "export", **form})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="person.zip"'
    assert answer.headers["Cache-Control"] == "no-store"
    return zipfile.ZipFile(io.BytesIO(b"".join([part async for part in answer.streaming_content])))


async def test_a_callers_file_holds_their_calls_and_nobody_elses_name_or_number(enter: Enter) -> None:
    """As JSON and as CSV; agents by first name and initial."""
    client = await enter()
    mine = from_(CANARY, 1)
    await tell(replace(mine, offers=(replace(mine.offers[0], number=OTHER),)), from_(OTHER, 2))
    mark = number_mark("default", CANARY)
    await HandledCaller.objects.acreate(organisation=await organisation(), day="2026-01-01", mark=mark, lost_at_ms=1, handled_by="bo")
    found = await taken(client, kind="number", who="070-174 06 88")
    assert set(found.namelist()) == {
        *("about.json", "calls.json", "calls.csv", "handled.json", "handled.csv"),
        *("notes.json", "messages.json", "contacts.json"),
    }
    calls = json.loads(found.read("calls.json"))
    assert [call["id_call"] for call in calls] == ["call-1"]
    assert calls[0]["journey"]["number"] == CANARY
    everything = b"".join(found.read(name) for name in found.namelist()).decode()
    assert OTHER not in everything
    assert "Anna Ek" not in everything
    assert "Anna E" in everything
    rows = list(csv.reader(io.StringIO(found.read("calls.csv").decode("utf-8-sig"))))
    assert rows[0][:3] == ["source", "call", "from"]
    assert (rows[1][1], rows[1][7]) == ("call-1", f"'{CANARY}")
    assert json.loads(found.read("about.json"))["about"] == CANARY
    entry = await AuditEntry.objects.aget(action="person.exported")
    assert CANARY not in repr([entry.subject, entry.detail])


async def test_an_agents_file_holds_their_rings_and_masks_who_called(enter: Enter) -> None:
    """By key; and who looked at them is theirs to know."""
    client = await enter()
    call = from_(CANARY, 1)
    agent = Party(id=111834, name="=HYPERLINK(evil)")
    await tell(replace(call, offers=(replace(call.offers[0], agent=agent),)))
    await AuditEntry.objects.acreate(
        organisation="default", action="agent.opened", subject_kind="agent", subject="111834", actor_name="boss"
    )
    found = await taken(client, kind="agent", who="111834")
    assert {"rings.csv", "presence_changes.csv", "presence_hours.csv", "who_looked.csv"} <= set(found.namelist())
    everything = b"".join(found.read(name) for name in found.namelist()).decode()
    assert CANARY not in everything
    assert "boss" in everything
    for name in found.namelist():
        if name.endswith(".csv"):
            for row in csv.reader(io.StringIO(found.read(name).decode("utf-8-sig"))):
                assert not any(each.startswith(("=", "+", "-", "@")) for each in row), name


async def test_a_number_is_erased_by_who_types_it_and_stays_away(enter: Enter) -> None:
    """Typed wrongly nothing happens; typed rightly it is nowhere, not even in what is written down of it."""
    client = await enter()
    await tell(from_(CANARY, 1), from_(OTHER, 2))
    asked = {"kind": "number", "who": CANARY}
    page = page_of(await client.post("/privacy/person/", {**asked, "do": "look"}))
    assert CANARY in page
    assert (await client.post("/privacy/person/", {**asked, "do": "erase", "confirm": OTHER})).status_code == 400
    assert await ArchivedCall.objects.filter(number=CANARY).aexists()
    answer = await client.post("/privacy/person/", {**asked, "do": "erase", "confirm": CANARY})
    assert answer.status_code == 200
    assert CANARY not in page_of(answer)
    assert [row.number async for row in ArchivedCall.objects.order_by("id_call")] == ["", OTHER]
    assert await ErasedNumber.objects.filter(mark=number_mark("default", CANARY)).aexists()
    entry = await AuditEntry.objects.aget(action="person.erased")
    assert (entry.detail["kind"], entry.detail["calls"]) == ("number", 1)
    assert CANARY not in repr([row async for row in AuditEntry.objects.values()])


async def test_who_is_meant_must_be_somebody(enter: Enter) -> None:
    """No number, no name: words, and what was typed to be mended."""
    client = await enter()
    for kind, who in (("number", "anonymous"), ("number", ""), ("agent", "")):
        answer = await client.post("/privacy/person/", {"do": "look", "kind": kind, "who": who})
        assert answer.status_code == 400, (kind, who)
        assert 'role="alert"' in page_of(answer)


async def test_the_terminal_does_the_same(enter: Enter, tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Export, erase, and what the night would take."""
    await enter()
    await tell(from_(CANARY, 1, 40))
    row = await organisation()
    row.keep_calls_days = 30
    await row.asave()
    file = tmp_path / "person.zip"
    command = sync_to_async(call_command, thread_sensitive=False)
    await command("retention", "--dry-run")
    assert "default: would remove 1 calls" in capsys.readouterr().out
    await command("person", "export", "--number", CANARY, "--to", str(file))
    assert "call-1" in zipfile.ZipFile(file).read("calls.csv").decode()
    assert file.stat().st_mode & 0o077 == 0
    await command("person", "erase", "--number", CANARY, "--yes")
    assert await ArchivedCall.objects.filter(number="").acount() == 1
    with pytest.raises(CommandError, match="no telephone number"):
        await command("person", "export", "--number", "anonymous")
    await command("retention")
    assert not await ArchivedCall.objects.aexists()


@pytest.mark.parametrize("text", ["=1+1", "+46", "-1", "@SUM", "\t=1", "\r=1", "|x", "%x"])
async def test_no_cell_is_a_formula(text: str) -> None:
    """A name is whatever somebody made it."""
    assert as_text(text) == f"'{text}"
    assert as_text("Anna") == "Anna"
    assert as_text(None) == ""
