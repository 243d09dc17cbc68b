"""Keys that open the product without a login: API tokens for programs, and screens, which are televisions and links to boards.

Rules that hold here: only digests are kept; a screen's key opens its boards and nothing else; a paired screen that nobody switched on
for SLIDES has lost its key.
"""

import secrets
from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from stats.models import Organisation
from wallboard.accounts.digests import digest_of
from wallboard.accounts.roles import every_scope

# A program may ask 20 times a second; when it last did so matters to the minute.
LAST_USED_STEP = timedelta(minutes=1)
# From its last use, how long a paired screen may be away.
SLIDES = timedelta(days=180)
SLIDE_STEP = timedelta(hours=6)


class _Token(models.Model):
    """What the two kinds of token share."""

    name = models.CharField(max_length=120)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    queues = models.JSONField(null=True, blank=True, help_text="Keys of the queues it may see; empty: all.")

    class Meta:
        abstract = True

    @classmethod
    def open_ones(cls, now: datetime | None = None) -> "models.QuerySet[Self]":
        """Those that are neither revoked nor expired."""
        moment = now or timezone.now()
        wanted = cls._default_manager.select_related("organisation").filter(revoked_at=None)
        return wanted.filter(Q(expires_at=None) | Q(expires_at__gt=moment))

    @classmethod
    def find(cls, token: str) -> Self | None:
        """The token's row when it exists and is open, its organisation fetched with it."""
        if not token or len(token) > 512:
            return None
        return cls.open_ones().filter(digest=digest_of(token)).first()

    def revoke(self, now: datetime | None = None) -> None:
        """Closes the door; a second call keeps the first instant."""
        if self.revoked_at is None:
            self.revoked_at = now or timezone.now()
            self.save(update_fields=["revoked_at"])


class ApiToken(_Token):
    """Lets a program read one organisation's numbers, as far as its scopes and queues go."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="api_tokens")
    scopes = models.JSONField(default=every_scope)
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


class Screen(_Token):
    """A television: one that was paired (`paired_at`), or a link that opens one board wherever it is opened.

    `playlist` holds {"board": slug, "seconds": n}, shown in turn; where it is empty, `board` alone. What it is told to do lies here too, so
    that any process can tell it: `identify_until`, `reload_asked_at`, `blanked`.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="screens")
    board = models.SlugField(max_length=60)
    room = models.CharField(max_length=120, blank=True)
    playlist = models.JSONField(default=list, blank=True)
    inches = models.FloatField(null=True, blank=True)
    metres = models.FloatField(null=True, blank=True)
    theme = models.CharField(max_length=8, blank=True)
    language = models.CharField(max_length=8, blank=True)
    names = models.CharField(max_length=12, default="full")
    paired_at = models.DateTimeField(null=True, blank=True)
    paired_by = models.CharField(max_length=150, blank=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    identify_until = models.DateTimeField(null=True, blank=True)
    reload_asked_at = models.DateTimeField(null=True, blank=True)
    blanked = models.BooleanField(default=False)
    report = models.JSONField(default=dict, blank=True, help_text="What the screen last said of itself.")

    def __str__(self) -> str:
        return f"{self.name} ({self.board})"

    @property
    def boards(self) -> list[str]:
        """Every board its key opens, in the order of the playlist."""
        return list(dict.fromkeys([str(step["board"]) for step in self.playlist] or [self.board]))

    @classmethod
    def issue(cls, organisation: Organisation, board: str, name: str) -> tuple["Screen", str]:
        """A new link and its token in clear, which is shown once."""
        plain = secrets.token_urlsafe(32)
        return cls.objects.create(organisation=organisation, board=board, name=name, digest=digest_of(plain)), plain

    def note_use(self, now: datetime | None = None) -> None:
        """Slides a paired screen's end, at most every SLIDE_STEP."""
        moment = now or timezone.now()
        if self.last_seen_at is None or moment - self.last_seen_at >= SLIDE_STEP:
            self.last_seen_at = moment
            if self.paired_at is not None:
                self.expires_at = moment + SLIDES
            Screen.objects.filter(pk=self.pk).update(last_seen_at=self.last_seen_at, expires_at=self.expires_at)


class Pairing(models.Model):
    """A television that shows a code and waits. `digest` is of the secret it holds, which becomes its key when somebody claims the code."""

    code = models.CharField(max_length=8, unique=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    address = models.CharField(max_length=64, blank=True)
    seen = models.JSONField(default=dict, blank=True, help_text="What the television said of itself.")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    screen = models.ForeignKey(Screen, on_delete=models.CASCADE, null=True, blank=True, related_name="+")

    def __str__(self) -> str:
        return self.code
