"""Notes as a vendor would tell them, made up: of one call, of a caller, of an agent."""

from typing import Any

from stats.domain.notes import CallDetail, Contact, Message, Recording, Transcript, Turn
from tests.history.calls import NOON, SOURCE

CALLER, OTHER = "+46701740688", "+46701740677"
AGENT = "s:telavox:204"


def recording(id_call: str, **told: Any) -> Recording:
    """A recording of a minute."""
    values = {"recording_id": f"rec-{id_call}", "locator": f"https://vendor.test/sound/{id_call}", "agent": AGENT, "duration_ms": 62_000}
    return Recording(source=SOURCE, id_call=id_call, **{**values, "started_at": NOON, "told_at": NOON, **told})


def transcript(id_call: str, **told: Any) -> Transcript:
    """Two turns, a summary and a sentiment."""
    turns = (
        Turn(text="Hello, you called?", speaker="Anna Ek", start_ms=0),
        Turn(text="Yes, about my bill.", speaker="Caller", start_ms=2_500),
    )
    values = {"turns": turns, "summary": "Asked about a bill.", "sentiment": 71.0, "told_at": NOON}
    return Transcript(source=SOURCE, id_call=id_call, **{**values, **told})


def detail(id_call: str, **told: Any) -> CallDetail:
    """A call that came in to one of our numbers."""
    values = {"at": NOON, "direction": "in", "called_number": "+4681740600", "status": "ANSWERED", "hangup_side": "caller"}
    return CallDetail(
        source=SOURCE, id_call=id_call, **{**values, "customer_name": "Bo Ek", "labels": ("billing",), "told_at": NOON, **told}
    )


def message(message_id: str, **told: Any) -> Message:
    """A text message from the caller."""
    values = {"channel": "text", "direction": "in", "sender": CALLER, "recipient": "+4681740600", "status": "received", "sent_at": NOON}
    return Message(source=SOURCE, message_id=message_id, **{**values, "told_at": NOON, **told})


def contact(number: str = CALLER, name: str = "Bo Ek", **told: Any) -> Contact:
    """Whose number it is."""
    return Contact(source=SOURCE, number=number, name=name, **{"contact_id": "c-1", "told_at": NOON, **told})
