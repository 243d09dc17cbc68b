"""Every sentence a board may show, for the template and, as `data-texts`, for the browser.

Rules that hold here: `{time}` and the like are filled in when shown; a part in [square brackets] goes when what it needs is not
known; a header is short enough for its column in every language.
"""

import re
from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

Sentence = str | Promise

STATE_WORDS: Mapping[str, Sentence] = {
    "ready": pgettext_lazy("agent", "Ready"),
    "talking": pgettext_lazy("agent", "Talking"),
    "ringing": pgettext_lazy("agent", "Ringing"),
    "wrapup": pgettext_lazy("agent", "Wrap-up"),
    "idle": pgettext_lazy("agent", "Idle"),
    "away": pgettext_lazy("agent", "Away"),
    "off": pgettext_lazy("agent", "Off"),
    "unknown": pgettext_lazy("agent", "Unknown"),
}
SEVERITY_WORDS: Mapping[str, Sentence] = {
    "attention": _("Attention"),
    "act": _("Act now"),
}
# In full, for the line at the top of the board.
CAUSES: Mapping[str, Sentence] = {
    "ok": _("{source}: no news[ since {time}]"),
    "connecting": _("{source}: connecting"),
    "seeding": _("{source}: reading the day so far"),
    "socket_away": _("{source}: connection lost[, last heard {time}] · reconnecting"),
    "silent": _("{source}: live feed silent[ since {time}] · reconnecting"),
    "worker_silent": _("Our collector is silent[ since {time}]"),
    "auth_error": _("{source} refuses our access token"),
    "config_error": _("{source} refuses the feed's address"),
    "down": _("{source} cannot be reached[, last heard {time}]"),
    "store_away": _("Our store of numbers is away[ since {time}]"),
    "unverified": _("{source}: the state of some agents may have changed unseen"),
    "paused": _("{source}: paused[ by {who}][ since {time}]"),
    "no_source": _("No telephone system is connected yet"),
}
# The same in a tile's corner.
SHORT_CAUSES: Mapping[str, Sentence] = {
    "ok": _("no news[ since {time}]"),
    "connecting": _("connecting"),
    "seeding": _("reading the day"),
    "socket_away": _("connection lost"),
    "silent": _("silent[ since {time}]"),
    "worker_silent": _("collector silent"),
    "auth_error": _("access refused"),
    "config_error": _("wrong address"),
    "down": _("out of reach"),
    "store_away": _("store is away"),
    "unverified": _("some agents unconfirmed"),
    "paused": _("paused"),
    "vendor_lacks": _("cannot be told"),
    "unheard": _("gap to {time}"),
    "no_source": _("nothing connected"),
    "expired": _("access has ended"),
}
LEVEL_WORDS: Mapping[str, Sentence] = {
    "live": pgettext_lazy("feed", "live"),
    "late": pgettext_lazy("feed", "late"),
    "stale": pgettext_lazy("feed", "stale"),
    "unknown": pgettext_lazy("feed", "no data"),
}
OTHERS: Mapping[str, Sentence] = {
    "late": _("{age} s old"),
    "stale": _("as of {time}"),
    "unverified": _("as of {time}"),
    "unheard": _("no word yet"),
    "maybe_idle": _("maybe idle"),
    "hero": _("{queue}[ · limit {limit}]"),
    "more": _("+ {n} more · {waiting} waiting"),
    "more_unknown": _("+ {n} more"),
    "page": _("page {page} of {pages}"),
    "off": _("{n} off"),
    "left_out": _("{n} not shown"),
    "offline": _("This screen is offline – showing {time}"),
    "link_late": _("This screen waits for its server"),
    "expired": _("This screen's access has ended. Log in again, or open a new screen link."),
    # Of a television that was paired, which goes on by itself.
    "unpaired": _("This screen was unpaired. A new code comes by itself."),
}
OPTIONAL = re.compile(r"\[([^\]]*)\]")
PLACEHOLDER = re.compile(r"\{(\w+)\}")


def filled(sentence: Sentence, **known: str | int | None) -> str:
    """The sentence with its placeholders filled in; a bracketed part goes when one of its own is None."""

    def part(match: re.Match[str]) -> str:
        needed = PLACEHOLDER.findall(match[1])
        return "" if any(known.get(name) is None for name in needed) else match[1]

    return PLACEHOLDER.sub(lambda match: str(known.get(match[1], "")), OPTIONAL.sub(part, str(sentence)))


def source_title(source: str | None) -> str:
    """A source's name as the start of a sentence."""
    return (source or "").replace("-", " ").capitalize()


def texts_for_browser() -> dict[str, str]:
    """Every sentence under one name ("cause.silent"), in the active language."""
    rooms = {"state": STATE_WORDS, "severity": SEVERITY_WORDS, "cause": CAUSES, "short": SHORT_CAUSES, "level": LEVEL_WORDS, "say": OTHERS}
    return {f"{room}.{name}": str(sentence) for room, sentences in rooms.items() for name, sentence in sentences.items()}
