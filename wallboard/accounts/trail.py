"""What people did and looked at, in lines that nobody changes; and which lost callers somebody has taken care of.

Rules that hold here: a line of the audit log is written once; the model refuses a change and so does the database; it holds no telephone
number, token or password.
"""

from typing import Any

from django.db import models

from stats.models import Organisation


class Unchangeable(TypeError):
    """Somebody tried to change a line of the audit log."""


class AuditEntry(models.Model):
    """Who did what to what, when. `actor` is the row of a person or token; names are kept as they were."""

    organisation = models.CharField(max_length=60)
    at = models.DateTimeField(auto_now_add=True)
    actor_kind = models.CharField(max_length=12)
    actor = models.CharField(max_length=40, blank=True)
    actor_name = models.CharField(max_length=200, blank=True)
    action = models.CharField(max_length=60)
    subject_kind = models.CharField(max_length=30, blank=True)
    subject = models.CharField(max_length=200, blank=True)
    detail = models.JSONField(default=dict, blank=True)
    address = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["organisation", "-id"], name="audit_newest"),
            models.Index(fields=["organisation", "action", "-id"], name="audit_by_action"),
        ]

    def __str__(self) -> str:
        return f"{self.at} {self.actor_name} {self.action} {self.subject}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Once."""
        if not self._state.adding:
            raise Unchangeable("a line of the audit log is not changed")
        super().save(*args, **kwargs)


class HandledCaller(models.Model):
    """A lost caller of one day whom somebody has taken care of; `mark` is the number's keyed digest, never the number."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    day = models.CharField(max_length=10)
    mark = models.CharField(max_length=64)
    lost_at_ms = models.BigIntegerField(help_text="Of the call that was handled: a later one is lost anew.")
    handled_by = models.CharField(max_length=150)
    handled_at = models.DateTimeField(auto_now_add=True)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "day", "mark"], name="one_mark_of_a_caller_and_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.mark[:8]}"
