"""Vocatech's documents as tests write them: legs, rows and messages of one made-up afternoon."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from stats.domain.merge import FRAME, Told, merge_call
from stats.domain.records import Call
from stats.providers.vocatech.provider import VocatechProvider
from tests.vocatech.day import frame

NOON = datetime(2026, 3, 10, 14, 30, tzinfo=UTC)
NOON_MS = round(NOON.timestamp() * 1000)
CALL = "c045ac31-abbe-45dc-9722-efbe4044cc73"
_turns = itertools.count(1)


def z(seconds: float) -> str:
    """So many seconds after half past two, as data writes it."""
    at = NOON + timedelta(seconds=seconds)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def event(kind: str, at: float, *, id: str | None = None, **data: Any) -> dict[str, Any]:
    """An event that was written so many seconds after half past two."""
    stamp = f"{NOON + timedelta(seconds=int(at)):%Y-%m-%dT%H:%M:%S}+00:00"
    return {"id": id or f"evt_{next(_turns):06d}", "event_type": kind, "timestamp": stamp, "company_id": 123, "data": data}


def leg(kind: str, at: float, began: float, *, ext: str = "101", name: str | None = None, call: str = CALL, **more: Any) -> dict[str, Any]:
    """A call event. The guide's own sample is `leg("call.ended", 45, 0, end=70)`."""
    name = name if name is not None else {"101": "John Doe", "102": "Ann Lee"}.get(ext, "Sales Queue")
    data: dict[str, Any] = {
        **{"call_id": call, "direction": "incoming", "extension": ext, "extension_name": name, "remote_name": "Jane Smith"},
        **{"remote_number": "5551234567", "group_number": "5559876543", "start_time": z(began)},
    }
    if kind == "call.ended":
        end = more.pop("end", at)
        data |= {"end_time": z(end), "duration": int(end - began)}
    return event(kind, at, **{**data, **more})


def segment(
    kind: str, ext: str, start: float, length: int, *, answered: bool = False, name: str | None = None, **more: Any
) -> dict[str, Any]:
    """A segment of a journey."""
    return {
        **{"type": kind, "name": name if name is not None else f"{kind} {ext}", "extension": ext, "start_time": z(start)},
        **{"duration": length, "answered": answered, "recording_url": None, **more},
    }


def row(start: float, length: int, *journey: dict[str, Any], status: str = "answered", call: str = CALL, **more: Any) -> dict[str, Any]:
    """A row of GET /calls."""
    return {
        **{"call_id": call, "direction": "incoming", "status": status, "extension": "101", "extension_name": "John Doe"},
        **{"remote_name": "Jane Smith", "remote_number": "5551234567", "group_number": "5559876543"},
        **{"start_time": z(start), "end_time": z(start + length), "duration": length, "journey": list(journey), **more},
    }


def post(provider: VocatechProvider, held: Call | None, *events: dict[str, Any]) -> Call:
    """What is known of the one call after these events."""
    for each in events:
        tellings, odd = provider.read("events", frame(each, NOON_MS + 3_600_000), received_at=NOON_MS + 3_600_000)
        assert odd == []
        for telling in tellings:
            if isinstance(telling, Call):
                held = merge_call(held, telling, FRAME)
    assert held is not None
    return held


def merged(held: Call | None, tellings: Any, at_lag_ms: int = 120_000) -> Call:
    """The same, after what the past told."""
    for telling in tellings:
        if isinstance(telling, Call):
            held = merge_call(held, telling, Told("historic", at_lag_ms))
    assert held is not None
    return held
