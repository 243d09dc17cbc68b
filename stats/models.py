"""Whose numbers these are: organisations, the sources their calls come from, and what each queue promises its callers."""

from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import F

from stats import vault


class Organisation(models.Model):
    """A customer with one time zone, in which its days begin and end.

    `settings_version` grows whenever this row, one of its queue settings or one of its sources changes, so that a worker or a web
    process sees with one small query whether what it remembers is still so.
    """

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    timezone = models.CharField(max_length=64, default="Europe/Stockholm")
    language = models.CharField(max_length=8, default="en")
    include_internal = models.BooleanField(default=False, help_text="Count calls between colleagues among the site's calls.")
    # Days for which something is kept; empty: for ever.
    keep_calls_days = models.PositiveIntegerField(null=True, blank=True)
    keep_numbers_days = models.PositiveIntegerField(null=True, blank=True)
    keep_presence_days = models.PositiveIntegerField(null=True, blank=True)
    keep_audit_days = models.PositiveIntegerField(null=True, blank=True)
    screen_names = models.CharField(max_length=12, default="short", help_text="How a newly paired screen names agents.")
    settings_version = models.PositiveBigIntegerField(default=1, editable=False)

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.slug

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Saves, and bumps the version when the row was there already."""
        with transaction.atomic():
            existed = not self._state.adding
            super().save(*args, **kwargs)
            if kwargs.get("update_fields") is None or "include_internal" in kwargs["update_fields"]:
                settings_in_force.note_organisation(self, created=not existed)
            if existed:
                self.bump()

    def bump(self) -> None:
        """Tells every process that settings of this organisation changed."""
        Organisation.objects.filter(pk=self.pk).update(settings_version=F("settings_version") + 1)
        self.refresh_from_db(fields=["settings_version"])


class _BelongsToOrganisation(models.Model):
    """A row whose change is a change of its organisation's settings."""

    organisation: Any

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Saves and bumps the organisation's version in one step."""
        with transaction.atomic():
            super().save(*args, **kwargs)
            self.organisation.bump()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Deletes and bumps the organisation's version in one step."""
        with transaction.atomic():
            gone = super().delete(*args, **kwargs)
            self.organisation.bump()
        return gone


class Source(_BelongsToOrganisation):
    """One telephone company's feed of one organisation. Its tokens lie sealed in the database (`stats.vault`).

    `settings`: the options of its company, by name. `hook_base` and `hook_mark`: which address of ours (`SourceHook.mark`, below which
    beginning) the vendor posts to, empty until it was told one; whoever changes them changes what the collector looks after.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="sources")
    name = models.SlugField(max_length=60)
    provider = models.CharField(max_length=40, default="telavox")
    live_url = models.CharField(max_length=300, blank=True)
    historic_url = models.CharField(max_length=300, blank=True)
    sealed_token = models.TextField(blank=True, editable=False)
    default_region = models.CharField(max_length=2, default="SE", help_text="Where a number without a country code is from (ISO 3166).")
    enabled = models.BooleanField(default=True)
    from_environment = models.BooleanField(
        default=False, editable=False, help_text="Made from TELAVOX_TOKEN, and follows it at each start."
    )
    token_set_at = models.DateTimeField(null=True, blank=True, editable=False)
    token_set_by = models.CharField(max_length=150, blank=True, editable=False)
    sealed_second_token = models.TextField(blank=True, editable=False)
    settings = models.JSONField(default=dict, blank=True)
    hook_base = models.CharField(max_length=300, blank=True, editable=False)
    hook_mark = models.CharField(max_length=64, blank=True, editable=False)
    paused_at = models.DateTimeField(null=True, blank=True, editable=False)
    paused_by = models.CharField(max_length=150, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["organisation", "name"]
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="one_source_of_a_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def token(self) -> str:
        """The vendor's token in clear; raises `vault.Unreadable` when its key is gone."""
        return vault.unseal(self.sealed_token, self.owner)

    @token.setter
    def token(self, plain: str) -> None:
        self.sealed_token = vault.seal(plain, self.owner)

    @property
    def second_token(self) -> str:
        """Another secret of the same company, "" where it has none; raises `vault.Unreadable`."""
        return vault.unseal(self.sealed_second_token, self.owner)

    @second_token.setter
    def second_token(self, plain: str) -> None:
        self.sealed_second_token = vault.seal(plain, self.owner)

    @property
    def owner(self) -> str:
        """For whom the token is sealed: in another organisation's row it opens nothing."""
        return f"source of organisation {self.organisation_id}"


