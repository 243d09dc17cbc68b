"""How tests tell a provider something, and what becomes of it."""

from collections.abc import Iterable
from typing import Any

import msgspec

from stats.domain.merge import FRAME, Told, merge_call
from stats.domain.records import Call, Telling
from stats.providers.base import Delivery, SourceConfig, pack_delivery, party_of
from stats.providers.voxloud.provider import VoxloudProvider
from stats.providers.voxloud.simulator import DEFAULT_TOKEN

NOON = 1_779_105_600_000  # Monday 2026-05-18, 12:00 UTC
QUEUES = [
    {"name": "Support", "numbers": ["+46846500402"], "rules": ["IVRSupport"]},
    {"name": "Faktura", "numbers": ["0846500404"], "rules": ["IVRFaktura"]},
]
PBX = 117


def provider(
    live_url: str = "http://127.0.0.1:9/api", *, token: str = DEFAULT_TOKEN, queues: Any = QUEUES, region: str = "SE"
) -> VoxloudProvider:
    """One that nothing but its configuration knows."""
    return VoxloudProvider(
        SourceConfig(name="vl", live_url=live_url, historic_url="", token=token, default_region=region, settings={"queues": queues})
    )


def frame(body: object, *, at: int = NOON) -> bytes:
    """A delivery as the inbox holds it; a document, or any bytes whatever."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return pack_delivery(Delivery(at=at, method="POST", content_type="application/json", query="", headers={}, body=raw))


def posted(kind: str, document: dict[str, Any], *, flat: bool = False, short: bool = False) -> dict[str, Any]:
    """A document as it is posted."""
    if flat:
        return document
    return {"timestamp": document["timestamp"], "type": kind.removeprefix("CALL_") if short else kind, "data": document, "pbx_id": PBX}


def event(kind: str, at: int, user: int, *, call: str = "c1", origin: str = "+46701740605", target: str = "+46846500402") -> dict[str, Any]:
    """INCOMING, STARTED, ANSWERED or HANGUP of a user, enveloped."""
    document = {
        "timestamp": at,
        "callId": call,
        "originatorNumber": origin,
        "originatorName": origin,
        "destinationNumber": target,
        "destinationName": "Support",
        "type": kind,
        "userExtension": user,
        "userEmail": f"u{user}@floor.example",
        "sipUsername": f"sip_{user}",
    }
    return posted(f"CALL_{kind}", document)


def record(at: int, duration: float, ring: float, last: str, **more: Any) -> dict[str, Any]:
    """A PHONE_CALL of the whole call, enveloped."""
    document = {
        "id": 8395,
        "type": "PHONE_CALL",
        "accountId": "faffd4879c2b686fe9c5fb1673ce2800",
        "direction": "INBOUND",
        "timestamp": at,
        "originatorNumber": "+46701740605",
        "originatorName": "+46701740605",
        "destinationNumber": "+46846500402",
        "destinationName": "Support",
        "lastEvent": last,
        "duration": duration,
        "ringTime": ring,
        "archived": False,
        "callId": "c1",
        "recorded": False,
        "voicemail": False,
        **more,
    }
    return posted("PHONE_CALL", document)


def hear(vendor: VoxloudProvider, bodies: Iterable[object], *, at: int = NOON) -> list[Telling]:
    """Everything they tell; nothing may be unreadable."""
    told: list[Telling] = []
    for body in bodies:
        tellings, odd = vendor.read("events", frame(body, at=at), received_at=at)
        assert not odd
        told += tellings
    return told


def merged(tellings: Iterable[Telling], how: Told = FRAME) -> dict[str, Call]:
    """The calls among them, put together by id."""
    calls: dict[str, Call] = {}
    for telling in tellings:
        if isinstance(telling, Call):
            calls[telling.id_call] = merge_call(calls.get(telling.id_call), telling, how)
    return calls


def key_of(name: str) -> str:
    """The key of one of QUEUES."""
    assert name in [each["name"] for each in QUEUES]
    return party_of("vl", f"q:{name}").key or ""
