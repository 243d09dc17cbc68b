"""(h) What a second costs a web process: everything computed as of now and settled, while time passes and the store tells of little.

Measured in a process of its own that reads the store of the running product, in CPU time, so that what else the machine does counts little.
"""

import asyncio
import json
import subprocess
import sys
import time

from bench.figures import Figure
from bench.processes import ROOT, tell
from bench.product import Product

AIM_MS = 15
# The first has nothing to remember.
SECONDS = 12


def measure(running: Product) -> list[Figure]:
    """CPU milliseconds of a second, and of the first one, from nothing."""
    command = [sys.executable, "-m", "bench.second"]
    done = subprocess.run(command, cwd=ROOT, env=running.environment, capture_output=True, text=True, check=True, timeout=120)
    told = json.loads(done.stdout.splitlines()[-1])
    first, *others = told["ms"]
    return [
        Figure(bench="pages", name=f"a second of {told['agents']:,} agents, CPU", unit="ms", rounds=others, aim=AIM_MS),
        Figure(bench="pages", name="the first second, from nothing, CPU", unit="ms", rounds=[first]),
    ]


async def _seconds() -> None:
    from django.conf import settings

    from stats import clock
    from stats.domain import board
    from stats.live.board_store import Store
    from stats.live.mirror import Mirror
    from stats.models import Organisation
    from wallboard.push import candour
    from wallboard.push.ledger import Ledger
    from wallboard.push.severities import Severities

    organisation = await Organisation.objects.afirst()
    assert organisation is not None
    store = Store(str(settings.REDIS_URL))
    mirror = Mirror(store, organisation.slug, organisation.timezone)
    memory, ledger, severities = board.Memory(), Ledger(), Severities()
    costs: list[float] = []
    for _ in range(SECONDS):
        now = clock.now_ms()
        await mirror.refresh(now)
        began = time.process_time()
        # As `LiveOrganisation` does every second.
        values = board.values(mirror.facts, now, memory)
        candour.correct(values, mirror.facts.sources, now, store_away=False)
        severities.mark(values, now)
        ledger.settle(values, epoch=mirror.epoch, rev=mirror.rev, grown=memory.grown)
        costs.append((time.process_time() - began) * 1000)
        await asyncio.sleep(1)
    await store.close()
    tell("seconds", ms=costs, agents=len(mirror.facts.agents))


if __name__ == "__main__":
    import django

    django.setup()
    asyncio.run(_seconds())
