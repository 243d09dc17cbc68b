"""Records as compact bytes and back: positional lists, so that a call costs hundreds of bytes and not thousands.

Rules that hold here: fields are only ever appended to a record; a list shorter than the record has is an older writing and the rest
are defaults; LAYOUT changes when that is not enough, and what cannot be read is told to be unknown, never guessed.
"""

from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import Any, TypeVar

import msgspec

from stats.domain.agent_states import AgentState, KnownPresence
from stats.domain.errors import Malformed
from stats.domain.facts import SourceFacts
from stats.domain.metrics import Caller, Living, Talk
from stats.domain.records import ActiveCall, AgentPresence, Call, Direction, Journey, Offer, Party, QueueLogin, Visit

LAYOUT = 1
Record = TypeVar("Record")

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode
_json = msgspec.json.Encoder().encode
_from_json = msgspec.json.Decoder().decode
# What reading bytes of another writer, or of nobody's, can end in.
_UNREADABLE = (msgspec.MsgspecError, ValueError, TypeError, LookupError, AttributeError)


def _names(kind: type) -> tuple[str, ...]:
    return tuple(f.name for f in fields(kind))


def _party_out(party: Party | None) -> list[Any] | None:
    if party is None:
        return None
    told: list[Any] = [party.id, party.account_id, party.name]
    return told if party.ref is None else [*told, party.ref]


def _party_in(raw: list[Any] | None) -> Party | None:
    return None if raw is None else Party(id=raw[0], account_id=raw[1], name=raw[2], ref=raw[3] if len(raw) > 3 else None)


class _Shape:
    """How one kind of document is laid out."""

    def __init__(self, kind: type, parties: frozenset[str]) -> None:
        self.kind = kind
        self.names = _names(kind)
        self._read: Callable[[Any], tuple[Any, ...]] = attrgetter(*self.names)
        self._parties = tuple(i for i, n in enumerate(self.names) if n in parties)
        self._direction = self.names.index("direction") if "direction" in self.names else None

    def out(self, document: Any) -> list[Any]:
        values = list(self._read(document))
        for i in self._parties:
            values[i] = _party_out(values[i])
        return values

    def back(self, raw: list[Any]) -> Any:
        values = dict(zip(self.names, raw, strict=False))
        for i in self._parties:
            if i < len(raw):
                values[self.names[i]] = _party_in(raw[i])
        if self._direction is not None and self._direction < len(raw) and raw[self._direction] is not None:
            values["direction"] = Direction(raw[self._direction])
        return self.kind(**values)


_JOURNEY = _Shape(Journey, frozenset({"first_agent", "last_agent", "first_queue", "last_queue"}))
_VISIT = _Shape(Visit, frozenset({"queue", "first_agent", "last_agent"}))
_OFFER = _Shape(Offer, frozenset({"agent", "queue"}))
_ACTIVE = _Shape(ActiveCall, frozenset({"queue"}))
_LOGIN = _Shape(QueueLogin, frozenset({"queue"}))
_PRESENCE = _Shape(AgentPresence, frozenset({"agent"}))


def pack_call(call: Call) -> bytes:
    """A call as MessagePack."""
    return _encode(
        [
            LAYOUT,
            call.source,
            call.id_call,
            None if call.journey is None else _JOURNEY.out(call.journey),
            [_VISIT.out(v) for v in call.visits],
            [_OFFER.out(o) for o in call.offers],
            call.tenant,
            call.expired,
        ]
    )


def unpack_call(packed: bytes) -> Call:
    """A call from its bytes; raises Malformed when they were not written by `pack_call`."""
    try:
        layout, source, id_call, journey, visits, offers, tenant, expired = _decode(packed)
        if layout != LAYOUT:
            raise Malformed("layout", str(layout))
        return Call(
            source=source,
            id_call=id_call,
            journey=None if journey is None else _JOURNEY.back(journey),
            visits=tuple(_VISIT.back(v) for v in visits),
            offers=tuple(_OFFER.back(o) for o in offers),
            tenant=tenant,
            expired=expired,
        )
    except _UNREADABLE as why:
        raise Malformed("stored_call", type(why).__name__) from why


