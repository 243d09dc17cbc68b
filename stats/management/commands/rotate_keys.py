"""`manage.py rotate_keys`: a new key for the sealed tokens; then, when everything is sealed by it, the old ones can go."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from stats import vault
from stats.models import Source


class Command(BaseCommand):
    """Every token is sealed anew by the first key; nobody has to be stopped for it."""

    help = "Puts a new key first and seals every vendor token by it; with --drop-old, forgets the keys that are no longer needed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """In two steps, so that a backup of today can still be opened tomorrow."""
        parser.add_argument(
            "--drop-old", action="store_true", help="make none, and forget all but the first when that one opens everything"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """One of the two steps."""
        try:
            if options["drop_old"]:
                self._drop_old()
            else:
                self._rotate()
        except vault.Unreadable as why:
            raise CommandError(str(why)) from None

    def _rotate(self) -> None:
        if settings.VAULT_KEYS:
            if len(vault.keys()) < 2:
                raise CommandError("VAULT_KEYS holds one key. Put a new one before it, separated by a comma, and run this again.")
        else:
            vault.add_key()
        sealed, gone = seal_anew()
        self.stdout.write(f"{sealed} token(s) are sealed by the new key.")
        for source in gone:
            self.stdout.write(f"  {source.organisation}/{source.name}: no key opens this one; give its token anew.")
        self.stdout.write("Old keys still open older backups. When you need none of those: manage.py rotate_keys --drop-old")

    def _drop_old(self) -> None:
        left = [s for s in Source.objects.select_related("organisation") if not vault.opens_with_first(s.sealed_token, s.owner)]
        if left:
            names = ", ".join(f"{source.organisation}/{source.name}" for source in left)
            raise CommandError(f"These still need an old key: {names}. Run manage.py rotate_keys first.")
        if settings.VAULT_KEYS:
            self.stdout.write("The first of VAULT_KEYS opens everything: the others can be taken out of it.")
            return
        self.stdout.write(f"{vault.drop_old_keys()} old key(s) are gone.")


def seal_anew() -> tuple[int, list[Source]]:
    """Seal every token by the first key. Returns how many, and the sources whose token nobody can open. Raises django.db.Error."""
    sealed, gone = 0, list[Source]()
    for pk in list(Source.objects.exclude(sealed_token="").values_list("pk", flat=True)):
        with transaction.atomic():
            source = Source.objects.select_for_update(of=("self",)).select_related("organisation").filter(pk=pk).first()
            if source is None:
                continue
            try:
                source.token = source.token
            except vault.Unreadable:
                gone.append(source)
                continue
            # Not `save`: what the worker reads is the same token, and its sessions go on.
            Source.objects.filter(pk=pk).update(sealed_token=source.sealed_token)
            sealed += 1
    return sealed, gone
