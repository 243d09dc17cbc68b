"""Makes up whole days of a contact centre from a seed: nasty, but never contradicting themselves.

A day gives three tellings of the same calls: the frames in the order of time as Telavox would push them, the final documents, and the
rows of the historic layer. `Day.known` is what a listener who came late can know from both, for the oracle to compute from.
"""

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from tests.oracle.documents import Documents, snake_row
from tests.oracle.floor import Floor
from tests.oracle.historic import INSTANT_STYLES, historic_rows
from tests.oracle.journeys import QueueSetting
from tests.oracle.script import AgentNamed, Dialect, Frame, QueueNamed, Raw, Script
from tests.oracle.stories import STORIES, Stage

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One made-up day, up to `now_ms`. `settings` by stats id; `instants` is how this day's historic rows write an instant."""

    seed: int
    now_ms: int
    timezone: str
    instants: str
    scripts: Sequence[Script]
    presences: Sequence[Frame]
    queues: Sequence[QueueNamed]
    agents: Sequence[AgentNamed]
    settings: dict[int | str, QueueSetting]

    def frames(self, *, since_ms: int = 0, until_ms: int | None = None) -> list[Frame]:
        """Frames emitted in (since, until], all datasources, in the order of time."""
        until = self.now_ms if until_ms is None else until_ms
        told = [frame for script in self.scripts for frame in script.frames(until)] + [
            p for p in self.presences if p.emitted_at_ms <= until
        ]
        return sorted((frame for frame in told if frame.emitted_at_ms > since_ms), key=lambda frame: frame.emitted_at_ms)

    def documents(self, *, until_ms: int | None = None) -> Documents:
        """The last live document of each kind, and every presence document heard."""
        until = self.now_ms if until_ms is None else until_ms
        parts = [script.documents(until) for script in self.scripts]
        return Documents(
            calls=[doc for part in parts for doc in part.calls],
            queues=[doc for part in parts for doc in part.queues],
            agents=[doc for part in parts for doc in part.agents],
            presences=[(frame.emitted_at_ms, frame.document) for frame in self.presences if frame.emitted_at_ms <= until],
        )

    def rows(self, *, until_ms: int | None = None) -> dict[str, list[Raw]]:
        """Historic rows by root query as they stand at an instant; calls in progress have `active` 1."""
        return historic_rows(self.documents(until_ms=until_ms), instants=self.instants)

    def known(self, *, live_since_ms: int, rows_until_ms: int | None = None) -> Documents:
        """What is known to one who hears the frames after `live_since_ms` and has read all rows as of `rows_until_ms`.

        A thing of which no frame came since is known from its row alone: without live-only fields, perhaps to the second only.
        """
        rows_until = self.now_ms if rows_until_ms is None else rows_until_ms
        heard = [script.heard(live_since_ms, self.now_ms) for script in self.scripts]
        rows = {root: [snake_row(row) for row in rows] for root, rows in self.rows(until_ms=rows_until).items()}
        late = Documents(
            calls=[doc for part in heard for doc in part.calls],
            queues=[doc for part in heard for doc in part.queues],
            agents=[doc for part in heard for doc in part.agents],
            presences=[(frame.emitted_at_ms, frame.document) for frame in self.presences if frame.emitted_at_ms > live_since_ms],
        )
        return late + Documents(calls=rows["calls"], queues=rows["queues"], agents=rows["agents"])


def day(
    seed: int,
    *,
    n_calls: int = 150,
    now_ms: int = 1_779_100_022_081,
    timezone: str = "Europe/Stockholm",
    n_queues: int = 4,
    n_agents: int = 12,
    instants: str | None = None,
    controversial: bool = False,
    starts: Sequence[int] | None = None,
) -> Day:
    """A random day that ends at `now_ms`, the same for the same arguments.

    Calls start from three hours before local midnight on, most within the last 70 minutes. `controversial` adds what the metrics leave
    open (see the oracle's READING comments): off where the product is checked, on where the readings themselves are looked at. `starts`
    says when calls start instead; presence is then told from the first of them on.
    """
    rng = random.Random(seed)
    local = datetime.fromtimestamp(now_ms / 1000, ZoneInfo(timezone))
    midnight = round(datetime(local.year, local.month, local.day, tzinfo=ZoneInfo(timezone)).timestamp() * 1000)
    floor = Floor.build(rng, n_queues, n_agents)
    callers = [f"004670{rng.randrange(10**7):07d}" for _ in range(max(3, n_calls // 4))]
    dialect = Dialect(
        queue_closes_at=rng.choice(("answer", "end")),
        queue_start_is=rng.choice(("entry", "entry", "call")),
        both_ids_share=rng.choice((1.0, 0.8, 0.4)),
        lists_as=rng.choice(("array", "text")),
    )
    scripts = []
    for began in sorted(starts or (_start(rng, now_ms, midnight) for _ in range(n_calls))):
        silent = rng.choices((frozenset[str](), frozenset({"calls"}), frozenset({"agents"})), weights=(88, 6, 6))[0]
        script = Script(
            str(uuid.UUID(int=rng.getrandbits(128), version=4)), rng, dialect, silent=silent, number=_number(rng, callers, controversial)
        )
        stage = Stage(script=script, floor=floor, rng=rng, now=began, controversial=controversial)
        rng.choices(list(STORIES), weights=list(STORIES.values()))[0](stage)
        scripts.append(script)
    settings: dict[int | str, QueueSetting] = {
        queue.id: QueueSetting(target_s=rng.choice((10, 20, 30)), short_s=rng.choice((0, 5, 10)))
        for queue in floor.queues
        if queue.id is not None and rng.random() < 0.4
    }
    presences = list(floor.presence_frames(min(midnight, now_ms - HOUR_MS, *(starts or ())), now_ms))
    return Day(
        seed=seed,
        now_ms=now_ms,
        timezone=timezone,
        instants=instants or rng.choice(INSTANT_STYLES),
        scripts=scripts,
        presences=presences,
        queues=floor.queues,
        agents=floor.agents,
        settings=settings,
    )


def _start(rng: random.Random, now_ms: int, midnight: int) -> int:
    """When a call starts: in the last minutes, in the last 70 minutes, or any time since three hours before midnight."""
    span = rng.choices((300_000, 70 * 60_000, now_ms - midnight + 3 * HOUR_MS), weights=(3, 5, 4))[0]
    return now_ms - rng.randrange(1, span)


def _number(rng: random.Random, callers: Sequence[str], controversial: bool) -> str | None:
    """The same callers again and again, written as the vendor writes them: 0046..., sometimes +46..., sometimes nothing."""
    caller = rng.choice(callers)
    forms: list[str | None] = [caller, caller, caller, "+" + caller[2:], None]
    return rng.choice([*forms, "0" + caller[4:], "anonymous"] if controversial else forms)
