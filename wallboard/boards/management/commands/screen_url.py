"""Prints the address of a board for a television: nothing else goes to standard output."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from wallboard.boards.board import KINDS, NoSuchBoard
from wallboard.boards.screens import NotReady, screen_address


class Command(BaseCommand):
    """`manage.py screen_url BOARD`: each run makes a new link, which can be revoked by itself."""

    help = f"Print an address that opens a board without a login ({', '.join(KINDS)}). Every run makes a new, revocable link."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The board, and a name by which the link is found again when it is to be revoked."""
        parser.add_argument("board", metavar="BOARD", help=f"one of: {', '.join(KINDS)}")
        parser.add_argument("--name", default="", help="what the screen is called in the list of screens")

    def handle(self, *args: Any, **options: Any) -> None:
        """Issues the token and prints the address."""
        try:
            address = screen_address(options["board"], options["name"])
        except (NoSuchBoard, NotReady) as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(address)
