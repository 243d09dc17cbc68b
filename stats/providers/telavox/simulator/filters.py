"""Which documents an OverviewFilter means: every part given must hold, names must be exact (Telavox Studio API 3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stats.providers.telavox.simulator.parts import Document
from stats.providers.telavox.simulator.selection import texts

# Where each root's documents speak of queues, menus and agents.
_OBJECTS: dict[str, dict[str, tuple[str, ...]]] = {
    "calls": {"queue": ("queue_first", "queue_last"), "ivr": ("ivr_first", "ivr_last"), "agent": ("agent_first", "agent_last")},
    "queues": {"queue": ("queue",), "ivr": ("ivr",), "agent": ("agent_first", "agent_last")},
    "agents": {"queue": ("queue",), "ivr": ("ivr",), "agent": ("agent",)},
    "profile_history": {"agent": ("agent",)},
}
_NAME_LISTS = {"queue": "queue_list", "ivr": "ivr_list", "agent": "agent_list"}
_PARTS = {"Id": "id", "AccountId": "account_id", "Name": "name"}


def matches(root: str, document: Document, asked: Mapping[str, Any]) -> bool:
    return all(_holds(root, document, name, value) for name, value in asked.items() if value is not None)


def _holds(root: str, document: Document, name: str, value: object) -> bool:
    if name == "callId":
        return bool(document.get("id_call") == value)
    for thing in ("queue", "ivr", "agent"):
        if name.startswith(thing):
            part = _PARTS[name.removeprefix(thing)]
            places = _OBJECTS[root].get(thing, ())
            if any((document.get(place) or {}).get(part) == value for place in places):
                return True
            return part == "name" and value in (texts(document.get(_NAME_LISTS[thing])) or ())
    return False
