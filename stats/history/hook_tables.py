"""The table of the addresses at which vendors post to us.

Rules that hold here: the key in an address and what the vendor signs with lie sealed; an address is found by the digest of its key, which
opens nothing.
"""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone

from stats import vault


class SourceHook(models.Model):
    """One address of one source. While one is replaced by another, both let in, each until its own end."""

    source = models.ForeignKey("stats.Source", on_delete=models.CASCADE, related_name="hooks")
    mark = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the key in the address.")
    sealed_key = models.TextField(editable=False)
    sealed_secret = models.TextField(blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    retires_at = models.DateTimeField(null=True, blank=True, help_text="Let in until then; empty: until further notice.")
    # When a delivery that proves the address works last came, and when any did; told once a minute at most.
    verified_at = models.DateTimeField(null=True, blank=True)
    last_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.mark[:8]

    @property
    def key(self) -> str:
        """The last word of the address; raises `vault.Unreadable` when the key of the vault is gone."""
        return vault.unseal(self.sealed_key, self.source.owner)

    @key.setter
    def key(self, plain: str) -> None:
        self.sealed_key = vault.seal(plain, self.source.owner)

    @property
    def secret(self) -> str:
        """What the vendor signs with, "" where it signs nothing or has not told yet; raises `vault.Unreadable`."""
        return vault.unseal(self.sealed_secret, self.source.owner)

    @secret.setter
    def secret(self, plain: str) -> None:
        self.sealed_secret = vault.seal(plain, self.source.owner)

    def lets_in(self, now: datetime | None = None) -> bool:
        """Whether what is posted here is still taken."""
        return self.retires_at is None or self.retires_at > (now or timezone.now())


def in_force(now: datetime | None = None) -> Q:
    """Those that let in."""
    return Q(retires_at__isnull=True) | Q(retires_at__gt=now or timezone.now())
