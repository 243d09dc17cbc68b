"""Everything the template of a board prints, worked out before: the template itself decides nothing."""

import json
from dataclasses import dataclass

from django.utils import translation
from django.utils.translation import gettext as _

from wallboard.boards import figures
from wallboard.boards.board import Board
from wallboard.boards.figure import Place, lacking_words, reason_of
from wallboard.boards.freshness import CALLS, PRESENCE, Standing, Values, sources_in, standing_for, standing_of, worst
from wallboard.boards.gaps import without_words
from wallboard.boards.layout import Layout
from wallboard.boards.rows import COLUMNS, AgentGrid, QueueRow, agent_grid, column_set, headers, queue_rows
from wallboard.boards.tiles import StateCount, Tile, state_counts, tiles_of
from wallboard.boards.wording import CAUSES, LEVEL_WORDS, filled, source_title, texts_for_browser

TOP_TILES = {"team": 4, "supervisor": 6}


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A tile that holds a table or a grid. `empty`: why its numbers are dashes although all is well."""

    label: str
    freshness: str
    reason: str
    empty: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One board as it is drawn at one instant."""

    board: Board
    layout: Layout
    language: str
    theme: str
    owner: str
    now: int
    clock: str
    notice: str
    level: str
    level_word: str
    texts: str
    tiles: list[Tile]
    strip: list[Tile]
    queues: Panel
    columns: list[tuple[str, str]]
    column_set: str
    rows: list[QueueRow]
    row_count: int
    more: str
    agents: Panel
    states: list[StateCount]
    grid: AgentGrid
    without: str


def page_of(board: Board, values: Values, layout: Layout, *, now: int, language: str, theme: str = "dark", owner: str = "") -> Page:
    """The page of a board at `now` (epoch ms), in `language` and the board's own time zone."""
    with translation.override(language):
        place = Place(now=now, timezone=board.timezone, language=language)
        tiles = tiles_of(board, values, place)
        rows, more = queue_rows(board, values, place, layout)
        states, presence = state_counts(values, place)
        calls, none = standing_for(values, None, CALLS, now), lacking_words(values, "site", "agents_ready", place)
        overall = _overall(values, now)
        chosen = column_set(board.kind, layout)
        titles = headers()
        return Page(
            board=board,
            layout=layout,
            language=language,
            theme=theme,
            owner=owner,
            now=now,
            clock=figures.wall_clock(now, board.timezone),
            notice=notice_of(overall, values, place),
            level=overall.level,
            level_word=str(LEVEL_WORDS[overall.level]),
            texts=json.dumps(texts_for_browser(), ensure_ascii=False, separators=(",", ":")),
            tiles=tiles[: TOP_TILES[board.kind]],
            strip=tiles[TOP_TILES[board.kind] :],
            queues=Panel(label=_("Queue"), freshness=calls.level, reason=reason_of(calls, place)),
            columns=[(metric, titles[metric]) for metric in COLUMNS[chosen]],
            column_set=chosen,
            rows=rows,
            row_count=min(len(rows), layout.table_rows),
            more=more,
            agents=Panel(label=_("Agents"), freshness=presence.level, reason=reason_of(presence, place, empty=none), empty=none),
            states=states,
            grid=agent_grid(board, values, place, layout),
            without=without_words(values, place),
        )


def _overall(values: Values, now: int) -> Standing:
    return worst(standing_of(values, source, feed, now) for source in sources_in(values) for feed in (CALLS, PRESENCE))


def notice_of(overall: Standing, values: Values, place: Place) -> str:
    """The line at the top that says in plain words why numbers are old or missing; empty when they are not."""
    if overall.level not in ("stale", "unknown"):
        return ""
    heard = None if overall.alive_at is None else figures.wall_clock(overall.alive_at, place.timezone)
    return filled(CAUSES.get(overall.reason, CAUSES["ok"]), source=source_title(overall.source), time=heard, who=overall.by)
