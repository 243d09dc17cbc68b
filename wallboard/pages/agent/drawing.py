"""Pieces of the timeline as markup: an SVG group, and a row of the table.

Rules that hold here: every word is escaped, for names of queues and profiles are anybody's, and only places and times, which are digits,
are not; a busy day has a thousand pieces, which the template engine would take a third of a second for, so that these two alone are
written here.
"""

from collections.abc import Iterable, Mapping
from html import escape

from django.utils.safestring import SafeString, mark_safe

from wallboard.pages.agent.pieces import Piece


def groups_of(pieces: Iterable[Piece]) -> SafeString:
    """The pieces as they are drawn."""
    return mark_safe("\n  ".join(_group(piece) for piece in pieces))  # noqa: S308 (every word in it is escaped below)


def rows_of(pieces: Iterable[Piece], lanes: Mapping[str, object]) -> SafeString:
    """The pieces as rows of the table; `lanes` are their lanes' names."""
    names = {lane: escape(str(name)) for lane, name in lanes.items()}
    return mark_safe("".join(_row(piece, names[piece.lane]) for piece in pieces))  # noqa: S308 (the same)


def _marks(piece: Piece) -> str:
    return f'data-row="{escape(piece.name)}" data-lane="{piece.lane}" data-kind="{escape(piece.kind)}"'


def _group(piece: Piece) -> str:
    address = f' data-address="{escape(piece.address)}"' if piece.address else ""
    grows = f' data-grows="{piece.start:d}"' if piece.going_on else ""
    missed = f'<svg x="{piece.x}" y="{piece.foot}" class="missed"><path d="M0 0 5 5 0 10-5 5z"></path></svg>' if piece.missed else ""
    return (
        f'<g class="piece" {_marks(piece)} data-start="{piece.start:d}"{address}><title>{escape(piece.sentence)}</title>'
        f'<rect x="{piece.x}" width="{piece.width}" y="{piece.y}" height="{piece.height}"{grows}></rect>{missed}</g>'
    )


def _row(piece: Piece, lane: str) -> str:
    what = escape(piece.what)
    if piece.address:
        what = f'<a href="{escape(piece.address)}">{what}</a>'
    return (
        f'<tr {_marks(piece)}><th scope="row">{piece.begins}</th><td>{piece.ends or "–"}</td>'
        f'<td>{piece.lasts}</td><td>{lane}</td><td class="what">{what}</td></tr>'
    )
