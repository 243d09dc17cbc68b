"""Compares what was shown with what was true: lie-seconds, and when everything was right again.

A value is right when it lies within what was true of it between WINDOW_S before and half a second after it was seen, told by the slow
computation every other second. It lies once it has been shown as live, and wrong, for more than GRACE_S without a break.
What the vendor tells in presence alone, and never again, is judged so: the state of an agent unless it is shown as unverified; a board's
counts of agents by their own feed's level; the API's counts, which carry no level, and who talks, only while no agent is unverified
(`doubtful`, counted beside).
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from tests.faults.floor import ZONE, Told, floor_day, known
from tests.faults.observer import Flat, flat_answer
from tests.oracle.compare import OBSERVED, PERCENTILES
from tests.oracle.days import Day
from tests.oracle.slow import live

GRACE_S = 15.0
WINDOW_S = 6.0
STEP_S = 2.0
# Frames come disordered within a second and each moves several numbers: what is wrong for less than this is on its way.
PASSING_S = 3.0
# Named otherwise, of the clock of hearing, or told by frames alone.
UNJUDGED = frozenset({"id", "key", "account_id", "name", "profile", "state_since", "verified", "unverified_since", "target_s", *OBSERVED})
UNJUDGED |= {"not_answer_risk", "service_levels"}
OF_AGENT_PRESENCE = frozenset({"state", "until", "queues_in"})
PRESENCE_COUNTS = frozenset(
    {"talking", "agents_logged_in", *(f"agents_{state}" for state in ("ready", "ringing", "talking", "wrapup", "away", "unknown"))}
)


@lru_cache(maxsize=2)
def _day(told: Told) -> Day:
    return floor_day(told)


def truth_at(told: Told, at_ms: int) -> Flat:
    """Every number of an instant, the slow way, in the flat names."""
    flat = flat_answer(live(known(_day(told), at_ms), as_of_ms=at_ms, timezone=ZONE))
    return {name: value for name, value in flat.items() if name.partition("|")[2].rpartition(".")[2] not in UNJUDGED}


def _piece(work: tuple[Told, Sequence[int]]) -> list[Flat]:
    told, instants = work
    return [truth_at(told, at) for at in instants]


@dataclass(frozen=True, slots=True)
class Truth:
    """What was true, a step at a time from `began_ms` on."""

    began_ms: int
    steps: Sequence[Flat]
    step_s: float

    @classmethod
    def of(cls, told: Told, began_ms: int, until_ms: int, *, step_s: float = STEP_S, workers: int = 2) -> "Truth":
        """Computed in several processes."""
        instants = range(began_ms, until_ms + 1, round(step_s * 1000))
        pieces = [(told, instants[n::workers]) for n in range(workers)]
        with ProcessPoolExecutor(workers) as pool:
            done = list(pool.map(_piece, pieces))
        return cls(began_ms, [done[n % workers][n // workers] for n in range(len(instants))], step_s)

    def around(self, at_s: float) -> Sequence[Flat]:
        """The steps a value seen at an instant may show."""
        first = math.floor((at_s - WINDOW_S - self.began_ms / 1000) / self.step_s)
        last = math.ceil((at_s + 0.5 - self.began_ms / 1000) / self.step_s)
        return self.steps[max(0, first) : max(0, last) + 1]


def agrees(name: str, shown: Any, true: Sequence[Any]) -> bool:
    """Whether a value lies within what was true."""
    if shown in true:
        return True
    numbers = [value for value in true if isinstance(value, int | float) and not isinstance(value, bool)]
    if not isinstance(shown, int | float) or isinstance(shown, bool) or not numbers:
        return False
    slack = 0.05 * abs(shown) + 0.001 if name.rpartition(".")[2].rpartition("|")[2] in PERCENTILES else 1e-6 * max(1.0, abs(shown))
    slack = 1.0 if name.endswith("longest_wait_window") else slack
    return min(numbers) - slack <= shown <= max(numbers) + slack


@dataclass(slots=True)
class Seen:
    """One view at one instant."""

    t: float
    view: str
    as_of: int | None
    levels: Mapping[str, Sequence[str]]
    values: Flat

    def is_live(self, feed: int) -> bool:
        """Whether what stands on calls (0), presence (1) or counts of agents (2) is shown as live; a whole is as good as its worst part."""
        fresh = self.as_of is None or self.t * 1000 - self.as_of < GRACE_S * 1000
        return bool(self.levels) and fresh and all(told[feed] == "live" for told in self.levels.values())


class Tail:
    """Reads what an observer writes down, from where it left off; a line that is not finished waits."""

    def __init__(self, path: Path) -> None:
        self._path, self._at = path, 0
        self._values: dict[str, Flat] = {}
        self.latest: dict[str, Seen] = {}

    def more(self) -> Iterator[Seen]:
        """What has come since the last time."""
        if not self._path.exists():
            return
        with self._path.open() as lines:
            lines.seek(self._at)
            for text in iter(lines.readline, ""):
                if not text.endswith("\n"):
                    return
                self._at += len(text.encode())
                line = json.loads(text)
                mine = self._values.setdefault(line["view"], {})
                mine.update(line["set"])
                for name in line["gone"]:
                    mine.pop(name, None)
                seen = Seen(line["t"], line["view"], line["as_of"], line["levels"], dict(mine))
                self.latest[seen.view] = seen
                yield seen

    def now(self) -> dict[str, Seen]:
        """Every view as it was seen last."""
        for _ in self.more():
            pass
        return self.latest


def lately(told: Told, at_s: float, steps: Sequence[float] = (6.0, 4.5, 3.0, 2.0, 1.0, 0.0, -0.5)) -> list[Flat]:
    """What was true in the seconds before an instant."""
    return [truth_at(told, round((at_s - back) * 1000)) for back in steps]


def unverified_in(seen: Seen) -> set[str]:
    """The agents of whom a view shows a state that is not verified; one that was never heard of is unknown, which is no doubt."""
    return {name.partition("|")[0] for name, value in seen.values.items() if name.endswith("|unverified_since") and value is not None}


def wrong_values(seen: Seen, around: Sequence[Flat], unverified: set[str]) -> tuple[list[str], list[str]]:
    """The names of what is wrong in a view whatever it is called, and of what is doubtful because of the unverified agents."""
    wrong, doubtful = [], []
    for name in {name for step in around for name in step} & seen.values.keys():
        scope, _, key = name.partition("|")
        if key in OF_AGENT_PRESENCE and scope in unverified:
            continue
        shown = seen.values[name]
        # A queue or agent nobody has named yet has nothing to be equal to.
        true = [step.get(name) for step in around]
        if not agrees(name, shown, true):
            unmarked = key == "talking" or (key in PRESENCE_COUNTS and seen.as_of is not None)
            (doubtful if unmarked and unverified else wrong).append(name)
    return wrong, doubtful


def feed_of(name: str) -> int:
    """On which feed a value stands."""
    key = name.partition("|")[2]
    return 2 if key.startswith("agents_") else 1 if key in OF_AGENT_PRESENCE else 0


class Lasting:
    """What has been wrong for a while without a break."""

    def __init__(self, for_s: float) -> None:
        self._for_s = for_s
        self._since: dict[str, dict[str, float]] = {}

    def note(self, view: str, names: Iterable[str], t: float) -> dict[str, float]:
        """What of a view is wrong at an instant; gives those that have been for longer than allowed, with since when."""
        before = self._since.get(view, {})
        self._since[view] = {name: before.get(name, t) for name in names}
        return {name: since for name, since in self._since[view].items() if t - since > self._for_s}


@dataclass(slots=True)
class Verdict:
    """What came of one span of looking."""

    lie_s: float = 0.0
    doubtful_s: float = 0.0  # counts that stand on unverified agents, wrong and unmarked
    lies: dict[str, float] = field(default_factory=dict)
    detected_at: float | None = None  # the first moment at which any view no longer said live
    right_since: float | None = None  # from then on every view was live and right
    wrong_now: list[str] = field(default_factory=list)


def judge(seen: Sequence[Seen], truth: Truth, began: float, healed: float, until: float) -> Verdict:
    """The verdict on what was seen from the fault's beginning on; `seen` in order of time, values as they were."""
    verdict = Verdict()
    lasting, lying, doubting = Lasting(PASSING_S), Lasting(GRACE_S), Lasting(GRACE_S)
    fine: dict[str, float | None] = {}
    last_t: dict[str, float] = {}
    unverified: dict[str, set[str]] = {}
    for each in seen:
        unverified[each.view] = unverified_in(each)
        if not began - GRACE_S <= each.t <= until:
            continue
        passed = min(2.0, each.t - last_t.get(each.view, each.t))
        last_t[each.view] = each.t
        live_feeds = (each.is_live(0), each.is_live(1), each.is_live(2))
        if each.t >= began and verdict.detected_at is None and not all(live_feeds[:2]):
            verdict.detected_at = each.t
        nobody: tuple[list[str], list[str]] = ([], [])
        looked = any(live_feeds) or each.t >= healed
        around = truth.around(each.t)
        wrong, doubtful = wrong_values(each, around, set().union(*unverified.values())) if looked else nobody
        lies = lying.note(each.view, [name for name in wrong if live_feeds[feed_of(name)]], each.t)
        for name in lies:
            verdict.lies[f"{each.view} {name}"] = verdict.lies.get(f"{each.view} {name}", 0.0) + passed
        verdict.lie_s += passed if lies else 0.0
        verdict.doubtful_s += passed if doubting.note(each.view, doubtful, each.t) else 0.0
        # What is wrong and marked is not healed by being marked, except counts that wait for a word of an agent.
        still = lasting.note(each.view, [name for name in wrong if feed_of(name) != 2 or live_feeds[2]], each.t)
        if each.t >= began:
            is_fine = all(live_feeds[:2]) and not still
            fine[each.view] = (fine.get(each.view) or each.t) if is_fine else None
            if not is_fine:
                told = [f"{name}: {each.values[name]!r} not of {[step.get(name) for step in around]}" for name in list(still)[:8]]
                verdict.wrong_now = [f"{each.view} {each.levels}", *told]
    if fine and all(at is not None for at in fine.values()):
        verdict.right_since = max(at for at in fine.values() if at is not None)
        verdict.wrong_now = []
    return verdict
