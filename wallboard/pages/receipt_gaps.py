"""What the number of a receipt leaves out because nobody can tell it, or nobody could at the time."""

from stats.domain.lacking import of_window, unheard_until, without_of
from stats.domain.periods import WINDOWS
from wallboard.api.receipt_shape import Receipt
from wallboard.pages.frame import Visit
from wallboard.pages.live_page import lacks_from, until_words, without_words


def gaps_of(visit: Visit, told: Receipt) -> dict[str, object]:
    """What `app/_lacks.html` asks for. Of a time that is over, a report says the rest."""
    wish = told.wish
    gaps: dict[str, object] = {"lacks_from": lacks_from(visit, wish.scope, wish.metric, told.source)}
    if told.asked is not None:
        return gaps
    # What is so now, and what is so today, stand in values under their own names.
    name, values = of_window(wish.metric, told.window if told.window in WINDOWS else "today"), visit.snapshot.values
    until = unheard_until(values, wish.scope, name)
    if wish.scope == "site":
        gaps["without"] = without_words(visit, [name])
        if until is None:
            until = max((since for since in without_of(values, [name]).values() if since is not None), default=None)
    return {**gaps, "unheard_until": until_words(visit, until, told.source)}
