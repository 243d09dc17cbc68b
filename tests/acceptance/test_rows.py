"""Every row of the acceptance list has at least one test that names it."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
# TX-18 is about reports, which are another piece of work.
ROWS = [f"TX-{number:02d}" for number in (*range(1, 18), *range(19, 24))]
MARK = re.compile(r"""mark\.acceptance\(\s*["'](TX-\d\d)["']""")


def test_every_row_has_a_test_that_names_it() -> None:
    """Marks of test files, wherever they are."""
    named = {row for path in TESTS.rglob("test_*.py") for row in MARK.findall(path.read_text(encoding="utf-8"))}
    assert [row for row in ROWS if row not in named] == []
    assert named <= {*ROWS, "TX-18"}


@pytest.mark.parametrize("row", ROWS)
def test_the_tests_of_a_row_stand_where_a_run_finds_them(row: str) -> None:
    """A mark in a file that no run collects would cover nothing."""
    bearing = [path for path in TESTS.rglob("*.py") if f'acceptance("{row}")' in path.read_text(encoding="utf-8")]
    assert bearing
    assert all(path.name.startswith("test_") for path in bearing)
