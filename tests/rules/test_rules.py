"""The list of rules and the bench that takes them out agree, and every rule can be taken out."""

import ast
import re
from pathlib import Path

import pytest

from tests.rules.catalogue import RULES
from tests.rules.rule import Rule, is_there

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| \*\*(.+?)\.?\*\*.*\| (`.+`) \|$", re.MULTILINE)


def listed() -> dict[str, set[str]]:
    """The rules in the tables of docs/reliability.md, by their bold words, and the files that are said to keep each."""
    sections = (ROOT / "docs/reliability.md").read_text(encoding="utf-8").split("\n## ")
    rows = [row for section in sections if section.startswith("Rules that keep ") for row in ROW.findall(section)]
    assert len(rows) == len({name for name, _ in rows}), "one row for each"
    return {name: set(re.findall(r"`(.+?)`", where)) for name, where in rows}


def test_every_rule_of_the_list_can_be_taken_out_and_is_listed_with_its_places() -> None:
    """Both ways."""
    kept: dict[str, set[str]] = {}
    for rule in RULES:
        kept.setdefault(rule.name, set()).add(rule.path.removeprefix("stats/").removeprefix("wallboard/"))
    assert listed() == kept


def test_no_two_entries_are_the_same() -> None:
    """A rule, a file, and where needed a part of it."""
    identities = [rule.identity for rule in RULES]
    assert len(identities) == len(set(identities))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.identity)
def test_the_lines_that_keep_a_rule_are_where_the_bench_looks_for_them(rule: Rule) -> None:
    """Once, and what stays is still a program; its tests exist."""
    without = rule.taken_out((ROOT / rule.path).read_text(encoding="utf-8"))
    if rule.path.endswith(".py"):
        ast.parse(without)
    assert without != (ROOT / rule.path).read_text(encoding="utf-8")
    assert rule.tests
    for test in rule.tests:
        assert is_there(test, ROOT), test
