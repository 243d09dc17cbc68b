"""Turns live documents into the rows the historic layer gives: camelCase, its own fields only, instants as it may write them.

Source: Telavox Studio API 3.2 to 3.4; the fields that only one of the two layers has are left out or added as there.
"""

from datetime import UTC, datetime
from typing import Any

from tests.oracle.documents import Documents

Raw = dict[str, Any]
INSTANT_STYLES = ("iso_ms", "iso_s", "ms", "text_ms")
LIVE_ONLY: dict[str, tuple[str, ...]] = {
    "calls": ("customer_telavox", "ohw_ordered", "voicemail", "duration.before_queue"),
    "queues": (
        "account_id",
        "customer_telavox",
        "agent_list",
        "agent_list_answer",
        "agent_list_no_answer",
        "queue.free_agents",
        "queue.not_answer_risk",
        "queue.queue_talking_agents",
        "queue.total_talking_agents",
    ),
    "agents": ("account_id", "customer_telavox"),
}
AGENT_ONLY_LIVE = ("avatar", "is_admin", "username", "account_type_id")
LISTS = ("agent_list", "agent_list_answer", "agent_list_no_answer", "queue_list", "ivr_list")


def historic_rows(documents: Documents, *, instants: str = "iso_ms") -> dict[str, list[Raw]]:
    """Rows by root query (`calls`, `queues`, `agents`) of these live documents.

    `instants`: `iso_ms` 2026-05-18T10:26:37.234Z · `iso_s` cut to whole seconds · `ms` a number · `text_ms` the number as text.
    """
    told = {"calls": documents.calls, "queues": documents.queues, "agents": documents.agents}
    return {root: [historic_row(root, dict(doc), instants) for doc in docs] for root, docs in told.items()}


def historic_row(root: str, doc: Raw, instants: str) -> Raw:
    row: Raw = camel(doc, "", root, instants)
    if root == "calls":
        row["timestamp"] = write_instant(doc["time"]["start"], instants)
    if root == "queues":
        row |= {"agentEndReason": None, "simultaneousDeviceCalls": 1}
        row["queue"] |= {"failReason": None}
    return row


def camel(value: Any, path: str, root: str, instants: str) -> Any:
    if isinstance(value, dict):
        return {
            camel_word(key): camel(inner, f"{path}.{key}".lstrip("."), root, instants)
            for key, inner in value.items()
            if f"{path}.{key}".lstrip(".") not in LIVE_ONLY[root] and not (path.startswith("agent") and key in AGENT_ONLY_LIVE)
        }
    if path in LISTS:
        return value if isinstance(value, list) else [name for name in str(value).split(",") if name]
    return write_instant(value, instants) if is_instant(path) else value


def is_instant(path: str) -> bool:
    """Only these are instants; the flag `answered` of a record or of a transfer is not."""
    answers = ("time.answered", "agent.answered", "agent_first.answered", "agent_last.answered")
    return path in ("time.start", "time.end", *answers) or path.endswith((".timestart", ".timestamp"))


def camel_word(word: str) -> str:
    head, *tail = word.split("_")
    return head + "".join(part.capitalize() for part in tail)


def write_instant(at: int, style: str) -> Any:
    if style in ("ms", "text_ms"):
        return at if style == "ms" else str(at)
    moment = datetime.fromtimestamp(at // 1000, UTC)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}Z" if style == "iso_s" else f"{text}.{at % 1000:03d}Z"
