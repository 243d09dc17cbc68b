"""Every way the real service might differ from what its document says, as switches one can turn while it runs.

Shares are probabilities from 0 to 1. The defaults are the plainest reading of Telavox Studio API; the tolerant readings the product
must have (list forms, missing ids, disorder, lag, drift) are each one switch away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal, get_args, get_origin, get_type_hints

DATASOURCES = ("calls", "queues", "agents", "profile_live", "profile_history")


@dataclass(slots=True, kw_only=True)
class Switches:
    """Set at construction, by `--switch name=value`, or while running over the control paths."""

    # -- frames --
    snapshot_on_connect: bool = False  # a new socket first gets what is going on (calls, queues, agents) or everybody's presence
    batch_mode: Literal["frames", "array"] = "frames"  # the hourly batch: one frame each, or one frame with an array
    list_fields: Literal["array", "string", "json"] = "array"  # "string": names joined by commas; "json": an array inside a string
    single_as_object: bool = False  # a list with one object in it is sent as that object
    queue_closes_at: Literal["answer", "end"] = "end"  # when an answered /queues document stops being active
    agent_frames: Literal["all", "end_only"] = "all"
    duplicates: float = 0.0  # share of frames sent twice, the second up to a second later
    out_of_order: float = 0.0  # share of frames held back, up to a second
    late_frames: float = 0.0  # share of ended documents followed by an older, still active one
    missing_account_ids: float = 0.0  # share of frames without any account_id
    active_call_absent_as: Literal["absent", "null", "object"] = "absent"
    extra_fields: bool = False  # fields the document does not know
    unknown_enums: float = 0.0  # share of frames with values nobody has heard of in open enumerations
    slot_unit: Literal["ms", "s"] = "ms"  # lengths in profile_history
    pongs: bool = True  # answer pings

    # -- historic --
    lag_s: float = 0.0  # a document becomes visible in GraphQL this long after its frame
    too_long_status: int = 200  # status of the too_long_http_line_exception answer; text instead of JSON unless 200
    history_root: Literal["profile_history", "agentHistory"] = "profile_history"
    instants: Literal["iso", "number", "string"] = "iso"  # how DateTime comes out
    round_to_seconds: bool = False  # historic instants lose their milliseconds
    max_first: int = 0  # more rows asked at once are refused with an error; 0: no limit
    absent_fields: str = ""  # "Type.field,Type.field": fields the schema has lost
    historic_account_ids: bool = True  # False: accountId is null everywhere

    # -- connections --
    invalid_paths: str = ""  # "calls,agents": known paths answered like unknown ones

    def set(self, name: str, value: object) -> None:
        """Turns one switch. Text is read by the switch's type. ValueError says what was expected."""
        hints = get_type_hints(type(self))
        if name not in hints:
            raise ValueError(f"no switch is called {name!r}; there are: {', '.join(sorted(hints))}")
        setattr(self, name, _read(name, hints[name], value))

    def update(self, values: Mapping[str, object]) -> None:
        for name, value in values.items():
            self.set(name, value)

    def as_mapping(self) -> dict[str, object]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


def _read(name: str, kind: object, value: object) -> object:
    text = str(value).strip()
    if get_origin(kind) is Literal:
        if text not in get_args(kind):
            raise ValueError(f"{name} is one of {', '.join(get_args(kind))}, not {text!r}")
        return text
    if kind is bool:
        if text.lower() not in ("1", "0", "true", "false", "yes", "no", "on", "off"):
            raise ValueError(f"{name} is true or false, not {text!r}")
        return text.lower() in ("1", "true", "yes", "on")
    if kind is str:
        return text
    try:
        return int(text) if kind is int else float(text)
    except ValueError:
        raise ValueError(f"{name} is a number, not {text!r}") from None
