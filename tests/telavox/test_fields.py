"""Every field of the vendor's field references has a place in our shapes, in both spellings, and is read from there."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stats.providers.telavox.casing import camel
from stats.providers.telavox.presence import EXTRA_PROFILE
from stats.providers.telavox.wire import AgentDocument, CallDocument, QueueDocument, Shape
from stats.providers.telavox.wire_presence import PresenceDocument, ProfileTotal, SlotDocument

REFERENCE = json.loads(Path(__file__).with_name("field_reference.json").read_text("utf-8"))
SHAPES: dict[str, type[Shape]] = {
    "calls": CallDocument,
    "queues": QueueDocument,
    "agents": AgentDocument,
    "profile_live": PresenceDocument,
    "profile_history": SlotDocument,
}
VALUES: dict[str, Any] = {
    "Int": 7,
    "Float": 7.5,
    "String": "seven",
    "Boolean": True,
    "DateTime": 1779099997234,
    "[String!]": ["seven"],
    "Object": {"id": 7},
}
LIVE = [(kind, *field.split(": ")) for kind, fields in REFERENCE["live"].items() for field in fields if not field.startswith("extra_")]
HISTORIC = [(kind, *field.split(": ")) for kind, fields in REFERENCE["historic"].items() for field in fields]


def nested(path: str, value: Any) -> Any:
    for name in reversed(path.split(".")):
        value = {name.removesuffix("[]"): [value]} if name.endswith("[]") else {name: value}
    return value


@pytest.mark.parametrize(("kind", "path", "type_name"), LIVE)
def test_every_live_field_is_typed_and_read(kind: str, path: str, type_name: str) -> None:
    """Read strictly, in the documented type, and found again under its own name."""
    told = nested(path, VALUES[type_name])
    read = msgspec.to_builtins(msgspec.json.decode(json.dumps(told), type=SHAPES[kind]))
    for name in path.split("."):
        read = read[name]
    assert read == VALUES[type_name] or (type_name == "Object" and read["id"] == 7)


@pytest.mark.parametrize(("kind", "path", "type_name"), HISTORIC)
def test_every_historic_field_is_typed_and_read(kind: str, path: str, type_name: str) -> None:
    """The same in camelCase."""
    told = nested(path, VALUES[type_name])
    read = msgspec.to_builtins(msgspec.json.decode(json.dumps(told), type=camel(SHAPES[kind])))
    for name in path.split("."):
        read = read[name.removesuffix("[]")]
        read = read[0] if name.endswith("[]") else read
    assert read == VALUES[type_name]


def test_the_numbered_extra_profiles_are_read_by_the_pattern_of_their_names() -> None:
    """TX-A25: `extra_profile_available_1..10` and `extra_profile_not_available_1..20`."""
    assert [field for field in REFERENCE["live"]["profile_history"] if field.startswith("extra_")] != []
    names = [f"extra_profile_available_{n}" for n in range(1, 11)] + [f"extra_profile_not_available_{n}" for n in range(1, 21)]
    assert all(EXTRA_PROFILE.match(name) for name in names)
    assert not EXTRA_PROFILE.match("extra_profile_available_1..10")
    assert {"id", "name", "usage"} <= set(ProfileTotal.__struct_fields__)
