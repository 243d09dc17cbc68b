"""Members, roles, scopes and invitations: changed by admins alone, within their organisation, and never without one left."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.db import transaction
from django.test import Client
from django.utils import timezone

from stats.models import Organisation
from tests.accounts.conftest import ON_THIS_ENGINE, PASSWORD, actions, browser_of, person, sign_in, words_of
from wallboard.accounts.joining import Used, join
from wallboard.accounts.models import AuditEntry, Invitation, Membership

pytestmark = [ON_THIS_ENGINE, pytest.mark.engines]
PEOPLE = get_user_model()


def member(name: str) -> Membership:
    """The membership of somebody."""
    return Membership.objects.select_related("organisation").get(user__username=name)


def invited(admin: Client, email: str = "new@example.org", role: str = "supervisor", **more: Any) -> str:
    """The path of the link that an invitation shows."""
    page = admin.post("/people/invite/", {"email": email, "role": role, "scope": "all", **more}).content.decode()
    found = re.search(r'value="http://testserver(/join/[^"]+/)"', page)
    assert found is not None, page
    return found[1]


def test_members_are_listed_with_role_and_scope(admin: Client) -> None:
    row = member("viewer")
    row.queues = ["111834", "111835"]
    row.save()
    words = words_of(admin.get("/people/"))
    for name, role, scope in (
        ("admin you", "Admin", "All queues"),
        ("supervisor", "Supervisor", "All queues"),
        ("viewer", "Viewer", "2 queues"),
    ):
        assert f"{name} {role} {scope}" in words
    assert "stranger" not in words


def test_a_role_and_a_scope_are_changed_and_written_down(admin: Client) -> None:
    answer = admin.post(f"/people/{member('viewer').pk}/", {"role": "supervisor", "scope": "chosen", "queue": ["111834", "111834"]})
    assert answer.status_code == 302
    assert (member("viewer").role, member("viewer").queues) == ("supervisor", ["111834"])
    line = AuditEntry.objects.get(action="people.changed")
    assert (line.subject, line.detail["former"]["role"], line.detail["role"]) == ("viewer", "viewer", "supervisor")
    admin.post(f"/people/{member('viewer').pk}/", {"role": "viewer", "scope": "all"})
    assert member("viewer").queues is None


def test_an_organisation_keeps_its_last_admin(admin: Client) -> None:
    row = member("admin")
    for answer in (
        admin.post(f"/people/{row.pk}/", {"role": "viewer", "scope": "all"}),
        admin.post(f"/people/{row.pk}/remove/"),
    ):
        assert (answer.status_code, "last admin" in words_of(answer)) == (409, True)
    gone = person("gone", role="admin", is_active=False)
    assert admin.post(f"/people/{row.pk}/remove/").status_code == 409, "one who cannot sign in does not count"
    assert (member("admin").role, actions()) == ("admin", [])
    gone.is_active = True
    gone.save()
    assert admin.post(f"/people/{row.pk}/remove/").status_code == 302
    assert admin.get("/people/").status_code == 403


def test_somebody_keeps_seeing_to_all_queues(admin: Client) -> None:
    """Whoever is confined to some can neither give nor touch the others."""
    row, second = member("admin"), person("second", role="admin")
    Membership.objects.filter(user=second).update(queues=["111834"])
    confined = {"role": "admin", "scope": "chosen", "queue": ["111834"]}
    for address, form in ((f"/people/{row.pk}/", confined), (f"/people/{row.pk}/", {"role": "viewer"}), (f"/people/{row.pk}/remove/", {})):
        answer = admin.post(address, form)
        assert (answer.status_code, "no other admin sees all queues" in words_of(answer)) == (409, True)
    assert (member("admin").queues, actions()) == (None, [])
    Membership.objects.filter(user=second).update(queues=None)
    assert admin.post(f"/people/{row.pk}/", confined).status_code == 302
    assert member("admin").queues == ["111834"]


def test_nobody_is_confined_to_no_queue_at_all(admin: Client) -> None:
    answer = admin.post(f"/people/{member('viewer').pk}/", {"role": "supervisor", "scope": "chosen"})
    assert (answer.status_code, "Choose at least one queue" in words_of(answer)) == (400, True)
    assert (member("viewer").role, member("viewer").queues, actions()) == ("viewer", None, [])


def test_whoever_is_removed_sees_nothing_and_can_be_put_back(admin: Client, house: dict[str, Any]) -> None:
    browser = browser_of(house["supervisor"])
    row = member("supervisor")
    row.queues = ["111834"]
    row.save()
    answer = admin.post(f"/people/{row.pk}/remove/", follow=True)
    assert "supervisor is removed" in words_of(answer)
    assert browser.get("/account/").status_code == 403
    removed = re.search(r'name="removed" value="([^"]+)"', answer.content.decode())
    assert removed is not None
    stranger = browser_of(house["stranger"])
    assert stranger.post("/people/back/", {"removed": removed[1]}).status_code == 404, "not into another organisation"
    assert admin.post("/people/back/", {"removed": removed[1] + "x"}).status_code == 404
    admin.post("/people/back/", {"removed": removed[1]})
    assert (member("supervisor").role, member("supervisor").queues) == ("supervisor", ["111834"])
    assert browser.get("/account/").status_code == 200
    assert actions() == ["people.removed", "people.put_back"]


def test_rows_of_another_organisation_do_not_exist(admin: Client, house: dict[str, Any]) -> None:
    foreign = member("stranger")
    invitation, _word = Invitation.issue(foreign.organisation, "x@example.org", "admin", None)
    for path in (
        f"/people/{foreign.pk}/",
        f"/people/{foreign.pk}/remove/",
        f"/people/invitations/{invitation.pk}/revoke/",
        "/people/999999/",
    ):
        assert admin.post(path, {"role": "viewer", "scope": "all"}).status_code == 404, path
    foreign.refresh_from_db()
    invitation.refresh_from_db()
    assert (foreign.role, invitation.revoked_at) == ("admin", None)
    assert "x@example.org" not in words_of(admin.get("/people/"))


def test_an_admin_of_some_queues_gives_away_no_more_than_those(house: dict[str, Any]) -> None:
    row = member("admin")
    row.queues = ["111834"]
    row.save()
    admin = browser_of(house["admin"])
    viewer = member("viewer")
    assert admin.post(f"/people/{row.pk}/", {"role": "admin", "scope": "all"}).status_code == 403, "not even to themselves"
    assert admin.post("/people/invite/", {"email": "a@example.org", "role": "admin", "scope": "all"}).status_code == 403
    assert (
        admin.post("/people/invite/", {"email": "a@example.org", "role": "admin", "scope": "chosen", "queue": "111835"}).status_code == 403
    )
    assert admin.post("/tokens/", {"name": "t", "scopes": "live", "scope": "all"}).status_code == 403
    assert admin.post(f"/people/{viewer.pk}/remove/").status_code == 403, "who sees more than they do"
    wide, _word = Invitation.issue(row.organisation, "b@example.org", "viewer", None)
    assert admin.post(f"/people/invitations/{wide.pk}/revoke/").status_code == 403, "nor takes back what is more than theirs"
    viewer.queues = ["111834"]
    viewer.save()
    assert admin.post(f"/people/{viewer.pk}/", {"role": "supervisor", "scope": "chosen", "queue": "111834"}).status_code == 302


def test_who_sees_some_queues_puts_nobody_back_who_saw_more(admin: Client, house: dict[str, Any]) -> None:
    """The address that puts somebody back is as good in another admin's hands."""
    answer = admin.post(f"/people/{member('supervisor').pk}/remove/", follow=True)
    removed = re.search(r'name="removed" value="([^"]+)"', answer.content.decode())
    assert removed is not None
    small = person("small", role="admin")
    Membership.objects.filter(user=small).update(queues=["111834"])
    assert browser_of(small).post("/people/back/", {"removed": removed[1]}).status_code == 403
    assert not Membership.objects.filter(user=house["supervisor"]).exists()


