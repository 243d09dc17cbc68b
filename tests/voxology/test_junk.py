"""Whatever comes, nothing is raised: a row that cannot be read costs itself alone."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.voxology.ear import delivered, provider_of

NOW = 1_779_105_600_000
WORDS = st.sampled_from(
    [
        "",
        "null",
        "true",
        "²",
        "1@2",
        "onEnterQueue",
        "onLeaveQueue",
        "onAgentConnected",
        "live-in-progress",
        "completed",
        "inbound",
        "NaN",
        "2016-09-15T15:53:00",
    ]
)
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
LEAVES = st.none() | st.booleans() | NUMBERS | WORDS | st.text(max_size=12)
NAMES = st.sampled_from(
    [
        "id",
        "call_id",
        "call",
        "no",
        "status",
        "date",
        "session_data",
        "webhook_data",
        "event_name",
        "agent_id",
        "customer_call",
        "queue",
        "at",
        "entered",
        "start_time",
        "end_time",
        "connect_time_sec",
        "duration",
        "direction",
        "parent_call_id",
        "recordings",
        "key_presses",
        "last_queue_poll_connect_call",
        "queued_on",
        "hold_time",
        "hold_times",
        "estimated",
        "error_code",
        "type",
        "message_id",
        "hangup_end",
    ]
)
ANYTHING = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6), max_leaves=12)
ROW = st.dictionaries(NAMES, ANYTHING, max_size=12)


@given(bodies=st.lists(ROW, max_size=6))
@settings(max_examples=80)
def test_no_request_raises(bodies: list[dict[str, Any]]) -> None:
    """Requests of flows, one after the other, to the same provider."""
    provider = provider_of()
    for place, body in enumerate(bodies):
        provider.read("events", delivered({"call_id": "1@2", **body}, NOW), received_at=NOW + place * 1000)


@given(rows=st.lists(ROW | ANYTHING, max_size=5), logs=st.lists(ROW, max_size=3))
@settings(max_examples=80)
def test_no_answer_raises(rows: list[Any], logs: list[dict[str, Any]]) -> None:
    """Rows of lists and logs, whatever they hold."""
    provider = provider_of()
    gone = [{"id": f"{place}@1", "at": NOW, "looks": place, "log": log} for place, log in enumerate(logs)]
    queue = {"name": "q", "hold_times": rows[0] if rows else None, "calls": rows}
    frame = {"at": NOW, "whole": True, "calls": rows, "gone": gone, "queues": [queue]}
    for feed in ("calls", "queues", "calls"):
        provider.read(feed, msgspec.json.encode(frame), received_at=NOW)
    for frame_of_nothing in (b"", b"[]", b"{", b"\xff"):
        for feed in ("calls", "queues", "events"):
            told, odd = provider.read(feed, frame_of_nothing, received_at=NOW)
            assert told == []
            assert len(odd) == 1
