"""What an organisation has set, as the worker writes it beside the numbers it made with it."""

from decimal import Decimal
from typing import cast

import msgspec

from stats.domain.metrics import CountingRules, QueueTargets, Variant


def pack_rules(timezone: str, rules: CountingRules) -> str:
    """Time zone and counting rules as JSON."""
    targets = {q: [t.target_ms, t.short_ms, str(t.share), t.variant] for q, t in rules.targets.items()}
    return msgspec.json.encode([timezone, rules.include_internal, targets], order="sorted").decode()


def unpack_rules(packed: str) -> tuple[str, CountingRules]:
    """From their JSON."""
    timezone, include_internal, targets = msgspec.json.decode(packed)
    return timezone, CountingRules(
        targets={
            q: QueueTargets(target_ms=target, short_ms=short, share=Decimal(share), variant=cast(Variant, variant))
            for q, (target, short, share, variant) in targets.items()
        },
        include_internal=include_internal,
    )
