"""The answer of `/api/v1/live`: the boards' values, nested by window for programs."""

from collections.abc import Iterator, Mapping

from stats.domain.board import AGENT_COUNTS, Values
from stats.domain.lacking import DERIVED, HEARD_FROM, LACKS, UNHEARD, WITHOUT
from stats.domain.periods import WINDOWS, business_day
from wallboard.push.organisation import Snapshot

NOW = frozenset({"waiting", "longest_wait_since", "talking", "not_answer_risk", "estimated_wait", *AGENT_COUNTS})
QUEUE_IS = ("id", "account_id", "name", "source", "target_s", "short_s", "share", "variant")
AGENT_IS = (
    "id",
    "account_id",
    "name",
    "source",
    "state",
    "state_since",
    "verified",
    "unverified_since",
    "profile",
    "until",
    "queues_in",
)
SOURCE_IS = ("name", "provider", "state", "reason", "seeded_to", "exact", "sockets", LACKS, HEARD_FROM)
# Of the boards alone: how the page shows it, not what it is.
_WHY = frozenset({LACKS, UNHEARD, HEARD_FROM, WITHOUT, DERIVED})
_OF_BOARDS = frozenset({"known", "calls_in.spark"}) | _WHY

Document = dict[str, object]


def live_document(snapshot: Snapshot) -> Document:
    """Everything, as of the snapshot's instant."""
    values = snapshot.values
    return {
        "as_of": snapshot.server_time,
        "day": business_day(snapshot.server_time, snapshot.timezone),
        "timezone": snapshot.timezone,
        "version": snapshot.version,
        "epoch": snapshot.epoch,
        "sources": [{name: told.get(name) for name in SOURCE_IS} for _key, told in _scopes(values, "source")],
        "site": _windows(values.get("site", {}), ()),
        "queues": [_queue(key, told) for key, told in _scopes(values, "queue")],
        "agents": [_agent(key, told) for key, told in _scopes(values, "agent")],
    }


def _scopes(values: Values, kind: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    prefix = kind + ":"
    for scope in sorted(values):
        if scope.startswith(prefix):
            yield scope[len(prefix) :], values[scope]


def _identity(key: str, told: Mapping[str, object], names: tuple[str, ...]) -> Document:
    document: Document = {name: told.get(name) for name in names}
    document["key"] = key
    return document


def _queue(key: str, told: Mapping[str, object]) -> Document:
    return {**_identity(key, told, QUEUE_IS), DERIVED: told.get(DERIVED) is True, **_windows(told, QUEUE_IS)}


def _agent(key: str, told: Mapping[str, object]) -> Document:
    document = _identity(key, told, AGENT_IS)
    document[DERIVED] = told.get(DERIVED) is True
    document["today"] = {name: value for name, value in told.items() if name not in AGENT_IS and name not in _WHY}
    return document


def _windows(told: Mapping[str, object], identity: tuple[str, ...]) -> Document:
    by_window: dict[str, Document] = {"now": {}, "today": {}, **{window: {} for window in WINDOWS}}
    for name, value in told.items():
        if name in identity or name in _OF_BOARDS or ":" in name:
            continue
        window, _, metric = name.partition(".")
        if window in WINDOWS:
            by_window[window][metric] = value
        elif name in NOW:
            by_window["now"][name] = value
        else:
            by_window["today"][name] = value
    return dict(by_window)
