"""An agent's day as lanes on one axis: presence, log-ins to queues, calls; what the drawing and the table beside it both show.

Rules that hold here:
- A state has a height and a texture of its own beside its colour.
- What nobody recorded is drawn as that, and is no state; what may have changed unseen is hatched.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from stats.domain.agent_day import Login, Rung
from stats.domain.agent_states import AgentState
from wallboard.pages.agent.axis import Axis, Tick
from wallboard.pages.agent.day import AgentDay
from wallboard.pages.agent.pieces import Pen, Piece, Row
from wallboard.pages.agent.words import LANES, NOBODY_LISTENED, of_login, of_slot, of_stretch, state_word

AXIS_PX, LABEL_PX, GAP_PX = 24, 22, 12
BAR_PX, THIN_PX = 32, 10
# How high a state stands in its lane.
HEIGHTS = {"talking": 1.0, "ringing": 1.0, "wrapup": 0.75, "ready": 0.5, "idle": 0.3, "away": 0.5, "unknown": 0.5, "off": 0.1}
# More queues than this share one row.
MOST_ROWS = 8
QueueName = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Band:
    """Part of the drawing that is no piece: not recorded, or not confirmed."""

    kind: str
    x: str
    width: str
    y: float
    height: float
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """The drawing. `now` is the place of the present, "" on days that are over."""

    axis: Axis
    height: float
    rows: list[Row]
    pieces: list[Piece]
    bands: list[Band]
    ticks: list[Tick]
    now: str

    @property
    def table(self) -> list[Piece]:
        """The pieces in the order of time."""
        return sorted(self.pieces, key=lambda piece: (piece.start, piece.lane, piece.end))


def chart_of(day: AgentDay, axis: Axis, queue_name: QueueName) -> Chart:
    """The drawing of a day over an axis."""
    pen = Pen(axis)
    presence = Row("presence", str(LANES["presence"]), AXIS_PX + 16, AXIS_PX + LABEL_PX, BAR_PX, "")
    below = presence.y + presence.height + GAP_PX
    logins = _login_rows(day, below, queue_name)
    below = logins[-1][0].y + logins[-1][0].height + GAP_PX
    calls = Row("calls", str(LANES["calls"]), below + 16, below + LABEL_PX, BAR_PX, "" if day.rungs else _("no calls"))
    pieces: list[Piece] = [
        *_of_slots(day, pen, presence),
        *(pen.piece(presence, s, str(s.state), of_stretch(s)) for s in day.watched.presence),
    ]
    pieces = [_as_high_as_its_state(piece, presence) for piece in pieces]
    for row, spans, name in logins:
        pieces += [pen.piece(row, span, "login", of_login(span, name)) for span in spans]
    pieces += _of_calls(day, pen, calls, queue_name)
    return Chart(
        axis=axis,
        height=calls.y + calls.height + GAP_PX,
        rows=[presence, *(row for row, _spans, _name in logins), calls],
        pieces=[piece for piece in pieces if axis.shows(piece.start, max(piece.end, piece.start + 1))],
        bands=list(_bands(day, pen, presence, [row for row, _spans, _name in logins])),
        ticks=axis.ticks(),
        now=axis.x(day.until) if day.is_today and axis.start <= day.until <= axis.end else "",
    )


def _as_high_as_its_state(piece: Piece, row: Row) -> Piece:
    height = round(row.height * HEIGHTS.get(piece.kind, 0.5), 1)
    return replace(piece, height=height, y=round(row.y + row.height - height, 1))


def _of_slots(day: AgentDay, pen: Pen, row: Row) -> Iterator[Piece]:
    """Hourly accounts from before we heard the agent live: how long in each profile, drawn one after the other within the hour."""
    heard = day.watched.heard_from if day.watched.heard_from is not None else day.end
    at: dict[int, int] = {}
    for slot in day.slots:
        start = at.get(slot.start, slot.start)
        end = min(start + slot.usage_ms, slot.end, heard)
        if end > start:
            at[slot.start] = end
            kind = "slot-wrapup" if slot.wrapup else "slot-away" if slot.available is False else "slot-ready"
            piece = pen.placed(row, start, end, kind, of_slot(slot), going_on=False)
            span = pen.when(slot.start, slot.end, going_on=False)
            yield replace(piece, span=span, begins=pen.clock(slot.start), ends=pen.clock(slot.end))


def _login_rows(day: AgentDay, top: float, queue_name: QueueName) -> list[tuple[Row, list[Login], str]]:
    """A row for every queue of the day, by name; one row of numbers where which queues was not kept, or where there are many."""
    by_queue: dict[str, list[Login]] = {}
    numbers: list[Login] = []
    for login in day.watched.logins:
        if login.keys is None:
            numbers.append(login)
        for key in login.keys or ():
            _lengthen(by_queue.setdefault(queue_name(key), []), login)
    names = sorted(by_queue, key=str.casefold)
    shown = MOST_ROWS if len(names) <= MOST_ROWS else MOST_ROWS - 1
    lines: list[tuple[str, list[Login]]] = [(name, by_queue[name]) for name in names[:shown]]
    if len(names) > MOST_ROWS:
        rest = names[shown:]
        words = ngettext("%(n)d more queue", "%(n)d more queues", len(rest)) % {"n": len(rest)}
        lines.append((words, _union(login for name in rest for login in by_queue[name])))
    if numbers:
        lines.append((_("queues (which was not kept)"), numbers))
    rows: list[tuple[Row, list[Login], str]] = []
    for name, spans in lines or [("", [])]:
        label = f"{LANES['login']} {name}".strip() if not rows else name
        row = Row("login", label, top + 16, top + LABEL_PX, THIN_PX, "" if lines else _("no queue"))
        rows.append((row, spans, name))
        top = row.y + row.height + GAP_PX / 2
    return rows


def _lengthen(spans: list[Login], login: Login) -> None:
    if spans and spans[-1].end == login.start:
        spans[-1] = replace(spans[-1], end=login.end, going_on=login.going_on)
    elif not spans or spans[-1].end < login.start:
        spans.append(login)


def _union(spans: Iterable[Login]) -> list[Login]:
    joined: list[Login] = []
    for span in sorted(spans, key=lambda each: (each.start, each.end)):
        if joined and span.start <= joined[-1].end:
            if span.end > joined[-1].end:
                joined[-1] = replace(joined[-1], end=span.end, going_on=span.going_on)
        else:
            joined.append(span)
    return joined


def _of_calls(day: AgentDay, pen: Pen, row: Row, queue_name: QueueName) -> Iterator[Piece]:
    for rung in day.rungs:
        if not pen.axis.shows(rung.began_at, max(rung.end(day.until), rung.began_at + 1)):
            continue
        yield from _of_rung(day, rung, pen, row, queue_name)
    for stretch in day.watched.presence:
        if stretch.state == AgentState.WRAPUP:
            piece = pen.piece(row, stretch, "wrapup", of_stretch(stretch))
            yield replace(piece, y=row.y + row.height * 0.25, height=row.height * 0.75)


def _of_rung(day: AgentDay, rung: Rung, pen: Pen, row: Row, queue_name: QueueName) -> Iterator[Piece]:
    end = rung.end(day.until)
    answered = rung.answered_at if rung.outcome in ("answered", "talking") or (rung.outgoing and rung.answered_at) else None
    rings_to = min(max(answered, rung.began_at), end) if answered is not None else end
    sees = day.sees(rung)
    address = call_address(rung.id_call) if sees else ""
    queue = queue_name(rung.queue) if sees and rung.queue else ""
    beyond = "" if sees else " (" + _("a call outside your queues") + ")"
    kind = "out" if rung.outgoing else "ring"
    what, missed = pen.of_ring(rung, queue) + beyond, rung.outcome == "missed" and not rung.outgoing
    going_on = not rung.over and answered is None
    yield pen.placed(row, rung.began_at, rings_to, kind, what, going_on=going_on, address=address, missed=missed)
    if answered is not None and end > rings_to:
        yield pen.placed(row, rings_to, end, "talk", pen.of_talk(rung, queue) + beyond, going_on=not rung.over, address=address)


def _bands(day: AgentDay, pen: Pen, presence: Row, logins: list[Row]) -> Iterator[Band]:
    axis, heard = pen.axis, day.watched.heard_from if day.watched.heard_from is not None else day.until
    rows = [presence, *logins]
    if axis.shows(day.first, heard):
        sentence = f"{pen.clock(day.first)}–{pen.clock(heard)}: {NOBODY_LISTENED}"
        for row in rows:
            yield Band("unrecorded", axis.x(day.first), axis.width(day.first, heard), row.y, row.height, sentence)
    for start, end in day.doubts:
        start, end = max(start, heard, day.first), min(end, day.end)
        if end > start and axis.shows(start, end):
            sentence = _("%(when)s: may have changed unseen") % {"when": pen.when(start, end, end >= day.until)}
            for row in rows:
                yield Band("doubted", axis.x(start), axis.width(start, end), row.y, row.height, sentence)


@lru_cache(maxsize=10_000)
def call_address(id_call: str) -> str:
    """The page of a call."""
    return reverse("call", args=[id_call])


def legend_of(chart: Chart) -> Mapping[str, str]:
    """What the kinds of pieces that are drawn mean."""
    words = {
        **{state: state_word(state) for state in HEIGHTS},
        "slot-ready": _("Hourly account, available"),
        "slot-away": _("Hourly account, unavailable"),
        "slot-wrapup": _("Hourly account, wrap-up"),
        "ring": _("A ring"),
        "out": _("A call out"),
        "talk": _("In talk"),
        "unrecorded": _("Not recorded"),
        "doubted": _("Not confirmed"),
    }
    drawn = {piece.kind for piece in chart.pieces} | {band.kind for band in chart.bands}
    return {kind: word for kind, word in words.items() if kind in drawn}
