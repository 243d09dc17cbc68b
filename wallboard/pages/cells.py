"""A figure in its place on a page: drawn by the server, kept true by static/app/live.js, and a link to the calls behind it."""

from dataclasses import dataclass
from html import escape

from django.utils.safestring import SafeString

from wallboard.boards.figure import Figure, Place, figure, lacking_words, reason_of, word_of
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

    @property
    def markup(self) -> SafeString:
        """The element. Made without the template engine, for an overview of eighty queues has seven hundred of them."""
        shown, tag = self.figure, "a" if self.address else "span"
        told = {
            "href": self.address,
            "data-value": shown.value,
            "data-scope": shown.scope,
            "data-key": shown.key,
            "data-format": shown.format,
            "data-severity-key": shown.severity_key,
            "data-none": "yes" if shown.is_none else "no",
            "data-empty": self.empty,
        }
        about = {"data-freshness": self.freshness, "data-feed": self.feed, "data-source": self.source, "data-severity": shown.severity}
        judged = bool(shown.severity_key)
        return SafeString(
            f'<span class="figure" {_attributes(about)}>'
            + ('<span class="mark" aria-hidden="true"></span>' if judged else "")
            + f'<{tag} class="num" {_attributes(told)}>{escape(shown.text)}</{tag}>'
            + (f'<span class="unit">{escape(shown.unit)}</span>' if shown.unit else "")
            + (f'<span class="word" data-word>{escape(self.word)}</span>' if judged else "")
            + f'<span class="why" data-why>{escape(self.reason)}</span></span>'
        )


def _attributes(told: dict[str, str]) -> str:
    return " ".join(f'{name}="{escape(value)}"' for name, value in told.items() if value)


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
    empty = lacking_words(values, scope, metric, place) or empty
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
