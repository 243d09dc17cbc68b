"""A call as one worker holds it in memory."""

from collections import OrderedDict
from collections.abc import Container
from dataclasses import dataclass, field

from stats.domain.merge import Told
from stats.domain.records import Call


@dataclass(slots=True)
class Held:
    """A call in memory. `version` None: the store's telling has not been read yet, and `pending` waits for it."""

    call: Call | None = None
    version: int | None = None
    stored: Call | None = None  # what the store holds at `version`
    pending: list[tuple[Call, Told]] = field(default_factory=list)
    heard_at: int = 0

    @property
    def open(self) -> bool:
        """Something of it is not over."""
        return self.call is None or not self.call.over


def evict(calls: OrderedDict[str, Held], unwritten: Container[str], surplus: int) -> None:
    """Keep open calls and the newest ended ones; the store has the rest."""
    for id_call in [i for i, held in calls.items() if not held.open and i not in unwritten][:surplus]:
        del calls[id_call]
