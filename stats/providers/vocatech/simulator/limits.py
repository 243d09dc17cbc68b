"""How often one API key may ask: sliding windows on the emulator's clock, per tier."""

from __future__ import annotations

from collections import deque

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
TIERS = {
    "default": ((60, MINUTE_MS), (1_000, HOUR_MS), (20_000, DAY_MS)),
    "reports": ((30, MINUTE_MS), (500, HOUR_MS), (10_000, DAY_MS)),
    "messaging": ((5, 10 * MINUTE_MS),),
}


class Limits:
    """The windows of one key. `most`: requests of a tier let in within any minute so far, for tests."""

    def __init__(self) -> None:
        self._let_in: dict[str, deque[int]] = {tier: deque() for tier in TIERS}
        self.most: dict[str, int] = dict.fromkeys(TIERS, 0)
        self.refused: dict[str, int] = dict.fromkeys(TIERS, 0)

    def ask(self, tier: str, now: int) -> int | None:
        """None: let in. Else the whole seconds after which to ask again."""
        let_in = self._let_in[tier]
        while let_in and let_in[0] <= now - DAY_MS:
            let_in.popleft()
        for most, window in TIERS[tier]:
            recent = [at for at in let_in if at > now - window]
            if len(recent) >= most:
                self.refused[tier] += 1
                return max(1, -(-(recent[-most] + window - now) // 1000))
        let_in.append(now)
        self.most[tier] = max(self.most[tier], sum(at > now - MINUTE_MS for at in let_in))
        return None
