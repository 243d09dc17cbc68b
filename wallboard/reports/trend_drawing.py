"""The trend as the server draws it, for who has no script and for paper: lines in an SVG that is as wide as there is room.

Rules that hold here: places are thousandths of the width and of the height, from the left and from the top; a gap ends a line; what is not
over is a line of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from wallboard.reports import table

WHOLE = 1000


class Told(Protocol):
    """A point of the trend (`wallboard.reports.trend.Point`)."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def value(self) -> float | None: ...
    @property
    def before(self) -> float | None: ...
    @property
    def open(self) -> bool: ...
    @property
    def notes(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """Paths of the line, of that of before and of what is not over; dots of points that stand alone; marks of notes, in per cent of the
    width; the promise's height; what the axes say."""

    line: str
    before: str
    open: str
    dots: Sequence[str]
    marks: Sequence[str]
    target: str
    top: str
    middle: str


def drawing_of(points: Sequence[Told], target: float | None, metric: str, language: str) -> Drawing | None:
    """The drawing; None of no points."""
    if not points:
        return None
    first, last = points[0].start, points[-1].start
    values = [value for each in points for value in (each.value, each.before) if value is not None]
    most = max([*values, target or 0, 0]) or 1.0
    if metric == "service_level":
        most = 1.0

    def x(each: Told) -> float:
        return WHOLE / 2 if last == first else (each.start - first) / (last - first) * WHOLE

    def y(value: float) -> float:
        return WHOLE - value / most * WHOLE

    def place(each: Told, value: float) -> str:
        return f"{x(each):.1f} {y(value):.1f}"

    def path(which: Sequence[tuple[Told, float | None]]) -> str:
        parts, on, end = [], False, None
        for each, value in which:
            if value is None:
                on = False
                continue
            parts.append(("L" if on and each.start == end else "M") + place(each, value))
            on, end = True, each.end
        return " ".join(parts)

    over = [(each, None if each.open else each.value) for each in points]
    lone = [
        each
        for number, (each, value) in enumerate(over)
        if value is not None and not any(0 <= near < len(over) and over[near][1] is not None for near in (number - 1, number + 1))
    ]
    tail = [each for each in points[-2:] if each.value is not None] if points[-1].open and points[-1].value is not None else []
    return Drawing(
        line=path(over),
        before=path([(each, each.before) for each in points]),
        open=path([(each, each.value) for each in tail]),
        dots=[f"M{place(each, each.value or 0)} h.01" for each in lone],
        marks=[f"{x(each) / WHOLE:.2%}" for each in points if each.notes],
        target="" if target is None else f"{y(target) / WHOLE:.2%}",
        top=table.text_of(metric, most, language),
        middle=table.text_of(metric, most / 2, language),
    )
