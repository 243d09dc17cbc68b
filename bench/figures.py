"""What a benchmark reports: a figure beside its aim, as a line of a table and of docs/performance.md."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

Better = Literal["more", "less"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number. `rounds` are the single measurements, of which `value` is the median unless given."""

    bench: str
    name: str
    unit: str
    rounds: Sequence[float]
    aim: float | None = None
    better: Better = "less"
    digits: int = 0

    @property
    def value(self) -> float:
        """The median of the rounds."""
        return median(self.rounds)

    @property
    def met(self) -> str:
        """Whether the aim is met, in a word; "" where there is none."""
        if self.aim is None:
            return ""
        return "yes" if (self.value >= self.aim if self.better == "more" else self.value <= self.aim) else "no"

    def cells(self) -> tuple[str, ...]:
        """Its line of the table."""
        spread = "" if len(self.rounds) < 2 else f"{self._shown(min(self.rounds))} – {self._shown(max(self.rounds))}"
        aim = "" if self.aim is None else f"{'≥' if self.better == 'more' else '≤'} {self._shown(self.aim)}"
        return (self.bench, self.name, f"{self._shown(self.value)} {self.unit}".strip(), spread, aim, self.met)

    def _shown(self, number: float) -> str:
        return f"{number:,.{self.digits}f}"


HEADINGS = ("bench", "figure", "median", "rounds", "aim", "met")


def table(figures: Iterable[Figure]) -> str:
    """The figures as a Markdown table."""
    lines = [HEADINGS, *(figure.cells() for figure in figures)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(HEADINGS))]
    written = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines]
    written.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(written)
