"""The tables of what vendors tell beside the calls themselves: recordings, words, details of calls, messages, contacts.

Rules that hold here:
- A row is one note by its own key (`stats.domain.notes`); text that was not told is "", a number that was not told is null.
- `at_ms` is the note's own instant, or when it was told: by it reports count and old rows go. `told_ms`: when we were told last.
- Organisations and sources are named, not pointed to: removing one removes no history.
"""

from django.db import models

from stats.history.outbox_tables import Upload


class KeptRecording(models.Model):
    """Sound of a call at the vendor. `locator` stays on the server; `agent` is the key of who is heard; `kind` "": of the call itself."""

    pk = models.CompositePrimaryKey("organisation", "source", "recording_id")
    organisation = models.CharField(max_length=60)
    source = models.CharField(max_length=60)
    recording_id = models.TextField()
    id_call = models.TextField()
    locator = models.TextField()
    kind = models.CharField(max_length=20, default="")
    agent = models.TextField(default="")
    started_ms = models.BigIntegerField(null=True)
    duration_ms = models.BigIntegerField(null=True)
    content_type = models.CharField(max_length=100, default="")
    at_ms = models.BigIntegerField()
    told_ms = models.BigIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["organisation", "source", "id_call"], name="recordings_by_call"),
            models.Index(fields=["organisation", "at_ms"], name="recordings_by_time"),
        ]

    def __str__(self) -> str:
        return self.recording_id


class KeptTranscript(models.Model):
    """The words of a call or of a part of it, written down by `by_source` ("": the call's own). `turns`: JSON, "" for none."""

    pk = models.CompositePrimaryKey("organisation", "source", "id_call", "part")
    organisation = models.CharField(max_length=60)
    source = models.CharField(max_length=60)
    id_call = models.TextField()
    part = models.CharField(max_length=200)
    by_source = models.CharField(max_length=60, default="")
    text = models.TextField(default="")
    summary = models.TextField(default="")
    turns = models.TextField(default="")
    sentiment = models.FloatField(null=True)
    silence_ms = models.BigIntegerField(null=True)
    at_ms = models.BigIntegerField()
    told_ms = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["organisation", "at_ms"], name="transcripts_by_time")]

    def __str__(self) -> str:
        return f"{self.id_call} {self.part}"


class KeptDetail(models.Model):
    """What else a vendor said of a call. `menus`, `keys`, `labels`: JSON lists, "" for none.

    `erased`: its caller was erased, so that no recording, words or details of the call are taken in any more.
    """

    pk = models.CompositePrimaryKey("organisation", "source", "id_call")
    organisation = models.CharField(max_length=60)
    source = models.CharField(max_length=60)
    id_call = models.TextField()
    began_ms = models.BigIntegerField(null=True)
    direction = models.CharField(max_length=10, default="")
    called_number = models.CharField(max_length=200, default="")
    customer_name = models.CharField(max_length=200, default="")
    status = models.CharField(max_length=100, default="")
    hangup_side = models.CharField(max_length=20, default="")
    error_code = models.CharField(max_length=60, default="")
    error = models.TextField(default="")
    sub_account = models.CharField(max_length=200, default="")
    parent_call = models.TextField(default="")
    menus = models.TextField(default="")
    keys = models.TextField(default="")
    labels = models.TextField(default="")
    crm_name = models.CharField(max_length=200, default="")
    crm_url = models.TextField(default="")
    erased = models.BooleanField(default=False)
    at_ms = models.BigIntegerField()
    told_ms = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["organisation", "at_ms"], name="details_by_time")]

    def __str__(self) -> str:
        return self.id_call


class KeptMessage(models.Model):
    """A text message or a fax, without its body."""

    pk = models.CompositePrimaryKey("organisation", "source", "message_id")
    organisation = models.CharField(max_length=60)
    source = models.CharField(max_length=60)
    message_id = models.TextField()
    channel = models.CharField(max_length=20)
    direction = models.CharField(max_length=10, default="")
    sender = models.CharField(max_length=200, default="")
    recipient = models.CharField(max_length=200, default="")
    status = models.CharField(max_length=100, default="")
    sent_ms = models.BigIntegerField(null=True)
    updated_ms = models.BigIntegerField(null=True)
    pages = models.IntegerField(null=True)
    attachments = models.IntegerField(null=True)
    at_ms = models.BigIntegerField()
    told_ms = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["organisation", "at_ms"], name="messages_by_time")]

    def __str__(self) -> str:
        return self.message_id


class KeptContact(models.Model):
    """Whose number it is. `name` "": the vendor has removed the contact; the row stays some days, so that no late page brings it back."""

    pk = models.CompositePrimaryKey("organisation", "source", "contact_id", "number")
    organisation = models.CharField(max_length=60)
    source = models.CharField(max_length=60)
    contact_id = models.TextField()
    number = models.CharField(max_length=200)
    name = models.CharField(max_length=200)
    told_ms = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["organisation", "number"], name="contacts_by_number")]

    def __str__(self) -> str:
        return self.name


# Those that belong to a call, by `id_call`.
OF_A_CALL: tuple[type[models.Model], ...] = (KeptRecording, KeptTranscript, KeptDetail, Upload)
EVERY: tuple[type[models.Model], ...] = (*OF_A_CALL, KeptMessage, KeptContact)
