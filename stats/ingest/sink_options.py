"""The options of a place that recordings are sent to, as a source keeps them, read for the rules that decide what is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stats.domain.parcels import Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is sent and how. `pseudonyms`: a mark stands for a customer's number. `overwrite`: send what somebody else has sent before."""

    choice: Choice
    pseudonyms: bool
    overwrite: bool
    largest_bytes: int


def options_of(settings: Mapping[str, Any], region: str) -> Options:
    """What is not there, or not of its kind, is as if nothing had been chosen: then nothing is sent."""
    agents = settings.get("agents")
    largest = settings.get("largest_mb")
    return Options(
        choice=Choice(
            sources=_lines(settings.get("sources")),
            consented=_lines(settings.get("consented")),
            queues=_lines(settings.get("queues")),
            internal=settings.get("internal") is True,
            opted_out=_lines(settings.get("opted_out")),
            agents={str(word).strip(): str(name) for word, name in agents.items()} if isinstance(agents, Mapping) else {},
            region=region,
        ),
        pseudonyms=settings.get("customers") == "pseudonym",
        overwrite=settings.get("overwrite") is True,
        largest_bytes=round((largest if isinstance(largest, int | float) and largest > 0 else 200) * (1 << 20)),
    )


def _lines(told: object) -> frozenset[str]:
    lines = told.splitlines() if isinstance(told, str) else told if isinstance(told, list) else []
    return frozenset(word for line in lines if (word := str(line).strip()))
