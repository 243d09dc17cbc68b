"""Every way in which the real service may differ from a plain reading of its document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal, get_args, get_origin, get_type_hints


@dataclass(slots=True, kw_only=True)
class Switches:
    """Set at construction, by `--switch name=value`, or while running over the control paths."""

    # -- what is posted --
    envelope: Literal["enveloped", "flat"] = "enveloped"
    types: Literal["long", "short"] = "long"  # of the envelope: CALL_INCOMING or INCOMING
    duplicates: float = 0.0  # share of posts sent twice, the second up to a second later
    out_of_order: float = 0.0  # share of posts held back, up to a second
    lost: float = 0.0  # share of posts of events that are never sent
    retries: int = 0  # how often a refused post is tried again
    failures_until_disabled: int = 10  # in a row; 0: never
    post_timeout_s: float = 5.0
    record_after_s: float = 3.0  # from the end of a call to its record
    internal_incoming: bool = False  # a colleague who is rung gets an INCOMING as well

    # -- documents --
    precise: bool = False  # instants in milliseconds; every sample of the vendor's has whole seconds
    numbers: Literal["mixed", "plus", "bare"] = "mixed"
    entrance: Literal["numbers", "rules"] = "numbers"  # each queue has a number; or all callers dial one, and an IVR rule leads on
    names: bool = True  # originator's and destination's names
    outbound_shows: Literal["extension", "cli"] = "extension"  # who dialled, in the record of an outgoing call
    extra_fields: bool = False

    # -- the API --
    update_by: Literal["PUT", "POST", "both"] = "PUT"  # how a subscription is updated
    list_names: Literal["event_type", "type", "mixed"] = "mixed"  # in the list of subscriptions
    click_to_call_subscriptions: bool = True  # the table of what may be ordered leaves them out
    by_call_id: Literal["object", "list", "page"] = "object"
    errors: Literal["json", "text", "none"] = "json"  # the body of an error, of which nothing is said
    most_a_minute: int = 0  # requests; more are answered 429; 0: no limit
    retry_after: bool = False  # a 429 says how long to wait
    largest_page: int = 500
    false_totals: bool = False  # totalElements counts more than there is
    click_to_call_limit: int = 0  # objects; 0: as many as there are users and groups

    def set(self, name: str, value: object) -> None:
        """Turns one switch. Text is read by the switch's type. ValueError says what was expected."""
        hints = get_type_hints(type(self))
        if name not in hints:
            raise ValueError(f"no switch is called {name!r}; there are: {', '.join(sorted(hints))}")
        setattr(self, name, _read(name, hints[name], value))

    def update(self, values: Mapping[str, object]) -> None:
        """Turns several."""
        for name, value in values.items():
            self.set(name, value)

    def as_mapping(self) -> dict[str, object]:
        """How they stand."""
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
    try:
        return int(text) if kind is int else float(text)
    except ValueError:
        raise ValueError(f"{name} is a number, not {text!r}") from None
