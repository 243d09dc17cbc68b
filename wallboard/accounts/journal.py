"""Writes the audit log.

Rules that hold here: what cannot be written down does not happen unseen: a failure is raised to whoever acts, and a mere look goes on; a
look at the same thing by the same person is one line in ten minutes; no number, token or password is ever put in `detail`; lines cannot
be changed, so an agent whose key is a name is written as a mark.
"""

from collections.abc import Iterable
from datetime import timedelta

from channels.db import database_sync_to_async
from django.db import DatabaseError
from django.utils import timezone

from stats.history.erased import agent_mark
from wallboard.accounts.trail import AuditEntry
from wallboard.accounts.viewer import Viewer

LOOKED_AGAIN = timedelta(minutes=10)
LONGEST = 200
# Enough of a mark to tell two agents apart.
MARK = 16


def subject_of(organisation: str, key: str) -> str:
    """How the log calls the agent with this key: "924328" as it is, a mark for "n:Anna Ek"."""
    return f"mark:{agent_mark(organisation, key)[:MARK]}" if key.startswith("n:") else key


def subjects_of(organisation: str, keys: Iterable[str]) -> list[str]:
    """Everything by which the log may call an agent with these keys; older lines have names."""
    return sorted({called for key in keys for called in (key, subject_of(organisation, key))})


def note(viewer: Viewer, action: str, subject_kind: str = "", subject: str = "", *, address: str = "", **detail: object) -> None:
    """Writes down what a viewer did."""
    write(
        viewer.organisation,
        action,
        actor_kind=viewer.kind,
        actor="" if viewer.row is None else str(viewer.row),
        actor_name=viewer.name,
        subject_kind=subject_kind,
        subject=subject,
        address=address,
        detail=detail,
    )


def write(
    organisation: str,
    action: str,
    *,
    actor_kind: str = "system",
    actor: str = "",
    actor_name: str = "",
    subject_kind: str = "",
    subject: str = "",
    address: str = "",
    detail: dict[str, object] | None = None,
) -> None:
    """Writes down something done by nobody in particular, or before anybody was known."""
    if subject_kind == "agent":
        subject = subject_of(organisation, subject)
    AuditEntry.objects.create(
        organisation=organisation,
        action=action,
        actor_kind=actor_kind,
        actor=actor,
        actor_name=actor_name[:LONGEST],
        subject_kind=subject_kind,
        subject=subject[:LONGEST],
        address=address[:64],
        detail=detail or {},
    )


def note_look(viewer: Viewer, action: str, subject_kind: str, subject: str, *, address: str = "") -> None:
    """Writes down that somebody looked, unless the same is written in the last ten minutes. A database that is away stops no look."""
    since = timezone.now() - LOOKED_AGAIN
    called = subject_of(viewer.organisation, subject) if subject_kind == "agent" else subject
    try:
        known = AuditEntry.objects.filter(
            organisation=viewer.organisation,
            action=action,
            actor_kind=viewer.kind,
            actor=str(viewer.row),
            subject_kind=subject_kind,
            subject=called[:LONGEST],
            at__gte=since,
        )
        if not known.exists():
            note(viewer, action, subject_kind, subject, address=address)
    except DatabaseError:
        pass


anote = database_sync_to_async(note)
anote_look = database_sync_to_async(note_look)
