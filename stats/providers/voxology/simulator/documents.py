"""A floor's calls and agents, written as the vendor's documents: live rows, queued calls, logs, recordings, and requests of call flows.

A caller's call is one call; every ring of an agent is a call of its own, dialled by the caller's flow (`parent_call_id`), with what the
flow wrote into its session data. A call out is one call to the customer, made on behalf of an agent.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from stats.domain.numbers import e164
from stats.providers.voxology.values import iso
from stats.simulation.records import Agent, Call, Direction, Offer, Queue

Document = dict[str, Any]
APP_ID = "29a471cc-4ada-4249-a7a5-5046464f9887"
API_NO = "+46846500490"
SIP_HOST = "29a471cc.accounts.sip.voxolo.gy"


def queue_name(queue: Queue) -> str:
    """Letters, digits, hyphens: the vendor takes no other."""
    plain = unicodedata.normalize("NFKD", queue.name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9_-]+", "-", plain).strip("-") or f"queue-{queue.id}"


def agent_id(agent: Agent) -> str:
    """What the customer's flows call an agent."""
    return str(agent.id)


def address(agent: Agent) -> str:
    """Where an agent's leg is dialled."""
    return f"{agent.id}@{SIP_HOST}"


@dataclass(slots=True, eq=False)
class Line:
    """One call at the vendor: a caller's, a customer's, or an agent's leg (`offer`)."""

    id: str
    call: Call
    space: str  # the sub account, "" for the application itself
    offer: Offer | None = None
    parent: str | None = None
    error_code: int | None = None
    error: str | None = None

    @property
    def outbound(self) -> bool:
        return self.offer is not None or self.call.direction is Direction.OUTGOING

    @property
    def started_at(self) -> int:
        return self.offer.began_at if self.offer is not None else self.call.started_at

    @property
    def ended_at(self) -> int | None:
        return self.offer.ended_at if self.offer is not None else self.call.ended_at

    @property
    def connected_at(self) -> int | None:
        if self.offer is not None:
            return self.offer.answered_at
        if self.call.direction is Direction.OUTGOING:
            return min((o.answered_at for o in self.call.offers if o.answered_at is not None), default=None)
        return None if self.call.inactive_number else self.call.started_at  # the flow picks up at once

    @property
    def far(self) -> str:
        if self.offer is not None:
            return address(self.offer.agent)
        if self.call.direction is Direction.INTERNAL and self.call.caller is not None:
            return address(self.call.caller)
        return (e164(self.call.number) or self.call.number or "anonymous") if self.call.number else "anonymous"

    @property
    def status(self) -> str:
        if self.ended_at is None:
            return "live-in-progress" if self.connected_at is not None else "live-ringing"
        if self.connected_at is not None:
            return "completed"
        if self.offer is not None or self.call.direction is Direction.OUTGOING:
            reason = (self.offer or self.call.offers[0]).end_reason if self.offer or self.call.offers else None
            return {"NO_ANSWER": "no-answer", "REJECTED": "busy"}.get(reason or "", "canceled")
        return "error" if self.call.inactive_number else "canceled"

    @property
    def hangup(self) -> str:
        if self.offer is not None:
            by_agent = self.call.end_reason == "AGENT_HANGUP" or self.offer.end_reason == "TRANSFERRED"
            return "caller" if by_agent and self.offer.answered_at is not None else "api"
        return "api" if self.call.end_reason in ("AGENT_HANGUP", "INACTIVE_NUMBER", "NO_ANSWER", "REJECTED") else "caller"

    def connected_ms(self, now: int) -> int:
        if self.connected_at is None:
            return 0
        return max(0, (self.ended_at if self.ended_at is not None else now) - self.connected_at)


def session_data(line: Line) -> Document | None:
    """What the flows wrote: who an agent's leg is of and for whom; on whose behalf a call goes out; that a call stays in the house."""
    offer, call = line.offer, line.call
    if offer is not None:
        data = {"agent_id": agent_id(offer.agent), "agent_name": offer.agent.name, "customer_call": line.parent}
        return {**data, "queue": queue_name(offer.visit.queue)} if offer.visit is not None else data
    if call.direction is Direction.OUTGOING and call.offers:
        return {"for_agent_id": agent_id(call.offers[0].agent), "for_agent_name": call.offers[0].agent.name}
    if call.direction is Direction.INTERNAL:
        return {"internal": True}
    return None


def live_row(line: Line, now: int, keys: bool) -> Document:
    """A row of LiveCalls; `date` is when it was connected, else when it was made."""
    return {
        "id": line.id,
        "no": line.far,
        "caller_id_no": API_NO,
        "status": line.status,
        "date": iso(line.connected_at if line.connected_at is not None else line.started_at),
        "session_data": session_data(line) if keys else None,
        "connected_time": line.connected_ms(now),
        "error": line.error,
        "app_id": APP_ID,
        "subaccount_id": int(line.space or 0),
    }


