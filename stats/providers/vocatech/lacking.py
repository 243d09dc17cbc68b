"""What Vocatech cannot tell; and what it cannot while no group has posted a leg of its own."""

from collections.abc import Mapping, Sequence

# Hold lies in the talk; a voicemail, and a callback that was ordered, have no word in a journey.
_OF_QUEUES = ("att", "avg_hold", "voicemail", "callbacks")
_AVAILABILITY = ("agents_logged_in", "agents_ready", "agents_wrapup", "agents_away")

LACKS: Mapping[str, Sequence[str]] = {
    "queue": ("estimated_wait", "not_answer_risk", *_OF_QUEUES, *_AVAILABILITY, "agents_ringing", "agents_talking", "agents_unknown"),
    "site": (*_OF_QUEUES, *_AVAILABILITY, "agents_ringing", "agents_talking", "agents_unknown"),
    # Of an answered call the past tells the talk and not the ring before it.
    "agent": (
        *("talk_time", "hold_time", "ring_time"),
        *("time_wrapup", "time_ready", "time_idle", "time_away", "time_logged_in", "occupancy"),
    ),
}
_NOW = ("waiting", "longest_wait", "talking")
SILENT_GROUPS: Mapping[str, Sequence[str]] = {scope: (*LACKS[scope], *_NOW) for scope in ("queue", "site")}
