"""Computes everything of `GET /api/v1/live` from the final documents: list comprehensions over the whole day, no state, no shortcut.

Follows METRICS sections 3 to 6 and INTERFACE section 3. `READING:` marks where the text leaves two readings, and which one is taken.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import ceil, floor
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.documents import Documents, Identities, agent_objects, count, dig, e164, instant, queue_objects
from tests.oracle.journeys import Call, Offer, QueueSetting, Visit, calls_of
from tests.oracle.presence import logged_in, state_of, time_in_states, told_state

WINDOWS = ("today", "15m", "30m", "60m")
PRESENT = ("ready", "ringing", "talking", "wrapup", "away", "unknown")
LEFT = ("abandoned", "short_abandoned", "overflowed", "voicemail", "callbacks")
Metrics = dict[str, Any]


def window_bounds(name: str, as_of: int, timezone: str) -> tuple[int, int]:
    """First and last instant (both inclusive, epoch ms) of a window that ends at `as_of`.

    READING: nothing that begins after `as_of` is in any window, `today` included.
    """
    if name != "today":
        return as_of - as_of % 60_000 - (int(name[:-1]) - 1) * 60_000, as_of
    local = datetime.fromtimestamp(as_of / 1000, ZoneInfo(timezone))
    midnight = datetime(local.year, local.month, local.day, tzinfo=ZoneInfo(timezone)).astimezone(UTC)
    return (midnight - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1), as_of


def live(
    documents: Documents,
    *,
    as_of_ms: int,
    timezone: str,
    settings: Mapping[int | str, QueueSetting] | None = None,
    include_internal: bool = False,
    country: str = "46",
) -> dict[str, Any]:
    """The answer of `/api/v1/live` for these documents. `settings` by stats id (or by key `"a:998877"`); others have the defaults."""
    settings = settings or {}
    calls = calls_of(documents, as_of_ms)
    queue_ids, agent_ids = Identities.of(queue_objects(documents)), Identities.of(agent_objects(documents))
    queue_keys = sorted({key for thing in queue_objects(documents) if (key := queue_ids.key(thing))})
    agent_keys = sorted({key for thing in agent_objects(documents) if (key := agent_ids.key(thing))})
    setting = {key: settings.get(key) or settings.get(int(key) if key.isdigit() else key) or QueueSetting() for key in queue_keys}
    counted = [call for call in calls if call.direction != "out" and (include_internal or not call.internal)]
    presence = {key: doc for _, doc in documents.presences if (key := agent_ids.key(dig(doc, "agent")))}
    bounds = {name: window_bounds(name, as_of_ms, timezone) for name in WINDOWS}

    site: Metrics = {"now": now_metrics(counted, None, presence, queue_ids, agent_ids)}
    queues: list[Metrics] = [
        {
            "id": int(key) if key.isdigit() else None,
            "key": key,
            "account_id": queue_ids.account_of(key),
            "target_s": setting[key].target_s,
            "now": now_metrics(counted, key, presence, queue_ids, agent_ids) | {"not_answer_risk": last_risk(documents, key, queue_ids)},
        }
        for key in queue_keys
    ]
    for name, (first, last) in bounds.items():
        visits = [visit for call in counted for visit in call.visits if first <= visit.entered <= last]
        for queue in queues:
            own = [visit for visit in visits if visit.queue == queue["key"]]
            queue[name] = visit_metrics(own, setting, today=name == "today", variant=setting[queue["key"]].variant)
        # READING: the site's own service_level is the default variant over summed parts, whatever the queues show.
        site[name] = visit_metrics(visits, setting, today=name == "today", variant="short_excluded") | call_metrics(
            calls, setting, first, last, today=name == "today", country=country
        )
    agents = []
    for key in agent_keys:
        offers = [offer for call in calls for offer in call.offers if offer.agent == key]
        agents.append(
            {"id": int(key) if key.isdigit() else None, "key": key, "account_id": agent_ids.account_of(key)}
            | told_state(presence.get(key), queue_ids)
            | {
                name: offer_metrics(offers, first, last)
                | time_in_states([(at, doc) for at, doc in documents.presences if agent_ids.key(dig(doc, "agent")) == key], first, last)
                for name, (first, last) in bounds.items()
            }
        )
    return {"as_of": as_of_ms, "timezone": timezone, "site": site, "queues": queues, "agents": agents}


def now_metrics(
    counted: Sequence[Call], queue: str | None, presence: Mapping[str, Any], queue_ids: Identities, agent_ids: Identities
) -> Metrics:
    """The `now` of one queue, or of the site when `queue` is None."""
    visits = [(call, visit) for call in counted for visit in call.visits if queue in (None, visit.queue)]
    waiting = [visit for _, visit in visits if visit.outcome == "waiting"]
    talking = {pair for call, visit in visits if visit.outcome == "answered" for pair in talkers(call, visit, presence, queue_ids)}
    there = [agent for agent, doc in presence.items() if (queue in logged_in(doc, queue_ids) if queue else logged_in(doc, queue_ids))]
    return {
        "waiting": len(waiting),
        "longest_wait_since": min((visit.entered for visit in waiting), default=None),
        "talking": len(talking),
        "agents_logged_in": len(there),
    } | {f"agents_{state}": len([agent for agent in there if state_of(presence[agent], queue_ids) == state]) for state in PRESENT}


def talkers(call: Call, visit: Visit, presence: Mapping[str, Any], queue_ids: Identities) -> set[tuple[str, str]]:
    """The (call, agent) pairs of an answered visit that still talk.

    READING: a call that its own document says is over is not in talk, whatever a presence document still says.
    READING: a call without a document of its own is over for a visit that has ended and whose rings have, one of them answered, unless
    somebody of the call still talks: a presence document from before may say otherwise.
    READING: a presence document that names another queue of the same call (`active_call.queue_id`) talks for that visit, not for this one.
    """
    told_over = not call.docs and not visit.active and not any(offer.active for offer in call.offers)
    if call.is_over or (told_over and any(offer.outcome == "answered" for offer in visit.offers)):
        return set()
    pairs = {(call.id_call, offer.agent) for offer in visit.offers if offer.active}
    others = {other.queue for other in call.visits if other.outcome == "answered" and other.queue != visit.queue}
    for agent, doc in presence.items():
        active = dig(doc, "active_call") or {}
        named = queue_ids.key({"id": active.get("queue_id")})
        if str(active.get("id_call")) == call.id_call and count(active.get("answered")) and named not in others:
            pairs.add((call.id_call, agent))
    return pairs


def last_risk(documents: Documents, queue: str, queue_ids: Identities) -> int | None:
    """READING: the last value is that of the visit that entered last and has one; final documents know no order of arrival."""
    told = [
        (instant(dig(doc, "queue.timestart")) or instant(dig(doc, "time.start")) or 0, risk)
        for doc in documents.queues
        if queue_ids.key(dig(doc, "queue")) == queue and (risk := count(dig(doc, "queue.not_answer_risk"))) is not None
    ]
    return max(told, key=lambda pair: pair[0])[1] if told else None


def mean_s(values: Sequence[int]) -> float | None:
    return sum(values) / len(values) / 1000 if values else None


def ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def nearest_rank_s(values: Sequence[int], share: int) -> float | None:
    return sorted(values)[ceil(share * len(values) / 100) - 1] / 1000 if values else None


def is_short(visit: Visit, setting: Mapping[str, QueueSetting]) -> bool:
    return visit.outcome == "abandoned" and visit.wait is not None and visit.wait < setting[visit.queue].short_s * 1000


def in_target(visit: Visit, setting: Mapping[str, QueueSetting]) -> bool:
    return visit.wait is not None and visit.wait <= setting[visit.queue].target_s * 1000


def service_levels(*, a: int, a_t: int, b: int, s: int, b_t: int) -> dict[str, float | None]:
    """The six variants of METRICS 4, from answered, answered in target, abandoned + short, short, and abandoned within target."""
    return {
        "short_excluded": ratio(a_t, a + b - s),
        "all_abandons_miss": ratio(a_t, a + b),
        "early_abandons_met": ratio(a_t + b_t, a + b),
        "early_abandons_excluded": ratio(a_t, a + b - b_t),
        "answered_only": ratio(a_t, a),
        "short_met": ratio(a_t + s, a + b),
    }


def visit_metrics(visits: Sequence[Visit], setting: Mapping[str, QueueSetting], *, today: bool, variant: str) -> Metrics:
    """METRICS 4 over the visits of one window, each measured by its own queue's limits."""
    by_outcome: Callable[[str], list[Visit]] = lambda name: [visit for visit in visits if visit.outcome == name]  # noqa: E731
    answered = by_outcome("answered")
    short = [visit for visit in by_outcome("abandoned") if is_short(visit, setting)]
    abandoned = [visit for visit in by_outcome("abandoned") if not is_short(visit, setting)]
    met = [visit for visit in answered if in_target(visit, setting)]
    early = [visit for visit in abandoned if in_target(visit, setting)]
    early_short = [visit for visit in short if in_target(visit, setting)]
    counts = {"abandoned": len(abandoned), "short_abandoned": len(short)} | {name: len(by_outcome(name)) for name in LEFT[2:]}
    waits = [visit.wait for visit in answered if visit.wait is not None]
    talked = [(visit.talk, visit.hold or 0) for visit in answered if visit.talk is not None]
    levels = service_levels(a=len(answered), a_t=len(met), b=len(abandoned) + len(short), s=len(short), b_t=len(early) + len(early_short))
    lost = [visit.wait for visit in abandoned if visit.wait is not None]
    longest = max((visit.wait for visit in visits if visit.wait is not None), default=None)
    metrics: Metrics = counts | {
        "offered": len(visits),
        "answered": len(answered),
        "answered_in_target": len(met),
        "abandoned_in_target": len(early),
        "service_level": levels[variant],
        "service_levels": levels,
        "abandon_rate": ratio(len(abandoned), len(answered) + len(abandoned)),
        "answer_rate": ratio(len(answered), len(answered) + sum(counts.values())),
        "asa": mean_s(waits),
        "avg_abandon_wait": mean_s(lost),
        "longest_wait_window": None if longest is None else longest / 1000,
        "wait_p50": nearest_rank_s(waits, 50),
        "wait_p90": nearest_rank_s(waits, 90),
        "att": mean_s([talk for talk, _ in talked]),
        "avg_hold": mean_s([hold for _, hold in talked]),
        "aht": mean_s([talk + hold for talk, hold in talked]),
        "transfer_rate": ratio(len([visit for visit in answered if visit.transferred]), len(answered)),
    }
    if today:
        # READING: the site's allowance is summed over the queues before it is rounded down; without calls the budget is 0, not null.
        allowed = sum((Fraction(100 - setting[visit.queue].share_pct, 100) for visit in answered + abandoned), Fraction(0))
        metrics["sl_budget"] = floor(allowed) - (len(answered) + len(abandoned) - len(met))
    return metrics


