"""What `backfill` and `vendor_report` say to people, right or wrong."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from stats.history.archive import archived, remove
from stats.history.backfill_tables import BackfillDay
from stats.models import ArchivedCall, Organisation, Source
from tests.backfill.month import ORGANISATION, SOURCE, TOKEN, ZONE, month, told_by
from tests.upstream import ScriptableUpstream, UpstreamThread

pytestmark = pytest.mark.django_db(transaction=True)
DAY = "2026-05-19"


@pytest.fixture
def vendor() -> Iterator[UpstreamThread]:
    """A vendor that tells a day, and an organisation that asks it."""
    upstream = ScriptableUpstream()
    told_by(upstream, month(5, first=DAY, last=DAY, calls=40).rows)
    with UpstreamThread(upstream) as thread:
        organisation = Organisation.objects.create(slug=ORGANISATION, name="Here", timezone=ZONE)
        source = Source(organisation=organisation, name=SOURCE, live_url="ws://127.0.0.1:1", historic_url=upstream.historic_url)
        source.token = TOKEN
        source.save()
        yield thread


def run(name: str, *words: str) -> tuple[int, str, str]:
    """(exit code, what it says, what it complains of)"""
    said, wrong = io.StringIO(), io.StringIO()
    try:
        call_command(name, *words, stdout=said, stderr=wrong)
    except CommandError as why:
        return why.returncode, said.getvalue(), str(why)
    except SystemExit as why:
        return int(str(why.code)), said.getvalue(), wrong.getvalue()
    return 0, said.getvalue(), wrong.getvalue()


def fill(first: str = DAY, last: str = DAY, *words: str) -> tuple[int, str, str]:
    return run("backfill", "--from", first, "--to", last, *words)


def test_a_day_is_told_in_quiet_lines_and_again_changes_nothing(vendor: UpstreamThread) -> None:
    code, said, wrong = fill()
    calls = month(5, first=DAY, last=DAY, calls=40).calls
    lines = said.splitlines()
    assert (code, wrong) == (0, "")
    assert lines[:2] == ["default/telavox: 1 day, 2026-05-19 first", f"2026-05-19  {calls} calls"]
    assert f"{calls} calls read, {calls} rows new or changed" in lines[2]
    assert "0 calls read, 0 rows new or changed" in fill()[1]
    assert f"{calls} calls read, 0 rows new or changed" in fill(DAY, DAY, "--again")[1]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("2026-05-20", "2026-05-19"), 2, "--from 2026-05-20 is after --to 2026-05-19."),
        (("yesterday", "2026-05-19"), 2, "--from must be a day such as 2026-05-18; it was 'yesterday'."),
        (("2009-05-19", "2026-05-19"), 2, "is before 2010"),
        ((DAY, DAY, "--source", "voxloud"), 2, "There is no source 'voxloud'; there are: telavox."),
        ((DAY, DAY, "--organisation", "elsewhere"), 2, "There is no organisation 'elsewhere'; there are: default."),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(vendor: UpstreamThread, words: tuple[str, ...], code: int, told: str) -> None:
    found, _, wrong = fill(*words)
    assert (found, told in wrong) == (code, True), wrong
    assert vendor.upstream.asked == []


def test_days_to_come_and_days_past_their_term_are_refused(vendor: UpstreamThread) -> None:
    tomorrow = (timezone.now() + timedelta(days=2)).date().isoformat()
    code, _, wrong = fill(DAY, tomorrow)
    assert (code, f"--to {tomorrow} has not been yet" in wrong) == (2, True)
    Organisation.objects.update(keep_calls_days=3)
    code, _, wrong = fill()
    assert (code, "Calls are kept for 3 days here" in wrong, "/privacy/" in wrong) == (2, True, True)


def test_a_refused_token_and_a_wrong_address_say_where_to_change_them(vendor: UpstreamThread, monkeypatch: pytest.MonkeyPatch) -> None:
    vendor.upstream.tokens = {"another"}
    code, _, wrong = fill()
    assert (code, "refuses the token of 'telavox'" in wrong, "/sources/telavox/token/" in wrong, TOKEN in wrong) == (1, True, True, False)
    monkeypatch.setattr("stats.ingest.asking.FIRST_PATIENCE_S", 0.2)
    Source.objects.update(historic_url="http://127.0.0.1:9/graphql")
    code, _, wrong = fill()
    assert (code, "does not answer" in wrong, "/sources/telavox/token/" in wrong) == (1, True, True)
    assert not BackfillDay._default_manager.filter(state="done").exists()


def test_an_incomplete_day_is_listed_and_the_exit_code_says_so(vendor: UpstreamThread) -> None:
    vendor.upstream.edit_answer = lambda _, right: {
        "data": {root: told | {"totalCount": told["totalCount"] + 1} for root, told in (right.get("data") or {}).items()}
    }
    code, said, _ = fill()
    assert (code, len(vendor.upstream.asked) < 100) == (3, True), len(vendor.upstream.asked)
    assert "not proved complete, and read again by the same command: 2026-05-19" in said


def report(*words: str, dataset: str = "calls") -> tuple[int, list[dict[str, Any]], str]:
    """The rows of a report, and what is said of them."""
    code, said, wrong = run("vendor_report", "--dataset", dataset, "--from", DAY, "--to", DAY, *words)
    return code, list(csv.DictReader(io.StringIO(said))), wrong


@pytest.mark.parametrize("dataset", ["calls", "queues", "agents"])
def test_a_report_agrees_with_an_archive_that_was_filled_from_it(vendor: UpstreamThread, dataset: str) -> None:
    fill()
    code, rows, wrong = report(dataset=dataset)
    told = {row["idCall"] for row in month(5, first=DAY, last=DAY, calls=40).rows[dataset]}
    assert {row["id_call"] for row in rows} == told
    assert (code, "they agree" in wrong) == (0, True), wrong


def test_what_differs_is_named_by_its_id(vendor: UpstreamThread) -> None:
    """One we lack, one it lacks, one with another length: three ids."""
    fill()
    rows = vendor.upstream.history.rows["calls"]
    lost, gone = rows[0][1]["idCall"], rows[1][1]["idCall"]
    changed = next(row for _, row in rows[2:] if (row["duration"] or {}).get("total") and row["active"] == 0)
    at_ms = ArchivedCall.objects.get(id_call=lost).at_ms
    with transaction.atomic():
        remove(ORGANISATION, SOURCE, [(lost, at_ms)])
    longer = {**changed, "duration": {**changed["duration"], "total": changed["duration"]["total"] + 5_000}}
    vendor.upstream.history.rows["calls"] = [rows[0], *((at, longer) if row is changed else (at, row) for at, row in rows[2:])]
    code, _, wrong = report()
    assert code == 4
    assert f"The telephone system says {len(rows) - 1}, we have {len(rows) - 1}." in wrong
    assert f"It has, and we do not (1): {lost}" in wrong
    assert f"We have, and it does not (1): {gone}" in wrong
    assert f"{changed['idCall']} differs: call total_ms: it says" in wrong
    assert archived(ORGANISATION, SOURCE, lost) is None, "asking keeps nothing"
    report("--keep")
    assert archived(ORGANISATION, SOURCE, lost) is not None


def test_one_queue_and_one_agent_are_asked_for_by_their_ids(vendor: UpstreamThread) -> None:
    """By account id where that is known; the vendor's count of the whole window proves nothing then."""
    fill()
    rows = [row for row in month(5, first=DAY, last=DAY, calls=40).rows["queues"] if row["queue"].get("accountId")]
    account = rows[0]["queue"]["accountId"]
    expected = [row for row in rows if row["queue"]["accountId"] == account]
    _, found, wrong = report("--queue", f"a:{account}", dataset="queues")
    assert len(found) == len(expected) < len(month(5, first=DAY, last=DAY, calls=40).rows["queues"])
    ids = {row["queue"].get("id") for row in expected}
    assert {row["queue"] for row in found} <= {f"a:{account}", *map(str, ids)}, "each row by the ids it names"
    assert vendor.upstream.asked[-1].variables["queueAccountId"] == account
    assert "NOT COMPLETE" not in wrong
    agent = next(row["agent"]["id"] for row in month(5, first=DAY, last=DAY, calls=40).rows["agents"] if row["agent"].get("id"))
    _, found, _ = report("--agent", str(agent), dataset="agents")
    assert {row["agent"] for row in found} == {str(agent)}
    assert report("--queue", "Sales")[0] == 2


