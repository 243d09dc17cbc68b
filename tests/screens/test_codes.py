"""Codes as people type them, and boards in turn."""

import pytest

from wallboard.boards import qr
from wallboard.screens.codes import ALPHABET, grouped, new_code, read_code
from wallboard.screens.playlist import Step, board_at, steps_of


def test_a_code_is_eight_consonants_and_no_two_are_the_same() -> None:
    made = {new_code() for _ in range(2000)}
    assert len(made) == 2000
    assert all(len(code) == 8 and set(code) <= set(ALPHABET) for code in made)
    assert read_code(grouped(min(made)).lower()) == min(made)


@pytest.mark.parametrize("typed", ["", "BCDFGHJ", "BCDFGHJKL", "BCDFGHJA", "ＢＣＤＦＧＨＪＫ", "B" * 5000, "BCDF\nGHJK"])
def test_what_cannot_be_a_code_is_none(typed: str) -> None:
    assert read_code(typed) is None


def test_boards_follow_each_other_by_the_clock_alone() -> None:
    steps = [Step("team", 30), Step("supervisor", 10)]
    assert [board_at(steps, at * 1000) for at in (0, 29, 30, 39, 40, 80)] == ["team", "team", "supervisor", "supervisor", "team", "team"]


@pytest.mark.parametrize(
    "kept", [None, [], [{"board": "cellar", "seconds": 30}], [{"board": "team"}], ["team"], [{"board": "team", "seconds": True}]]
)
def test_a_playlist_that_cannot_be_shown_leaves_the_screens_own_board(kept: object) -> None:
    assert steps_of(kept, "supervisor") == [Step("supervisor", 30)]


def test_a_drawn_code_is_the_one_that_was_asked_for() -> None:
    made = qr.drawn("https://wall.example.org/pair/?code=BCDF-GHJK")
    size = int(made.box.split()[2])
    dark = {(int(x) + step, int(y)) for x, y, width in _runs(made.path) for step in range(int(width))}
    # The three eyes, each with the quiet zone around it, and nothing else in that corner.
    for left, top in ((4, 4), (size - 11, 4), (4, size - 11)):
        assert {(left + step, top) for step in range(7)} <= dark
    assert all(4 <= x < size - 4 and 4 <= y < size - 4 for x, y in dark)
    assert made.path != qr.drawn("https://wall.example.org/pair/?code=BCDF-GHJL").path


def _runs(path: str) -> list[tuple[str, str, str]]:
    found = []
    for part in path.split("M")[1:]:
        place, _, rest = part.partition("h")
        x, y = place.split()
        found.append((x, y, rest.split("v")[0]))
    return found