@pytest.mark.parametrize("role", ["viewer", "supervisor"])
def test_others_are_refused_in_words(house: dict[str, Any], role: str) -> None:
    browser = browser_of(house[role])
    pk = member("viewer").pk
    for path in ("/people/", "/tokens/", "/audit/", "/audit/audit.csv"):
        answer = browser.get(path)
        assert (answer.status_code, "not open to you" in words_of(answer)) == (403, True), path
    for path in (
        f"/people/{pk}/",
        f"/people/{pk}/remove/",
        "/people/invite/",
        "/people/back/",
        "/people/invitations/1/revoke/",
        "/tokens/1/revoke/",
    ):
        assert browser.post(path, {"role": "admin", "scope": "all"}).status_code == 403, path
    assert member("viewer").role == "viewer"


def test_every_change_wants_a_form_of_ours(house: dict[str, Any]) -> None:
    """CSRF; and a mere look, as a link checker takes, changes nothing."""
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(house["admin"])
    pk = member("viewer").pk
    paths = [
        f"/people/{pk}/",
        f"/people/{pk}/remove/",
        "/people/invite/",
        "/people/back/",
        "/tokens/",
        "/account/",
        "/account/organisation/",
    ]
    for path in paths:
        assert careful.post(path, {"role": "admin", "scope": "all", "email": "a@example.org"}).status_code == 403, path
        assert careful.get(path).status_code in (200, 302), path
    assert (member("viewer").role, Invitation.objects.count(), actions()) == ("viewer", 0, [])


