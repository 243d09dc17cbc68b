"""Judges one audit after another: which numbers differ from their recount, for how long, and whether the sums must be made anew.

Rules that hold here: a difference seen once is a suspicion (records move while they are read), seen in the next look at the same cell it
is a lie; the time between two audits that both found one is counted while the source is shown as live; a rebuild is ordered once an hour.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

REBUILD_EVERY_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What the auditor last found. Instants are epoch ms; `worst` names a cell by ids alone ("queue:111834.answered today")."""

    at: int = 0
    day: str = ""
    calls: int = 0  # records counted
    compared: int = 0  # numbers that stood still and were compared
    moved: int = 0  # numbers that changed while they were read, and were left to the next audit
    different: int = 0  # numbers found different twice in a row, now
    suspected: int = 0  # found different once
    since: int | None = None  # since when the oldest of them differs
    worst: str = ""
    shown: int | None = None
    recounted: int | None = None
    lie_seconds_today: float = 0.0
    lie_seconds: float = 0.0  # ever
    rebuilds: int = 0  # ever
    rebuild_at: int | None = None
    took_ms: int = 0  # of one core


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One audit. `different`: cell -> (shown, recounted); `compared`: every cell that was compared."""

    at: int
    day: str
    calls: int
    compared: frozenset[str]
    moved: int
    different: Mapping[str, tuple[int, int]]
    live: bool
    took_ms: int = 0


@dataclass(slots=True)
class Judge:
    """Remembers between audits; `report` begins with what an earlier worker left."""

    report: AuditReport = field(default_factory=AuditReport)
    suspects: dict[str, int] = field(default_factory=dict)  # cell -> when it was first found different
    _looked_at_s: float | None = None
    _ordered_at_s: float | None = None

    def forget(self) -> None:
        """What was seen belongs to sums that are no more."""
        self.suspects = {}
        self._looked_at_s = None

    def take(self, found: Finding, steady_s: float) -> bool:
        """Take in an audit, made at a second of a steady clock; True when the sums are to be made anew."""
        confirmed = {cell: pair for cell, pair in found.different.items() if cell in self.suspects}
        passed = steady_s - self._looked_at_s if self._looked_at_s is not None else 0.0
        self._looked_at_s = steady_s
        # A cell that could not be compared this time is still under suspicion.
        kept = {cell: at for cell, at in self.suspects.items() if cell not in found.compared}
        kept.update({cell: self.suspects.get(cell, found.at) for cell in found.different})
        self.suspects = kept
        before = self.report
        same_day = before.day == found.day
        lied = passed if confirmed and found.live else 0.0
        worst = max(confirmed or found.different, key=lambda cell: abs(found.different[cell][0] - found.different[cell][1]), default="")
        shown, recounted = found.different.get(worst, (None, None))
        since = min((kept[cell] for cell in confirmed), default=None)
        order = bool(confirmed) and (self._ordered_at_s is None or steady_s - self._ordered_at_s >= REBUILD_EVERY_S)
        if before.rebuild_at is not None and self._ordered_at_s is None:
            # An earlier worker's order counts too.
            order = order and not 0 <= found.at - before.rebuild_at < REBUILD_EVERY_S * 1000
        if order:
            self._ordered_at_s = steady_s
        self.report = replace(
            before,
            at=found.at,
            day=found.day,
            calls=found.calls,
            compared=len(found.compared),
            moved=found.moved,
            different=len(confirmed),
            suspected=len(kept) - len(confirmed),
            since=since,
            worst=public_name(worst),
            shown=shown,
            recounted=recounted,
            lie_seconds_today=round((before.lie_seconds_today if same_day else 0.0) + lied, 3),
            lie_seconds=round(before.lie_seconds + lied, 3),
            rebuilds=before.rebuilds + int(order),
            rebuild_at=found.at if order else before.rebuild_at,
            took_ms=found.took_ms,
        )
        return order


def public_name(cell: str) -> str:
    """ "q:111834.answered 29655421" as "queue:111834.answered 10:21 UTC"; whoever is known by name alone becomes a hash."""
    if not cell:
        return ""
    what, space, when = cell.rpartition(" ")
    if not space or not (when == "today" or when.isdigit()):
        what, when = cell, "now"
    scope, _, metric = what.rpartition(".")
    kind, _, key = scope.partition(":")
    if key.startswith("n:"):
        key = "#" + hashlib.blake2b(key.encode(), digest_size=4).hexdigest()
    named = {"s": "site", "q": f"queue:{key}", "a": f"agent:{key}"}.get(kind, kind)
    if when.isdigit():
        when = datetime.fromtimestamp(int(when) * 60, UTC).strftime("%H:%M UTC")
    return f"{named}.{metric} {when}".rstrip()
