"""`manage.py drain`: lets every screen of this machine's web processes go, a few at a time, before they are replaced."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from wallboard.push import drain

# A web process that holds screens looks twice a second; a slow machine may take longer.
HEARD_WITHIN_S = 5.0


class Command(BaseCommand):
    """Gives the order, waits until it is carried out, and says so; the processes stay, for whoever watches over them to end."""

    help = "Tells the web processes of this VAR_DIR to let every screen go, spread out, so that they may be replaced unseen."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Pace, and the way back."""
        parser.add_argument("--per-second", type=float, default=drain.PER_S, metavar="N", help="screens let go each second (default: 75)")
        parser.add_argument(
            "--after", type=float, default=drain.AFTER_S, metavar="S", help="seconds in which /readyz says `draining` first (default: 3)"
        )
        parser.add_argument("--wait", type=float, default=120.0, metavar="S", help="seconds to wait for the end at most (default: 120)")
        parser.add_argument("--cancel", action="store_true", help="withdraw the order: the processes let screens in again")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Does it."""
        var_dir = Path(settings.VAR_DIR)
        if options["cancel"]:
            drain.withdraw(var_dir)
            self.stdout.write("No web process drains any more.")
            return
        if not 1.0 <= options["per_second"] <= 1000.0 or not 0.0 <= options["after"] <= 600.0:
            raise CommandError("--per-second must be 1 to 1000, --after 0 to 600.")
        order = drain.give(var_dir, per_s=options["per_second"], after_s=options["after"])
        began, told = time.monotonic(), -1
        while (passed := time.monotonic() - began) < options["wait"]:
            left = drain.left(var_dir, order)
            if not left and passed >= HEARD_WITHIN_S:
                self.stdout.write("No web process of this VAR_DIR holds a screen; new ones are sent on.")
                return
            if left and not sum(left.values()):
                self.stdout.write("Every screen was told to come again. The web processes can be replaced now.")
                return
            if left and sum(left.values()) != told:
                told = sum(left.values())
                self.stdout.write(f"{told} screens left")
                self.stdout.flush()
            time.sleep(0.2)
        raise CommandError(
            f"{max(told, 0)} screens are still there after {options['wait']:g} s; `manage.py drain --cancel` takes them back."
        )
