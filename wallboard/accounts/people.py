"""Who belongs to which organisation, as what; and who has been asked to join.

Rules that hold here: a person sees an organisation by a membership and by nothing else, whoever administers the installation; a role is a
set of abilities (`wallboard.accounts.roles`); `queues` None is every queue, a list is those alone.
"""

import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, models
from django.utils import timezone

from stats.models import Organisation
from wallboard.accounts.digests import digest_of
from wallboard.accounts.roles import PEOPLES_ROLES

INVITED_FOR = timedelta(days=7)
# When somebody last looked matters to the few minutes.
SEEN_STEP = timedelta(minutes=5)
ROLE_CHOICES = [(role, role) for role in PEOPLES_ROLES]


class Membership(models.Model):
    """One person in one organisation."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=ROLE_CHOICES, default="viewer")
    queues = models.JSONField(null=True, blank=True, help_text="Keys of the queues this person may see; empty: all.")
    created_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["organisation", "user"]
        constraints = [models.UniqueConstraint(fields=["user", "organisation"], name="one_membership_of_a_person")]

    def __str__(self) -> str:
        return f"{self.user} {self.role} {self.organisation}"

    def note_look(self, now: datetime | None = None) -> None:
        """Remembers that the person has just looked, at most every SEEN_STEP; a database too busy for that stops no look."""
        moment = now or timezone.now()
        if self.last_seen_at is None or moment - self.last_seen_at >= SEEN_STEP:
            with suppress(DatabaseError):
                Membership.objects.filter(pk=self.pk).update(last_seen_at=moment)
            self.last_seen_at = moment


class Invitation(models.Model):
    """A link that makes a member of whoever opens it; only its digest is kept."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=12, choices=ROLE_CHOICES, default="viewer")
    queues = models.JSONField(null=True, blank=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.email} {self.role}"

    @classmethod
    def issue(cls, organisation: Organisation, email: str, role: str, queues: list[str] | None, by: Any = None) -> tuple["Invitation", str]:
        """A new row and the word of its link in clear, which is shown once."""
        plain = secrets.token_urlsafe(32)
        row = cls.objects.create(
            organisation=organisation,
            email=email,
            role=role,
            queues=queues,
            invited_by=by,
            digest=digest_of(plain),
            expires_at=timezone.now() + INVITED_FOR,
        )
        return row, plain

    @classmethod
    def find(cls, plain: str, now: datetime | None = None) -> "Invitation | None":
        """The open invitation of a link's word."""
        if not plain or len(plain) > 512:
            return None
        wanted = cls.objects.select_related("organisation").filter(digest=digest_of(plain), accepted_at=None, revoked_at=None)
        return wanted.filter(expires_at__gt=now or timezone.now()).first()
