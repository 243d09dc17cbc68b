"""Vocatech, as the registry knows it: what it needs, and what it cannot tell."""

from stats.providers.base import FACTS, Company, How, Option
from stats.providers.vocatech.hook import VocatechHook
from stats.providers.vocatech.lacking import LACKS
from stats.providers.vocatech.provider import VocatechProvider

# Groups are legs of a call only where they post events of their own; who passed a call on is read out of its journey.
_DERIVED = ("queues_live", "presence", "transfers")
_NONE = ("presence_past", "estimate", "hold", "sentiment", "dial")


def _how(fact: str) -> How:
    return "none" if fact in _NONE else "derived" if fact in _DERIVED else "told"


COMPANY = Company(
    name="vocatech",
    title="Vocatech",
    connect=VocatechProvider,
    hook=VocatechHook(),
    hook_tests=True,
    live_url="https://api.vocatech.com/v1",
    region="US",
    options=(
        Option(name="groups", kind="queues", default=()),
        Option(name="utc_days", kind="switch", default=False),
        Option(name="help_page_signature", kind="switch", default=False),
    ),
    can={fact: _how(fact) for fact in FACTS},
    lacks=LACKS,
    derives_presence=True,
)
