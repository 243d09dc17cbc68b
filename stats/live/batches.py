"""What one step of the store is told and what it answers, and how it looks on the way.

Rules that hold here: a record shows its whole contribution, never a difference; every part of a batch may be sent in a step of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from stats.domain.agent_states import Credit, KnownPresence
from stats.domain.metrics import Contribution
from stats.domain.periods import business_day, minute_of
from stats.domain.records import Call
from stats.live import codec, keys

_encode = msgspec.msgpack.Encoder().encode
_TTL = [keys.RECORD_TTL_S, keys.DAY_TTL_S, keys.MINUTE_TTL_S, keys.DIRTY_REVS, keys.DIRTY_NAMES]


@dataclass(frozen=True, slots=True)
class StoredCall:
    """A call as the store holds it (None: its bytes cannot be read), with the version a change must be based on."""

    call: Call | None
    version: int


class Row(NamedTuple):
    """One call to write: the version it is based on, what it shows (`show_of`), its start in epoch ms; `again`: the store has it so."""

    call: Call
    version: int
    show: bytes
    started_at: int
    again: bool = False


@dataclass(slots=True)
class Batch:
    """What one step writes. `presence`: (agent, presence, credits)."""

    records: list[Row] = field(default_factory=list)
    presence: list[tuple[str, KnownPresence, Sequence[Credit]]] = field(default_factory=list)
    moves: list[tuple[str, str, list[str]]] = field(default_factory=list)
    entries: list[tuple[str, str, str]] = field(default_factory=list)
    rules: str = ""

    def __bool__(self) -> bool:
        return bool(self.records or self.presence or self.moves or self.entries or self.rules)


@dataclass(frozen=True, slots=True)
class Shown:
    """The answer of a step: not fenced means done, but for the records and agents in conflict, and those refused."""

    fenced: bool
    rev: int
    run_id: str
    conflicts: frozenset[str]
    agent_conflicts: frozenset[str]
    # Of the sums: what was shown in an older one is to be shown again.
    generation: str = ""
    # Calls that the store would not take, each by itself.
    refused: frozenset[str] = frozenset()


def show_of(shown: Contribution, timezone: str) -> bytes:
    """A contribution as the script keeps it: cells by minute and business day (agents' by day alone), waits, living, caller."""
    cells = []
    for scope, at, amounts in shown.cells:
        flat: list[str | int] = []
        for name, amount in amounts.items():
            flat.append(name)
            flat.append(amount)
        cells.append([scope, 0 if scope[0] == "a" else minute_of(at), business_day(at, timezone), flat])
    waits = [[w.queue, minute_of(w.entered_at), business_day(w.entered_at, timezone), w.ms, w.number] for w in shown.waits]
    caller = shown.caller
    return _encode(
        [
            cells,
            waits,
            codec.pack_living(shown.living),
            business_day(caller.started_at, timezone) if caller is not None else "",
            codec.pack_caller(caller) if caller is not None else "",
        ]
    )


def pack_batch(source: str, holder: str, batch: Batch) -> list[bytes]:
    """A batch as `apply_record.lua` takes it: its outline, then record and show of each call."""
    outline = {
        "source": source,
        "holder": holder,
        "records": [[r.call.id_call, r.version, r.started_at, int(r.call.over), int(r.again)] for r in batch.records],
        "presence": [
            [agent, p.version, codec.pack_presence(p), [x for c in credits for x in (c.day, c.metric, c.ms)]]
            for agent, p, credits in batch.presence
        ],
        "moves": batch.moves,
        "entries": batch.entries,
        "rules": batch.rules,
        "ttl": _TTL,
    }
    return [_encode(outline), *(blob for row in batch.records for blob in (codec.pack_call(row.call), row.show))]


def unpack_shown(answer: Sequence[Any]) -> Shown:
    """The script's answer."""
    status, rev, run_id, conflicts, agents, generation = answer
    return Shown(
        status != b"ok",
        int(rev),
        (run_id or b"").decode(),
        frozenset(c.decode() for c in conflicts),
        frozenset(a.decode() for a in agents),
        generation.decode(),
    )