def test_hours_of_agents_are_seconds_whatever_the_vendor_wrote_them_in(vendor: UpstreamThread) -> None:
    """Some slots came in seconds and some in milliseconds; a name that is a formula is text."""
    told = [row for _, row in vendor.upstream.history.rows["profile_history"]]
    told[0]["agent"]["name"] = "=cmd|' /C calc'!A0"
    _, rows, _ = report(dataset="profile_history")
    assert {row["usage_s"] for row in rows} == {"1800.0"}
    assert {row["told_in"] for row in rows} == {"s", "ms"}
    assert any(row["agent_name"].startswith("'=cmd") for row in rows)


def test_numbers_are_told_whole_only_where_that_is_asked_for(vendor: UpstreamThread) -> None:
    """As JSON, with the comparison beside the rows."""
    words = ("vendor_report", "--dataset", "calls", "--from", f"{DAY}T08:00", "--to", f"{DAY}T20:00", "--format", "json")
    masked, whole = (json.loads(run(*words, *more)[1]) for more in ((), ("--numbers",)))
    numbers = [row["number"] for row in whole["rows"] if row["number"]]
    assert numbers
    assert all(number.startswith("+") for number in numbers)
    assert not set(numbers) & {row["number"] for row in masked["rows"]}
    assert masked["compared"]["vendor"] == len(masked["rows"])