def test_an_invited_person_makes_an_account_and_is_in(admin: Client) -> None:
    link = invited(admin, queue="111834", scope="chosen")
    assert link not in admin.get("/people/").content.decode(), "shown once"
    newcomer = Client(headers={"accept-language": "en"})
    assert "You are invited to Default" in words_of(newcomer.get(link))
    assert Membership.objects.count() == 4, "looking changes nothing"
    answer = newcomer.post(link, {"username": "nina", "password": PASSWORD, "again": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert (member("nina").role, member("nina").queues) == ("supervisor", ["111834"])
    assert newcomer.get("/account/").status_code == 200
    assert PEOPLE.objects.get(username="nina").email == "", "a link proves no mailbox"
    assert Client().get(link).status_code == 404, "works once"
    assert actions() == ["people.invited", "people.joined", "sign_in.done"]


def test_an_existing_person_joins_with_their_own_account(admin: Client, house: dict[str, Any]) -> None:
    link = invited(admin)
    stranger = Client(headers={"accept-language": "en"})
    sign_in(stranger, "stranger", next=link)
    assert "Join as stranger" in words_of(stranger.get(link))
    assert stranger.post(link).status_code == 302
    assert set(Membership.objects.filter(user=house["stranger"]).values_list("organisation__slug", "role")) == {
        ("other", "admin"),
        ("default", "supervisor"),
    }
    assert stranger.session["organisation"] == "default"


def test_of_two_who_open_a_link_at_once_one_is_too_late(admin: Client, house: dict[str, Any]) -> None:
    """Both had the form before either sent it."""
    word = invited(admin).rstrip("/").rpartition("/")[2]
    one, other = Invitation.find(word), Invitation.find(word)
    assert one is not None
    assert other is not None
    with transaction.atomic():
        join(one, house["stranger"])
    with pytest.raises(Used), transaction.atomic():
        join(other, person("late", slug=""))
    assert not Membership.objects.filter(user__username="late").exists()


def test_an_invitation_never_takes_a_role_away(admin: Client, house: dict[str, Any]) -> None:
    browser = browser_of(house["supervisor"])
    browser.post(invited(admin, role="viewer"))
    assert member("supervisor").role == "supervisor"
    browser.post(invited(admin, role="admin"))
    assert member("supervisor").role == "admin"


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({"username": "ADMIN"}, "is taken"),
        ({"username": "two words"}, "Enter a valid username"),
        ({"username": ""}, "Enter a valid username"),
        ({"again": "something else"}, "two passwords differ"),
        ({"password": "kort", "again": "kort"}, "at least 12 characters"),
    ],
)
def test_a_newcomers_wrong_wishes_are_answered_in_words(admin: Client, wishes: dict[str, str], words: str) -> None:
    link = invited(admin)
    newcomer = Client(headers={"accept-language": "en"})
    answer = newcomer.post(link, {"username": "nina", "password": PASSWORD, "again": PASSWORD, **wishes})
    assert (answer.status_code, words in words_of(answer)) == (400, True)
    assert newcomer.get(link).status_code == 200, "the link still works"


