"""Sums become numbers: means from (sum, count), ratios from sums, percentiles from histograms.

Rules that hold here: an empty denominator is None, never 0 and never 1; nothing is a ratio of ratios or a mean of means.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction

from stats.domain.histogram import percentile


def ratio(part: int, whole: int) -> float | None:
    """A share, or None of nothing."""
    return part / whole if whole > 0 else None


def seconds(ms: int | float) -> float:
    """Milliseconds as seconds, exact to the millisecond."""
    # Of whole milliseconds the quotient is the number nearest to three decimals already.
    return ms / 1000 if isinstance(ms, int) else round(ms / 1000, 3)


def mean_seconds(total_ms: int, count: int) -> float | None:
    """A mean in seconds from its sum and count, or None of nothing."""
    return total_ms / count / 1000 if count > 0 else None


def service_levels(sums: Mapping[str, int]) -> dict[str, float | None]:
    """The six service levels the field knows, side by side, from one set of sums."""
    a, at = sums.get("answered", 0), sums.get("answered_in_target", 0)
    s = sums.get("short_abandoned", 0)
    b = sums.get("abandoned", 0) + s
    bt = sums.get("abandoned_in_target", 0) + sums.get("short_in_target", 0)
    return {
        "short_excluded": ratio(at, a + b - s),
        "all_abandons_miss": ratio(at, a + b),
        "early_abandons_met": ratio(at + bt, a + b),
        "early_abandons_excluded": ratio(at, a + b - bt),
        "answered_only": ratio(at, a),
        "short_met": ratio(at + s, a + b),
    }


def sl_budget(parts: Iterable[tuple[Mapping[str, int], Decimal]]) -> int:
    """How many more calls may miss before the target share is lost; negative when it is lost. Exact arithmetic.

    `parts` are queues' sums with their shares: what each allows is added up before it is floored.
    """
    allowed, missed = Fraction(0), 0
    for sums, share in parts:
        d = sums.get("answered", 0) + sums.get("abandoned", 0)
        allowed += (1 - Fraction(share)) * d
        missed += d - sums.get("answered_in_target", 0)
    return allowed // 1 - missed


COUNTED = (
    "offered",
    "answered",
    "answered_in_target",
    "abandoned",
    "short_abandoned",
    "abandoned_in_target",
    "overflowed",
    "voicemail",
    "callbacks",
)
SITE_COUNTED = ("calls_in", "calls_out", "calls_internal", "calls_answered", "ivr_abandoned", "true_abandoned")

Number = int | float | None


def queue_numbers(sums: Mapping[str, int], variant: str) -> dict[str, Number | dict[str, float | None]]:
    """The queue metrics of a window from its sums (all but the maximum of waits, which no sum can tell)."""
    numbers: dict[str, Number | dict[str, float | None]] = {name: sums.get(name, 0) for name in COUNTED}
    levels = service_levels(sums)
    answered, abandoned = sums.get("answered", 0), sums.get("abandoned", 0)
    ended = answered + abandoned + sum(sums.get(n, 0) for n in ("short_abandoned", "overflowed", "voicemail", "callbacks"))
    waits = {int(name[1:]): count for name, count in sums.items() if name[0] == "h" and name[1:].isdigit() and count > 0}
    p50, p90 = percentile(waits, 0.5), percentile(waits, 0.9)
    talk_n = sums.get("talk_n", 0)
    numbers["service_level"] = levels.get(variant)
    numbers["service_levels"] = levels
    numbers["abandon_rate"] = ratio(abandoned, answered + abandoned)
    numbers["answer_rate"] = ratio(answered, ended)
    numbers["asa"] = mean_seconds(sums.get("wait_sum", 0), sums.get("wait_n", 0))
    numbers["avg_abandon_wait"] = mean_seconds(sums.get("abandon_wait_sum", 0), sums.get("abandon_wait_n", 0))
    numbers["wait_p50"] = None if p50 is None else seconds(p50)
    numbers["wait_p90"] = None if p90 is None else seconds(p90)
    numbers["att"] = mean_seconds(sums.get("talk_sum", 0), talk_n)
    numbers["avg_hold"] = mean_seconds(sums.get("hold_sum", 0), talk_n)
    numbers["aht"] = mean_seconds(sums.get("talk_sum", 0) + sums.get("hold_sum", 0), talk_n)
    numbers["transfer_rate"] = ratio(sums.get("transferred", 0), answered)
    return numbers


TIME_METRICS = ("time_talking", "time_ringing", "time_wrapup", "time_ready", "time_idle", "time_away", "time_logged_in")
BUSY_METRICS, READY_METRIC = ("time_talking", "time_ringing", "time_wrapup"), "time_ready"


def agent_numbers(sums: Mapping[str, int]) -> dict[str, Number]:
    """The agent metrics of a window from its sums."""
    numbers: dict[str, Number] = {name: sums.get(name, 0) for name in ("offers", "answered", "missed", "withdrawn", "outgoing")}
    answered, missed = sums.get("answered", 0), sums.get("missed", 0)
    numbers["answer_rate"] = ratio(answered, answered + missed)
    for name in ("talk", "hold", "ring"):
        numbers[f"{name}_time"] = seconds(sums.get(f"{name}_sum", 0))
    numbers["aht"] = mean_seconds(sums.get("talk_sum", 0) + sums.get("hold_sum", 0), sums.get("talk_n", 0))
    for name in TIME_METRICS:
        numbers[name] = seconds(sums.get(name, 0))
    numbers["occupancy"] = occupancy(sum(sums.get(name, 0) for name in BUSY_METRICS), sums.get(READY_METRIC, 0))
    return numbers


def occupancy(busy_ms: int, ready_ms: int) -> float | None:
    """The share of time busy of the time an agent was there for callers."""
    return ratio(busy_ms, busy_ms + ready_ms)
