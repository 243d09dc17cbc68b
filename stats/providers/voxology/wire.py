"""The vendor's documents as they come: every field may lack, be null, or be of another type than the document promises.

Rules that hold here: fields are `Any`, for `values` reads them; keys are stripped, since the vendor's own sample has some that end in a
space; text of messages is not among the fields, so that it is never kept.
"""

from typing import Any, TypeVar

import msgspec

from stats.domain.errors import Malformed

Fields = dict[str, Any]


class LiveRow(msgspec.Struct):
    """A call of LiveCalls. `no` is the far end, `caller_id_no` the other number."""

    id: Any = None
    no: Any = None
    caller_id_no: Any = None
    status: Any = None
    date: Any = None
    session_data: Any = None
    connected_time: Any = None  # ms
    detection: Any = None
    error: Any = None
    subaccount_id: Any = None
    app_id: Any = None


class QueuedRow(msgspec.Struct):
    """A call in a queue."""

    call: Any = None  # {id, no, caller_id_no}
    queued_on: Any = None
    hold_time: Any = None  # s


class LogRow(msgspec.Struct):
    """A call's log."""

    id: Any = None
    call_id: Any = None
    parent_call_id: Any = None
    caller_no: Any = None
    api_no: Any = None
    start_time: Any = None
    end_time: Any = None
    direction: Any = None
    hangup_end: Any = None
    status: Any = None
    detection: Any = None
    error: Any = None
    error_code: Any = None
    connect_time_sec: Any = None
    subaccount_id: Any = None
    app_id: Any = None


class Request(msgspec.Struct):
    """A callback or a WEBHOOK action's request about a call or a message."""

    service: Any = None
    type: Any = None
    app_id: Any = None
    subaccount_id: Any = None
    call_id: Any = None
    parent_call_id: Any = None
    caller_no: Any = None
    api_no: Any = None
    start_time: Any = None
    end_time: Any = None
    connect_time_sec: Any = None
    duration: Any = None  # ms since the start
    direction: Any = None
    status: Any = None
    detection: Any = None
    key_presses: Any = None
    recordings: Any = None
    last_queue_poll_connect_call: Any = None
    session_data: Any = None
    event_name: Any = None
    webhook_data: Any = None
    is_webhook: Any = None
    error_code: Any = None
    error: Any = None
    message_id: Any = None
    num_parts: Any = None
    created_on: Any = None
    updated_on: Any = None


class MessageRow(msgspec.Struct):
    """A text message, without its text."""

    message_id: Any = None
    created_on: Any = None
    updated_on: Any = None
    caller_no: Any = None
    api_no: Any = None
    direction: Any = None
    status: Any = None


class RecordingRow(msgspec.Struct):
    """A recording; it does not say of which call."""

    id: Any = None
    group: Any = None
    caller_no: Any = None
    start_time: Any = None
    end_time: Any = None
    duration: Any = None  # ms


Row = TypeVar("Row", LiveRow, QueuedRow, LogRow, Request, MessageRow, RecordingRow)


def stripped(value: Any, depth: int = 6) -> Any:
    """The same with every key without space around it."""
    if isinstance(value, dict) and depth:
        return {str(key).strip(): stripped(each, depth - 1) for key, each in value.items()}
    if isinstance(value, list) and depth:
        return [stripped(each, depth - 1) for each in value]
    return value


def row(kind: type[Row], raw: Any) -> Row:
    """One document. Raises Malformed when it is no object."""
    if not isinstance(raw, dict):
        raise Malformed("no_object")
    return msgspec.convert(stripped(raw), kind)


def rows(answer: Fields, name: str) -> list[Any]:
    """The list an answer holds under a name; nothing where there is none."""
    found = answer.get(name)
    return found if isinstance(found, list) else []


def fields(value: Any) -> Fields:
    """An object, also where it stands as JSON inside text; {} of anything else."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = msgspec.json.decode(value)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return {}
    return stripped(value) if isinstance(value, dict) else {}
