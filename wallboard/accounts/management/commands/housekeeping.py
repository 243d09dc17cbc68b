"""`manage.py housekeeping`: clears away what nobody needs any more, or nobody wants kept, and makes room for what comes."""

import os
import signal
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.utils import timezone

from stats.clock import now_ms
from stats.history.partitions import tend
from stats.history.rolling_rounds import Rounds
from wallboard.accounts.forgetting import forget_old
from wallboard.accounts.models import ApiToken, Screen
from wallboard.privacy import nightly
from wallboard.reports import sending

log = structlog.get_logger(__name__)

ROUND_S = 3600.0
AFTER_FAILURE_S = 60.0
BEAT_S = 10.0
# Sums for reports: so long at a time, and so long a breath before the next of a backlog, for others write too.
ROLL_S = 5.0
BREATH_S = 0.3
# Mails of reports that are due are looked for so often.
MAILS_EVERY_S = 10.0
# How long a revoked token can still be seen in the admin, by whoever asks what it was.
REVOKED_KEPT = timedelta(days=90)


class Command(BaseCommand):
    """Runs until SIGTERM; `--once` makes a single round."""

    help = (
        "Makes the archive's months, adds up for reports what is due, clears expired sessions and long revoked tokens every hour, and at"
        " night what is not to be kept."
    )
    # `up` has said it all already.
    requires_system_checks = ()

    def add_arguments(self, parser: Any) -> None:
        """One round or many."""
        parser.add_argument("--once", action="store_true", help="one round, then end")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Rounds, with a sign of life in VAR_DIR between them."""
        if options["once"]:
            clear_away()
            add_up(Rounds(), threading.Event())
            send_mails()
            return
        rounds, stop = Rounds(), threading.Event()
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda _number, _frame: stop.set())
        # Beside the rest: a mail server that hangs must hold nothing else up, nor the end of this process.
        threading.Thread(target=keep_sending, args=(stop,), name="mails", daemon=True).start()
        while not stop.is_set():
            left_s = ROUND_S
            try:
                left_s = clear_away()
            except (DatabaseError, InterfaceError) as wrong:
                # The database is away or locked; boards live on without it, and so do we.
                log.warning("housekeeping_put_off", reason=type(wrong).__name__)
                left_s = AFTER_FAILURE_S
            finally:
                close_old_connections()
            until = time.monotonic() + left_s
            while time.monotonic() < until:
                beat(Path(settings.VAR_DIR))
                wait_s = BEAT_S if add_up(rounds, stop) else BREATH_S
                if stop.wait(max(0.0, min(wait_s, until - time.monotonic()))):
                    break


def clear_away() -> float:
    """One round. Returns in how many seconds the next is due."""
    # The archive's months first: an expired session hurts nobody.
    tend(now_ms())
    call_command("clearsessions", verbosity=0)
    before = timezone.now() - REVOKED_KEPT
    gone = sum(kind.objects.filter(revoked_at__lt=before).delete()[0] for kind in (ApiToken, Screen))
    log.info("housekeeping_done", revoked_tokens_removed=gone, sign_in_rows_removed=forget_old())
    return min(ROUND_S, nightly.work(now_ms()))


def add_up(rounds: Rounds, stop: threading.Event) -> bool:
    """Add up for reports what is due, for a while. Returns whether there is nothing more to do at once."""
    until = time.monotonic() + ROLL_S
    try:
        return rounds.go_round(lambda: not stop.is_set() and time.monotonic() < until)
    except (DatabaseError, InterfaceError) as wrong:
        # Nothing is lost: the next round finds the same due.
        log.warning("rollup_put_off", reason=type(wrong).__name__)
        return True
    finally:
        close_old_connections()


def keep_sending(stop: threading.Event) -> None:
    """Sends the mails of reports as they come due, until stopped."""
    while not stop.is_set():
        send_mails()
        stop.wait(MAILS_EVERY_S)


def send_mails() -> None:
    """One look for mails that are due. Never raises: what was not sent is found due again."""
    try:
        sending.work()
    except (DatabaseError, InterfaceError) as wrong:
        log.warning("report_mails_put_off", reason=type(wrong).__name__)
    except Exception:
        log.exception("report_mails_broken")
    finally:
        close_old_connections()


def beat(var_dir: Path) -> None:
    """Writes the sign of life, epoch ms, that `doctor` reads. On a full disk there is none."""
    draft = var_dir / "housekeeping.beat.draft"
    try:
        draft.write_text(f"{now_ms()}\n", encoding="ascii")
        os.replace(draft, var_dir / "housekeeping.beat")
    except OSError as wrong:
        log.warning("housekeeping_beat_not_written", reason=wrong.strerror)
