"""A figure in its place on a page: drawn by the server, kept true by static/app/live.js, and a link to the calls behind it."""

from dataclasses import dataclass

from wallboard.boards.figure import Figure, Place, figure, reason_of, word_of
from wallboard.boards.freshness import Values, standing_for
from wallboard.boards.wording import LEVEL_WORDS

__all__ = ["LEVEL_WORDS", "Cell", "cell"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A figure in its place. `reason` says why a dash stands there; `address` leads to its receipt."""

    label: str
    figure: Figure
    word: str
    freshness: str
    feed: str
    source: str
    reason: str
    address: str = ""
    explain: str = ""  # the id of the number in the definitions
    empty: str = ""  # why there is a dash when all is well


def cell(
    values: Values,
    scope: str,
    metric: str,
    feed: str,
    label: str,
    source: str | None,
    place: Place,
    *,
    empty: str = "",
    address: str = "",
    explain: str = "",
) -> Cell:
    """The figure of a metric ("waiting", "30m.service_level", "longest_wait") of a scope. `empty`: why there is a dash when all is well."""
    standing = standing_for(values, source, feed, place.now)
    shown = figure(values, scope, metric, standing, place)
    return Cell(
        label=label,
        figure=shown,
        word=word_of(shown.severity),
        freshness=standing.level,
        feed=feed,
        source=source or "",
        reason=reason_of(standing, place, empty=empty if shown.is_none else ""),
        address=address,
        explain=explain,
        empty=empty,
    )
