"""The vendor's presence documents told as our records: what an agent does now (2.4), and did in an hour (2.5, 3.5).

Rules that hold here:
- A `profile_live` document is whole: an absent, null or empty `active_call` means that there is no call.
- Availability is `status` and `is_wrapup`, never the name of a profile: "Möte" may well be available.
- A slot holds one to thirty-odd profiles; the unit of its lengths is decided slot by slot and told.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

import msgspec

from stats.domain.errors import Malformed
from stats.domain.records import ActiveCall, AgentPresence, PresenceSlot, ProfileUse, QueueLogin
from stats.providers.telavox.hearing import Hearing, clean, count, known_id, party, party_of, truth
from stats.providers.telavox.translate import identity, tenant
from stats.providers.telavox.wire_presence import (
    Login,
    Logins,
    PresenceDocument,
    PresentCall,
    Profile,
    ProfileTotal,
    Slot,
    SlotDocument,
)

DECISIVE = frozenset(
    {
        "agent",
        "agent.id",
        "profile",
        "profile.active",
        "profile.active.status",
        "profile.active.is_wrapup",
        "active_call",
        "active_call.answered",
        "queue_login",
        "queue_login.logged_in",
    }
)
DECISIVE_OF_SLOTS = frozenset({"agent", "agent.id", "slot", "slot.start_date"})
EXTRA_PROFILE = re.compile(r"extra_profile_(not_)?available_(\d+)\Z")

_STATUSES = frozenset({"available", "unavailable"})
_NO_PROFILE = Profile()
_NO_LOGINS = Logins()
_HOUR_MS = 3_600_000
_E = TypeVar("_E")


def presence(document: PresenceDocument, hearing: Hearing) -> AgentPresence:
    """A `profile_live` document (2.4)."""
    agent = party(document.agent)
    if agent is None:
        raise Malformed("no_agent")
    now_in = document.profile.active if document.profile is not None else None
    if now_in is None and isinstance(document.active, Profile):  # where the reference has a second, unexplained `active`
        now_in = document.active
    now_in = now_in or _NO_PROFILE
    since = hearing.instant(now_in.start_date, "profile.active.start_date")
    status = now_in.status.strip().lower() if now_in.status else None
    if status and status not in _STATUSES:
        hearing.note("unknown_enum", "profile.active.status")
    logins = document.queue_login or _NO_LOGINS
    told_at = document.last_call_update
    if told_at is None or told_at == 0:
        told_at = document.last_call_update_sec
    return AgentPresence(
        source=hearing.source,
        agent=agent,
        status=clean(status) if status else None,
        is_wrapup=bool(truth(now_in.is_wrapup)),
        profile_id=known_id(now_in.id),
        profile_name=clean(now_in.name) if now_in.name else None,
        status_message=clean(now_in.status_message) if now_in.status_message else None,
        profile_since=since,
        until=hearing.planned(now_in.default_duration, since, "profile.active.default_duration"),
        logged_in=_logins(logins.logged_in, "queue_login.logged_in.start_date", hearing),
        logged_out=_logins(logins.logged_out, "queue_login.logged_out.start_date", hearing),
        active_call=_active_call(document.active_call, hearing),
        clients=any(truth(each) for each in (document.mobile_active, document.web_active, document.admin_active)),
        updated_at=hearing.instant(told_at, "last_call_update"),
        told_at=hearing.received_at,
        tenant=tenant(document.customer_telavox),
    )


def _logins(told: list[Login] | Login | None, path: str, hearing: Hearing) -> tuple[QueueLogin, ...]:
    found: list[QueueLogin] = []
    for entry in as_list(told):
        queue = party_of(entry.id, entry.account_id, entry.name)
        if queue is not None:
            found.append(QueueLogin(queue=queue, since=hearing.instant(entry.start_date, path)))
    return tuple(found)


def _active_call(told: PresentCall | None, hearing: Hearing) -> ActiveCall | None:
    if told is None:
        return None
    id_call = identity(told.id_call)
    queue = party_of(told.queue_id, told.queue_account_id, told.queue_description)
    times = told.time
    started_at = hearing.instant(times.start, "active_call.time.start") if times else None
    answered_at = hearing.instant(times.answered, "active_call.time.answered") if times else None
    answered = truth(told.answered)
    if not (id_call or queue or started_at or answered_at or answered or told.call_direction):
        return None  # an object with nothing in it, which is how some write "no call"
    return ActiveCall(
        id_call=id_call or "",
        answered=answered_at is not None if answered is None else answered,
        queue=queue,
        direction=hearing.direction(told.call_direction, "active_call.call_direction"),
        internal=truth(told.internal),
        started_at=started_at,
        answered_at=answered_at,
    )


def slot(document: SlotDocument, extras: Mapping[str, ProfileTotal], hearing: Hearing) -> PresenceSlot:
    """A `profile_history` document (2.5, 3.5), with its numbered extra profiles by name."""
    agent = party(document.agent)
    if agent is None:
        raise Malformed("no_agent")
    told = document.slot or Slot()
    start = hearing.instant(told.start_date, "slot.start_date")
    if start is None:
        raise Malformed("no_slot")
    end = hearing.instant(told.end_date, "slot.end_date")
    profiles: list[tuple[ProfileTotal, bool]] = []
    profiles += [(each, True) for each in as_list(document.profile_available)]
    profiles += [(each, False) for each in as_list(document.profile_not_available)]
    for name, extra in sorted(extras.items(), key=lambda item: _extra_order(item[0])):
        profiles.append((extra, "_not_" not in name))
    summary = document.call_summary
    talk = summary.duration.talk if summary is not None and summary.duration is not None else None
    hearing.scale = _scale(told, start, end, [each.usage for each, _ in profiles] + [talk])
    if end is None and told.time_range:
        end = start + told.time_range * hearing.scale
    return PresenceSlot(
        source=hearing.source,
        agent=agent,
        start=start,
        end=end,
        busy_ms=hearing.length(told.busy, "slot.busy"),
        profiles=tuple(use for use in (_use(each, available, hearing) for each, available in profiles) if use is not None),
        calls_total=count(summary.total_calls) if summary is not None else None,
        calls_answered=count(summary.total_answered) if summary is not None else None,
        talk_ms=hearing.length(talk, "call_summary.duration.talk"),
        unit="s" if hearing.scale == 1000 else "ms",
        tenant=tenant(document.customer_telavox),
    )


def _use(told: ProfileTotal, by_name: bool, hearing: Hearing) -> ProfileUse | None:
    if told.id is None and not told.name and told.usage is None:
        return None
    available = truth(told.available)
    return ProfileUse(
        profile_id=known_id(told.id),
        name=clean(told.name) if told.name else None,
        available=by_name if available is None else available,
        wrapup=bool(truth(told.is_wrapup)),
        usage_ms=hearing.length(told.usage, "profile.usage"),
        busy_ms=hearing.length(told.busy, "profile.busy"),
        times=count(told.times_in_profile),
    )


def _scale(told: Slot, start: int, end: int | None, lengths: Sequence[int | None]) -> int:
    """What makes this slot's lengths milliseconds: 1 or 1000. `time_range` against the slot's own ends decides, else what fits."""
    if end is None or end <= start:
        return 1000 if told.time_range is not None and 0 < told.time_range <= 24 * _HOUR_MS // 1000 else 1
    span = end - start
    for length in (told.time_range, sum(each for each in lengths if each)):
        if length:
            if _near(length, span):
                return 1
            if _near(length * 1000, span):
                return 1000
    return 1


def _near(length: int, span: int) -> bool:
    return abs(length - span) <= 1_000 + span // 20


def _extra_order(name: str) -> tuple[bool, int]:
    found = EXTRA_PROFILE.match(name)
    return (found.group(1) is not None, int(found.group(2)[:6])) if found else (True, 0)


def extra_profiles(fields: dict[str, msgspec.Raw]) -> dict[str, bytes]:
    """The raw `extra_profile_available_1..10` and `extra_profile_not_available_1..20` of a document, by name."""
    return {name: bytes(raw) for name, raw in fields.items() if EXTRA_PROFILE.match(name)}


def as_list(told: list[_E] | _E | None) -> list[_E]:
    """None, one or many, as a list: the reference shows objects where the samples have arrays."""
    if told is None:
        return []
    return told if isinstance(told, list) else [told]
