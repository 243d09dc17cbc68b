"""The two boards that make themselves from the queues and agents there are: `team` and `supervisor`.

Rules that hold here: the same values give the same board, whatever order they come in; `rev` changes exactly when the page
would have to be drawn anew, which what stands still in it is a part of; `wants` names everything the page shows and nothing else.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from wallboard.boards.build import build
from wallboard.boards.figure import Place
from wallboard.boards.freshness import Values, sources_in
from wallboard.boards.gaps import gaps_of

TITLES = {"team": _("Team"), "supervisor": _("Supervisor")}
KINDS = tuple(TITLES)
# More than this is no wall, and too much for a television's memory; the page says how many are left out.
MOST_AGENTS, MOST_QUEUES = 240, 80

STATES = ("ready", "talking", "ringing", "wrapup", "idle", "away", "off", "unknown")
# The parts of agents_logged_in, in the order the panel shows them.
PANEL_STATES = ("ready", "talking", "ringing", "wrapup", "away", "unknown")

_AGENT_COUNTS = frozenset({"agents_logged_in", *(f"agents_{state}" for state in PANEL_STATES)})
_WAITING = frozenset({"waiting", "waiting:severity", "longest_wait_since", "longest_wait:limits"})
_LEVEL = frozenset({"service_level", "service_level:severity"})
_LOST = frozenset({"abandoned", "abandon_rate", "abandon_rate:severity"})
_DAY = frozenset({"known", "calls_in", "calls_in.spark", "answered", "asa", "lost_callers", "30m.service_level"})
_QUEUE_TOLD = frozenset({"id", "account_id", "name", "source", "target_s", "share"})
SITE_WANTS = _WAITING | _LEVEL | _LOST | _AGENT_COUNTS | _DAY
_QUEUE = _QUEUE_TOLD | _WAITING | _LEVEL | {"agents_ready", "agents_logged_in"}
QUEUE_WANTS = {"team": _QUEUE, "supervisor": _QUEUE | _LOST | {"offered", "answered", "asa"}}
AGENT_WANTS = frozenset(
    {"id", "account_id", "name", "source", "state", "state_since", "verified", "unverified_since", "profile", "until", "derived"}
)
FEED_WANTS = frozenset({"level", "alive_at", "reason", "state"})
SOURCE_WANTS = frozenset({"name", "provider", "state", "seeded_to", "exact"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One queue or agent of a board: its scope ("queue:111834"), its key, its name in full, and the source it belongs to."""

    scope: str
    key: str
    name: str
    source: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What one board is made of. `wants` tells the metrics shown of each scope; `left_out` how many agents found no place."""

    slug: str
    title: str
    kind: str
    language: str
    timezone: str
    rev: str
    queues: tuple[Line, ...]
    agents: tuple[Line, ...]
    left_out: int
    wants: Mapping[str, frozenset[str]]

    @property
    def scopes(self) -> tuple[str, ...]:
        """Every scope the board shows something of."""
        return tuple(self.wants)

    def as_message(self) -> dict[str, str | list[str]]:
        """The `board` of a snapshot."""
        return {
            "slug": self.slug,
            "title": self.title,
            "kind": self.kind,
            "rev": self.rev,
            "language": self.language,
            "timezone": self.timezone,
            "scopes": list(self.scopes),
        }


class NoSuchBoard(LookupError):
    """No board has this slug; the message names those there are."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"There is no board {slug!r}. The boards are: {', '.join(KINDS)}.")


def board_for(slug: str, values: Values, language: str, timezone: str) -> Board:
    """The automatic board `slug` for the queues and agents present in `values`; raises NoSuchBoard."""
    if slug not in TITLES:
        raise NoSuchBoard(slug)
    queues = _lines(values, "queue")[:MOST_QUEUES]
    everyone = _lines(values, "agent") if slug == "supervisor" else ()
    agents = everyone[:MOST_AGENTS]
    wants: dict[str, frozenset[str]] = {"site": SITE_WANTS}
    wants.update((line.scope, QUEUE_WANTS[slug]) for line in queues)
    wants.update((line.scope, AGENT_WANTS) for line in agents)
    for source in sources_in(values):
        wants[f"source:{source}"] = SOURCE_WANTS
        wants[f"feed:{source}:calls"] = FEED_WANTS
        wants[f"feed:{source}:presence"] = FEED_WANTS
        wants[f"feed:{source}:agents"] = FEED_WANTS
    structure: list[object] = [build(), slug, language, timezone, sources_in(values), len(everyone)]
    structure += [(line.key, line.name, line.source, *_promise(values, line.scope)) for line in queues]
    structure += [(line.key, line.name) for line in agents]
    with translation.override(language):
        title = str(TITLES[slug])
        structure += gaps_of(values, Place(now=0, timezone=timezone, language=language))
    return Board(
        slug=slug,
        title=title,
        kind=slug,
        language=language,
        timezone=timezone,
        rev=sha256(repr(structure).encode("utf-8", "backslashreplace")).hexdigest()[:12],
        queues=queues,
        agents=agents,
        left_out=len(everyone) - len(agents),
        wants=wants,
    )


def _lines(values: Values, kind: str) -> tuple[Line, ...]:
    prefix = kind + ":"
    found: Iterable[Line] = (_line(scope, values[scope]) for scope in values if scope.startswith(prefix))
    return tuple(sorted(found, key=lambda line: (line.name.casefold(), line.key)))


def _line(scope: str, told: Mapping[str, object]) -> Line:
    key = scope.split(":", 1)[1]
    name, source = told.get("name"), told.get("source")
    shown = name.strip() if isinstance(name, str) else ""
    return Line(scope=scope, key=key, name=shown or _nameless(key), source=source if isinstance(source, str) else None)


def _nameless(key: str) -> str:
    """What to call somebody nobody named: the number, which the vendor's own pages show as well."""
    kind, _, rest = key.partition(":")
    return rest if kind == "n" and rest else f"#{rest or kind}"


def _promise(values: Values, scope: str) -> tuple[object, object]:
    told = values[scope]
    return told.get("target_s"), told.get("share")
