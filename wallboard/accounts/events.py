"""Writes signing in and what people do with their own account into the audit log of every organisation they belong to.

Rules that hold here: a failed sign-in takes the same steps whether the account exists or not; what was typed as a user name is kept only
when it is one, for people type their password there too.
"""

from typing import Any

import structlog
from django.contrib.auth import get_user_model

from wallboard.accounts import journal
from wallboard.accounts.models import Membership

log = structlog.get_logger(__name__)


def note(person: Any, action: str, address: str = "", **detail: object) -> None:
    """One line in each organisation of a person; in none's where they belong to none."""
    _write(Membership.objects.filter(user=person), person.pk, person.get_username(), action, address, detail)


def note_failure(account: str, action: str, address: str, **detail: object) -> None:
    """One line where the account belongs, or in none's where there is no such account."""
    person = get_user_model()._default_manager.filter(username=account).first()
    _write(
        Membership.objects.filter(user__username=account),
        None if person is None else person.pk,
        "" if person is None else person.get_username(),
        action,
        address,
        detail,
    )
    log.warning("sign_in_failed", action=action, known=person is not None)


def _write(memberships: Any, row: int | None, name: str, action: str, address: str, detail: dict[str, object]) -> None:
    slugs = list(memberships.values_list("organisation__slug", flat=True)) or [""]
    for slug in slugs:
        journal.write(
            slug,
            action,
            actor_kind="person",
            actor="" if row is None else str(row),
            actor_name=name,
            subject_kind="person",
            subject=name,
            address=address,
            detail=dict(detail),
        )
