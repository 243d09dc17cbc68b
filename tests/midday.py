"""A zone in which it is about noon: what happened minutes ago, and what will, is of today, whenever the tests are run."""

from datetime import UTC, datetime
from typing import Any


def zone_of_noon() -> str:
    """The name of the zone whose clocks show between 12:00 and 13:00 just now."""
    behind = datetime.now(UTC).hour - 12  # the sign of these names is turned round
    return f"Etc/GMT{behind:+d}" if behind else "Etc/GMT"


ZONE = zone_of_noon()


def at_noon(args: tuple[Any, ...], kwargs: dict[str, Any], **_more: Any) -> None:
    """Receives pre_init of an Organisation: one that a test makes without a zone lives where it is noon."""
    if not args:
        kwargs.setdefault("timezone", ZONE)
