"""The tables of reports: sums by quarter hour and by business day, the settings they were made with, and what moved after the day was over.

Rules that hold here:
- Everything here is made from the archive, and making it anew gives the same rows; nothing here is the only place of anything.
- A column is an amount of `stats.domain.metrics.contribution`, word for word: sums of rows are sums of calls; ratios are the reader's.
- `grain` is the length of a row's time in minutes: 15 (a UTC quarter hour) or 1440 (a business day in the organisation's zone, however
  many hours it has). A day is the sum of its quarters.
- `queue` and `agent` are keys as the archive has them; `PartyName` says which of them are one, and how they are called.
"""

from decimal import Decimal

from django.db import models

QUARTER, DAY = 15, 1440


class QueueRollup(models.Model):
    """What the visits to one queue of one source add up to. Times in ms.

    `wait_max`: the longest wait of any outcome. `waits`: JSON, bucket of `stats.domain.histogram` -> answered visits. `answered_bins`
    and `abandoned_bins`: JSON, five seconds of wait each -> visits (the last, 120, is ten minutes and more; short abandons count).
    `target_ms`, `short_ms`, `share`, `variant`: the settings it was counted with.
    """

    pk = models.CompositePrimaryKey("organisation", "grain", "start_ms", "source", "queue")
    organisation = models.CharField(max_length=60)
    grain = models.SmallIntegerField()
    start_ms = models.BigIntegerField()
    source = models.CharField(max_length=60)
    queue = models.CharField(max_length=200)
    offered = models.IntegerField(default=0)
    answered = models.IntegerField(default=0)
    answered_in_target = models.IntegerField(default=0)
    abandoned = models.IntegerField(default=0)
    short_abandoned = models.IntegerField(default=0)
    abandoned_in_target = models.IntegerField(default=0)
    short_in_target = models.IntegerField(default=0)
    overflowed = models.IntegerField(default=0)
    voicemail = models.IntegerField(default=0)
    callbacks = models.IntegerField(default=0)
    transferred = models.IntegerField(default=0)
    wait_n = models.IntegerField(default=0)
    wait_sum = models.BigIntegerField(default=0)
    abandon_wait_n = models.IntegerField(default=0)
    abandon_wait_sum = models.BigIntegerField(default=0)
    talk_n = models.IntegerField(default=0)
    talk_sum = models.BigIntegerField(default=0)
    hold_sum = models.BigIntegerField(default=0)
    wait_max = models.BigIntegerField(null=True)
    waits = models.TextField(default="{}")
    answered_bins = models.TextField(default="{}")
    abandoned_bins = models.TextField(default="{}")
    target_ms = models.IntegerField()
    short_ms = models.IntegerField()
    share = models.DecimalField(max_digits=4, decimal_places=3)
    variant = models.CharField(max_length=40)
    definitions = models.SmallIntegerField()

    def __str__(self) -> str:
        return f"{self.queue} {self.start_ms}/{self.grain}"


class AgentRollup(models.Model):
    """What the offers to one agent add up to, and the time in each state as it was watched live. Times in ms."""

    pk = models.CompositePrimaryKey("organisation", "grain", "start_ms", "source", "agent")
    organisation = models.CharField(max_length=60)
    grain = models.SmallIntegerField()
    start_ms = models.BigIntegerField()
    source = models.CharField(max_length=60)
    agent = models.CharField(max_length=200)
    offers = models.IntegerField(default=0)
    answered = models.IntegerField(default=0)
    missed = models.IntegerField(default=0)
    withdrawn = models.IntegerField(default=0)
    outgoing = models.IntegerField(default=0)
    ring_sum = models.BigIntegerField(default=0)
    talk_n = models.IntegerField(default=0)
    talk_sum = models.BigIntegerField(default=0)
    hold_sum = models.BigIntegerField(default=0)
    time_talking = models.BigIntegerField(default=0)
    time_ringing = models.BigIntegerField(default=0)
    time_wrapup = models.BigIntegerField(default=0)
    time_ready = models.BigIntegerField(default=0)
    time_idle = models.BigIntegerField(default=0)
    time_away = models.BigIntegerField(default=0)
    time_logged_in = models.BigIntegerField(default=0)
    definitions = models.SmallIntegerField()

    class Meta:
        indexes = [models.Index(fields=["organisation", "agent", "grain", "start_ms"], name="agent_rollups_by_agent")]

    def __str__(self) -> str:
        return f"{self.agent} {self.start_ms}/{self.grain}"


class SiteRollup(models.Model):
    """What the calls of one source add up to for the whole organisation."""

    pk = models.CompositePrimaryKey("organisation", "grain", "start_ms", "source")
    organisation = models.CharField(max_length=60)
    grain = models.SmallIntegerField()
    start_ms = models.BigIntegerField()
    source = models.CharField(max_length=60)
    calls_in = models.IntegerField(default=0)
    calls_out = models.IntegerField(default=0)
    calls_internal = models.IntegerField(default=0)
    calls_answered = models.IntegerField(default=0)
    ivr_abandoned = models.IntegerField(default=0)
    true_abandoned = models.IntegerField(default=0)
    definitions = models.SmallIntegerField()

    def __str__(self) -> str:
        return f"{self.start_ms}/{self.grain}"


