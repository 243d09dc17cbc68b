"""API tokens: made with what they may read and until when, shown once, revoked for good."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from stats.models import Organisation
from tests.accounts.conftest import ON_THIS_ENGINE, actions, words_of
from wallboard.accounts.models import ApiToken, AuditEntry

pytestmark = [ON_THIS_ENGINE, pytest.mark.engines]
WISHES = {"name": "Weekly report", "scopes": ["live", "calls"], "scope": "all", "end": "30"}


def made(admin: Client, **wishes: Any) -> str:
    """The token that the page shows."""
    found = re.search(r'value="(wb_[^"]+)"', admin.post("/tokens/", {**WISHES, **wishes}).content.decode())
    assert found is not None
    return found[1]


def test_a_token_is_made_as_wished_shown_once_and_kept_as_a_digest(admin: Client) -> None:
    plain = made(admin, scope="chosen", queue=["111834"])
    token = ApiToken.find(plain)
    assert token is not None
    assert (token.name, token.scopes, token.queues, token.organisation.slug) == ("Weekly report", ["live", "calls"], ["111834"], "default")
    assert token.expires_at is not None
    assert timedelta(days=29) < token.expires_at - timezone.now() <= timedelta(days=30)
    again = admin.get("/tokens/").content.decode()
    assert plain not in again
    assert "Weekly report" in again
    assert plain not in str(list(AuditEntry.objects.values()) + list(ApiToken.objects.values()))
    assert actions() == ["tokens.made"]


def test_a_token_without_an_end_has_none(admin: Client) -> None:
    token = ApiToken.find(made(admin, end=""))
    assert token is not None
    assert token.expires_at is None


def test_a_revoked_token_opens_nothing_and_leaves_the_list(admin: Client) -> None:
    plain = made(admin)
    token = ApiToken.find(plain)
    assert token is not None
    assert admin.get(f"/tokens/{token.pk}/revoke/").status_code == 302
    assert ApiToken.find(plain) is not None, "a look revokes nothing"
    admin.post(f"/tokens/{token.pk}/revoke/")
    admin.post(f"/tokens/{token.pk}/revoke/")
    assert ApiToken.find(plain) is None
    assert "Weekly report" not in words_of(admin.get("/tokens/"))
    assert actions() == ["tokens.made", "tokens.revoked"]


@pytest.mark.parametrize(
    "wishes",
    [{"name": " "}, {"name": "x" * 81}, {"scopes": []}, {"scopes": ["everything"]}, {"end": "9999"}, {"scope": "chosen"}],
)
def test_a_wrong_wish_is_answered_in_words(admin: Client, wishes: dict[str, Any]) -> None:
    answer = admin.post("/tokens/", {**WISHES, **wishes})
    assert answer.status_code == 400
    assert 'role="alert"' in answer.content.decode()
    assert ApiToken.objects.count() == 0


def test_a_wrong_name_does_not_widen_what_the_token_may_read(admin: Client) -> None:
    wishes = {"name": " ", "scopes": ["calls"], "scope": "chosen", "queue": ["111834"], "end": "30"}
    html = admin.post("/tokens/", wishes).content.decode()
    chosen = re.findall(r'<input type="(?:radio|checkbox)" name="(\w+)" value="(\w+)" checked', html)
    assert chosen == [("scopes", "calls"), ("scope", "chosen"), ("queue", "111834")]
    assert '<option value="30" selected>' in html


def test_a_token_of_another_organisation_does_not_exist(admin: Client) -> None:
    foreign, plain = ApiToken.issue(Organisation.objects.get(slug="other"), "theirs")
    assert admin.post(f"/tokens/{foreign.pk}/revoke/").status_code == 404
    assert ApiToken.find(plain) == foreign
    assert "theirs" not in words_of(admin.get("/tokens/"))


def test_a_token_that_has_ended_is_said_to_have(admin: Client) -> None:
    token, plain = ApiToken.issue(Organisation.objects.get(slug="default"), "old")
    ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now() - timedelta(days=1))
    assert ApiToken.find(plain) is None
    assert re.search(r"old All queues Ended \d{4}-", words_of(admin.get("/tokens/")))
