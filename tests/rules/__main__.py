"""`python -m tests.rules [WORDS ...]`: rule by rule, the product without it, and whether a test turns red.

Works on copies; the checkout is never touched. First all the tests are run with every rule in its place, and must be green. Exits 1
when a rule's absence goes unnoticed.
"""

import argparse
import compileall
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.rules import trial
from tests.rules.catalogue import RULES
from tests.rules.rule import Rule, is_there

ROOT = Path(__file__).resolve().parents[2]
LONGEST_S = 120.0
ALL_LONGEST_S = 600.0
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "var", "__pycache__", "*.pyc", ".mypy_cache", ".ruff_cache", ".hypothesis", "node_modules"
)


def copies_of(number: int, place: Path) -> list[Path]:
    """So many copies of the checkout, compiled: what is left as it is need not be compiled by each trial."""
    first = Path(shutil.copytree(ROOT, place / "copy0", ignore=LEFT_OUT))
    compileall.compile_dir(first, quiet=2)
    return [first, *(Path(shutil.copytree(first, place / f"copy{n}")) for n in range(1, number))]


def green(rules: Sequence[Rule], copies: Sequence[Path]) -> set[str]:
    """The tests that fail although no rule is missing: those that are not there, and those that fail twice in a row."""
    tests = sorted({test for rule in rules for test in rule.tests})
    missing = {test for test in tests if not is_there(test, copies[0])}
    once = failing([test for test in tests if test not in missing], copies)
    if once:
        print(f"failed with every rule in its place: {', '.join(sorted(once))}", flush=True)
    return missing | (failing(sorted({test.partition("[")[0] for test in once}), copies) if once else set())


def failing(tests: Sequence[str], copies: Sequence[Path]) -> set[str]:
    """Those of these tests that fail. Those that drive a browser run apart: no coroutine is tested beside them."""
    failed: set[str] = set()
    waiting = ["not page", "page"]
    running: list[trial.Trial] = []
    free = list(copies)
    while waiting or running:
        while waiting and free:
            running.append(trial.begin(free.pop(), tests, "-m", waiting.pop(0), "--timeout", "100", within_s=ALL_LONGEST_S))
        ended = next(over(running))
        running.remove(ended)
        free.append(ended.output.with_suffix(""))
        code, said = ended.verdict()
        if code == trial.RED:
            failed.update(said)
        if code not in (trial.GREEN, trial.RED, trial.NONE_CHOSEN) or trial.NO_END in said:
            sys.exit(f"the tests cannot be run:\n{ended.output.read_text(encoding='utf-8')}")
    return failed


def over(running: Sequence[trial.Trial]) -> Iterator[trial.Trial]:
    """Each trial that has ended, as it ends."""
    while True:
        yield from [each for each in running if each.has_ended()]
        time.sleep(0.02)


def without(rule: Rule, copy: Path) -> tuple[trial.Trial, tuple[Path, bytes, os.stat_result]]:
    """Starts the rule's tests in a copy that lacks it; also what must be put back."""
    file = copy / rule.path
    before = (file, file.read_bytes(), file.stat())
    file.write_text(rule.taken_out(before[1].decode()), encoding="utf-8")
    return trial.begin(copy, list(rule.tests), "-x", "--timeout", "40", within_s=LONGEST_S), before


def judge(rules: Sequence[Rule], copies: Sequence[Path], failed: set[str]) -> Iterator[tuple[Rule, bool, str, float]]:
    """(rule, whether a test misses it, which or what is wrong, seconds), as they are found out."""
    waiting, free = list(rules), list(copies)
    running: dict[int, tuple[Rule, Path, trial.Trial, tuple[Path, bytes, os.stat_result]]] = {}
    try:
        while waiting or running:
            while waiting and free:
                rule = waiting.pop(0)
                sick = [test for test in failed if test.partition("[")[0] in rule.tests or test.partition("::")[0] in rule.tests]
                if sick:
                    yield rule, False, f"not green to begin with: {sick[0]}", 0.0
                    continue
                try:
                    started, before = without(rule, free[-1])
                except ValueError as wrong:
                    yield rule, False, str(wrong), 0.0
                    continue
                running[started.pid] = (rule, free.pop(), started, before)
            if not running:
                continue
            ended = next(over([each[2] for each in running.values()]))
            rule, copy, _, (file, content, stat) = running.pop(ended.pid)
            code, said = ended.verdict()
            file.write_bytes(content)
            os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
            free.append(copy)
            noticed = code == trial.RED
            yield rule, noticed, said[0] if noticed or code != trial.GREEN else "nothing turned red", time.monotonic() - ended.began
    finally:
        for _, _, started, _ in running.values():
            started.kill()


def main() -> None:
    """Prints a line per rule and place."""
    parser = argparse.ArgumentParser(prog="python -m tests.rules", description="Which test misses each safety rule of docs/reliability.md?")
    parser.add_argument("words", nargs="*", help="only rules whose name or file contains one of these")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--list", action="store_true", help="only say which rules there are")
    asked = parser.parse_args()
    chosen = [r for r in RULES if not asked.words or any(word.lower() in r.identity.lower() for word in asked.words)]
    if asked.list:
        for rule in chosen:
            print(rule.identity, *rule.tests, sep="\n    ")
        return
    os.environ.setdefault("SCHEDULES", "2000")
    trial.warm()
    began, unnoticed = time.monotonic(), 0
    place = Path(tempfile.mkdtemp(prefix="wbrules-"))
    try:
        copies = copies_of(asked.jobs, place)
        failed = green(chosen, copies)
        print(f"{'sick: ' + ', '.join(sorted(failed)) if failed else 'green'} after {time.monotonic() - began:.0f} s", flush=True)
        # Those in a compiled tree must not be written to: the file that lacks a rule is compiled anew each time.
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        sys.dont_write_bytecode = True
        for rule, noticed, said, took_s in judge(chosen, copies, failed):
            unnoticed += not noticed
            print(
                f"{'red        ' if noticed else 'NOT NOTICED'} {took_s:5.1f} s  {rule.identity}\n                     {said}", flush=True
            )
    finally:
        shutil.rmtree(place, ignore_errors=True)
    print(f"{len(chosen) - unnoticed} of {len(chosen)} are missed by a test when they are gone ({time.monotonic() - began:.0f} s)")
    sys.exit(1 if unnoticed else 0)


if __name__ == "__main__":
    main()
