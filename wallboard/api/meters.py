"""`/metrics` for Prometheus: read from the living process at each scrape, so that there is nothing to keep in step.

Rules that hold here: every organisation is told; the label `organisation` is left out for `default`, so that one customer's names stay
short; units are in names, seconds and bytes; what is not known is left out, never 0.
"""

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from stats.live.vitals import memory_mb
from wallboard.api.examination import Examined, examine, organisations
from wallboard.api.health_document import lag_s
from wallboard.boards.topics import counted_as
from wallboard.hooks.counts import counts
from wallboard.push import attendance, hubs, socket

ORGANISATION = "default"
STATES = ("connecting", "seeding", "live", "stale", "down", "auth_error", "config_error")
# name -> (kind, what it says). The order is the order of the answer.
FAMILIES = {
    "wallboard_source_state": ("gauge", "1 for the state a source is in."),
    "wallboard_source_exact": ("gauge", "1 when the day is proven complete."),
    "wallboard_source_history_lag_seconds": ("gauge", "How far the vendor's history lags its stream."),
    "wallboard_source_report_age_seconds": ("gauge", "Since the source's worker last reported of it."),
    "wallboard_source_slots_to_seconds": ("gauge", "Up to which instant (Unix time) the hourly presence slots are whole."),
    "wallboard_socket_open": ("gauge", "1 when the vendor's socket is open."),
    "wallboard_socket_last_frame_age_seconds": ("gauge", "Since the last frame of a socket."),
    "wallboard_socket_alive_age_seconds": ("gauge", "Since the last sign of life of a socket."),
    "wallboard_socket_openings": ("counter", "How often a socket was opened since its worker has the source."),
    "wallboard_quarantined": ("counter", "Frames and rows that could not be read, kept aside."),
    "wallboard_lie_seconds": ("counter", "Seconds in which a number was shown as live that differed from its recount."),
    "wallboard_recount_age_seconds": ("gauge", "Since a sample of the numbers was last recounted."),
    "wallboard_recount_compared": ("gauge", "Numbers compared by the last recount."),
    "wallboard_recount_different": ("gauge", "Numbers found different twice in a row."),
    "wallboard_recount_calls": ("gauge", "Calls counted by the last recount."),
    "wallboard_rebuilds": ("counter", "How often the recount had every sum made anew."),
    "wallboard_archive_waiting_calls": ("gauge", "Ended calls that the database has not taken yet."),
    "wallboard_rollup_lag_seconds": ("gauge", "For how long today's oldest quarter hour has waited to be added up for reports; 0: none."),
    "wallboard_report_mails": ("counter", "Mails of reports that ended, by state: sent, failed, skipped."),
    "wallboard_worker_heartbeat_age_seconds": ("gauge", "Since a worker last reported."),
    "wallboard_worker_sources": ("gauge", "Sources a worker holds, or stands by for."),
    "wallboard_worker_loop_lag_seconds": ("gauge", "The longest a worker's event loop was late, of late."),
    "wallboard_worker_memory_bytes": ("gauge", "What a worker holds in memory."),
    "wallboard_values_computed_seconds": ("gauge", "Mean time to compute every value."),
    "wallboard_store_rev": ("gauge", "The live store's version."),
    "wallboard_store_up": ("gauge", "1 when Redis answers."),
    "wallboard_store_memory_used_bytes": ("gauge", "What Redis holds in memory."),
    "wallboard_store_memory_max_bytes": ("gauge", "What Redis may hold; left out when it has no limit."),
    "wallboard_store_evicts": ("gauge", "1 when Redis may throw numbers away: its policy is not noeviction."),
    "wallboard_store_clients": ("gauge", "Connections to Redis, everybody's."),
    "wallboard_database_up": ("gauge", "1 when the database answers."),
    "wallboard_clock_offset_seconds": ("gauge", "CLOCK_OFFSET_S: anything but 0 is a test."),
    "wallboard_browser_sockets": ("gauge", "Browsers at a board of this process."),
    "wallboard_browser_messages": ("counter", "Messages sent to browsers by this process."),
    "wallboard_browser_slow_sockets": ("gauge", "Browsers of this process that do not answer and are told nothing until they do."),
    "wallboard_browser_refused": ("counter", "Sockets this process refused, by close code."),
    "wallboard_hooks": ("counter", "What vendors posted to this process, by what became of it; without a source: nobody's address."),
    "wallboard_web_loop_lag_seconds": ("gauge", "The longest this process' event loop was late, of late."),
    "wallboard_web_memory_bytes": ("gauge", "What this process holds in memory."),
}


class _Gathered(Collector):
    """Families that were made for one scrape."""

    def __init__(self) -> None:
        self.families: dict[str, Metric] = {
            name: (GaugeMetricFamily if kind == "gauge" else CounterMetricFamily)(name, words) for name, (kind, words) in FAMILIES.items()
        }

    def put(self, family: str, value: float | None, **labels: str) -> None:
        """One sample; None is left out."""
        if value is not None:
            name = family if FAMILIES[family][0] == "gauge" else f"{family}_total"
            self.families[family].add_sample(name, dict(sorted(labels.items())), float(value))

    def collect(self) -> Iterable[Metric]:
        return [family for family in self.families.values() if family.samples]


async def metrics(_request: HttpRequest) -> HttpResponse:
    """GET /metrics"""
    gathered = _Gathered()
    for slug in await organisations():
        found = await examine(slug)
        _sources(gathered, found)
        _numbers(gathered, found)
        _workers(gathered, found)
        if slug == ORGANISATION:
            _engines(gathered, found)
    _browsers(gathered)
    _posts(gathered)
    registry = CollectorRegistry()
    registry.register(gathered)
    response = HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
    response["Cache-Control"] = "no-store"
    return response


