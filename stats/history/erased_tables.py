"""The tables of what is gone: agents who were erased, and the nights in which old rows were cleared away."""

from django.db import models


class ErasedAgent(models.Model):
    """An agent who was erased: `mark` is the keyed digest of one of the keys the agent went by, told of as `pseudonym` until then."""

    organisation = models.CharField(max_length=60)
    mark = models.CharField(max_length=64)
    pseudonym = models.CharField(max_length=60)
    until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "mark"], name="one_mark_of_an_erased_agent")]

    def __str__(self) -> str:
        return self.pseudonym


class RetentionRun(models.Model):
    """One night's clearing away for one organisation: who works on it until when, and what it has removed so far."""

    organisation = models.CharField(max_length=60)
    night = models.CharField(max_length=10, help_text="The organisation's own date.")
    holder = models.CharField(max_length=60, blank=True)
    held_until = models.DateTimeField(null=True)
    began_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)
    removed = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "night"], name="one_run_of_a_night")]

    def __str__(self) -> str:
        return f"{self.organisation} {self.night}"
