"""Sends the mails of reports that are due; runs in `housekeeping`, in as many processes as there are.

Rules that hold here:
- An instant at which a mail is due becomes one run, in one step with the next instant; whoever holds it (`held_until`, `tries`) sends it.
- A recipient whose mail the server has taken is written down before the next one is written to: whoever dies in between has one mail sent
  twice at most, under one Message-ID.
- Three tries, then it has failed, and that is an alert; what was missed is sent once, what is a day late not at all, and both are said.
- No address, subject or answer of a mail server is ever logged.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import structlog
from asgiref.sync import async_to_sync
from django.db import DatabaseError, InterfaceError, transaction
from django.db.models import F, Q

from stats.clock import now_ms
from wallboard.accounts import journal, mailing
from wallboard.accounts.models import Membership
from wallboard.accounts.viewer import Viewer, of_member
from wallboard.push import live
from wallboard.push.admission import DatabaseAway
from wallboard.reports import letter, posting, recipients, words
from wallboard.reports.asked import Unfit
from wallboard.reports.letter import Letter, Wanted
from wallboard.reports.models import MailCount, ReportMail, ReportRun, SavedView
from wallboard.reports.posting import NotSent
from wallboard.reports.schedule import TOO_LATE, Schedule

log = structlog.get_logger(__name__)

TRIES = 3
# Longer than a mail server that hangs at each recipient may take between two of them.
HELD = timedelta(minutes=5)
AGAIN_AFTER = (timedelta(minutes=1), timedelta(minutes=5))
UNDO = timedelta(minutes=10)
RUNS_KEPT = timedelta(days=400)


def present() -> datetime:
    """Now, by the product's own clock."""
    return datetime.fromtimestamp(now_ms() / 1000, UTC)


def schedule_of(mail: ReportMail) -> Schedule:
    """When a mail is due."""
    return Schedule(timezone=mail.organisation.timezone, minute=mail.minute, weekdays=mail.weekdays, month_day=mail.month_day)


def work(now: datetime | None = None) -> int:
    """Whatever is due; how many runs ended. Raises django.db.Error."""
    moment = now or present()
    _forget(moment)
    _wind_up(moment)
    begin(moment)
    ended = 0
    while (run := take(moment)) is not None:
        ended += send(run, moment)
    return ended


def _forget(now: datetime) -> None:
    """What was deleted and can be had back no more, and runs of long ago."""
    ReportRun.objects.filter(due_at__lt=now - RUNS_KEPT).exclude(state="begun").delete()
    ReportMail.objects.filter(deleted_at__lt=now - UNDO).delete()
    SavedView.objects.filter(deleted_at__lt=now - UNDO).delete()


def _awake() -> Q:
    return Q(paused=False, deleted_at=None, view__deleted_at=None)


def _wind_up(now: datetime) -> None:
    """Gives each mail its next instant: one that has none, and one whose organisation has moved to another zone."""
    moved = Q(next_at__gt=now) & ~Q(zone=F("organisation__timezone"))
    for mail in ReportMail.objects.select_related("organisation").filter(_awake()).filter(Q(next_at=None) | moved):
        following = schedule_of(mail).after(now)
        ReportMail.objects.filter(pk=mail.pk, next_at=mail.next_at).update(next_at=following, zone=mail.organisation.timezone)


def begin(now: datetime) -> None:
    """Makes a run of each instant that has come, and says what was missed."""
    for mail in ReportMail.objects.select_related("organisation").filter(_awake(), next_at__lte=now):
        assert mail.next_at is not None
        schedule = schedule_of(mail)
        dues = schedule.between(mail.next_at, now)
        late = now - dues[-1] > TOO_LATE
        with transaction.atomic():
            mine = ReportMail.objects.filter(pk=mail.pk, next_at=mail.next_at, paused=False).update(
                next_at=schedule.after(now), zone=mail.organisation.timezone
            )
            if not mine:
                continue
            missed = len(dues) if late else len(dues) - 1
            if missed:
                error = f"{'late' if late else 'missed'}:{missed}"
                ReportRun.objects.get_or_create(mail=mail, due_at=dues[0], defaults={"state": "skipped", "error": error, "ended_at": now})
                count(mail, "skipped")
                log.warning("report_mail_missed", organisation=mail.organisation.slug, mail=mail.pk, number=missed)
            if not late:
                ReportRun.objects.get_or_create(mail=mail, due_at=dues[-1])


