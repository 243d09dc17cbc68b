"""The lists behind numbers, the slow and obvious way: from the final documents of a day, by the oracle's own reading of each call.

Shares nothing with the product: predicates here are written from METRICS' sentences, metric by metric.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.oracle.documents import Documents, Identities, agent_objects, e164, queue_objects
from tests.oracle.journeys import Call, Offer, QueueSetting, Visit, calls_of
from tests.oracle.slow import in_target, is_short, window_bounds

Entry = tuple[str, int, bool]  # (id_call, instant, counted)
Test = Callable[[Visit, Mapping[str, QueueSetting]], bool]


def _outcome(*names: str) -> Test:
    return lambda visit, _setting: visit.outcome in names


def _answered(visit: Visit, _setting: Any) -> bool:
    return visit.outcome == "answered"


def _gone(visit: Visit, _setting: Any) -> bool:
    return visit.outcome == "abandoned"


def _lost(visit: Visit, setting: Any) -> bool:
    return visit.outcome == "abandoned" and not is_short(visit, setting)


def _either(*tests: Test) -> Test:
    return lambda visit, setting: any(test(visit, setting) for test in tests)


def _both(*tests: Test) -> Test:
    return lambda visit, setting: all(test(visit, setting) for test in tests)


def _not(test: Test) -> Test:
    return lambda visit, setting: not test(visit, setting)


_JUDGED = _either(_answered, _lost)
_ALL_GONE = _either(_answered, _gone)
_MET = _both(_answered, in_target)
_TALKED: Test = lambda visit, _setting: visit.talk is not None  # noqa: E731
_WAITED: Test = lambda visit, _setting: visit.wait is not None  # noqa: E731
# Metric -> (what its list holds, which of these are counted).
VISITS: Mapping[str, tuple[Test, Test]] = {
    **{
        name: (test, test)
        for name, test in {
            "offered": lambda _visit, _setting: True,
            "answered": _answered,
            "answered_in_target": _MET,
            "abandoned": _lost,
            "short_abandoned": _both(_gone, is_short),
            "abandoned_in_target": _both(_lost, in_target),
            "overflowed": _outcome("overflowed"),
            "voicemail": _outcome("voicemail"),
            "callbacks": _outcome("callbacks"),
        }.items()
    },
    "service_levels.short_excluded": (_JUDGED, _MET),
    "service_levels.all_abandons_miss": (_ALL_GONE, _MET),
    "service_levels.early_abandons_met": (_ALL_GONE, in_target),
    "service_levels.early_abandons_excluded": (_either(_answered, _both(_gone, _not(in_target))), _MET),
    "service_levels.answered_only": (_answered, _MET),
    "service_levels.short_met": (_ALL_GONE, _either(_MET, _both(_gone, is_short))),
    "abandon_rate": (_JUDGED, _lost),
    "answer_rate": (_outcome("answered", "abandoned", "overflowed", "voicemail", "callbacks"), _answered),
    "asa": (_answered, _WAITED),
    "avg_abandon_wait": (_lost, _WAITED),
    "wait_p50": (_answered, _WAITED),
    "wait_p90": (_answered, _WAITED),
    "longest_wait_window": (_WAITED, _WAITED),
    "att": (_answered, _TALKED),
    "avg_hold": (_answered, _TALKED),
    "aht": (_answered, _TALKED),
    "transfer_rate": (_answered, lambda visit, _setting: visit.transferred),
    "sl_budget": (_JUDGED, _not(_MET)),
}
CALLS: Mapping[str, Callable[[Call], bool]] = {
    "calls_in": lambda call: call.direction == "in" and not call.internal,
    "calls_out": lambda call: call.direction == "out" and not call.internal,
    "calls_internal": lambda call: call.internal,
    "calls_answered": lambda call: call.direction == "in" and not call.internal and call.answered,
    "ivr_abandoned": lambda call: (
        call.direction == "in" and not call.internal and call.is_over and not call.answered and not call.visits and call.ivr
    ),
}
OFFERS: Mapping[str, tuple[Callable[[Offer], bool], Callable[[Offer], bool]]] = {
    "offers": (lambda offer: True, lambda offer: True),
    "answered": (lambda offer: offer.outcome == "answered", lambda offer: True),
    "missed": (lambda offer: offer.outcome == "missed", lambda offer: True),
    "withdrawn": (lambda offer: offer.outcome == "withdrawn", lambda offer: True),
    "answer_rate": (lambda offer: offer.outcome in ("answered", "missed"), lambda offer: offer.outcome == "answered"),
    "talk_time": (lambda offer: not offer.active, lambda offer: offer.talk is not None),
    "hold_time": (lambda offer: not offer.active, lambda offer: offer.hold is not None),
    "ring_time": (lambda offer: not offer.active, lambda offer: offer.ring is not None),
    "aht": (lambda offer: not offer.active, lambda offer: offer.talk is not None or offer.hold is not None),
}


@dataclass(slots=True)
class SlowDay:
    """A day's calls at an instant, and who is who in it."""

    documents: Documents
    as_of: int
    timezone: str
    settings: Mapping[int | str, QueueSetting]
    calls: Sequence[Call] = ()
    setting: dict[str, QueueSetting] = field(default_factory=dict)
    agents: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.calls = calls_of(self.documents, self.as_of)
        queues = Identities.of(queue_objects(self.documents))
        for key in {key for thing in queue_objects(self.documents) if (key := queues.key(thing))}:
            self.setting[key] = self.settings.get(key) or self.settings.get(int(key) if key.isdigit() else key) or QueueSetting()
        agents = Identities.of(agent_objects(self.documents))
        self.agents = sorted({key for thing in agent_objects(self.documents) if (key := agents.key(thing))})

    def list_of(self, scope: str, metric: str, window: str) -> list[Entry]:
        """Who stands behind a number, newest first."""
        kind, _, key = scope.partition(":")
        first, last = window_bounds(window, self.as_of, self.timezone)
        if kind == "agent":
            found = self._offers(key, metric, first, last)
        elif metric in CALLS:
            found = [(call.id_call, call.started, True) for call in self.calls if CALLS[metric](call) and first <= call.started <= last]
        elif metric == "true_abandoned":
            found = [(call.id_call, call.started, True) for call in self._lost() if first <= call.started <= last]
        elif metric == "lost_callers":
            found = self._callers(first, last)
        else:
            found = self._visits(key, metric, first, last)
        return sorted(found, key=lambda entry: (entry[1], entry[0]), reverse=True)

    def _visits(self, key: str, metric: str, first: int, last: int) -> list[Entry]:
        if metric == "service_level":
            metric = f"service_levels.{self.setting[key].variant if key else 'short_excluded'}"
        listed, counted = VISITS[metric]
        counting = [call for call in self.calls if call.direction != "out" and not call.internal]
        visits = [v for call in counting for v in call.visits if first <= v.entered <= last and (not key or v.queue == key) and v.queue]
        return [(v.id_call, v.entered, counted(v, self.setting)) for v in visits if listed(v, self.setting)]

    def _offers(self, key: str, metric: str, first: int, last: int) -> list[Entry]:
        mine = [(call, o) for call in self.calls for o in call.offers if o.agent == key and first <= o.began <= last]
        if metric == "outgoing":
            began: dict[str, int] = {}
            for call, o in mine:
                if o.direction == "out":
                    began[call.id_call] = min(o.began, began.get(call.id_call, o.began))
            return [(id_call, at, True) for id_call, at in began.items()]
        listed, counted = OFFERS[metric]
        return [(call.id_call, o.began, counted(o)) for call, o in mine if o.direction != "out" and listed(o)]

    def _lost(self) -> Iterable[Call]:
        for call in self.calls:
            incoming = call.direction == "in" and not call.internal
            if incoming and call.visits and _lost(call.visits[-1], self.setting):
                yield call

    def _callers(self, first: int, last: int) -> list[Entry]:
        reached = [(e164(call.number, "46"), call.started) for call in self.calls if call.answered and not call.internal]
        newest: dict[str, tuple[int, str]] = {}
        for call in self._lost():
            number = e164(call.number, "46")
            if number and first <= call.started <= last:
                newest[number] = max((call.started, call.id_call), newest.get(number, (0, "")))
        return [
            (id_call, at, True) for number, (at, id_call) in newest.items() if not any(who == number and then > at for who, then in reached)
        ]
