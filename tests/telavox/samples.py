"""The vendor's three literal sample payloads, and documents built in their manner with made-up people and numbers."""

import json
from typing import Any

NOW = 1_779_100_030_000  # a few seconds after the samples
START = 1_779_099_997_234
ID_CALL = "4d9c10dc-3f9f-41c7-a091-91d5fc746692"

CALLS = """{"id_call": "4d9c10dc-3f9f-41c7-a091-91d5fc746692", "answered": 0, "active": 1, "call_direction": "incoming",
 "time": {"start": 1779099997234}, "offered_and_answered": 0, "offered_and_not_answered": 0,
 "customer_telavox": {"id": 43, "name": "Telavox AB"}, "customer_target": {"number": "0032470624609"},
 "agent_list": ["Jennifer Symoens"]}"""

AGENTS = """{"id_call": "4d9c10dc-3f9f-41c7-a091-91d5fc746692", "call_direction": "incoming", "active": 0, "answered": 0,
 "agent": {"account_type_id": 1, "account_id": 3467672, "id": 924328, "name": "Jennifer Symoens", "phone": "003228979411",
  "username": "003228979411", "email": "jennifer.symoens@telavox.com",
  "avatar": "https://flow.telavox.com/api/internal/contacts/contact-3934178/avatar", "is_admin": 0,
  "licence": {"type": "Flow Mobile Custom 10", "ccpro": 1}},
 "customer_telavox": {"id": 43, "name": "Telavox AB"}, "customer_target": {"number": "0032470624609"},
 "time": {"start": 1779099997234, "end": 1779100016445}, "duration": {"total": 19211, "ring": 19211},
 "simultaneous_device_calls": 1, "agent_end_reason": "NO_ANSWER"}"""

PROFILE_LIVE = """{"customer_telavox": {"id": 43, "name": "Telavox AB"},
 "agent": {"account_type_id": 1, "account_id": 3083293, "id": 846851, "name": "Patrik Hilvéus", "phone": "0406200552",
  "username": "0406200552", "email": "patrik.hilveus@telavox.se", "is_admin": 1, "licence": {"type": "Flow Mobile Arms", "ccpro": 1}},
 "profile": {"active": {"id": 4969080, "name": "Tillgänglig", "status": "available", "status_message": "Tillgänglig",
   "start_date": 1779099033656, "default_duration": 1779116400000, "is_wrapup": false},
  "not_active": [
   {"id": 4969081, "name": "Lunch", "status": "unavailable", "start_date": 1779099030867, "is_wrapup": false},
   {"id": 4969082, "name": "Möte", "status": "available", "start_date": 1779084010014, "is_wrapup": false},
   {"id": 4969083, "name": "Slutat för dagen", "status": "unavailable", "start_date": 1779084113000, "is_wrapup": false}]},
 "queue_login": {"logged_in": [
   {"id": 111834, "name": "Jour-Customer Support", "start_date": 1779099033642},
   {"id": 19843, "name": "Telavox Support", "start_date": 1779099033644}],
  "logged_out": [{"id": 137266, "name": "SOHO", "start_date": 1779084113000}]},
 "active_call": {"id_call": "89913fac-a038-4fff-b9bd-a183014dc794", "answered": 0, "queue_id": 111834,
  "queue_description": "Jour-Customer Support", "call_direction": "incoming", "time": {"start": 1779100022081}},
 "mobile_active": 0, "web_active": 1, "admin_active": 1}"""

Document = dict[str, Any]


def call(**changes: Any) -> Document:
    """An answered and ended call of 15 s."""
    return {
        "id_call": ID_CALL,
        "active": 0,
        "answered": 1,
        "call_direction": "incoming",
        "internal": 0,
        "customer_target": {"number": "0701740605"},
        "time": {"start": START, "end": START + 15_000},
        "agent_first": {"id": 924328, "account_id": 3467672, "name": "Anna Ek", "answered": START + 5_000},
        "queue_first": {"id": 111834, "account_id": 998877, "name": "Support", "timestart": START + 1_000},
        "duration": {
            "total": 15_000,
            "ring": {"first": 1, "last": 2, "total": 3},
            "talk": {"total": 10_000},
            "on_hold": 500,
            "wait": 4_000,
        },
        "transfers": 0,
    } | changes


def queue(**changes: Any) -> Document:
    """A call waiting in Support."""
    return {
        "id_call": ID_CALL,
        "active": 1,
        "answered": 0,
        "call_direction": "incoming",
        "customer_target": {"number": "0701740605"},
        "time": {"start": START},
        "queue": {"id": 111834, "account_id": 998877, "name": "Support", "timestart": START + 1_000, "strategy": "ringall"},
    } | changes


def offer(**changes: Any) -> Document:
    """Anna's phone ringing for Support."""
    return {
        "id_call": ID_CALL,
        "active": 1,
        "answered": 0,
        "call_direction": "incoming",
        "time": {"start": START + 2_000},
        "agent": {"id": 924328, "account_id": 3467672, "name": "Anna Ek"},
        "queue": {"id": 111834, "name": "Support"},
    } | changes


def presence(**changes: Any) -> Document:
    """Anna, available and logged in to Support, without a call."""
    return {
        "agent": {"id": 924328, "account_id": 3467672, "name": "Anna Ek"},
        "profile": {"active": {"id": 1, "name": "Tillgänglig", "status": "available", "start_date": START, "is_wrapup": False}},
        "queue_login": {"logged_in": [{"id": 111834, "name": "Support", "start_date": START}], "logged_out": []},
        "web_active": 1,
    } | changes


def slot(**changes: Any) -> Document:
    """Anna's hour from 09:00Z on the day of the samples."""
    return {
        "agent": {"id": 924328, "account_id": 3467672, "name": "Anna Ek"},
        "slot": {"start_date": 1_779_094_800_000, "end_date": 1_779_098_400_000, "time_range": 3_600_000, "busy": 600_000},
        "profile_available": {
            "id": 1,
            "name": "Tillgänglig",
            "usage": 3_000_000,
            "busy": 600_000,
            "available": True,
            "times_in_profile": 2,
        },
        "call_summary": {"total_calls": 7, "total_answered": 6, "duration": {"talk": 540_000}, "id_calls": ["a", "b"]},
    } | changes


def frame(document: object) -> bytes:
    """As the vendor sends it."""
    return json.dumps(document, ensure_ascii=False).encode()
