"""Voxology, as the registry knows it: what it needs, and what it cannot tell."""

from stats.providers.base import FACTS, Company, How, Option
from stats.providers.voxology.hook import VoxologyHook
from stats.providers.voxology.lacking import LACKS
from stats.providers.voxology.provider import DEFAULT_A_MINUTE, DEFAULT_POLL_S, VoxologyProvider

# Logs name no queue: what we watched ourselves is the only past a queue has. Agents are legs that call flows name for us.
_DERIVED = ("queues_past", "rings", "presence")
_NONE = ("presence_past", "hold", "transfers", "transcripts", "summaries", "sentiment", "contacts")


def _how(fact: str) -> How:
    return "none" if fact in _NONE else "derived" if fact in _DERIVED else "told"


COMPANY = Company(
    name="voxology",
    title="Voxology",
    connect=VoxologyProvider,
    hook=VoxologyHook(),
    live_url="https://api.voxolo.gy/v1",
    region="US",
    options=(
        Option(name="sub_account"),
        Option(name="agents", kind="agents", default={}),
        Option(name="agent_numbers", kind="lines", default=()),
        Option(name="agents_by", kind="choice", default="session", choices=("session", "number")),
        Option(name="connected_is_answered", kind="switch", default=False),
        Option(name="poll_seconds", kind="number", default=DEFAULT_POLL_S),
        Option(name="requests_per_minute", kind="number", default=DEFAULT_A_MINUTE),
        Option(name="dial_from"),
    ),
    can={fact: _how(fact) for fact in FACTS},
    lacks=LACKS,
    derives_presence=True,
)
