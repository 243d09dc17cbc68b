"""Voxjar as a place to send recordings to: its doors, and what of its schema there is to read by.

Rules that hold here: the schema is asked about itself once for each connection, and only what it has is asked for (VJ-A8); what it lacks
takes one feature away and nothing else; where it will not speak of itself, what its customers' public scripts ask for is tried.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from stats.domain.errors import Malformed, Retry
from stats.domain.parcels import Parcel
from stats.providers.base import Account, SourceConfig
from stats.providers.sinks import Analysed, Unread
from stats.providers.voxjar import wire
from stats.providers.voxjar.rest import Rest
from stats.providers.voxjar.translate import analysed_of, expires_at, metadata_of

_INTERVAL = ("hours", "minutes", "seconds", "milliseconds")
# Fields of a call that are read, with the parts of those that have some.
_WANTED: Mapping[str, Sequence[str]] = {
    "timestamp": (),
    "tags": (),
    "duration": _INTERVAL,
    "silenceDuration": _INTERVAL,
    "disposition": ("name",),
    "transcript": (*wire.USUAL_TURN, *wire.SPEAKERS),
}
Fields = Mapping[str, Sequence[str]]
# What is tried, one after the other, where the schema will not speak of itself: the last two are all that a public script asks for.
_GUESSES: Sequence[Fields] = (
    {"identifier": (), **_WANTED, "transcript": wire.USUAL_TURN},
    {"identifier": (), **_WANTED, "transcript": wire.USUAL_TURN, "duration": (), "silenceDuration": ()},
    {"identifier": (), "transcript": wire.USUAL_TURN},
    {"identifier": (), "transcript": ()},
)


class VoxjarSink:
    """One account."""

    def __init__(self, config: SourceConfig) -> None:
        self._rest = Rest(config.live_url, config.token)
        self._expires_at = expires_at(config.token)
        self._fields: Fields | None = None
        self._guess = 0

    @property
    def expires_at(self) -> int | None:
        """As the token says."""
        return self._expires_at

    async def greet(self) -> Account:
        """A trivial question, and what cannot be read back."""
        await self._trivial()
        fields = await self._known_fields()
        lacking = [name for name in ("identifier", *_WANTED) if name not in fields]
        notes = [f"calls.{name} is not in the schema" for name in lacking] if fields else ["calls cannot be asked for"]
        return Account(expires_at=self._expires_at, notes=tuple(notes))

    async def _trivial(self) -> None:
        try:
            await self._rest.ask(wire.TRIVIAL)
        except Malformed as why:
            raise Retry(why.detail) from why

    async def send(self, parcel: Parcel, sound: AsyncIterator[bytes], length: int | None) -> None:
        """Metadata and sound together. Raises NotTaken, Refused or Retry."""
        await self._rest.enqueue(metadata_of(parcel), sound, length)

    async def knows(self, identifier: str) -> bool | None:
        """By `calls` with the identifier for a filter; None: there is no such question."""
        if "identifier" not in await self._known_fields():
            return None
        try:
            rows = await self._calls({"identifier": ()}, {"identifier": {"equalTo": identifier}}, 0)
        except Malformed:
            return None
        # A filter that was passed over would give other calls.
        return any(isinstance(row, Mapping) and row.get("identifier") == identifier for row in rows)

    async def analysed(self, *, start_ms: int, end_ms: int, offset: int) -> tuple[Sequence[Analysed], int]:
        """A page of twenty, and where the next begins."""
        window = {"greaterThanOrEqualTo": _iso(start_ms), "lessThanOrEqualTo": _iso(end_ms)}
        while True:
            fields = await self._known_fields()
            if "identifier" not in fields:
                return (), 0
            try:
                rows = await self._calls(fields, {"timestamp": window}, offset)
                break
            except Malformed as why:
                # The schema may have changed since it was asked; where it was guessed, the next guess is asked for at once.
                self._fields = None
                guessed = any(fields is each for each in _GUESSES)
                self._guess = (self._guess + 1) % len(_GUESSES) if guessed else 0
                if not self._guess:
                    raise Unread(why.detail or why.reason) from why
        found = [each for row in rows if isinstance(row, Mapping) and (each := analysed_of(row)) is not None]
        return found, offset + len(rows) if len(rows) >= wire.PAGE else 0

    async def close(self) -> None:
        """Let go of the session."""
        await self._rest.close()

    async def _calls(self, fields: Fields, asked: Mapping[str, Any], offset: int) -> Sequence[Any]:
        answer = await self._rest.ask(wire.calls_document(fields), {"filter": asked, "offset": offset})
        rows = (answer.data or {}).get("calls")
        if not isinstance(rows, list):
            raise Malformed("graphql", wire.short("; ".join(each.message for each in answer.errors or ()) or "no calls"))
        return rows

    async def _known_fields(self) -> Fields:
        if self._fields is None:
            try:
                answer = await self._rest.ask(wire.ABOUT)
            except Malformed:
                return _GUESSES[self._guess]
            self._fields = fields_of(answer.data or {})
        return self._fields


def fields_of(about: Mapping[str, Any]) -> Fields:
    """Of what we read, what a schema has; nothing at all where it has no calls to ask for."""
    types = {each.get("name"): _named(each.get("fields")) for each in ((about.get("__schema") or {}).get("types") or ())}
    calls = types.get("Query", {}).get("calls") or {}
    if not {"filter", "offset"} <= _named(calls.get("args")).keys():
        return {}
    told = types.get(_innermost(calls.get("type") or {})[1], {})
    if "identifier" not in told:
        return {}
    fields: dict[str, Sequence[str]] = {"identifier": ()}
    for name, wanted in _WANTED.items():
        kind, called = _innermost((told.get(name) or {}).get("type") or {})
        if kind == "OBJECT":  # of what is told of a transcript, a length may be an interval too
            parts = tuple(asked for part in wanted if part in types.get(called, {}) and (asked := _asked(part, types, called)))
            if parts and (name != "transcript" or "text" in parts):
                fields[name] = parts
        elif name in told:
            fields[name] = ()
    return fields


def _asked(part: str, types: Mapping[str, Mapping[str, Any]], called: str) -> str:
    """A part as it is asked for; "" where it has parts of its own that nobody knows."""
    kind, inner = _innermost(types[called][part].get("type") or {})
    if kind != "OBJECT":
        return part
    told = " ".join(each for each in _INTERVAL if each in types.get(inner, {}))
    return f"{part} {{ {told} }}" if told else ""


def _named(things: Any) -> dict[str, Mapping[str, Any]]:
    return {str(each.get("name")): each for each in things or ()}


def _innermost(kind: Mapping[str, Any]) -> tuple[str, str]:
    while kind.get("ofType"):
        kind = kind["ofType"]
    return str(kind.get("kind", "")), str(kind.get("name", ""))


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
