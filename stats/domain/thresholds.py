"""Calm, attention, act now: one severity per number, with hysteresis and dwell so that nothing flickers.

A limit is crossed when the number has been past it for `on_s`; it is left when the number has been past `limit -/+ deadband` for `off_s`.
"""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["calm", "attention", "act"]
_RANK: dict[Severity, int] = {"calm": 0, "attention": 1, "act": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Where a number calls for attention and for action. `rising` says that more is worse."""

    attention: float
    act: float
    rising: bool = True
    deadband: float = 0.0
    on_s: float = 0.0
    off_s: float = 0.0

    def severity(self, value: float, *, leaving: bool = False) -> Severity:
        """The severity of a value; `leaving` asks with the deadband in favour of what holds."""
        for name, limit in (("act", self.act), ("attention", self.attention)):
            edge = limit - self.deadband if leaving and self.rising else limit + self.deadband if leaving else limit
            if value >= edge if self.rising else value < edge:
                return "act" if name == "act" else "attention"
        return "calm"


WAITING = Limits(attention=5, act=10, deadband=1, on_s=10, off_s=15)
ABANDON_RATE = Limits(attention=0.05, act=0.10, deadband=0.01, on_s=60, off_s=120)
ABANDON_RATE_SAMPLE = 20
SERVICE_LEVEL_SAMPLE = 10
# The longest wait calls for attention at three times the queue's target, for action at six times.
LONGEST_WAIT_ATTENTION = 3
LONGEST_WAIT_ACT = 6


def service_level_limits(share: float) -> Limits:
    """A service level calls for attention below its target share, for action ten points below."""
    return Limits(attention=share, act=share - 0.10, rising=False, deadband=0.02, on_s=60, off_s=120)


@dataclass(slots=True)
class Watch:
    """The severity of one number over time."""

    severity: Severity = "calm"
    pending: Severity = "calm"
    pending_since: int = 0
    started: bool = False

    def see(self, value: float | None, limits: Limits, now: int) -> Severity:
        """The severity after this value at `now`; a number nobody knows is calm, and the first one needs no dwell."""
        if value is None:
            self.severity = self.pending = "calm"
            self.started = False
            return "calm"
        up = limits.severity(value)
        if not self.started:
            self.started = True
            self.severity = self.pending = up
            return up
        down = limits.severity(value, leaving=True)
        wanted = up if _RANK[up] > _RANK[self.severity] else down if _RANK[down] < _RANK[self.severity] else self.severity
        if wanted == self.severity:
            self.pending = wanted
            return self.severity
        if wanted != self.pending:
            self.pending, self.pending_since = wanted, now
        dwell = limits.on_s if _RANK[wanted] > _RANK[self.severity] else limits.off_s
        if now - self.pending_since >= dwell * 1000:
            self.severity = wanted
        return self.severity
