"""The registry of definitions: whole, in words, and the same as docs/metrics.md."""

import re
from pathlib import Path

import pytest
from django.utils.translation import override

from stats.domain.definitions import DEFINITIONS, WORDS, definition, level_of
from stats.domain.metrics import VARIANTS
from stats.domain.receipts import visit_amounts
from stats.domain.sums import agent_numbers, queue_numbers
from tests.laws.road import AGENT_NOT_TODAY
from wallboard.api.live_document import NOW
from wallboard.pages import definition_words
from wallboard.pages.definitions import entry_of, fits

METRICS = (Path(__file__).resolve().parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
NO_NUMBERS = {"calls_in.spark", "known", "id", "account_id", "name", "source", "service_levels", "short_excluded"}


def documented(heading: str) -> set[str]:
    """The ids in the tables of a chapter of docs/metrics.md."""
    chapter = METRICS.split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in chapter.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([a-z_0-9.]+)`", row)} - NO_NUMBERS - set(VARIANTS) - set(_STATES)


_STATES = ("unknown", "talking", "ringing", "wrapup", "ready", "idle", "away", "off")


@pytest.mark.parametrize(
    ("place", "headings"), [("queue", ("Queue, now", "Queue, in a window")), ("site", ("Site",)), ("agent", ("Agent",))]
)
def test_every_documented_number_is_in_the_registry_and_the_other_way_round(place: str, headings: tuple[str, ...]) -> None:
    """Words in docs and words on pages speak of the same numbers."""
    told = set().union(*(documented(heading) for heading in headings)) | ({"talking"} if place == "queue" else set())
    told |= {"state"} if place == "agent" else set()
    mine = {each.id for each in DEFINITIONS.values() if each.place == place and "." not in each.id}
    assert mine == told


def test_every_number_that_travels_has_a_definition() -> None:
    """What the API and the boards send can be looked up."""
    queue = {*queue_numbers(visit_amounts({}), "short_excluded"), "longest_wait_window", "sl_budget", *NOW} - {"service_levels"}
    queue = {"longest_wait" if name == "longest_wait_since" else name for name in queue}
    assert {name for name in queue if definition("queue:1", name) is None} == set()
    assert {name for name in queue if definition("site", name) is None} == {"not_answer_risk", "estimated_wait"}
    agent = {*agent_numbers({}), *AGENT_NOT_TODAY} - {"id", "account_id", "name", "key", "source"}
    assert {name for name in agent if definition("agent:1", name) is None} == set()


def test_every_definition_has_words_in_both_languages() -> None:
    """A label, a sentence, and a kind; every part of a formula can be named."""
    assert set(definition_words.WORDS) == set(DEFINITIONS)
    for language in ("en", "sv"):
        with override(language):
            for each in DEFINITIONS.values():
                entry = entry_of(each)
                assert entry.label
                assert entry.what.endswith(".")
                assert entry.kind
                assert not [name for name in each.parts if str(definition_words.label_of(each.place, name)) == name], each.anchor


def test_a_formula_speaks_of_numbers_and_sums_alone() -> None:
    """So that it can be filled in."""
    known = {each.id for each in DEFINITIONS.values()} | set(definition_words.AMOUNTS)
    for each in DEFINITIONS.values():
        assert set(each.parts) <= known, each.anchor
        assert not set(each.parts) & WORDS


def test_the_six_service_levels_are_six_formulas() -> None:
    """One for each variant."""
    assert len({level_of(variant).formula for variant in VARIANTS}) == len(VARIANTS)


def test_a_definition_is_found_by_any_of_its_words() -> None:
    """In whatever case."""
    entry = entry_of(DEFINITIONS["queue.service_level"])
    assert fits(entry, "SERVICE target")
    assert not fits(entry, "service hold")
