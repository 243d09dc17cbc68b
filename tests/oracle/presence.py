"""Says what an agent does from the last profile_live document, and how long in each state from all of them (METRICS section 5)."""

from collections.abc import Sequence
from typing import Any

from tests.oracle.documents import Doc, Identities, count, dig, instant, listed

TIMED = ("talking", "ringing", "wrapup", "ready", "idle", "away")


def logged_in(doc: Doc | None, queue_ids: Identities) -> list[str]:
    """Keys of the queues the agent is logged in to."""
    return [key for login in listed(dig(doc, "queue_login.logged_in")) if (key := queue_ids.key(login))]


def profile_of(doc: Doc | None) -> Doc:
    """`profile.active`, or the `active` beside it that the reference also lists, where the first is missing."""
    return dig(doc, "profile.active") or dig(doc, "active") or {}


def state_of(doc: Doc | None, queue_ids: Identities) -> str:
    """The first match of METRICS 5."""
    if doc is None:
        return "unknown"
    call = dig(doc, "active_call")
    if call:
        return "talking" if count(dig(call, "answered")) else "ringing"
    profile = profile_of(doc)
    status = str(profile.get("status") or "").strip().lower()
    if status not in ("available", "unavailable"):
        return "unknown"
    if count(profile.get("is_wrapup")):
        return "wrapup"
    if status == "available":
        return "ready" if logged_in(doc, queue_ids) else "idle"
    # READING: any of the three clients is a live client.
    client = any(count(dig(doc, f"{name}_active")) for name in ("mobile", "web", "admin"))
    return "away" if logged_in(doc, queue_ids) or client else "off"


def told_state(doc: Doc | None, queue_ids: Identities) -> dict[str, Any]:
    """What `/api/v1/live` says of an agent beside the counts. READING: `profile` is the name of the active profile."""
    profile = profile_of(doc)
    planned, since = count(profile.get("default_duration")), instant(profile.get("start_date"))
    if planned is not None and planned <= 100_000_000_000:
        planned = since + planned if since is not None and planned > 0 else None
    return {
        "state": state_of(doc, queue_ids),
        "profile": profile.get("name"),
        "until": planned,
        "queues_in": sorted(int(key) for key in logged_in(doc, queue_ids) if key.isdigit()),
    }


def time_in_states(heard: Sequence[tuple[int, Doc]], first: int, last: int) -> dict[str, float | None]:
    """Seconds in each state between two instants, from one agent's documents in the order heard.

    READING: a state begins when its document is heard, not at an instant inside it; `logged_in` is time in at least one queue.
    """
    nobody = Identities()
    spans = [
        (max(at, first), min(until, last), doc)
        for (at, doc), until in zip(heard, [*(at for at, _ in heard[1:]), last], strict=False)
        if min(until, last) > max(at, first)
    ]
    seconds: dict[str, float | None] = {
        f"time_{state}": sum(end - begin for begin, end, doc in spans if state_of(doc, nobody) == state) / 1000 for state in TIMED
    }
    seconds["time_logged_in"] = sum(end - begin for begin, end, doc in spans if logged_in(doc, nobody)) / 1000
    busy = sum(seconds[f"time_{state}"] or 0 for state in ("talking", "ringing", "wrapup"))
    whole = busy + (seconds["time_ready"] or 0)
    seconds["occupancy"] = busy / whole if whole else None
    return seconds
