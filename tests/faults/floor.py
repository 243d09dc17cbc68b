"""A busy contact centre that lives by the clock on the wall: the same for the same seed, whoever tells of it and however often it dies.

`python -m tests.faults.floor --port P --seed S --began MS --seconds N --rate R --token T` is the vendor: it sends each frame at its
instant, disordered within a second and some twice, and its history follows a second and a half behind. Killed and started anew with the
same words it goes on where the day is; what it would have said meanwhile it never says. `POST /control {"present": true}` makes it say
again how every agent is.
"""

import argparse
import asyncio
import json
import random
import signal
import sys
import time
import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from tests.acceptance.telling import plain, stripped
from tests.oracle.days import Day
from tests.oracle.documents import Documents
from tests.oracle.floor import Floor
from tests.oracle.historic import historic_rows
from tests.oracle.script import SOURCES, Dialect, Frame, Script
from tests.oracle.stories import STORIES, Stage
from tests.upstream.history import History, Row
from tests.upstream.play import disordered
from tests.upstream.server import ScriptableUpstream

ZONE = "Europe/Stockholm"
BEFORE = 60  # calls of the hour before
LAG_MS = 1_500
ROWS_EVERY_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What decides a floor: the same words, the same floor. `rate` in calls a second, `shift` keeps two floors' ids apart."""

    seed: int
    began_ms: int
    seconds: float
    rate: float = 2.0
    shift: int = 0


def floor_day(told: Told) -> Day:
    """The whole day, what is to come included."""
    rng = random.Random(told.seed * 1_000_003 + told.shift)
    until = told.began_ms + round(told.seconds * 1000)
    local = datetime.fromtimestamp(told.began_ms / 1000, ZoneInfo(ZONE))
    midnight = round(local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)
    floor = Floor.build(rng, 6, 40)
    if told.shift:
        for queue in floor.queues:
            object.__setattr__(queue, "id", None if queue.id is None else queue.id + 50_000 * told.shift)
            object.__setattr__(queue, "account_id", None if queue.account_id is None else queue.account_id + 50_000 * told.shift)
        for agent in floor.agents:
            object.__setattr__(agent, "id", agent.id + 50_000 * told.shift)
            object.__setattr__(agent, "account_id", agent.account_id + 50_000 * told.shift)
    callers = [f"004670{rng.randrange(10**7):07d}" for _ in range(200)]
    dialect = Dialect(both_ids_share=1.0)
    begins = [told.began_ms - rng.randrange(1_000, 3_600_000) for _ in range(BEFORE)]
    # Some are in the house already when we come.
    begins += [told.began_ms + rng.randrange(-120_000, round(told.seconds * 1000)) for _ in range(round(told.rate * (told.seconds + 120)))]
    scripts = []
    for began in sorted(begins):
        script = Script(str(uuid.UUID(int=rng.getrandbits(128), version=4)), rng, dialect, number=rng.choice([*callers, None]))
        rng.choices(list(STORIES), weights=list(STORIES.values()))[0](Stage(script=script, floor=floor, rng=rng, now=began))
        scripts.append(script)
    presences = list(floor.presence_frames(min(midnight, told.began_ms - 3_600_000), until))
    return Day(
        seed=told.seed,
        now_ms=until,
        timezone=ZONE,
        instants="ms",
        scripts=scripts,
        presences=presences,
        queues=floor.queues,
        agents=floor.agents,
        settings={},
    )


def known(day: Day, until_ms: int) -> Documents:
    """Everything that was so at an instant; of presence, what each agent's last document said."""
    last = [(frame.emitted_at_ms, frame.document) for frame in last_presences(day, until_ms)]
    return plain(replace(day.documents(until_ms=until_ms), presences=last))


def last_presences(day: Day, until_ms: int) -> list[Frame]:
    """How every agent was at an instant."""
    return list({frame.document["agent"]["name"]: frame for frame in day.presences if frame.emitted_at_ms <= until_ms}.values())


class LivingHistory(History):
    """A history whose rows are those of the moment it is asked. A call that is over is written once."""

    def __init__(self, day: Day) -> None:
        super().__init__()
        self._day, self._made_at = day, float("-inf")
        self._last = [max(event[0] for event in script.events) for script in day.scripts]
        self._written: dict[int, dict[str, list[Row]]] = {}

    def page(self, root: str, arguments: Any) -> Row:
        """One page of the rows there are by now."""
        if time.monotonic() - self._made_at > ROWS_EVERY_S:
            for each, rows in self._rows(round(time.time() * 1000) - LAG_MS).items():
                self.set(each, rows)
            self._made_at = time.monotonic()
        return super().page(root, arguments)

    def _rows(self, until_ms: int) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {root: [] for root in SOURCES}
        for place, script in enumerate(self._day.scripts):
            if script.started > until_ms:
                break
            told = self._written.get(place) or historic_rows(script.documents(until_ms), instants=self._day.instants)
            if self._last[place] <= until_ms:
                self._written[place] = told
            for root, rows in told.items():
                found[root] += rows
        return found


async def speak(upstream: ScriptableUpstream, told: Told, day: Day, late: list[float]) -> None:
    """Every frame from now on, at its time; what is overdue at once. `late` holds the worst delay, in seconds: a starved machine's."""
    came = round(time.time() * 1000)
    frames = [stripped(frame) for frame in day.frames(since_ms=came)]
    for frame in disordered(frames, random.Random(told.seed), disorder_within_ms=800):
        rest = frame.emitted_at_ms / 1000 - time.time()
        if rest > 0:
            await asyncio.sleep(rest)
        late[0] = max(late[0], -rest)
        await upstream.send(frame.datasource, frame.document)


async def serve(told: Told, port: int, token: str, host: str) -> None:
    """Until SIGTERM."""
    day = floor_day(told)
    upstream = ScriptableUpstream(tokens={token}, history=LivingHistory(day))

    late = [0.0]

    async def control(request: web.Request) -> web.Response:
        asked = await request.json()
        sent = 0
        if asked.get("present"):
            for frame in last_presences(day, round(time.time() * 1000)):
                sent += await upstream.send(frame.datasource, frame.document)
        return web.json_response({"sent": sent, "open": upstream.open_sockets(), "asked": len(upstream.asked), "late_s": late[0]})

    upstream.extra_routes = [web.post("/control", control)]
    done = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, done.set)
    listening = await upstream.start(port, host)
    sys.stdout.write(json.dumps({"port": listening}) + "\n")
    sys.stdout.flush()
    speaking = asyncio.create_task(speak(upstream, told, day, late))
    await done.wait()
    speaking.cancel()
    await upstream.kill()


def main() -> None:
    """See the module."""
    asked = argparse.ArgumentParser(description="A vendor that lives by the clock, for tests.")
    asked.add_argument("--port", type=int, default=0)
    asked.add_argument("--host", default="127.0.0.1")
    asked.add_argument("--seed", type=int, required=True)
    asked.add_argument("--began", type=int, required=True, help="epoch ms")
    asked.add_argument("--seconds", type=float, required=True)
    asked.add_argument("--rate", type=float, default=2.0, help="calls a second")
    asked.add_argument("--shift", type=int, default=0)
    asked.add_argument("--token", required=True)
    options = asked.parse_args()
    told = Told(seed=options.seed, began_ms=options.began, seconds=options.seconds, rate=options.rate, shift=options.shift)
    asyncio.run(serve(told, options.port, options.token, options.host))


if __name__ == "__main__":
    main()
