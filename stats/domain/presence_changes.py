"""When an agent's presence has become another one, in the eyes of whoever looks back: state, profile, or the queues logged in to."""

from dataclasses import dataclass

from stats.domain.agent_states import KnownPresence

# A vendor's instant may lie this much before the document that went before it.
EARLIER_MS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceSeen:
    """A change of one agent (by key) as it was seen live.

    `at`: since when what changed is so, by the vendor's instants, else when it was told. `queue_keys`: the keys of the queues logged in
    to, as the document's own words support them; None where only their number was kept.
    """

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
    queue_keys: tuple[str, ...] | None = None


def change_of(agent: str, before: KnownPresence | None, after: KnownPresence) -> PresenceSeen | None:
    """The change that leads from one presence to the next; None where nobody would see one."""
    if before is not None and _looks(before) == _looks(after):
        return None
    document = after.document
    status = (document.status or "").strip().lower()
    return PresenceSeen(
        source=document.source,
        agent=agent,
        at=_changed_at(before, after),
        state=str(after.state),
        profile=str(document.profile_id) if document.profile_id is not None else (document.profile_name or ""),
        profile_name=document.profile_name or "",
        available={"available": True, "unavailable": False}.get(status),
        wrapup=document.is_wrapup,
        queues=len(document.logged_in),
        told_at=document.told_at,
        queue_keys=_queues(after),
    )


def _changed_at(before: KnownPresence | None, after: KnownPresence) -> int:
    """Since when the change is so. While the state goes on, its beginning says nothing of another profile or another queue: filed under
    it, a second change within one state would be taken for the first one told again."""
    document = after.document
    if before is None or after.since is None:
        return after.since if after.since is not None else document.told_at
    if (before.state, before.since) != (after.state, after.since):
        # What follows another state began after it: filed under an older instant it would be taken for the stretch that began there.
        return after.since if before.since is None or after.since > before.since else document.told_at
    told = (document.profile_since, *(login.since for login in document.logged_in))
    recent = [at for at in told if at is not None and before.document.told_at - EARLIER_MS < at <= document.told_at]
    return max(recent, default=document.told_at)


def _queues(presence: KnownPresence) -> tuple[str, ...]:
    return tuple(sorted({key for login in presence.document.logged_in if (key := login.queue.key) is not None}))


def _looks(presence: KnownPresence) -> tuple[object, ...]:
    document = presence.document
    profile = (document.profile_id, document.profile_name, document.profile_since, document.status)
    return (presence.state, presence.since, profile, len(document.logged_in), _queues(presence))
