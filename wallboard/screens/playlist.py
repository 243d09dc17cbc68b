"""Which board of a playlist is on at an instant; static/tv/playlist.js says the same in the browser.

Rule that holds here: the place follows from the time alone, so that all screens with the same playlist turn together.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from wallboard.boards.board import KINDS

LEAST_S, USUAL_S, MOST_S = 5, 30, 3600


@dataclass(frozen=True, slots=True)
class Step:
    """One board, for so many seconds."""

    board: str
    seconds: int

    def as_message(self) -> dict[str, object]:
        """As it is kept and sent."""
        return {"board": self.board, "seconds": self.seconds}


def steps_of(kept: object, board: str) -> list[Step]:
    """The steps of a row: what is kept and can be shown, else `board` alone."""
    found = [step for step in map(_step, kept if isinstance(kept, Iterable) else ()) if step is not None]
    return found or [Step(board, USUAL_S)]


def _step(kept: object) -> Step | None:
    if not isinstance(kept, Mapping):
        return None
    board, seconds = kept.get("board"), kept.get("seconds")
    if board not in KINDS or not isinstance(seconds, int) or isinstance(seconds, bool):
        return None
    return Step(str(board), min(max(seconds, LEAST_S), MOST_S))


def board_at(steps: list[Step], now: int) -> str:
    """The board that is on at `now` (epoch ms)."""
    into = now % sum(step.seconds * 1000 for step in steps)
    for step in steps:
        if into < step.seconds * 1000:
            return step.board
        into -= step.seconds * 1000
    return steps[0].board
