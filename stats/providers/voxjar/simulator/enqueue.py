"""Reads an upload as it comes in, part by part, and says what is wrong with it; sound is counted and forgotten."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import BodyPartReader, web

LARGEST_METADATA = 1 << 20
REQUIRED = ("identifier", "type", "timestamp", "direction", "agents", "customers")
# What is written in the guide's example.
PLACEHOLDERS = frozenset(
    ("callIdentifier", "typeIdentifier", "typeName", "agentIdentifier", "Agent Name", "customerIdentifier", "Customer Name")
)


class Unfit(Exception):
    """The upload is not what the guide asks for; `told` is the answer's body."""

    def __init__(self, message: str, **told: object) -> None:
        super().__init__(message)
        self.told = {"error": message, **told}


@dataclass(frozen=True, slots=True)
class Upload:
    """What came in."""

    metadata: Mapping[str, Any]
    size: int
    digest: str


async def read_upload(request: web.Request, *, refuse_placeholders: bool) -> Upload:
    """Two parts in this order: `metadata` (JSON, no file name), `file` (octets, its name the identifier). Raises Unfit."""
    if request.content_type != "multipart/form-data":
        raise Unfit("expected multipart/form-data")
    try:
        parts = await request.multipart()
        first = await parts.next()
    except ValueError as why:
        raise Unfit(f"not multipart: {why}") from why
    if not isinstance(first, BodyPartReader) or first.name != "metadata" or first.filename is not None:
        raise Unfit("the first part must be metadata")
    if first.headers.get("Content-Type") != "application/json":
        raise Unfit("metadata must be application/json")
    metadata = _metadata(bytes(await first.read()), refuse_placeholders)
    file = await parts.next()
    if not isinstance(file, BodyPartReader) or file.name != "file":
        raise Unfit("the second part must be file")
    if file.headers.get("Content-Type") != "application/octet-stream":
        raise Unfit("file must be application/octet-stream")
    if file.filename != metadata["identifier"]:
        raise Unfit("the name of the file must be the call's identifier")
    size, digest = 0, hashlib.sha256()
    while chunk := await file.read_chunk(1 << 16):
        size += len(chunk)
        digest.update(chunk)
    if await parts.next() is not None:
        raise Unfit("nothing is expected after file")
    if not size:
        raise Unfit("the file is empty")
    return Upload(metadata, size, digest.hexdigest())


def _metadata(told: bytes, refuse_placeholders: bool) -> Mapping[str, Any]:
    try:
        metadata = json.loads(told)
    except ValueError as why:
        raise Unfit("metadata is not JSON") from why
    if not isinstance(metadata, dict):
        raise Unfit("metadata must be an object")
    missing = [name for name in REQUIRED if not metadata.get(name)]
    missing += [f"{name}.{part}" for name in ("type", "disposition") if metadata.get(name) for part in _lacking(metadata[name])]
    for name in ("agents", "customers"):
        people = metadata.get(name) or []
        if not isinstance(people, list):
            raise Unfit(f"{name} must be a list")
        missing += [f"{name}[{place}].{part}" for place, person in enumerate(people) for part in _lacking(person)]
    if missing:
        raise Unfit("metadata is incomplete", missing=missing)
    if metadata["direction"] not in ("OUTGOING", "INCOMING"):
        raise Unfit("direction must be OUTGOING or INCOMING")
    if refuse_placeholders and (found := sorted(PLACEHOLDERS & set(_strings(metadata)))):
        raise Unfit("metadata has placeholder values", placeholders=found)
    return metadata


def _lacking(thing: object) -> list[str]:
    return [part for part in ("identifier", "name") if not isinstance(thing, dict) or not thing.get(part)]


def _strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in _strings(each)]
    if isinstance(value, list):
        return [text for each in value for text in _strings(each)]
    return [value] if isinstance(value, str) else []
