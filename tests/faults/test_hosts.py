"""Two workers and two web servers on hosts of their own, one Redis, one PostgreSQL: whatever is cut, every browser ends right."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from tests.faults.hosts import CannotSwitch, Installation, Network
from tests.faults.judge import Seen, Tail, Truth, Verdict, judge

SEED = 4711
SECONDS = 260.0
MOVES_WITHIN_S = 10.0  # what the product promises after a worker's death
LEASE_S = 8.0
RIGHT_WITHIN_S = 30.0
LOOKED_AT_S = 10.0


@pytest.fixture
def installation() -> Iterator[Installation]:
    """Everything up and live; skipped where no networks can be made, which is a failure in CI as root."""
    try:
        with Network() as network, Installation(network, SEED, SECONDS) as made:
            yield made
    except CannotSwitch as why:
        if os.environ.get("CI", "").lower() in ("1", "true") and os.geteuid() == 0:
            raise
        pytest.skip(str(why))


class Watch:
    """What the browsers on the host `look` see, of both organisations."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.spans: list[tuple[str, float, float, float]] = []
        self._tails = [Tail(installation.seen(name)) for name in ("one", "two")]

    def latest(self) -> list[tuple[int, Seen]]:
        """Every view of this moment with the number of its organisation."""
        return [(number, each) for number, tail in enumerate(self._tails) for _, each in sorted(tail.now().items())]

    def until_live(self) -> float:
        """Waits until every browser of both organisations is live, and a while longer for the judge to look at."""
        took = until(lambda: len(self.latest()) == 8 and all(self.live(each) for _, each in self.latest()), RIGHT_WITHIN_S, self.why)
        time.sleep(LOOKED_AT_S)
        return took

    @staticmethod
    def live(seen: Seen) -> bool:
        """Whether everything of a view is shown as live."""
        return seen.is_live(0) and seen.is_live(1)

    def why(self) -> object:
        """What there is to see when it takes too long."""
        return [f"{each.view} {each.levels}" for _, each in self.latest()], self.installation.said("in1")[-1500:]

    def verdicts(self) -> Iterator[tuple[str, Verdict]]:
        """What a strict judge says of each span and organisation."""
        first, last = min(began for _, began, _, _ in self.spans), max(until for _, _, _, until in self.spans)
        for number, name in enumerate(("one", "two")):
            truth = Truth.of(self.installation.tolds[number], round((first - 22) * 1000), round(last * 1000) + 2000, step_s=2.0)
            seen = list(Tail(self.installation.seen(name)).more())
            for what, began, healed, until in self.spans:
                yield f"{what}, organisation {name}", judge(seen, truth, began, healed, until)


def until(true: Callable[[], object], within_s: float, why: Callable[[], object]) -> float:
    """Asks often until it is true; gives the seconds it took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < within_s, why()
        time.sleep(0.1)
    return time.monotonic() - began


@pytest.mark.heavy
@pytest.mark.timeout(420)
@pytest.mark.fault("A2", "C1", "C2", "C7", "D4")
def test_workers_web_servers_and_the_vendor_are_cut_off_one_after_the_other(installation: Installation) -> None:
    """A worker killed, a worker's host cut, a web server's host cut, the vendor's host cut; each healed, each time everybody right."""
    network, watch = installation.network, Watch(installation)
    figures: dict[str, float] = {}
    until(lambda: watch.latest() and all(each.is_live(0) for _, each in watch.latest()), 60, watch.latest)
    installation.present()
    figures["both organisations live on both web servers"] = watch.until_live()

    def span(what: str, began: float, healed: float) -> None:
        figures[f"live again after {what}"] = watch.until_live()
        watch.spans.append((what, began, healed, time.time()))
        assert all(len(hosts) == 1 for hosts in holders_in_the_end()), installation.holders()

    def holders_in_the_end() -> list[set[str]]:
        until(lambda: all(len(hosts) == 1 for hosts in installation.holders()), 25, installation.holders)
        return installation.holders()

    # 1. kill -9 of the worker that holds the first source; everything it held moves.
    (victim,) = installation.holders()[0]
    held = [number for number, hosts in enumerate(installation.holders()) if victim in hosts]
    before = installation.leases()
    assert len(before) == 2
    # The organisations' names, default and other, stand in the order of the vendors.
    mine = [name for name, hosts in zip(sorted(before), installation.holders(), strict=True) if victim in hosts]
    began = time.time()
    installation.processes[victim].send_signal(signal.SIGKILL)
    installation.processes[victim].wait(timeout=10)

    def moved() -> bool:
        now = installation.leases()
        return all(name in now and now[name] != before[name] for name in mine)

    figures["lease moved after kill -9"] = until(moved, MOVES_WITHIN_S + 1, installation.leases)
    span("kill -9 of a worker", began, began)
    assert all(victim not in installation.holders()[number] for number in held)
    installation.start(victim, sys.executable, "manage.py", "ingest")

    # 2. The other worker's host loses its cable: half-open for everybody else.
    (victim,) = installation.holders()[0]
    before = installation.leases()
    began = time.time()
    network.cut(victim)
    figures["lease moved after a cut cable"] = until(
        lambda: all(name in (now := installation.leases()) and now[name] != before[name] for name in before),
        LEASE_S + MOVES_WITHIN_S,
        installation.leases,
    )
    figures["live while a worker's host is cut off"] = watch.until_live()
    network.mend(victim)
    span("a worker's cut cable", began, time.time())
    assert victim not in installation.holders()[0]

    # 3. A web server's host: its browsers are late in time, the other's never notice.
    began = time.time()
    network.cut("web1")
    mine_late = lambda: all(not each.is_live(0) for _, each in watch.latest() if each.view.startswith("web1"))  # noqa: E731
    figures["browsers of a cut web server late after"] = until(mine_late, 16.5, watch.latest)
    assert all(each.is_live(0) for _, each in watch.latest() if each.view.startswith("web2"))
    network.mend("web1")
    span("a web server's cut cable", began, time.time())

    # 4. The vendor's host: half-open for the worker.
    began = time.time()
    network.cut("vendor")
    nobody_live = lambda: not any(each.is_live(0) for _, each in watch.latest())  # noqa: E731
    figures["half-open vendor told after"] = until(nobody_live, 20, watch.latest)
    network.mend("vendor")
    span("the vendor's cut cable", began, time.time())

    installation.present()
    print("\n".join(f"{what}: {seconds:.1f} s" for what, seconds in figures.items()))
    for what, verdict in watch.verdicts():
        assert verdict.lie_s == 0, (what, verdict.lies)
        assert verdict.right_since is not None, (what, verdict.wrong_now)
        healed = next(healed for named, _, healed, _ in watch.spans if what.startswith(named))
        assert verdict.right_since - healed <= RIGHT_WITHIN_S, (what, verdict.right_since - healed)
