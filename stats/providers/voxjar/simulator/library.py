"""The calls that were sent, what listening made of them, and the filters by which they are asked for."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

PAGE = 20
_UNITS = {"d": "days", "day": "days", "h": "hours", "hour": "hours", "m": "minutes", "minute": "minutes", "w": "weeks", "week": "weeks"}
_SAYINGS = (
    ("customer", "Hi, I have a question about my invoice."),
    ("agent", "Of course, let me have a look."),
    ("customer", "It says that I owe for two months."),
    ("agent", "I see. The first payment came on Monday, so only one is left."),
    ("customer", "Oh, that explains it. Thank you!"),
    ("agent", "You are welcome. Have a nice day."),
)


@dataclass(slots=True, kw_only=True)
class Kept:
    """One uploaded call: its metadata as it came, how much sound with which digest, and when it has been listened to (epoch ms)."""

    metadata: Mapping[str, Any]
    at: int  # when the call took place
    size: int
    digest: str
    done_at: int
    uploads: int = 1

    @property
    def identifier(self) -> str:
        """Of the call."""
        return str(self.metadata["identifier"])

    @property
    def duration_ms(self) -> int:
        """How long it is to have been: what the metadata says, else what so much sound would be."""
        told = (self.metadata.get("metadata") or {}).get("talk_ms")
        return int(told) if isinstance(told, int | float) else self.size // 16 + 1000

    def turns(self) -> list[dict[str, object]]:
        """What was said; always the same for one identifier."""
        chance = random.Random(self.identifier)
        spoken, at = [], 0.4
        for speaker, text in _SAYINGS[: chance.randint(2, len(_SAYINGS))]:
            length = round(len(text) / 14, 2)
            spoken.append(
                {"speaker": speaker, "text": text, "timestamp": at, "length": length, "confidence": round(chance.uniform(0.7, 1), 3)}
            )
            at = round(at + length + chance.uniform(0.2, 1.5), 2)
        return spoken


class Library:
    """`now` gives epoch ms."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self.calls: dict[str, Kept] = {}

    def put(self, metadata: Mapping[str, Any], *, size: int, digest: str, done_at: int) -> Kept:
        """Keep an upload, or in place of the one with its identifier."""
        before = self.calls.get(str(metadata["identifier"]))
        at = instant(metadata["timestamp"], self._now())
        kept = Kept(metadata=metadata, at=at, size=size, digest=digest, done_at=done_at, uploads=before.uploads + 1 if before else 1)
        self.calls[kept.identifier] = kept
        return kept

    def find(self, asked: Mapping[str, Any] | None, *, done_only: bool = False) -> list[Kept]:
        """Those that fit, oldest first."""
        now = self._now()
        found = [c for c in self.calls.values() if (not done_only or c.done_at <= now) and self._fits(c, asked or {}, now)]
        return sorted(found, key=lambda call: (call.at, call.identifier))

    def _fits(self, call: Kept, asked: Mapping[str, Any], now: int) -> bool:
        for name, wanted in asked.items():
            if name == "timestamp":
                if "greaterThanOrEqualTo" in wanted and call.at < instant(wanted["greaterThanOrEqualTo"], now):
                    return False
                if "lessThanOrEqualTo" in wanted and call.at > instant(wanted["lessThanOrEqualTo"], now):
                    return False
            elif not _said(wanted) & set(_words(call.metadata, name)):
                return False
        return True


def _said(wanted: Mapping[str, Any]) -> set[str]:
    return {str(wanted["equalTo"])} if "equalTo" in wanted else {str(each) for each in wanted.get("in", ())}


def _words(metadata: Mapping[str, Any], name: str) -> Iterable[str]:
    if name in ("type", "disposition"):
        return [str((metadata.get(name) or {}).get("identifier", ""))]
    if name == "tag":
        return [str(each) for each in metadata.get("tags") or ()]
    if name == "agent":
        return [str(each["identifier"]) for each in metadata.get("agents") or ()]
    return [str(metadata.get(name, ""))]


def instant(told: object, now_ms: int) -> int:
    """Epoch ms of ISO text (UTC when it names no zone), "4d" (so long ago), or {subtract: {day: 2}, atStartOf: "d"}. Raises ValueError."""
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    if isinstance(told, Mapping):
        ago = timedelta(**{_UNITS[str(unit)]: float(count) for unit, count in dict(told.get("subtract") or {}).items()})
        at = now - ago
        if str(told.get("atStartOf", "")).startswith("d"):
            at = at.replace(hour=0, minute=0, second=0, microsecond=0)
        return round(at.timestamp() * 1000)
    if not isinstance(told, str):
        raise ValueError(f"no time: {told!r}")
    if short := re.fullmatch(r"(\d+)([dhmw])", told):
        return round((now - timedelta(**{_UNITS[short[2]]: int(short[1])})).timestamp() * 1000)
    at = datetime.fromisoformat(told)
    return round((at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp() * 1000)
