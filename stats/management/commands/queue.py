"""Shows or sets what a queue promises its callers."""

import asyncio
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from stats.clock import now_ms
from stats.domain.facts import PartyFacts
from stats.domain.metrics import VARIANTS
from stats.live.board_store import Store, StoreAway
from stats.live.mirror import Mirror
from stats.live.server import RedisAway, require_redis
from stats.models import Organisation, QueueSetting

ORGANISATION = "default"


class Command(BaseCommand):
    """`manage.py queue ID [--target S] [--short S] [--share PCT] [--variant NAME]`"""

    help = "Shows or sets a queue's targets. Running workers count today anew by them within ten seconds."

    def add_arguments(self, parser: CommandParser) -> None:
        """ID and what is to be set."""
        parser.add_argument("id", metavar="ID", help="the queue's id, its key (a:<account id>), or its exact name")
        parser.add_argument("--target", type=int, metavar="S", help="answered within so many seconds (1 to 3600)")
        parser.add_argument("--short", type=int, metavar="S", help="hanging up sooner than this is no abandoned call (0 to 600)")
        parser.add_argument("--share", type=_share, metavar="PCT", help="for so many per cent of the calls (0 to 100)")
        parser.add_argument("--variant", choices=VARIANTS, metavar="NAME", help=f"which service level: {', '.join(VARIANTS)}")
        parser.add_argument("--organisation", metavar="SLUG", default=ORGANISATION, help="whose queue (default: %(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints the queue's settings as they are afterwards."""
        organisation = Organisation.objects.filter(slug=options["organisation"]).first()
        if organisation is None:
            raise CommandError(f"There is no organisation {options['organisation']!r}. `manage.py up` makes the first.")
        key, name = _identify(options["id"], organisation)
        setting = QueueSetting.objects.filter(organisation=organisation, queue_key=key).first() or QueueSetting(
            organisation=organisation, queue_key=key
        )
        wished = {"target_s": options["target"], "short_s": options["short"], "share": options["share"], "variant": options["variant"]}
        given = {field: value for field, value in wished.items() if value is not None}
        if given:
            for field, value in given.items():
                setattr(setting, field, value)
            try:
                setting.full_clean()
            except ValidationError as wrong:
                raise CommandError("; ".join(f"{field}: {' '.join(words)}" for field, words in wrong.message_dict.items())) from wrong
            setting.save()
        share = f"{float(setting.share) * 100:g}"
        promise = f"{share} % answered within {setting.target_s} s"
        words = f"{promise}; hanging up within {setting.short_s} s is not abandoned; variant {setting.variant}"
        self.stdout.write(f"queue {key}{f' ({name})' if name else ''}: {words}{'' if setting.pk else ' (the defaults)'}")


def _share(text: str) -> Decimal:
    try:
        return Decimal(text.removesuffix("%").strip()) / 100
    except InvalidOperation as wrong:
        raise CommandError(f"--share must be per cent, such as 80; it was {text!r}.") from wrong


def _identify(asked: str, organisation: Organisation) -> tuple[str, str | None]:
    """The key and name of the queue somebody means; an id or key that no call has named yet is taken at its word."""
    known = _known(organisation)
    if known is None or asked in known:
        found = (known or {}).get(asked)
        if found is None and not _is_key(asked):
            raise CommandError(
                f"Redis does not answer, so {asked!r} cannot be looked up by name. Give the queue's id, or start `manage.py up`."
            )
        return asked, found.party.name if found is not None else None
    named = [each for each in known.values() if each.party.name == asked or asked in (f"a:{each.party.account_id}", f"n:{each.party.name}")]
    if len(named) == 1:
        return named[0].key, named[0].party.name
    if len(named) > 1:
        raise CommandError(f"Several queues are called {asked!r}: {', '.join(sorted(each.key for each in named))}. Give the id.")
    if _is_key(asked):
        return asked, None
    listed = ", ".join(sorted(f"{each.key} ({each.party.name})" for each in known.values())[:30]) or "none yet"
    raise CommandError(f"There is no queue {asked!r}. The queues are: {listed}.")


def _is_key(asked: str) -> bool:
    return asked.isascii() and (asked.isdigit() or (asked.startswith("a:") and asked[2:].isdigit()))


def _known(organisation: Organisation) -> dict[str, PartyFacts] | None:
    """The queues the live store knows by key; None when it cannot be asked."""
    try:
        return asyncio.run(_read(require_redis(), organisation.slug, organisation.timezone))
    except (RedisAway, StoreAway):
        return None


async def _read(url: str, slug: str, timezone: str) -> dict[str, PartyFacts]:
    store = Store(url)
    try:
        mirror = Mirror(store, slug, timezone)
        await mirror.refresh(now_ms())
        return dict(mirror.facts.queues)
    finally:
        await store.close()
