"""Coming in: by password, slowed down when guessed, to where one wanted to go and never elsewhere."""

from datetime import timedelta

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.accounts.conftest import ON_THIS_ENGINE, PASSWORD, actions, browser_of, person, sign_in, words_of
from wallboard.accounts import throttle
from wallboard.accounts.forgetting import forget_old
from wallboard.accounts.models import AuditEntry, FailedSignIns, Membership, OpenSession

pytestmark = [ON_THIS_ENGINE, pytest.mark.engines]


def test_the_right_password_leads_on_to_where_one_wanted_to_go() -> None:
    person("anna")
    client = Client()
    assert client.get("/people/?changed=x")["Location"] == "/login/?next=%2Fpeople%2F%3Fchanged%3Dx"
    answer = sign_in(client, "anna", next="/people/?changed=x")
    assert (answer.status_code, answer["Location"]) == (302, "/people/?changed=x")
    assert actions() == ["sign_in.done"]


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:///evil.example",
        "/login/",
        "/logout/",
        "",
    ],
)
def test_it_never_leads_to_another_host_or_round_in_circles(elsewhere: str) -> None:
    person("anna")
    assert sign_in(Client(), "anna", next=elsewhere)["Location"] == "/"


def test_signing_in_changes_the_key_of_the_session() -> None:
    """Session fixation: a key that somebody else knew before opens nothing after."""
    person("anna")
    client = Client()
    session = client.session
    session["planted"] = "yes"
    session.save()
    client.cookies["sessionid"] = former = session.session_key
    sign_in(client, "anna")
    assert client.cookies["sessionid"].value not in (former, "")
    thief = Client()
    thief.cookies["sessionid"] = former
    assert thief.get("/account/").status_code == 302


def test_a_session_key_that_a_stranger_made_up_is_not_taken() -> None:
    person("anna")
    client = Client()
    client.cookies["sessionid"] = made_up = "a" * 32
    sign_in(client, "anna")
    assert client.cookies["sessionid"].value != made_up


def test_ten_wrong_passwords_make_that_account_wait_at_that_address_alone() -> None:
    person("anna")
    person("bert")
    client = Client()
    for _ in range(10):
        assert sign_in(client, "anna", "wrong").status_code == 200
    answer = sign_in(client, "anna")
    assert answer.status_code == 429
    assert "Too many attempts from here. Wait 5 minutes" in words_of(answer)
    assert 0 < int(answer["Retry-After"]) <= 300
    assert sign_in(Client(), " ANNA ", "wrong").status_code == 429, "another spelling is the same account"
    assert sign_in(Client(), "bert").status_code == 302, "a colleague at the same address comes in"
    assert sign_in(Client(REMOTE_ADDR="192.0.2.7"), "anna").status_code == 302, "and so does she, from elsewhere"


def test_an_account_that_does_not_exist_waits_just_the_same_in_the_same_words() -> None:
    person("anna")

    def answers(name: str) -> list[tuple[int, str]]:
        told = [sign_in(Client(), name, "wrong") for _ in range(11)]
        return [(each.status_code, words_of(each)) for each in told]

    assert answers("anna") == answers("nobody")


def test_an_account_that_does_not_exist_takes_the_same_steps() -> None:
    """Timing: the same questions to the database; Django hashes the password in both."""
    person("anna")
    person("gone", is_active=False)
    sign_in(Client(), "who-comes-first", "wrong")
    questions = {}
    for name in ("anna", "nobody", "gone"):
        with CaptureQueriesContext(connection) as told:
            sign_in(Client(), name, "wrong")
        questions[name] = [each["sql"].split(" ", 3)[0] for each in told.captured_queries]
    assert questions["anna"] == questions["nobody"] == questions["gone"]


def test_somebody_shut_out_hears_what_everybody_hears() -> None:
    person("gone", is_active=False)
    assert "do not belong together" in words_of(sign_in(Client(), "gone"))


def test_waits_are_over_after_their_time_and_grow_for_whoever_goes_on() -> None:
    began = timezone.now()
    for n in range(10):
        assert throttle.enter("anna", "192.0.2.1", began + timedelta(seconds=n)) == 0
    last = began + timedelta(seconds=9)
    assert throttle.enter("anna", "192.0.2.1", last + timedelta(minutes=4, seconds=59)) == 2
    assert throttle.enter("anna", "192.0.2.1", last + timedelta(minutes=5)) == 0, "one more try"
    again = last + timedelta(minutes=5)
    assert throttle.enter("anna", "192.0.2.1", again + timedelta(minutes=9)) > 0, "and then twice as long"
    assert throttle.enter("anna", "192.0.2.1", again + timedelta(minutes=26)) == 0
    assert FailedSignIns.objects.order_by("failures").first().failures == 1, "forgotten after a quiet quarter of an hour"  # type: ignore[union-attr]
    assert forget_old(again + timedelta(hours=3)) == 2


