"""Signing in by OpenID Connect, against a real provider: who comes in, and every lie that is refused."""

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.test import Client

from stats.models import Organisation
from tests.accounts.conftest import ON_THIS_ENGINE, actions, browser_of, person, sign_in, words_of
from tests.accounts.provider import CLIENT, SECRET, Provider, provider
from wallboard.accounts import oidc
from wallboard.accounts.models import Invitation, Membership, OutsideIdentity

pytestmark = [ON_THIS_ENGINE]
PEOPLE = get_user_model()


@pytest.fixture
def idp(settings: Any) -> Iterator[Provider]:
    """A provider that the product is told of."""
    with provider() as server:
        settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = server.issuer, CLIENT, SECRET
        settings.OIDC_NAME = "Example SSO"
        oidc._registered.cache_clear()
        yield server


def comes(idp: Provider, browser: Client, next: str = "/") -> Any:
    """What the product answers to somebody who has been to the provider and back."""
    off = browser.get("/login/outside/", {"next": next})
    assert off.status_code == 302, off.content
    assert off["Location"].startswith(f"{idp.issuer}/authorise?")
    return browser.get(idp.authorise(off["Location"]).removeprefix("http://testserver"))


def english() -> Client:
    """A browser of nobody."""
    return Client(headers={"accept-language": "en"})


def test_the_sign_in_page_offers_it_by_a_link_where_it_is_set_up(idp: Provider, settings: Any) -> None:
    """A link, for the content policy lets no form lead to another host."""
    page = Client(headers={"accept-language": "en"}).get("/login/?next=/people/").content.decode()
    assert 'href="/login/outside/?next=%2Fpeople%2F">Log in with Example SSO</a>' in page
    settings.OIDC_ISSUER = ""
    assert "/login/outside/" not in Client().get("/login/").content.decode()
    assert Client().get("/login/outside/").status_code == 404
    assert Client().get("/login/outside/back/").status_code == 404


def test_an_invited_address_becomes_a_member_and_is_known_again_by_its_subject(idp: Provider) -> None:
    organisation = Organisation.objects.create(slug="default", name="Kund")
    Invitation.issue(organisation, "Anna@Example.org", "supervisor", ["111834"])
    browser = english()
    former = browser.session.session_key
    answer = comes(idp, browser, "/account/")
    assert (answer.status_code, answer["Location"]) == (302, "/account/")
    assert browser.cookies["sessionid"].value != former
    row = Membership.objects.get()
    assert (row.role, row.queues, row.user.email, row.user.has_usable_password()) == ("supervisor", ["111834"], "anna@example.org", False)
    assert actions() == ["people.joined", "sign_in.done"]
    idp.who["email"] = "changed@example.org"
    assert comes(idp, english()).status_code == 302
    assert (PEOPLE.objects.count(), Membership.objects.count()) == (1, 1)


def test_a_member_whom_the_operator_gave_this_address_comes_in(idp: Provider) -> None:
    anna = person("anna", email="ANNA@example.org")
    assert comes(idp, english()).status_code == 302
    assert OutsideIdentity.objects.get().user == anna


def test_nobody_comes_in_without_a_membership_or_an_invitation(idp: Provider) -> None:
    person("anna", slug="", email="anna@example.org")
    answer = comes(idp, english())
    assert (answer.status_code, "nobody has let you in" in words_of(answer)) == (403, True)
    assert (PEOPLE.objects.count(), OutsideIdentity.objects.count()) == (1, 0)


@pytest.mark.parametrize("verified", [False, None, "no", 1.5])
def test_an_address_that_is_not_verified_proves_nothing(idp: Provider, verified: Any) -> None:
    person("anna", email="anna@example.org")
    idp.who["email_verified"] = verified
    assert comes(idp, english()).status_code == 403


def test_an_address_that_two_people_have_proves_nothing(idp: Provider) -> None:
    person("anna", email="anna@example.org")
    person("other-anna", slug="other", email="anna@example.org")
    assert comes(idp, english()).status_code == 403


def test_an_account_made_from_a_link_cannot_wait_for_the_real_owner_of_an_address(idp: Provider) -> None:
    """Somebody else's organisation invites anna's address and opens the link itself: the account gets no hold of her."""
    organisation = Organisation.objects.create(slug="other", name="Other")
    _row, word = Invitation.issue(organisation, "anna@example.org", "admin", None)
    trap = {"username": "trap", "password": "kastanj-i-motljus", "again": "kastanj-i-motljus"}
    assert Client().post(f"/join/{word}/", trap).status_code == 302
    assert comes(idp, english()).status_code == 403
    mine = Organisation.objects.create(slug="default", name="Kund")
    Invitation.issue(mine, "anna@example.org", "admin", None)
    assert comes(idp, english()).status_code == 302
    assert set(Membership.objects.values_list("user__username", "organisation__slug")) == {
        ("trap", "other"),
        ("anna@example.org", "default"),
    }


