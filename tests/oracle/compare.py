"""Lists in words where an answer of `/api/v1/live` differs from the oracle's."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

PERCENTILES = ("wait_p50", "wait_p90")
# Time in state depends on when each presence document was heard, so it is compared only when asked, and loosely.
OBSERVED = ("time_talking", "time_ringing", "time_wrapup", "time_ready", "time_idle", "time_away", "time_logged_in", "occupancy")
LOOSE = ("name", "profile")
# These run on with the clock while somebody waits, rings or talks.
TICKING = ("longest_wait_window",)


def differences(
    expected: Mapping[str, Any], actual: Mapping[str, Any], *, observed_within_s: float | None = None, ticking_within_s: float = 0.0
) -> list[str]:
    """One line per number that differs: `queue:111834.today.asa: 12.5 expected, 13.0 found`. Empty when all agree.

    `ticking_within_s` forgives what grows between the two instants of asking; `observed_within_s` turns on the times in state.
    A queue or agent that only one side lists is a difference when anything of it is not zero, null or unknown.
    """
    rules = _Rules(observed_within_s, ticking_within_s)
    return list(_everything(expected, actual, rules))


class _Rules:
    def __init__(self, observed_within_s: float | None, ticking_within_s: float) -> None:
        self.observed_within_s, self.ticking_within_s = observed_within_s, ticking_within_s

    def agree(self, name: str, expected: Any, actual: Any) -> bool:
        if expected is None or actual is None or isinstance(expected, str | list) or isinstance(actual, str | list):
            return bool(expected == actual)
        if name in PERCENTILES:
            return math.isclose(expected, actual, rel_tol=0.05, abs_tol=0.001)
        if name in OBSERVED:
            return abs(expected - actual) <= (self.observed_within_s or 0)
        if name in TICKING and self.ticking_within_s:
            return abs(expected - actual) <= self.ticking_within_s
        return math.isclose(expected, actual, rel_tol=1e-9, abs_tol=1e-6)

    def skips(self, name: str) -> bool:
        return name in LOOSE or (name in OBSERVED and self.observed_within_s is None)


def _everything(expected: Mapping[str, Any], actual: Mapping[str, Any], rules: _Rules) -> Iterator[str]:
    yield from _inside("site", expected["site"], actual["site"], rules)
    for kind in ("queues", "agents"):
        ours = {_key(row): row for row in expected[kind]}
        theirs = {_key(row): row for row in actual[kind]}
        for key in sorted({*ours, *theirs}):
            name = f"{kind[:-1]}:{key}"
            if key in ours and key in theirs:
                yield from _inside(name, ours[key], theirs[key], rules)
            elif not _empty(ours.get(key) or theirs[key]):
                yield f"{name}: {'missing' if key in ours else 'not expected'}"


def _key(row: Mapping[str, Any]) -> str:
    if row.get("id") is not None:
        return str(row["id"])
    return str(row.get("key") or f"a:{row.get('account_id')}")


def _empty(value: Any) -> bool:
    """No sign of life in any number: nothing counted, nothing known."""
    if isinstance(value, Mapping):
        quiet = ("id", "key", "account_id", "name", "target_s", "verified", "unverified_since")
        return all(_empty(inner) for name, inner in value.items() if name not in quiet)
    return value in (None, 0, 0.0, [], "unknown", "")


def _inside(where: str, expected: Mapping[str, Any], actual: Any, rules: _Rules) -> Iterator[str]:
    for name, wanted in expected.items():
        found = actual.get(name, "missing") if isinstance(actual, Mapping) else "missing"
        if rules.skips(name) or (name == "key" and found == "missing"):
            continue
        # INTERFACE pins `today` of an agent; the rolling windows are compared when they are there.
        if isinstance(wanted, Mapping):
            if found == "missing" and where.startswith("agent:") and name != "today":
                continue
            yield from _inside(f"{where}.{name}", wanted, found, rules)
        elif found == "missing" or not rules.agree(name, wanted, found):
            yield f"{where}.{name}: {wanted!r} expected, {found!r} found"
