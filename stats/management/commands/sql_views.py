"""`manage.py sql_views`: views of one organisation's history for BI tools, and the role that may read them."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InterfaceError, connection

from stats.history import sql_views
from stats.models import Organisation


class Command(BaseCommand):
    """Makes the views anew, whatever is there; with --role also a role of PostgreSQL that sees them alone."""

    help = "Makes read-only SQL views of an organisation's history for BI tools; with --role NAME also a role that sees nothing else."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose views, and what else."""
        parser.add_argument("--organisation", default="default", help="the organisation's slug")
        parser.add_argument("--role", default="", metavar="NAME", help="make this role (PostgreSQL) and print its password, once")
        parser.add_argument("--print", action="store_true", help="print the SQL instead of running it")
        parser.add_argument("--drop", action="store_true", help="take the views away")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Does it, or says in one sentence why not."""
        slug, role = options["organisation"], options["role"]
        try:
            if not Organisation.objects.filter(slug=slug).exists():
                known = ", ".join(Organisation.objects.values_list("slug", flat=True)) or "none"
                raise CommandError(f"There is no organisation {slug!r}. Known: {known}.")
            if role and connection.vendor != "postgresql":
                raise CommandError("Roles are PostgreSQL's; on SQLite whoever can read the file can read everything in it.")
            self._work(slug, role, print_only=options["print"], drop=options["drop"])
        except sql_views.UnfitName:
            raise CommandError("A role's name is of small letters, digits and underscores, and begins with a letter.") from None
        except (DatabaseError, InterfaceError) as why:
            hint = " Run it with --print, and let whoever administers PostgreSQL run that." if role else ""
            raise CommandError(f"The database refused: {str(why).strip().splitlines()[0]}.{hint}") from None

    def _work(self, slug: str, role: str, *, print_only: bool, drop: bool) -> None:
        if print_only:
            for statement in sql_views.statements(slug):
                self.stdout.write(f"{statement};")
            for statement in sql_views.role_statements(slug, role, "CHANGE-ME") if role else []:
                self.stdout.write(f"{statement};")
            return
        if drop:
            sql_views.drop(slug)
            self.stdout.write(f"The views of {slug} are gone.")
            return
        number = sql_views.make(slug)
        self.stdout.write(f"{number} views of {slug}: {sql_views.schema_of(slug)}.")
        if role:
            self.stdout.write(f"Role {role}, password {sql_views.make_role(slug, role)} (shown once).")
