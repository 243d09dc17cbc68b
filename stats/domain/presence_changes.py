"""When an agent's presence has become another one, in the eyes of whoever looks back: state, profile, or number of queues."""

from dataclasses import dataclass

from stats.domain.agent_states import KnownPresence


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceSeen:
    """A change of one agent (by key) as it was seen live. `at`: since when, by the vendor's instants, else when it was told."""

    source: str
    agent: str
    at: int
    state: str
    profile: str
    profile_name: str
    available: bool | None
    wrapup: bool
    queues: int
    told_at: int


def change_of(agent: str, before: KnownPresence | None, after: KnownPresence) -> PresenceSeen | None:
    """The change that leads from one presence to the next; None where nobody would see one."""
    if before is not None and _looks(before) == _looks(after):
        return None
    document = after.document
    status = (document.status or "").strip().lower()
    return PresenceSeen(
        source=document.source,
        agent=agent,
        at=after.since if after.since is not None else document.told_at,
        state=str(after.state),
        profile=str(document.profile_id) if document.profile_id is not None else (document.profile_name or ""),
        profile_name=document.profile_name or "",
        available={"available": True, "unavailable": False}.get(status),
        wrapup=document.is_wrapup,
        queues=len(document.logged_in),
        told_at=document.told_at,
    )


def _looks(presence: KnownPresence) -> tuple[object, ...]:
    document = presence.document
    profile = (document.profile_id, document.profile_name, document.profile_since, document.status)
    return (presence.state, presence.since, profile, len(document.logged_in))
