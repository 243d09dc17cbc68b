"""Keys that open the product without a login: API tokens for programs and screen tokens for televisions.

Only a SHA-256 digest is kept: the tokens are 256 random bits, so there is nothing to guess and nothing to read back.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.utils import timezone

from stats.models import Organisation

# A program may ask 20 times a second; when it last did so matters to the minute.
LAST_USED_STEP = timedelta(minutes=1)


def digest_of(token: str) -> str:
    """The SHA-256 digest, hexadecimal, under which a token is kept."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class _Token(models.Model):
    """What the two kinds of token share."""

    name = models.CharField(max_length=120)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    @classmethod
    def find(cls, token: str) -> Self | None:
        """The token's row when it exists and is not revoked, its organisation fetched with it."""
        if not token or len(token) > 512:
            return None
        return cls._default_manager.select_related("organisation").filter(digest=digest_of(token), revoked_at=None).first()

    def revoke(self, now: datetime | None = None) -> None:
        """Closes the door; a second call keeps the first instant."""
        if self.revoked_at is None:
            self.revoked_at = now or timezone.now()
            self.save(update_fields=["revoked_at"])


class ApiToken(_Token):
    """Lets a program read one organisation's numbers."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="api_tokens")
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def issue(cls, organisation: Organisation, name: str, token: str = "") -> tuple["ApiToken", str]:
        """A new row and the token in clear, which is shown once; `token` gives one made elsewhere."""
        plain = token or "wb_" + secrets.token_urlsafe(32)
        return cls.objects.create(organisation=organisation, name=name, digest=digest_of(plain)), plain

    def note_use(self, now: datetime | None = None) -> None:
        """Remembers the use, at most once a minute."""
        moment = now or timezone.now()
        if self.last_used_at is None or moment - self.last_used_at >= LAST_USED_STEP:
            ApiToken.objects.filter(pk=self.pk).update(last_used_at=moment)
            self.last_used_at = moment


class ScreenToken(_Token):
    """Lets a television show one board, and nothing else."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="screen_tokens")
    board = models.SlugField(max_length=60)

    def __str__(self) -> str:
        return f"{self.name} ({self.board})"

    @classmethod
    def issue(cls, organisation: Organisation, board: str, name: str) -> tuple["ScreenToken", str]:
        """A new row and the token in clear, which is shown once."""
        plain = secrets.token_urlsafe(32)
        return cls.objects.create(organisation=organisation, board=board, name=name, digest=digest_of(plain)), plain
