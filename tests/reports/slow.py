"""Reports the slow and obvious way: every visit, call and offer of the final documents put under the interval its local clock names.

Shares nothing with the product but the shape of a row.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.documents import Documents, Identities, agent_objects, dig
from tests.oracle.journeys import Offer, QueueSetting
from tests.oracle.presence import TIMED, time_in_states
from tests.oracle.slow import call_metrics, offer_metrics, visit_metrics
from tests.receipts.lists import SlowDay

Numbers = dict[str, Any]
EVER = 1 << 60


def begins(at: int, timezone: str, interval: str) -> str:
    """The beginning of the interval that holds an instant, as a row's `from` says it (of weeks and months: the day)."""
    local = datetime.fromtimestamp(at / 1000, ZoneInfo(timezone)).replace(second=0, microsecond=0)
    if interval in ("15m", "30m"):
        return local.replace(minute=local.minute - local.minute % int(interval[:-1])).isoformat()
    if interval == "1h":
        return local.replace(minute=0).isoformat()
    day = local.date()
    if interval == "week":
        day -= timedelta(days=day.weekday())
    return (day.replace(day=1) if interval == "month" else day).isoformat()


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow:
    """What was known at an instant of a day, told by interval."""

    documents: Documents
    as_of: int
    timezone: str
    settings: Mapping[int | str, QueueSetting]

    def day(self) -> SlowDay:
        """Calls and who is who."""
        return SlowDay(self.documents, self.as_of, self.timezone, self.settings)

    def queues(self, interval: str, first: str, last: str) -> dict[tuple[str, str], Numbers]:
        """(queue, beginning) -> numbers, of visits that entered on days from first to last."""
        day = self.day()
        visits = [v for call in day.calls if call.direction != "out" and not call.internal for v in call.visits if v.queue]
        groups = self._grouped(((v.queue, v.entered, v) for v in visits), interval, first, last)
        return {
            (queue, at): visit_metrics(those, day.setting, today=False, variant=day.setting[queue].variant)
            for (queue, at), those in groups.items()
        }

    def site(self, interval: str, first: str, last: str) -> dict[tuple[str, str], Numbers]:
        """("", beginning) -> numbers of all queues and of the calls."""
        day = self.day()
        visits = [v for call in day.calls if call.direction != "out" and not call.internal for v in call.visits if v.queue]
        by_visit = self._grouped((("", v.entered, v) for v in visits), interval, first, last)
        by_call = self._grouped((("", call.started, call) for call in day.calls), interval, first, last)
        return {
            place: visit_metrics(by_visit.get(place, []), day.setting, today=False, variant="short_excluded")
            | call_metrics(by_call.get(place, []), day.setting, -EVER, EVER, today=False, country="46")
            for place in {*by_visit, *by_call}
        }

    def agents(self, interval: str, first: str, last: str) -> dict[tuple[str, str], Numbers]:
        """(agent, beginning) -> numbers of their offers."""
        offers: list[Offer] = [offer for call in self.day().calls for offer in call.offers]
        groups = self._grouped(((o.agent, o.began, o) for o in offers if o.agent), interval, first, last)
        return {place: offer_metrics(those, -EVER, EVER) for place, those in groups.items()}

    def times(self, agent: str, start: int, end: int) -> Numbers:
        """An agent's seconds by state in [start, end), as far as time has come."""
        ids = Identities.of(agent_objects(self.documents))
        heard = [(at, doc) for at, doc in self.documents.presences if ids.key(dig(doc, "agent")) == agent]
        told = time_in_states(heard, start, min(end, self.as_of))
        return {name: told[name] for name in (*(f"time_{state}" for state in TIMED), "time_logged_in")}

    def _grouped(self, told: Iterable[tuple[str, int, Any]], interval: str, first: str, last: str) -> dict[tuple[str, str], list[Any]]:
        groups: dict[tuple[str, str], list[Any]] = {}
        for key, at, each in told:
            if first <= begins(at, self.timezone, "day") <= last and at <= self.as_of:
                groups.setdefault((key, begins(at, self.timezone, interval)), []).append(each)
        return groups


def differing(name: str, wanted: Numbers, found: Mapping[str, Any], near: Callable[[str, Any, Any], bool]) -> Sequence[str]:
    """A line per number that is not what was wanted."""
    faults = []
    for metric, value in wanted.items():
        if isinstance(value, dict):
            faults += differing(f"{name}.{metric}", value, found[metric], near)
        elif not near(metric, value, found[metric]):
            faults.append(f"{name}.{metric}: {value!r} expected, {found[metric]!r} found")
    return faults
