"""Every way the real service might differ from its guide, as switches one can turn while it runs.

The defaults are the plainest reading of the guide; where it says nothing, of what its customers tell of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal, get_args, get_origin, get_type_hints


@dataclass(slots=True, kw_only=True)
class Switches:
    """Set at construction, by `--switch name=value`, or while running over the control paths. Shares are from 0 to 1."""

    # -- events --
    group_legs: bool = True  # hunt groups and call centres are legs too, with events of their own
    group_leg_ends: Literal["answer", "talk"] = "answer"  # when an answered one of them finishes
    empty_names: bool = False  # extension_name and remote_name are ""
    duplicates: float = 0.0  # share of events posted twice, under the same id
    out_of_order: float = 0.0  # share of events held back, up to two seconds
    skew_s: float = 0.0  # how far the clock that signs is off
    help_page_signature: bool = False  # HMAC over the body alone, its instant in a header of its own
    transcripts: bool = True  # recorded talks are transcribed 5 to 30 minutes later

    # -- rows --
    internal: bool = False  # calls between colleagues are "internal", and not "incoming" from an extension
    user_segment_from: Literal["answer", "ring"] = "answer"  # where an answered segment of a user starts
    queue_segment: Literal["wait", "whole"] = "wait"  # whether a group's segment goes on during the talk
    segment_ends: bool = False  # segments carry end_time too
    row_ends: bool = True  # rows carry end_time
    row_words: bool = False  # segments carry summary and transcription
    lag_s: float = 0.0  # a row can be found this long after its call has ended
    day_zone: str = "UTC"  # in which start_date and end_date are read
    oldest_first: bool = False
    relative_recordings: bool = False  # recording_url is a path

    # -- everything --
    bare_lists: bool = False  # lists come without anything around them
    reuse: bool = False  # a webhook that there is already is given back instead of a second one, without its secret

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
        return float(text)
    except ValueError:
        raise ValueError(f"{name} is a number, not {text!r}") from None
