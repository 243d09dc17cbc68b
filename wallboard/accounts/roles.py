"""What each role may do, on one page.

ability       | what it opens
--------------+------------------------------------------------------------------------------
look          | boards, the overview, queue pages: counts of groups
calls         | receipts and call pages, telephone numbers masked
agents        | the pages of single agents
numbers       | to uncover a whole telephone number, each time written down
recordings    | to hear a call's recordings and read its words, each time written down
reach         | to mark a lost caller as handled
export        | to take lists away as files
targets       | to change what a queue promises, and to write notes on days
screens       | televisions: pair, assign, revoke
people        | members, roles, invitations
tokens        | API tokens
sources       | telephone systems and their tokens
privacy       | retention, one person's export and erasure
audit         | the audit log
organisation  | its name, time zone, language
"""

from collections.abc import Mapping

VIEWER = frozenset({"look", "calls"})
SUPERVISOR = VIEWER | {"agents", "numbers", "recordings", "reach", "export", "targets", "screens"}
ADMIN = SUPERVISOR | {"people", "tokens", "sources", "privacy", "audit", "organisation"}
ABILITIES: Mapping[str, frozenset[str]] = {"viewer": VIEWER, "supervisor": SUPERVISOR, "admin": ADMIN}
PEOPLES_ROLES = tuple(ABILITIES)
EVERY_ABILITY = ADMIN

# How agents are named to each role; a board on a wall has its own setting.
NAMES: Mapping[str, str] = {"viewer": "short", "supervisor": "full", "admin": "full"}
WAYS_TO_NAME = ("full", "short", "pseudonym")

# What an API token may be given, and what that opens.
SCOPES: Mapping[str, frozenset[str]] = {
    "live": frozenset({"look", "agents"}),
    "calls": frozenset({"calls"}),
    "numbers": frozenset({"numbers"}),
    "recordings": frozenset({"recordings"}),
    "reports": frozenset({"reports"}),
}
EVERY_SCOPE = tuple(SCOPES)


def abilities_of(role: str) -> frozenset[str]:
    """What a role may do; nothing for a role there is not."""
    return ABILITIES.get(role, frozenset())


def abilities_of_scopes(scopes: list[str]) -> frozenset[str]:
    """What a token with these scopes may do."""
    return frozenset().union(*(SCOPES.get(scope, frozenset()) for scope in scopes))


def every_scope() -> list[str]:
    """What a token has that was made without a choice."""
    return list(EVERY_SCOPE)
