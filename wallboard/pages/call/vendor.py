"""The telephone systems of an organisation as the call page needs them: what each can tell, and how one of them is asked.

Rules that hold here: a token is unsealed for the one question it is needed for, and goes no further than `stats.ingest.door`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from channels.db import database_sync_to_async

from stats.ingest.door import SourceConfig, company
from stats.models import Source
from stats.vault import Unreadable


class NotAsked(Exception):
    """The telephone system cannot be asked: it was taken away, or its token cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one source tells. `title` is its company's."""

    provider: str
    title: str
    can: Mapping[str, str]
    sinks: bool

    def tells(self, fact: str) -> bool:
        """Whether it tells of something at all (`stats.providers.base.FACTS`)."""
        return self.can.get(fact, "none") != "none"


def sources_of(organisation: str) -> dict[str, Told]:
    """Every source by its name, switched off or not. Raises django.db.Error."""
    found: dict[str, Told] = {}
    for name, provider in Source.objects.filter(organisation__slug=organisation).values_list("name", "provider"):
        known = company(provider)
        if known is not None:
            found[name] = Told(provider=provider, title=known.title, can=dict(known.can), sinks=known.sinks)
    return found


@database_sync_to_async
def reach(organisation: str, source: str) -> tuple[str, SourceConfig]:
    """The company of a source, and what is needed to ask it. Raises NotAsked, django.db.Error."""
    row = Source.objects.filter(organisation__slug=organisation, name=source).first()
    if row is None:
        raise NotAsked("gone")
    try:
        config = SourceConfig(
            name=row.name,
            live_url=row.live_url,
            historic_url=row.historic_url,
            token=row.token,
            default_region=row.default_region,
            second_token=row.second_token,
            settings=row.settings,
        )
    except Unreadable:
        raise NotAsked("sealed") from None
    return row.provider, config
