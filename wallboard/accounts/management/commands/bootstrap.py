"""`manage.py bootstrap`: what `up` does after `migrate`; run it once by hand where the processes are started one by one."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from wallboard.accounts.bootstrap import bootstrap
from wallboard.accounts.demo import Wanted, furnish


class Command(BaseCommand):
    """Makes the organisation `default` and what the environment asks for in it."""

    help = "Makes the organisation `default`, its source, its API token and the user admin as the environment says."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Only `up` gives one, in process, so that no password is ever in a process list."""
        parser.set_defaults(demo_password="", demo_sources=None)

    # `call_command` lets only known options through.
    stealth_options = ("demo_password", "demo_sources")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Does it."""
        organisation = bootstrap(demo_password=options["demo_password"])
        demo = options["demo_sources"]
        if demo is not None:
            demo.posted = furnish([Wanted(**each) for each in demo.wanted], demo.base, organisation.timezone)
