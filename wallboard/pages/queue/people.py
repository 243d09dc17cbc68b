"""The agents logged in to a queue: what each does, for how long, and by which words of the telephone system we say so.

Rules that hold here: the reason is the rule that decided, never a guess made again here; who may not be seen is counted and not shown; a
clock that nobody can vouch for stands still.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from stats.domain.agent_states import KnownPresence, StateRule, rule_of
from stats.domain.facts import PartyFacts
from stats.domain.records import ActiveCall, AgentPresence
from wallboard.boards import figures
from wallboard.boards.figure import Place
from wallboard.boards.freshness import PRESENCE, Standing, standing_for
from wallboard.boards.rows import agent_standing
from wallboard.boards.wording import STATE_WORDS
from wallboard.pages.frame import Visit
from wallboard.pages.words import Words, clock_time, spoken

Told = Mapping[str, object]
# Those one can do something about come first.
ORDER = ("ready", "ringing", "talking", "wrapup", "away", "unknown")
# More are counted, and found on the agents' page.
MOST = 100
RULES: Mapping[StateRule, Words] = {
    StateRule.NO_DOCUMENT: gettext_lazy("No presence has been heard, so the state is unknown."),
    StateRule.CALL_ANSWERED: gettext_lazy("An answered call goes on, which counts before everything else: talking."),
    StateRule.CALL_RINGING: gettext_lazy("A call that is not answered yet goes before the profile: ringing."),
    StateRule.STATUS_UNKNOWN: gettext_lazy("The telephone system gives a status we do not know, so the state is unknown."),
    StateRule.WRAPUP_PROFILE: gettext_lazy("The profile is marked as wrap-up: wrap-up, whatever it is called."),
    StateRule.AVAILABLE_LOGGED_IN: gettext_lazy("Available, and logged in to a queue: ready."),
    StateRule.AVAILABLE_NO_QUEUE: gettext_lazy("Available, but logged in to no queue: idle."),
    StateRule.UNAVAILABLE: gettext_lazy("The profile is unavailable, and the agent is logged in: away, whatever the profile is called."),
    StateRule.THE_REST: gettext_lazy("Unavailable, in no queue and with no live client: off."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLine:
    """One agent. `since`, `until`, `began`: epoch ms; `full_ms`: of the profile's planned time; `trail`: why this state."""

    key: str
    name: str
    source: str
    freshness: str
    state: str
    state_words: str
    profile: str
    since: int | None
    time: str
    until: int | None
    until_text: str
    left: str
    began: int | None
    full_ms: int
    width: str
    doubt: str
    trail: list[str]
    call: str
    linked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Who is logged in to the queue. `more`: so many are not listed; `out`: names of those who could be, and are not."""

    lines: list[AgentLine]
    more: int
    out: list[str]
    heard: bool


def people_of(visit: Visit, queue: PartyFacts, place: Place) -> People:
    """Everybody logged in to the queue, by state and then by time in it."""
    here: list[tuple[tuple[int, int, str], str, KnownPresence, Told]] = []
    out: list[str] = []
    feeds: dict[str, Standing] = {}
    for key, presence in visit.facts.presence.items():
        document = presence.document
        told = visit.snapshot.values.get(f"agent:{key}")
        if told is None:
            continue
        if any(visit.facts.queue_key(document.source, login.queue) == queue.key for login in document.logged_in):
            if document.source not in feeds:
                feeds[document.source] = standing_for(visit.snapshot.values, document.source, PRESENCE, place.now)
            here.append((_order(presence, told, feeds[document.source], key, place), key, presence, told))
        elif any(visit.facts.queue_key(document.source, login.queue) == queue.key for login in document.logged_out):
            out.append(_name(told, key))
    here.sort(key=lambda each: each[0])
    return People(
        lines=[_line(visit, queue, key, presence, told, feeds[presence.document.source], place) for _, key, presence, told in here[:MOST]],
        more=max(0, len(here) - MOST),
        out=sorted(out),
        heard=any(presence.document.source == queue.source for presence in visit.facts.presence.values()),
    )


def _order(presence: KnownPresence, told: Told, feed: Standing, key: str, place: Place) -> tuple[int, int, str]:
    """By state, then by time in it, then by name."""
    standing = agent_standing(told, feed, place.now)
    state = _state(told, standing)
    return ORDER.index(state) if state in ORDER else len(ORDER), (presence.since or 0) if standing.ticks else 0, _name(told, key)


def _state(told: Told, standing: Standing) -> str:
    return str(told.get("state")) if standing.level != "unknown" else "unknown"


def _name(told: Told, key: str) -> str:
    name = told.get("name")
    return name.strip() if isinstance(name, str) and name.strip() else f"#{key}"


def _line(visit: Visit, queue: PartyFacts, key: str, presence: KnownPresence, told: Told, feed: Standing, place: Place) -> AgentLine:
    document = presence.document
    standing = agent_standing(told, feed, place.now)
    state = _state(told, standing)
    at = place.now if standing.ticks or standing.alive_at is None else standing.alive_at
    since, until, began = presence.since, document.until, document.profile_since
    planned = until is not None and began is not None and until > began
    full = until - began if planned and until is not None and began is not None else 0
    call = document.active_call
    return AgentLine(
        key=key,
        name=_name(told, key),
        source=document.source,
        freshness=standing.level,
        state=state,
        state_words=str(STATE_WORDS.get(state, STATE_WORDS["unknown"])),
        profile=(document.profile_name or "").strip(),
        since=since if standing.ticks else None,
        time=figures.DASH if since is None else figures.since(since, at),
        until=until,
        until_text=clock_time(until, place.timezone, seconds=False) if until is not None else "",
        left=figures.since(at, until) if until is not None and until > at else "",
        began=began if full else None,
        full_ms=full,
        width=f"{min(max((at - began) / full, 0), 1) * 100:.1f}" if full and began is not None else "0",
        doubt=_doubt(told, feed, place),
        trail=_trail(visit, queue, document, presence, told, place),
        call=call.id_call if call is not None and _is_open(visit, document, call) else "",
        linked=visit.may("agents"),
    )


def _is_open(visit: Visit, document: AgentPresence, call: ActiveCall) -> bool:
    """Whether the call is at a queue the viewer sees."""
    queue = call.queue
    return visit.viewer.sees_queue(visit.facts.queue_key(document.source, queue) if queue is not None else None)


def _doubt(told: Told, feed: Standing, place: Place) -> str:
    """Since when the state is not confirmed; "" while it is."""
    since = told.get("unverified_since")
    if told.get("verified") is not False or not isinstance(since, int):
        return ""
    return _("Not confirmed since %(time)s") % {"time": clock_time(since, place.timezone)}


def _trail(visit: Visit, queue: PartyFacts, document: AgentPresence, presence: KnownPresence, told: Told, place: Place) -> list[str]:
    """Why the agent is in this state: what the telephone system said, the rule that decided, and how sure that is."""
    steps = [*_said(visit, queue, document, place), str(RULES[rule_of(document)])]
    if presence.since is not None:
        known = {"time": clock_time(presence.since, place.timezone), "ago": spoken(max(0, place.now - presence.since) / 1000)}
        steps.append(_("In this state since %(time)s, %(ago)s ago.") % known)
    heard = {"time": clock_time(document.told_at, place.timezone), "ago": spoken(max(0, place.now - document.told_at) / 1000)}
    steps.append(_("The document that says so came at %(time)s, %(ago)s ago.") % heard)
    if told.get("verified") is False:
        since = told.get("unverified_since")
        when = clock_time(since, place.timezone) if isinstance(since, int) else figures.DASH
        words = _("Not confirmed since %(time)s: the connection was away, and no newer document of this agent has come since.")
        steps.append(words % {"time": when})
    else:
        steps.append(_("It came over the connection that is open now."))
    return steps


def _said(visit: Visit, queue: PartyFacts, document: AgentPresence, place: Place) -> list[str]:
    steps: list[str] = []
    profile = (document.profile_name or "").strip() or _("without a name")
    status = {"available": _("available"), "unavailable": _("unavailable")}.get((document.status or "").strip().lower(), _("unknown"))
    known = {"profile": profile, "status": status, "time": clock_time(document.profile_since, place.timezone)}
    steps.append(
        _("Profile: %(profile)s (%(status)s) since %(time)s.") % known
        if document.profile_since is not None
        else _("Profile: %(profile)s (%(status)s).") % known
    )
    logins = document.logged_in
    here = next((x for x in logins if visit.facts.queue_key(document.source, x.queue) == queue.key), None)
    if here is not None:
        others = len(logins) - 1
        words = _("Logged in to this queue.")
        if here.since is not None:
            words = _("Logged in to this queue since %(time)s.") % {"time": clock_time(here.since, place.timezone)}
        more = ngettext("And to %(n)d other queue.", "And to %(n)d other queues.", others) % {"n": others} if others else ""
        steps.append(f"{words} {more}".strip())
    call = document.active_call
    if call is not None and call.answered:
        steps.append(_("In a call, answered at %(time)s.") % {"time": clock_time(call.answered_at, place.timezone)})
    elif call is not None:
        steps.append(_("A call rings since %(time)s.") % {"time": clock_time(call.started_at, place.timezone)})
    else:
        steps.append(_("No call."))
    return steps
