"""One batch in one step, and in smaller steps where the store refuses it, until what it refuses stands alone.

Rules that hold here: one record that the store will not take never keeps another from being written; it is set aside only when the
store takes an empty batch, for a store that takes nothing has no quarrel with the record; a refused step has written nothing.
"""

import hashlib
from copy import copy
from dataclasses import replace

import structlog

from stats.live.board_store import Batch, Shown, Store, StoreAway, StoreRefused

log = structlog.get_logger(__name__)
REASON = "store_refused"


async def apply_apart(store: Store, organisation: str, source: str, holder: str, batch: Batch) -> Shown:
    """Write a batch; what alone is refused is named in `Shown.refused` (calls) or left out. Raises StoreAway."""
    try:
        return await store.apply(organisation, source, holder, batch)
    except StoreRefused as why:
        # Nothing is wrong with the batch when nothing at all is taken: that is StoreAway, and the batch waits.
        try:
            shown = await store.apply(organisation, source, holder, Batch())
        except StoreRefused as still:
            raise StoreAway(str(still)) from why
    parts = _halves(batch)
    if shown.fenced:
        return shown
    if len(parts) < 2:
        names = frozenset(row.call.id_call for row in batch.records)
        about = [
            *names,
            *(agent for agent, _, _ in batch.presence),
            *(key for _, key, _ in batch.entries),
            *(old for old, _, _ in batch.moves),
        ]
        log.error("record.refused", source=source, digests=[hashlib.sha256(name.encode()).hexdigest()[:16] for name in about])
        return replace(shown, refused=names)
    for part in parts:
        one = await apply_apart(store, organisation, source, holder, part)
        shown = replace(
            one,
            conflicts=shown.conflicts | one.conflicts,
            agent_conflicts=shown.agent_conflicts | one.agent_conflicts,
            refused=shown.refused | one.refused,
        )
        if one.fenced:
            break
    return shown


def _halves(batch: Batch) -> list[Batch]:
    """A batch in two, who is who before what happened; a single thing as it is."""
    if batch.records and (batch.presence or batch.moves or batch.entries or batch.rules):
        return [replace(batch, records=[]), Batch(records=batch.records)]
    for name in ("records", "presence", "entries", "moves"):
        whole = getattr(batch, name)
        rest, alone, half = copy(batch), Batch(), len(whole) // 2
        setattr(rest, name, [])
        setattr(alone, name, whole)
        if whole and rest:
            return [rest, alone]
        if half:
            setattr(rest, name, whole[:half])
            setattr(alone, name, whole[half:])
            return [rest, alone]
    return [batch]
