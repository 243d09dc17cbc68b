"""Calls as the product would hold them, made from what the vendor says of them."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from stats.domain.directory import Directory
from stats.domain.merge import FRAME, Identities, merge_call
from stats.domain.records import Call
from stats.providers.base import SourceConfig
from stats.providers.telavox.provider import TelavoxProvider
from tests.oracle.documents import Documents
from tests.oracle.script import Frame
from tests.oracle.test_slow import NOON, doc_example

__all__ = ["NOON", "calls_of_documents", "calls_of_frames", "doc_example"]
Told = tuple[str, Mapping[str, Any], int]


def calls_of_frames(frames: Iterable[Frame]) -> dict[str, Call]:
    """Calls by id, after these frames were heard when they were emitted."""
    return _read([(frame.datasource, frame.document, frame.emitted_at_ms) for frame in frames])


def calls_of_documents(documents: Documents, at: int) -> dict[str, Call]:
    """Calls by id, from their last documents alone."""
    kinds = (("calls", documents.calls), ("queues", documents.queues), ("agents", documents.agents))
    return _read([(kind, doc, at) for kind, docs in kinds for doc in docs])


def _read(told: list[Told]) -> dict[str, Call]:
    config = SourceConfig(name="telavox", live_url="ws://127.0.0.1:9", historic_url="http://127.0.0.1:9", token="none")
    reader = TelavoxProvider(config)
    tellings = [
        telling
        for kind, document, at in told
        for telling in reader.read(kind, json.dumps(document).encode(), received_at=at)[0]
        if isinstance(telling, Call)
    ]
    queues, agents = Directory(), Directory()
    for telling in tellings:
        for visit in telling.visits:
            queues.learn(visit.queue)
        for offer in telling.offers:
            agents.learn(offer.agent)
            if offer.queue is not None:
                queues.learn(offer.queue)
        if telling.journey is not None:
            for queue in (telling.journey.first_queue, telling.journey.last_queue):
                if queue is not None:
                    queues.learn(queue)
    who = Identities(queue=queues.fill, agent=agents.fill)
    calls: dict[str, Call] = {}
    for telling in tellings:
        calls[telling.id_call] = merge_call(calls.get(telling.id_call), telling, FRAME, who)
    return calls
