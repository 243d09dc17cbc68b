"""How pages say things: times, durations, outcomes, states of sources; and how a caller's number is shown to people."""

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from stats.domain.numbers import REGIONS
from wallboard.boards.board import TITLES
from wallboard.boards.figures import DASH, whole_seconds

Words = str | Promise

OUTCOMES: Mapping[str, Words] = {
    "waiting": pgettext_lazy("visit", "Waiting"),
    "leaving": pgettext_lazy("visit", "Leaving the queue"),
    "answered": pgettext_lazy("visit", "Answered"),
    "overflowed": pgettext_lazy("visit", "Overflowed"),
    "voicemail": pgettext_lazy("visit", "Voicemail"),
    "callback": pgettext_lazy("visit", "Callback ordered"),
    "abandoned": pgettext_lazy("visit", "Abandoned"),
    "short_abandoned": pgettext_lazy("visit", "Abandoned at once"),
    "expired": pgettext_lazy("visit", "Lost sight of"),
    "ringing": pgettext_lazy("offer", "Ringing"),
    "talking": pgettext_lazy("offer", "Talking"),
    "withdrawn": pgettext_lazy("offer", "Withdrawn"),
    "missed": pgettext_lazy("offer", "Missed"),
}
DIRECTIONS: Mapping[str, Words] = {
    "in": pgettext_lazy("call", "incoming"),
    "out": pgettext_lazy("call", "outgoing"),
    "internal": pgettext_lazy("call", "internal"),
}
SOURCE_STATES: Mapping[str, Words] = {
    "connecting": gettext_lazy("Connecting: no good handshake yet."),
    "seeding": gettext_lazy("Connected, and reading the day so far."),
    "live": gettext_lazy("Live: every call is seen as it happens."),
    "stale": gettext_lazy("Numbers may be old: a connection is lost, or has gone silent."),
    "down": gettext_lazy("Cannot be reached."),
    "paused": gettext_lazy("Paused. Nothing of it is read or counted."),
    "sending": gettext_lazy("Takes what is sent to it; it tells of no calls."),
    "auth_error": gettext_lazy("Refuses our access token."),
    "config_error": gettext_lazy("Refuses the address of a feed; the other feeds go on."),
}
SOCKET_STATES: Mapping[str, Words] = {
    "open": pgettext_lazy("socket", "Connected"),
    "connecting": pgettext_lazy("socket", "Connecting"),
    "away": pgettext_lazy("socket", "Lost, reconnecting"),
    "paused": pgettext_lazy("socket", "Paused"),
    "refused": pgettext_lazy("socket", "Access refused"),
    "config": pgettext_lazy("socket", "Address refused"),
}
REASONS: Mapping[str, Words] = {
    "worker_silent": gettext_lazy("Our collector has been silent; is it running?"),
    "store_away": gettext_lazy("Our own store of numbers does not answer."),
    "silent": gettext_lazy("No sign of life on a connection that is open."),
    "socket_away": gettext_lazy("A connection is lost."),
}
FEEDS: Mapping[str, Words] = {
    "calls": gettext_lazy("Calls"),
    "queues": gettext_lazy("Queues"),
    "agents": gettext_lazy("Agents' calls"),
    "profile_live": gettext_lazy("Agents' presence"),
    "profile_history": gettext_lazy("Presence, hourly"),
    "events": pgettext_lazy("feed", "Events"),
}
# How agents may be named (`wallboard.accounts.roles.WAYS_TO_NAME`).
NAMINGS: Mapping[str, Words] = {
    "full": gettext_lazy("Full names: Maria Gonzalez"),
    "short": gettext_lazy("First name and initial: Maria G"),
    "pseudonym": gettext_lazy("Pseudonyms: Agent K7Q"),
}
# What a browser looks at that is no board (`wallboard.boards.topics.counted_as`).
PAGES: Mapping[str, Words] = {
    "page:overview": gettext_lazy("The overview"),
    "page:queue": gettext_lazy("A queue's page"),
    "page:agents": gettext_lazy("All agents"),
    "page:agent": gettext_lazy("An agent's page"),
    "page:feeds": gettext_lazy("Other pages"),
}
_CODES = sorted({region.code for region in REGIONS.values()}, key=len, reverse=True)
_LEFT = 4  # digits that stay, enough to tell two callers apart
_SHORTEST_MASKED = 7


def clock_time(instant: int | None, timezone: str, *, seconds: bool = True) -> str:
    """`14:02:07` where the organisation is; a dash for None."""
    if instant is None:
        return DASH
    return datetime.fromtimestamp(instant / 1000, ZoneInfo(timezone)).strftime("%H:%M:%S" if seconds else "%H:%M")


def day_and_time(instant: int | None, timezone: str) -> str:
    """`2026-05-18 14:02:07` where the organisation is."""
    if instant is None:
        return DASH
    return datetime.fromtimestamp(instant / 1000, ZoneInfo(timezone)).strftime("%Y-%m-%d %H:%M:%S")


def day_of(instant: int | None, timezone: str) -> str:
    """`2026-05-18`, the day there where the organisation is."""
    return DASH if instant is None else datetime.fromtimestamp(instant / 1000, ZoneInfo(timezone)).strftime("%Y-%m-%d")


def iso(instant: int | None, timezone: str) -> str:
    """For a `<time>` element."""
    return "" if instant is None else datetime.fromtimestamp(instant / 1000, ZoneInfo(timezone)).isoformat(timespec="seconds")


def length(seconds: float | None) -> str:
    """A duration as the boards write it."""
    return DASH if seconds is None else whole_seconds(int(seconds + 0.5))


def spoken(seconds: float) -> str:
    """A duration inside a sentence: `12 seconds`, `2 min 41 s`, `1 h 5 min`."""
    whole = max(0, int(seconds + 0.5))
    if whole < 60:
        return ngettext("%(n)d second", "%(n)d seconds", whole) % {"n": whole}
    if whole < 3600:
        return _("%(minutes)d min %(seconds)d s") % {"minutes": whole // 60, "seconds": whole % 60}
    return _("%(hours)d h %(minutes)d min") % {"hours": whole // 3600, "minutes": whole % 3600 // 60}


def ago(instant: int | None, now: int) -> str:
    """How long ago, in words; `never` for None."""
    if instant is None:
        return _("never")
    return _("%(time)s ago") % {"time": spoken(max(0, now - instant) / 1000)}


def looked_at(board: str) -> str:
    """What a browser has open: a board's title, or what kind of page."""
    return str(TITLES.get(board) or PAGES.get(board, board))


def masked(number: str | None) -> str:
    """`+46 ··· ·· 06 05`: the country and the last four digits, enough to recognise and too little to call."""
    if not number:
        return _("no number")
    digits = "".join(letter for letter in number if letter.isdigit())
    if not number.startswith("+") or len(digits) < _SHORTEST_MASKED:
        return "··· " + digits[-2:] if len(digits) > 3 else "···"
    code = next((code for code in _CODES if digits.startswith(code)), digits[:2])
    last = digits[-_LEFT:]
    return f"+{code} ··· ·· {last[:2]} {last[2:]}"


def folded(text: str) -> str:
    """As people look for it: no capitals, no accents."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(letter))


def archive_behind() -> str:
    """Why a list cannot be read although everything answers."""
    return _("The archive is still taking in today's calls, and the list would lack some. The boards are right. Try again in a minute.")
