"""What Voxology cannot tell, and what of calls that nobody watched.

Rules that hold here: a log names no queue, nor on whose behalf a call went out; whose leg it was follows from the numbers of agents'
telephones, where the options name them, and so does whether a caller was answered.
"""

from collections.abc import Mapping, Sequence
from typing import Any

# A leg is connected or not: hold lies in its talk, and nothing says that a caller was passed on.
_OF_QUEUES = ("att", "avg_hold", "transfer_rate")
_AVAILABILITY = ("agents_logged_in", "agents_ready", "agents_wrapup", "agents_away")
_VISITS = (
    *("offered", "answered", "answered_in_target", "abandoned", "short_abandoned", "abandoned_in_target", "overflowed", "voicemail"),
    *("callbacks", "service_level", "service_levels", "abandon_rate", "answer_rate", "asa", "avg_abandon_wait", "longest_wait_window"),
    *("wait_p50", "wait_p90", "aht", "sl_budget"),
)
_CALLERS = ("true_abandoned", "ivr_abandoned", "lost_callers")
_RINGS = ("offers", "answered", "missed", "withdrawn", "answer_rate", "ring_time", "aht")
LACKS: Mapping[str, Sequence[str]] = {
    "queue": ("not_answer_risk", *_OF_QUEUES, *_AVAILABILITY, "agents_ringing", "agents_talking", "agents_unknown"),
    "site": (*_OF_QUEUES, *_AVAILABILITY, "agents_ringing", "agents_talking", "agents_unknown"),
    "agent": ("talk_time", "hold_time", "time_wrapup", "time_ready", "time_idle", "time_away", "time_logged_in", "occupancy"),
    "queue_past": _VISITS,
    "site_past": (*_VISITS, *_CALLERS, "calls_answered"),
    "agent_past": (*_RINGS, "outgoing"),
}


def lacks_with(settings: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    """The same, where a source's options make it another."""
    knows_legs = bool(settings.get("agent_numbers"))
    found: dict[str, Sequence[str]] = {"agent_past": ("outgoing",)} if knows_legs else {}
    if knows_legs or settings.get("connected_is_answered"):
        found["site_past"] = (*_VISITS, *_CALLERS)
    return found
