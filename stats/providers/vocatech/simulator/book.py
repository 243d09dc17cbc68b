"""What the REST lists are made of: ended calls, messages and contacts, with the filters and pages of the guide."""

from __future__ import annotations

import random
from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from stats.providers.vocatech.simulator.documents import Document, direction_of, iso, remote_name, row
from stats.providers.vocatech.simulator.switches import Switches
from stats.simulation import names
from stats.simulation.records import Call

FIELDS: list[Document] = [
    {"id": 12, "name": "Company", "is_phone": False, "is_match": True, "is_integration": False},
    {"id": 14, "name": "Contact", "is_phone": False, "is_match": False, "is_integration": False},
    {"id": 18, "name": "Phone", "is_phone": True, "is_match": False, "is_integration": False},
    {
        "id": 20,
        "name": "Portal",
        "is_phone": False,
        "is_match": False,
        "is_integration": True,
        "integration": {"id": 1, "initials": "AP", "fields": [{"key": "default_url", "display_name": "Default URL", "value": ""}]},
    },
]
MOST_MESSAGES = 20_000


class BadRequest(ValueError):
    """What was asked cannot be understood."""


class Book:
    """`now`: the emulator's clock, epoch ms."""

    def __init__(self, switches: Switches, now: Callable[[], int], seed: int) -> None:
        self._switches, self._now = switches, now
        self._calls: dict[str, Call] = {}
        self._order: list[tuple[int, str]] = []
        self.rows: dict[str, Document] = {}  # rows a test has put there
        self.messages: list[Document] = []
        self.contacts: dict[int, Document] = {}
        self._next_contact = 181_119
        chance = random.Random(f"contacts {seed}")
        for place in range(60):
            self.put_contact(
                {
                    "Company": f"{names.LAST[place % len(names.LAST)]}s Bygg AB",
                    "Contact": names.person(chance.randrange(1_200)),
                    "Phone": ";".join(filter(None, (names.caller(chance) for _ in range(1 + place % 3)))),
                    "Portal": str(9_105_222_000 + place),
                }
            )

    # -- calls ---------------------------------------------------------------------------------------------------------

    def keep(self, call: Call) -> None:
        """An ended call."""
        if call.id not in self._calls:
            self._calls[call.id] = call
            insort(self._order, (call.started_at, call.id))

    def put_row(self, document: Document) -> None:
        """Somebody's own row."""
        key = str(document.get("call_id") or f"row {len(self.rows)}")
        if key not in self.rows:
            insort(self._order, (_at(document.get("start_time")), key))
        self.rows[key] = document

    def call(self, key: str) -> Call | None:
        return self._calls.get(key)

    def forget_before(self, instant: int) -> None:
        cut = bisect_left(self._order, (instant, ""))
        for _, key in self._order[:cut]:
            self._calls.pop(key, None)
            self.rows.pop(key, None)
        del self._order[:cut]

    def find_calls(self, query: dict[str, str], url: str) -> Sequence[Document | Call]:
        """The rows of a question in their order; calls of the floor are not written down yet."""
        start, end = self._days(query)
        wanted, status, search = query.get("direction", "any"), query.get("status", "any"), query.get("search", "").lower()
        _one_of(wanted, "direction", ("incoming", "outgoing", "internal", "any"))
        _one_of(status, "status", ("answered", "missed", "any"))
        seen_until = self._now() - round(self._switches.lag_s * 1000)
        found: list[Document | Call] = []
        for _, key in self._order[bisect_left(self._order, (start, "")) : bisect_left(self._order, (end, ""))]:
            call = self._calls.get(key)
            told: Document | Call = call if call is not None else self.rows[key]
            if call is not None and (call.ended_at is None or call.ended_at > seen_until):
                continue
            if wanted != "any" and (direction_of(call, self._switches) if call is not None else self.rows[key].get("direction")) != wanted:
                continue
            if status != "any" and (("answered" if call.answered else "missed") if call else self.rows[key].get("status")) != status:
                continue
            if search and search != key.lower():
                document = self.written(told, url)
                if not any(search in str(document.get(name, "")).lower() for name in ("extension", "extension_name", "remote_name")):
                    continue
            found.append(told)
        return found if self._switches.oldest_first else found[::-1]

    def written(self, told: Document | Call, url: str) -> Document:
        return row(told, self._switches, url) if isinstance(told, Call) else told

    def _days(self, query: dict[str, str], *, default: bool = True) -> tuple[int, int]:
        try:
            zone = ZoneInfo(query.get("timezone") or self._switches.day_zone)
        except (KeyError, ValueError, OSError):
            raise BadRequest("The timezone is invalid.") from None
        today = datetime.fromtimestamp(self._now() / 1000, UTC).astimezone(zone).date()
        first, last = (self._day(query, name) or (today if default else None) for name in ("start_date", "end_date"))
        start = datetime.combine(first, time(), tzinfo=zone).timestamp() if first else 0
        end = datetime.combine(last + timedelta(days=1), time(), tzinfo=zone).timestamp() if last else 1e11
        return round(start * 1000), round(end * 1000)

    @staticmethod
    def _day(query: dict[str, str], name: str) -> date | None:
        text = query.get(name)
        if not text:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise BadRequest(f"The {name.replace('_', ' ')} is not a valid date.") from None

    # -- messages ------------------------------------------------------------------------------------------------------

    def keep_message(self, document: Document) -> None:
        self.messages.append(document)
        del self.messages[:-MOST_MESSAGES]

    def find_messages(self, query: dict[str, str]) -> Sequence[Document]:
        start, end = self._days(query, default=False)
        found = []
        for each in self.messages:
            if not start <= _at(each["sent_at"]) < end:
                continue
            if all(query.get(name, "any") in ("any", each[name]) for name in ("direction", "channel", "status")):
                found.append(each)
        return found if self._switches.oldest_first else found[::-1]

    # -- contacts ------------------------------------------------------------------------------------------------------

    def put_contact(self, fields: dict[str, Any]) -> tuple[Document, str]:
        """(the contact, "created" or "updated"): the match field decides."""
        for known in self.contacts.values():
            if fields.get("Company") and known["fields"].get("Company") == fields["Company"]:
                known["fields"] |= fields
                return known, "updated"
        self._next_contact += 1
        made = {"id": self._next_contact, "fields": dict(fields)}
        self.contacts[self._next_contact] = made
        return made, "created"

    def find_contacts(self, query: dict[str, str]) -> Sequence[Document]:
        search = query.get("search", "").lower()
        return [each for each in self.contacts.values() if not search or any(search in str(v).lower() for v in each["fields"].values())]


def message_of(key: str, call: Call, at: int, *, channel: str, incoming: bool) -> Document:
    """A text message to or from who called."""
    ours, theirs = "+46846500400", plus(call.number or "")
    return {
        "message_id": f"{'sms' if channel == 'text' else 'wa'}_{key}",
        "direction": "incoming" if incoming else "outgoing",
        "channel": channel,
        "from": theirs if incoming else ours,
        "to": ours if incoming else theirs,
        "remote_name": remote_name(call.number, Switches()),
        "body": "Kan ni ringa upp mig?" if incoming else "Tack för ditt samtal! Svara 1–5 om hur nöjd du är.",
        "status": "delivered" if incoming else "sent",
        "sent_at": iso(at),
        "attachments": [],
    }


def plus(number: str) -> str:
    """E.164 of a number of the floor."""
    if number.startswith("00"):
        return f"+{number[2:]}"
    return f"+46{number[1:]}" if number.startswith("0") else number


def _at(text: object) -> int:
    try:
        return round(datetime.fromisoformat(str(text)).timestamp() * 1000)
    except ValueError:
        return 0


def _one_of(value: str, name: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise BadRequest(f"The selected {name} is invalid.")
