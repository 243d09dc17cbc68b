"""The historic layer's rows of a scriptable upstream: when each becomes visible, which a filter finds, and one page at a time."""

import base64
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLError

from tests.oracle.documents import count, dig, instant

Row = dict[str, Any]
# What a filter names, and where a row of each root carries it. ANDed; names are exact.
FILTERS = {
    "callId": ("idCall",),
    "queueId": ("queue.id", "queueFirst.id", "queueLast.id"),
    "queueAccountId": ("queue.accountId", "queueFirst.accountId", "queueLast.accountId"),
    "queueName": ("queue.name", "queueFirst.name", "queueLast.name"),
    "agentId": ("agent.id", "agentFirst.id", "agentLast.id"),
    "agentAccountId": ("agent.accountId", "agentFirst.accountId", "agentLast.accountId"),
    "agentName": ("agent.name", "agentFirst.name", "agentLast.name"),
    "ivrId": ("ivr.id", "ivrFirst.id", "ivrLast.id"),
    "ivrAccountId": ("ivr.accountId", "ivrFirst.accountId", "ivrLast.accountId"),
    "ivrName": ("ivr.name", "ivrFirst.name", "ivrLast.name"),
}


@dataclass(slots=True)
class History:
    """Rows by root query. `clock` in seconds; `page_cap` the largest page, beyond which a page is cut (or, `cap_refuses`, an error)."""

    clock: Callable[[], float] = time.monotonic
    page_cap: int | None = None
    cap_refuses: bool = False
    rows: dict[str, list[tuple[float, Row]]] = field(default_factory=dict)

    def set(self, root: str, rows: Sequence[Row], *, lag_s: float = 0.0) -> None:
        """Replaces a root's rows; they show after `lag_s`."""
        self.rows[root] = [(self.clock() + lag_s, row) for row in rows]

    def add(self, root: str, rows: Sequence[Row], *, lag_s: float = 0.0) -> None:
        self.rows.setdefault(root, []).extend((self.clock() + lag_s, row) for row in rows)

    def page(self, root: str, arguments: Mapping[str, Any]) -> Row:
        """One connection. `totalCount` counts the window only, whatever else the filter says (Telavox Studio API 3.1)."""
        wanted = arguments.get("filter") or {}
        first, last = instant(wanted.get("startDate")), instant(wanted.get("endDate"))
        if first is None or last is None:
            raise GraphQLError("too_long_http_line_exception: filter.startDate and filter.endDate are required")
        size = count(arguments.get("first"))
        if size is None or size < 1:
            raise GraphQLError("first must be a positive Int")
        if self.page_cap is not None and size > self.page_cap:
            if self.cap_refuses:
                raise GraphQLError(f"first must not exceed {self.page_cap}")
            size = self.page_cap
        now = self.clock()
        shown = [row for visible_at, row in self.rows.get(root, []) if visible_at <= now]
        window = [row for row in shown if first <= (began(row) or 0) <= last]
        found = [row for row in window if all(_matches(row, name, value) for name, value in wanted.items() if value is not None)]
        offset = _offset(arguments.get("after"))
        end = offset + size
        return {
            "data": found[offset:end],
            "totalCount": len(window),
            "cursor": base64.b64encode(f"row:{end}".encode()).decode() if found[offset:end] else None,
            "hasNextPage": end < len(found),
        }


def began(row: Row) -> int | None:
    """The instant the window applies to: the start of the record."""
    return next((at for path in ("time.start", "slot.startDate", "queue.timestart") if (at := instant(dig(row, path))) is not None), None)


def _matches(row: Row, name: str, value: Any) -> bool:
    return name not in FILTERS or any(dig(row, path) == value for path in FILTERS[name])


def _offset(cursor: Any) -> int:
    if cursor in (None, ""):
        return 0
    try:
        return int(base64.b64decode(str(cursor)).decode().removeprefix("row:"))
    except ValueError:
        raise GraphQLError("invalid cursor") from None
