"""One person, by a telephone number or as an agent: what is held of them, and taking them out of it, for pages and commands alike.

Rules that hold here:
- What is written down of an export or an erasing is how much, never of whom: no number, and of an agent not even the key.
- The archive is cleaned here and now. The live store is cleaned by its workers, who hear of it within seconds; `remains` asks.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from stats.domain.errors import Malformed
from stats.domain.forgetting import agents_of, numbers_of
from stats.domain.numbers import as_dialled
from stats.domain.records import Call, Party
from stats.history import erasing
from stats.history.erased import keys_of
from stats.history.erasing import Person
from stats.history.patience import without_limit
from stats.history.tables import ArchivedOffer, PresenceChange
from stats.live import codec
from stats.live.board_store import Store, StoreAway
from stats.models import Organisation, PresenceSlotRow, Source
from stats.vault import number_mark
from wallboard.accounts import journal
from wallboard.accounts.models import AuditEntry, HandledCaller

LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Who is asked for. `shown` is what the asker typed, in the form it is kept in; `person` finds them in the archive."""

    organisation: Organisation
    person: Person
    shown: str

    @property
    def is_agent(self) -> bool:
        """An agent, else a telephone number."""
        return bool(self.person.agents)


@dataclass(slots=True, kw_only=True)
class Held:
    """How much is held of somebody, by kind; and their calls that the live store has."""

    counts: dict[str, int] = field(default_factory=dict)
    live: list[Call] = field(default_factory=list)

    @property
    def anything(self) -> bool:
        """Whether there is any of it."""
        return any(self.counts.values())


def wanted_number(organisation: Organisation, typed: str) -> Wanted | None:
    """A telephone number in whatever way people write it; None where that is none."""
    region = Source.objects.filter(organisation=organisation).values_list("default_region", flat=True).first() or "SE"
    number = as_dialled(typed.strip()[:LONGEST], region)
    return Wanted(organisation=organisation, person=Person(number=number), shown=number) if number else None


def wanted_agent(organisation: Organisation, typed: str, known: list[Party]) -> Wanted | None:
    """An agent by key, or by a name that one agent alone has; `known` is the live directory. None where there is nobody."""
    text = typed.strip()[:LONGEST]
    named = [party for party in known if party.name and party.name.casefold() == text.casefold()]
    keyed = [party for party in known if text in keys_of(party)]
    found = keyed or named
    if len({party.key for party in found}) > 1:
        return None
    if found and found[0].key:
        key, shown = found[0].key, found[0].name or found[0].key
    elif text.isdecimal() or (text.startswith("a:") and text[2:].isdecimal()):
        key = shown = text
    elif text:
        key, shown = f"n:{text.removeprefix('n:')}", text.removeprefix("n:")
    else:
        return None
    with without_limit():
        keys = erasing.agent_keys(organisation.slug, key, found)
    return Wanted(organisation=organisation, person=Person(agents=keys), shown=shown)


async def live_agents(store: Store, organisation: str) -> list[Party]:
    """The live directory's agents. Raises StoreAway."""
    found = []
    for packed in (await store.entries(organisation, "agents")).values():
        try:
            found.append(codec.unpack_party(packed)[0])
        except Malformed:
            continue
    return found


async def live_calls(store: Store, wanted: Wanted) -> list[Call]:
    """The person's calls in the live store. Raises StoreAway."""
    is_theirs = is_about(wanted)
    return [call for call in await store.calls_between(wanted.organisation.slug, 0, 1 << 52) if is_theirs(call)]


def is_about(wanted: Wanted) -> Callable[[Call], bool]:
    """Whether a call is the person's."""
    person = wanted.person

    def about(call: Call) -> bool:
        if person.number and person.number in numbers_of(call):
            return True
        return any(key in person.agents for party in agents_of(call) for key in keys_of(party))

    return about


def held(wanted: Wanted, live: list[Call]) -> Held:
    """How much there is. Raises django.db.Error."""
    slug, keys = wanted.organisation.slug, wanted.person.agents
    with without_limit():
        archived = sum(1 for _ in erasing.calls_of(slug, wanted.person))
    counts = {"calls": archived, "live": len(live)}
    if wanted.is_agent:
        counts["offers"] = ArchivedOffer.objects.filter(organisation=slug, agent__in=keys).count()
        counts["presence"] = PresenceChange.objects.filter(organisation=slug, agent__in=keys).count()
        counts["hours"] = PresenceSlotRow.objects.filter(organisation=slug, agent__in=keys).count()
        counts["audit"] = AuditEntry.objects.filter(
            organisation=slug, subject_kind="agent", subject__in=journal.subjects_of(slug, keys)
        ).count()
    else:
        counts["handled"] = handled_of(wanted).count()
    return Held(counts=counts, live=live)


def handled_of(wanted: Wanted) -> QuerySet[Any]:
    """The marks by which a lost caller was handled."""
    mark = number_mark(wanted.organisation.slug, wanted.person.number)
    return HandledCaller.objects.filter(organisation=wanted.organisation, mark=mark)


def erase(wanted: Wanted) -> dict[str, int]:
    """Take them out of the archive for good, and have the workers take them out of the live store. Returns how much.

    Raises django.db.Error; begun again it goes on where it was.
    """
    with without_limit():
        if wanted.is_agent:
            _, counts = erasing.erase_agent(wanted.organisation, wanted.person.agents)
        else:
            counts = erasing.erase_number(wanted.organisation, wanted.person.number)
            with transaction.atomic():
                counts["handled"] = handled_of(wanted).delete()[0]
    erasing.wipe_file()
    return counts


async def remains(store: Store, wanted: Wanted) -> bool:
    """Whether the live store still has anything of them: no worker runs, or it has not come to it yet. Raises StoreAway."""
    if await live_calls(store, wanted):
        return True
    if not wanted.is_agent:
        return False
    known = await live_agents(store, wanted.organisation.slug)
    return any(key in wanted.person.agents for party in known for key in keys_of(party))


__all__ = ["Held", "StoreAway", "Wanted", "erase", "held", "live_agents", "live_calls", "remains", "wanted_agent", "wanted_number"]
