"""What the site's numbers on a board cannot tell, and what is no part of them, in words.

Rules that hold here: it is drawn with the page and stands still in it; a change of it makes the board be drawn anew (`board_for`).
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from stats.domain.lacking import without_of
from wallboard.boards import figures
from wallboard.boards.figure import Place, lacking_words
from wallboard.boards.freshness import Values
from wallboard.boards.wording import filled, source_title

# Of the site, by the names under which they are lacking.
CALLS = (
    *("waiting", "longest_wait", "service_level", "30m.service_level", "abandoned", "abandon_rate", "lost_callers"),
    *("calls_in", "answered", "asa"),
)
AGENTS = ("agents_logged_in", "agents_ready", "agents_talking", "agents_ringing", "agents_wrapup", "agents_away", "agents_unknown")
_WITHOUT: str | Promise = gettext_lazy("Not in every sum: {sources}")
_BEFORE: str | Promise = gettext_lazy("{source} before {time}")


def without_words(values: Values, place: Place) -> str:
    """Which telephone systems are no part of some sums on the board, and until when; "" where each is a part of all."""
    told = without_of(values, (*CALLS, *AGENTS))
    parts = [_part(name, since, place) for name, since in told.items()]
    return filled(_WITHOUT, sources=", ".join(parts)) if parts else ""


def _part(name: str, since: int | None, place: Place) -> str:
    if since is None:
        return source_title(name)
    return filled(_BEFORE, source=source_title(name), time=figures.wall_clock(since, place.timezone))


def gaps_of(values: Values, place: Place) -> tuple[str, ...]:
    """Everything of it, as it is said in the active language."""
    return (without_words(values, place), *(lacking_words(values, "site", metric, place) for metric in (*CALLS, *AGENTS)))
