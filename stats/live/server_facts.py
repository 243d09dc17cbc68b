"""What the Redis server says of itself: how full it is, what it does when full, and whether it may be written to.

Rules that hold here: only what INFO tells is asked, because many servers forbid CONFIG; a number that is not told is 0, a word that
is not told is empty; on a Cluster the fullest primary answers for all.
"""

from collections.abc import Mapping

NUMBERS = ("used_memory", "maxmemory", "uptime_in_seconds", "aof_enabled", "connected_clients")
WORDS = ("redis_version", "run_id", "role", "maxmemory_policy")


def facts_of(info: Mapping[str, object]) -> dict[str, str | int]:
    """The facts out of one server's INFO, as redis-py reads it."""
    facts: dict[str, str | int] = {name: str(info.get(name) or "") for name in WORDS}
    for name in NUMBERS:
        told = info.get(name)
        facts[name] = int(told) if isinstance(told, int | float) else 0
    return facts


def fullness(facts: Mapping[str, str | int]) -> float:
    """The used share of the memory the server may use; 0 when it has no limit."""
    most = int(facts["maxmemory"])
    return int(facts["used_memory"]) / most if most else 0.0
