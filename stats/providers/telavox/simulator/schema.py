"""The historic layer's schema, from the text beside this file, with the changes that switches ask for."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from graphql import GraphQLError, GraphQLScalarType, GraphQLSchema, ObjectTypeDefinitionNode, build_ast_schema, parse

SOURCE = Path(__file__).with_name("schema.graphql")


@cache
def make_schema(absent_fields: str, history_root: str, *, coarse: bool) -> GraphQLSchema:
    """`absent_fields`: "Type.field,Type.field" to leave out; `coarse`: with the rows of a page as one opaque value."""
    text = SOURCE.read_text("utf-8")
    text = re.sub(r"^  profile_history\b", f"  {history_root}", text, flags=re.MULTILINE)
    if coarse:
        text = re.sub(r"\bdata: \[\w+!\]!", "data: Rows!", text) + "\nscalar Rows\n"
    document = parse(text.split("\n", 1)[1])  # the first line is the room's sentence, not the schema's
    absent = {tuple(part.strip().split(".", 1)) for part in absent_fields.split(",")}
    kept = []
    for definition in document.definitions:
        if isinstance(definition, ObjectTypeDefinitionNode):
            name = definition.name.value
            definition = replace(definition, fields=tuple(f for f in definition.fields or () if (name, f.name.value) not in absent))
        kept.append(definition)
    schema = build_ast_schema(replace(document, definitions=tuple(kept)))
    instant = schema.type_map["DateTime"]
    assert isinstance(instant, GraphQLScalarType)
    instant.parse_value = instant.coerce_input_value = _read_instant  # type: ignore[method-assign]
    return schema


def _read_instant(value: Any) -> int:
    """An argument: ISO 8601 (UTC when it names no zone) or a number of ms; epoch ms."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise GraphQLError(f"DateTime cannot represent {value!r}")
    if not isinstance(value, str):
        return int(value)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise GraphQLError(f"DateTime cannot represent {value!r}") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)
