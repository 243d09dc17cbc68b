"""Telavox Studio, as the registry knows it."""

from stats.providers.base import FACTS, Company
from stats.providers.telavox.provider import TelavoxProvider

_NONE = ("estimate", "recordings", "transcripts", "summaries", "sentiment", "messages", "contacts", "dial")

COMPANY = Company(
    name="telavox",
    title="Telavox Studio",
    connect=TelavoxProvider,
    live_url="wss://statistics-webhook.telavox.se",
    historic_url="https://statistics-api.telavox.se/graphql",
    needs_historic_url=True,
    can={fact: "none" if fact in _NONE else "told" for fact in FACTS},
    lacks={"queue": ("estimated_wait",)},
)