def pack_presence(presence: KnownPresence) -> str:
    """A presence as JSON."""
    document = _PRESENCE.out(presence.document)
    at = _PRESENCE.names.index
    document[at("logged_in")] = [_LOGIN.out(x) for x in presence.document.logged_in]
    document[at("logged_out")] = [_LOGIN.out(x) for x in presence.document.logged_out]
    call = presence.document.active_call
    document[at("active_call")] = None if call is None else _ACTIVE.out(call)
    return _json([LAYOUT, document, presence.state, presence.since, presence.credited_to, presence.version]).decode()


def unpack_presence(packed: str | bytes) -> KnownPresence:
    """A presence from its JSON; raises Malformed."""
    try:
        layout, raw, state, since, credited_to, version = _from_json(packed)
        if layout != LAYOUT:
            raise Malformed("layout", str(layout))
        at = _PRESENCE.names.index
        raw[at("logged_in")] = tuple(_LOGIN.back(x) for x in raw[at("logged_in")])
        raw[at("logged_out")] = tuple(_LOGIN.back(x) for x in raw[at("logged_out")])
        call = raw[at("active_call")]
        raw[at("active_call")] = None if call is None else _ACTIVE.back(call)
        return KnownPresence(document=_PRESENCE.back(raw), state=AgentState(state), since=since, credited_to=credited_to, version=version)
    except _UNREADABLE as why:
        raise Malformed("stored_presence", type(why).__name__) from why


def pack_living(living: Living) -> str:
    """What of a call is happening now, as JSON; "" when nothing is."""
    if not living:
        return ""
    return _json([living.waiting, [[t.queue, t.agents, t.last] for t in living.talks]]).decode()


def unpack_living(packed: str) -> Living:
    """From its JSON; raises Malformed."""
    try:
        waiting, talks = _from_json(packed)
        return Living(tuple((q, at) for q, at in waiting), tuple(Talk(q, tuple(agents), last) for q, agents, last in talks))
    except _UNREADABLE as why:
        raise Malformed("stored_living", type(why).__name__) from why


def pack_caller(caller: Caller) -> str:
    """What a call says of its caller, as JSON."""
    return _json([caller.number, caller.started_at, caller.lost, caller.answered]).decode()


def unpack_caller(packed: str) -> Caller:
    """From its JSON; raises Malformed."""
    try:
        return Caller(*_from_json(packed))
    except _UNREADABLE as why:
        raise Malformed("stored_caller", type(why).__name__) from why


def pack_party(party: Party, source: str) -> str:
    """A queue or an agent with the source that names it, as JSON."""
    told = [party.id, party.account_id, party.name, source]
    return _json(told if party.ref is None else [*told, party.ref]).decode()


def unpack_party(packed: str) -> tuple[Party, str]:
    """From its JSON; raises Malformed."""
    try:
        number, account, name, source, *ref = _from_json(packed)
    except _UNREADABLE as why:
        raise Malformed("stored_party", type(why).__name__) from why
    return Party(id=number, account_id=account, name=name, ref=ref[0] if ref else None), str(source)


def pack_source(source: SourceFacts) -> str:
    """A source's health as JSON."""
    return _json(source).decode()


def unpack_source(packed: str) -> SourceFacts:
    """From its JSON; fields of a newer writer are ignored. Raises Malformed."""
    try:
        return msgspec.json.decode(packed, type=SourceFacts)
    except _UNREADABLE as why:
        raise Malformed("stored_source", type(why).__name__) from why


def pack_risk(value: int, entered_at: int) -> str:
    """A queue's last risk and when the visit that told it entered, as JSON."""
    return _json([value, entered_at]).decode()


def unpack_risk(packed: str) -> tuple[int, int]:
    """From its JSON; raises Malformed."""
    try:
        value, entered_at = _from_json(packed)
        return int(value), int(entered_at)
    except _UNREADABLE as why:
        raise Malformed("stored_risk", type(why).__name__) from why
