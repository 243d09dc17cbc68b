"""Every way the real service might differ from the plainest reading of its guide, as switches one can turn while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal, get_args, get_origin, get_type_hints


@dataclass(slots=True, kw_only=True)
class Switches:
    """Set at construction, by `--switch name=value`, or while running by the deed `switch`."""

    processing_s: float = 120.0  # from an upload to its transcript
    duplicates: Literal["conflict", "overwrite"] = "conflict"  # an identifier that is there already
    hidden_until_done: bool = False  # `calls` tells of an upload only when it was processed
    absent_fields: str = ""  # "Call.transcript,Query.calls": fields the schema does not have
    durations: Literal["interval", "seconds"] = "interval"
    transcripts: Literal["turns", "text"] = "turns"
    speakers: bool = False  # turns say who speaks
    introspection: bool = True
    auth_as_200: bool = False  # a refused token is an error inside an answer
    refuse_placeholders: bool = False  # values copied from the guide's example
    stubborn_fields: str = ""  # "Call.tags": fields whose every value is an error beside the answer

    def set(self, name: str, value: object) -> None:
        """Turns one switch; text is read by the switch's type. ValueError says what was expected."""
        hints = get_type_hints(type(self))
        if name not in hints:
            raise ValueError(f"no switch is called {name!r}; there are: {', '.join(sorted(hints))}")
        setattr(self, name, _read(name, hints[name], value))

    def as_mapping(self) -> Mapping[str, object]:
        """By name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


def _read(name: str, kind: object, value: object) -> object:
    text = str(value).strip()
    if get_origin(kind) is Literal:
        if text not in get_args(kind):
            raise ValueError(f"{name} is one of {', '.join(get_args(kind))}, not {text!r}")
        return text
    if kind is bool:
        if text.lower() not in ("1", "0", "true", "false"):
            raise ValueError(f"{name} is true or false, not {text!r}")
        return text.lower() in ("1", "true")
    if kind is float:
        try:
            return float(text)
        except ValueError:
            raise ValueError(f"{name} is a number, not {text!r}") from None
    return text
