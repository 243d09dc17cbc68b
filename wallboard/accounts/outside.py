"""Which person somebody is whom an identity provider has confirmed, and who they become when they are new here.

Rules that hold here: `oidc` has proved what it passes on; nobody is let in without a membership or an open invitation.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from wallboard.accounts.joining import Used, join
from wallboard.accounts.models import Invitation, OutsideIdentity

LONGEST_NAME = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the provider told: `email` is empty unless verified, `wish` a user name that proves nothing."""

    issuer: str
    subject: str
    email: str
    wish: str


def person_of(told: Told) -> Any | None:
    """The person, new ones made where an invitation waits; None when nobody may come in."""
    with suppress(Used), transaction.atomic():
        known = OutsideIdentity.objects.select_related("user").filter(issuer=told.issuer, subject=told.subject).first()
        person = known.user if known is not None else None
        invitations = _invitations_of(told.email)
        if person is None and told.email:
            people = list(get_user_model()._default_manager.filter(email__iexact=told.email)[:2])
            if len(people) > 1:
                # Two with one address: neither is proved.
                return None
            person = people[0] if people else _new_person(told) if invitations else None
        if person is None or not person.is_active:
            return None
        for invitation in invitations:
            join(invitation, person)
        if not person.memberships.exists():
            return None
        if known is None:
            OutsideIdentity.objects.create(user=person, issuer=told.issuer, subject=told.subject)
        return person
    return None


def link(person: Any, told: Told) -> bool:
    """Lets somebody who is signed in come this way too; False when the identity is another's."""
    row, _made = OutsideIdentity.objects.get_or_create(issuer=told.issuer, subject=told.subject, defaults={"user": person})
    return bool(row.user_id == person.pk)


def _invitations_of(email: str) -> list[Invitation]:
    if not email:
        return []
    wanted = Invitation.objects.select_related("organisation").filter(email__iexact=email, accepted_at=None, revoked_at=None)
    return list(wanted.filter(expires_at__gt=timezone.now()))


def _new_person(told: Told) -> Any:
    people: Any = get_user_model()._default_manager
    wanted = "".join(sign for sign in (told.wish or told.email) if sign.isalnum() or sign in "@.+-_")[: LONGEST_NAME - 8] or "person"
    name, number = wanted, 1
    while people.filter(username__iexact=name).exists():
        number += 1
        name = f"{wanted}-{number}"
    # Without a password: only this provider can say that it is them.
    return people.create_user(username=name, email=told.email, password=None)
