"""A backfill as a real process, killed and told to stop."""

import random
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.backfill.house import House
from tests.backfill.month import FIRST, LAST, NOW_MS, month, told_by
from tests.upstream import ScriptableUpstream, UpstreamThread

# The product's now is the made-up month's.
DAYS = 30


@pytest.fixture
def vendor() -> Iterator[UpstreamThread]:
    """A vendor that tells thirty days."""
    upstream = ScriptableUpstream()
    told_by(upstream, month(calls=150).rows)
    with UpstreamThread(upstream) as thread:
        yield thread


def house_of(thread: UpstreamThread, var_dir: Path) -> House:
    """An installation whose clock says that the month is just over."""
    house = House(var_dir, thread.upstream.historic_url)
    house.environment["CLOCK_OFFSET_S"] = f"{NOW_MS / 1000 - time.time():.0f}"
    return house


def stopped(house: House, thread: UpstreamThread) -> tuple[int, str]:
    """A run that gets a Ctrl-C in the middle: its exit code, and the last line it said."""
    before, process = len(thread.upstream.asked), house.backfill(FIRST, LAST)
    while len(thread.upstream.asked) < before + 5 and process.poll() is None:
        time.sleep(0.002)
    process.send_signal(signal.SIGINT)
    _, wrong = process.communicate(timeout=30)
    return process.returncode, wrong.splitlines()[-1]


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_thirty_days_killed_five_times_at_random_ends_with_the_same_rows_as_uninterrupted(vendor: UpstreamThread, var_dir: Path) -> None:
    """kill -9 while it works, and a Ctrl-C that says how to go on: every row but for when it was written, and the days that are done."""
    killed = house_of(vendor, var_dir)
    other = Path(tempfile.mkdtemp(prefix="wb-"))
    whole = killed.twin(other)
    chance, kills = random.Random(time.time_ns()), 0
    while kills < 5:
        before = len(vendor.upstream.asked)
        process = killed.backfill(FIRST, LAST)
        # Some answers further than the last time, so that it dies in the middle of its work.
        wanted = before + chance.randrange(3, 25)
        while len(vendor.upstream.asked) < wanted and process.poll() is None:
            time.sleep(0.002)
        time.sleep(chance.random() * 0.05)
        assert process.poll() is None, process.communicate()
        process.kill()
        process.communicate()
        kills += 1
    told = stopped(killed, vendor)
    assert told == (130, "Stopped. What was read is kept; the same command goes on from there.")
    asked = len(vendor.upstream.asked)
    last = killed.backfill(FIRST, LAST)
    said, wrong = last.communicate(timeout=100)
    assert (last.returncode, "Traceback" in wrong) == (0, False), said
    through = len(vendor.upstream.asked) - asked
    assert 0 < through < DAYS * 6, "it began at the beginning"
    whole.environment["CLOCK_OFFSET_S"] = killed.environment["CLOCK_OFFSET_S"]
    process = whole.backfill(FIRST, LAST)
    assert process.wait(100) == 0
    expected, found = whole.rows(), killed.rows()
    shutil.rmtree(other)
    assert len(expected["calls"]) == month(calls=150).calls > 140
    assert [day[3] for day in expected["days"]] == ["done"] * DAYS
    for table, rows in expected.items():
        assert found[table] == rows, table
