"""A provider that learns on the way what its vendor tells seldom, so that whoever takes its source over need not learn it anew."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable


@runtime_checkable
class Learns(Protocol):
    """It travels in the source's report: a few kB at most."""

    def learnt(self) -> dict[str, str]:
        """What has been learnt."""
        ...

    def remember(self, learnt: Mapping[str, str]) -> None:
        """What whoever held the source before had learnt."""
        ...
