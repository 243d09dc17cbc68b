"""The last hand on a frame before it leaves: the same truth, worded in one of the ways the real service might word it."""

from __future__ import annotations

import json
import random
from typing import Any

import msgspec

from stats.providers.telavox.simulator.parts import Document
from stats.providers.telavox.simulator.switches import Switches

LIST_FIELDS = frozenset(("agent_list", "agent_list_answer", "agent_list_no_answer", "queue_list", "ivr_list"))
LIST_FIELDS |= frozenset(("id_calls", "answered_calls", "completed_calls", "active_calls"))
OPEN_VALUES = frozenset(("agent_end_reason", "terminated_call_reason", "fail_reason", "strategy", "type"))


def worded(document: Document, switches: Switches, chance: random.Random) -> Document:
    """A copy changed as the switches say; the document itself when they say nothing."""
    without_accounts = switches.missing_account_ids > 0 and chance.random() < switches.missing_account_ids
    strange = switches.unknown_enums > 0 and chance.random() < switches.unknown_enums
    if switches.list_fields == "array" and not (switches.single_as_object or without_accounts or strange or switches.extra_fields):
        return document
    changed: Document = _changed(document, switches, without_accounts, strange)
    if switches.extra_fields:
        changed["schema_revision"] = 3
        changed["future"] = {"unheard_of": [1, 2, {"deep": None}]}
    return changed


def _changed(value: Any, switches: Switches, without_accounts: bool, strange: bool) -> Any:
    if isinstance(value, list):
        inner = [_changed(item, switches, without_accounts, strange) for item in value]
        return inner[0] if switches.single_as_object and len(inner) == 1 and isinstance(inner[0], dict) else inner
    if not isinstance(value, dict):
        return value
    told = {}
    for key, inner in value.items():
        if without_accounts and key == "account_id":
            continue
        if key in LIST_FIELDS and isinstance(inner, list) and switches.list_fields != "array":
            told[key] = ",".join(inner) if switches.list_fields == "string" else json.dumps(inner, ensure_ascii=False)
        elif strange and key in OPEN_VALUES and isinstance(inner, str):
            told[key] = "SOMETHING_NEW"
        else:
            told[key] = _changed(inner, switches, without_accounts, strange)
    return told


def encoded(document: object) -> bytes:
    """JSON as UTF-8, umlauts as themselves."""
    return msgspec.json.encode(document)
