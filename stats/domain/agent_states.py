"""Presence becomes a state, first match; names of profiles never decide.

no document ever                         | unknown
an active call, answered                 | talking
an active call, not answered             | ringing
a status we do not know                  | unknown
a wrap-up profile                        | wrapup
available, logged in to a queue          | ready
available, in no queue                   | idle
unavailable, logged in or a live client  | away
the rest                                 | off
"""

from dataclasses import dataclass
from enum import StrEnum

from stats.domain.merge import presence_replaces
from stats.domain.periods import split_days
from stats.domain.records import AgentPresence


class AgentState(StrEnum):
    """What an agent is doing."""

    UNKNOWN = "unknown"
    TALKING = "talking"
    RINGING = "ringing"
    WRAPUP = "wrapup"
    READY = "ready"
    IDLE = "idle"
    AWAY = "away"
    OFF = "off"


# The states an agent logged in to a queue can be in; they add up to agents_logged_in.
LOGGED_IN_STATES = (AgentState.READY, AgentState.RINGING, AgentState.TALKING, AgentState.WRAPUP, AgentState.AWAY, AgentState.UNKNOWN)
TIMED_STATES = (AgentState.TALKING, AgentState.RINGING, AgentState.WRAPUP, AgentState.READY, AgentState.IDLE, AgentState.AWAY)


class StateRule(StrEnum):
    """Which line of the table above decided, so that a page can say why an agent is in a state."""

    NO_DOCUMENT = "no_document"
    CALL_ANSWERED = "call_answered"
    CALL_RINGING = "call_ringing"
    STATUS_UNKNOWN = "status_unknown"
    WRAPUP_PROFILE = "wrapup_profile"
    AVAILABLE_LOGGED_IN = "available_logged_in"
    AVAILABLE_NO_QUEUE = "available_no_queue"
    UNAVAILABLE = "unavailable"
    THE_REST = "the_rest"


_STATE_BY_RULE = {
    StateRule.NO_DOCUMENT: AgentState.UNKNOWN,
    StateRule.CALL_ANSWERED: AgentState.TALKING,
    StateRule.CALL_RINGING: AgentState.RINGING,
    StateRule.STATUS_UNKNOWN: AgentState.UNKNOWN,
    StateRule.WRAPUP_PROFILE: AgentState.WRAPUP,
    StateRule.AVAILABLE_LOGGED_IN: AgentState.READY,
    StateRule.AVAILABLE_NO_QUEUE: AgentState.IDLE,
    StateRule.UNAVAILABLE: AgentState.AWAY,
    StateRule.THE_REST: AgentState.OFF,
}


def rule_of(presence: AgentPresence | None) -> StateRule:
    """The first rule a presence document fits."""
    if presence is None:
        return StateRule.NO_DOCUMENT
    if presence.active_call is not None:
        return StateRule.CALL_ANSWERED if presence.active_call.answered else StateRule.CALL_RINGING
    status = (presence.status or "").strip().lower()
    if status not in ("available", "unavailable"):
        return StateRule.STATUS_UNKNOWN
    if presence.is_wrapup:
        return StateRule.WRAPUP_PROFILE
    if status == "available":
        return StateRule.AVAILABLE_LOGGED_IN if presence.logged_in else StateRule.AVAILABLE_NO_QUEUE
    return StateRule.UNAVAILABLE if presence.logged_in or presence.clients else StateRule.THE_REST


def state_of(presence: AgentPresence | None) -> AgentState:
    """The state a presence document shows."""
    return _STATE_BY_RULE[rule_of(presence)]


def _told_since(presence: AgentPresence, state: AgentState) -> int | None:
    """Since when, by the vendor's own instants."""
    call = presence.active_call
    if state is AgentState.TALKING and call is not None:
        return call.answered_at if call.answered_at is not None else call.started_at
    if state is AgentState.RINGING and call is not None:
        return call.started_at
    since = [presence.profile_since] if presence.profile_since is not None else []
    if state is AgentState.READY:
        since += [login.since for login in presence.logged_in if login.since is not None][:1]
    return max(since) if since else None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPresence:
    """One agent's presence as remembered: the latest document, the state it shows and since when, and up to when time is credited."""

    document: AgentPresence
    state: AgentState
    since: int | None
    credited_to: int
    version: int = 0


@dataclass(frozen=True, slots=True)
class Credit:
    """Time in a state that has become certain: on a business day, milliseconds under the metric's id."""

    day: str
    metric: str
    ms: int


def succeed(held: KnownPresence | None, told: AgentPresence, timezone: str) -> tuple[KnownPresence, tuple[Credit, ...]]:
    """The presence after a document, and the time it closes. Time is credited from document to document as observed by us.

    A document that is older than the one held changes nothing.
    """
    state = state_of(told)
    if held is None:
        return KnownPresence(document=told, state=state, since=_told_since(told, state), credited_to=told.told_at), ()
    if not presence_replaces(held.document, told):
        return held, ()
    since = held.since
    if state is not held.state:
        since = _told_since(told, state)
        if since is None or since < held.document.told_at - 2000 or since > told.told_at:
            since = told.told_at
    elif state in (AgentState.TALKING, AgentState.RINGING) and _another_call(held.document, told):
        since = _told_since(told, state) or told.told_at
    now = max(told.told_at, held.credited_to)
    return (
        KnownPresence(document=told, state=state, since=since, credited_to=now, version=held.version),
        tuple(credits(held, held.credited_to, now, timezone)),
    )


def _another_call(held: AgentPresence, told: AgentPresence) -> bool:
    one, other = held.active_call, told.active_call
    return one is not None and other is not None and one.id_call != other.id_call


def credited_metrics(presence: KnownPresence) -> list[str]:
    """The metrics that grow while this presence lasts."""
    metrics = [f"time_{presence.state}"] if presence.state in TIMED_STATES else []
    if presence.document.logged_in:
        metrics.append("time_logged_in")
    return metrics


def credits(presence: KnownPresence, start: int, end: int, timezone: str) -> list[Credit]:
    """Time in [start, end) under this presence, split exactly at business days."""
    metrics = credited_metrics(presence)
    if not metrics or end <= start:
        return []
    return [Credit(day, metric, ms) for day, ms in split_days(start, end, timezone) for metric in metrics]
