"""Voxloud, as the registry knows it: what it needs, and what it cannot tell."""

from stats.providers.base import FACTS, Company, How, Option
from stats.providers.voxloud.hook import VoxloudHook
from stats.providers.voxloud.provider import VoxloudProvider

_DERIVED = ("queues_live", "queues_past", "presence")
_NONE = ("presence_past", "estimate", "hold", "transfers")


def _how(fact: str) -> How:
    return "none" if fact in _NONE else "derived" if fact in _DERIVED else "told"


# It has no queues, so that a call stays with the one number it came to; no ordering of callbacks; and no hold, which lies in the talk.
_OF_QUEUES = ("overflowed", "callbacks", "att", "avg_hold", "transfer_rate")
_AVAILABILITY = ("agents_logged_in", "agents_ready", "agents_wrapup", "agents_away")

COMPANY = Company(
    name="voxloud",
    title="Voxloud",
    connect=VoxloudProvider,
    hook=VoxloudHook(),
    live_url="https://developer.voxloud.com/api",
    region="IT",
    options=(Option(name="queues", kind="queues", default=()), Option(name="notification_email")),
    can={fact: _how(fact) for fact in FACTS},
    lacks={
        "queue": (
            *("estimated_wait", "not_answer_risk", *_OF_QUEUES),
            *(*_AVAILABILITY, "agents_ringing", "agents_talking", "agents_unknown"),
        ),
        # Who hangs up in the menu and who hangs up waiting are told alike.
        "site": ("ivr_abandoned", *_OF_QUEUES, *_AVAILABILITY, "agents_ringing", "agents_talking", "agents_unknown"),
        "agent": ("talk_time", "hold_time", "time_wrapup", "time_ready", "time_idle", "time_away", "time_logged_in", "occupancy"),
        # Of hours that nobody listened to, the telephony events say who answered and nobody else who rang.
        "agent_past": ("offers", "missed", "withdrawn", "answer_rate", "ring_time"),
    },
    derives_presence=True,
)
