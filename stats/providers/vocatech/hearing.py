"""How fields are read: instants, numbers, names; and what earlier documents have taught of extensions and of calls that go on.

Rules that hold here: what was learnt is only ever needed to tell a telling better, never to tell it right: a new worker knows nothing, and
the row of the past says everything again. It is bounded.
"""

import re
import unicodedata
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from stats.domain.numbers import as_dialled
from stats.domain.records import Call, Direction, Party
from stats.providers.base import party_of
from stats.providers.vocatech.wire import Loose, word

EARLIEST_MS = 946_684_800_000  # 2000-01-01
DAY_MS = 86_400_000
MOST_NAMES, MOST_CHARACTERS = 20_000, 200
_SHORT = re.compile(r"\d{2,5}")
_DIRECTIONS = {
    **{"incoming": Direction.IN, "inbound": Direction.IN, "in": Direction.IN},
    **{"outgoing": Direction.OUT, "outbound": Direction.OUT, "out": Direction.OUT, "internal": Direction.INTERNAL},
}


def clean(value: Loose) -> str | None:
    """A name fit for a screen: no control or bidi characters, at most 200 characters; None when nothing is left."""
    text = word(value)
    if not text.isprintable():
        text = "".join(c if c.isprintable() or c in "\u200c\u200d" else " " if unicodedata.category(c)[0] == "Z" else "" for c in text)
    return text.strip()[:MOST_CHARACTERS].strip() or None


def instant(value: Loose, received_at: int) -> int | None:
    """Epoch ms of ISO 8601 (UTC where no zone is told) or of a number; None for what is none, or not believable."""
    if value is None or isinstance(value, bool) or value == "":
        return None
    try:
        if isinstance(value, int | float):
            at = round(value * 1000 if abs(value) < 1e11 else value)
        else:
            told = datetime.fromisoformat(value.strip())
            at = round((told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
    return at if EARLIEST_MS <= at <= received_at + DAY_MS else None


@dataclass(slots=True)
class Known:
    """What one provider has learnt. Extensions of groups may be told by the source's options; journeys of the past teach the others."""

    names: OrderedDict[str, str] = field(default_factory=OrderedDict)
    groups: dict[str, str] = field(default_factory=dict)  # extension -> name
    menus: set[str] = field(default_factory=set)
    groups_post: bool = False  # a group has posted a leg of its own
    rings_first: bool = False  # answered segments of users begin with the ring
    users: OrderedDict[str, None] = field(default_factory=OrderedDict)

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Known":
        """From the source's options."""
        known = cls()
        for group in settings.get("groups") or ():
            for number in group.get("numbers") or ():
                if word(number):
                    known.groups[word(number)] = str(group.get("name") or "")
        return known

    def call_by_name(self, extension: str, told: Loose) -> str:
        """The name to show of an extension: as told, as known from before, or the extension itself."""
        name = clean(told)
        if name is None:
            return self.names.get(extension) or self.groups.get(extension) or extension
        self.names[extension] = name
        self.names.move_to_end(extension)
        if len(self.names) > MOST_NAMES:
            self.names.popitem(last=False)
        return name

    def met(self, extension: str) -> None:
        """A user's extension."""
        self.users[extension] = None
        if len(self.users) > MOST_NAMES:
            self.users.popitem(last=False)

    def recall(self, calls: Iterable[Call], source: str) -> None:
        """Calls that were open before this provider was made."""
        for call in calls:
            for visit in call.visits:
                extension = own(visit.queue, source)
                if extension:
                    self.groups.setdefault(extension, visit.queue.name or "")
            for offer in call.offers:
                extension = own(offer.agent, source)
                if extension:
                    self.met(extension)
                    if offer.agent.name:
                        self.names.setdefault(extension, offer.agent.name)


def own(party: Party, source: str) -> str:
    """The extension a party was made of."""
    prefix = f"{source}:"
    return party.ref.removeprefix(prefix) if party.ref and party.ref.startswith(prefix) else ""


@dataclass(frozen=True, slots=True)
class Hearing:
    """Whose words are read, and when they were received."""

    source: str
    region: str
    received_at: int
    known: Known

    def instant(self, value: Loose) -> int | None:
        return instant(value, self.received_at)

    def direction(self, value: Loose) -> Direction | None:
        return _DIRECTIONS.get(word(value).lower())

    def number(self, value: Loose) -> str | None:
        """The other side's number, E.164 when derivable."""
        return as_dialled(word(value) or None, self.region)

    def within(self, direction: Direction | None, remote: Loose) -> bool | None:
        """Whether a call is between colleagues: told so, from a number nobody outside can have, or to a colleague's extension."""
        if direction is Direction.INTERNAL:
            return True
        if not self.short(remote):
            return None
        return True if direction is not Direction.OUT or word(remote) in self.known.users else None

    def short(self, remote: Loose) -> bool:
        """Whether a number is too short for anybody outside."""
        return _SHORT.fullmatch(word(remote)) is not None

    def party(self, extension: str, name: Loose) -> Party:
        """A user or a group."""
        return party_of(self.source, extension, self.known.call_by_name(extension, name))
