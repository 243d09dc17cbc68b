"""`manage.py bootstrap`: what `up` does after `migrate`; run it once by hand where the processes are started one by one."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from wallboard.accounts.bootstrap import bootstrap


class Command(BaseCommand):
    """Makes the organisation `default` and what the environment asks for in it."""

    help = "Makes the organisation `default`, its source, its API token and the user admin as the environment says."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Only `up` gives one, in process, so that no password is ever in a process list."""
        parser.set_defaults(demo_password="")

    # `call_command` lets only known options through.
    stealth_options = ("demo_password",)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Does it."""
        bootstrap(demo_password=options["demo_password"])