def test_an_invitation_ends_by_time_by_hand_and_by_a_newer_one(admin: Client) -> None:
    first = invited(admin)
    second = invited(admin, email="NEW@example.org")
    assert (Client().get(first).status_code, Client().get(second).status_code) == (404, 200)
    row = Invitation.objects.get(revoked_at=None)
    Invitation.objects.filter(pk=row.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().get(second).status_code == 404
    third = invited(admin)
    admin.post(f"/people/invitations/{Invitation.objects.latest('pk').pk}/revoke/")
    assert Client().get(third).status_code == 404
    assert Client().post(third, {"username": "nina", "password": PASSWORD, "again": PASSWORD}).status_code == 404
    assert actions()[-1] == "people.invitation_revoked"


@pytest.mark.parametrize("wishes", [{"email": "no address"}, {"role": "owner"}, {"scope": "chosen"}])
def test_a_wrong_invitation_is_answered_in_words(admin: Client, wishes: dict[str, str]) -> None:
    answer = admin.post("/people/invite/", {"email": "new@example.org", "role": "viewer", "scope": "all", **wishes})
    assert answer.status_code == 400
    assert 'role="alert"' in answer.content.decode()
    assert Invitation.objects.count() == 0


def test_a_wrong_address_does_not_widen_what_the_invited_may_see(admin: Client) -> None:
    wishes = {"email": "no address", "role": "supervisor", "scope": "chosen", "queue": ["111834"]}
    html = admin.post("/people/invite/", wishes).content.decode().partition('action="/people/invite/"')[2].partition("</form>")[0]
    assert re.findall(r'<input type="(?:radio|checkbox)" name="(\w+)" value="(\w+)"(?: required)? checked', html) == [
        ("role", "supervisor"),
        ("scope", "chosen"),
        ("queue", "111834"),
    ]
    assert 'value="no address"' in html


def test_an_invitation_is_mailed_where_a_server_is_named(admin: Client, settings: Any) -> None:
    settings.EMAIL_HOST = "mail.example.org"
    organisation = Organisation.objects.get(slug="default")
    organisation.name = "Kund\nBcc: all@example.org"
    organisation.save()
    link = invited(admin)
    (letter,) = mail.outbox
    assert letter.to == ["new@example.org"]
    assert f"http://testserver{link}" in letter.body
    assert letter.subject == "You are invited to the wallboard of Kund Bcc: all@example.org"


def test_a_mail_server_that_is_away_is_said_and_stops_nothing(admin: Client, settings: Any, free_port: int) -> None:
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", free_port, False
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    page = admin.post("/people/invite/", {"email": "new@example.org", "role": "viewer", "scope": "all"})
    assert "The mail server did not take it" in words_of(page)
    assert Invitation.objects.count() == 1


def test_names_are_text_and_nothing_else(admin: Client) -> None:
    hostile = PEOPLE.objects.create_user(username="<img src=x onerror=alert(1)>")
    Membership.objects.create(user=hostile, organisation=Organisation.objects.get(slug="default"), role="viewer")
    html = admin.get("/people/").content.decode()
    assert "<img src=x" not in html
    assert "&lt;img src=x" in html
