"""Puts a parcel into Voxjar's metadata, and what Voxjar made of it into our words. Pure.

Rules that hold here: instants go out in UTC with their offset; bare lengths are seconds (VJ-A9); what is not told is None.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from stats.domain.notes import Turn
from stats.domain.parcels import Parcel, Somebody
from stats.providers.sinks import Analysed
from stats.providers.voxjar.wire import SPEAKERS

_PARTS_MS = {"days": 86_400_000, "hours": 3_600_000, "minutes": 60_000, "seconds": 1000, "milliseconds": 1}
LONGEST_TEXT = 20_000


def metadata_of(parcel: Parcel) -> dict[str, Any]:
    """As the vendor's guide has it, in its order."""
    told: dict[str, Any] = {
        "identifier": parcel.identifier,
        "type": _labelled(parcel.kind),
        "timestamp": datetime.fromtimestamp(parcel.started_at / 1000, UTC).isoformat(timespec="milliseconds"),
        "direction": "OUTGOING" if parcel.outgoing else "INCOMING",
        "agents": [_person(agent) for agent in parcel.agents],
        "customers": [_person(customer) for customer in parcel.customers],
        "disposition": _labelled(parcel.disposition),
    }
    if parcel.tags:
        told["tags"] = list(parcel.tags)
    if parcel.facts:
        told["metadata"] = dict(parcel.facts)
    return told


def _labelled(pair: tuple[str, str]) -> dict[str, str]:
    return {"identifier": pair[0], "name": pair[1]}


def _person(somebody: Somebody) -> dict[str, str]:
    told = {"identifier": somebody.identifier, "name": somebody.name}
    digits = "".join(sign for sign in somebody.number or "" if sign.isdigit())
    return {**told, "phoneNumber": digits} if digits else told


def analysed_of(row: Mapping[str, Any]) -> Analysed | None:
    """One call of a page; None where it has no identifier."""
    identifier = row.get("identifier")
    if not isinstance(identifier, str) or not identifier:
        return None
    words = row.get("transcript")
    tags, disposition = row.get("tags"), row.get("disposition")
    return Analysed(
        identifier=identifier,
        turns=_turns(words, row.get("timestamp")) if isinstance(words, list) and words else None,
        text=words[:LONGEST_TEXT] if isinstance(words, str) and words.strip() else None,
        duration_ms=length_ms(row.get("duration")),
        silence_ms=length_ms(row.get("silenceDuration")),
        disposition=_name(disposition),
        tags=tuple(str(tag)[:80] for tag in tags) if isinstance(tags, list) else None,
    )


def _name(labelled: object) -> str | None:
    if isinstance(labelled, str):
        return labelled[:120]
    if isinstance(labelled, Mapping):
        told = labelled.get("name") or labelled.get("identifier") or labelled.get("id")
        return str(told)[:120] if told else None
    return None


def _turns(words: list[Any], began: object) -> tuple[Turn, ...]:
    found = []
    for word in words:
        if isinstance(word, str) and word.strip():
            found.append(Turn(text=word[:LONGEST_TEXT]))
        elif isinstance(word, Mapping) and isinstance(word.get("text"), str) and word["text"].strip():
            speaker = next((word[name] for name in SPEAKERS if word.get(name) not in (None, "")), None)
            confidence = word.get("confidence")
            found.append(
                Turn(
                    text=word["text"][:LONGEST_TEXT],
                    speaker=str(speaker)[:80] if speaker is not None else None,
                    start_ms=_start_ms(word.get("timestamp"), began),
                    length_ms=length_ms(word.get("length")),
                    confidence=_share(confidence),
                )
            )
    return tuple(found)


def _share(told: object) -> float | None:
    if isinstance(told, bool) or not isinstance(told, int | float):
        return None
    share = told / 100 if told > 1 else float(told)
    return share if 0 <= share <= 1 else None


def _start_ms(told: object, began: object) -> int | None:
    """From the beginning of the sound: a length, or an instant after the call's own."""
    if isinstance(told, str):
        at, start = _instant(told), _instant(began)
        if at is not None:
            return at - start if start is not None and at >= start else None
    return length_ms(told)


def _instant(told: object) -> int | None:
    try:
        at = datetime.fromisoformat(told) if isinstance(told, str) and "T" in told else None
    except ValueError:
        return None
    return None if at is None else round((at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp() * 1000)


def length_ms(told: object) -> int | None:
    """Of a bare number (seconds), the same as text, or an interval {hours, minutes, seconds, milliseconds}; None for anything else."""
    if isinstance(told, Mapping):
        parts = [(unit, told[name]) for name, unit in _PARTS_MS.items() if _is_number(told.get(name))]
        return round(sum(unit * value for unit, value in parts)) if parts else None
    if isinstance(told, str):
        try:
            told = float(told)
        except ValueError:
            return None
    return round(told * 1000) if _is_number(told) and 0 <= told < 1e7 else None  # type: ignore[operator]


def _is_number(told: object) -> bool:
    return isinstance(told, int | float) and not isinstance(told, bool) and told == told


def expires_at(token: str) -> int | None:
    """When a token says that it ends, epoch ms, unverified: only its maker can verify it; None where it is no JWT or does not say."""
    try:
        middle = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
        return round(float(claims["exp"]) * 1000)
    except (IndexError, KeyError, TypeError, ValueError, OverflowError, binascii.Error):
        return None
