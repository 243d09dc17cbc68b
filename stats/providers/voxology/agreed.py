"""What a customer's call flows write for us where the vendor leaves room: `session_data`, `webhook_data` and `event_name`.

The vendor knows no agents and no queue's history, so both are agreed with whoever writes the flows (docs say the recipe):

    on the caller's call                         | on an agent's leg (session_data of its DIAL)
    WEBHOOK onMenu           menu                | agent_id, agent_name
    WEBHOOK onEnterQueue     queue, at           | customer_call   the caller's call id, `$callId` of the flow that dials
    WEBHOOK onAgentRinging   agent_id, queue, at | queue           the queue it was dialled for
    WEBHOOK onLeaveQueue     queue, at, entered, | WEBHOOK onAgentConnected  at, customer_call
                             to                  | WEBHOOK onAgentReleased   at, customer_call
    WEBHOOK onVoicemail, onCallback              |
    WEBHOOK onConnected      at (calls out)      |

A call out to a customer has `for_agent_id` and `for_agent_name` in its session data (`dial_no`: the number where it is not the far end);
a call between colleagues has `internal`. `at` and `entered` are `$now` (epoch ms); `to` is "voicemail", "callback" or what else follows.

Rules that hold here: pure; whatever is not agreed is not looked at; names compare without case, hyphens and underscores.
"""

from dataclasses import dataclass
from typing import Any

from stats.providers.voxology.values import code, instant, truth, word
from stats.providers.voxology.wire import fields

LONGEST_ID, LONGEST_NAME = 64, 96


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """What one document says in our own words, its session data and webhook data together. Instants are epoch ms."""

    event: str = ""  # "onenterqueue" ...
    agent_id: str | None = None  # of session data: the far end of this call is that agent
    agent_name: str | None = None
    rung_id: str | None = None  # of webhook data: an agent who is rung for this call
    rung_name: str | None = None
    for_agent_id: str | None = None
    for_agent_name: str | None = None
    customer_call: str | None = None
    queue: str | None = None
    at: int | None = None
    entered_at: int | None = None
    to: str | None = None
    menu: str | None = None
    dial_no: str | None = None
    internal: bool | None = None


def agreed(session_data: Any, webhook_data: Any = None, event_name: Any = None) -> Agreed:
    """Read both places; what the webhook says comes first, since it is said of this very moment."""
    session, said = fields(session_data), fields(webhook_data)

    def first(*names: str, longest: int = LONGEST_ID) -> str | None:
        for place in (said, session):
            for name in names:
                found = word(place.get(name), longest)
                if found is not None:
                    return found
        return None

    return Agreed(
        event=(code(event_name) or "").replace("_", "").replace("-", ""),
        agent_id=word(session.get("agent_id"), LONGEST_ID),
        agent_name=word(session.get("agent_name"), LONGEST_NAME),
        rung_id=word(said.get("agent_id"), LONGEST_ID),
        rung_name=word(said.get("agent_name"), LONGEST_NAME),
        for_agent_id=first("for_agent_id"),
        for_agent_name=first("for_agent_name", longest=LONGEST_NAME),
        customer_call=first("customer_call", longest=128),
        queue=first("queue", longest=LONGEST_NAME),
        at=instant(said.get("at")),
        entered_at=instant(said.get("entered")),
        to=code(said.get("to")),
        menu=first("menu", longest=LONGEST_NAME),
        dial_no=first("dial_no"),
        internal=truth(session.get("internal")),
    )
