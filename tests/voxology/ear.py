"""Whoever listens to the provider as the road does: frames in, merged calls and notes out; and requests as the vendor's flows send them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from stats.domain.merge import Told, merge_call
from stats.domain.outcomes import SettledCall, settle
from stats.domain.records import Call, QueueEstimate, Telling
from stats.providers.base import Delivery, SourceConfig, pack_delivery
from stats.providers.voxology.provider import VoxologyProvider

KEY = "a-secret-of-this-test"


def provider_of(url: str = "http://127.0.0.1:9/v1", token: str = "demo-voxology-key", **settings: Any) -> VoxologyProvider:
    """A provider; fast where it asks."""
    settings = {"poll_seconds": 0.2, "requests_per_minute": 60_000, **settings}
    return VoxologyProvider(SourceConfig(name="vox", live_url=url, historic_url="", token=token, default_region="SE", settings=settings))


def delivered(body: Mapping[str, Any], at: int) -> bytes:
    """A request of a flow, as it lies in the inbox."""
    return pack_delivery(
        Delivery(at=at, method="POST", content_type="application/json", query="", headers={}, body=msgspec.json.encode(body))
    )


class Ear:
    """What has been told so far."""

    def __init__(self, provider: VoxologyProvider) -> None:
        self.provider = provider
        self.calls: dict[str, Call] = {}
        self.notes: list[Telling] = []
        self.estimates: dict[str | None, int | None] = {}
        self.odd: list[str] = []

    def read(self, feed: str, frame: bytes, at: int) -> None:
        """One frame."""
        told, odd = self.provider.read(feed, frame, received_at=at)
        self.odd += [each.reason for each in odd]
        self.take(told)

    def post(self, body: Mapping[str, Any], at: int) -> None:
        """One request of a flow."""
        self.read("events", delivered(body, at), at)

    def take(self, told: Iterable[Telling], how: Told | None = None) -> None:
        """Tellings, as frames unless they are of the past."""
        for each in told:
            if isinstance(each, Call):
                self.calls[each.id_call] = merge_call(self.calls.get(each.id_call), each, *(() if how is None else (how,)))
            elif isinstance(each, QueueEstimate):
                self.estimates[each.queue.name] = each.estimate_ms
            else:
                self.notes.append(each)

    def settled(self, id_call: str) -> SettledCall:
        """A call read whole."""
        return settle(self.calls[id_call])

    def meaning(self) -> dict[str, object]:
        """Everything known of every call, but for when it was learnt."""
        found = {}
        for id_call, call in sorted(self.calls.items()):
            bare = replace(
                call,
                journey=replace(call.journey, asof=0) if call.journey is not None else None,
                visits=tuple(replace(visit, asof=0) for visit in call.visits),
                offers=tuple(replace(offer, asof=0) for offer in call.offers),
            )
            shown = settle(bare)
            outcomes = [str(visit.outcome) for visit in shown.visits], [str(offer) for offer in shown.offers]
            found[id_call] = (shown.direction, shown.internal, shown.answered, shown.ended_at, outcomes, bare)
        return found
