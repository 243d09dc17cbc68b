"""What people keep of reports: views with a name, notes on days, and reports that come by mail with what was sent.

Rules that hold here: a view is the query of a report's address and nothing more, so that a kept one is a link like any other; what was
sent is kept as numbers, so that the next mail can say which of them have moved; a run that failed is kept like one that did not.
"""

from django.conf import settings
from django.db import models

from stats.models import Organisation

TABS = ("interval", "heat", "trend", "waits", "agents", "profiles", "calls", "details", "quality")


class SavedView(models.Model):
    """A report as somebody wants to find it again. `query`: the address's query, periods that move with the day left as they are."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="report_views")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="report_views")
    name = models.CharField(max_length=80)
    tab = models.CharField(max_length=12, default="interval")
    query = models.TextField(blank=True)
    shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True)  # for a while it can be had back

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "owner", "name"], condition=models.Q(deleted_at=None), name="one_view_of_a_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class UsualView(models.Model):
    """The view that somebody's reports open with in an organisation: one of their own, or a shared one."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "person"], name="one_usual_view_of_a_person")]

    def __str__(self) -> str:
        return f"{self.person} {self.view}"


class AllowedAddress(models.Model):
    """An address beside those of the members that reports may be mailed to, because an admin has said so. In small letters."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    email = models.EmailField(max_length=254)
    allowed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["email"]
        constraints = [models.UniqueConstraint(fields=["organisation", "email"], name="one_row_of_an_allowed_address")]

    def __str__(self) -> str:
        return f"{self.organisation} {self.pk}"


class ReportNote(models.Model):
    """What happened on a day, for whoever wonders about a curve later ("new menu"). `queue` "" is about everything."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="report_notes")
    day = models.CharField(max_length=10)
    queue = models.CharField(max_length=200, blank=True)
    text = models.CharField(max_length=200)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["day", "id"]
        indexes = [models.Index(fields=["organisation", "day"], name="notes_by_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.text}"


class ReportMail(models.Model):
    """A saved view that is sent by e-mail at a local time of the organisation's days.

    `minute`: of the local day. `weekdays`: ISO numbers as text ("12345"); "" for monthly, on `month_day` (1 to 28). `next_at`: the instant
    it is due, made anew from the local clock after each run, so that it stays at eight o'clock when summer ends; `zone`: whose clock.
    `recipients`: addresses in small letters, a line each. `stopped`: why nobody's wish but a fault has paused it; "" otherwise.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="report_mails")
    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="mails")
    recipients = models.TextField()
    minute = models.PositiveSmallIntegerField(default=480)
    weekdays = models.CharField(max_length=7, blank=True, default="12345")
    month_day = models.PositiveSmallIntegerField(default=1)
    attach = models.CharField(max_length=4, blank=True, default="xlsx")
    paused = models.BooleanField(default=False)
    stopped = models.CharField(max_length=20, blank=True)
    next_at = models.DateTimeField(null=True, blank=True)
    zone = models.CharField(max_length=64, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["view__name", "id"]
        indexes = [models.Index(fields=["paused", "next_at"], name="mails_by_due")]

    def __str__(self) -> str:
        return f"{self.view} {self.minute // 60:02d}:{self.minute % 60:02d}"


class ReportRun(models.Model):
    """One time a mail was due: when for, whether it was sent, and the numbers it told (`wallboard.reports.mail_numbers`).

    `error`: a code, and after a colon what belongs to it (`wallboard.reports.mail_words`). `delivered`: digests of the
    recipients whom the mail server has taken it for. No address is kept here.
    """

    mail = models.ForeignKey(ReportMail, on_delete=models.CASCADE, related_name="runs")
    due_at = models.DateTimeField()
    state = models.CharField(max_length=8, default="begun")  # begun, sent, failed, skipped
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    first_day = models.CharField(max_length=10, blank=True)
    last_day = models.CharField(max_length=10, blank=True)
    told = models.JSONField(default=dict)
    delivered = models.JSONField(default=list)
    held_until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)  # somebody has seen that it failed

    class Meta:
        ordering = ["-due_at"]
        constraints = [models.UniqueConstraint(fields=["mail", "due_at"], name="one_run_of_a_mail_and_instant")]
        indexes = [
            models.Index(fields=["mail"], condition=models.Q(state="failed", seen_at=None), name="runs_failed_unseen"),
            models.Index(fields=["held_until"], condition=models.Q(state="begun"), name="runs_begun"),
        ]

    def __str__(self) -> str:
        return f"{self.mail} {self.due_at} {self.state}"


class MailCount(models.Model):
    """How many runs ever ended in a state, for meters: runs are deleted with their mail, and what is counted must not fall."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=8)
    number = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "state"], name="one_count_of_a_mails_state")]

    def __str__(self) -> str:
        return f"{self.organisation} {self.state} {self.number}"