def _of(found: Examined) -> dict[str, str]:
    return {} if found.slug == ORGANISATION else {"organisation": found.slug}


def _age(instant: int | None, now: int) -> float | None:
    return None if not instant else max(0, now - instant) / 1000


def _sources(gathered: _Gathered, found: Examined) -> None:
    now = found.vitals.now
    for source in found.vitals.sources:
        labels = {**_of(found), "source": source.name}
        for each in STATES:
            gathered.put("wallboard_source_state", 1.0 if each == source.state else 0.0, **labels, state=each)
        gathered.put("wallboard_source_exact", 1.0 if source.exact else 0.0, **labels)
        gathered.put("wallboard_source_history_lag_seconds", None if source.lag_ms is None else source.lag_ms / 1000, **labels)
        gathered.put("wallboard_source_report_age_seconds", _age(source.written_at, now), **labels)
        gathered.put("wallboard_source_slots_to_seconds", None if source.slots_to is None else source.slots_to / 1000, **labels)
        for feed, each_socket in source.sockets.items():
            gathered.put("wallboard_socket_open", 1.0 if each_socket.state == "open" else 0.0, **labels, feed=feed)
            gathered.put("wallboard_socket_last_frame_age_seconds", _age(each_socket.last_frame, now), **labels, feed=feed)
            gathered.put("wallboard_socket_alive_age_seconds", _age(each_socket.alive_at, now), **labels, feed=feed)
            gathered.put("wallboard_socket_openings", each_socket.openings, **labels, feed=feed)
    for (name, reason), number in sorted(found.vitals.quarantined.items()):
        gathered.put("wallboard_quarantined", number, **_of(found), source=name, reason=reason)


def _numbers(gathered: _Gathered, found: Examined) -> None:
    labels, audit = _of(found), found.vitals.audit
    if audit is not None:
        gathered.put("wallboard_lie_seconds", audit.lie_seconds, **labels)
        gathered.put("wallboard_recount_age_seconds", _age(audit.at, found.vitals.now), **labels)
        gathered.put("wallboard_recount_compared", audit.compared, **labels)
        gathered.put("wallboard_recount_different", audit.different, **labels)
        gathered.put("wallboard_recount_calls", audit.calls, **labels)
        gathered.put("wallboard_rebuilds", audit.rebuilds, **labels)
    for name, number in found.unkept.items():
        gathered.put("wallboard_archive_waiting_calls", number, **labels, source=name)
    gathered.put("wallboard_rollup_lag_seconds", lag_s(found), **labels)
    for state, number in sorted(found.mails.items()):
        gathered.put("wallboard_report_mails", number, **labels, state=state)
    gathered.put("wallboard_values_computed_seconds", found.organisation.computed_in_s, **labels)
    gathered.put("wallboard_store_rev", found.rev, **labels)


def _workers(gathered: _Gathered, found: Examined) -> None:
    labels = _of(found)
    gathered.put("wallboard_worker_heartbeat_age_seconds", _age(found.vitals.worker_seen_at, found.vitals.now), **labels)
    for worker in found.vitals.roll.workers if found.vitals.roll is not None else ():
        gathered.put("wallboard_worker_sources", len(worker.held), **labels, worker=worker.name, duty="held")
        gathered.put("wallboard_worker_sources", len(worker.standby), **labels, worker=worker.name, duty="standby")
        gathered.put("wallboard_worker_loop_lag_seconds", worker.loop_lag_ms / 1000, **labels, worker=worker.name)
        gathered.put("wallboard_worker_memory_bytes", worker.memory_mb * 1_048_576, **labels, worker=worker.name)


def _engines(gathered: _Gathered, found: Examined) -> None:
    store = found.vitals.store
    gathered.put("wallboard_store_up", 1.0 if store is not None else 0.0)
    if store is not None:
        gathered.put("wallboard_store_memory_used_bytes", int(store.get("used_memory", 0)))
        gathered.put("wallboard_store_memory_max_bytes", int(store.get("maxmemory", 0)) or None)
        gathered.put("wallboard_store_evicts", 0.0 if store.get("maxmemory_policy") in ("", "noeviction") else 1.0)
        gathered.put("wallboard_store_clients", int(store.get("connected_clients", 0)))
    gathered.put("wallboard_database_up", 1.0 if found.vitals.database_away_since is None else 0.0)
    gathered.put("wallboard_clock_offset_seconds", found.vitals.clock_offset_s)


def _browsers(gathered: _Gathered) -> None:
    by_board: dict[tuple[str, str], list[int]] = {}
    for hub in hubs.hubs():
        counts = by_board.setdefault((hub.organisation.slug, counted_as(hub.slug)), [0, 0])
        counts[0] += len(hub.sockets)
        counts[1] += hub.messages_sent
    for (slug, board), (here, told) in sorted(by_board.items()):
        labels = {"board": board} if slug == ORGANISATION else {"board": board, "organisation": slug}
        gathered.put("wallboard_browser_sockets", here, **labels)
        gathered.put("wallboard_browser_messages", told, **labels)
    for code, number in sorted(socket.refusals.items()):
        gathered.put("wallboard_browser_refused", number, code=str(code))
    gathered.put("wallboard_browser_slow_sockets", attendance.slow_sockets())
    gathered.put("wallboard_web_loop_lag_seconds", attendance.loop_lag_s())
    gathered.put("wallboard_web_memory_bytes", memory_mb() * 1_048_576)


def _posts(gathered: _Gathered) -> None:
    for (slug, source, outcome), number in sorted(counts.total.items()):
        labels = {} if slug in ("", ORGANISATION) else {"organisation": slug}
        gathered.put("wallboard_hooks", number, **labels, source=source, outcome=outcome)
