"""What each number is called and what it means, for people: a label and a sentence for every entry of the registry of definitions.

Rules that hold here: keyed by the registry's anchors; a sentence says what is counted, never how it is computed (the formula does).
"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

Words = Promise | str

_QUEUE: Mapping[str, tuple[Words, Words]] = {
    "waiting": (_("Waiting"), _("Callers who wait in the queue right now.")),
    "longest_wait": (_("Longest wait"), _("How long the caller who has waited longest has waited.")),
    "talking": (
        pgettext_lazy("calls", "Talking"),
        _("Answered calls of the queue that are still in talk, once for each call and agent."),
    ),
    "agents_logged_in": (_("Logged in"), _("Agents who are logged in to the queue.")),
    "agents_ready": (_("Ready"), _("Of the agents logged in: free for a call.")),
    "agents_ringing": (_("Ringing"), _("Of the agents logged in: their telephone rings.")),
    "agents_talking": (_("Agents talking"), _("Of the agents logged in: in a call, of whatever queue.")),
    "agents_wrapup": (_("Wrap-up"), _("Of the agents logged in: in a wrap-up profile, after a call.")),
    "agents_away": (_("Away"), _("Of the agents logged in: unavailable.")),
    "agents_unknown": (_("Unknown"), _("Of the agents logged in: their telephone system tells a status we do not know.")),
    "not_answer_risk": (
        _("Risk"),
        _("The telephone system's own estimate that a caller is not answered, as it was sent with the newest call. We cannot check it."),
    ),
    "estimated_wait": (
        _("Estimated wait"),
        _("How long the telephone system itself says that a caller who comes now would wait. We cannot check it."),
    ),
    "offered": (_("Offered"), _("Every entry of a call into the queue, whatever became of it.")),
    "answered": (pgettext_lazy("queue", "Answered"), _("Visits that an agent of the queue answered.")),
    "answered_in_target": (_("Answered in target"), _("Answered after a wait of at most the queue's target.")),
    "abandoned": (_("Abandoned"), _("Callers who gave up in the queue, those who hung up at once not counted.")),
    "short_abandoned": (_("Abandoned at once"), _("Callers who hung up before the queue's short limit.")),
    "abandoned_in_target": (_("Abandoned in target"), _("Abandoned, not at once, after a wait of at most the queue's target.")),
    "overflowed": (_("Overflowed"), _("Visits whose caller went on to another queue, or was answered elsewhere afterwards.")),
    "voicemail": (_("Voicemail"), _("Visits that ended in voicemail.")),
    "callbacks": (_("Callbacks ordered"), _("Visits whose caller ordered a call back.")),
    "service_level": (_("Service level"), _("The share of calls that were answered in target, by the formula chosen for the queue.")),
    "service_levels.short_excluded": (
        _("Service level, hang-ups at once left out"),
        _("Answered in target, of answered and abandoned. Whoever hung up at once is left out."),
    ),
    "service_levels.all_abandons_miss": (_("Service level, every abandon a miss"), _("Whoever hung up, however soon, counts as a miss.")),
    "service_levels.early_abandons_met": (_("Service level, early abandons met"), _("Whoever gave up within the target counts as met.")),
    "service_levels.early_abandons_excluded": (
        _("Service level, early abandons left out"),
        _("Whoever gave up within the target is left out."),
    ),
    "service_levels.answered_only": (_("Service level of answered calls"), _("Of answered calls alone. Abandoned calls do not count.")),
    "service_levels.short_met": (_("Service level, hang-ups at once met"), _("Whoever hung up at once counts as met.")),
    "abandon_rate": (_("Abandoned share"), _("The share of callers who gave up, of those answered or given up.")),
    "answer_rate": (_("Answered share"), _("The share that was answered, of all visits that are over.")),
    "asa": (_("Average answer time"), _("The mean wait of answered calls.")),
    "avg_abandon_wait": (_("Average wait of those who gave up"), _("How long callers waited on average before they gave up.")),
    "longest_wait_window": (
        _("Longest wait of the window"),
        _("The longest wait of any call of the window, whoever still waits included."),
    ),
    "wait_p50": (
        _("Half answered within"),
        _("The median wait of answered calls. Read from classes of waits 8 % wide, so right within 5 %."),
    ),
    "wait_p90": (
        _("Nine of ten answered within"),
        _("The 90th percentile of the waits of answered calls. Read from classes of waits 8 % wide, so right within 5 %."),
    ),
    "att": (_("Average talk time"), _("The mean talk of answered calls, hold not counted.")),
    "avg_hold": (_("Average hold"), _("The mean time that answered calls were on hold.")),
    "aht": (_("Average handling time"), _("The mean of talk and hold together.")),
    "transfer_rate": (_("Transferred share"), _("The share of answered calls that were transferred.")),
    "sl_budget": (
        _("Service-level budget"),
        _("How many more calls may miss the target today before the promised share is lost. Negative: it is lost."),
    ),
}
_SITE: Mapping[str, tuple[Words, Words]] = {
    "calls_in": (_("Calls in"), _("Incoming calls from outside, by when they started. Calls, not visits to queues.")),
    "calls_out": (_("Outgoing calls"), _("Calls from here to the outside.")),
    "calls_internal": (_("Internal calls"), _("Calls between colleagues, either way.")),
    "calls_answered": (_("Answered calls"), _("Incoming calls that somebody answered, in a queue or elsewhere.")),
    "ivr_abandoned": (_("Lost in the menu"), _("Incoming calls that ended unanswered in a menu, before any queue.")),
    "true_abandoned": (
        _("Lost calls"),
        _("Incoming calls whose last visit to a queue was given up, not at once, with no answer after it."),
    ),
    "lost_callers": (
        _("Not reached"),
        _("Telephone numbers that gave up today and have had no answered call since, either way. A number that is withheld never counts."),
    ),
}
_AGENT: Mapping[str, tuple[Words, Words]] = {
    "state": (_("State"), _("What the agent does now, by the telephone system's presence.")),
    "profile": (_("Profile"), _("The name of the profile the agent is in. Names decide nothing.")),
    "state_since": (_("Since"), _("Since when the agent is in this state.")),
    "until": (pgettext_lazy("presence", "Until"), _("When the profile is planned to end.")),
    "unverified_since": (_("Unverified since"), _("Since when the state may have changed without our hearing of it.")),
    "queues_in": (_("Queues"), _("The queues the agent is logged in to.")),
    "verified": (_("Verified"), _("Whether the state came over the connection that is open now.")),
    "offers": (_("Rings"), _("How often the agent's telephone rang; internal calls count, outgoing ones do not.")),
    "answered": (pgettext_lazy("agent", "Answered"), _("Rings the agent answered.")),
    "missed": (_("Missed"), _("Rings that rang out at the agent.")),
    "withdrawn": (_("Withdrawn"), _("Rings that ended because the caller hung up or a colleague answered.")),
    "answer_rate": (_("Answer rate"), _("Answered, of answered and missed.")),
    "outgoing": (_("Outgoing"), _("Calls the agent made.")),
    "talk_time": (_("Talk time"), _("Talk of the rings that are over, hold not counted.")),
    "hold_time": (_("Hold time"), _("Hold of the rings that are over.")),
    "ring_time": (_("Ring time"), _("How long the telephone rang, of the rings that are over.")),
    "aht": (_("Average handling time"), _("Talk and hold, for each answered ring whose talk is known.")),
    "time_talking": (_("Time talking"), _("Time in this state today, as we watched it.")),
    "time_ringing": (_("Time ringing"), _("Time in this state today, as we watched it.")),
    "time_wrapup": (_("Time in wrap-up"), _("Time in this state today, as we watched it.")),
    "time_ready": (_("Time ready"), _("Time in this state today, as we watched it.")),
    "time_idle": (_("Time idle"), _("Available, but in no queue, today, as we watched it.")),
    "time_away": (_("Time away"), _("Time in this state today, as we watched it.")),
    "time_logged_in": (_("Time logged in"), _("Time logged in to any queue today, as we watched it.")),
    "occupancy": (_("Occupancy"), _("The share of working time that was spent in calls, ringing or wrap-up.")),
}
WORDS: Mapping[str, tuple[Words, Words]] = {
    **{f"queue.{name}": words for name, words in _QUEUE.items()},
    **{f"site.{name}": words for name, words in _SITE.items()},
    **{f"agent.{name}": words for name, words in _AGENT.items()},
}
# Sums that only formulas speak of.
AMOUNTS: Mapping[str, Words] = {
    "wait_sum": _("waits together"),
    "wait_n": _("waits known"),
    "abandon_wait_sum": _("waits of those who gave up together"),
    "abandon_wait_n": _("waits of those who gave up known"),
    "talk_sum": _("talk together"),
    "talk_n": _("talks known"),
    "hold_sum": _("hold together"),
    "ring_sum": _("ringing together"),
    "transferred": _("those transferred"),
    "short_in_target": _("abandoned at once, in target"),
    "share": _("promised share"),
}
PLACES: Mapping[str, Words] = {"queue": _("Queues, and all of them together"), "site": _("The whole organisation"), "agent": _("Agents")}
KINDS: Mapping[str, Words] = {
    "visit": _("Visits: each entry of a call into a queue"),
    "offer": _("Rings at an agent's telephone"),
    "call": _("Calls: one caller from the first ring to the end"),
    "living": _("Calls that are going on"),
    "agents": _("Agents' presence now"),
    "presence": _("Stretches of an agent's presence"),
    "caller": _("Telephone numbers of callers"),
    "vendor": _("As the telephone system sends it; nothing to count"),
    "none": "",
}
UNITS: Mapping[str, Words] = {
    "calls": _("calls"),
    "visits": _("visits"),
    "offers": _("rings"),
    "agents": _("agents"),
    "numbers": _("telephone numbers"),
    "s": _("time"),
    "ratio": _("share"),
    "instant": _("time of day"),
    "text": _("text"),
    "list": _("list"),
    "as sent": _("as sent"),
    "true/false": _("yes or no"),
}
WINDOWS: Mapping[str, Words] = {
    "now": _("now"),
    "today": _("today"),
    "60m": _("the newest 60 minutes"),
    "30m": _("the newest 30 minutes"),
    "15m": _("the newest 15 minutes"),
}
# Why a record of the window is not in a number.
LEFT_OUT: Mapping[str, Words] = {
    "internal": _("internal calls"),
    "outgoing": _("outgoing calls"),
    "short_abandoned": _("abandoned at once"),
    "abandoned": _("abandoned"),
    "abandoned_in_target": _("abandoned in target"),
    "short_in_target": _("abandoned at once, in target"),
    "overflowed": _("overflowed"),
    "voicemail": _("voicemail"),
    "callbacks": _("callbacks ordered"),
    "waiting": _("still waiting"),
    "leaving": _("outcome not told yet"),
    "expired": _("lost sight of"),
    "withdrawn": _("withdrawn"),
}


def label_of(scope_or_place: str, metric: str) -> Words:
    """What a number of a scope ("site", "queue:11") or place is called; its id where it has no words."""
    place = scope_or_place.partition(":")[0]
    found = WORDS.get(f"{place}.{metric}") or WORDS.get(f"queue.{metric}")
    return found[0] if found is not None else AMOUNTS.get(metric, metric)
