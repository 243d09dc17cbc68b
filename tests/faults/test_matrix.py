"""Every row of the fault catalogue has a test that names it, or a written reason why it has none."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
ROW = re.compile(r"^\| ([A-E]\d+) \|", re.MULTILINE)
REASON = re.compile(r"^- \*\*([A-E]\d+(?:, [A-E]\d+)*)\.?\*\*", re.MULTILINE)
LETTERS = {"A": 20, "B": 7, "C": 14, "D": 11, "E": 6}


def rows() -> list[str]:
    """The catalogue's rows, in its order."""
    return ROW.findall((ROOT / "docs/faults.md").read_text(encoding="utf-8"))


def reasons() -> set[str]:
    """The rows that docs/reliability.md says have no test, with why."""
    _, _, section = (ROOT / "docs/reliability.md").read_text(encoding="utf-8").partition("## Rows without a test")
    section = section.partition("\n## ")[0]
    return {row for named in REASON.findall(section) for row in named.split(", ")}


def marks(tree: ast.AST) -> Iterator[str]:
    """What every `pytest.mark.fault(...)` of a file names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "fault":
            for each in node.args:
                assert isinstance(each, ast.Constant), ast.unparse(node)
                yield str(each.value)


@cache
def named() -> dict[str, list[Path]]:
    """The test files that name each row."""
    found: dict[str, list[Path]] = {}
    for path in sorted(TESTS.rglob("*.py")):
        for row in marks(ast.parse(path.read_text(encoding="utf-8"))):
            found.setdefault(row, []).append(path.relative_to(ROOT))
    return found


def test_the_catalogue_is_whole() -> None:
    """No row is lost, none is there twice."""
    assert rows() == [f"{letter}{number}" for letter, most in LETTERS.items() for number in range(1, most + 1)]


@pytest.mark.parametrize("row", rows())
def test_a_row_has_a_test_or_a_reason(row: str) -> None:
    """And never both: a reason that has become untrue is taken away."""
    assert (row in named()) != (row in reasons())


def test_marks_stand_where_a_run_finds_them_and_name_real_rows() -> None:
    """A mark in a file that no run collects, or for a row that does not exist, would cover nothing."""
    for row, paths in named().items():
        assert row in rows(), (row, paths)
        assert all(path.name.startswith("test_") for path in paths), paths
