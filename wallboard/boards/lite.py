"""A board for a browser that runs no script: the same numbers, drawn every quarter of a minute, with times of day where others tick.

Rules that hold here: nothing on it grows wrong by itself while it stands: a wait is told as the instant it began; the instant the page was
made is on it, large, so that whoever looks can tell an old page from a new one.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from wallboard.boards import figures
from wallboard.boards.figure import Figure
from wallboard.boards.freshness import Values
from wallboard.boards.page import Page
from wallboard.boards.tiles import Tile
from wallboard.boards.wording import LEVEL_WORDS, filled

TEMPLATE = "tv/lite.html"
AGAIN_S = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A value element without a script: `value` as on every board, the text, and how bad it is."""

    value: str
    text: str
    severity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LiteTile:
    """A tile as it is printed; `level` is its freshness in a word."""

    tile: Tile
    number: Number
    level: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiteRow:
    """A queue or an agent; `name` in full."""

    name: str
    freshness: str
    severity: str
    numbers: tuple[Number, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lite:
    """Everything the page prints beside what a board has."""

    again_s: int
    as_of: str
    tiles: list[LiteTile]
    rows: list[LiteRow]
    agents: list[LiteRow]


def of(page: Page, values: Values) -> Lite:
    """The board `page` without a script, in the active language."""

    def number(figure: Figure) -> Number:
        return Number(value=figure.value, text=_text(figure, values, page), severity=figure.severity)

    return Lite(
        again_s=AGAIN_S,
        as_of=_time(page.now, page.board.timezone),
        tiles=[_tile(tile, number(tile.figure), values, page) for tile in (*page.tiles, *page.strip)],
        rows=[
            LiteRow(
                name=row.line.name,
                freshness=row.freshness,
                severity=row.severity,
                numbers=tuple(number(cell.figure) for cell in row.cells),
            )
            for row in page.rows
        ],
        agents=[
            LiteRow(
                name=cell.line.name,
                freshness=cell.freshness,
                severity=cell.state_id,
                numbers=(number(cell.state), number(cell.since)),
                note=cell.second,
            )
            for cell in page.grid.cells
        ],
    )


def _tile(tile: Tile, number: Number, values: Values, page: Page) -> LiteTile:
    notes = [part.before + (_text(part.figure, values, page) if part.figure else "") + part.after for part in tile.parts]
    return LiteTile(tile=tile, number=number, level=str(LEVEL_WORDS[tile.freshness]), notes=tuple(filter(None, (tile.note, *notes))))


def _text(figure: Figure, values: Values, page: Page) -> str:
    if figure.is_none:
        return figure.text
    if figure.format == "since":
        began = figures.number(values.get(figure.scope, {}).get(figure.key))
        return figures.DASH if began is None else filled(_("since {time}"), time=_time(int(began), page.board.timezone))
    return f"{figure.text}\u202f{figure.unit}" if figure.unit else figure.text


def _time(instant: int, timezone: str) -> str:
    return datetime.fromtimestamp(instant / figures.MS_PER_S, ZoneInfo(timezone)).strftime("%H:%M:%S")
