"""What the auditor reads of the store, the sums as they lie there and the records beside them, and the report it leaves.

Rules that hold here: nothing is taken from a mirror, which knows only of changes it was told of; everything is read in parts that
hold the store for milliseconds; a picture carries the names of what moved since the rev it is asked from.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from stats.domain.audit import AuditReport
from stats.domain.metrics import Amounts, Living
from stats.live import codec, keys
from stats.live.board_store import Store, text

AT_A_TIME = 1_000
NO_NUMBER = -1
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


@dataclass(frozen=True, slots=True)
class Picture:
    """Sums of a day and of minutes at `rev`, and what `moved` since the rev asked from (`whole` False: more than is remembered)."""

    epoch: str
    rev: int
    whole: bool
    moved: frozenset[str]
    days: Mapping[str, Amounts]
    greatest: Mapping[str, int]
    minutes: Mapping[int, Mapping[str, Amounts]]
    living: Mapping[str, Living]
    callers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Inspection:
    """One organisation's store, looked at. Every method raises StoreAway."""

    store: Store
    organisation: str

    async def mark(self) -> tuple[str, int]:
        """The stored epoch and the rev of now."""
        connection = self.store.connection
        epoch, rev = await connection.ask(connection.client.hmget(keys.key(self.organisation, "meta"), ["epoch", "rev"]))
        return text(epoch or b""), int(rev or 0)

    async def versions(self, source: str, start_ms: int, end_ms: int) -> AsyncIterator[list[tuple[str, int]]]:
        """(id_call, version) of a source's calls that started in [start, end], some at a time."""
        prefix, start, over = keys.prefix(self.organisation), str(start_ms), 0
        while start:
            arguments = [prefix, source, start, over, end_ms, AT_A_TIME]
            start, over, flat = _decode(await self.store.connection.run("read_versions.lua", [prefix + "meta"], arguments))
            if flat:
                yield [(str(flat[i]), int(flat[i + 1])) for i in range(0, len(flat), 2)]

    async def picture(self, since: int, day: str, scopes: Sequence[str], minutes: Sequence[int], calls: Sequence[str]) -> Picture:
        """The sums of some scopes of a day and of some minutes, the living calls, and what some calls say of their callers."""
        prefix = keys.prefix(self.organisation)
        wish = _encode([since, day, list(scopes), list(minutes), list(calls)])
        answer = await self.store.connection.run("read_cells.lua", [prefix + "meta"], [prefix, wish])
        epoch, rev, floor, moved, days, by_minute, living, callers = _decode(answer)
        return Picture(
            epoch=epoch,
            rev=rev,
            whole=floor <= since,
            moved=frozenset(moved),
            days={scope: _amounts(flat) for scope, flat, _ in days},
            greatest={scope[2:]: int(float(top)) for scope, _, top in days if top != ""},
            minutes={int(minute): _by_scope(flat) for minute, flat in by_minute},
            living={living[i]: codec.unpack_living(living[i + 1]) for i in range(0, len(living), 2)},
            callers=dict(zip(calls, callers, strict=True)),
        )

    async def read_report(self) -> AuditReport | None:
        """What the auditor last left; None when it never has."""
        connection = self.store.connection
        raw = await connection.ask(connection.client.get(keys.key(self.organisation, "audit")))
        return unpack_report(raw) if raw is not None else None

    async def leave_report(self, report: AuditReport) -> None:
        """Leave it for those who look."""
        connection = self.store.connection
        await connection.ask(connection.client.set(keys.key(self.organisation, "audit"), msgspec.json.encode(report)))

    async def is_held(self, source: str) -> bool:
        """Whether some worker holds a source's lease."""
        connection = self.store.connection
        return bool(await connection.ask(connection.client.exists(keys.key(self.organisation, "lease", source))))

    async def may_audit(self, holder: str, for_s: float) -> bool:
        """Whether this worker is the one auditor for a while: one is enough."""
        connection, name = self.store.connection, keys.key(self.organisation, "auditor")
        taken = await connection.ask(connection.client.set(name, holder, nx=True, ex=int(for_s)))
        if not taken and text(await connection.ask(connection.client.get(name)) or b"") == holder:
            taken = bool(await connection.ask(connection.client.expire(name, int(for_s))))
        return bool(taken)


def unpack_report(raw: bytes) -> AuditReport | None:
    """A report from its JSON; None when it is no report of ours."""
    try:
        return msgspec.json.decode(raw, type=AuditReport)
    except (msgspec.MsgspecError, ValueError, TypeError):
        return None


def _amounts(flat: Sequence[str]) -> Amounts:
    return {flat[i]: _number(flat[i + 1]) for i in range(0, len(flat), 2)}


def _number(raw: str) -> int:
    try:
        return int(float(raw))
    except (ValueError, OverflowError):
        # No sum of ours; it differs from every recount, and that is to be found out.
        return NO_NUMBER


def _by_scope(flat: Sequence[str]) -> dict[str, Amounts]:
    cells: dict[str, Amounts] = {}
    for field, amount in _amounts(flat).items():
        scope, _, name = field.rpartition("|")
        cells.setdefault(scope, {})[name] = amount
    return cells
