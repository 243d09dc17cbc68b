"""From a document in the live spelling to the fields a query selects, fast enough for a day of 20,000 calls.

The GraphQL engine resolves field by field, which costs minutes of CPU for a day. A plain selection is therefore compiled once
into pickers and applied to every row; whatever is not plain (fragments, directives) is left to the engine, which converts leaves
by the same functions.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from graphql import FieldNode, GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLOutputType, SelectionSetNode

from stats.providers.telavox.simulator.parts import Document
from stats.providers.telavox.simulator.switches import Switches

Convert = Callable[[Any], Any]
Pick = Callable[[Document], Document]


@cache
def snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


class Leaves:
    """How values come out, as the switches stood when the engine was made."""

    def __init__(self, switches: Switches) -> None:
        self._instants = switches.instants
        self._rounded = switches.round_to_seconds
        self._account_ids = switches.historic_account_ids

    def converter(self, field: str, kind: GraphQLOutputType) -> Convert | None:
        """None: as it is."""
        if isinstance(kind, GraphQLNonNull):
            kind = kind.of_type
        if field == "accountId" and not self._account_ids:
            return lambda value: None
        if isinstance(kind, GraphQLList):
            inner = kind.of_type.of_type if isinstance(kind.of_type, GraphQLNonNull) else kind.of_type
            return objects if isinstance(inner, GraphQLObjectType) else texts
        named = getattr(kind, "name", "")
        if named == "DateTime":
            return self._instant
        return {"Float": _number, "Int": _whole}.get(named)

    def _instant(self, value: Any) -> Any:
        if not isinstance(value, int | float):
            return value
        at = int(value) // 1000 * 1000 if self._rounded else int(value)
        if self._instants == "number":
            return at
        if self._instants == "string":
            return str(at)
        text = datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{text}Z" if self._rounded else f"{text}.{at % 1000:03d}Z"


def compiled(selection: SelectionSetNode, kind: GraphQLObjectType, leaves: Leaves) -> Pick | None:
    """A picker for the selection, or None when only the engine can do it."""
    plain: list[tuple[str, str, Convert | None]] = []
    nested: list[tuple[str, str, Pick, bool]] = []
    order: list[str] = []
    for node in selection.selections:
        if not isinstance(node, FieldNode) or node.directives or node.name.value.startswith("__"):
            return None
        name = node.name.value
        answer = node.alias.value if node.alias else name
        if answer in order:  # the same field twice must be merged: the engine's business
            return None
        order.append(answer)
        field = kind.fields[name]
        converter = leaves.converter(name, field.type)
        if node.selection_set is None:
            plain.append((answer, snake(name), converter))
            continue
        inner = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
        many = isinstance(inner, GraphQLList)
        if isinstance(inner, GraphQLList):
            inner = inner.of_type.of_type if isinstance(inner.of_type, GraphQLNonNull) else inner.of_type
        assert isinstance(inner, GraphQLObjectType)
        pick = compiled(node.selection_set, inner, leaves)
        if pick is None:
            return None
        nested.append((answer, snake(name), pick, many))

    def picked(document: Document) -> Document:
        told: Document = dict.fromkeys(order)  # answers come in the order they were asked for
        get = document.get
        for answer, key, convert in plain:
            value = get(key)
            told[answer] = value if convert is None or value is None else convert(value)
        for answer, key, pick, many in nested:
            value = get(key)
            if value is not None:
                told[answer] = [pick(item) for item in objects(value)] if many else pick(value)
        return told

    return picked


def texts(value: Any) -> Any:
    """The historic layer has real lists where a pushed frame may have had text."""
    if isinstance(value, str):
        if value.startswith("["):
            return json.loads(value)
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def objects(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, int | float | str) else value


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else value
