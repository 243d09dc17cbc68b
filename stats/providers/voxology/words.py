"""What any of the vendor's documents says of one call, in one shape: a live row, a log, or a request of a call flow.

Rules that hold here: pure; a document without a call id is Malformed; what a document cannot know is None. A live row's `date` is when the
call was connected, or when it was made where it is not: for a call that is only ringing it is the start.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from stats.domain.errors import Malformed
from stats.domain.records import Direction
from stats.providers.voxology import values
from stats.providers.voxology.agreed import Agreed, agreed
from stats.providers.voxology.wire import LiveRow, LogRow, Request, fields

NOT_SAID = "not_said"
CLOCKS_APART_MS = 60_000  # further from our own clock than that, a start and a duration are not believed together


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One document about one call. Instants are epoch ms, lengths ms."""

    id_call: str
    said: Agreed = field(default_factory=Agreed)
    parent: str | None = None
    far: str | None = None  # as written: the other side's number or SIP address
    near: str | None = None
    direction: Direction | None = None
    status: str | None = None
    started_at: int | None = None
    since: int | None = None  # of a live row: the best there is for a start, until anything says more
    ended_at: int | None = None
    connected_ms: int | None = None  # how long it has been connected, or was
    lasted_ms: int | None = None  # of a request: from the call's start to the request
    exact: bool = False  # the vendor's last word: a log, or the request at the end
    linked: str | None = None  # the call that a QUEUE poll_connect has bridged to this one
    hangup: str | None = None  # "api", "caller", NOT_SAID by a log that should; None by whatever never says it
    detection: str | None = None
    error_code: str | None = None
    error: str | None = None
    keys: Sequence[tuple[str, str]] = ()  # name and digits
    recordings: Sequence[tuple[str, str]] = ()  # id and name
    sub_account: str | None = None
    app: str | None = None

    @property
    def final(self) -> bool:
        """The vendor says that it is over."""
        return self.status in values.FINAL

    def happened(self, asof: int) -> int:
        """When what an event says took place: as the flow says, else by the vendor's clock, else when it came."""
        told = self.happened_at(asof)
        return told if told is not None else asof

    def happened_at(self, asof: int) -> int | None:
        """The same, or None where only its coming says when."""
        if self.said.at is not None or self.started_at is None or self.lasted_ms is None:
            return self.said.at
        told = self.started_at + self.lasted_ms
        return told if abs(told - asof) < CLOCKS_APART_MS else None


def of_live(row: LiveRow) -> Words:
    """A row of LiveCalls, or its detail. Raises Malformed."""
    status = values.code(row.status)
    return Words(
        id_call=_identity(row.id),
        said=agreed(row.session_data),
        far=values.word(row.no),
        near=values.word(row.caller_id_no),
        status=status,
        started_at=values.instant(row.date) if status in ("live-queued", "live-ringing") else None,
        since=values.instant(row.date),
        connected_ms=values.length(row.connected_time) if status == "live-in-progress" else None,
        detection=_detection(row.detection),
        error=values.word(row.error),
        sub_account=values.word(row.subaccount_id),
        app=values.word(row.app_id),
    )


def of_log(row: LogRow) -> Words:
    """A call's log. Raises Malformed."""
    status = values.code(row.status)
    return Words(
        id_call=_identity(row.call_id),
        parent=values.word(row.parent_call_id),
        far=values.word(row.caller_no),
        near=values.word(row.api_no),
        direction=values.direction(row.direction),
        status=status,
        started_at=values.instant(row.start_time),
        ended_at=values.instant(row.end_time) if status not in values.LIVE else None,
        connected_ms=values.seconds(row.connect_time_sec),
        exact=status in values.FINAL,
        hangup=values.code(row.hangup_end) or (NOT_SAID if status in values.FINAL else None),
        detection=_detection(row.detection),
        error_code=values.word(row.error_code),
        error=values.word(row.error, 200),
        sub_account=values.word(row.subaccount_id),
        app=values.word(row.app_id),
    )


def of_request(request: Request) -> Words:
    """A callback or a WEBHOOK action's request. Raises Malformed."""
    ended = values.code(request.type) == "end_call" and not values.truth(request.is_webhook)
    failed = values.code(request.type) == "failed_call" and not values.truth(request.is_webhook)
    status = values.code(request.status)
    if (ended or failed) and status not in values.FINAL:
        status = "unknown" if ended else "failed"
    return Words(
        id_call=_identity(request.call_id),
        said=agreed(request.session_data, request.webhook_data, request.event_name),
        parent=values.word(request.parent_call_id),
        far=values.word(request.caller_no),
        near=values.word(request.api_no),
        direction=values.direction(request.direction),
        status=status,
        started_at=values.instant(request.start_time),
        ended_at=values.instant(request.end_time) if ended else None,
        connected_ms=values.seconds(request.connect_time_sec),
        exact=ended and values.instant(request.end_time) is not None,
        lasted_ms=values.length(request.duration),
        linked=values.word(fields(request.last_queue_poll_connect_call).get("id")),
        detection=_detection(request.detection),
        error_code=values.word(request.error_code),
        error=values.word(request.error, 200),
        keys=_pairs(request.key_presses, "name", "digits"),
        recordings=_pairs(request.recordings, "id", "name"),
        sub_account=values.word(request.subaccount_id),
        app=values.word(request.app_id),
    )


def _identity(value: Any) -> str:
    found = values.word(value)
    if found is None:
        raise Malformed("no_id")
    return found


def _detection(value: Any) -> str | None:
    found = values.code(value)
    return found if found not in ("unknown", "live_person") else None


def _pairs(value: Any, one: str, other: str) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, list):
        return ()
    read = [(values.word(fields(each).get(one)), values.word(fields(each).get(other)) or "") for each in value[:50]]
    return tuple((first, second) for first, second in read if first is not None)
