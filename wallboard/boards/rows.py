"""The queue table and the agent grid: every row the board will ever need, in order, with those that do not fit put aside.

Rules that hold here: nothing is cut off silently, what does not fit is counted; rows change places only when their urgency
changes, never with every second; an agent keeps the place of his name in the alphabet.
`static/tv/rows.js` keeps the same order in the browser.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import pgettext

from stats.domain.lacking import DERIVED
from wallboard.boards import figures
from wallboard.boards.board import STATES, Board, Line
from wallboard.boards.figure import SEVERITIES, Figure, Place, figure, worst_severity
from wallboard.boards.freshness import AGENTS, LATE_MS, LEVELS, PRESENCE, STALE_MS, Standing, Values, standing_for
from wallboard.boards.labels import ELLIPSIS, queue_labels, short_labels
from wallboard.boards.layout import Layout
from wallboard.boards.wording import OTHERS, SHORT_CAUSES, STATE_WORDS, filled

COLUMNS = {
    "team": ("waiting", "longest_wait", "service_level", "agents_ready"),
    "supervisor": ("waiting", "longest_wait", "service_level", "abandoned", "agents_ready"),
    "stacked": ("waiting", "longest_wait", "service_level", "offered", "answered", "abandoned", "asa", "agents_ready"),
}
# Every screen turns its page of agents in the same second.
PAGE_MS = 12_000
# Metrics that move a queue up; the rest only mark its row.
URGENT = ("waiting", "longest_wait")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One number of a row; `of` is what it is a part of (ready of those logged in)."""

    metric: str
    figure: Figure
    freshness: str
    of: Figure | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """A queue with its numbers. `base` is its place among the names, `urgent` what it is sorted by.

    `is_over` when the table has no room for it now.
    """

    line: Line
    label: str
    base: int
    cells: tuple[Cell, ...]
    freshness: str
    severity: str
    urgent: str
    is_over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentCell:
    """An agent: `label` fits the cell and is nobody else's, `second` is the word and the profile, or why they cannot be trusted."""

    line: Line
    label: str
    state: Figure
    since: Figure
    state_id: str
    second: str
    freshness: str
    is_over: bool

    @property
    def head(self) -> str:
        """The part of the label that may be cut further where letters are wide."""
        return self.label[: len(self.label) - len(self.tail)]

    @property
    def tail(self) -> str:
        """The part that tells this agent from the others and is never cut; none where the name stands whole."""
        if self.label == self.line.name:
            return ""
        at = max(self.label.rfind(" "), self.label.rfind(ELLIPSIS, 0, -1))
        return self.label[at:] if at > 0 else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentGrid:
    """The agents, and the line that says which of them are in sight."""

    cells: tuple[AgentCell, ...]
    page: str
    off: str
    left_out: str


def headers() -> dict[str, str]:
    """The column heads, short in every language."""
    return {
        "waiting": pgettext("column", "Waiting"),
        "longest_wait": pgettext("column", "Longest"),
        "service_level": pgettext("column", "SL"),
        "offered": pgettext("column", "Offered"),
        "answered": pgettext("column", "Answered"),
        "abandoned": pgettext("column", "Lost"),
        "asa": pgettext("column", "Avg ans."),
        "agents_ready": pgettext("column", "Ready"),
    }


def queue_rows(board: Board, values: Values, place: Place, layout: Layout) -> tuple[list[QueueRow], str]:
    """The rows, most urgent first, and the line that counts those without a place ("" when all have one)."""
    columns = COLUMNS[column_set(board.kind, layout)]
    labels = queue_labels([line.name for line in board.queues], layout.queue_room)
    rows = [_queue_row(line, labels[base], base, columns, values, place) for base, line in enumerate(board.queues)]
    room = layout.table_rows if len(rows) <= layout.table_rows else layout.table_rows - 1
    order = sorted(range(len(rows)), key=lambda at: (*urgency(rows[at], values), at))
    over = set(order[room:])
    shown = [replace(rows[at], is_over=at in over) for at in order]
    if not over:
        return shown, ""
    waits = [figures.number(values.get(rows[at].line.scope, {}).get("waiting")) for at in over]
    if any(wait is None for wait in waits) or any(rows[at].freshness == "unknown" for at in over):
        return shown, filled(OTHERS["more_unknown"], n=len(over))
    return shown, filled(OTHERS["more"], n=len(over), waiting=int(sum(wait or 0 for wait in waits)))


def column_set(kind: str, layout: Layout) -> str:
    """The name of the columns this board has room for."""
    if layout.narrow:
        return "team"
    return "stacked" if layout.stacked else kind


