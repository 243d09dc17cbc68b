"""Calls told by hand, as the vendor's live documents: made-up people, queues and numbers."""

from typing import Any

Document = dict[str, Any]
FIRST, SECOND = {"id": 4501, "account_id": 994501, "name": "Kö ett"}, {"id": 4502, "account_id": 994502, "name": "Kö två"}
ANNA, BO, CIA = ({"id": 7501 + n, "account_id": 3997501 + n, "name": name} for n, name in enumerate(("Anna Berg", "Bo Ceder", "Cia Dahl")))
CALLER = "004670174" + "0612"  # a number of the range that is given to nobody


def call(id_call: str, start: int, *, end: int | None = None, **more: Any) -> Document:
    """A `/calls` document; without `end` the call goes on."""
    time = {"start": start} | ({"end": end} if end is not None else {})
    told = {"id_call": id_call, "active": int(end is None), "answered": 0, "call_direction": "incoming", "time": time}
    return told | {"customer_target": {"number": CALLER}, "customer_telavox": {"id": 4300, "name": "Provbolaget AB"}} | more


def visit(id_call: str, queue: Document, entered: int, *, left: int | None = None, **more: Any) -> Document:
    """A `/queues` document; without `left` the caller is still there."""
    time = {"start": entered} | ({"end": left} if left is not None else {})
    told = {"id_call": id_call, "active": int(left is None), "answered": 0, "call_direction": "incoming", "time": time}
    return told | {"queue": queue | {"timestart": entered}} | more


def offer(id_call: str, agent: Document, began: int, *, end: int | None = None, answered: int | None = None, **more: Any) -> Document:
    """An `/agents` document; without `end` the phone rings or the talk goes on."""
    time = {"start": began} | ({"end": end} if end is not None else {}) | ({"answered": answered} if answered is not None else {})
    told = {"id_call": id_call, "active": int(end is None), "answered": int(answered is not None), "call_direction": "incoming"}
    return told | {"agent": agent, "time": time} | more


def presence(
    agent: Document, since: int, *, status: str = "available", wrapup: bool = False, name: str = "Tillgänglig", **more: Any
) -> Document:
    """A `/profile_live` document."""
    active = {"id": 1, "name": name, "status": status, "start_date": since, "is_wrapup": wrapup}
    return {"agent": agent, "profile": {"active": active, "not_active": []}, "mobile_active": 0, "web_active": 1} | more


def logged_in(*queues: Document, since: int) -> Document:
    """The part of a presence document that says where somebody takes calls."""
    return {"logged_in": [{"id": each["id"], "name": each["name"], "start_date": since} for each in queues], "logged_out": []}


def worked_example(id_call: str, start: int) -> list[tuple[str, Document]]:
    """The vendor's one call through two queues to three agents, frame by frame, as (datasource, document)."""
    at = lambda ms: start + ms  # noqa: E731
    menu = {"ivr_first": {"id": 5501, "name": "Huvudmeny", "timestamp": start}}
    here = {"answered": at(50_000)}
    rung, missed = {"total": 15_000, "ring": 15_000}, {"agent_end_reason": "NO_ANSWER"}
    answered = {"answered": 1, "agent_first": CIA | here, "agent_last": CIA | here}
    talk = {"total": 128_000, "ring": 8_000, "talk": 120_000}
    return [
        ("calls", call(id_call, start, **menu)),
        ("queues", visit(id_call, FIRST, at(8_000))),
        ("agents", offer(id_call, ANNA, at(10_000), queue=FIRST)),
        ("agents", offer(id_call, ANNA, at(10_000), end=at(25_000), queue=FIRST, duration=rung, **missed)),
        ("agents", offer(id_call, BO, at(25_000), queue=FIRST)),
        ("agents", offer(id_call, BO, at(25_000), end=at(40_000), queue=FIRST, duration=rung, **missed)),
        ("queues", visit(id_call, FIRST, at(8_000), left=at(40_000), duration={"queue": 32_000})),
        ("queues", visit(id_call, SECOND, at(40_000))),
        ("agents", offer(id_call, CIA, at(42_000), queue=SECOND)),
        ("agents", offer(id_call, CIA, at(42_000), answered=at(50_000), queue=SECOND)),
        ("queues", visit(id_call, SECOND, at(40_000), left=at(50_000), duration={"queue": 10_000}, **answered)),
        ("calls", call(id_call, start, **answered, **menu)),
        ("agents", offer(id_call, CIA, at(42_000), end=at(170_000), answered=at(50_000), queue=SECOND, duration=talk)),
        ("calls", call(id_call, start, end=at(170_000), duration={"total": 170_000}, **answered, **menu)),
    ]
