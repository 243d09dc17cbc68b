"""The household of children, with small programs in place of the real ones."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT

PARENT = """
import os, sys, time
from stats.processes import Child, Household, spawn

def program(text):
    return lambda: spawn([sys.executable, "-c", text], os.environ)

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
POLITE = "import time; print('here', flush=True); time.sleep(60)"
BRIEF = "print('again', flush=True)"

with Household() as household:
    for text in sys.argv[1:]:
        household.raise_child(Child("one", program(globals()[text])))
    print("tending", flush=True)
    household.tend()
print("ended", flush=True)
"""


def parent(*texts: str) -> "subprocess.Popen[str]":
    """A parent of such children, in a process of its own."""
    return subprocess.Popen([sys.executable, "-c", PARENT, *texts], cwd=ROOT, stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL)


def lines_until(process: "subprocess.Popen[str]", word: str) -> list[str]:
    """What it prints up to the word."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.strip())
        if lines[-1] == word:
            return lines
    pytest.fail(f"{word} never came; came {lines}")


def test_a_child_that_ignores_sigterm_is_killed_in_time() -> None:
    """Four seconds of patience, not more."""
    process = parent("STUBBORN")
    lines_until(process, "deaf")
    began = time.monotonic()
    process.terminate()
    assert process.wait(timeout=10) == 0
    assert 3.0 < time.monotonic() - began < 9.0, "four, and what a loaded machine takes"


def test_polite_children_end_at_once() -> None:
    """No patience is spent on those who need none."""
    process = parent("POLITE", "POLITE")
    lines_until(process, "here")
    lines_until(process, "here")
    began = time.monotonic()
    process.terminate()
    assert process.wait(timeout=10) == 0
    assert time.monotonic() - began < 3.5, "less than the patience"


def test_a_child_that_keeps_dying_is_started_again_with_growing_pauses() -> None:
    """Three starts in the first seconds, then slower: no hot loop."""
    process = parent("BRIEF")
    began = time.monotonic()
    for _ in range(4):
        lines_until(process, "again")
    assert 1.5 < time.monotonic() - began < 12.0
    process.terminate()
    assert process.wait(timeout=10) == 0


def test_the_children_of_a_killed_parent_die_with_it(tmp_path: Path) -> None:
    """Even one that ignores SIGTERM."""
    process = parent("STUBBORN")
    lines_until(process, "deaf")
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert children
    process.kill()
    process.wait()
    deadline = time.monotonic() + 5
    while any(_lives(int(pid)) for pid in children):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_pauses_are_earned_back_by_thirty_seconds_of_life() -> None:
    """A child that lived long starts again at once, whatever it did before."""
    from stats.processes import EARNED_S, PAUSES_S, Child

    ended = [subprocess.Popen(["/bin/true"]) for _ in range(4)]
    for each in ended:
        each.wait()
    starts = iter(ended)
    child = Child("one", lambda: next(starts))
    now_s = time.monotonic()
    child.look_after(now_s)
    for pause in PAUSES_S[:2]:
        due_s = child.look_after(now_s)
        assert due_s == pytest.approx(now_s + pause)
        now_s = due_s
        child.look_after(now_s)
    now_s = time.monotonic() + EARNED_S + 1
    assert child.look_after(now_s) == pytest.approx(now_s + PAUSES_S[0])
