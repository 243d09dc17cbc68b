"""Mails of reports through a real mail server: once for each instant, tried again, given up aloud, and right in every number."""

import io
import threading
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from django.db import close_old_connections, connections
from django.test import Client

from stats.clock import now_ms
from stats.history import archive, rolling
from stats.history.telling import Telling
from stats.models import Organisation
from tests.push.floor import ANNA, ORGANISATION, SOURCE, SUPPORT, ZONE, ended_call
from tests.reports_mail.conftest import later, mail_of, only_run, view_of
from tests.reports_mail.post_office import PostOffice, text_of
from tests.reports_pages.past import at, back
from wallboard.accounts.keys import ApiToken
from wallboard.accounts.management.commands import housekeeping
from wallboard.accounts.models import AuditEntry, Membership
from wallboard.reports import sending
from wallboard.reports.models import ReportMail, ReportRun

pytestmark = pytest.mark.engines


def late_call(day: str) -> None:
    """A call of a former day that the vendor tells only now, added up."""
    call = ended_call(f"late-{day}", SUPPORT, ANNA, since=at(day, 10, 5), wait_ms=50_000)
    archive.keep(ORGANISATION, SOURCE, [Telling(call)], now_ms())
    assert rolling.work(Organisation.objects.get(slug=ORGANISATION), now_ms(), lambda: True)


def test_a_mail_that_is_due_is_sent_once_with_yesterdays_numbers(people: dict[str, Any], past: None, office: PostOffice) -> None:
    mail = mail_of(people["supervisor"], attach="xlsx", recipients="viewer@example.org\nadmin@example.org")
    assert sending.work() == 1
    assert sending.work() == 0
    assert sorted(office.to) == ["admin@example.org", "viewer@example.org"]
    letter = office.taken[0]
    words, drawn = text_of(letter), text_of(letter, "html")
    for told in (words, drawn):
        assert "Testbolaget" in told
        assert "https://wall.example.org/reports/interval/?from={0}&to={0}".format(back(1)) in told.replace("&amp;", "&")
        assert "Definitions, version" in told
        assert f"Times of {ZONE}" in told
        assert "Support kept 33 %; promised was 80 % within 20 s." in told
    assert "- Offered: 5" in words
    assert "img src=x" in drawn
    assert "<img" not in drawn
    assert str(letter["Auto-Submitted"]) == "auto-generated"
    (file,) = letter.iter_attachments()
    sheet = openpyxl.load_workbook(io.BytesIO(file.get_content()))["Report"]
    assert sheet.max_row > 3
    run = only_run(mail)
    assert (run.state, run.tries, run.first_day, run.last_day) == ("sent", 1, back(1), back(1))
    mail.refresh_from_db()
    assert mail.next_at is not None
    assert later(0) < mail.next_at <= later(25 * 60)
    assert AuditEntry.objects.get(action="mail.sent").detail["recipients"] == 2


def test_numbers_that_moved_since_the_last_mail_are_told_from_what_to_what(people: dict[str, Any], past: None, office: PostOffice) -> None:
    mail = mail_of(people["supervisor"])
    sending.work()
    assert "moved" not in text_of(office.taken[0])
    late_call(back(1))
    ReportRun.objects.update(due_at=later(-24 * 60))
    ReportMail.objects.update(next_at=mail.next_at)
    assert sending.work() == 1
    words = text_of(office.taken[1])
    assert "Numbers moved since the last mail" in words
    assert "Support, Offered: from 3 to 4" in words
    assert "All of it, Offered: from 5 to 6" in words
    assert "Försäljning, Offered" not in words


def test_what_was_missed_is_sent_once_and_what_is_a_day_late_is_left_out_and_both_are_said(
    people: dict[str, Any], past: None, office: PostOffice
) -> None:
    mail = mail_of(people["supervisor"])
    first = mail.next_at
    assert first is not None
    ReportMail.objects.update(next_at=first - timedelta(days=5))
    sending.work()
    assert len(office.taken) == 1
    assert sorted(mail.runs.values_list("state", "error")) == [("sent", ""), ("skipped", "missed:5")]
    mail.runs.all().delete()
    monthly = mail_of(people["supervisor"], view_of(people["supervisor"], name="Month"), weekdays="", month_day=1)
    day = later(-10 * 24 * 60).day
    ReportMail.objects.filter(pk=monthly.pk).update(next_at=later(-15 * 24 * 60), month_day=day if day <= 28 else 15)
    sending.work()
    run = only_run(monthly)
    assert (run.state, run.error.partition(":")[0], len(office.taken)) == ("skipped", "late", 1)
    monthly.refresh_from_db()
    assert monthly.next_at is not None
    assert monthly.next_at > later(0)


def test_two_processes_send_it_once(people: dict[str, Any], past: None, office: PostOffice) -> None:
    mail = mail_of(people["supervisor"])

    def other() -> None:
        try:
            sending.work()
        finally:
            close_old_connections()
            connections.close_all()

    processes = [threading.Thread(target=other) for _ in range(3)]
    for each in processes:
        each.start()
    for each in processes:
        each.join()
    sending.work()
    assert len(office.taken) == 1
    assert only_run(mail).state == "sent"


