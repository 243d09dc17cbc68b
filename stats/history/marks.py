"""Reads from the database who was erased, for the road and for the archive."""

from datetime import timedelta

from django.utils import timezone

from stats.history.erased import NOBODY, Erased, Forgetting
from stats.history.erased_tables import ErasedAgent

# The vendor's history tells a day again for hours, a support case of theirs may for weeks.
KEPT = timedelta(days=60)


def read_erased(organisation: str) -> Erased:
    """Who was erased of an organisation within the last 60 days. Raises django.db.Error."""
    from stats.models import ErasedNumber  # the models import the tables of this room

    now = timezone.now()
    numbers = dict(ErasedNumber.objects.filter(organisation__slug=organisation, until__gt=now).values_list("mark", "until"))
    agents = list(ErasedAgent._default_manager.filter(organisation=organisation, until__gt=now).values_list("mark", "pseudonym", "until"))
    if not numbers and not agents:
        return NOBODY
    last = max([*numbers.values(), *(until for _, _, until in agents)])
    return Erased(
        numbers=frozenset(numbers),
        agents=frozenset((mark, pseudonym) for mark, pseudonym, _ in agents),
        newest_ms=round((last - KEPT).timestamp() * 1000),
    )


def forgetting(organisation: str) -> Forgetting:
    """What takes them out of a telling. Raises django.db.Error."""
    return Forgetting(organisation, read_erased(organisation))
