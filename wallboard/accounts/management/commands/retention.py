"""`manage.py retention`: what the night clears away, now; with --dry-run only how much that would be."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from stats.clock import now_ms
from stats.history.nights import last_run
from stats.history.retention import Keep
from stats.models import Organisation
from wallboard.privacy import nightly


class Command(BaseCommand):
    """Each organisation keeps what it was told to keep; see the page Privacy."""

    help = "Clears away what is older than each organisation keeps it, as the housekeeping does every night."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--dry-run` changes nothing."""
        parser.add_argument("--dry-run", action="store_true", help="say how many rows would go, and remove none")

    def handle(self, *_args: Any, **options: Any) -> None:
        """One line for each organisation."""
        now = now_ms()
        if not options["dry_run"]:
            while nightly.work(now) <= nightly.SOON_S and nightly.is_unfinished(now):
                pass
        for organisation in Organisation.objects.order_by("slug"):
            going = nightly.going(organisation, Keep.of(organisation), now)
            if options["dry_run"]:
                self.stdout.write(f"{organisation}: would remove {_counts(going)}")
                continue
            run = last_run(organisation.slug)
            state = "not finished" if run is None or run.ended_at is None else "done"
            self.stdout.write(f"{organisation}: night of {run.night if run is not None else '-'} {state}, {_counts(going)} left to go")


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{counts.get(what, 0)} {words}" for what, words in WORDS.items())


WORDS = {"calls": "calls", "numbers": "telephone numbers", "presence": "rows of presence", "audit": "lines of the audit log"}
