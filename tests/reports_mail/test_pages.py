"""The pages of saved views and of mails, as each role sees and changes them."""

import html
import re
from typing import Any

import pytest

from tests.push.floor import ORGANISATION
from tests.reports_mail.conftest import later, mail_of, view_of
from tests.reports_mail.post_office import PostOffice, text_of
from wallboard.accounts.models import AuditEntry
from wallboard.reports import sending
from wallboard.reports.models import AllowedAddress, ReportMail, ReportRun, SavedView, UsualView

VIEWS, MAILS = "/reports/views/", "/reports/mails/"
NEW = {"often": "week", "weekdays": ["1", "5"], "minute": "480", "month_day": "1", "attach": "xlsx", "to": "viewer@example.org"}


def words_of(answer: Any) -> str:
    """The words of a page."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode())))


def do(browser: Any, what: Any, wish: str, **more: Any) -> Any:
    """A wish about one view or mail."""
    place = VIEWS if isinstance(what, SavedView) else MAILS
    return browser.post(f"{place}{what.pk}/", {"do": wish, **more}, follow=True)


def test_what_is_on_the_screen_is_saved_and_opened_by_a_link_whose_days_move(people: Any, browsers: Any) -> None:
    bar = browsers["viewer"].get("/reports/interval/?period=7d&queue=111834&hours=08:00-17:00").content.decode()
    way = html.unescape(re.search(r'href="(/reports/views/[^"]*)"', bar).group(1))  # type: ignore[union-attr]
    page = browsers["viewer"].get(way).content.decode()
    form = {name: html.unescape(re.search(rf'name="{name}" value="([^"]*)"', page).group(1)) for name in ("tab", "query")}  # type: ignore[union-attr]
    saved = browsers["viewer"].post(VIEWS, {**form, "name": "  Support,   a week "}, follow=True)
    view = SavedView.objects.get()
    assert (view.name, view.shared, view.owner) == ("Support, a week", False, people["viewer"])
    assert 'href="/reports/interval/?period=7d&amp;queue=111834&amp;hours=08%3A00-17%3A00"' in saved.content.decode()
    assert "Saved: Support, a week." in words_of(saved)
    assert view.name not in words_of(browsers["admin"].get(VIEWS))


def test_a_view_is_renamed_replaced_shared_deleted_and_had_back(people: Any, browsers: Any) -> None:
    mine, browser = view_of(people["supervisor"]), browsers["supervisor"]
    do(browser, mine, "rename", name="Support")
    do(browser, mine, "replace", tab="agents", query="period=30d&format=csv")
    do(browser, mine, "share")
    mine.refresh_from_db()
    assert (mine.name, mine.tab, mine.query, mine.shared) == ("Support", "agents", "period=30d", True)
    assert "Support" in words_of(browsers["admin"].get(VIEWS))
    assert "Support" not in words_of(browsers["viewer"].get(VIEWS)), "the tab of agents is not open to viewers"
    gone = do(browser, mine, "delete")
    assert "Support is deleted" in words_of(gone)
    assert f'action="/reports/views/{mine.pk}/"' in gone.content.decode()
    assert "Support" not in words_of(browsers["admin"].get(VIEWS))
    do(browser, mine, "back")
    assert SavedView.objects.get(deleted_at=None) == mine
    do(browser, mine, "delete")
    SavedView.objects.update(deleted_at=later(-11))
    assert do(browser, mine, "back").status_code == 404
    sending.work()
    assert not SavedView.objects.exists()


def test_viewers_share_nothing_and_nobody_changes_what_is_anothers(people: Any, browsers: Any) -> None:
    own = view_of(people["viewer"])
    assert do(browsers["viewer"], own, "share").status_code == 400
    refused = browsers["viewer"].post(VIEWS, {"name": "Mine", "tab": "interval", "query": "", "shared": "on"})
    assert "Views are shared by supervisors and admins." in words_of(refused)
    shared = view_of(people["admin"], shared=True, name="All")
    for wish in ("rename", "share", "unshare", "replace", "delete"):
        assert do(browsers["supervisor"], shared, wish, name="x").status_code == 403
        assert do(browsers["supervisor"], own, wish, name="x").status_code == 404
        assert do(browsers["stranger"], shared, wish, name="x").status_code == 404
    theirs = view_of(people["supervisor"], shared=True, name="Theirs")
    do(browsers["admin"], theirs, "unshare")
    theirs.refresh_from_db()
    assert not theirs.shared


def test_a_name_is_used_once_and_what_cannot_be_read_is_not_saved(people: Any, browsers: Any) -> None:
    view_of(people["viewer"])
    for form, said in (
        ({"name": "Yesterday", "tab": "interval", "query": ""}, "You have a view of that name already."),
        ({"name": "", "tab": "interval", "query": ""}, "Give the view a name"),
        ({"name": "x", "tab": "interval", "query": "period=fortnight"}, "“period” is one of"),
        ({"name": "x", "tab": "agents", "query": ""}, "There is no such report to save."),
        ({"name": "x", "tab": "//evil.example", "query": ""}, "There is no such report to save."),
    ):
        answer = browsers["viewer"].post(VIEWS, form)
        assert (answer.status_code, said in words_of(answer)) == (400, True), form
    assert SavedView.objects.count() == 1


def test_reports_open_with_the_view_somebody_has_chosen(people: Any, browsers: Any) -> None:
    shared, browser = view_of(people["admin"], query="period=week", shared=True), browsers["viewer"]
    assert browser.get("/reports/").url == "/reports/interval/"
    do(browser, shared, "usual")
    assert browser.get("/reports/").url == "/reports/interval/?period=week"
    assert browser.get("/reports/?period=7d").url == "/reports/interval/?period=7d"
    shared.shared = False
    shared.save()
    assert browser.get("/reports/").url == "/reports/interval/", "it is not theirs to see any more"
    do(browser, shared, "not_usual")
    assert not UsualView.objects.exists()


def test_names_of_views_are_text(people: Any, browsers: Any) -> None:
    view = view_of(people["supervisor"], name="<img src=x onerror=alert(1)>")
    mail = mail_of(people["supervisor"], view)
    for address in (VIEWS, MAILS, f"{MAILS}{mail.pk}/"):
        page = browsers["supervisor"].get(address).content.decode()
        assert "<img src=x" not in page
        assert "&lt;img src=x" in page


def test_a_mail_is_made_of_what_is_on_the_screen_and_says_when_it_comes_and_what_about(people: Any, browsers: Any) -> None:
    way = f"{MAILS}?tab=interval&query=period%3Dweek"
    page = browsers["supervisor"].get(way).content.decode()
    assert '<option value="new" selected>' in page
    form = {
        **NEW,
        "view": "new",
        "name": "Weekly",
        "tab": "interval",
        "query": "period=week",
        "to": "Viewer@example.org; admin@example.org",
    }
    made = browsers["supervisor"].post(MAILS, form, follow=True)
    mail = ReportMail.objects.get()
    assert (mail.view.name, mail.recipients, mail.weekdays) == ("Weekly", "viewer@example.org\nadmin@example.org", "15")
    said = words_of(made)
    assert "Mon, Fri at 08:00" in said
    assert re.search(r"Next (Mon|Fri) \d+ \w+ \d{4} 08:00 about \d+", said)
    assert "Weekly" in words_of(browsers["admin"].get(MAILS))
    assert AuditEntry.objects.get(action="mail.made").detail["recipients"] == 2
    browsers["supervisor"].post(f"{MAILS}{mail.pk}/", {**NEW, "do": "change", "view": mail.view_id, "often": "month", "month_day": "3"})
    mail.refresh_from_db()
    assert (mail.weekdays, mail.month_day) == ("", 3)
    assert "On day 3 of each month at 08:00" in words_of(browsers["supervisor"].get(f"{MAILS}{mail.pk}/"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"to": "somebody@elsewhere.example"}, "Neither a member's address nor one that an admin has allowed: somebody@elsewhere.example"),
        ({"to": "stranger@example.org"}, "Neither a member's address"),
        ({"to": "viewer@example.org nonsense"}, "No e-mail address: nonsense"),
        ({"to": "viewer@example.org\r\nbcc:all"}, "No e-mail address: bcc:all"),
        ({"to": " "}, "Write at least one e-mail address"),
        ({"to": " ".join(f"p{n}@example.org" for n in range(21))}, "At most 20 recipients."),
        ({"minute": "481"}, "Choose a time of day."),
        ({"weekdays": []}, "Choose at least one day of the week."),
        ({"often": "month", "month_day": "31"}, "Choose on which days the mail is sent."),
        ({"attach": "exe"}, "Choose what is attached"),
        ({"view": "99999"}, "Choose a view to send."),
    ],
)
def test_a_mail_to_strangers_or_at_no_time_is_refused_and_the_form_keeps_what_was_typed(
    wrong: dict[str, Any], said: str, people: Any, browsers: Any
) -> None:
    view = view_of(people["supervisor"])
    answer = browsers["supervisor"].post(MAILS, {**NEW, "view": view.pk, **wrong})
    assert answer.status_code == 400
    assert said in words_of(answer)
    assert html.escape(str(wrong.get("to", NEW["to"])).replace("\r\n", "\n").strip(), quote=True) in answer.content.decode().replace(
        "\r\n", "\n"
    )
    assert not ReportMail.objects.exists()


def test_an_admin_allows_an_address_and_takes_it_back(people: Any, browsers: Any) -> None:
    browsers["admin"].post(f"{MAILS}addresses/", {"do": "allow", "email": " Board@Partner.example "})
    view = view_of(people["supervisor"])
    form = {**NEW, "view": view.pk, "to": "board@partner.example"}
    assert browsers["supervisor"].post(MAILS, form).status_code == 302
    assert browsers["supervisor"].post(f"{MAILS}addresses/", {"do": "allow", "email": "x@y.example"}).status_code == 403
    assert browsers["admin"].post(f"{MAILS}addresses/", {"do": "allow", "email": "nonsense"}).status_code == 400
    browsers["stranger"].post(f"{MAILS}addresses/", {"do": "forbid", "email": "board@partner.example"})
    assert AllowedAddress.objects.filter(organisation__slug=ORGANISATION).exists()
    browsers["admin"].post(f"{MAILS}addresses/", {"do": "forbid", "email": "board@partner.example"})
    assert browsers["supervisor"].post(MAILS, form).status_code == 400
    assert (
        list(AuditEntry.objects.filter(action__startswith="mail.address").values_list("subject", flat=True))
        == ["board@partner.example"] * 2
    )


def test_only_its_maker_changes_a_mail_and_an_admin_pauses_and_deletes_it(people: Any, browsers: Any) -> None:
    mail = mail_of(people["supervisor"])
    for wish in ("change", "go_on", "now"):
        assert do(browsers["admin"], mail, wish, **NEW, view=mail.view_id).status_code == 403
    do(browsers["admin"], mail, "pause")
    mail.refresh_from_db()
    assert (mail.paused, mail.next_at) == (True, None)
    do(browsers["supervisor"], mail, "go_on")
    mail.refresh_from_db()
    assert not mail.paused
    assert mail.next_at is not None
    gone = do(browsers["admin"], mail, "delete")
    assert "The mail of Yesterday is deleted." in words_of(gone)
    assert do(browsers["supervisor"], mail, "pause").status_code == 404
    do(browsers["supervisor"], mail, "back")
    other = mail_of(people["admin"], view_of(people["admin"], name="Admins"))
    assert browsers["supervisor"].get(f"{MAILS}{other.pk}/").status_code == 404
    assert browsers["stranger"].get(f"{MAILS}{mail.pk}/").status_code == 404
    assert browsers["viewer"].get(MAILS).status_code == 403


def test_a_paused_mail_and_one_of_a_deleted_view_are_not_sent(people: Any, office: PostOffice) -> None:
    mail = mail_of(people["supervisor"])
    sending.begin(sending.present())
    ReportMail.objects.update(paused=True)
    sending.work()
    assert ReportRun.objects.get().state == "skipped"
    ReportMail.objects.update(paused=False, next_at=later(-5))
    SavedView.objects.update(deleted_at=later(-1))
    sending.work()
    assert (mail.runs.count(), office.taken) == (1, [])


def test_it_is_sent_to_its_maker_at_once_and_says_what_the_server_answers(
    people: Any, past: None, browsers: Any, office: PostOffice
) -> None:
    mail = mail_of(people["supervisor"], next_at=later(600))
    assert "The mail server has taken it for supervisor@example.org." in words_of(do(browsers["supervisor"], mail, "now"))
    assert office.to == ["supervisor@example.org"]
    assert "Testbolaget" in text_of(office.taken[0])
    office.mood = "angry"
    refused = do(browsers["supervisor"], mail, "now")
    assert (refused.status_code, "The mail server refused it: 554 5.7.1" in words_of(refused)) == (400, True)
    people["supervisor"].email = ""
    people["supervisor"].save()
    assert "Your account has no e-mail address." in words_of(do(browsers["supervisor"], mail, "now"))
    assert not mail.runs.exists()


def test_where_no_mail_server_or_address_is_named_the_page_says_what_to_set(people: Any, browsers: Any, settings: Any) -> None:
    settings.EMAIL_HOST, settings.PUBLIC_URL = "", ""
    assert "sets EMAIL_HOST" in words_of(browsers["supervisor"].get(MAILS))
    settings.EMAIL_HOST = "127.0.0.1"
    page = words_of(browsers["supervisor"].get(MAILS))
    assert "sets EMAIL_HOST" not in page
    assert "sets PUBLIC_URL" in page


def test_the_history_tells_every_run_in_words(people: Any, browsers: Any) -> None:
    mail = mail_of(people["supervisor"], next_at=later(600))
    for number, (state, error) in enumerate(
        (("sent", "left_out:2"), ("failed", "away:TimeoutError"), ("skipped", "missed:3"), ("begun", ""))
    ):
        ReportRun.objects.create(mail=mail, due_at=later(-number * 1440), state=state, error=error, seen_at=later(0))
    page = words_of(browsers["supervisor"].get(f"{MAILS}{mail.pk}/"))
    for said in (
        "Sent 2 recipients were left out",
        "could not be reached, or broke off (TimeoutError)",
        "3 mails could not be sent in time; the one after them",
        "Being sent",
    ):
        assert said in page