def take(now: datetime) -> ReportRun | None:
    """One run that nobody holds, held by this process from now; None where there is none."""
    free = ReportRun.objects.filter(state="begun").filter(Q(held_until=None) | Q(held_until__lte=now))
    for run in free.order_by("due_at"):
        if ReportRun.objects.filter(pk=run.pk, state="begun", tries=run.tries, held_until=run.held_until).update(
            tries=F("tries") + 1, held_until=_later(now)
        ):
            return ReportRun.objects.select_related("mail__organisation", "mail__view", "mail__created_by").get(pk=run.pk)
    return None


def _later(now: datetime) -> datetime:
    # Held by the clock of now: a round may have taken long before it came to this run.
    return max(now, present()) + HELD


def send(run: ReportRun, now: datetime) -> bool:
    """One try at a run that is held. Returns whether it has ended, one way or the other."""
    mail = run.mail
    known = {"organisation": mail.organisation.slug, "mail": mail.pk, "run": run.pk, "attempt": run.tries}
    try:
        if run.tries > TRIES:
            raise NotSent("crashed", lasting=True)
        left_out = _try(run)
    except NotSent as why:
        return _put_off(run, why, now, known)
    except (DatabaseError, InterfaceError, DatabaseAway):
        return _put_off(run, NotSent("database"), now, known)
    except Exception as wrong:
        # One mail that cannot be made must not keep the others from being sent.
        log.exception("report_mail_broken", **known)
        return _put_off(run, NotSent(f"broken:{type(wrong).__name__}"), now, known)
    run.state, run.error = "sent", f"left_out:{left_out}" if left_out else ""
    if _ended(run):
        log.info("report_mail_sent", recipients=len(run.delivered), **known)
        journal.write(
            mail.organisation.slug,
            "mail.sent",
            subject_kind="report",
            subject=mail.view.name,
            detail={"first": run.first_day, "last": run.last_day, "recipients": len(run.delivered)},
        )
    return True


def _put_off(run: ReportRun, why: NotSent, now: datetime, known: dict[str, object]) -> bool:
    """Until later, or for good."""
    code = why.error.partition(":")[0]
    if not why.lasting and run.tries < TRIES:
        until = max(now, present()) + AGAIN_AFTER[run.tries - 1]
        ReportRun.objects.filter(pk=run.pk, state="begun", tries=run.tries).update(held_until=until, error=why.error)
        log.warning("report_mail_put_off", reason=code, **known)
        return False
    run.state, run.error = ("skipped" if code == "paused" else "failed"), why.error
    if _ended(run) and run.state == "failed":
        log.error("report_mail_failed", reason=code, **known)
        if why.stops:
            ReportMail.objects.filter(pk=run.mail_id).update(paused=True, stopped=code, next_at=None)
    return True


def _ended(run: ReportRun) -> bool:
    """Writes down that it is over; False where another process has it by now."""
    mine = ReportRun.objects.filter(pk=run.pk, state="begun", tries=run.tries)
    with transaction.atomic():
        if not mine.update(state=run.state, error=run.error, held_until=None, ended_at=present()):
            return False
        count(run.mail, run.state)
    return True


def count(mail: ReportMail, state: str) -> None:
    """One more has ended so."""
    row, _made = MailCount.objects.get_or_create(organisation=mail.organisation, state=state)
    MailCount.objects.filter(pk=row.pk).update(number=F("number") + 1)