def test_somebody_shut_out_stays_out(idp: Provider) -> None:
    anna = person("anna", email="anna@example.org")
    assert comes(idp, english()).status_code == 302
    anna.is_active = False
    anna.save()
    assert comes(idp, english()).status_code == 403


@pytest.mark.parametrize(
    "lies",
    [
        {"claims": {"nonce": "another"}},
        {"claims": {"nonce": None}},
        {"claims": {"aud": "another-client"}},
        {"claims": {"aud": None}},
        {"claims": {"iss": "https://another.example"}},
        {"claims": {"exp": 1_000_000_000}},
        {"claims": {"exp": None}},
        {"claims": {"sub": None}},
        {"key": "another"},
        {"shared_secret": True},
        {"unsigned": True},
        {"state": "another"},
        {"issuer": "https://another.example"},
    ],
    ids=str,
)
def test_every_lie_is_refused(idp: Provider, lies: dict[str, Any]) -> None:
    """The same person comes in when nothing is wrong."""
    person("anna", email="anna@example.org")
    idp.lies = lies
    browser = english()
    answer = comes(idp, browser)
    assert (answer.status_code, "did not confirm who you are" in words_of(answer)) == (403, True)
    assert browser.get("/account/").status_code == 302
    idp.lies = {}
    oidc._registered.cache_clear()
    assert comes(idp, english()).status_code == 302


def test_an_answer_is_taken_once_and_by_the_browser_that_asked(idp: Provider) -> None:
    person("anna", email="anna@example.org")
    asked, thief = english(), english()
    off = asked.get("/login/outside/")
    answer = idp.authorise(off["Location"]).removeprefix("http://testserver")
    assert thief.get(answer).status_code == 403, "login CSRF"
    assert asked.get(answer).status_code == 302
    assert asked.get(answer).status_code == 403
    assert english().get("/login/outside/back/?error=access_denied").status_code == 403


def test_it_leads_to_no_other_host(idp: Provider) -> None:
    person("anna", email="anna@example.org")
    assert comes(idp, english(), "https://evil.example/")["Location"] == "/"


def test_a_provider_that_is_away_is_said_to_be(idp: Provider, settings: Any, free_port: int) -> None:
    settings.OIDC_ISSUER = f"http://127.0.0.1:{free_port}"
    answer = english().get("/login/outside/")
    assert (answer.status_code, "Example SSO does not answer" in words_of(answer)) == (502, True)


def connects(idp: Provider, browser: Client) -> Any:
    """What the product answers to somebody who follows the link of their own account page, to the provider and back."""
    found = re.search(r'href="(/login/outside/[?]connect=[^"]+)"', browser.get("/account/").content.decode())
    assert found is not None
    off = browser.get(html.unescape(found[1]))
    return browser.get(idp.authorise(off["Location"]).removeprefix("http://testserver"))


def test_whoever_is_signed_in_can_connect_it_and_nobody_elses(idp: Provider, redis_server: str) -> None:
    anna, bert = person("anna"), person("bert")
    browser = browser_of(anna)
    assert connects(idp, browser)["Location"] == "/account/"
    assert OutsideIdentity.objects.get().user == anna
    assert connects(idp, browser_of(bert)).status_code == 403
    assert comes(idp, english()).status_code == 302, "and comes in that way"


def test_a_link_on_another_site_connects_nothing(idp: Provider, redis_server: str) -> None:
    """Else somebody's own identity could be hung on another's account, and open it from then on."""
    victim, thief = browser_of(person("anna")), browser_of(person("thief", slug="other"))
    stolen = re.search(r'connect=([^"&]+)', thief.get("/account/").content.decode())
    assert stolen is not None
    for wish in ("", "x", stolen[1]):
        off = victim.get(f"/login/outside/?connect={wish}")
        assert (off.status_code, off["Location"]) == (302, "/"), wish
    # Begun as nobody, in a browser where somebody signs in meanwhile.
    off = (browser := english()).get("/login/outside/")
    assert sign_in(browser, "anna").status_code == 302
    answer = browser.get(idp.authorise(off["Location"]).removeprefix("http://testserver"))
    assert (answer.status_code, "logged in already" in words_of(answer)) == (403, True)
    assert OutsideIdentity.objects.count() == 0


def test_half_a_setting_is_refused_at_the_start(settings: Any) -> None:
    settings.OIDC_ISSUER = "https://login.example.org"
    with pytest.raises(SystemCheckError, match=r"wallboard\.E003"):
        call_command("check")
    settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = CLIENT, SECRET
    call_command("check")
    settings.OIDC_ISSUER = "http://login.example.org"
    with pytest.raises(SystemCheckError, match=r"wallboard\.E004"):
        call_command("check")
