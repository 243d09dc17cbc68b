"""`manage.py rotate_keys`: a new key for the sealed tokens; then, when everything is sealed by it, the old ones can go."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import Q

from stats import vault
from stats.history.hook_tables import SourceHook
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
            self.stdout.write(f"  {source.organisation}/{source.name}: no key opens this one; give its token anew, and connect it anew.")
        self.stdout.write("Old keys still open older backups. When you need none of those: manage.py rotate_keys --drop-old")

    def _drop_old(self) -> None:
        left = [source for source in Source.objects.select_related("organisation").prefetch_related("hooks") if _needs_an_old_key(source)]
        if left:
            names = ", ".join(f"{source.organisation}/{source.name}" for source in left)
            raise CommandError(f"These still need an old key: {names}. Run manage.py rotate_keys first.")
        if settings.VAULT_KEYS:
            self.stdout.write("The first of VAULT_KEYS opens everything: the others can be taken out of it.")
            return
        self.stdout.write(f"{vault.drop_old_keys()} old key(s) are gone.")


def seal_anew() -> tuple[int, list[Source]]:
    """Seal every token, and what posts are judged by, by the first key. Raises django.db.Error.

    Returns how many sources had something sealed, and those of which nobody can open something.
    """
    sealed, gone = 0, list[Source]()
    with_something = Q(sealed_second_token__gt="") | Q(sealed_token__gt="") | Q(hooks__isnull=False)
    for pk in list(Source.objects.filter(with_something).order_by("pk").distinct().values_list("pk", flat=True)):
        with transaction.atomic():
            source = Source.objects.select_for_update(of=("self",)).select_related("organisation").filter(pk=pk).first()
            if source is None:
                continue
            try:
                source.token, source.second_token = source.token, source.second_token
                hooks = list(source.hooks.select_related("source"))
                for hook in hooks:
                    hook.key, hook.secret = hook.key, hook.secret
            except vault.Unreadable:
                gone.append(source)
                continue
            # Not `save`: what the worker reads is the same token, and its sessions go on.
            Source.objects.filter(pk=pk).update(sealed_token=source.sealed_token, sealed_second_token=source.sealed_second_token)
            SourceHook.objects.bulk_update(hooks, ["sealed_key", "sealed_secret"])
            sealed += 1
    return sealed, gone


def _needs_an_old_key(source: Source) -> bool:
    hooks = [word for hook in source.hooks.all() for word in (hook.sealed_key, hook.sealed_secret)]
    return not all(vault.opens_with_first(word, source.owner) for word in (source.sealed_token, source.sealed_second_token, *hooks))
