"""A queue's day per quarter as a drawing: who called stacked by what became of them, last week's ghost behind, the service level below.

Rules that hold here: a quarter of which nothing is known is a gap, never a zero; the running one is drawn as unfinished; what is drawn is
in the table as well; places are text with a point, whatever the page's language.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from stats.domain.metrics import Amounts, QueueTargets
from stats.domain.periods import MINUTE_MS, QUARTER_MS, quarter_of
from stats.domain.sums import service_levels
from wallboard.boards import figures
from wallboard.pages.queue.day import DayTold, beside, quarters_of
from wallboard.pages.words import clock_time

WIDE, LEFT, RIGHT = 960.0, 40.0, 8.0
# Panels from above: counts, clock times, service level.
TOP, COUNTS, TIMES, LEVEL = 14.0, 170.0, 26.0, 76.0
FEWEST = 16
STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)
OTHERS = ("overflowed", "voicemail", "callbacks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarter:
    """One quarter: what the table says of it. None: not known."""

    at: str
    until: str
    state: str  # over, running, gap, ahead
    offered: int | None
    answered: int | None
    abandoned: int | None
    others: int | None
    level: str
    ghost: int | None
    ghost_level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One rectangle of a stack."""

    kind: str
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """The bars of one quarter, with the words they say when pointed at."""

    state: str
    words: str
    pieces: list[Piece]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A line across a panel or a time below it, with its text."""

    at: str
    text: str
    text_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """The drawing and its table. Paths are of SVG; `counted` is how many visits lie in the quarters drawn."""

    width: str
    height: str
    left: str
    right: str
    base: str
    level_top: str
    level_base: str
    quarters: list[Quarter]
    stacks: list[Stack]
    gaps: list[Piece]
    ghost: str
    level: list[str]
    level_dots: list[tuple[str, str]]
    ghost_level: list[str]
    counts: list[Mark]
    levels: list[Mark]
    times: list[Mark]
    promise: str
    now: str
    counted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A quarter before it is drawn: sums of today and of last week, None where nothing is known."""

    at: int
    state: str
    told: Amounts | None
    ghost: Amounts | None


def columns_of(today: DayTold, ghost: DayTold, now: int, heard_to: int, timezone: str) -> list[Column]:
    """Every quarter of the day. Up to `heard_to` (epoch ms) the day is known."""
    known, past = today.sums, ghost.sums
    running, columns = quarter_of(now), []
    for at in quarters_of(today.first, today.end):
        state = "ahead" if at > running else "running" if at == running else "over"
        lacking = today.known_from is None or at + QUARTER_MS <= today.known_from or at > heard_to
        lacking = lacking or today.misses(at, at + QUARTER_MS)
        if lacking and state != "ahead":
            state = "gap"
        before = beside(at, timezone)
        ghost_known = ghost.known_from is not None and before + QUARTER_MS > ghost.known_from
        ghost_known = ghost_known and not ghost.misses(before, before + QUARTER_MS)
        columns.append(
            Column(
                at=at,
                state=state,
                told=None if state in ("gap", "ahead") else known.get(at, {}),
                ghost=past.get(before, {}) if ghost_known else None,
            )
        )
    return columns


def shown_of(columns: Sequence[Column]) -> list[Column]:
    """From the first full hour with a call to the last, and the running quarter; four hours at least."""
    busy = [n for n, each in enumerate(columns) if _of(each.told, "offered") or _of(each.ghost, "offered") or each.state == "running"]
    if not busy:
        return list(columns)
    first, last = busy[0] - busy[0] % 4, busy[-1] + 3 - busy[-1] % 4
    while last - first + 1 < FEWEST:
        first, last = max(0, first - 4), last + 4
    return list(columns[first : last + 1])


