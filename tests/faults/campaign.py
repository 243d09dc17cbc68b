"""A campaign: a busy hour, one fault after the other, and what was shown meanwhile judged against what was true.

`python -m tests.faults.campaign --seed S --faults N --seconds D` runs any number by hand and prints a table: fault, detected after,
healed after, lie-seconds. `--only "cut stream"` picks faults by name, `--fault-seconds` gives each the same length (up to ten minutes).
"""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.acceptance.product import NotInTime
from tests.faults.floor import ZONE, known
from tests.faults.house import House
from tests.faults.judge import Tail, Truth, Verdict, _day, feed_of, judge, lately, unverified_in, wrong_values
from tests.faults.menu import AT_ONCE, MENU, Planned, schedule
from tests.oracle.compare import differences
from tests.oracle.slow import live

HEALED_WITHIN_S = 30.0
PER_ROUND = 4
START_S = 30.0
# Of presence that nobody has told since a gap; said again before the last comparison.
LAST_S = 20.0


@dataclass(slots=True)
class Result:
    """One fault and what came of it. Seconds; None for never."""

    planned: Planned
    began: float
    healed: float
    until: float = 0.0
    verdict: Verdict = field(default_factory=Verdict)

    @property
    def detected_after(self) -> float | None:
        """From the fault to the first view that no longer said live."""
        return None if self.verdict.detected_at is None else self.verdict.detected_at - self.began

    @property
    def healed_after(self) -> float | None:
        """From the healing until every view was live and right, and stayed so."""
        return None if self.verdict.right_since is None else max(0.0, self.verdict.right_since - self.healed)

    def faults(self) -> list[str]:
        """In words, what must not be."""
        found = []
        if self.verdict.lie_s:
            worst = sorted(self.verdict.lies.items(), key=lambda each: -each[1])[:12]
            found.append(f"{self.planned}: {self.verdict.lie_s:.1f} lie-seconds: {worst}")
        if self.healed_after is None or self.healed_after > HEALED_WITHIN_S:
            found.append(f"{self.planned}: healed after {self.healed_after}; {self.verdict.wrong_now}")
        return found

    def row(self) -> str:
        """For the table."""
        told = [f"{value:.1f} s" if value is not None else "—" for value in (self.detected_after, self.healed_after)]
        length = "" if self.planned.name in AT_ONCE else f", {self.planned.seconds:.0f} s"
        return f"| {self.planned.name.replace('_', '-')}{length} | {told[0]} | {told[1]} | {self.verdict.lie_s:.0f} |"


@dataclass(slots=True)
class Round:
    """One house and its faults."""

    seed: int
    plan: Sequence[Planned]
    embedded: bool
    standby: bool
    results: list[Result] = field(default_factory=list)
    last: list[str] = field(default_factory=list)
    vendor_late_s: float = 0.0  # the disorder of a second included; more than a few say that the machine was too slow to judge by

    def faults(self) -> list[str]:
        """Everything that must not be."""
        return [text for result in self.results for text in result.faults()] + [f"at the end: {text}" for text in self.last[:20]]

    def __str__(self) -> str:
        where = "embedded Redis" if self.embedded else "Redis of its own"
        late = f" (the vendor itself was up to {self.vendor_late_s:.1f} s late)"
        return f"seed {self.seed}, {where}{', standby worker' if self.standby else ''}{late}: " + "; ".join(map(str, self.plan))


def run(round_: Round) -> Round:
    """Lives through it; the verdicts are in `results`."""
    seconds = START_S + LAST_S + sum(each.seconds + each.calm + HEALED_WITHIN_S for each in round_.plan)
    with House(round_.seed, seconds, embedded=round_.embedded, standby=round_.standby) as house:
        tail = Tail(house.seen)
        for planned in round_.plan:
            time.sleep(planned.calm)
            began = time.time()
            undo = MENU[planned.name](house)
            time.sleep(planned.seconds)
            undo()
            healed = time.time()
            _until_right(house, healed, tail)
            round_.results.append(Result(planned, began, healed, time.time()))
        round_.last = _last(house)
        round_.vendor_late_s = float(house.vendor.present()["late_s"])
        first = round_.results[0].began if round_.results else time.time()
        seen = list(Tail(house.seen).more())
    truth = Truth.of(house.told, round((first - 20) * 1000), round(time.time() * 1000))
    for result in round_.results:
        result.verdict = judge(seen, truth, result.began, result.healed, result.until)
    return round_


