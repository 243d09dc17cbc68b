"""`/metrics` for Prometheus: read from the living process at each scrape, so that there is nothing to keep in step."""

from collections.abc import Iterable, Iterator

from django.http import HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from stats import clock
from stats.live.connection import StoreAway
from wallboard.push import hubs, live
from wallboard.push.organisation import LiveOrganisation

ORGANISATION = "default"
STATES = ("connecting", "seeding", "live", "stale", "down", "auth_error", "config_error")


class _Gathered(Collector):
    """Families that were made for one scrape."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


async def metrics(_request: HttpRequest) -> HttpResponse:
    """GET /metrics"""
    organisation = await live.organisation(ORGANISATION)
    store_up, quarantined = True, {}
    try:
        await organisation.fresh(1.0)
        quarantined = await live.store().quarantine_counts(ORGANISATION)
    except StoreAway:
        store_up = False
    families = [*_of_sources(organisation), *_of_process(organisation, store_up), _of_quarantine(quarantined)]
    registry = CollectorRegistry()
    registry.register(_Gathered(families))
    response = HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
    response["Cache-Control"] = "no-store"
    return response


def _of_quarantine(counts: dict[tuple[str, str], int]) -> Metric:
    family = CounterMetricFamily(
        "wallboard_quarantined", "Frames and rows that could not be read, kept aside.", labels=["source", "reason"]
    )
    for (source, reason), number in sorted(counts.items()):
        family.add_metric([source, reason], number)
    return family


def _of_sources(organisation: LiveOrganisation) -> Iterator[Metric]:
    now = clock.now_ms()
    state = GaugeMetricFamily("wallboard_source_state", "1 for the state a source is in.", labels=["source", "state"])
    exact = GaugeMetricFamily("wallboard_source_exact", "1 when the day is proven complete.", labels=["source"])
    lag = GaugeMetricFamily("wallboard_source_history_lag_seconds", "How far the vendor's history lags its stream.", labels=["source"])
    socket_open = GaugeMetricFamily("wallboard_socket_open", "1 when the vendor's socket is open.", labels=["source", "feed"])
    frame_age = GaugeMetricFamily("wallboard_socket_last_frame_age_seconds", "Since the last frame of a socket.", labels=["source", "feed"])
    alive_age = GaugeMetricFamily(
        "wallboard_socket_alive_age_seconds", "Since the last sign of life of a socket.", labels=["source", "feed"]
    )
    for name, source in organisation.mirror.facts.sources.items():
        told = organisation.ledger.values.get(f"source:{name}", {}).get("state", source.state)
        for each in STATES:
            state.add_metric([name, each], 1.0 if each == told else 0.0)
        exact.add_metric([name], 1.0 if source.exact else 0.0)
        if source.lag_ms is not None:
            lag.add_metric([name], source.lag_ms / 1000)
        for feed, socket in source.sockets.items():
            socket_open.add_metric([name, feed], 1.0 if socket.state == "open" else 0.0)
            if socket.last_frame is not None:
                frame_age.add_metric([name, feed], max(0, now - socket.last_frame) / 1000)
            if socket.alive_at is not None:
                alive_age.add_metric([name, feed], max(0, now - socket.alive_at) / 1000)
    yield from (state, exact, lag, socket_open, frame_age, alive_age)


def _of_process(organisation: LiveOrganisation, store_up: bool) -> Iterator[Metric]:
    sockets = GaugeMetricFamily("wallboard_browser_sockets", "Browsers at a board of this process.", labels=["board"])
    sent = CounterMetricFamily("wallboard_browser_messages", "Messages sent to browsers by this process.", labels=["board"])
    by_board: dict[str, tuple[int, int]] = {}
    for hub in hubs.hubs():
        here, told = by_board.get(hub.slug, (0, 0))
        by_board[hub.slug] = (here + len(hub.sockets), told + hub.messages_sent)
    for board, (here, told) in sorted(by_board.items()):
        sockets.add_metric([board], here)
        sent.add_metric([board], told)
    yield from (sockets, sent)
    yield GaugeMetricFamily("wallboard_store_up", "1 when Redis answers.", value=1.0 if store_up else 0.0)
    yield GaugeMetricFamily("wallboard_store_rev", "The live store's version.", value=float(organisation.mirror.rev))
    yield GaugeMetricFamily("wallboard_values_computed_seconds", "Mean time to compute every value.", value=organisation.computed_in_s)
    seen = organisation.mirror.worker_seen_at
    if seen:
        age = max(0, clock.now_ms() - seen) / 1000
        yield GaugeMetricFamily("wallboard_worker_heartbeat_age_seconds", "Since a worker last reported.", value=age)