def chart_of(columns: Sequence[Column], targets: QueueTargets, now: int, timezone: str) -> Chart:
    """The drawing of these quarters."""
    step = (WIDE - LEFT - RIGHT) / max(len(columns), 1)
    most = max([1, *(_of(each.told, "offered") for each in columns), *(_of(each.ghost, "offered") for each in columns)])
    grid = next((size for size in STEPS if most <= 4 * size), most)
    top = grid * -(-most // grid)
    base, level_top = TOP + COUNTS, TOP + COUNTS + TIMES
    level_base = level_top + LEVEL

    def height(count: int) -> float:
        return count / top * COUNTS

    def level_y(ratio: float) -> float:
        return level_base - ratio * LEVEL

    lines = [_quarter(each, targets, timezone) for each in columns]
    levels = [_level(each.told, targets) for each in columns]
    ghosts = [_level(each.ghost, targets) for each in columns]
    middle = [LEFT + (n + 0.5) * step for n in range(len(columns))]
    there = [n for n, each in enumerate(columns) if each.at <= now < each.at + QUARTER_MS]
    return Chart(
        width=_t(WIDE),
        height=_t(level_base + 8),
        left=_t(LEFT),
        right=_t(WIDE - RIGHT),
        base=_t(base),
        level_top=_t(level_top),
        level_base=_t(level_base),
        quarters=lines,
        stacks=[_stack(each, line, LEFT + n * step, step, base, height) for n, (each, line) in enumerate(zip(columns, lines, strict=True))],
        gaps=[
            Piece(kind="gap", x=_t(LEFT + n * step), y=_t(TOP), width=_t(step), height=_t(COUNTS))
            for n, each in enumerate(columns)
            if each.state == "gap"
        ],
        ghost=_steps([None if each.ghost is None else base - height(_of(each.ghost, "offered")) for each in columns], step),
        level=_runs([(middle[n], level_y(each)) if each is not None else None for n, each in enumerate(levels)]),
        level_dots=[(_t(middle[n]), _t(level_y(each))) for n, each in enumerate(levels) if each is not None],
        ghost_level=_runs([(middle[n], level_y(each)) if each is not None else None for n, each in enumerate(ghosts)]),
        counts=[Mark(at=_t(base - height(n)), text=str(n), text_at=_t(base - height(n) + 4)) for n in range(0, top + 1, grid)],
        levels=[Mark(at=_t(level_y(r)), text=f"{round(r * 100)} %", text_at=_t(level_y(r) + 4)) for r in (0.0, 0.5, 1.0)],
        times=[
            Mark(at=_t(LEFT + n * step), text=clock_time(each.at, timezone, seconds=False), text_at=_t(base + 18))
            for n, each in enumerate(columns)
            if each.at % (4 * QUARTER_MS) == 0 and (len(columns) <= 48 or n % 8 == 0)
        ],
        promise=_t(level_y(float(targets.share))),
        now=_t(LEFT + (there[0] + (now - columns[there[0]].at) / QUARTER_MS) * step) if there else "",
        counted=sum(_of(each.told, "offered") for each in columns),
    )


def level_so_far(columns: Sequence[Column], targets: QueueTargets, *, ghost: bool) -> tuple[float | None, int | None]:
    """The service level of the quarters of today that are over, here or a week ago, and until when (epoch ms)."""
    over = [each for each in columns if each.state == "over" and (each.ghost if ghost else each.told) is not None]
    if not over:
        return None, None
    sums: Amounts = {}
    for each in over:
        for name, amount in ((each.ghost if ghost else each.told) or {}).items():
            sums[name] = sums.get(name, 0) + amount
    return _level(sums, targets), over[-1].at + 15 * MINUTE_MS


def _of(sums: Mapping[str, int] | None, name: str) -> int:
    return sums.get(name, 0) if sums is not None else 0


def _level(sums: Mapping[str, int] | None, targets: QueueTargets) -> float | None:
    return None if sums is None else service_levels(sums).get(targets.variant)


def _quarter(column: Column, targets: QueueTargets, timezone: str) -> Quarter:
    told = column.told
    gave_up = _of(told, "abandoned") + _of(told, "short_abandoned")
    return Quarter(
        at=clock_time(column.at, timezone, seconds=False),
        until=clock_time(column.at + QUARTER_MS, timezone, seconds=False),
        state=column.state,
        offered=None if told is None else _of(told, "offered"),
        answered=None if told is None else _of(told, "answered"),
        abandoned=None if told is None else gave_up,
        others=None if told is None else sum(_of(told, name) for name in OTHERS),
        level=_percent(_level(told, targets)),
        ghost=None if column.ghost is None else _of(column.ghost, "offered"),
        ghost_level=_percent(_level(column.ghost, targets)),
    )


def _percent(ratio: float | None) -> str:
    text = figures.percent(ratio)
    return text if text == figures.DASH else f"{text} %"


def _stack(column: Column, line: Quarter, x: float, step: float, base: float, height: Callable[[int], float]) -> Stack:
    pieces: list[Piece] = []
    if column.told is not None:
        gap = min(2.0, step / 6)
        y = base
        offered = line.offered or 0
        parts = (("answered", line.answered or 0), ("others", 0), ("abandoned", line.abandoned or 0))
        rest = offered - sum(count for _kind, count in parts)
        for kind, count in parts:
            tall = height(rest if kind == "others" else count)
            if tall > 0:
                y -= tall
                pieces.append(Piece(kind=kind, x=_t(x + gap), y=_t(y), width=_t(step - 2 * gap), height=_t(tall)))
    known = {"at": line.at, "until": line.until, "offered": line.offered, "answered": line.answered, "abandoned": line.abandoned}
    words = _("%(at)s–%(until)s: nothing known") % known
    if column.told is not None:
        words = _("%(at)s–%(until)s: %(offered)s offered, %(answered)s answered, %(abandoned)s gave up") % known
    return Stack(state=column.state, words=words, pieces=pieces)


def _steps(tops: Sequence[float | None], step: float) -> str:
    """A line that goes up and down in steps, and is broken where nothing is known."""
    path, before = "", False
    for number, y in enumerate(tops):
        if y is not None:
            x = LEFT + number * step
            path += f"{'L' if before else 'M'}{_t(x)} {_t(y)}H{_t(x + step)}"
        before = y is not None
    return path


def _runs(points: Sequence[tuple[float, float] | None]) -> list[str]:
    """The points of each unbroken line."""
    runs: list[list[str]] = [[]]
    for point in points:
        if point is None:
            runs.append([])
        else:
            runs[-1].append(f"{_t(point[0])},{_t(point[1])}")
    return [" ".join(run) for run in runs if len(run) > 1]


def _t(value: float) -> str:
    return f"{value:.1f}"
