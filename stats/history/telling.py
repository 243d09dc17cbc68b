"""What is handed over to be kept, and how the keeping may fail: words that the road and the database share, free of either."""

from dataclasses import dataclass

from stats.domain.records import Call


class Away(Exception):
    """The database cannot be written just now: gone, locked, full, hung or not migrated; what was asked may be asked again."""


class Refused(Exception):
    """Something in what was to be kept can never be kept as it is."""


@dataclass(frozen=True, slots=True)
class Telling:
    """A call to keep. `lineage` names the life of the store whose `version` this is; "" for what has no versions."""

    call: Call
    lineage: str = ""
    version: int = 0
