"""The vendor's words for why something ended, in people's words; a word nobody knows is shown as it was told."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import pgettext, pgettext_lazy

_KNOWN: Mapping[str, Promise] = {
    "NO_ANSWER": pgettext_lazy("end of a ring", "no answer"),
    "NOANSWER": pgettext_lazy("end of a ring", "no answer"),
    "REJECTED": pgettext_lazy("end of a ring", "declined"),
    "BUSY": pgettext_lazy("end of a ring", "busy"),
    "USER_BUSY": pgettext_lazy("end of a ring", "busy"),
    "NOT_REACHABLE": pgettext_lazy("end of a ring", "not reachable"),
    "CANCELLED": pgettext_lazy("end of a ring", "the caller hung up"),
    "CANCELED": pgettext_lazy("end of a ring", "the caller hung up"),
    "ANSWERED_ELSEWHERE": pgettext_lazy("end of a ring", "somebody else answered"),
    "HANGUP": pgettext_lazy("end of a talk", "hung up"),
    "TRANSFERRED": pgettext_lazy("end of a talk", "handed on"),
    "TIMEOUT": pgettext_lazy("end of a wait", "waited too long"),
    "NO_AGENTS": pgettext_lazy("end of a wait", "nobody logged in"),
    "VOICEMAIL": pgettext_lazy("end of a call", "voicemail"),
    "CALLBACK": pgettext_lazy("end of a call", "callback ordered"),
    "CALLBACK_ORDERED": pgettext_lazy("end of a call", "callback ordered"),
    "CALLER_HANGUP": pgettext_lazy("end of a call", "the caller hung up"),
    "AGENT_HANGUP": pgettext_lazy("end of a call", "the agent hung up"),
    "INACTIVE_NUMBER": pgettext_lazy("end of a call", "the number is not in use"),
}
_KINDS: Mapping[str, Promise] = {
    "BLIND": pgettext_lazy("kind of transfer", "without asking first"),
    "ATTENDED": pgettext_lazy("kind of transfer", "after asking first"),
}


def reason_words(told: str | None) -> str:
    """`no answer` for "NO_ANSWER"; "" for nothing told."""
    if not told:
        return ""
    known = _KNOWN.get(_plain(told))
    return str(known) if known is not None else pgettext("a word of the telephone system", "“%(word)s”") % {"word": told}


def kind_words(told: str | None) -> str:
    """`after asking first` for "attended"; "" for nothing told."""
    if not told:
        return ""
    known = _KINDS.get(_plain(told))
    return str(known) if known is not None else pgettext("a word of the telephone system", "“%(word)s”") % {"word": told}


def _plain(told: str) -> str:
    return told.strip().upper().replace(" ", "_").replace("-", "_")