class QueueSetting(_BelongsToOrganisation):
    """What one queue promises: answered within `target_s` for a `share` of its visits; those under `short_s` may be left out."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="queue_settings")
    queue_key = models.CharField(max_length=64, help_text="The vendor's stats id, or a:<account id> where only that is known.")
    target_s = models.PositiveIntegerField(default=20, validators=[MinValueValidator(1), MaxValueValidator(3600)])
    short_s = models.PositiveIntegerField(default=5, validators=[MaxValueValidator(600)])
    share = models.DecimalField(
        max_digits=4,
        decimal_places=3,
        default=Decimal("0.80"),
        validators=[MinValueValidator(Decimal("0")), MaxValueValidator(Decimal("1"))],
    )
    variant = models.CharField(max_length=40, default="short_excluded")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["organisation", "queue_key"]
        constraints = [models.UniqueConstraint(fields=["organisation", "queue_key"], name="one_setting_of_a_queue")]

    def __str__(self) -> str:
        return self.queue_key

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Saves, and writes down from which day on it is so."""
        with transaction.atomic():
            super().save(*args, **kwargs)
            settings_in_force.note_queue(self)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Deletes, and writes down from which day on the defaults are in force again."""
        with transaction.atomic():
            gone = super().delete(*args, **kwargs)
            settings_in_force.note_queue(self, gone=True)
        return gone


class ErasedNumber(_BelongsToOrganisation):
    """A telephone number that was erased and must not come back with the vendor's history; `mark` is its keyed digest."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="erased_numbers")
    mark = models.CharField(max_length=64)
    until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "mark"], name="one_mark_of_an_erased_number")]

    def __str__(self) -> str:
        return self.mark[:8]


class PresenceSlotRow(models.Model):
    """One agent's time in one profile inside one slot, as the hourly batch (or the history API) told it. Times in ms."""

    organisation = models.CharField(max_length=60)
    source = models.CharField(max_length=60)
    agent = models.CharField(max_length=64)
    agent_name = models.CharField(max_length=200, blank=True)
    start_ms = models.BigIntegerField()
    end_ms = models.BigIntegerField(null=True)
    profile = models.CharField(max_length=210)
    profile_name = models.CharField(max_length=200, blank=True)
    available = models.BooleanField(null=True)
    wrapup = models.BooleanField(default=False)
    usage_ms = models.BigIntegerField(null=True)
    busy_ms = models.BigIntegerField(null=True)
    times = models.IntegerField(null=True)
    calls_total = models.IntegerField(null=True)
    calls_answered = models.IntegerField(null=True)
    talk_ms = models.BigIntegerField(null=True)
    unit = models.CharField(max_length=2, default="ms")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "source", "agent", "start_ms", "profile"], name="one_row_of_a_slot_and_profile")
        ]
        indexes = [models.Index(fields=["organisation", "start_ms"], name="slots_by_start")]

    def __str__(self) -> str:
        return f"{self.agent} {self.start_ms} {self.profile}"


# Django finds models here; they live with the room that writes them.
from stats.history import settings_in_force  # noqa: E402
from stats.history.backfill_tables import BackfillDay  # noqa: E402, F401
from stats.history.erased_tables import ErasedAgent, RetentionRun  # noqa: E402, F401
from stats.history.hook_tables import SourceHook  # noqa: E402, F401
from stats.history.note_tables import KeptContact, KeptDetail, KeptMessage, KeptRecording, KeptTranscript  # noqa: E402, F401
from stats.history.outbox_tables import SinkState, Upload  # noqa: E402, F401
from stats.history.rollup_tables import (  # noqa: E402, F401
    AgentRollup,
    PartyName,
    ProfileDay,
    QueueRollup,
    Restatement,
    RolledQuarter,
    RollupState,
    SettingInForce,
    SiteRollup,
)
from stats.history.tables import ArchivedCall, ArchivedOffer, ArchivedVisit, DirtyQuarter, PresenceChange  # noqa: E402, F401
from stats.history.unheard_tables import UnheardStretch  # noqa: E402, F401
