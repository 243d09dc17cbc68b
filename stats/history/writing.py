"""A call as the archive writes it: JSON with the names of its fields, what is untold left out, readable for as long as there are archives.

Rules that hold here: a field may be added to a record and is None in what was written before; a field that a later version has dropped is
passed over; instants at which something was heard (`asof`) are kept too, so that a record read back can be merged with what comes later.
"""

from dataclasses import fields
from operator import attrgetter
from typing import Any

import msgspec

from stats.domain.errors import Malformed
from stats.domain.records import Call, Journey, Offer, Party, Visit

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Call).decode


class _Names:
    """The fields of one kind of document, read at once."""

    def __init__(self, kind: type) -> None:
        self.names = tuple(f.name for f in fields(kind))
        self._read: Any = attrgetter(*self.names)

    def out(self, document: Any) -> dict[str, Any]:
        """Name and value of what is told."""
        told = {}
        for name, value in zip(self.names, self._read(document), strict=True):
            if value is not None:
                told[name] = _party(value) if type(value) is Party else value
        return told


def _party(party: Party) -> Any:
    # Where nothing is untold the encoder writes the very same by itself, and faster.
    return party if party.id is not None and party.account_id is not None and party.name is not None else _PARTY.out(party)


_PARTY, _JOURNEY, _VISIT, _OFFER = _Names(Party), _Names(Journey), _Names(Visit), _Names(Offer)


def write_call(call: Call) -> str:
    """A call as JSON; one record is always written the same. Raises ValueError for text that is no text (half a surrogate pair)."""
    written: dict[str, Any] = {"source": call.source, "id_call": call.id_call}
    if call.journey is not None:
        written["journey"] = _JOURNEY.out(call.journey)
    if call.visits:
        written["visits"] = [_VISIT.out(visit) for visit in call.visits]
    if call.offers:
        written["offers"] = [_OFFER.out(offer) for offer in call.offers]
    if call.tenant is not None:
        written["tenant"] = call.tenant
    if call.expired:
        written["expired"] = True
    return _encode(written).decode()


def as_written(text: str) -> str:
    """A text as it stands in a record, quotes included: for those who look for it there."""
    return _encode(text).decode()


def read_call(written: str) -> Call:
    """A call from its JSON; raises Malformed."""
    try:
        return _decode(written)
    except (msgspec.MsgspecError, ValueError) as why:
        raise Malformed("archived_call", type(why).__name__) from why
