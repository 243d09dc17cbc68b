"""What a page at a desk follows over the boards' own socket: a queue, an agent, the overview; told as a board that nobody draws.

Rules that hold here: a topic tells everything of its scopes, for the page shows more than a wall; its `rev` changes when scopes come or go.
"""

from hashlib import sha256

from wallboard.boards.board import AGENT_WANTS, FEED_WANTS, SOURCE_WANTS, Board, NoSuchBoard, board_for
from wallboard.boards.build import build
from wallboard.boards.freshness import Values, sources_in

# Before a topic, where boards and topics meet; no slug has a colon.
PAGE = "page:"


class _Everything(frozenset[str]):
    """The wish for every metric there is."""

    def __contains__(self, _metric: object) -> bool:
        return True


EVERYTHING = _Everything()


def drawn(slug: str, values: Values, language: str, timezone: str) -> Board:
    """The board or topic `slug` for these values; raises NoSuchBoard."""
    if not slug.startswith(PAGE):
        return board_for(slug, values, language, timezone)
    topic = slug.removeprefix(PAGE)
    wants = _wants(topic, values)
    if wants is None:
        raise NoSuchBoard(topic)
    for source in sources_in(values):
        wants[f"source:{source}"] = SOURCE_WANTS
        for feed in ("calls", "presence", "agents"):
            wants[f"feed:{source}:{feed}"] = FEED_WANTS
    structure = repr((build(), slug, language, timezone, sorted(wants)))
    return Board(
        slug=slug,
        title=topic,
        kind="page",
        language=language,
        timezone=timezone,
        rev=sha256(structure.encode("utf-8", "backslashreplace")).hexdigest()[:12],
        queues=(),
        agents=(),
        left_out=0,
        wants=wants,
    )


def needed_for(slug: str) -> str:
    """The ability that opens a board or topic (`wallboard.accounts.roles`)."""
    return "agents" if slug == f"{PAGE}agents" or slug.startswith(f"{PAGE}agent:") else "look"


def counted_as(slug: str) -> str:
    """The board, or the kind of topic (`page:agent`): what counters, reports and logs say, which anybody may read.

    A topic's key may be a person's name, and says who is being looked at.
    """
    return ":".join(slug.split(":")[:2])


def _wants(topic: str, values: Values) -> dict[str, frozenset[str]] | None:
    """The metrics wanted of each scope; None where there is no such topic, or nothing of it in sight."""
    kind, _, key = topic.partition(":")
    match kind:
        case "feeds" if not key:
            return {}
        case "overview" if not key:
            return {scope: EVERYTHING for scope in values if scope == "site" or scope.startswith("queue:")}
        case "agents" if not key:
            return {"site": EVERYTHING, **{scope: EVERYTHING for scope in values if scope.startswith("agent:")}}
        case "agent" if topic in values:
            return {topic: EVERYTHING}
        case "queue" if topic in values:
            there = (scope for scope, told in values.items() if scope.startswith("agent:") and _is_at(told.get("queues_in"), key))
            return {topic: EVERYTHING, **dict.fromkeys(there, AGENT_WANTS)}
    return None


def _is_at(queues: object, key: str) -> bool:
    return isinstance(queues, list) and any(str(queue) == key for queue in queues)
