"""What is known of every screen of an organisation: its row, and what the web processes hear of it now.

Rules that hold here: what a screen says of itself is called its word; one that is not heard is told since when, and what to do about it;
without the store nobody is called away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from stats.domain.roll import Roll, ScreenReport
from wallboard.accounts.models import Screen
from wallboard.accounts.viewer import Viewer
from wallboard.boards.board import TITLES
from wallboard.pages.words import spoken
from wallboard.screens.playlist import steps_of
from wallboard.screens.wishes import may_change

MOST_SHOWN = 500
OLD_S = 15.0
SKEWED_MS = 60_000
HEAVY_BYTES = 60_000_000
NEW_MS = 30_000
WEEK_DAYS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One line of a card; `is_odd` where somebody should look."""

    label: str
    text: str
    is_odd: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One screen. `standing` is on, odd, away, dark or unknown; `beats` one for each half minute, oldest first;
    `is_ours` when whoever looks may give it orders."""

    pk: int
    name: str
    room: str
    shows: str
    standing: str
    words: str
    facts: tuple[Fact, ...]
    beats: tuple[bool, ...]
    beaten: str
    blanked: bool
    is_ours: bool
    is_link: bool
    made: str


def open_screens(organisation: str) -> list[Screen]:
    """The rows that open something, paired ones first, by room and name."""
    rows = Screen.open_ones().filter(organisation__slug=organisation)[:MOST_SHOWN]
    return sorted(rows, key=lambda row: (row.paired_at is None, row.room.casefold(), row.name.casefold(), row.pk))


def cards(
    rows: Sequence[Screen], roll: Roll | None, beats: Sequence[frozenset[int]], now: int, timezone: str, viewer: Viewer
) -> list[Card]:
    """Every screen as the page shows it to this viewer; `roll` None: the store does not answer."""
    heard = _heard(roll) if roll is not None else {}
    is_partial = roll is None or any(web.unlisted for web in roll.webs)
    return [_card(row, heard.get(row.pk, ()), beats, is_partial, now, timezone, may_change(viewer, row)) for row in rows]


def _heard(roll: Roll) -> dict[int, list[tuple[int, ScreenReport]]]:
    found: dict[int, list[tuple[int, ScreenReport]]] = {}
    for web in roll.webs:
        for report in web.screens:
            if report.row is not None:
                found.setdefault(report.row, []).append((web.written_at, report))
    return found


def _card(
    row: Screen,
    heard: Sequence[tuple[int, ScreenReport]],
    beats: Sequence[frozenset[int]],
    is_partial: bool,
    now: int,
    timezone: str,
    is_ours: bool,
) -> Card:
    standing, words = _standing(row, heard, is_partial, now, timezone)
    mine = tuple(row.pk in slot for slot in beats)
    return Card(
        pk=row.pk,
        name=row.name,
        room=row.room,
        shows=_shows(row),
        standing=standing,
        words=words,
        facts=tuple(_facts(row, heard, now, timezone)),
        beats=mine,
        beaten=_("Heard in %(n)d of the last %(all)d half minutes") % {"n": sum(mine), "all": len(mine)},
        blanked=row.blanked,
        is_ours=is_ours,
        is_link=row.paired_at is None,
        made=_moment(row.paired_at or row.created_at, now, timezone),
    )


def _shows(row: Screen) -> str:
    steps = steps_of(row.playlist, row.board)
    if len(steps) == 1:
        return str(TITLES.get(steps[0].board, steps[0].board))
    return ", ".join(_("%(board)s %(n)d s") % {"board": TITLES[step.board], "n": step.seconds} for step in steps)


def _standing(row: Screen, heard: Sequence[tuple[int, ScreenReport]], is_partial: bool, now: int, timezone: str) -> tuple[str, str]:
    """In one word for the eye, and in a sentence."""
    if not heard:
        return _unheard(row, is_partial, now, timezone)
    reports = [report for _at, report in heard]
    if all(report.slow for report in reports):
        return "odd", _("Connected, but it does not answer. Is the browser hanging?")
    if row.blanked:
        return "dark", _("Dark, because somebody asked for it here.")
    if all(not report.visible for report in reports):
        return "odd", _("On, but nobody sees it: another input, or a screen saver?")
    age = min(report.data_age_s + max(0, now - at) / 1000 for at, report in heard)
    if age > OLD_S:
        return "odd", _("On, and shows numbers %(time)s old.") % {"time": spoken(age)}
    if len(reports) > 1:
        return "on", ngettext("On, in %(n)d place.", "On, in %(n)d places.", len(reports)) % {"n": len(reports)}
    return "on", _("On.")


def _unheard(row: Screen, is_partial: bool, now: int, timezone: str) -> tuple[str, str]:
    if is_partial:
        return "unknown", _("Whether it is on cannot be said just now.")
    if row.paired_at is not None and now - row.paired_at.timestamp() * 1000 < NEW_MS:
        return "on", _("Just paired, it is coming.")
    if row.paired_at is None:
        # A link that nobody looks at is no fault.
        words = _("Has never been opened.") if row.last_seen_at is None else _("Not opened now.")
        return "unknown", words
    if row.last_seen_at is None:
        return "away", _("Has never come on: is it switched on?")
    words = _("Not seen since %(moment)s: is it switched on?")
    return "away", words % {"moment": _moment(row.last_seen_at, now, timezone)}


def _facts(row: Screen, heard: Sequence[tuple[int, ScreenReport]], now: int, timezone: str) -> list[Fact]:
    facts: list[Fact] = []
    if heard:
        at, report = max(heard, key=lambda each: (each[1].reported_at or 0, each[0]))
        later = max(0, now - at) / 1000
        if report.acknowledged_s is not None:
            facts.append(_aged(_("Since its last answer"), report.acknowledged_s + later))
        facts.append(_aged(_("Data age"), report.data_age_s + later))
        if report.reported_at is not None:
            facts += _said(report, now, timezone)
    else:
        engine, width, height = row.report.get("engine"), row.report.get("width"), row.report.get("height")
        if engine:
            facts.append(Fact(label=_("Browser"), text=str(engine)))
        if width and height:
            facts.append(Fact(label=_("Resolution"), text=f"{width} × {height}"))
    if row.inches and row.metres:
        facts.append(
            Fact(label=_("Size and distance"), text=_("%(inches)g inches, %(metres)g m") % {"inches": row.inches, "metres": row.metres})
        )
    return facts


def _aged(label: str, seconds: float) -> Fact:
    whole = max(0, round(seconds))
    return Fact(label=label, text=spoken(whole), is_odd=seconds > OLD_S)


def _said(report: ScreenReport, now: int, timezone: str) -> list[Fact]:
    facts = [Fact(label=_("Browser"), text=report.engine or "?")]
    if report.width and report.height:
        facts.append(Fact(label=_("Resolution"), text=f"{report.width} × {report.height}"))
    if report.heap is not None:
        facts.append(Fact(label=_("Memory"), text=f"{report.heap / 1e6:.1f} MB", is_odd=report.heap > HEAVY_BYTES))
    skew = abs(report.skew_ms) / 1000
    away = pgettext("clock", "right") if skew < 1 else _("%(time)s fast") if report.skew_ms > 0 else _("%(time)s slow")
    facts.append(Fact(label=_("Its own clock"), text=away % {"time": spoken(skew)} if skew >= 1 else away, is_odd=skew * 1000 > SKEWED_MS))
    if report.since is not None:
        since = datetime.fromtimestamp(report.since / 1000, ZoneInfo("UTC")) if report.since < 4e12 else None
        if since is not None:
            facts.append(Fact(label=_("Page loaded"), text=_moment(since, now, timezone)))
    return facts


def _moment(moment: datetime, now: int, timezone: str) -> str:
    """`14:02` today, `Tuesday 14:02` within the week, else the date."""
    zone = ZoneInfo(timezone)
    there = moment.astimezone(zone)
    days = (datetime.fromtimestamp(now / 1000, zone).date() - there.date()).days
    clock = there.strftime("%H:%M")
    if days == 0:
        return clock
    return f"{date_format(there, 'l')} {clock}" if 0 < days <= WEEK_DAYS else f"{there:%Y-%m-%d} {clock}"