def _until_right(house: House, healed: float, tail: Tail) -> None:
    """Waits until the API and the boards are live and right again, or have had their time; the judge looks closer afterwards."""
    while time.time() - healed < HEALED_WITHIN_S + 2:
        time.sleep(2.0)
        now, latest = time.time(), tail.now()
        if not all(each.is_live(0) and each.is_live(1) for each in latest.values()):
            continue
        unverified = set().union(*map(unverified_in, latest.values()))
        around = lately(house.told, now)
        wrong = [(each, name) for each in latest.values() for name in wrong_values(each, around, unverified)[0]]
        if not any(each.is_live(feed_of(name)) for each, name in wrong):
            return


def _last(house: House) -> list[str]:
    """The vendor falls silent and has said how everybody is: every number of one instant, exactly."""
    house.vendor.present()
    time.sleep(1.0)
    day = _day(house.told)
    found: list[str] = ["nothing was compared"]
    deadline = time.monotonic() + LAST_S
    while found and time.monotonic() < deadline:
        answer = house.product.live()
        # Frames are up to a second on their way: a difference counts when none of the last instants has it.
        sets = []
        for back in (0, 250, 500, 750, 1000, 1250):
            at = answer["as_of"] - back
            sets.append(set(_differences(live(known(day, at), as_of_ms=at, timezone=ZONE), answer)))
        names = [{line.partition(":")[0] + line.partition(":")[2].partition(":")[0] for line in each} for each in sets]
        still = set.intersection(*names)
        found = [line for line in sorted(sets[0]) if line.partition(":")[0] + line.partition(":")[2].partition(":")[0] in still]
    return found


def _differences(expected: dict[str, object], answer: dict[str, object]) -> list[str]:
    skipped = (".state_since", ".verified", ".unverified_since", "longest_wait_window")
    return [line for line in differences(expected, answer) if not any(word in line for word in skipped)]


def rounds(
    seed: int, faults: int, most_s: float, only: Sequence[str] = (), exactly_s: float | None = None, *, standby: bool = False
) -> list[Round]:
    """A schedule cut into houses of a few faults each; every third has a second worker, all of them when asked."""
    made: list[Round] = []
    for number, first in enumerate(range(0, faults, PER_ROUND)):
        embedded, has_standby = number % 2 == 0, standby or number % 3 == 1
        plan = schedule(seed + number, min(PER_ROUND, faults - first), most_s, embedded=embedded)
        if only:
            names = [only[(first + n) % len(only)] for n in range(len(plan))]
            embedded = embedded and not any("-store" in name for name in names)
            plan = [Planned(name, 0.0 if name in AT_ONCE else each.seconds, each.calm) for name, each in zip(names, plan, strict=True)]
        if exactly_s is not None:
            plan = [Planned(each.name, 0.0 if each.name in AT_ONCE else exactly_s, each.calm) for each in plan]
        made.append(Round(seed + number, plan, embedded, has_standby))
    return made


def main() -> None:
    """See the module."""
    asked = argparse.ArgumentParser(prog="python -m tests.faults.campaign", description="Faults in a busy hour, judged.")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--faults", type=int, default=8)
    asked.add_argument("--seconds", type=float, default=25.0, help="the longest fault")
    asked.add_argument("--fault-seconds", type=float, default=None, help="every fault this long (at most 600)")
    asked.add_argument("--only", action="append", default=[], choices=sorted(MENU), metavar="FAULT")
    asked.add_argument("--standby", action="store_true", help="a second worker in every house")
    options = asked.parse_args()
    exactly_s = None if options.fault_seconds is None else min(600.0, options.fault_seconds)
    failed = False
    print("| fault | detected after | healed after | lie-seconds |\n|---|---|---|---|")
    for each in rounds(options.seed, options.faults, options.seconds, options.only, exactly_s, standby=options.standby):
        try:
            run(each)
        except (NotInTime, AssertionError, OSError) as why:
            print(f"{each}\n{type(why).__name__}: {why}", file=sys.stderr)
            failed = True
            continue
        print("\n".join(result.row() for result in each.results), flush=True)
        if each.faults():
            failed = True
            print("\n".join([str(each), *each.faults()]), file=sys.stderr, flush=True)
        doubtful = sum(result.verdict.doubtful_s for result in each.results)
        if doubtful:
            print(f"seed {each.seed}: {doubtful:.0f} s of unmarked counts beside unverified agents", file=sys.stderr, flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
