"""An agent's presence and an agent's hour, written as the vendor's documents (Telavox Studio API 2.4 and 2.5)."""

from __future__ import annotations

from typing import Literal

from stats.providers.telavox.simulator.parts import TENANT, Document, agent_object
from stats.simulation.plan import PROFILES
from stats.simulation.records import Agent, LoginUse, Profile, ProfileUse, Slot

MOST_EXTRA_AVAILABLE = 10
MOST_EXTRA_UNAVAILABLE = 20


def presence_document(agent: Agent, absent_call: Literal["absent", "null", "object"] = "absent") -> Document:
    names = {queue.id: queue.name for queue in agent.queues}
    current = _profile(agent, agent.profile)
    current["status_message"] = agent.profile.name
    current["start_date"] = agent.profile_since
    if agent.until is not None:
        current["default_duration"] = agent.until  # an instant, whatever its name says
    document: Document = {
        "customer_telavox": TENANT,
        "agent": agent_object(agent),
        "profile": {"active": current, "not_active": [_profile(agent, profile) for profile in PROFILES if profile is not agent.profile]},
        "queue_login": {
            "logged_in": [{"id": key, "name": names[key], "start_date": since} for key, since in agent.logged_in.items()],
            "logged_out": [{"id": key, "name": names[key], "start_date": since} for key, since in agent.logged_out.items()],
        },
        "mobile_active": int(agent.mobile and agent.on_duty),
        "web_active": int(agent.web),
        "admin_active": int(agent.admin and agent.on_duty),
    }
    if agent.last_call_at is not None:
        document["last_call_update"] = agent.last_call_at
        document["last_call_update_sec"] = agent.last_call_at // 1000
    call = _active_call(agent)
    if call is not None:
        document["active_call"] = call
    elif absent_call != "absent":
        document["active_call"] = None if absent_call == "null" else {}
    return document


def _profile(agent: Agent, profile: Profile) -> Document:
    return {
        "id": profile.id,
        "name": profile.name,
        "status": "available" if profile.available else "unavailable",
        "start_date": agent.profile_entered.get(profile.id, agent.profile_since),
        "is_wrapup": profile.wrapup,
    }


def _active_call(agent: Agent) -> Document | None:
    active = agent.active
    if active is None:
        return None
    call, menu = active.call, active.call.last_menu
    document: Document = {
        "id_call": call.id,
        "answered": int(active.answered_at is not None),
        "call_direction": call.direction.value,
        "internal": int(call.internal),
        "recorded": int(call.recorded),
        "transfer": len(call.transfers),
        "on_hooked_calls": 0,
        "time": {"start": active.began_at} if active.answered_at is None else {"start": active.began_at, "answered": active.answered_at},
    }
    if active.queue is not None:
        document["queue_id"] = active.queue.id
        document["queue_description"] = active.queue.name
    if menu is not None:
        document["ivr_id"] = menu[0].id
        document["ivr_description"] = menu[0].name
    return document


def slot_document(slot: Slot, unit: Literal["ms", "s"] = "ms") -> Document:
    """One agent's hour. The most used available and unavailable profiles have places of their own, the rest are extras."""
    scale = 1 if unit == "ms" else 1000
    agent = slot.agent
    document: Document = {
        "agent": {
            "account_id": agent.account_id,
            "id": agent.id,
            "name": agent.name,
            "phone": agent.phone,
            "email": agent.email,
            "licence": {"type": agent.licence, "ccpro": 1},
        },
        "customer_telavox": TENANT,
        "slot": {
            "start_date": slot.start,
            "end_date": slot.end,
            "time_range": (slot.end - slot.start) // scale,
            "busy": slot.busy_ms // scale,
        },
        "call_summary": {
            "total_calls": len(slot.calls),
            "total_answered": len(slot.answered),
            "duration": {"talk": slot.talk_ms // scale},
            "id_calls": list(slot.calls),
            "answered_calls": list(slot.answered),
            "completed_calls": list(slot.completed),
            "active_calls": list(slot.active),
        },
        "queue_summary": {
            "logged_in": [_login(use, scale, "number_times_logged_in") for use in slot.logged_in],
            "logged_out": [_login(use, scale, "number_times_logged_out") for use in slot.logged_out],
        },
    }
    for available, name, most in ((True, "available", MOST_EXTRA_AVAILABLE), (False, "not_available", MOST_EXTRA_UNAVAILABLE)):
        uses = sorted((use for use in slot.profiles if use.profile.available is available), key=lambda use: -use.used_ms)
        if uses:
            document[f"profile_{name}"] = _use(uses[0], scale)
        for order, use in enumerate(uses[1 : most + 1], start=1):
            document[f"extra_profile_{name}_{order}"] = {"id": use.profile.id, "name": use.profile.name, "usage": use.used_ms // scale}
    return document


def live_slot(document: Document) -> Document:
    """The hour as the socket tells it: less about the agent, and `time_start` as text."""
    told = dict(document)
    told["agent"] = {key: document["agent"][key] for key in ("account_id", "id", "name", "phone")}
    for name in ("profile_available", "profile_not_available"):
        if name in told:
            told[name] = {**told[name], "time_start": str(told[name]["time_start"])}
    return told


def _use(use: ProfileUse, scale: int) -> Document:
    return {
        "active": use.active,
        "available": use.profile.available,
        "busy": use.busy_ms // scale,
        "id": use.profile.id,
        "is_wrapup": use.profile.wrapup,
        "name": use.profile.name,
        "time_start": use.began_at,
        "times_in_profile": use.times,
        "usage": use.used_ms // scale,
    }


def _login(use: LoginUse, scale: int, times: str) -> Document:
    return {
        "account_id": use.queue.account_id,
        "active": use.active,
        times: use.times,
        "queue_id": use.queue.id,
        "queue_name": use.queue.name,
        "time_start": use.began_at,
        "usage": use.used_ms // scale,
    }
