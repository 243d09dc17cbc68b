"""Says in plain words what is configured, reachable, stale or wrong: one line each."""

from typing import Any

from django.core.management.base import BaseCommand

from stats.management.doctoring import Verdict, findings

MARKS: dict[Verdict, str] = {"ok": "   ok", "note": " note", "wrong": "WRONG"}


class Command(BaseCommand):
    """`manage.py doctor`"""

    help = "Says in plain words what is configured, reachable, stale or wrong; exit 1 when something is wrong."
    # It runs the checks itself, and reports them with the rest.
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit 0 when nothing is wrong."""
        wrong = 0
        for finding in findings():
            wrong += finding.verdict == "wrong"
            self.stdout.write(f"{MARKS[finding.verdict]}  {finding.about}: {finding.words}")
        self.stdout.write("" if not wrong else f"\n{wrong} thing{'s are' if wrong > 1 else ' is'} wrong.")
        if wrong:
            raise SystemExit(1)