def log_row(line: Line, charged: bool) -> Document:
    """A call's log."""
    connected = round(line.connected_ms(0) / 1000)
    error_code = line.error_code if line.error_code is not None else 1003 if line.status == "error" else None
    return {
        "id": f"log-{line.id}",
        "app_id": APP_ID,
        "subaccount_id": int(line.space or 0),
        "call_id": line.id,
        "parent_call_id": line.parent,
        "caller_no": line.far,
        "api_no": API_NO,
        "start_time": iso(line.started_at),
        "end_time": iso(line.ended_at or line.started_at),
        "type": "voice",
        "direction": "outbound" if line.outbound else "inbound",
        "hangup_end": line.hangup,
        "duration": (line.ended_at or line.started_at) - line.started_at,
        "status": line.status,
        "detection": "live_person" if connected else "unknown",
        "error": line.error or ("This number is temporarily unavailable." if error_code == 1003 else None),
        "error_code": error_code,
        "connect_time_billed": round(connected / 60, 1),
        "connect_time_sec": connected,
        "origin_api": "CallFlows",
        "config": {"no": API_NO, "answer_on_ring": "1"},
        "charge": {"total": round(0.01 * connected / 60, 4)} if charged else None,
        "service": "programmable_voice",
        "lrn": None,
    }


def request(line: Line, kind: str, now: int, keys: bool) -> Document:
    """A callback's fields: init_call, live_call, end_call, failed_call. Locations are null, as the vendor says they may be."""
    body: Document = {
        "service": "programmable_voice",
        "type": kind,
        "is_webhook": False,
        "app_id": APP_ID,
        "subaccount_id": int(line.space or 0),
        "call_id": line.id,
        "start_time": iso(line.started_at),
        "direction": "outbound" if line.outbound else "inbound",
        "duration": (line.ended_at or now) - line.started_at,
        "status": line.status,
        "detection": "live_person" if line.connected_at is not None else "unknown",
        "caller_no": line.far,
        "caller_no_postal_code": None,
        "caller_no_city": None,
        "api_no": API_NO,
        "api_no_city": "Stockholm",
        "custom_data": None,
        "session_data": session_data(line) if keys else None,
        "error": line.error,
        "error_code": line.error_code,
    }
    if kind in ("live_call", "end_call"):
        linked = line.offer is not None and line.connected_at is not None and line.parent is not None
        call = line.call
        body |= {
            "parent_call_id": line.parent,
            "connect_time_sec": round(line.connected_ms(now) / 1000),
            "key_presses": [{"name": "menu", "digits": call.digit.pressed, "history": []}] if call.digit and line.offer is None else [],
            "recordings": [],
            "last_queue_poll_connect_call": {"id": line.parent, "no": call.number} if linked else None,
        }
    if kind == "end_call":
        body["end_time"] = iso(line.ended_at or now)
    return body


def recording_row(line: Line) -> Document:
    """A recording of a caller's call; like the vendor's, it does not say of which."""
    answered = min((o.answered_at for o in line.call.offers if o.answered_at is not None), default=line.started_at)
    ended = line.ended_at or answered
    return {
        "id": base64.urlsafe_b64encode(f"{line.id}:{line.call.id[:8]}|1".encode()).decode().rstrip("="),
        "app_id": APP_ID,
        "subaccount_id": int(line.space or 0),
        "group": "voicemail" if line.call.voicemail else "audio_recording",
        "caller_no": line.far,
        "start_time": iso(answered),
        "end_time": iso(ended),
        "duration": ended - answered,
    }


def message_row(number: str, place: int, at: int, space: str) -> Document:
    """A text message about a call that ended: mostly out to the caller, now and then the answer."""
    inbound = place % 4 == 3
    status = "received" if inbound else ("delivered", "sent", "undelivered", "failed", "delivered")[place % 5]
    error = {"undelivered": (30_005, "The number cannot receive messages"), "failed": (2001, "Out of funds")}.get(status, (None, None))
    return {
        "message_id": f"{'SMI' if inbound else 'SMO'}:f670fe02-2d46-4645-8937-{place:012x}",
        "created_on": iso(at),
        "app_id": APP_ID,
        "subaccount_id": int(space or 0),
        "caller_no": number,
        "api_no": API_NO,
        "type": "sms",
        "direction": "inbound" if inbound else "outbound",
        "status": status,
        "error_code": error[0],
        "error": error[1],
        "text_message": "Tack för ditt samtal. Ditt ärende är registrerat.",
        "num_parts": None if inbound else 1,
        "charge": {"total": 0.01},
        "service": "programmable_messaging",
    }
