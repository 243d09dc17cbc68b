"""`manage.py organisation NAME`: another organisation on this installation, apart from all others."""

from argparse import ArgumentParser
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_slug
from django.db import transaction
from django.utils.text import slugify

from stats.models import Organisation
from wallboard.accounts import journal
from wallboard.accounts.models import Membership


class Command(BaseCommand):
    """Makes it, with somebody who administers it; who that is may belong to others too."""

    help = "Makes another organisation, and an existing user its admin."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The name, and what else is not as usual."""
        parser.add_argument("name", help="as people call it")
        parser.add_argument("--slug", default="", help="as addresses and logs call it (default: made of the name)")
        parser.add_argument("--timezone", default="Europe/Stockholm", help="in which its days begin and end")
        parser.add_argument("--language", default="en", choices=("en", "sv"))
        parser.add_argument("--admin", default="", help="the user name of somebody who has an account")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Makes it, or says in a line why not."""
        name, slug = " ".join(options["name"].split()), options["slug"] or slugify(options["name"])
        try:
            validate_slug(slug)
            ZoneInfo(options["timezone"])
        except ValidationError:
            raise CommandError("--slug: expected letters, digits, hyphens and underscores") from None
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise CommandError("--timezone: expected the IANA name of a time zone, such as Europe/Stockholm") from None
        if not 0 < len(name) <= 120 or len(slug) > 60:
            raise CommandError("expected a name of at most 120 letters and a slug of at most 60")
        people = get_user_model()._default_manager
        person = people.filter(username=options["admin"]).first() if options["admin"] else None
        if options["admin"] and person is None:
            raise CommandError("--admin: no user has this name; `manage.py createsuperuser` or an invitation makes one")
        if Organisation.objects.filter(slug=slug).exists():
            raise CommandError(f"there is an organisation {slug} already")
        with transaction.atomic():
            organisation = Organisation.objects.create(slug=slug, name=name, timezone=options["timezone"], language=options["language"])
            if person is not None:
                Membership.objects.create(user=person, organisation=organisation, role="admin")
            journal.write(slug, "organisation.made", subject_kind="organisation", subject=name)
        self.stdout.write(
            f"Organisation {slug} is made" + (f"; {options['admin']} administers it." if person else ". Nobody belongs to it yet.")
        )
