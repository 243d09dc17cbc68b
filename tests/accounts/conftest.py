"""What tests of accounts may ask for: organisations with people in every role, and browsers they are signed in with."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.test import Client

from stats.models import Organisation
from wallboard.accounts.models import AuditEntry, Membership
from wallboard.push import admission, live

PASSWORD = "kastanj-i-motljus"  # made up
# Pages let go of their connection when they are done, and a transaction of the test would go with it.
ON_THIS_ENGINE = pytest.mark.django_db(transaction=True)
ROLES = ("viewer", "supervisor", "admin")


def person(name: str, slug: str = "default", role: str = "viewer", **fields: Any) -> Any:
    """Somebody with PASSWORD, and a membership where `slug` names an organisation."""
    made = get_user_model()._default_manager.create_user(username=name, password=PASSWORD, **fields)
    if slug:
        organisation, _new = Organisation.objects.get_or_create(slug=slug, defaults={"name": slug.title()})
        Membership.objects.create(user=made, organisation=organisation, role=role)
    return made


def browser_of(made: Any, **headers: str) -> Client:
    """A browser in which the person is signed in."""
    client = Client(headers={"accept-language": "en", **headers})
    client.force_login(made)
    return client


def sign_in(client: Client, name: str, password: str = PASSWORD, next: str = "", **more: Any) -> Any:
    """What the sign-in page answers."""
    return client.post("/login/", {"username": name, "password": password, "next": next}, **more)


def words_of(answer: Any) -> str:
    """The words of a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def actions(slug: str = "default") -> list[str]:
    """What the audit log of an organisation says was done, oldest first."""
    return list(AuditEntry.objects.filter(organisation=slug).order_by("id").values_list("action", flat=True))


@pytest.fixture
def house(redis_server: str) -> Iterator[dict[str, Any]]:
    """Two organisations: `default` with a person in each role, `other` with an admin of its own."""
    admission.forget_all()
    people = {role: person(role, role=role) for role in ROLES}
    people["stranger"] = person("stranger", slug="other", role="admin")
    yield people
    async_to_sync(live.close)()


@pytest.fixture
def admin(house: dict[str, Any]) -> Client:
    """The browser of the admin of `default`."""
    return browser_of(house["admin"])
