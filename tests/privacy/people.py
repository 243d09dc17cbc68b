"""People whom the tests of privacy export and erase."""

from stats.domain.presence_changes import PresenceSeen
from tests.history.calls import SOURCE


def change(agent: str, at: int) -> PresenceSeen:
    """An agent who went to lunch."""
    return PresenceSeen(
        source=SOURCE,
        agent=agent,
        at=at,
        state="away",
        profile="5",
        profile_name="Lunch",
        available=False,
        wrapup=False,
        queues=1,
        told_at=at,
    )