def test_whoever_tries_many_accounts_waits_too() -> None:
    now = timezone.now()
    for n in range(100):
        assert throttle.enter(f"person{n}", "192.0.2.1", now) == 0
    assert throttle.enter("yet-another", "192.0.2.1", now) > 0
    assert throttle.enter("yet-another", "192.0.2.2", now) == 0


def test_an_office_behind_one_address_that_comes_to_work_is_not_stopped() -> None:
    now = timezone.now()
    for n in range(150):
        assert throttle.enter(f"person{n}", "192.0.2.1", now) == 0
        throttle.forgive(f"person{n}", "192.0.2.1")


def test_a_success_forgets_the_slips_before_it() -> None:
    person("anna")
    for _ in range(9):
        sign_in(Client(), "anna", "wrong")
    assert sign_in(Client(), "anna").status_code == 302
    for _ in range(9):
        assert sign_in(Client(), "anna", "wrong").status_code == 200


def test_neighbours_in_one_ipv6_network_count_as_one() -> None:
    now = timezone.now()
    for n in range(10):
        throttle.enter("anna", f"2001:db8:1:2::{n:x}", now)
    assert throttle.enter("anna", "2001:db8:1:2:ffff::1", now) > 0
    assert throttle.enter("anna", "2001:db8:1:3::1", now) == 0


def test_what_was_typed_is_kept_nowhere_unless_it_is_an_account() -> None:
    """People type their password into the wrong field."""
    person("anna")
    sign_in(Client(), "my-secret-password", "x")
    sign_in(Client(), "anna", "x")
    kept = [f"{row.actor_name} {row.subject} {row.detail} {row.organisation}" for row in AuditEntry.objects.order_by("id")]
    assert kept == ["  {} ", "anna anna {} default"]
    assert "anna" not in "".join(FailedSignIns.objects.values_list("digest", flat=True))


def test_the_admins_own_sign_in_is_ours() -> None:
    """Django's knows neither waits nor second steps."""
    person("boss", is_staff=True, is_superuser=True)
    client = Client(headers={"accept-language": "en"})
    assert client.get("/admin/")["Location"] == "/admin/login/?next=/admin/"
    page = client.get("/admin/login/?next=/admin/")
    assert "Is this a television? Pair it instead." in words_of(page)
    for _ in range(10):
        client.post("/admin/login/?next=/admin/", {"username": "boss", "password": "wrong"})
    assert client.post("/admin/login/?next=/admin/", {"username": "boss", "password": PASSWORD}).status_code == 429
    viewer = browser_of(person("anna"))
    answer = viewer.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/admin/login/")
    assert "may not see that page" in words_of(answer)


def test_signing_out_ends_the_session_and_is_written_down() -> None:
    client = Client()
    person("anna")
    sign_in(client, "anna")
    key = client.cookies["sessionid"].value
    assert client.get("/logout/").status_code == 405
    client.post("/logout/")
    assert actions() == ["sign_in.done", "sign_in.ended"]
    assert OpenSession.objects.count() == 0
    thief = Client()
    thief.cookies["sessionid"] = key
    assert thief.get("/account/").status_code == 302


def test_a_form_of_another_site_signs_nobody_in() -> None:
    person("anna")
    answer = sign_in(Client(enforce_csrf_checks=True), "anna")
    assert answer.status_code == 403


@pytest.mark.parametrize("weak", ["short-one-1", "1234567890123", "111222tianya", "annabergson-1"])
def test_passwords_are_long_unlike_the_name_and_not_digits_alone(weak: str) -> None:
    anna = person("annabergson")
    validate_password("four plain words here", anna)
    with pytest.raises(ValidationError):
        validate_password(weak, anna)


def test_what_nobody_needs_any_more_is_forgotten() -> None:
    client, now = Client(), timezone.now()
    person("anna")
    sign_in(Client(), "nobody", "wrong")
    sign_in(client, "anna")
    assert forget_old(now) == 0
    assert forget_old(now + timedelta(days=91)) == 4, "two counters, the browser, and the line of nobody's account"
    assert actions() == ["sign_in.done"]
    assert client.get("/logout/").status_code == 405


def test_when_somebody_last_looked_is_kept_to_the_few_minutes() -> None:
    row = Membership.objects.get(user=person("anna"))
    now = timezone.now()
    row.note_look(now)
    row.note_look(now + timedelta(minutes=4))
    assert Membership.objects.get().last_seen_at == now
    row.note_look(now + timedelta(minutes=5))
    assert Membership.objects.get().last_seen_at == now + timedelta(minutes=5)
