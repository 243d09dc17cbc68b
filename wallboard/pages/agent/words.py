"""How the page of an agent says what it shows: states, rings, log-ins, and why something is not confirmed."""

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from stats.domain.agent_day import Login, Rung, Slot, Stretch
from stats.domain.outcomes import OfferOutcome
from wallboard.boards.wording import STATE_WORDS
from wallboard.pages.words import Words, spoken

LANES: Mapping[str, Words] = {
    "presence": pgettext_lazy("lane", "Presence"),
    "login": pgettext_lazy("lane", "Logged in to"),
    "calls": pgettext_lazy("lane", "Calls"),
}
OUTCOMES: Mapping[str, Words] = {
    "ringing": pgettext_lazy("offer", "Ringing"),
    "talking": pgettext_lazy("offer", "Talking"),
    "answered": pgettext_lazy("offer", "Answered"),
    "missed": pgettext_lazy("offer", "Missed"),
    "withdrawn": pgettext_lazy("offer", "Withdrawn"),
}
ZOOMS: Mapping[str, Words] = {
    "hours": gettext_lazy("Hours at work"),
    "day": gettext_lazy("Whole day"),
    "hour": gettext_lazy("Last hour"),
}
# Why a state is as it is, beside the word for it.
NOBODY_LISTENED = gettext_lazy("Not recorded: the wallboard had not heard of this agent's presence yet.")


def state_word(state: str) -> str:
    """A state in a word."""
    return str(STATE_WORDS.get(state, STATE_WORDS["unknown"]))


def of_stretch(stretch: Stretch) -> str:
    """`Talking, profile Available`."""
    return with_profile(state_word(stretch.state), stretch.profile)


def with_profile(word: str, profile: str) -> str:
    """A state and the name of the profile, as its people gave it; a profile called like the state would only say it twice."""
    if not profile.strip() or profile.strip().casefold() == word.casefold():
        return word
    return _("%(state)s, profile %(profile)s") % {"state": word, "profile": profile.strip()}


def of_login(login: Login, name: str) -> str:
    """`Logged in to Support`."""
    return _("Logged in to %(queue)s") % {"queue": name}


def of_slot(slot: Slot) -> str:
    """What the hourly account says of a profile; it tells how long, and not when within the hour."""
    known = {"profile": slot.profile or _("no profile"), "time": spoken(slot.usage_ms / 1000)}
    return _("Hourly account: %(time)s in profile %(profile)s, at what times within the hour is not told") % known


def of_ring(rung: Rung, queue: str) -> str:
    """What a ring was, and how it ended."""
    known = {"queue": queue, "outcome": outcome_word(rung)}
    if rung.outgoing:
        return _("Called out")
    if queue:
        return _("Rang for %(queue)s: %(outcome)s") % known
    return _("Rang: %(outcome)s") % known


def of_talk(rung: Rung, queue: str) -> str:
    """What was talked."""
    if rung.outgoing:
        words = _("Talked, outgoing")
    else:
        words = _("Talked, %(queue)s") % {"queue": queue} if queue else _("Talked")
    if rung.hold_ms:
        words += ", " + _("of that on hold %(time)s (when is not told)") % {"time": spoken(rung.hold_ms / 1000)}
    return words


def outcome_word(rung: Rung) -> str:
    """How a ring ended, in a word."""
    if rung.outgoing:
        return _("Outgoing")
    return str(OUTCOMES.get(rung.outcome, rung.outcome))


def why(rung: Rung, call_answered: bool | None, reason: str | None) -> str:
    """Why a ring ended as it did; the vendor's own word is told as it stands."""
    told = _("the telephone system says “%(reason)s”") % {"reason": reason} if reason else ""
    if rung.outgoing:
        return told
    match rung.outcome:
        case OfferOutcome.WITHDRAWN:
            words = "" if call_answered is None else _("somebody else answered") if call_answered else _("the caller hung up")
        case OfferOutcome.MISSED:
            words = _("rang without an answer")
        case _:
            return ""
    return " · ".join(part for part in (words, told) if part)


def when_words() -> tuple[str, str]:
    """How `10:02:11 to 10:05:40, 3 min 29 s` is said, and of what goes on; `start`, `end` and `time` are to be filled in."""
    return _("%(start)s to %(end)s, %(time)s"), _("Since %(start)s, %(time)s so far")
