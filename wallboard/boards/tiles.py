"""The tiles of a board: one number each with its label, its context and the reason when it is missing.

Rules that hold here: exactly one hero; at most FILLED_AT_MOST tiles are filled with the colour of "act now", the rest keep their
bar, because a wall that is all red says nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from wallboard.boards import figures
from wallboard.boards.board import PANEL_STATES, Board
from wallboard.boards.figure import Figure, Place, figure, lacking_words, limits_of, reason_of, word_of
from wallboard.boards.freshness import AGENTS, CALLS, Standing, Values, standing_for
from wallboard.boards.wording import OTHERS, STATE_WORDS, filled

FILLED_AT_MOST = 2
# With so few queues the table leaves room for three more tiles.
FEW_QUEUES = 2
SPARK_POINTS = 60
SPARK_HEIGHT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of a tile's context line: a figure with the words around it."""

    before: str = ""
    figure: Figure | None = None
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One tile. `empty` is the reason shown when the value is null though its feed lives; `share` the target of a service level."""

    name: str
    label: str
    figure: Figure
    freshness: str
    severity: str
    word: str
    reason: str
    empty: str
    note: str = ""
    parts: tuple[Part, ...] = ()
    share: float | None = None
    is_good: bool = False
    is_filled: bool = False
    spark: str = ""
    has_spark: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StateCount:
    """How many agents are in one state, with the state's word."""

    state: str
    word: str
    figure: Figure


def tiles_of(board: Board, values: Values, place: Place) -> list[Tile]:
    """Every tile of the board in reading order, the hero first."""
    calls = standing_for(values, None, CALLS, place.now)
    no_calls = _("no calls yet")

    def site(metric: str) -> Figure:
        return figure(values, "site", metric, calls, place)

    def tile(metric: str, label: str, **more: object) -> Tile:
        shown = site(metric)
        empty = lacking_words(values, "site", metric, place) or str(more.pop("empty", no_calls))
        more.pop("empty", None)
        made = Tile(
            name=metric,
            label=label,
            figure=shown,
            freshness=calls.level,
            severity=shown.severity,
            word=word_of(shown.severity),
            reason=reason_of(calls, place, empty=empty if shown.is_empty else ""),
            empty=empty,
        )
        return replace(made, **more)  # type: ignore[arg-type]

    share, target = _common_promise(board, values)
    calls_today = (Part(figure=site("calls_in"), after=" " + _("calls today")),)
    level = tile("service_level", _("Service level"), share=share, parts=_level_parts(share, target, site("30m.service_level")))
    reached = figures.number(values.get("site", {}).get("service_level"))
    level = replace(level, is_good=level.severity == "calm" and share is not None and reached is not None and reached >= share)
    spark = spark_points(values.get("site", {}).get("calls_in.spark")) if calls.level != "unknown" else ""
    lost = (Part(figure=site("abandon_rate")), Part(figure=site("lost_callers"), after=" " + _("not reached")))
    tiles = [
        tile("longest_wait", _("Longest wait"), empty=_("nobody is waiting"), note=hero_note(board, values, calls)),
        tile("waiting", _("Waiting"), parts=calls_today, spark=spark, has_spark=True),
        level,
        tile("abandoned", _("Abandoned"), parts=lost),
    ]
    if board.kind == "supervisor":
        tiles += [tile("answered", _("Answered")), tile("asa", _("Avg. answer"))]
    elif 0 < len(board.queues) <= FEW_QUEUES:
        tiles += [
            replace(tile("calls_in", _("Calls today")), spark=spark, has_spark=True),
            tile("answered", _("Answered")),
            tile("asa", _("Avg. answer")),
        ]
        tiles[1] = replace(tiles[1], has_spark=False, parts=())
    return _with_fill(tiles)


def _with_fill(tiles: Sequence[Tile]) -> list[Tile]:
    burning = [place for place, tile in enumerate(tiles) if tile.severity == "act"][:FILLED_AT_MOST]
    return [replace(tile, is_filled=place in burning) for place, tile in enumerate(tiles)]


def _level_parts(share: float | None, target: int | None, recent: Figure) -> tuple[Part, ...]:
    parts: tuple[Part, ...] = ()
    if share is not None and target is not None:
        parts = (Part(before=filled(_("≥ {share} % in {target} s"), share=figures.percent(share), target=target)),)
    elif share is not None:
        parts = (Part(before=filled(_("≥ {share} %"), share=figures.percent(share))),)
    return (*parts, Part(before=_("30 min:") + " ", figure=recent))


def _common_promise(board: Board, values: Values) -> tuple[float | None, int | None]:
    """The target share and seconds when every queue promises the same; what they do not agree on is None."""
    shares = {figures.number(values.get(line.scope, {}).get("share")) for line in board.queues}
    targets = {figures.number(values.get(line.scope, {}).get("target_s")) for line in board.queues}
    target = targets.pop() if len(targets) == 1 else None
    return shares.pop() if len(shares) == 1 else None, None if target is None else int(target)


def hero_note(board: Board, values: Values, standing: Standing) -> str:
    """Which queue the longest waiting caller is in, and the wait at which it is time to act."""
    told = ((values.get(line.scope, {}).get("longest_wait_since"), line.name) for line in board.queues)
    waits = [(since, name) for instant, name in told if (since := figures.number(instant)) is not None]
    if not waits or not standing.ticks:
        return ""
    since, name = min(waits)
    limits = limits_of(values.get("site", {}).get("longest_wait:limits"))
    act = limits[1] if limits else None
    return filled(OTHERS["hero"], queue=name, limit=None if act is None else figures.since(since, act))


def spark_points(counts: object) -> str:
    """The `points` of a polyline 59 wide and SPARK_HEIGHT high, one for each of the last 60 minutes; zero is the floor."""
    if not isinstance(counts, Sequence) or isinstance(counts, str):
        return ""
    told = [figures.number(count) or 0 for count in counts][-SPARK_POINTS:]
    top = max([*told, 1])
    return " ".join(f"{place},{round(SPARK_HEIGHT - count * (SPARK_HEIGHT - 1) / top, 1):g}" for place, count in enumerate(told))


def state_counts(values: Values, place: Place) -> tuple[list[StateCount], Standing]:
    """How many agents are in each state on the whole site, and the standing of what that is known from."""
    standing = standing_for(values, None, AGENTS, place.now)
    counts = [
        StateCount(state=state, word=str(STATE_WORDS[state]), figure=figure(values, "site", f"agents_{state}", standing, place))
        for state in PANEL_STATES
    ]
    return counts, standing
