"""Says of each number that has a limit whether it is calm, calls for attention or for action, once for every screen.

Rules that hold here: a share of few calls is no cause for alarm; the longest wait travels as two instants, because the browser
counts it; what cannot be believed (its feed is not live) keeps the severity it had.
"""

from stats.domain import thresholds
from stats.domain.board import Values
from stats.domain.metrics import DEFAULT_TARGETS
from stats.domain.sums import seconds
from stats.domain.thresholds import Limits, Watch

WATCHED_QUEUE = "queue:"


class Severities:
    """The watches of one organisation, kept from one reading to the next."""

    def __init__(self) -> None:
        self._watches: dict[tuple[str, str], Watch] = {}

    def mark(self, values: Values, now: int) -> None:
        """Adds `<metric>:severity` and `longest_wait:limits` to the site and to every queue of `values`."""
        queues = {scope: metrics for scope, metrics in values.items() if scope.startswith(WATCHED_QUEUE)}
        for scope, metrics in queues.items():
            target = metrics.get("target_s")
            metrics["longest_wait:limits"] = _limits(metrics.get("longest_wait_since"), target)
            self._mark(scope, metrics, now)
        site = values.get("site")
        if site is not None:
            # The site's longest wait is some queue's: its limits are that queue's.
            since = site.get("longest_wait_since")
            own = (m["longest_wait:limits"] for m in queues.values() if since is not None and m.get("longest_wait_since") == since)
            site["longest_wait:limits"] = next(own, _limits(since, None))
            self._mark("site", site, now)
        self._watches = {key: watch for key, watch in self._watches.items() if key[0] in values}

    def _mark(self, scope: str, metrics: dict[str, object], now: int) -> None:
        sample = _number(metrics.get("answered")) + _number(metrics.get("abandoned"))
        share = metrics.get("share")
        wanted = share if isinstance(share, float) else float(DEFAULT_TARGETS.share)
        self._see(scope, metrics, "waiting", thresholds.WAITING, now)
        enough = sample >= thresholds.SERVICE_LEVEL_SAMPLE
        self._see(scope, metrics, "service_level", thresholds.service_level_limits(wanted), now, enough=enough)
        enough = sample >= thresholds.ABANDON_RATE_SAMPLE
        self._see(scope, metrics, "abandon_rate", thresholds.ABANDON_RATE, now, enough=enough)
        # The count and the rate stand side by side on boards, and may not contradict each other.
        metrics["abandoned:severity"] = metrics["abandon_rate:severity"]

    def _see(self, scope: str, metrics: dict[str, object], metric: str, limits: Limits, now: int, *, enough: bool = True) -> None:
        watch = self._watches.setdefault((scope, metric), Watch())
        value = metrics.get(metric)
        known = float(value) if enough and isinstance(value, int | float) else None
        metrics[f"{metric}:severity"] = watch.see(known, limits, now)


def _limits(since: object, target_s: object) -> list[int] | None:
    """The instants (epoch ms) from which a wait that began at `since` calls for attention and for action."""
    if not isinstance(since, int):
        return None
    target = target_s if isinstance(target_s, int | float) else seconds(DEFAULT_TARGETS.target_ms)
    return [since + round(target * 1000 * times) for times in (thresholds.LONGEST_WAIT_ATTENTION, thresholds.LONGEST_WAIT_ACT)]


def _number(value: object) -> float:
    return value if isinstance(value, int | float) else 0