def urgency(row: QueueRow, values: Values) -> tuple[int, int, int]:
    """The sort key of a queue, coarse on purpose: how bad its waits are, whether anybody waits, how bad its day is."""
    waits = figures.number(values.get(row.line.scope, {}).get("waiting")) or 0
    return -_rank(row.urgent), 0 if waits > 0 else 1, -_rank(row.severity)


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else 0


def _queue_row(line: Line, label: str, base: int, columns: Sequence[str], values: Values, place: Place) -> QueueRow:
    calls = standing_for(values, line.source, "calls", place.now)
    presence = standing_for(values, line.source, AGENTS, place.now)
    cells = []
    for metric in columns:
        standing = presence if metric.startswith("agents_") else calls
        of = figure(values, line.scope, "agents_logged_in", presence, place) if metric == "agents_ready" else None
        cells.append(Cell(metric=metric, figure=figure(values, line.scope, metric, standing, place), freshness=standing.level, of=of))
    return QueueRow(
        line=line,
        label=label,
        base=base,
        cells=tuple(cells),
        freshness=calls.level,
        severity=worst_severity([cell.figure.severity for cell in cells if cell.figure.severity_key]),
        urgent=worst_severity([cell.figure.severity for cell in cells if cell.metric in URGENT]),
        is_over=False,
    )


def agent_grid(board: Board, values: Values, place: Place, layout: Layout) -> AgentGrid:
    """The agents in the order of their names, one page in sight; those who are off fill only what room is left."""
    labels = short_labels([line.name for line in board.agents], layout.name_room)
    cells = [_agent_cell(line, label, values, place) for line, label in zip(board.agents, labels, strict=True)]
    on = [at for at, cell in enumerate(cells) if cell.state_id != "off"]
    off = [at for at, cell in enumerate(cells) if cell.state_id == "off"]
    room = layout.agents_a_page
    pages = max(-(-len(on) // room), 1)
    page = place.now // PAGE_MS % pages
    seen = {*on[page * room : (page + 1) * room], *off[: max(room - len(on), 0)]}
    hidden_off = len(off) - max(min(room - len(on), len(off)), 0)
    return AgentGrid(
        cells=tuple(replace(cell, is_over=at not in seen) for at, cell in enumerate(cells)),
        page=filled(OTHERS["page"], page=page + 1, pages=pages) if pages > 1 else "",
        off=filled(OTHERS["off"], n=hidden_off) if hidden_off else "",
        left_out=filled(OTHERS["left_out"], n=board.left_out) if board.left_out else "",
    )


def _agent_cell(line: Line, label: str, values: Values, place: Place) -> AgentCell:
    told = values.get(line.scope, {})
    standing = agent_standing(told, standing_for(values, line.source, PRESENCE, place.now), place.now)
    state = told.get("state")
    state_id = state if isinstance(state, str) and state in STATES and standing.level != "unknown" else "unknown"
    return AgentCell(
        line=line,
        label=label,
        state=figure(values, line.scope, "state", standing, place),
        since=figure(values, line.scope, "state_since", standing, place),
        state_id=state_id,
        second=second_line(told, state_id, standing, place),
        freshness=standing.level,
        is_over=False,
    )


def agent_standing(told: Mapping[str, object], feed: Standing, now: int) -> Standing:
    """The feed's standing, or worse where this agent's last document is from before a gap and nobody has confirmed it."""
    since = figures.number(told.get("unverified_since")) if told.get("verified") is False else None
    if since is None or feed.level == "unknown":
        return feed
    age = now - int(since)
    level = "stale" if age >= STALE_MS else "late" if age >= LATE_MS else feed.level
    if LEVELS.index(level) <= feed.rank:
        return feed
    return Standing(level=level, alive_at=int(since), reason="unverified", source=feed.source)


def second_line(told: Mapping[str, object], state_id: str, standing: Standing, place: Place) -> str:
    """The profile as its people named it, or why the state cannot be trusted."""
    profile = told.get("profile")
    if standing.level == "unknown":
        return filled(SHORT_CAUSES.get(standing.reason, SHORT_CAUSES["ok"]), time=_heard(standing, place))
    if standing.reason == "unverified":
        return filled(OTHERS["unverified"], time=_heard(standing, place))
    if standing.level == "stale":
        return filled(OTHERS["stale"], time=_heard(standing, place) or figures.DASH)
    if isinstance(profile, str) and profile.strip():
        # A profile called like the state would only say it twice.
        return profile.strip() if profile.strip().casefold() != str(STATE_WORDS[state_id]).casefold() else ""
    if state_id != "unknown":
        return ""
    return str(OTHERS["maybe_idle" if told.get(DERIVED) is True else "unheard"])


def _heard(standing: Standing, place: Place) -> str | None:
    return None if standing.alive_at is None else figures.wall_clock(standing.alive_at, place.timezone)
