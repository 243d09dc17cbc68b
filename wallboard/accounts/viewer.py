"""Who looks, at whose numbers, and how much of them: the one answer that pages, sockets and the API all ask.

Rules that hold here: a viewer is found out from rows of the database and holds nothing that could open a door; two viewers who may see the
same are told the same (`sight`), so that one computation serves them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from wallboard.accounts.keys import ApiToken, Screen
from wallboard.accounts.people import Membership
from wallboard.accounts.roles import NAMES, abilities_of, abilities_of_scopes

Kind = Literal["person", "screen", "program"]
# Of the session: which of several organisations a person looks at.
CHOSEN = "organisation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What of an organisation's numbers is seen: the keys of its queues (None: all), and how agents are named."""

    queues: frozenset[str] | None = None
    names: str = "full"

    @property
    def is_whole(self) -> bool:
        """Everything, as it is."""
        return self.queues is None and self.names == "full"


EVERYTHING = Sight()


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Somebody who may look. `role` is viewer, supervisor, admin, screen or program; `row` is of the person or token.

    `title` is what the organisation is called, `elsewhere` the others a person belongs to (slug and name); neither says who they are.
    """

    kind: Kind
    organisation: str
    role: str
    row: int | None = None
    name: str = ""
    queues: frozenset[str] | None = None
    names: str = "full"
    abilities: frozenset[str] = frozenset()
    title: str = field(default="", compare=False)
    elsewhere: tuple[tuple[str, str], ...] = field(default=(), compare=False)

    def may(self, ability: str) -> bool:
        """Whether the viewer has this ability (`wallboard.accounts.roles`)."""
        return ability in self.abilities

    def sees_queue(self, key: str | None) -> bool:
        """Whether a queue is in scope; one without a key is seen by who sees all."""
        return self.queues is None or (key is not None and key in self.queues)

    def sees_call(self, queue_keys: Iterable[str | None]) -> bool:
        """Whether a call that visited these queues is in scope."""
        return self.queues is None or any(key in self.queues for key in queue_keys)

    @property
    def sight(self) -> Sight:
        """What of the numbers this viewer sees."""
        return Sight(queues=self.queues, names=self.names)


def of_member(membership: Membership) -> Viewer:
    """A person, as a member."""
    return Viewer(
        kind="person",
        organisation=membership.organisation.slug,
        role=membership.role,
        row=membership.user_id,
        name=membership.user.get_username(),
        queues=scope_of(membership.queues),
        names=NAMES.get(membership.role, "short"),
        abilities=abilities_of(membership.role),
        title=membership.organisation.name,
    )


def of_person(user: Any, chosen: str = "", *, looks: bool = False) -> Viewer | None:
    """A signed-in person in the organisation they chose, else in the first they belong to; None where they belong to none.

    `looks`: they have just opened a page, which is remembered to the few minutes.
    """
    memberships = list(Membership.objects.select_related("organisation", "user").filter(user=user).order_by("organisation__slug"))
    if not memberships:
        return None
    member = next((each for each in memberships if each.organisation.slug == chosen), memberships[0])
    if looks:
        member.note_look()
    others = tuple((each.organisation.slug, each.organisation.name) for each in memberships if each is not member)
    return replace(of_member(member), elsewhere=others)


def of_token(token: ApiToken) -> Viewer:
    """A program."""
    return Viewer(
        kind="program",
        organisation=token.organisation.slug,
        role="program",
        row=token.pk,
        name=token.name,
        queues=scope_of(token.queues),
        abilities=abilities_of_scopes(token.scopes),
    )


def of_screen(screen: Screen) -> Viewer:
    """A television."""
    return Viewer(
        kind="screen",
        organisation=screen.organisation.slug,
        role="screen",
        row=screen.pk,
        name=screen.name,
        queues=scope_of(screen.queues),
        names=screen.names,
        abilities=frozenset({"look"}),
    )


def scope_of(kept: object) -> frozenset[str] | None:
    """The queues of a row: None for all; what cannot be read opens nothing."""
    if kept is None:
        return None
    return frozenset(str(key) for key in kept) if isinstance(kept, list) else frozenset()
