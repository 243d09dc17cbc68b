"""The archive's tables: every ended call with its visits and offers, presence changes seen live, and the quarters to be added up again.

Rules that hold here:
- `ArchivedCall.record` is the truth, whole; every other column, and every visit and offer row, is made from it for questions in SQL.
- A row lies under `at_ms`, its own instant (0 where nothing tells one). On PostgreSQL it is the partition key: a partition a month.
- Organisations and sources are named, not pointed to: removing one in the admin removes no history.
"""

from django.db import models


class ArchivedCall(models.Model):
    """One ended call. `lineage` and `version` say which telling of the live store this is; "" is a merged one.

    `ivr`: a menu was seen. `gave_up`: its last visit is abandoned; `last_queue` and `last_wait_ms` are that visit's.
    """

    pk = models.CompositePrimaryKey("organisation", "source", "id_call", "at_ms")
    organisation = models.CharField(max_length=60)
    source = models.CharField(max_length=60)
    id_call = models.TextField()
    at_ms = models.BigIntegerField()
    ended_ms = models.BigIntegerField(null=True)
    direction = models.CharField(max_length=8)
    internal = models.BooleanField()
    number = models.TextField()
    outcome = models.CharField(max_length=12)
    total_ms = models.BigIntegerField(null=True)
    ivr = models.BooleanField(default=False)
    gave_up = models.BooleanField(default=False)
    last_queue = models.TextField(default="")
    last_wait_ms = models.BigIntegerField(null=True)
    record = models.TextField()
    lineage = models.CharField(max_length=80)
    version = models.BigIntegerField()
    kept_ms = models.BigIntegerField()

    class Meta:
        indexes = [
            # The same: a call's row is as long as its record.
            models.Index(
                fields=[*("organisation", "at_ms", "direction", "internal", "outcome", "gave_up", "last_wait_ms", "last_queue", "ivr")],
                name="calls_by_start_whole",
            ),
            models.Index(fields=["organisation", "number", "at_ms"], name="calls_by_number"),
        ]

    def __str__(self) -> str:
        return self.id_call


class ArchivedVisit(models.Model):
    """One visit of an archived call to a queue; `at_ms` is its entry, `queue` the key it was counted under.

    `dated`: its entry is told, so that it counts in a window. `direction`, `internal`: its call's. `wait_bucket`: the wait's, see
    `stats.domain.histogram`.
    """

    pk = models.CompositePrimaryKey("organisation", "source", "id_call", "at_ms", "number")
    organisation = models.CharField(max_length=60)
    source = models.CharField(max_length=60)
    id_call = models.TextField()
    at_ms = models.BigIntegerField()
    number = models.IntegerField()
    queue = models.TextField()
    outcome = models.CharField(max_length=12)
    answered_ms = models.BigIntegerField(null=True)
    left_ms = models.BigIntegerField(null=True)
    wait_ms = models.BigIntegerField(null=True)
    talk_ms = models.BigIntegerField(null=True)
    hold_ms = models.BigIntegerField(null=True)
    dated = models.BooleanField(default=False)
    direction = models.CharField(max_length=8, default="")
    internal = models.BooleanField(default=False)
    transferred = models.BooleanField(default=False)
    wait_bucket = models.SmallIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["organisation", "queue", "at_ms"], name="visits_by_queue"),
            # Holds all that totals ask for, so that 50,000 visits are added up without looking at one of them.
            models.Index(
                fields=[
                    *("organisation", "at_ms", "dated", "queue", "outcome", "direction", "internal"),
                    *("wait_ms", "talk_ms", "hold_ms", "transferred", "wait_bucket"),
                ],
                name="visits_by_entry_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id_call} {self.number}"


class ArchivedOffer(models.Model):
    """One ring of an agent, or a call the agent made (`direction` out); `at_ms` is when it began, where that is told (`dated`)."""

    pk = models.CompositePrimaryKey("organisation", "source", "id_call", "at_ms", "number")
    organisation = models.CharField(max_length=60)
    source = models.CharField(max_length=60)
    id_call = models.TextField()
    at_ms = models.BigIntegerField()
    number = models.IntegerField()
    agent = models.TextField()
    queue = models.TextField()
    direction = models.CharField(max_length=8)
    outcome = models.CharField(max_length=12)
    answered_ms = models.BigIntegerField(null=True)
    ended_ms = models.BigIntegerField(null=True)
    ring_ms = models.BigIntegerField(null=True)
    talk_ms = models.BigIntegerField(null=True)
    hold_ms = models.BigIntegerField(null=True)
    dated = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["organisation", "agent", "at_ms"], name="offers_by_agent")]

    def __str__(self) -> str:
        return f"{self.id_call} {self.number}"


class PresenceChange(models.Model):
    """An agent's state or profile changed, as seen live, at `at_ms`. What happened while nobody listened is not here."""

    pk = models.CompositePrimaryKey("organisation", "source", "agent", "at_ms", "state", "profile")
    organisation = models.CharField(max_length=60)
    source = models.CharField(max_length=60)
    agent = models.CharField(max_length=200)
    at_ms = models.BigIntegerField()
    state = models.CharField(max_length=12)
    profile = models.CharField(max_length=210)
    profile_name = models.TextField()
    available = models.BooleanField(null=True)
    wrapup = models.BooleanField()
    queues = models.IntegerField()
    told_ms = models.BigIntegerField()
    queue_keys = models.TextField(null=True)  # noqa: DJ001 (JSON; null: only their number was kept, which "" does not say)

    class Meta:
        indexes = [
            models.Index(fields=["organisation", "at_ms"], name="presence_by_time"),
            # Time in a state is counted from when it was told: the last telling before an instant says what goes on in it.
            models.Index(fields=["organisation", "source", "agent", "told_ms"], name="presence_as_told"),
        ]

    def __str__(self) -> str:
        return f"{self.agent} {self.at_ms} {self.state}"


class DirtyQuarter(models.Model):
    """A UTC quarter hour whose calls changed since it was last added up.

    `marks` grows with every change: who has added the quarter up takes the row away only where `marks` is still what it read.
    """

    pk = models.CompositePrimaryKey("organisation", "quarter_ms")
    organisation = models.CharField(max_length=60)
    quarter_ms = models.BigIntegerField()
    marks = models.BigIntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.organisation} {self.quarter_ms}"


# What lies in monthly partitions on PostgreSQL.
BY_MONTH: tuple[type[models.Model], ...] = (ArchivedCall, ArchivedVisit, ArchivedOffer, PresenceChange)