class RolledQuarter(models.Model):
    """A UTC quarter hour that is to be added up ("due"), is being so ("started") or has been ("done"): under which definitions, and when.

    `at_ms`: when that began to be so (epoch ms); of what is started it is also the mark of who started it. `final_ms`: since when it is
    taken for final, so that what moves it later is a restatement; null while it may still move by itself.
    """

    pk = models.CompositePrimaryKey("organisation", "quarter_ms")
    organisation = models.CharField(max_length=60)
    quarter_ms = models.BigIntegerField()
    state = models.CharField(max_length=8)
    definitions = models.SmallIntegerField()
    at_ms = models.BigIntegerField()
    final_ms = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["organisation", "state", "quarter_ms"], name="quarters_by_state"),
            models.Index(fields=["organisation", "quarter_ms"], condition=models.Q(final_ms__isnull=True), name="quarters_not_final"),
        ]

    def __str__(self) -> str:
        return f"{self.organisation} {self.quarter_ms} {self.state}"


class RollupState(models.Model):
    """How far an organisation's sums are. Instants are epoch ms.

    `timezone`: in which its days were made, from `days_from_ms` on (null: none yet). `rolled_to_ms`: quarters before it were taken note of
    as they closed. `calls_from_ms`: what lies before was cleared away by its term, and is never added up anew; `presence_from_ms`: the
    same of watched time. `erasures` grows when somebody is erased, so that nothing read before is written after.
    """

    organisation = models.CharField(max_length=60, primary_key=True)
    timezone = models.CharField(max_length=64, blank=True)
    days_from_ms = models.BigIntegerField(null=True)
    rolled_to_ms = models.BigIntegerField(null=True)
    calls_from_ms = models.BigIntegerField(default=0)
    presence_from_ms = models.BigIntegerField(default=0)
    erasures = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.organisation


class Restatement(models.Model):
    """Numbers of a quarter hour that was final became others. `changes`: JSON, column -> [what it was, what it is]."""

    organisation = models.CharField(max_length=60)
    quarter_ms = models.BigIntegerField()
    kind = models.CharField(max_length=8)  # queue, agent, site
    source = models.CharField(max_length=60)
    key = models.CharField(max_length=200, blank=True)
    at_ms = models.BigIntegerField()
    changes = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["organisation", "at_ms"], name="restatements_by_time")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key} {self.quarter_ms}"


class SettingInForce(models.Model):
    """What a queue promised, or how an organisation counts, from a business day on ("" for always); the newest such day counts.

    `queue` "" is the organisation's own row: of it `include_internal` alone is read. Written with every change of a setting.
    """

    pk = models.CompositePrimaryKey("organisation", "queue", "from_day")
    organisation = models.CharField(max_length=60)
    queue = models.CharField(max_length=200)
    from_day = models.CharField(max_length=10, blank=True)
    target_ms = models.IntegerField(default=20_000)
    short_ms = models.IntegerField(default=5_000)
    share = models.DecimalField(max_digits=4, decimal_places=3, default=Decimal("0.800"))
    variant = models.CharField(max_length=40, default="short_excluded")
    include_internal = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.queue or self.organisation} from {self.from_day or 'ever'}"


class PartyName(models.Model):
    """How a queue or an agent of the archive was last called, and which ids were told with it. `key` is the archive's."""

    pk = models.CompositePrimaryKey("organisation", "source", "kind", "key")
    organisation = models.CharField(max_length=60)
    source = models.CharField(max_length=60)
    kind = models.CharField(max_length=8)  # queue, agent
    key = models.CharField(max_length=200)
    number = models.BigIntegerField(null=True)  # the vendor's statistics id
    account_id = models.BigIntegerField(null=True)
    name = models.CharField(max_length=200, blank=True)
    told_ms = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class ProfileDay(models.Model):
    """An agent's time in one profile on one business day, from the hourly slots that began in it. Times in ms."""

    pk = models.CompositePrimaryKey("organisation", "start_ms", "source", "agent", "profile")
    organisation = models.CharField(max_length=60)
    start_ms = models.BigIntegerField()
    source = models.CharField(max_length=60)
    agent = models.CharField(max_length=200)
    profile = models.CharField(max_length=210)
    name = models.CharField(max_length=200, blank=True)
    available = models.BooleanField(null=True)
    wrapup = models.BooleanField(default=False)
    usage_ms = models.BigIntegerField(default=0)
    busy_ms = models.BigIntegerField(default=0)
    times = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.agent} {self.start_ms} {self.profile}"
