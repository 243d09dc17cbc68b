"""Draws a board as a page from values, without a database, a store or a login."""

from collections.abc import Mapping

from django.template.loader import render_to_string

from tests.boards.samples import NOW, ZONE
from wallboard.boards.board import board_for
from wallboard.boards.build import build
from wallboard.boards.layout import layout_for
from wallboard.boards.page import page_of


def draw(
    slug: str,
    values: Mapping[str, Mapping[str, object]],
    *,
    language: str = "en",
    theme: str = "dark",
    inches: float | None = None,
    metres: float | None = None,
    owner: str = "Kundservice Växjö",
    now: int = NOW,
    **more: object,
) -> str:
    """The whole page; `more` is what a paired screen's page knows beside its board."""
    from django.utils import translation

    board = board_for(slug, values, "en", ZONE)
    layout = layout_for(slug, len(board.queues), len(board.agents), inches, metres)
    page = page_of(board, values, layout, now=now, language=language, theme=theme, owner=owner)
    with translation.override(language):
        return render_to_string("tv/board.html", {"page": page, "build": build(), **more})
