"""A person's own account: the password, other browsers, and which organisation is looked at."""

from typing import Any

import pytest
from django.test import Client

from stats.models import Organisation
from tests.accounts.conftest import ON_THIS_ENGINE, PASSWORD, actions, browser_of, sign_in, words_of
from wallboard.accounts.models import Membership, OpenSession

pytestmark = [ON_THIS_ENGINE, pytest.mark.engines]
NEW = "fyra glada ugglor"


def changed(browser: Client, **wishes: str) -> Any:
    """What the page answers to a change of the password."""
    return browser.post("/account/", {"do": "password", "current": PASSWORD, "password": NEW, "again": NEW, **wishes})


def test_a_new_password_signs_every_other_browser_out(house: dict[str, Any]) -> None:
    here, there = Client(), Client()
    sign_in(here, "viewer")
    sign_in(there, "viewer")
    former = here.cookies["sessionid"].value
    assert changed(here).status_code == 200
    assert here.cookies["sessionid"].value != former
    assert (here.get("/account/").status_code, there.get("/account/").status_code) == (200, 302)
    assert sign_in(Client(), "viewer").status_code == 200
    assert sign_in(Client(), "viewer", NEW).status_code == 302
    assert "account.password_changed" in actions()


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({"current": "wrong"}, "present password is not right"),
        ({"again": "fyra glada ugglar"}, "two passwords differ"),
        ({"password": "kort", "again": "kort"}, "at least 12 characters"),
        ({"password": "098127309812", "again": "098127309812"}, "entirely numeric"),
    ],
)
def test_a_wrong_wish_changes_nothing_and_says_why(house: dict[str, Any], wishes: dict[str, str], words: str) -> None:
    browser = browser_of(house["viewer"])
    answer = changed(browser, **wishes)
    assert (answer.status_code, words in words_of(answer)) == (400, True)
    assert sign_in(Client(), "viewer").status_code == 302


def test_guesses_at_the_present_password_are_counted_as_at_the_door(house: dict[str, Any]) -> None:
    """Somebody at an unlocked desk has a session and no password."""
    browser = browser_of(house["viewer"])
    for _ in range(10):
        changed(browser, current="wrong")
    answer = changed(browser)
    assert "Too many wrong passwords" in words_of(answer)
    assert sign_in(Client(), "viewer").status_code == 429


def test_another_browser_is_listed_and_can_be_signed_out(house: dict[str, Any]) -> None:
    here = Client(headers={"accept-language": "en", "user-agent": "Mozilla/5.0 (X11; Linux) Firefox/128.0"})
    there = Client(headers={"user-agent": "Mozilla/5.0 (iPhone) Safari/605"})
    sign_in(here, "viewer")
    sign_in(there, "viewer")
    words = words_of(here.get("/account/"))
    assert "Firefox on Linux since" in words
    assert "Safari on iPhone since" in words
    row = OpenSession.objects.get(session_key=there.cookies["sessionid"].value)
    foreign = browser_of(house["supervisor"]).post(f"/account/sessions/{row.pk}/end/")
    assert (foreign.status_code, there.get("/account/").status_code) == (404, 200)
    here.post(f"/account/sessions/{row.pk}/end/")
    assert (here.get("/account/").status_code, there.get("/account/").status_code) == (200, 302)
    assert "Safari on iPhone" not in words_of(here.get("/account/"))


def test_a_person_of_two_organisations_looks_at_one_at_a_time(house: dict[str, Any]) -> None:
    other = Organisation.objects.get(slug="other")
    Membership.objects.create(user=house["viewer"], organisation=other, role="admin")
    browser = browser_of(house["viewer"])
    assert browser.get("/people/").status_code == 403, "a viewer of the first"
    former = browser.cookies["sessionid"].value
    OpenSession.objects.create(user=house["viewer"], session_key=former)
    assert browser.post("/account/organisation/", {"organisation": "other", "next": "/people/"})["Location"] == "/people/"
    assert browser.cookies["sessionid"].value != former, "what is remembered of the old key shows the other organisation's numbers"
    assert [row.session_key for row in OpenSession.objects.filter(user=house["viewer"])] == [browser.cookies["sessionid"].value]
    html = browser.get("/people/").content.decode()
    assert '<span class="name">stranger' in html
    assert '<span class="name">supervisor' not in html
    assert actions("other") == ["account.organisation_chosen"]
    assert actions("default") == [], "where else somebody belongs is not an organisation's business"


def test_nobody_chooses_an_organisation_they_do_not_belong_to(house: dict[str, Any]) -> None:
    """Whoever administers the installation neither; and one that does not exist is answered alike."""
    boss = house["admin"]
    boss.is_superuser = boss.is_staff = True
    boss.save()
    browser = browser_of(boss)
    foreign = browser.post("/account/organisation/", {"organisation": "other"})
    missing = browser.post("/account/organisation/", {"organisation": "missing"})
    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert words_of(foreign) == words_of(missing)
    assert "stranger" not in words_of(browser.get("/people/"))
    session = browser.session
    session["organisation"] = "other"
    session.save()
    assert "stranger" not in words_of(browser.get("/people/")), "nor by a session that says so"


def test_a_person_without_an_organisation_is_told_what_to_do(house: dict[str, Any]) -> None:
    Membership.objects.filter(user=house["viewer"]).delete()
    answer = browser_of(house["viewer"]).get("/account/")
    assert (answer.status_code, "invite you" in words_of(answer)) == (403, True)