def test_of_two_who_see_the_same_run_one_has_it(people: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    mail_of(people["supervisor"])
    sending.begin(sending.present())
    found: list[ReportRun | None] = []
    hold = sending._later

    def meanwhile(now: Any) -> Any:
        """Another process is as far, and quicker."""
        monkeypatch.setattr(sending, "_later", hold)
        found.append(sending.take(now))
        return hold(now)

    monkeypatch.setattr(sending, "_later", meanwhile)
    found.append(sending.take(sending.present()))
    assert [each is not None for each in found] == [True, False]


def test_whoever_dies_with_a_run_leaves_it_to_the_next_and_no_recipient_has_it_twice(
    people: dict[str, Any], past: None, office: PostOffice
) -> None:
    mail = mail_of(people["supervisor"], recipients="admin@example.org\nviewer@example.org")
    sending.begin(sending.present())
    taken = sending.take(sending.present())
    assert taken is not None
    assert sending.take(sending.present()) is None, "it is held"
    # The first recipient's mail was taken; then the process was killed.
    office.cut_after = 1
    sending.send(taken, sending.present())
    office.cut_after = -1
    assert only_run(mail).state == "begun"
    assert sending.work() == 0, "not at once"
    assert sending.work(later(6)) == 1
    assert sorted(office.to) == ["admin@example.org", "viewer@example.org"]
    assert only_run(mail).tries == 2
    assert len({str(each["Message-ID"]) for each in office.taken}) == 2


@pytest.mark.parametrize(("mood", "error"), [("angry", "refused:554"), ("cut", "away:"), ("busy", "refused:451"), ("hang", "away:")])
def test_three_failures_are_an_alert_and_name_no_address(
    mood: str, error: str, people: dict[str, Any], browsers: Any, past: None, office: PostOffice, settings: Any, capfd: Any
) -> None:
    settings.EMAIL_TIMEOUT = 1
    office.mood = mood
    mail = mail_of(people["supervisor"])
    for minutes in (0, 2, 8):
        assert "alert" not in browsers["supervisor"].get("/reports/restatements/").content.decode().split("<main")[0]
        sending.work(later(minutes))
    run = only_run(mail)
    assert (run.state, run.tries) == ("failed", 3)
    assert run.error.startswith(error)
    assert "@" not in run.error
    said = capfd.readouterr()
    assert "@example.org" not in said.out + said.err
    for role in ("supervisor", "admin"):
        page = browsers[role].get("/").content.decode()
        assert "The report “Yesterday” could not be mailed." in page
    assert "could not be mailed" not in browsers["viewer"].get("/").content.decode()
    browsers["admin"].post(f"/reports/mails/{mail.pk}/", {"do": "seen"})
    assert "could not be mailed" not in browsers["supervisor"].get("/").content.decode()


def test_one_refused_recipient_does_not_keep_it_from_the_others(people: dict[str, Any], past: None, office: PostOffice) -> None:
    office.refused.add("admin@example.org")
    mail = mail_of(people["supervisor"], recipients="admin@example.org\nviewer@example.org")
    for minutes in (0, 2, 8):
        sending.work(later(minutes))
    run = only_run(mail)
    assert office.to == ["viewer@example.org"]
    assert (run.state, len(run.delivered)) == ("failed", 1)
    assert run.error == "refused:550 5.1.1 … is not known here"


def test_a_process_that_died_three_times_is_given_up(people: dict[str, Any], past: None, office: PostOffice) -> None:
    mail = mail_of(people["supervisor"])
    sending.begin(sending.present())
    for minutes in (0, 6, 12):
        assert sending.take(later(minutes)) is not None
    assert sending.work(later(18)) == 1
    assert (only_run(mail).state, only_run(mail).error) == ("failed", "crashed")
    assert office.taken == []


def test_a_maker_who_left_or_lost_the_right_stops_the_mail(people: dict[str, Any], past: None, office: PostOffice, browsers: Any) -> None:
    mail = mail_of(people["supervisor"])
    Membership.objects.filter(user=people["supervisor"]).update(role="viewer")
    sending.work()
    mail.refresh_from_db()
    assert (mail.paused, mail.stopped, mail.next_at, only_run(mail).state) == (True, "no_right", None, "failed")
    Membership.objects.filter(user=people["supervisor"]).delete()
    gone = mail_of(people["supervisor"], mail.view)
    sending.work()
    gone.refresh_from_db()
    assert (gone.paused, gone.stopped) == (True, "no_maker")
    assert office.taken == []
    assert "2 reports could not be mailed." in browsers["admin"].get("/").content.decode()


def test_a_view_that_is_no_longer_shared_with_the_maker_stops_the_mail(people: dict[str, Any], past: None, office: PostOffice) -> None:
    view = view_of(people["admin"], shared=True)
    mail = mail_of(people["supervisor"], view)
    sending.work()
    assert len(office.taken) == 1
    view.shared = False
    view.save()
    ReportRun.objects.all().delete()
    ReportMail.objects.update(next_at=mail.next_at)
    sending.work()
    mail.refresh_from_db()
    assert (mail.stopped, len(office.taken)) == ("no_view", 1)


def test_a_recipient_who_left_is_left_out_and_with_nobody_left_it_fails(people: dict[str, Any], past: None, office: PostOffice) -> None:
    mail = mail_of(people["supervisor"], recipients="viewer@example.org\nadmin@example.org")
    Membership.objects.filter(user=people["viewer"]).delete()
    sending.work()
    assert (office.to, only_run(mail).error) == (["admin@example.org"], "left_out:1")
    alone = mail_of(people["supervisor"], mail.view)
    sending.work()
    assert (only_run(alone).state, only_run(alone).error) == ("failed", "nobody")


def test_the_mail_shows_what_its_maker_may_see_and_no_more(people: dict[str, Any], past: None, office: PostOffice) -> None:
    Membership.objects.filter(user=people["supervisor"]).update(queues=[str(SUPPORT.id)])
    mail_of(people["supervisor"], recipients="admin@example.org", attach="csv")
    sending.work()
    words = text_of(office.taken[0])
    assert "- Offered: 3" in words
    assert "Försäljning" not in words
    (file,) = office.taken[0].iter_attachments()
    assert "Försäljning" not in file.get_content()


def test_names_with_line_breaks_make_no_header(people: dict[str, Any], past: None, office: PostOffice) -> None:
    mail_of(people["supervisor"], view_of(people["supervisor"], name="Kund\r\nBcc: all@example.org"))
    sending.work()
    (letter,) = office.taken
    assert letter["Bcc"] is None
    assert str(letter["Subject"]).startswith("Kund Bcc: all@example.org: ")
    assert office.to == ["viewer@example.org"]


def test_it_is_written_in_the_language_of_the_organisation(people: dict[str, Any], past: None, office: PostOffice) -> None:
    Organisation.objects.filter(slug=ORGANISATION).update(language="sv")
    mail_of(people["supervisor"])
    sending.work()
    assert 'lang="sv"' in text_of(office.taken[0], "html")
    assert "Erbjudna" in text_of(office.taken[0]) or "Inkomna" in text_of(office.taken[0])


def test_no_mail_server_is_a_failure_that_says_what_to_set(people: dict[str, Any], past: None, settings: Any, browsers: Any) -> None:
    settings.EMAIL_HOST = ""
    mail = mail_of(people["supervisor"])
    sending.work()
    assert (only_run(mail).state, only_run(mail).error) == ("failed", "not_set_up")
    page = browsers["supervisor"].get(f"/reports/mails/{mail.pk}/").content.decode()
    assert "sets EMAIL_HOST" in page


def test_the_zone_of_the_organisation_moves_the_next_instant(people: dict[str, Any]) -> None:
    mail = mail_of(people["supervisor"], minute=480, next_at=later(24 * 60))
    Organisation.objects.filter(slug=ORGANISATION).update(timezone="Asia/Kathmandu")
    sending.work()
    mail.refresh_from_db()
    assert mail.next_at is not None
    assert (mail.next_at.hour, mail.next_at.minute, mail.zone) == (2, 15, "Asia/Kathmandu")


def test_the_keys_that_are_kept_of_agents_are_no_names(people: dict[str, Any], past: None, office: PostOffice) -> None:
    view = view_of(people["supervisor"], tab="agents", name="Agents")
    mail = mail_of(people["supervisor"], view)
    sending.work()
    assert "Anna Berg" in text_of(office.taken[0])
    assert "Anna" not in str(only_run(mail).told)
    assert only_run(mail).told["lines"]


def test_the_meter_counts_what_ended_and_never_falls(people: dict[str, Any], past: None, office: PostOffice) -> None:
    mail = mail_of(people["supervisor"])
    sending.work()
    refusing = mail_of(people["supervisor"], mail.view)
    Membership.objects.filter(user=people["viewer"]).delete()
    sending.work()
    mail.delete()
    refusing.delete()
    page = Client().get("/metrics", headers={"authorization": f"Bearer {_token()}"}).content.decode()
    assert 'wallboard_report_mails_total{state="failed"} 1.0' in page
    assert 'wallboard_report_mails_total{state="sent"} 1.0' in page


def _token() -> str:
    return ApiToken.issue(Organisation.objects.get(slug=ORGANISATION), "tests")[1]


def test_housekeeping_sends_and_outlives_whatever_goes_wrong(
    people: dict[str, Any], past: None, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = threading.Event()
    mail = mail_of(people["supervisor"])
    work, calls = sending.work, []

    def stumbling() -> int:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("once")
        ended = work()
        stop.set()
        return ended

    monkeypatch.setattr(sending, "work", stumbling)
    monkeypatch.setattr(housekeeping, "MAILS_EVERY_S", 0.01)
    housekeeping.keep_sending(stop)
    assert (len(calls), only_run(mail).state, len(office.taken)) == (2, "sent", 1)
