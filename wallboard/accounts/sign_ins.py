"""What signing in remembers: failures that count towards a wait, identities of an outside sign-in, which browsers are signed in, and which
password the environment gave.

Rules that hold here: a failure is kept under a keyed digest, never under what was typed; an outside identity belongs to one person for
good; a session's row goes when the session goes.
"""

from django.conf import settings
from django.db import models


class FailedSignIns(models.Model):
    """How often somebody failed of late; `digest` stands for an account and an address together, or for an address alone."""

    digest = models.CharField(max_length=64, unique=True, editable=False)
    failures = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.digest[:8]}: {self.failures}"


class OutsideIdentity(models.Model):
    """A person as an OpenID Connect issuer knows them: `subject` never changes there, an e-mail address may."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="outside_identities")
    issuer = models.CharField(max_length=300)
    subject = models.CharField(max_length=255)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issuer", "subject"], name="one_person_of_an_identity")]

    def __str__(self) -> str:
        return f"{self.user} at {self.issuer}"


class GivenPassword(models.Model):
    """The password that the environment last gave somebody, as a slow digest: what was changed in the browser since then stays."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=128, editable=False)

    def __str__(self) -> str:
        return f"of {self.user}"


class OpenSession(models.Model):
    """A browser in which somebody is signed in."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="open_sessions")
    session_key = models.CharField(max_length=40, unique=True, editable=False)
    began_at = models.DateTimeField(auto_now_add=True)
    address = models.CharField(max_length=64, blank=True)
    browser = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-began_at"]

    def __str__(self) -> str:
        return f"{self.user} since {self.began_at}"