def _try(run: ReportRun) -> int:
    """Writes and sends it; how many recipients were left out because they may not be written to any more."""
    mail = run.mail
    if mail.paused or mail.deleted_at is not None or mail.view.deleted_at is not None:
        raise NotSent("paused", lasting=True)
    viewer = viewer_of(mail)
    if not mailing.is_set_up():
        raise NotSent("not_set_up", lasting=True)
    wished = recipients.split(mail.recipients)
    allowed = recipients.allowed(mail.organisation)
    to = [each for each in wished if each in allowed]
    if not to:
        raise NotSent("nobody", lasting=True)
    written = written_for(mail, viewer, run.due_at)
    run.first_day, run.last_day, run.told = written.first, written.last, written.kept
    ReportRun.objects.filter(pk=run.pk, tries=run.tries).update(first_day=run.first_day, last_day=run.last_day, told=run.told)
    _deliver(run, written, to)
    return len(wished) - len(to)


def viewer_of(mail: ReportMail) -> Viewer:
    """Whoever made the mail, as far as they may see today. Raises NotSent."""
    member = Membership.objects.select_related("user", "organisation").filter(
        user=mail.created_by, organisation=mail.organisation, user__is_active=True
    )
    if mail.created_by is None or (found := member.first()) is None:
        raise NotSent("no_maker", stops=True)
    viewer = of_member(found)
    if not (viewer.may("export") and viewer.may(words.TABS.get(mail.view.tab, ("", ""))[1])):
        raise NotSent("no_right", stops=True)
    if mail.view.owner_id != mail.created_by_id and not mail.view.shared:
        raise NotSent("no_view", stops=True)
    return viewer


def written_for(mail: ReportMail, viewer: Viewer, due: datetime) -> Letter:
    """The mail as it is due then. Raises NotSent, DatabaseAway and django.db.Error."""
    former = mail.runs.filter(state="sent", due_at__lt=due).order_by("-due_at").first()
    wanted = Wanted(
        title=mail.view.name,
        tab=mail.view.tab,
        query=mail.view.query,
        attach=mail.attach,
        viewer=viewer,
        timezone=mail.organisation.timezone,
        language=mail.organisation.language,
        due=round(due.timestamp() * 1000),
        before=former.told if former is not None else {},
        before_days=(former.first_day, former.last_day) if former is not None else ("", ""),
    )
    try:
        return async_to_sync(_written)(wanted)
    except Unfit:
        raise NotSent("unfit", stops=True) from None


async def _written(wanted: Wanted) -> Letter:
    try:
        return await letter.write(wanted)
    finally:
        # This loop ends with the mail, and what lives in it must too.
        await live.close()


def _deliver(run: ReportRun, written: Letter, to: Sequence[str]) -> None:
    """To each recipient that it has not reached yet. Raises NotSent."""

    def taken(address: str) -> None:
        run.delivered = [*run.delivered, marks[address]]
        mine = ReportRun.objects.filter(pk=run.pk, state="begun", tries=run.tries)
        if not mine.update(delivered=run.delivered, held_until=_later(present())):
            # It took so long that another process has begun anew.
            raise NotSent("away:slow")

    marks = {address: recipients.mark(run.pk, address) for address in to}
    left = {address: f"{run.pk}.{mark}" for address, mark in marks.items() if mark not in run.delivered}
    posting.deliver(written, left, taken)


def send_to(mail: ReportMail, address: str) -> str:
    """Sends a mail to its maker at once, outside the schedule; what went wrong as `mail_words` has it, or ""."""
    try:
        if not mailing.is_set_up():
            return "not_set_up"
        if not address:
            return "no_address"
        viewer = viewer_of(mail)
        moment = present()
        written = written_for(mail, viewer, moment)
        posting.deliver(written, {address: f"{mail.pk}.{moment.timestamp():.6f}"}, lambda _address: None)
    except NotSent as why:
        return why.error
    except (DatabaseAway, DatabaseError, InterfaceError):
        return "database"
    return ""
