"""The tables of what is sent to places that listen to recordings: one row for each recording and place, and one for each place.

Rules that hold here:
- A row is made once for a recording and a place, and never again: that is how nothing is sent twice.
- `unsure`: an attempt was begun and nobody knows how it ended. It is written before the first byte goes out.
- No row holds a telephone number, a name or a word that was said. Organisations and sources are named, not pointed to.
"""

from django.db import models


class Upload(models.Model):
    """A recording on its way to a place (`sink`). Instants in epoch ms, lengths in ms.

    `state`: waiting, sent, parked (something required is not known), failed (it will never be taken) or skipped (nobody wants it sent).
    `reason`: a code of `stats.domain.parcels.Reason` or "refused", "too_large", "gave_up", "no_sound"; `words`: the place's own.
    """

    organisation = models.CharField(max_length=60)
    sink = models.CharField(max_length=60)
    source = models.CharField(max_length=60)
    id_call = models.TextField()
    recording_id = models.TextField()
    identifier = models.TextField()
    at_ms = models.BigIntegerField()  # when the call took place; of the recording, until the call is known
    state = models.CharField(max_length=10, default="waiting")
    reason = models.CharField(max_length=30, default="")
    words = models.CharField(max_length=240, default="")
    tries = models.IntegerField(default=0)
    unsure = models.BooleanField(default=False)
    next_ms = models.BigIntegerField()
    sent_ms = models.BigIntegerField(null=True)
    # What the place made of it.
    reads = models.IntegerField(default=0)
    read_next_ms = models.BigIntegerField(null=True)  # null: not asked any more
    analysed_ms = models.BigIntegerField(null=True)
    agent = models.TextField(default="")  # our key of who is heard
    duration_ms = models.BigIntegerField(null=True)
    silence_ms = models.BigIntegerField(null=True)
    disposition = models.CharField(max_length=120, default="")
    tags = models.TextField(default="")  # JSON list, "" for none

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "sink", "source", "recording_id"], name="one_upload_of_a_recording"),
            models.UniqueConstraint(fields=["organisation", "sink", "identifier"], name="one_upload_of_an_identifier"),
        ]
        indexes = [
            models.Index(fields=["organisation", "sink", "state", "next_ms"], name="uploads_by_turn"),
            models.Index(fields=["organisation", "sink", "read_next_ms"], name="uploads_by_reading"),
            models.Index(fields=["organisation", "at_ms"], name="uploads_by_time"),
            models.Index(fields=["organisation", "source", "id_call"], name="uploads_by_call"),
        ]

    def __str__(self) -> str:
        return self.identifier


class SinkState(models.Model):
    """How a place is, as the worker that sends to it saw last. `state`: "sending", "auth_error", "config_error" or "away".

    Recordings told before `from_ms` are not sent; those told before `reached_ms` have their rows.
    """

    pk = models.CompositePrimaryKey("organisation", "sink")
    organisation = models.CharField(max_length=60)
    sink = models.CharField(max_length=60)
    state = models.CharField(max_length=20, default="sending")
    words = models.CharField(max_length=240, default="")
    expires_ms = models.BigIntegerField(null=True)
    from_ms = models.BigIntegerField()
    reached_ms = models.BigIntegerField()
    told_ms = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.organisation}/{self.sink}"
