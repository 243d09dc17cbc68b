"""What the house has on record: whole calls and faxes, found by page, id and call id ("Telephony events API")."""

from __future__ import annotations

import csv
import io
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from stats.providers.voxloud.simulator.documents import Document

KEEP_MS = 50 * 3_600_000
Write = Callable[[], Document]


class Records:
    """In the order of their instants. A record is written when it is asked for: a day of them costs little."""

    def __init__(self, keep_ms: int = KEEP_MS) -> None:
        self._keep_ms = keep_ms
        self._order: list[tuple[int, int]] = []
        self._written: dict[int, Write] = {}
        self._calls: dict[str, int] = {}
        self._last_id = 8_000

    def __len__(self) -> int:
        return len(self._order)

    def next_id(self) -> int:
        """For a record that is about to be kept."""
        self._last_id += 1
        return self._last_id

    def keep(self, at: int, row_id: int, write: Write, call_id: str | None) -> None:
        """From now on it is found."""
        insort(self._order, (at, row_id))
        self._written[row_id] = write
        if call_id is not None:
            self._calls[call_id] = row_id
        while self._order and self._order[0][0] < at - self._keep_ms:
            _, old = self._order.pop(0)
            self._written.pop(old, None)

    def of_id(self, row_id: int) -> Document | None:
        """As a row, with the instant as rows have it."""
        write = self._written.get(row_id)
        return _as_row(write()) if write is not None else None

    def of_call(self, call_id: str) -> Document | None:
        """By the id of the call."""
        row_id = self._calls.get(call_id)
        return self.of_id(row_id) if row_id is not None else None

    def everything(self) -> Iterator[Document]:
        """Oldest first, as they are posted."""
        for _, row_id in self._order:
            yield self._written[row_id]()

    def page(self, start: int | None, end: int | None, number: str | None, *, descending: bool, page: int, size: int) -> Document:
        """A page in Spring's shape; [start, end) in epoch ms."""
        low = bisect_left(self._order, (start, 0)) if start is not None else 0
        high = bisect_left(self._order, (end, 0)) if end is not None else len(self._order)
        ids = [row_id for _, row_id in self._order[low:high]]
        if number:
            digits = number.lstrip("+0")
            ids = [each for each in ids if any(digits in str(self._written[each]().get(name, "")) for name in _NUMBERS)]
        if descending:
            ids.reverse()
        pages = -(-len(ids) // size)
        content = [row for each in ids[page * size : (page + 1) * size] if (row := self.of_id(each)) is not None]
        return {
            "content": content,
            "last": page >= pages - 1,
            "totalElements": len(ids),
            "totalPages": pages,
            "sort": [
                {
                    "direction": "DESC" if descending else "ASC",
                    "property": "timestamp",
                    "ignoreCase": False,
                    "nullHandling": "NATIVE",
                    "ascending": not descending,
                    "descending": descending,
                }
            ],
            "first": page == 0,
            "numberOfElements": len(content),
            "size": size,
            "number": page,
        }


_NUMBERS = ("originatorNumber", "destinationNumber", "sender", "recipient")


def _as_row(document: Document) -> Document:
    """Rows have their instant as text, with a zone that has no colon; a fax has the shape of a call."""
    whole, ms = divmod(document["timestamp"], 1000)
    row = {**document, "timestamp": f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{ms:03d}+0000"}
    if "sender" in row:
        sender, recipient = row.pop("sender"), row.pop("recipient")
        row |= {"type": "FAX_CALL", "direction": row["direction"].upper(), "originatorName": sender, "originatorNumber": sender}
        row |= {"destinationName": f"{recipient}-fax-caller-id-name", "destinationNumber": recipient}
        for name in ("attachment_url", "total_pages", "description"):
            row.pop(name, None)
    return row


def as_csv(content: list[Document]) -> str:
    """The same rows for spreadsheets."""
    names: dict[str, None] = {}
    for row in content:
        names.update(dict.fromkeys(row))
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(names))
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in content)
    return out.getvalue()


def _cell(value: Any) -> Any:
    return ";".join(str(each) for each in value) if isinstance(value, list) else value
