"""A busy hour with one fault after the other over the whole product: no lie-second, and right within thirty seconds of healing."""

import pytest

from tests.faults.campaign import HEALED_WITHIN_S, Round, run
from tests.faults.judge import GRACE_S, Seen, Truth, judge
from tests.faults.menu import MENU, NOTHING, Planned, schedule

# Beside what the seed chooses, so that each run has the faults a contact centre meets most.
SURE = {True: ("kill -9 worker", "cut stream"), False: ("half_open web-store", "stop store")}


def planned(seed: int, *, embedded: bool) -> list[Planned]:
    """Two faults that are always there, and two of the seed's choice."""
    chosen = schedule(seed, 4, 12.0, embedded=embedded)
    sure = [Planned(name, 0.0 if name.startswith("kill") else 10.0, 2.0) for name in SURE[embedded]]
    return [*sure, *[each for each in chosen if each.name not in SURE[embedded]][:2]]


@pytest.mark.heavy
@pytest.mark.timeout(420)
@pytest.mark.fault("A1", "A2", "A5", "C1", "C2", "C4", "C7", "D4", "D5")
@pytest.mark.parametrize(("seed", "embedded", "standby"), [(1201, True, False), (1302, False, True)], ids=["embedded", "links"])
def test_a_busy_hour_of_faults_has_no_lie_second_and_heals_in_time(seed: int, embedded: bool, standby: bool) -> None:
    """Real processes, real links, the oracle; the schedule is printed when it fails."""
    round_ = run(Round(seed, planned(seed, embedded=embedded), embedded, standby))
    print("\n".join(result.row() for result in round_.results))
    assert not round_.faults(), "\n".join([str(round_), *round_.faults()])


def seen(t: float, shown: int, level: str = "live") -> Seen:
    """A board that shows one number."""
    return Seen(t, "board", None, {"telavox": [level] * 3}, {"site|waiting": shown})


TRUE = Truth(0, [{"site|waiting": 1} for _ in range(60)], 2.0)


def test_the_judge_counts_lie_seconds_from_the_sixteenth_second_of_a_wrong_number_shown_as_live() -> None:
    """Wrong for forty seconds is a lie of twenty-five; marked late it is none; wrong for less than the grace is none."""
    wrong = [seen(20 + n * 0.5, 1 if n < 20 or n >= 100 else 7) for n in range(140)]
    verdict = judge(wrong, TRUE, 30, 70, 90)
    assert 22 <= verdict.lie_s <= 40 - GRACE_S + 1
    assert verdict.detected_at is None
    assert verdict.right_since is not None
    assert judge([seen(each.t, each.values["site|waiting"], "late") for each in wrong], TRUE, 30, 70, 90).lie_s == 0
    short = [seen(20 + n * 0.5, 7 if 20 <= n < 46 else 1) for n in range(140)]
    assert judge(short, TRUE, 30, 43, 90).lie_s == 0


def test_the_judge_calls_nothing_healed_that_is_wrong_or_late_at_the_end() -> None:
    """Live and wrong, and right and late, are both not healed."""
    assert judge([seen(20 + n * 0.5, 7) for n in range(100)], TRUE, 30, 40, 70).right_since is None
    assert judge([seen(20 + n * 0.5, 1, "late") for n in range(100)], TRUE, 30, 40, 70).right_since is None


def test_a_schedule_is_of_its_seed_and_offers_everything_before_anything_twice() -> None:
    """The same seed the same faults; no link faults where the Redis has no link; never the control."""
    assert schedule(7, 12, 20.0, embedded=False) == schedule(7, 12, 20.0, embedded=False)
    everything = schedule(7, len(MENU) - 1, 20.0, embedded=False)
    assert {each.name for each in everything} == set(MENU) - {NOTHING}
    assert not [each for each in schedule(8, 60, 20.0, embedded=True) if "-store" in each.name]
    assert all(each.seconds <= 20.0 for each in everything)
    assert HEALED_WITHIN_S == 30.0
