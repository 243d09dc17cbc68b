"""Pieces of the timeline as markup: an SVG group, and a row of the table.

Rules that hold here: every word is escaped, for names of queues and profiles are anybody's; a busy day has a thousand pieces, which the
template engine would take a third of a second for, so that these two alone are written here.
"""

from django.utils.html import format_html
from django.utils.safestring import SafeString

from wallboard.pages.agent.lanes import Piece

GROUP = (
    '<g class="piece" data-row="{}" data-lane="{}" data-kind="{}" data-start="{}"{}><title>{}</title>'
    '<rect x="{}" width="{}" y="{}" height="{}"{}></rect>{}</g>'
)
ADDRESS = ' data-address="{}"'
GROWS = ' data-grows="{}"'
MISSED = '<svg x="{}" y="{}" class="missed"><path d="M0 0 5 5 0 10-5 5z"></path></svg>'
ROW = (
    '<tr data-row="{}" data-lane="{}" data-kind="{}"><th scope="row">{}</th><td>{}</td><td>{}</td><td>{}</td><td class="what">{}</td></tr>'
)
LINK = '<a href="{}">{}</a>'


def group_of(piece: Piece) -> SafeString:
    """The piece as it is drawn."""
    return format_html(
        GROUP,
        piece.name,
        piece.lane,
        piece.kind,
        piece.start,
        format_html(ADDRESS, piece.address) if piece.address else "",
        piece.sentence,
        piece.x,
        piece.width,
        piece.y,
        piece.height,
        format_html(GROWS, piece.start) if piece.going_on else "",
        format_html(MISSED, piece.x, piece.foot) if piece.missed else "",
    )


def row_of(piece: Piece, lane: str) -> SafeString:
    """The piece as a row of the table; `lane` is its lane's name."""
    what = format_html(LINK, piece.address, piece.what) if piece.address else piece.what
    return format_html(ROW, piece.name, piece.lane, piece.kind, piece.begins, piece.ends or "–", piece.lasts, lane, what)
