"""What a vendor says beside a call that had to be looked up is kept as what it says beside any other."""

from collections.abc import Sequence
from typing import Any, cast

from stats.domain.notes import CallDetail, Note
from stats.domain.records import Call, Telling
from stats.ingest.backfill import Backfill
from tests.backfill.month import ORGANISATION, SOURCE
from tests.history.calls import plain


class Vendor:
    """Knows one call, and a word about it."""

    def __init__(self, call: Call) -> None:
        self.told: list[Telling] = [call, CallDetail(source=call.source, id_call=call.id_call, status="completed")]

    async def look_up(self, _id_call: str, _start_ms: int, _end_ms: int, _received_at: int) -> Sequence[Telling]:
        """Everything, whatever was asked."""
        return self.told


async def test_the_notes_of_a_call_that_was_looked_up_are_kept() -> None:
    """A call that reaches beyond its day is read by its id; so are its details."""
    call = plain(1)
    reading = Backfill(cast(Any, Vendor(call)), ORGANISATION, SOURCE, now=lambda: 0, watch=cast(Any, None), say=cast(Any, None))
    notes: list[Note] = []
    found = await reading._look_up(call, 0, [], notes)
    assert found.id_call == call.id_call
    assert [note.status for note in notes if isinstance(note, CallDetail)] == ["completed"]
