"""Which queues somebody may be given: what a form offers, what it sent, and that nobody gives away more than they have.

Rules that hold here: None is every queue; whoever is confined to some queues can neither grant nor touch more than those.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wallboard.accounts.viewer import Viewer, scope_of
from wallboard.pages.frame import Forbidden, Visit

# A centre has hundreds of queues at most; more in one form is somebody's game.
MOST_QUEUES = 500
LONGEST_KEY = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One queue of a form."""

    key: str
    name: str
    chosen: bool


def choices(visit: Visit, chosen: Iterable[str] = ()) -> list[Choice]:
    """The queues the visitor may give, by name, and those that are given already and nobody speaks of any more."""
    wanted = set(chosen)
    names = {key: each.party.name or key for key, each in visit.facts.queues.items() if visit.viewer.sees_queue(key)}
    names |= {key: key for key in wanted if key not in names}
    return [Choice(key=key, name=name, chosen=key in wanted) for key, name in sorted(names.items(), key=lambda each: each[1].casefold())]


def asked(request: HttpRequest, viewer: Viewer) -> list[str] | None:
    """The scope a form sent: `scope` all, or chosen with `queue` repeated. Raises Forbidden for more than the viewer has."""
    if request.POST.get("scope") != "chosen":
        if viewer.queues is not None:
            raise Forbidden(_("You see some queues only, so you cannot let others see all."))
        return None
    keys = list(dict.fromkeys(key for key in request.POST.getlist("queue") if 0 < len(key) <= LONGEST_KEY))[:MOST_QUEUES]
    if not all(viewer.sees_queue(key) for key in keys):
        raise Forbidden(_("You cannot let others see queues that you do not see."))
    return keys


def covers(viewer: Viewer, kept: object) -> bool:
    """Whether a row's scope lies within the viewer's own."""
    scope = scope_of(kept)
    return viewer.queues is None or (scope is not None and scope <= viewer.queues)


def in_words(kept: object, visit: Visit) -> str:
    """`All queues`, the name of the one, or how many."""
    scope = scope_of(kept)
    if scope is None:
        return _("All queues")
    if len(scope) == 1:
        (key,) = scope
        party = visit.facts.queues.get(key)
        return party.party.name or key if party is not None else key
    return ngettext("%(n)d queue", "%(n)d queues", len(scope)) % {"n": len(scope)}