def call_metrics(
    calls: Sequence[Call], setting: Mapping[str, QueueSetting], first: int, last: int, *, today: bool, country: str
) -> Metrics:
    """METRICS 6 over the calls that started in the window. READING: an internal call is neither in nor out, whatever its direction."""
    started = [call for call in calls if first <= call.started <= last]
    incoming = [call for call in started if call.direction == "in" and not call.internal]
    lost = [call for call in incoming if call.visits and call.visits[-1].outcome == "abandoned" and not is_short(call.visits[-1], setting)]
    metrics: Metrics = {
        "calls_in": len(incoming),
        "calls_out": len([call for call in started if call.direction == "out" and not call.internal]),
        "calls_internal": len([call for call in started if call.internal]),
        "calls_answered": len([call for call in incoming if call.answered]),
        "ivr_abandoned": len([call for call in incoming if call.is_over and not call.answered and not call.visits and call.ivr]),
        "true_abandoned": len(lost),
    }
    if today:
        # READING: internal calls comfort nobody; a number that is no E.164 number is a missing one.
        reached = [(e164(call.number, country), call.started) for call in calls if call.answered and not call.internal]
        alone = [
            number
            for call in lost
            if (number := e164(call.number, country)) and not any(who == number and at > call.started for who, at in reached)
        ]
        metrics["lost_callers"] = len(set(alone))
    return metrics


def offer_metrics(offers: Sequence[Offer], first: int, last: int) -> Metrics:
    """METRICS 5 over the offers of one agent that began in the window."""
    begun = [offer for offer in offers if first <= offer.began <= last]
    rung = [offer for offer in begun if offer.direction != "out"]
    ways = {name: len([offer for offer in rung if offer.outcome == name]) for name in ("answered", "missed", "withdrawn")}
    # READING: an answered offer counts as answered at once; its talk, hold and ring count when its document says that it is over,
    # and only as its durations say: nothing is worked out from instants.
    over = [offer for offer in rung if not offer.active]
    talked = [offer for offer in over if offer.answered and offer.talk is not None]
    return ways | {
        "offers": len(rung),
        "answer_rate": ratio(ways["answered"], ways["answered"] + ways["missed"]),
        "talk_time": sum(offer.talk or 0 for offer in over) / 1000,
        "hold_time": sum(offer.hold or 0 for offer in over) / 1000,
        "ring_time": sum(offer.ring or 0 for offer in over) / 1000,
        "aht": mean_s([(offer.talk or 0) + (offer.hold or 0) for offer in talked]),
        "outgoing": len([offer for offer in begun if offer.direction == "out"]),
    }
