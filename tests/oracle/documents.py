"""Reads the vendor's raw documents, as loosely as the vendor writes them, and says which ids belong together.

Source: Telavox Studio API 1.4, 1.5, 2.1 to 2.4 and 3.2 to 3.4. Instants and durations are integer milliseconds here.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Doc = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """What the vendor has told in the end: one last document for each call, (call, queue entry), (call, agent ringing) and agent.

    Several tellings of one thing may stand side by side (a live document and its historic row, put in the live spelling by `snake_row`).
    `presences` are (heard at, epoch ms; profile_live document) in the order heard; the last one of an agent is the one that counts.
    """

    calls: Sequence[Doc] = ()
    queues: Sequence[Doc] = ()
    agents: Sequence[Doc] = ()
    presences: Sequence[tuple[int, Doc]] = ()

    def __add__(self, other: "Documents") -> "Documents":
        return Documents(
            calls=[*self.calls, *other.calls],
            queues=[*self.queues, *other.queues],
            agents=[*self.agents, *other.agents],
            presences=[*self.presences, *other.presences],
        )


def dig(doc: Any, path: str) -> Any:
    """The value at a dotted path, or None where any step of it is missing or not an object."""
    for step in path.split("."):
        if not isinstance(doc, Mapping):
            return None
        doc = doc.get(step)
    return doc


def instant(value: Any) -> int | None:
    """Epoch ms from a number or text of seconds, milliseconds or microseconds, or from ISO 8601; None when it is none of these."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        try:
            number = float(text)
        except ValueError:
            try:
                moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
            except ValueError:
                return None
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return round(moment.timestamp() * 1000)
        return instant(number)
    if not isinstance(value, int | float) or value != value or value <= 0:
        return None
    if value > 1e14:
        return int(value // 1000)
    return int(value) if value > 1e11 else round(value * 1000)


def count(value: Any) -> int | None:
    """A flag, a count or a duration as an int; None when it is not told."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return int(value) if value == value else None
    if isinstance(value, str):
        text = value.strip().lower()
        if text in ("true", "false"):
            return int(text == "true")
        return int(text) if re.fullmatch(r"-?\d+", text) else None
    return None


def listed(value: Any) -> list[Any]:
    """A list where the vendor sends a list, one object, or nothing."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def e164(number: Any, country: str = "46") -> str | None:
    """A telephone number with its plus sign; None when it is missing or can not be one."""
    text = re.sub(r"[\s().-]", "", str(number or ""))
    if re.fullmatch(r"\+[1-9]\d{6,14}", text):
        return text
    if re.fullmatch(r"00[1-9]\d{6,14}", text):
        return "+" + text[2:]
    if re.fullmatch(r"0[1-9]\d{5,12}", text):
        return "+" + country + text[1:]
    return None


def snake_row(value: Any) -> Any:
    """A historic row in the spelling of the live documents: keys in snake_case, everything that is null left out."""
    if isinstance(value, Mapping):
        return {re.sub(r"(?<!^)([A-Z])", r"_\1", key).lower(): snake_row(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [snake_row(inner) for inner in value]
    return value


@dataclass(slots=True)
class Identities:
    """Joins the vendor's two ids of one queue or one agent: a document that carries both tells that they are the same."""

    account_to_id: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, objects: Iterable[Any]) -> "Identities":
        joined = cls()
        for thing in objects:
            stats, account = count(dig(thing, "id")), count(dig(thing, "account_id"))
            if stats is not None and account is not None:
                joined.account_to_id[account] = stats
        return joined

    def key(self, thing: Any) -> str | None:
        """`"111834"` when the stats id is known from anywhere, else `"a:998877"`, else None."""
        stats, account = count(dig(thing, "id")), count(dig(thing, "account_id"))
        if stats is None and account is not None:
            stats = self.account_to_id.get(account)
        if stats is not None:
            return str(stats)
        return None if account is None else f"a:{account}"

    def account_of(self, key: str) -> int | None:
        if key.startswith("a:"):
            return int(key[2:])
        return next((account for account, stats in self.account_to_id.items() if str(stats) == key), None)


def queue_objects(documents: Documents) -> list[Any]:
    """Every object in which a document names a queue."""
    named = [dig(doc, "queue") for doc in [*documents.queues, *documents.agents]]
    named += [dig(doc, which) for doc in documents.calls for which in ("queue_first", "queue_last")]
    named += [login for _, doc in documents.presences for side in ("in", "out") for login in listed(dig(doc, f"queue_login.logged_{side}"))]
    return named


def agent_objects(documents: Documents) -> list[Any]:
    """Every object in which a document names an agent."""
    named = [dig(doc, "agent") for doc in documents.agents] + [dig(doc, "agent") for _, doc in documents.presences]
    return named + [dig(doc, which) for doc in [*documents.calls, *documents.queues] for which in ("agent_first", "agent_last")]
